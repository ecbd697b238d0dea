"""Reading what comes: bodies of JSON, and streams of events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from mcpstruct.base.errors import ConnectionLost, LimitExceeded, Problem, ProtocolViolation
from mcpstruct.wire.sse import Parsed, SseEvent, SseParser

from .base import HttpResponse

LINGER = 1.0
"""Seconds that a server is given to end a stream that has said all it had to: the connection can then be used again."""


class Cursor(Struct):
    """Where a stream can be taken up again, and after how many seconds; None where the server did not say."""

    id: str | None = None
    retry: float | None = None
    broken: ConnectionLost | None = None
    """How the stream ended, where it was not in good order."""


class Delivery(Struct):
    """Where the messages of a stream go."""

    received: Callable[[bytes], object]
    refused: Callable[[ProtocolViolation], object]
    call_later: Callable[..., Any]
    max_bytes: int
    other: Callable[[SseEvent], object] | None = None
    """Gets the events that are no messages."""


def media_type(response: HttpResponse) -> str:
    """What kind of body there is, in lower case; empty where that is not said."""
    return response.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_json(response: HttpResponse, max_bytes: int) -> bytes:
    """The body of an answer. Raises `LimitExceeded`, `ConnectionLost`."""
    body = await response.read(max_bytes)
    if body is None:
        raise LimitExceeded(Problem("", f"at most {max_bytes} bytes", "more"))
    return body


async def read_events(
    response: HttpResponse,
    delivery: Delivery,
    cursor: Cursor,
    *,
    over: Callable[[], bool] | None = None,
    cancel: Callable[[], object] | None = None,
) -> bool:
    """Deliver the messages of a stream until it ends or breaks off; gives whether any event came.

    Where the stream is `over` by what it said, it is read on for no longer than a moment, and then `cancel` called.
    """
    parser = SseParser(delivery.max_bytes, last_event_id=cursor.id)
    before, heard, timer = cursor.id, False, None
    cursor.broken = None
    try:
        while chunk := await response.chunk():
            for event in parser.feed(chunk):
                heard = True
                _deliver(event, delivery)
            if timer is None and over is not None and cancel is not None and over():
                timer = delivery.call_later(LINGER, cancel)
    except ConnectionLost as error:
        cursor.broken = error
    finally:
        if timer is not None:
            timer.cancel()
        await response.aclose()
    cursor.id = parser.last_event_id
    if parser.retry is not None:
        cursor.retry = parser.retry / 1000
    return heard or cursor.id != before


def _deliver(event: Parsed, delivery: Delivery) -> None:
    if isinstance(event, ProtocolViolation):
        delivery.refused(event)
    elif event.event == "message":
        delivery.received(event.data)
    elif delivery.other is not None:
        delivery.other(event)
