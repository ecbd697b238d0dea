"""Streams of sessions that outlive their connections: taken up again from the last event that came."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import anyio

from mcpstruct.base.envelope import RequestId
from mcpstruct.base.errors import ConnectFailed, ConnectionLost, HttpError, Unavailable
from mcpstruct.session.loop import Future

from .base import HttpResponse
from .endpoint import refusal
from .streams import Cursor, media_type, read_events

if TYPE_CHECKING:
    from .link import HttpLink

log = logging.getLogger("mcpstruct")
FIRST_DELAY = 1.0
"""Seconds before a stream is taken up again, where the server does not say; doubled with each failure."""
LEAST_DELAY = 0.05
"""A server may say 0 and close at once, time and again."""
LONGEST_DELAY = 30.0
ATTEMPTS = 5
"""How often in a row a request's stream is taken up without anything coming of it."""
LIVED = 5.0
"""Seconds after which the end of a stream is no failure: somebody on the way cuts whatever is silent so long."""


def _delay(cursor: Cursor, failures: int) -> float:
    first = FIRST_DELAY if cursor.retry is None else max(cursor.retry, LEAST_DELAY)
    if failures < 2:
        return first
    return max(first, min(LONGEST_DELAY, max(first, 0.25) * 2.0 ** (failures - 1)))


async def _take_up(link: HttpLink, cursor: Cursor) -> HttpResponse:
    """The stream from the cursor on. Raises `ConnectFailed`, `ConnectionLost`, `HttpError`."""
    headers = link.headers.of_stream(cursor.id)
    response = await link.endpoint.send("GET", headers, stays=True)
    if response.status == 200 and media_type(response) == "text/event-stream":
        return response
    error, _ = await refusal(response)
    if error.status == 404 and link.session.is_of(headers):
        link.session.forgotten(headers)
    raise error


async def resume(link: HttpLink, request_id: RequestId, cursor: Cursor) -> None:
    """Read on where the stream of a request ended, until its answer has come. Raises `ConnectionLost`."""
    failures = 0
    error: Exception | None = cursor.broken
    while link.awaited(request_id) and failures < ATTEMPTS:
        await anyio.sleep(_delay(cursor, failures))
        try:
            response = await _take_up(link, cursor)
            heard = await read_events(
                response,
                link.delivery,
                cursor,
                over=lambda: not link.awaited(request_id),
                cancel=lambda: link.jobs.cancel(request_id),
            )
        except (ConnectFailed, ConnectionLost, Unavailable) as failure:
            error, heard = failure, False
        except HttpError as refused:
            error = refused
            break
        failures = 0 if heard else failures + 1
    if link.awaited(request_id):
        raise ConnectionLost("the stream ended before the answer, and could not be taken up again") from error


async def listen(link: HttpLink, ready: Future[None]) -> None:
    """Read what the server sends of its own accord, for as long as the session lasts; most servers have no such
    stream. `ready` is told when it is open, or will not be.
    """
    cursor = Cursor()
    failures = 0
    try:
        while True:
            began = link.loop.time()
            try:
                response = await _take_up(link, cursor)
                if not ready.done():
                    ready.set_result(None)
                heard = await read_events(response, link.delivery, cursor)
            except (ConnectFailed, ConnectionLost, Unavailable) as error:
                log.debug("The stream of the session: %s", error)
                heard = False
            if not ready.done():
                ready.set_result(None)
            failures = 0 if heard or link.loop.time() - began > LIVED else failures + 1
            await anyio.sleep(_delay(cursor, failures))
    except HttpError as error:
        log.debug("The server has no stream for the session: %s", error)
    finally:
        if not ready.done():
            ready.set_result(None)
