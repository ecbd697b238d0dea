"""Requests by httpx2, where there is no asyncio: one pool of connections for all clients of a run of trio."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import anyio

from mcpstruct.base.errors import ConnectFailed, ConnectionLost, MissingExtra

from .base import sound
from .certificates import usual_checks
from .decoding import Decoder, is_encoded

if TYPE_CHECKING:
    import ssl

    import httpx2

IDLE = 30.0
"""Seconds that a connection is kept for the next request."""
_CLOSING = 1.0


class _Pool:
    """The connections that go by one proxy, with one way to check certificates."""

    def __init__(self, proxy: str | None, ssl: ssl.SSLContext | None, connect: float | None) -> None:
        try:
            import httpx2
        except ModuleNotFoundError as error:
            raise MissingExtra(f"{error.name} is not installed; HTTP on trio needs mcpstruct[http-trio]") from error
        self.users = 0
        self.client = httpx2.AsyncClient(
            verify=ssl if ssl is not None else usual_checks(),
            proxy=proxy,
            trust_env=False,
            timeout=httpx2.Timeout(None, connect=connect),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=IDLE),
        )
        for name in ("accept", "accept-encoding", "user-agent"):
            self.client.headers.pop(name, None)


_pools: dict[Any, _Pool] = {}


class Httpx2Client:
    """An `HttpClient` on trio; close it when it is no longer needed. Options are those of `AiohttpClient`."""

    def __init__(
        self, *, proxy: str | None = None, ssl: ssl.SSLContext | None = None, connect: float | None = None
    ) -> None:
        import trio

        self._key = (trio.lowlevel.current_trio_token(), proxy, ssl, connect)
        pool = _pools.get(self._key)
        if pool is None:
            pool = _pools[self._key] = _Pool(proxy, ssl, connect)
        pool.users += 1
        self._pool: _Pool | None = pool

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None = None, *, stays: bool = False
    ) -> Httpx2Response:
        """See `HttpClient`."""
        if self._pool is None:
            raise ConnectFailed("the HTTP client is closed")
        client = self._pool.client
        try:
            request = client.build_request(method, url, headers=sound(headers), content=content)
            return Httpx2Response(await client.send(request, stream=True))
        except _errors() as error:
            raise _told(error) from error

    async def aclose(self) -> None:
        """Leave the pool; the last one closes it."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        pool.users -= 1
        if not pool.users:
            if _pools.get(self._key) is pool:
                del _pools[self._key]
            await pool.client.aclose()


class Httpx2Response:
    """See `HttpResponse`."""

    __slots__ = ("_chunks", "_decoder", "_raw", "_rest", "headers", "status")

    def __init__(self, raw: httpx2.Response) -> None:
        self._raw = raw
        self._chunks: AsyncIterator[bytes] = raw.aiter_raw()  # the library's own decoder leaves it behind if it fails
        self._decoder: Decoder | None = None
        self._rest = b""
        self.status: int = raw.status_code
        self.headers: Mapping[str, str] = raw.headers

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
        return b"".join(pieces)

    async def chunk(self) -> bytes:
        """See `HttpResponse`."""
        try:
            while True:
                raw = await anext(self._chunks, None) if not self._rest else self._rest
                if raw is None:
                    return b""
                piece = self._decoded(raw)
                if piece:
                    return piece
        except _errors() as error:
            raise _told(error) from error

    def _decoded(self, piece: bytes) -> bytes:
        """A piece decompressed; what would become too much of it waits. Raises `ConnectionLost`."""
        if not is_encoded(self.headers):
            return piece
        if self._decoder is None:
            self._decoder = Decoder(self.headers["content-encoding"])
        data, self._rest = self._decoder.decoded(piece)
        return data

    async def aclose(self) -> None:
        """See `HttpResponse`."""
        with anyio.move_on_after(_CLOSING, shield=True), suppress(*_errors()):
            await self._raw.aclose()
            # The library reads by generators within generators, which trio wants to see finished, not left.
            while await anext(self._chunks, None) is not None:
                pass


def _errors() -> tuple[type[Exception], ...]:
    import httpx2

    return httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError


def _told(error: Exception) -> ConnectFailed | ConnectionLost:
    """What went wrong, in the project's own terms."""
    import httpx2

    text = _reason(error)
    if isinstance(error, (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError, httpx2.UnsupportedProtocol)):
        return ConnectFailed(f"cannot connect: {text}")
    if isinstance(error, httpx2.InvalidURL):
        return ConnectFailed(f"not a URL to connect to: {text}")
    return ConnectionLost(f"the connection broke: {text}")


def _reason(error: BaseException) -> str:
    """What an error says, or the one behind it: the library drops the words of some."""
    behind: BaseException | None = error
    while behind is not None:
        if str(behind):
            return str(behind)
        behind = behind.__cause__ or behind.__context__
    return type(error).__name__
