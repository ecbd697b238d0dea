"""The HTTP+SSE of 2024-11-05: one stream for all that the server says, which begins with where to send messages."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import anyio

from mcpstruct.base.errors import ConnectFailed, ConnectionLost, McpError
from mcpstruct.session.loop import Future
from mcpstruct.wire.sse import SseEvent

from .base import HttpResponse
from .endpoint import Endpoint, resolved
from .streams import Cursor, Delivery, media_type, read_events

if TYPE_CHECKING:
    from .link import HttpLink

log = logging.getLogger("mcpstruct")
PATIENCE = 5.0
"""Seconds that a server has to say where messages are sent."""


async def find_endpoint(link: HttpLink, job: str) -> Endpoint | None:
    """Where to send messages, if the server has this transport; its stream is then read by a job of that name.

    Raises `ConnectFailed` where it names another origin.
    """
    try:
        response = await link.endpoint.send("GET", link.headers.of_stream(), stays=True)
    except McpError as error:
        log.debug("No HTTP+SSE either: %s", error)
        return None
    if response.status != 200 or media_type(response) != "text/event-stream":
        await response.aclose()
        return None
    found: Future[str | None] = link.loop.future()
    link.jobs.start(job, _read, link, response, found)
    named: str | None = None
    with anyio.move_on_after(PATIENCE):
        named = await link.loop.shield(found)
    if named is None:
        link.jobs.cancel(job)
        return None
    url = resolved(link.endpoint.url, named)
    if url is None:
        link.jobs.cancel(job)
        raise ConnectFailed("the server wants messages sent to another origin")
    return Endpoint(url, link.http, link.server.auth, link.server.url, holds=link.core.outgoing.hold)


async def _read(link: HttpLink, response: HttpResponse, found: Future[str | None]) -> None:
    def other(event: SseEvent) -> None:
        if event.event == "endpoint" and not found.done():
            found.set_result(event.data.decode("utf-8", "replace").strip())

    delivery = Delivery(link.core.received, link.core.refused, link.loop.call_later, link.delivery.max_bytes, other)
    cursor = Cursor()
    await read_events(response, delivery, cursor)
    if found.done():
        lost = ConnectionLost("the server ended its stream")
        lost.__cause__ = cursor.broken
        link.core.lost(lost)
    else:
        found.set_result(None)
