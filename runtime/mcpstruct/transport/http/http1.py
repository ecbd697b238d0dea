"""HTTP/1.1 by httptools: a connection, which answers one request at a time, and the answer that is read from it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import httptools

from mcpstruct.base.errors import ConnectionLost

from .decoding import Decoder, is_encoded

AHEAD = 256 * 1024
"""Bytes of an answer that are held before somebody reads it; beyond them, the connection is not read either."""
LARGEST_LIST = 16 * 1024
"""Characters of a header that comes several times, beyond which it may not come again: each time costs all of them."""
LARGEST_HEAD = 256 * 1024
"""Bytes that the head of an answer may have; and what stands between pieces of its body, or behind it."""


class Connection(asyncio.Protocol):
    """One connection to a server."""

    __slots__ = (
        "_again", "_bare", "_headers", "_informing", "_released", "_response", "_unread_head", "closed", "counted",
        "parser", "since", "transport",
    )  # fmt: skip

    def __init__(self, loop: asyncio.AbstractEventLoop, released: Callable[[Connection, bool], None]) -> None:
        """`released` is told when an answer has come to its end, and whether the connection can be used again."""
        self._released = released
        self.parser: Any = httptools.HttpResponseParser(self)
        self.transport: Any = None
        self.since = 0.0
        """When it was used last."""
        self.counted = False
        """Whether it takes one of the places for calls."""
        self.closed: asyncio.Future[None] = loop.create_future()
        self._response: Http1Response | None = None
        self._headers: dict[str, str] = {}
        self._informing = False
        self._bare = False  # an answer that says nothing of where it ends, ends with the connection
        self._unread_head = 0
        self._again = False

    def send(self, response: Http1Response, data: bytes) -> None:
        """Send a request, the answer to which goes into `response`."""
        self._response = response
        self._unread_head = LARGEST_HEAD
        self.transport.write(data)

    def abort(self) -> None:
        """Close at once."""
        self.transport.abort()

    def close(self) -> None:
        """Close, and at once where a server that has answered would have to read the rest of what was asked."""
        if self.transport.get_write_buffer_size():
            self.abort()
        else:
            self.transport.close()

    # -- called by the event loop -------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        response = self._response
        if response is None:  # nobody has asked
            self.abort()
            return
        self._unread_head -= len(data)
        try:
            self.parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(ConnectionLost(f"what the server answers is no HTTP: {error}"))
            return
        if response.over:
            self._release(response)
        elif self._unread_head < 0:
            self._fail(ConnectionLost(f"the answer has more than {LARGEST_HEAD} bytes in front of its body, or behind"))

    def _release(self, response: Http1Response) -> None:
        response.leave()
        self._released(self, self._again and not self.transport.get_write_buffer_size())

    def _fail(self, error: ConnectionLost) -> None:
        response, self._response = self._response, None
        if response is not None:
            response.fail(error)
        self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        response, self._response = self._response, None
        if response is not None and self._bare and exc is None:
            response.end()
        elif response is not None:
            broken = f"the connection broke: {exc}" if exc is not None else "the server closed the connection"
            error = ConnectionLost(broken if response.begun else f"{broken} before it answered")
            error.__cause__ = exc
            response.fail(error)
        if not self.closed.done():
            self.closed.set_result(None)
        self._released(self, False)

    # -- called by the parser -----------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """See `httptools`."""
        self._headers = {}
        if self._response is None:
            raise ValueError("more than was asked for")

    def on_header(self, name: bytes, value: bytes) -> None:
        """See `httptools`: what stands behind the body comes here too, and counts for nothing."""
        if self._response is not None and self._response.begun:
            return
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers = self._headers
        before = headers.get(key)
        if before is not None and len(before) > LARGEST_LIST:
            raise ValueError("a header that comes too often")
        headers[key] = text if before is None else f"{before}, {text}"

    def on_headers_complete(self) -> None:
        """See `httptools`."""
        status = self.parser.get_status_code()
        self._informing = status < 200
        if self._response is not None and not self._informing:
            headers = self._headers
            bodiless = status in (204, 304)
            self._bare = not (bodiless or "content-length" in headers or "transfer-encoding" in headers)
            self._response.begin(status, headers)

    def on_body(self, body: bytes) -> None:
        """See `httptools`."""
        self._unread_head = LARGEST_HEAD
        if self._response is not None:
            self._response.feed(body)

    def on_message_complete(self) -> None:
        """See `httptools`."""
        if self._response is not None and not self._informing:
            self._again = self.parser.should_keep_alive() and not self._bare
            self._response.end()
            self._response = None


class Http1Response:
    """See `HttpResponse`."""

    __slots__ = (
        "_connection", "_decoder", "_error", "_head", "_held", "_loop", "_paused", "_pieces", "_waiter", "begun",
        "headers", "over", "status",
    )  # fmt: skip

    def __init__(self, loop: asyncio.AbstractEventLoop, connection: Connection) -> None:
        self._loop = loop
        self._connection: Connection | None = connection
        self._head: asyncio.Future[None] = loop.create_future()
        self._waiter: asyncio.Future[None] | None = None
        self._pieces: list[bytes] = []
        self._held = 0
        self._paused = False
        self._error: ConnectionLost | None = None
        self._decoder: Decoder | None = None
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self.begun = False
        self.over = False

    # -- called by the connection -------------------------------------------------------------------------------------

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """The head has come."""
        self.status, self.headers, self.begun = status, headers, True
        if not self._head.done():
            self._head.set_result(None)

    def feed(self, body: bytes) -> None:
        """A piece of the body has come."""
        self._pieces.append(body)
        self._held += len(body)
        if self._held > AHEAD and not self._paused and self._connection is not None:
            self._paused = True
            self._connection.transport.pause_reading()
        self._wake()

    def end(self) -> None:
        """All of the body has come."""
        self.over = True
        self._wake()

    def leave(self) -> None:
        """The connection has nothing more for this answer."""
        if self._paused and self._connection is not None:
            self._paused = False
            self._connection.transport.resume_reading()
        self._connection = None

    def fail(self, error: ConnectionLost) -> None:
        """No more of it will come."""
        self._connection = None
        self._error = error
        if not self._head.done():
            self._head.set_exception(error)
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # -- called by who reads ------------------------------------------------------------------------------------------

    async def head(self) -> None:
        """Wait for the head. Raises `ConnectionLost`."""
        try:
            await self._head
        except asyncio.CancelledError:
            await self.aclose()
            raise

    async def _more(self) -> None:
        """Wait for more of the body. Raises `ConnectionLost`."""
        if self._error is not None:
            raise self._error
        if self._paused and self._connection is not None:
            self._paused = False
            self._connection.transport.resume_reading()
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    async def read(self, limit: int) -> bytes | None:
        """See `HttpResponse`."""
        pieces: list[bytes] = []
        size = 0
        try:
            while piece := await self.chunk():
                pieces.append(piece)
                size += len(piece)
                if size > limit:
                    return None
        finally:
            await self.aclose()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def chunk(self) -> bytes:
        """See `HttpResponse`."""
        while True:
            if self._pieces:
                piece = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
                self._pieces.clear()
                self._held = 0
                if not is_encoded(self.headers):
                    return piece
                piece = self._decoded(piece)
                if piece:
                    return piece
            elif self.over:
                return b""
            else:
                await self._more()

    def _decoded(self, piece: bytes) -> bytes:
        """A piece decompressed; what would become too much of it waits. Raises `ConnectionLost`."""
        if self._decoder is None:
            self._decoder = Decoder(self.headers["content-encoding"])
        data, rest = self._decoder.decoded(piece)
        if rest:
            self._pieces.append(rest)
        return data

    async def aclose(self) -> None:
        """See `HttpResponse`."""
        connection, self._connection = self._connection, None
        if connection is not None and not self.over:
            connection.abort()
