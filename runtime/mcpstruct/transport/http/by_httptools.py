"""Requests over connections of our own, by httptools: where no proxy stands between, on asyncio.

They cost a third of what aiohttp's do. All clients of an event loop share the connections, which close with the last.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl as tls
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import quote, urlsplit

from mcpstruct.base.errors import ConnectFailed, ConnectionLost

from .certificates import usual_checks
from .http1 import Connection, Http1Response

CALLS = 512
"""Most connections to one server that calls take up at once; more calls wait. Streams that stay open do not count."""
IDLE = 30.0
"""Seconds that a connection is kept for the next request."""
_STALE = 1.0
"""Seconds without a request after which the event loop is first given a turn to notice what the server has closed."""
_MOST_KEPT = 256
_CLOSING = 1.0
_SAFE = "%/:=&?~#+!$,;'@()*[]"
_PORTS = {"http": 80, "https": 443}
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\uffff]*").fullmatch
_READ_TWO_WAYS = frozenset("ßς\u200c\u200d")
"""Characters that the two editions of IDNA turn into two names, which may be two hosts."""
_Key: TypeAlias = tuple[str, int, tls.SSLContext | None]


def _ascii(host: str) -> str:
    """The name of a host as it is looked up. Raises `ConnectFailed` for what is none."""
    if host.isascii():
        return host
    if not _READ_TWO_WAYS.isdisjoint(host):
        raise ConnectFailed(f"{host!r} may be read as either of two names: give the one that begins with xn--")
    try:
        return host.encode("idna").decode()
    except UnicodeError as error:
        raise ConnectFailed(f"{host!r} is no name of a host: {error}") from error


class _Place(NamedTuple):
    """What a URL comes to."""

    key: _Key
    target: str
    host: str


class Pool:
    """The connections of one event loop, and how many use them."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.users = 0
        self._idle: dict[_Key, deque[Connection]] = {}
        self._keys: dict[Connection, _Key] = {}
        self._calls: dict[_Key, int] = {}
        self._waiting: dict[_Key, deque[asyncio.Future[None]]] = {}

    async def connection(self, key: _Key, connect: float | None, *, call: bool) -> Connection:
        """A connection that nobody uses. Raises `ConnectFailed`, `ConnectionLost`."""
        if call:
            count = self._calls.get(key, 0)
            if count < CALLS:
                self._calls[key] = count + 1
            else:
                await self._turn(key)
        try:
            found = await self._kept(key) or await self._made(key, connect)
        except BaseException:
            if call:
                self._leave(key)
            raise
        if found.closed.done():  # already, and it will not say so again
            if call:
                self._leave(key)
            raise ConnectionLost("the server closed the connection before it was asked")
        found.counted = call
        return found

    async def _turn(self, key: _Key) -> None:
        """Wait for the place of another call."""
        turn: asyncio.Future[None] = self.loop.create_future()
        self._waiting.setdefault(key, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave(key)
            raise

    def _leave(self, key: _Key) -> None:
        """A call is over: another may have its place."""
        waiting = self._waiting.get(key)
        while waiting:
            turn = waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._calls[key] -= 1
        if not self._calls[key]:
            del self._calls[key]

    async def _kept(self, key: _Key) -> Connection | None:
        idle = self._idle.get(key)
        if not idle:
            return None
        now = self.loop.time()
        if now - idle[-1].since > _STALE:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        while idle:
            found = idle.pop()
            if not found.transport.is_closing():
                if now - found.since <= IDLE:
                    return found
                found.close()
        return None

    async def _made(self, key: _Key, connect: float | None) -> Connection:
        host, port, context = key
        more: dict[str, Any] = {}
        if isinstance(self.loop, asyncio.BaseEventLoop):  # of all loops, only asyncio's own know this
            more["happy_eyeballs_delay"] = 0.25
        try:
            async with asyncio.timeout(connect):
                transport, made = await self.loop.create_connection(
                    lambda: Connection(self.loop, self._released), host, port, ssl=context, **more
                )
        except TimeoutError as error:
            raise ConnectFailed(f"no connection to {host}:{port} within {connect} s") from error
        except (OSError, tls.SSLError, UnicodeError) as error:
            raise ConnectFailed(f"cannot connect to {host}:{port}: {error}") from error
        with suppress(OSError, AttributeError):
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._keys[made] = key
        return made

    def _released(self, connection: Connection, again: bool) -> None:
        """An answer is over, or the connection."""
        key = self._keys.get(connection)
        if key is None:
            return
        if connection.counted:
            connection.counted = False
            self._leave(key)
        if connection.closed.done():
            del self._keys[connection]
            idle = self._idle.get(key)
            if idle and connection in idle:
                idle.remove(connection)
        elif again and self.users:
            now = connection.since = self.loop.time()
            idle = self._idle.setdefault(key, deque())
            while idle and now - idle[0].since > IDLE:
                idle.popleft().close()
            idle.append(connection)
        else:
            connection.close()

    async def aclose(self) -> None:
        """Close every connection."""
        there = list(self._keys)
        for connection in there:
            connection.abort()
        if there:
            await asyncio.wait([connection.closed for connection in there], timeout=_CLOSING)


_pools: dict[int, Pool] = {}


class HttptoolsClient:
    """An `HttpClient` over the pool of the running event loop; close it when it is no longer needed.

    `ssl` replaces the usual checks of certificates; `connect` is how many seconds a connection may take to come about.
    """

    def __init__(self, *, ssl: tls.SSLContext | None = None, connect: float | None = None) -> None:
        loop = asyncio.get_running_loop()
        pool = _pools.get(id(loop))
        if pool is None or pool.loop is not loop:
            pool = _pools[id(loop)] = Pool(loop)
        pool.users += 1
        self._pool: Pool | None = pool
        self._ssl = ssl
        self._connect = connect
        self._places: dict[str, _Place] = {}
        self._heads: dict[tuple[str, str, int], tuple[Mapping[str, str], bytes]] = {}

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None = None, *, stays: bool = False
    ) -> Http1Response:
        """See `HttpClient`."""
        pool = self._pool
        if pool is None:
            raise ConnectFailed("the HTTP client is closed")
        place = self._places.get(url) or self._place(url)
        known = self._heads.get((method, url, id(headers)))
        head = known[1] if known is not None else self._head(method, url, place, headers)
        connection = await pool.connection(place.key, self._connect, call=not stays)
        response = Http1Response(pool.loop, connection)
        body = content or b""
        length = b"content-length: %d\r\n\r\n" % len(body) if content is not None else b"\r\n"
        connection.send(response, b"".join((head, length, body)))
        await response.head()
        return response

    def _place(self, url: str) -> _Place:
        parts = urlsplit(url)
        host = _ascii(parts.hostname or "")
        port = _PORTS[parts.scheme] if parts.port is None else parts.port
        context = (self._ssl or usual_checks()) if parts.scheme == "https" else None
        target = quote(f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/", safe=_SAFE)
        shown = f"[{host}]" if ":" in host else host
        if len(self._places) >= _MOST_KEPT:
            self._places.clear()
        place = _Place((host, port, context), target, shown if port == _PORTS[parts.scheme] else f"{shown}:{port}")
        self._places[url] = place
        return place

    def _head(self, method: str, url: str, place: _Place, headers: Mapping[str, str]) -> bytes:
        """The request line and headers. Those of one object are worked out once. Raises `ValueError`."""
        lines = [f"{method} {place.target} HTTP/1.1", f"host: {place.host}"]
        for name, value in headers.items():
            if not _NAME(name) or not _VALUE(value):
                raise ValueError("a header has line breaks or other characters in it that it may not have")
            if name.lower() != "host":
                lines.append(f"{name}: {value}")
        head = ("\r\n".join(lines) + "\r\n").encode("latin-1")
        if len(self._heads) >= _MOST_KEPT:
            self._heads.clear()
        self._heads[method, url, id(headers)] = (headers, head)
        return head

    async def aclose(self) -> None:
        """Leave the pool; the last one closes it."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        pool.users -= 1
        if not pool.users:
            if _pools.get(id(pool.loop)) is pool:
                del _pools[id(pool.loop)]
            await pool.aclose()
