"""The transport of 2024-11-05, which later revisions did away with: one stream for all that the server says, and POSTs
beside it for what the client does."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote

from mcpstruct.base.errors import ConnectionLost
from mcpstruct.session.links import ByteLink
from mcpstruct.session.loop import Loop
from mcpstruct.session.serving import Connection
from mcpstruct.transport.base import Receiver
from mcpstruct.wire.sse import encode_event

from .access import demand_each, principal_of
from .asgi import Headers, Receive, Send
from .expiry import Expiry
from .request import HttpRequest, Refused
from .streams import EventStream

if TYPE_CHECKING:
    from mcpstruct.server.base import Server

STREAM = "/sse"
MESSAGES = "/messages"


class _Events:
    """A `Transport` for what the server says; what the client says comes by other requests."""

    def __init__(self, events: EventStream) -> None:
        self._events = events

    async def open(self, receiver: Receiver) -> None:
        """See `Transport`: it is open."""

    def send(self, data: bytes) -> None:
        """See `Transport`."""
        if self._events.over:
            raise ConnectionLost("the client is gone")
        self._events.push(encode_event(data, event="message"))

    @property
    def congested(self) -> bool:
        """See `Transport`."""
        return self._events.congested

    async def drain(self) -> None:
        """See `Transport`."""
        await self._events.drain()

    def pause(self) -> None:
        """See `Transport`: each POST is answered before its message is."""

    def resume(self) -> None:
        """See `Transport`."""

    async def aclose(self) -> None:
        """See `Transport`."""
        self._events.end()


class HttpSse:
    """Every client that holds such a stream."""

    def __init__(self, server: Server, loop: Loop, keep_alive: float, most: int) -> None:
        self._server = server
        self._loop = loop
        self._keep_alive = keep_alive
        self._most = most
        self._clients: dict[str, tuple[Connection, str | None, Expiry]] = {}

    async def stream(self, request: HttpRequest, receive: Receive, send: Send, headers: Headers) -> None:
        """Answer the GET that opens a connection, for as long as the client holds it. Raises `Refused`."""
        if len(self._clients) >= self._most:
            raise Refused(503, "too many clients")
        connection = self._server.connection()
        connection.principal = principal_of(request)
        events = EventStream(self._loop, self._keep_alive, lambda: connection.core.lost(None))
        connection.core.attach(ByteLink(_Events(events)))
        key = secrets.token_urlsafe(24)
        expiry = Expiry(self._loop, request.access, events.end)
        self._clients[key] = (connection, request.principal, expiry)
        prefix = request.scope.get("root_path", "").strip("/")  # two slashes in front would be another host's
        address = f"{quote(f'/{prefix}' if prefix else '')}{MESSAGES}?sessionId={key}"
        events.push(encode_event(address.encode(), event="endpoint"))
        watcher = self._loop.spawn(events.until_gone, receive)
        try:
            await events.send_to(send, headers)
        finally:
            watcher.cancel()
            expiry.cancel()
            del self._clients[key]
            connection.core.lost(ConnectionLost("the client closed its stream"))

    def take(self, request: HttpRequest, body: bytes) -> None:
        """Take a message. Raises `Refused`."""
        query = parse_qs(request.scope.get("query_string", b"").decode("latin-1"))
        connection, principal, expiry = self._clients.get(query.get("sessionId", [""])[0], (None, None, None))
        if connection is None or expiry is None or principal != request.principal:
            raise Refused(404, "there is no such session")
        expiry.extend(request.access)
        demand_each(self._server, request, connection.core, body)
        connection.principal = principal_of(request)
        connection.core.received(body)

    async def aclose(self) -> None:
        """End every stream."""
        for connection, *_ in list(self._clients.values()):
            await connection.aclose()
