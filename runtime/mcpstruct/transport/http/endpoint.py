"""One URL that messages are sent to: with the right to call it, and redirects no further than its own origin."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urljoin, urlsplit

import msgspec

from mcpstruct.base.check import is_object
from mcpstruct.base.envelope import ErrorObject
from mcpstruct.base.errors import ConnectionLost, HttpError, http_error

from .base import HttpAuth, HttpClient, HttpRequest, HttpResponse

T = TypeVar("T")
_MOST_TRIES = 6
"""How often one request is sent at most: on account of redirects, or of being let in."""
_REDIRECTS = (301, 302, 303, 307, 308)
_EXCERPT = 65_536
"""How many bytes of what a server says besides messages are read."""
_SHOWN = 500
_PORTS = {"http": 80, "https": 443}


def _origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of a URL. Raises `ValueError` where there is no reading it."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", _PORTS.get(parts.scheme) if parts.port is None else parts.port


class Endpoint:
    """Where requests go."""

    __slots__ = ("_auth", "_holds", "_http", "_server", "leaving", "url")

    def __init__(
        self,
        url: str,
        http: HttpClient,
        auth: HttpAuth | None,
        server: str | None = None,
        holds: Callable[[int], None] | None = None,
    ) -> None:
        self.url = url
        self.leaving = False
        """Whether nobody is asked for the right to send any more: what is refused stays so."""
        self._server = server or url
        self._holds = holds
        self._http = http
        self._auth = auth

    async def send(
        self, method: str, headers: Mapping[str, str], content: bytes | None = None, *, stays: bool = False
    ) -> HttpResponse:
        """Send a request; gives the answer, whatever its status.

        Raises `ConnectFailed`, `ConnectionLost`, `AccessDenied`, and `HttpError` where it leads to another origin.
        """
        request: HttpRequest | None = None
        plain = headers
        for _ in range(_MOST_TRIES):
            if self._auth is not None:
                if request is None:
                    request = HttpRequest(self._server, method, self.url, {})
                request.url, request.headers = self.url, dict(plain)
                await self._held(self._auth.authorize(request))
                headers = request.headers
            response = await self._http.request(method, self.url, headers, content, stays=stays)
            if response.status in _REDIRECTS:
                await self._follow(response)
            elif response.status in (401, 403):
                await self._let_in(response, request)
            else:
                return response
        raise ConnectionLost("redirected in circles, or let in only in order to be refused")

    async def _let_in(self, response: HttpResponse, request: HttpRequest | None) -> None:
        """Get the right to send again. Raises `AccessDenied`."""
        error, _ = await refusal(response)
        if self._auth is None or request is None or self.leaving:
            raise error
        if not await self._held(self._auth.refused(request, error.status, error.headers)):
            raise error

    async def _held(self, asking: Awaitable[T]) -> T:
        """Ask who has the say, which may be a user who takes long: deadlines wait for that."""
        if self._holds is None:
            return await asking
        self._holds(1)
        try:
            return await asking
        finally:
            self._holds(-1)

    async def _follow(self, response: HttpResponse) -> None:
        """Go where a redirect leads, now and from now on."""
        await response.aclose()
        location = response.headers.get("location")
        if location is None or response.status == 303:
            raise HttpError(response.status, "a redirect that leads nowhere")
        there = resolved(self.url, location)
        if there is None:
            raise HttpError(response.status, "redirected to another origin, and not followed")
        self.url = there


def resolved(base: str, reference: str) -> str | None:
    """Where a URL that a server gives leads; None where that is another origin."""
    try:
        there = urljoin(base, reference)
        return there if _origin(there) == _origin(base) else None
    except ValueError:
        return None


async def refusal(response: HttpResponse) -> tuple[HttpError, bytes]:
    """The error that an answer without success is, and its body as far as it was read."""
    pieces: list[bytes] = []
    size = 0
    try:
        while size < _EXCERPT and (piece := await response.chunk()):
            pieces.append(piece)
            size += len(piece)
    except ConnectionLost:
        pass  # its status says enough
    finally:
        await response.aclose()
    body = b"".join(pieces)
    said = "" if "html" in response.headers.get("content-type", "") else body.decode("utf-8", "replace").strip()
    headers: dict[str, str] = {}
    for raw, value in response.headers.items():  # a server may send several challenges, each in a header of its own
        name = raw.lower()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return http_error(response.status, said[:_SHOWN], headers), body


class Told(NamedTuple):
    """A JSON-RPC error, and the id that it gives."""

    id: Any
    error: ErrorObject


def rpc_error(body: bytes) -> Told | None:
    """The JSON-RPC error that a body is; None for any other body."""
    try:
        message = msgspec.json.decode(body)
        if is_object(message) and "error" in message and message.get("jsonrpc") == "2.0":
            return Told(message.get("id"), msgspec.convert(message["error"], ErrorObject))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        pass
    return None
