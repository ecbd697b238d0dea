"""Documents and answers of servers that another server named: bounded in size, time and redirects, and judged first."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin

import anyio
import msgspec

from mcpstruct import __version__
from mcpstruct.base.check import is_object
from mcpstruct.base.errors import AuthError, AuthUnavailable, ConnectFailed, ConnectionLost, DiscoveryFailed
from mcpstruct.session.loop import current_loop
from mcpstruct.transport.http.base import HttpClient, HttpResponse
from mcpstruct.transport.http.clients import default_client, environment_proxy
from mcpstruct.transport.http.target import HttpServer

from .safety import DEFAULT_RULES, Guard, UrlRules

if TYPE_CHECKING:
    import ssl

MOST_BYTES = 1 << 20
"""How large a document may be."""
MOST_REDIRECTS = 5
PATIENCE = 30.0
"""Seconds for one document, redirects included."""
_REDIRECTS = (301, 302, 303, 307, 308)
_SECRET = ("assertion", "client_assertion", "client_secret", "code", "code_verifier", "refresh_token", "subject_token")
"""What no server is to have repeated."""
_JSON = {"accept": "application/json", "user-agent": f"mcpstruct/{__version__}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """How requests to authorization servers are sent: as those to MCP servers, see `HttpServer`."""

    http: HttpClient | None = None
    proxy: str | None = field(default=None, repr=False)
    trust_env: bool = True
    ssl: ssl.SSLContext | None = None
    rules: UrlRules = DEFAULT_RULES


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a JSON object, or an empty one in the place of anything else."""

    status: int
    body: dict[str, Any] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)

    def text(self, name: str) -> str | None:
        """A member of the body, if it is text that is not empty."""
        value = self.body.get(name)
        return value if isinstance(value, str) and value else None


class Fetcher:
    """Asks whom one MCP server names."""

    def __init__(self, server: str, wire: Wire, revision: str | None = None) -> None:
        self.guard = Guard(server, wire.rules)
        self._wire = wire
        self._document = {**_JSON, "mcp-protocol-version": revision} if revision else _JSON

    async def get(self, url: str) -> Answer:
        """A document. Raises `UnsafeUrl`, `AuthUnavailable`, `DiscoveryFailed`."""
        with _patience(url):
            for _ in range(MOST_REDIRECTS + 1):
                response = await self._send("GET", url, self._document, None)
                if response.status not in _REDIRECTS:
                    return await _answer(url, response)
                await response.aclose()
                url = urljoin(url, response.headers.get("location", ""))
        raise DiscoveryFailed(401, f"more than {MOST_REDIRECTS} redirects, the last to {_plain(url)}")

    async def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Answer:
        """The answer to a form. Raises `UnsafeUrl`, `AuthUnavailable`, `DiscoveryFailed`."""
        head = {**_JSON, "content-type": "application/x-www-form-urlencoded", **(headers or {})}
        answer = await self._post(url, head, urlencode(form).encode())
        told = answer.text("error_description")
        if told is not None:  # which ends up in errors and logs
            for name in _SECRET:
                told = told.replace(form[name], "…") if form.get(name) else told
            answer.body["error_description"] = told
        return answer

    async def post_json(self, url: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Answer:
        """The answer to a JSON object. Raises as `post`."""
        head = {**_JSON, "content-type": "application/json", **(headers or {})}
        return await self._post(url, head, msgspec.json.encode(body))

    async def _post(self, url: str, headers: Mapping[str, str], content: bytes) -> Answer:
        with _patience(url):
            response = await self._send("POST", url, headers, content)
            if response.status in _REDIRECTS:  # what is posted is secret
                await response.aclose()
                raise AuthError(401, f"redirected from {_plain(url)}, where secrets are sent")
            return await _answer(url, response)

    async def judge(self, url: str) -> None:
        """Judge a URL by where it leads from here. Raises `UnsafeUrl`, `AuthUnavailable`."""
        wire = self._wire
        if wire.http is None and (wire.proxy or (environment_proxy(url) if wire.trust_env else None)):
            self.guard.by_proxy(url)
        else:
            # Whoever changes the address in the meantime gains nothing: whom TLS does not know is told nothing.
            await self.guard.resolved(url)

    async def _send(self, method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> HttpResponse:
        """Send one request where it may go. Raises `UnsafeUrl`, `AuthUnavailable`."""
        wire = self._wire
        url = url.partition("#")[0]
        await self.judge(url)
        own = None
        http = wire.http
        if http is None:
            server = HttpServer(url, proxy=wire.proxy, trust_env=wire.trust_env, ssl=wire.ssl)
            own = http = default_client(current_loop(), server)
        try:
            return _Owned(await http.request(method, url, headers, content), own)
        except (ConnectFailed, ConnectionLost) as error:
            if own is not None:
                await own.aclose()
            raise AuthUnavailable(503, f"{_plain(url)} does not answer: {error}") from error
        except BaseException:
            if own is not None:
                with anyio.CancelScope(shield=True):
                    await own.aclose()
            raise


class _Owned:
    """A response whose HTTP client is closed with it."""

    def __init__(self, response: HttpResponse, client: Any) -> None:
        self._response = response
        self._client = client
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers

    async def read(self, limit: int) -> bytes | None:
        """See `HttpResponse`."""
        return await self._response.read(limit)

    async def chunk(self) -> bytes:
        """See `HttpResponse`."""
        return await self._response.chunk()

    async def aclose(self) -> None:
        """See `HttpResponse`."""
        await self._response.aclose()
        if self._client is not None:
            await self._client.aclose()


async def _answer(url: str, response: HttpResponse) -> Answer:
    try:
        body = await response.read(MOST_BYTES)
    except ConnectionLost as error:
        raise AuthUnavailable(503, f"{_plain(url)} broke off: {error}") from error
    finally:
        with anyio.CancelScope(shield=True):
            await response.aclose()
    if body is None:
        raise DiscoveryFailed(401, f"{_plain(url)} answers with more than {MOST_BYTES} bytes")
    found: Any = None
    with suppress(msgspec.MsgspecError, ValueError, RecursionError):
        found = msgspec.json.decode(body)
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status, found if is_object(found) else {}, headers)


@contextmanager
def _patience(url: str) -> Generator[None, None, None]:
    """A deadline with an error of its own. Raises `AuthUnavailable`."""
    with anyio.move_on_after(PATIENCE) as scope:
        yield
    if scope.cancelled_caught:
        raise AuthUnavailable(503, f"{_plain(url)} did not answer within {PATIENCE:g} s")


def _plain(url: str) -> str:
    """A URL without what may be secret."""
    return url.partition("?")[0].partition("#")[0][:200]
