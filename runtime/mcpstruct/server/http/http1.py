"""HTTP/1.1 by httptools: a connection that uvicorn accepts, and the requests that come over it.

uvicorn's own takes 42 µs of CPU more for a small request, where all the rest of it takes 90; and headers without end.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Any
from urllib.parse import unquote

import httptools

from mcpstruct.session.loop import current_loop

from .asgi import WHOLE, Scope
from .call import Call

log = logging.getLogger("mcpstruct")
_MOST = 64 * 1024
"""Bytes of a request that are none of its body, and come in a row; about what other servers take of a head."""
_MOST_HEADERS = 256
_LARGE = "The head of the request is too large."
_HEADER = 128
"""Bytes of memory that a header takes beside those that are sent of it."""
_MOST_WAITING = 64
"""Requests that may come before one is answered: thousands fit into what is read at a time."""
_BEHIND = 256 * 1024
"""Bytes that such requests may take before no more is read."""
_AHEAD = 64 * 1024
"""Bytes of a body that are held before the application reads them."""
_FRAMING = (b"content-length", b"transfer-encoding")
_ASGI = {"version": "3.0", "spec_version": "2.3"}


class _TooMuch(Exception):
    """A request that goes beyond a bound."""


class Http1Connection(asyncio.Protocol):
    """One connection of a client. Requests that come before the last has been answered wait for their turn."""

    __slots__ = (
        "_app", "_behind", "_call", "_calls", "_client", "_coming", "_deaf", "_given", "_head", "_headers",
        "_in_message", "_known", "_lines", "_next", "_parser", "_paused", "_server", "_start", "_state", "_taken",
        "_target", "_upgrades", "_url", "_writable", "_written", "full", "transport",
    )  # fmt: skip

    def __init__(
        self, config: Any, server_state: Any, app_state: Any, _loop: asyncio.AbstractEventLoop | None = None
    ) -> None:
        """See `uvicorn.Server`, which makes these."""
        self._start = current_loop().start
        self.transport: Any = None
        self._app = config.loaded_app
        self._state = server_state
        self._calls: set[Call] = server_state.tasks  # which can be cancelled as tasks can
        self._parser: Any = httptools.HttpRequestParser(self)
        self._client: Any = None
        self._server: Any = None
        self._call: Call | None = None  # which is being answered
        self._coming: Call | None = None  # whose body is yet to end
        self._next: deque[tuple[Call, Scope]] = deque()
        self._behind = 0  # bytes that those take
        self._taken = 0
        self._written = 0
        self._in_message = False
        self._upgrades = False
        self._deaf = False  # to what stands behind the last request
        self._head = 0
        self._url = b""
        self._known: bytes = b""
        self._target: tuple[str, bytes, bytes] = "", b"", b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._given: Any = None
        self._lines = b""
        self._paused = False
        self._writable = asyncio.Event()
        self.full = False
        """Whether so much waits to be sent that whoever can wait should `drain`."""

    # -- called by uvicorn --------------------------------------------------------------------------------------------

    def shutdown(self) -> None:
        """Close, after the answer that is on its way."""
        last = self._last
        if last is None:
            self.transport.close()
        else:
            last.keep_alive = False

    @property
    def waits(self) -> tuple[bool, int, int] | None:
        """Whether it waits for the rest of a request, rather than for one more; how many it has taken; and how many
        bytes of answers have left, since a client that reads them is not idle. None while it answers, unless it is the
        client who keeps it from that.
        """
        answering = self._call is not None
        if answering and not self.full:
            return None
        left = self._written - self.transport.get_write_buffer_size()
        return not answering and (self._in_message or self._taken == 0), self._taken, left

    # -- called by the event loop -------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self.transport = transport
        self._client = _address(transport.get_extra_info("peername"))
        self._server = _address(transport.get_extra_info("sockname"))
        self._state.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._state.connections.discard(self)
        for call in (self._call, self._coming, *(call for call, _ in self._next)):
            if call is not None:
                call.lost()
        self._call = self._coming = None
        self._next.clear()
        self._parser = None  # which refers back
        self.resume_writing()

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        if self._deaf:
            return
        self._head += len(data)
        try:
            self._feed(data)
        except httptools.HttpParserError as error:
            self._refuse(error)
        else:
            if self._head > _MOST:
                self._refuse(_TooMuch(_LARGE))
        if self._behind > _BEHIND and not self._deaf:
            self.pause()

    def pause_writing(self) -> None:
        """See `asyncio.Protocol`."""
        self.full = True
        self._writable.clear()

    def resume_writing(self) -> None:
        """See `asyncio.Protocol`."""
        self.full = False
        self._writable.set()

    # -- called by the parser -----------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """See httptools."""
        self._in_message = True
        self._url = b""
        self._headers = []

    def on_url(self, url: bytes) -> None:
        """See httptools."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """See httptools."""
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """See httptools."""
        parser = self._parser
        headers, self._headers = self._headers, []  # what stands behind the body comes by `on_header`, and is dropped
        if len(headers) > _MOST_HEADERS or (self._head > _MOST and _size(self._url, headers) > _MOST):
            raise _TooMuch(_LARGE)
        if len(self._next) >= _MOST_WAITING:
            raise _TooMuch("There are too many requests at a time.")
        if self._url != self._known:  # most clients ask for the same again
            self._target = _target(self._url)
            self._known = self._url
        path, raw_path, query = self._target
        version = parser.get_http_version()
        method = parser.get_method().decode("ascii")
        self._upgrades = parser.should_upgrade()
        keep_alive = version == "1.1" and parser.should_keep_alive() and not self._upgrades
        self._taken += 1
        self._coming = call = Call(self, method, version, headers, keep_alive)
        scope = {
            "type": "http",
            "asgi": _ASGI,
            "http_version": version,
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": raw_path,
            "query_string": query,
            "root_path": "",
            "headers": headers,
            "client": self._client,
            "server": self._server,
            "extensions": {WHOLE: call},
        }
        if self._call is None:
            self._begin(call, scope)
        else:
            self._next.append((call, scope))
            self._wait(call, _size(self._url, headers) + _HEADER * len(headers))

    def on_body(self, body: bytes) -> None:
        """See httptools."""
        self._head = 0
        call = self._coming
        if call is None:
            return
        call.feed(body)
        if call is not self._call:
            self._wait(call, len(body))
        elif call.held > _AHEAD:
            self.pause()

    def on_message_complete(self) -> None:
        """See httptools."""
        if self._upgrades:  # which says so at the end of the head
            return
        self._in_message = False
        self._head = 0
        if self._coming is not None:
            self._coming.complete()
            self._coming = None

    # -- called by the calls ------------------------------------------------------------------------------------------

    @property
    def common(self) -> bytes:
        """The lines that the head of every answer has."""
        given = self._state.default_headers
        if given is not self._given:  # once a second it is another, since the time is in it
            self._given, self._lines = given, b"".join([b"%b: %b\r\n" % each for each in given])
        return self._lines

    def write(self, data: bytes) -> None:
        """Send bytes, if there is still somebody."""
        if not self.transport.is_closing():
            self._written += len(data)
            self.transport.write(data)

    async def drain(self) -> None:
        """Wait while the client does not read."""
        while self.full:
            await self._writable.wait()

    def pause(self) -> None:
        """Take nothing in for a while."""
        if not self._paused and not self.transport.is_closing():
            self._paused = True
            self.transport.pause_reading()

    def resume(self) -> None:
        """Go on, unless there is too much behind."""
        if self._paused and self._behind <= _BEHIND and not self.transport.is_closing():
            self._paused = False
            self.transport.resume_reading()

    def answered(self, call: Call) -> None:
        """A call has been answered: the next one's turn, if the connection is to be kept."""
        self._call = None
        if not call.keep_alive:
            self.transport.close()
            return
        if self._next:
            following, scope = self._next.popleft()
            self._behind -= following.waited
            self._begin(following, scope)
        if self._paused:
            self.resume()

    def abort(self) -> None:
        """An answer can't be brought to its end."""
        self.transport.abort()

    # -----------------------------------------------------------------------------------------------------------------

    @property
    def _last(self) -> Call | None:
        return self._next[-1][0] if self._next else self._call

    def _begin(self, call: Call, scope: Scope) -> None:
        self._call = call
        self._calls.add(call)
        # It runs in the next turn of the loop, when the rest of what has been received is in.
        self._start(call.run, (self._app, scope, self._calls), "HTTP")

    def _wait(self, call: Call, size: int) -> None:
        """So many bytes more are held of a call whose turn has not come."""
        call.waited += size
        self._behind += size

    def _feed(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if self._upgrades:
                self._read_on(data[upgrade.args[0] :])
            else:  # behind another, which is the last of a connection
                self._deaf = True

    def _read_on(self, rest: bytes) -> None:
        """A request wants to upgrade to what is not spoken here, as Java's do: it is answered like others. The parser
        leaves its body unread; another one reads that.
        """
        self._upgrades = False
        framing = [] if self._coming is None else [each for each in self._coming.headers if each[0] in _FRAMING]
        if not framing:
            self.on_message_complete()
            self._deaf = True
            return
        self._parser = httptools.HttpRequestParser(_Body(self))
        head = b"".join([b"%b: %b\r\n" % each for each in framing])
        self._feed(b"POST / HTTP/1.1\r\n%b\r\n%b" % (head, rest))

    def _refuse(self, error: Exception) -> None:
        """What came is no request, or too much of one."""
        reason = error.__context__ if isinstance(error, httptools.HttpParserCallbackError) else error
        if not isinstance(reason, (_TooMuch, httptools.HttpParserError, UnicodeError)):
            log.error("A request could not be read", exc_info=reason)
        self._deaf = True
        broken, self._coming = self._coming, None
        if broken is not None:
            broken.lost()
            if self._next:  # it is the last of those
                self._next.pop()
            elif self._call is None:  # it has been answered
                self.transport.close()
                return
            elif broken.started:
                self.transport.abort()
                return
            else:
                self._call = None
        last = self._last
        if last is not None:
            last.keep_alive = False
        elif not self.transport.is_closing():
            known = isinstance(reason, _TooMuch)
            status = b"431 Request Header Fields Too Large" if known else b"400 Bad Request"
            text = str(reason).encode() if known else b"This is no HTTP request."
            head = b"HTTP/1.1 %b\r\ncontent-type: text/plain\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
            self.write(head % (status, len(text)) + text)
            self.transport.close()


class _Body:
    """What a parser tells a connection that knows the head already."""

    def __init__(self, connection: Http1Connection) -> None:
        self.on_body = connection.on_body
        self.on_message_complete = connection.on_message_complete


def _target(url: bytes) -> tuple[str, bytes, bytes]:
    """What a request is for: the path, the path as it was written, and the query."""
    if url.startswith((b"/", b"*")):
        raw_path, _, query = url.partition(b"?")
    else:
        parsed: Any = httptools.parse_url(url)
        raw_path, query = parsed.path or b"/", parsed.query or b""
    path = raw_path.decode("ascii")
    return unquote(path) if "%" in path else path, raw_path, query


def _size(url: bytes, headers: list[tuple[bytes, bytes]]) -> int:
    return len(url) + sum([len(name) + len(value) for name, value in headers])


def _address(found: Any) -> tuple[str, int] | None:
    """An address as ASGI has it; None where there is none, as at a Unix socket."""
    return found[:2] if isinstance(found, tuple) else None  # pyright: ignore[reportUnknownVariableType]
