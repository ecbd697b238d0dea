"""Servers at a URL."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit, urlunsplit

from mcpstruct.base.errors import ConnectionLost
from mcpstruct.transport.base import Receiver, Transport

from .base import HttpAuth, HttpClient

if TYPE_CHECKING:
    import ssl

    from .link import HttpLink

CONNECT = 10.0
"""Seconds that a TCP connection and its TLS handshake may take."""


@dataclass(frozen=True, slots=True)
class HttpServer:
    """A server at a URL, over Streamable HTTP in whatever revision it speaks, or the HTTP+SSE of 2024-11-05.

    `headers` go with every request, but for those that the protocol defines. `proxy` is the URL of a proxy; without,
    `trust_env` takes the one that the environment names (`HTTPS_PROXY`, `NO_PROXY`, …), which never applies to this
    machine's own addresses. `ssl` replaces the usual checks of certificates. `connect` is how many seconds a
    connection may take to come about; requests have the deadlines of the session.

    `auth` says who calls. `http` sends requests in the place of aiohttp (on trio, httpx2), and is not closed; `proxy`,
    `trust_env`, `ssl` and `connect` are then up to it.

    Where a server with sessions has forgotten one, calls fail with `SessionLost`, and the connection is over. With
    `reinitialize`, a new session is opened instead, and what the server refused for that reason is sent again; log
    level and subscriptions are asked for anew, other state of the session is gone.

    Raises `ValueError` for a URL that is none of HTTP.
    """

    url: str
    _: KW_ONLY
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    auth: HttpAuth | None = field(default=None, repr=False)
    http: HttpClient | None = None
    proxy: str | None = field(default=None, repr=False)
    trust_env: bool = True
    ssl: ssl.SSLContext | None = None
    connect: float | None = CONNECT
    reinitialize: bool = False

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            port = parts.port
        except ValueError as error:
            raise ValueError(f"no URL to connect to: {error}") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("the URL of a server begins with http:// or https:// and names a host")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        where = host if port is None else f"{host}:{port}"
        object.__setattr__(self, "url", urlunsplit((parts.scheme, where, parts.path or "/", parts.query, "")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        if parts.username is not None:
            user, password = unquote(parts.username), unquote(parts.password or "")
            headers.setdefault("authorization", f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}")
        object.__setattr__(self, "headers", headers)

    @property
    def key(self) -> str:
        """What is remembered of the server is remembered by this: its origin and path."""
        return self.url.partition("?")[0]

    def transport(self) -> Transport:
        """A fresh connection to it."""
        return HttpTransport(self)


class HttpTransport:
    """A `Transport` for sessions to join: each message is a request of its own, so that it carries no bytes itself."""

    def __init__(self, server: HttpServer) -> None:
        self._server = server

    def __repr__(self) -> str:
        return f"<HttpTransport to {self._server.key}>"

    async def join(self, core: Any) -> HttpLink:
        """Get ready to send for a core. Nothing is sent yet. Raises `MissingExtra`."""
        from .link import HttpLink

        return HttpLink(core, self._server)

    async def open(self, receiver: Receiver) -> None:
        """See `Transport`: sessions `join` instead."""
        raise TypeError("HTTP is joined by a session; it carries no bytes")

    def send(self, data: bytes) -> None:
        """See `Transport`."""
        raise ConnectionLost("HTTP is joined by a session; it carries no bytes")

    congested = False

    async def drain(self) -> None:
        """See `Transport`."""

    def pause(self) -> None:
        """See `Transport`."""

    def resume(self) -> None:
        """See `Transport`."""

    async def aclose(self) -> None:
        """See `Transport`."""
