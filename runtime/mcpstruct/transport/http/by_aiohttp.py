"""Requests by aiohttp: one pool of connections for all clients of an event loop, which closes with the last of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mcpstruct.base.errors import ConnectFailed, ConnectionLost, MissingExtra

from .base import sound

if TYPE_CHECKING:
    import ssl

    import aiohttp
    import yarl

CALLS = 512
"""Most connections to one server that calls take up at once; more calls wait. Streams that stay open do not count."""
IDLE = 30.0
"""Seconds that a connection is kept for the next request."""
_STALE = 1.0
"""Seconds without a request after which the event loop is first given a turn to notice what servers have closed."""
_MOST_URLS = 64
_NO_AUTO_HEADERS = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class Pool:
    """The connections of one event loop, and how many use them."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            import aiohttp
        except ModuleNotFoundError as error:
            raise MissingExtra(f"{error.name} is not installed; HTTP needs mcpstruct[http]") from error
        self.errors = (aiohttp.ClientError, TimeoutError, OSError)
        self.loop = loop
        self.users = 0
        self.used = loop.time()
        self.calls = self._session(CALLS)
        self.streams = self._session(0)

    def _session(self, limit: int) -> aiohttp.ClientSession:
        import aiohttp

        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, limit_per_host=limit, keepalive_timeout=IDLE),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_NO_AUTO_HEADERS,
        )

    def timeout(self, connect: float | None) -> aiohttp.ClientTimeout:
        """No deadline but for connecting: sessions have their own."""
        import aiohttp

        return aiohttp.ClientTimeout(total=None, sock_connect=connect)

    async def aclose(self) -> None:
        """Close every connection."""
        await self.calls.close()
        await self.streams.close()


_pools: dict[int, Pool] = {}


def _pool() -> Pool:
    loop = asyncio.get_running_loop()
    pool = _pools.get(id(loop))
    if pool is None or pool.loop is not loop:
        pool = _pools[id(loop)] = Pool(loop)
    return pool


class AiohttpClient:
    """An `HttpClient` over the pool of the running event loop; close it when it is no longer needed.

    `proxy` is the URL of a proxy; `ssl` replaces the usual checks of certificates; `connect` is how many seconds a
    connection may take to come about. Raises `MissingExtra` without aiohttp.
    """

    def __init__(
        self, *, proxy: str | None = None, ssl: ssl.SSLContext | None = None, connect: float | None = None
    ) -> None:
        self._pool: Pool | None = _pool()
        self._pool.users += 1
        self._urls: dict[str, yarl.URL] = {}
        self._errors: tuple[type[Exception], ...] = self._pool.errors
        self._options: dict[str, Any] = {
            "allow_redirects": False,
            "timeout": self._pool.timeout(connect),
        }
        if ssl is not None:
            self._options["ssl"] = ssl
        if proxy is not None:
            self._options["proxy"] = proxy

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None = None, *, stays: bool = False
    ) -> AiohttpResponse:
        """See `HttpClient`."""
        pool = self._pool
        if pool is None:
            raise ConnectFailed("the HTTP client is closed")
        now = pool.loop.time()
        if now - pool.used > _STALE:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        pool.used = now
        session = pool.streams if stays else pool.calls
        try:
            raw = await session.request(
                method, self._urls.get(url) or self._parsed(url), data=content, headers=sound(headers), **self._options
            )
        except self._errors as error:
            raise _told(error) from error
        return AiohttpResponse(raw, self._errors)

    def _parsed(self, url: str) -> yarl.URL:
        import yarl

        if len(self._urls) >= _MOST_URLS:
            self._urls.clear()
        # Taken as it stands where it can be: which characters are quoted may matter to a server.
        parsed = self._urls[url] = yarl.URL(url, encoded=url.isascii() and " " not in url)
        return parsed

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


class AiohttpResponse:
    """See `HttpResponse`."""

    __slots__ = ("_errors", "_raw", "headers", "status")

    def __init__(self, raw: aiohttp.ClientResponse, errors: tuple[type[Exception], ...]) -> None:
        self._raw = raw
        self._errors = errors
        self.status: int = raw.status
        self.headers: Mapping[str, str] = raw.headers

    async def read(self, limit: int) -> bytes | None:
        """See `HttpResponse`."""
        raw = self._raw
        length = raw.content_length
        try:
            if length is not None and length <= limit and "content-encoding" not in self.headers:
                return await raw.read()
            pieces: list[bytes] = []
            size = 0
            while piece := await raw.content.readany():
                pieces.append(piece)
                size += len(piece)
                if size > limit:
                    raw.close()
                    return None
            return b"".join(pieces)
        except self._errors as error:
            raw.close()
            raise _told(error) from error
        except BaseException:
            raw.close()
            raise

    async def chunk(self) -> bytes:
        """See `HttpResponse`."""
        try:
            return await self._raw.content.readany()
        except self._errors as error:
            raise _told(error) from error

    async def aclose(self) -> None:
        """See `HttpResponse`."""
        self._raw.close()


def _told(error: Exception) -> ConnectFailed | ConnectionLost:
    """What went wrong, in the project's own terms."""
    import aiohttp

    text = str(error) or type(error).__name__
    if isinstance(error, (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError)):
        return ConnectFailed(text)
    if isinstance(error, aiohttp.InvalidURL):
        return ConnectFailed(f"not a URL to connect to: {text}")
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return ConnectionLost("the server closed the connection before it answered")
    return ConnectionLost(f"the connection broke: {text}")
