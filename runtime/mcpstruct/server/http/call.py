"""One call of the application: what it receives of a request, and what it sends for an answer."""

from __future__ import annotations

import asyncio
import http
import logging
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from .asgi import Event, Scope

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .asgi import Headers, Receive, Send
    from .http1 import Http1Connection

log = logging.getLogger("mcpstruct")
JOINED = 64 * 1024
"""Bytes of a body up to which it is sent together with the head: that copies them."""
STATUS: dict[int, bytes] = {
    status: b"HTTP/1.1 %d %b\r\n" % (status, status.phrase.encode()) for status in http.HTTPStatus if status >= 200
}
_BODILESS = (204, 304)


@lru_cache(maxsize=32)
def lines(headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """Headers of few kinds as they are sent. Raises `ValueError` where one would be two."""
    return b"".join([line(name, value) for name, value in headers])


def line(name: bytes, value: bytes) -> bytes:
    """A header as it is sent. Raises `ValueError` where it would be two."""
    sent = b"%b: %b\r\n" % (name, value)
    if sent.count(b"\n") > 1 or sent.count(b"\r") > 1 or b"\0" in sent:
        raise ValueError("a header with a line break in it, or a NUL")
    return sent


class Call(Struct, eq=False):
    """A request, and the answer to it."""

    # Nothing here refers to the scope, which refers to this: no cycle is left for the garbage collector.
    _connection: Http1Connection
    _method: str
    _version: str
    headers: list[tuple[bytes, bytes]]
    """The request's."""
    keep_alive: bool
    """Whether the connection is to be kept when this is over."""
    held: int = 0
    """Bytes of the body that have come, and are yet to be read."""
    waited: int = 0
    """Bytes that it took of memory before its turn came."""
    started: bool = False
    """Whether the answer has begun."""
    _body: bytes | bytearray = b""
    _more: bool = True
    _news: bool = False
    """Whether there is more of the body than has been received, or its end."""
    _gone: bool = False
    _changed: asyncio.Event | None = None
    _told: bool = False
    """Whether the client has been told to go on."""
    _over: bool = False
    _head: bytes = b""
    _bodiless: bool = False
    _chunked: bool = False
    _left: int | None = None

    async def run(
        self, app: Callable[[Scope, Receive, Send], Awaitable[None]], scope: Scope, running: set[Call]
    ) -> None:
        """Have the application answer. What it leaves undone is told the client, as far as that can be. At its end it
        is no more of those that are running.
        """
        try:
            await app(scope, self.receive, self.send)
            if not self.started and not self._gone:
                log.error("The application did not answer")
                await self._fail()
        except Exception:
            log.exception("The application failed")
            await self._fail()
        finally:
            running.discard(self)
            if not self._over and not self._gone:
                self._connection.abort()

    def cancel(self, msg: str | None = None) -> None:
        """Stop it: the application is told that the client is gone. uvicorn does so, as if this were a task."""
        self.lost()

    async def _fail(self) -> None:
        if not self.started:
            self.keep_alive = False
            length = (b"content-length", b"0")
            await self.send({"type": "http.response.start", "status": 500, "headers": [length]})
            await self.send({"type": "http.response.body"})

    # -- what comes in ------------------------------------------------------------------------------------------------

    def feed(self, body: bytes) -> None:
        """A piece of the body."""
        if self._over:  # what has been refused need not be read
            return
        if self.held:
            if not isinstance(self._body, bytearray):  # many small pieces would take more than what is in them
                self._body = bytearray(self._body)
            self._body += body
        else:
            self._body = body
        self.held += len(body)
        self._news = True
        if self._changed is not None:
            self._changed.set()

    def complete(self) -> None:
        """All of the body has come."""
        self._more = False
        self._news = True
        if self._changed is not None:
            self._changed.set()

    def lost(self) -> None:
        """The client is gone."""
        self._gone = True
        if self._changed is not None:
            self._changed.set()

    async def receive(self) -> Event:
        """See ASGI 3."""
        while not (self._news or self._gone or self._over):
            await self._something()
        if self._gone or self._over:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": self._read(), "more_body": self._more}

    def body(self, most: int) -> bytes | None:
        """See `Whole`."""
        if self._more or self._gone or not 0 < self.held <= most:
            return None
        return self._read()

    def _read(self) -> bytes:
        body, self._body = self._body, b""
        self.held = 0
        self._news = False
        return bytes(body)

    async def _something(self) -> None:
        """Wait for more of the body, or for the end of everything."""
        if self._more and not self._told and not self.started and self._expects:
            self._told = True
            self._connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._connection.resume()
        if self._changed is None:
            self._changed = asyncio.Event()
        self._changed.clear()
        await self._changed.wait()

    @property
    def _expects(self) -> bool:
        """Whether the client wants to be told to go on."""
        asked = any(name == b"expect" and value.lower() == b"100-continue" for name, value in self.headers)
        return asked and self._version == "1.1"

    def _part(self) -> None:
        """Keep the connection no longer where nobody knows if what follows is the body, or another request."""
        if not self._told and self._expects:
            self.keep_alive = False

    # -- what goes out ------------------------------------------------------------------------------------------------

    async def send(self, message: Event) -> None:
        """See ASGI 3. Raises `RuntimeError` for what is no answer."""
        connection = self._connection
        if connection.full and not self._gone:
            await connection.drain()
        if self._gone:
            return
        if self._over:
            raise RuntimeError("the answer is over")
        wanted = "http.response.body" if self.started else "http.response.start"
        if message["type"] != wanted:
            raise RuntimeError(f"{message['type']} where {wanted} was due")
        if self.started:
            self._send_body(message.get("body", b""), more=message.get("more_body", False))
        else:
            self._begin(message["status"], message.get("headers", ()))

    def answer(self, status: int, kind: tuple[tuple[bytes, bytes], ...], body: bytes) -> bool:
        """See `Whole`."""
        connection = self._connection
        if connection.full or self._gone or self.started or self._method == "HEAD" or len(body) > JOINED:
            return False
        if self._more:
            self._part()
        end = b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n"
        fields = (STATUS[status], connection.common, lines(kind), len(body), end)
        connection.write(b"%b%b%bcontent-length: %d\r\n%b%b" % (*fields, body))
        self.started = True
        self._finish()
        return True

    def _begin(self, status: int, headers: Headers) -> None:
        if self._more:
            self._part()
        parts = [STATUS[status], self._connection.common]
        for name, value in headers:
            parts.append(line(name, value))
            if name == b"content-length":
                self._left = int(value)
        self._bodiless = status in _BODILESS or self._method == "HEAD"
        if self._left is None and not self._bodiless:
            if self._version == "1.1":
                self._chunked = True
                parts.append(b"transfer-encoding: chunked\r\n")
            else:  # it ends with the connection
                self.keep_alive = False
        parts.append(b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n")
        head = b"".join(parts)
        self.started = True
        if self._left:
            self._head = head  # the body is about to follow
        else:
            self._connection.write(head)

    def _send_body(self, body: bytes, *, more: bool) -> None:
        if self._bodiless:
            body = b""
        elif self._chunked:
            last = b"" if more else b"0\r\n\r\n"
            body = b"%x\r\n%b\r\n%b" % (len(body), body, last) if body else last
        elif self._left is not None:
            self._left -= len(body)
            if self._left < 0 or (self._left and not more):
                raise RuntimeError("the body has another length than its header says")
        head, self._head = self._head, b""
        if head and len(body) > JOINED:
            self._connection.write(head)
            head = b""
        if head or body:
            self._connection.write(head + body)
        if not more:
            self._finish()

    def _finish(self) -> None:
        self._over = True
        if self._changed is not None:
            self._changed.set()
        self._connection.answered(self)
