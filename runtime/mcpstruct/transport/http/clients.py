"""Which HTTP library sends, and by which proxy, where the user leaves that open."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mcpstruct.session.loop import Loop
from mcpstruct.wire.origins import is_loopback

if TYPE_CHECKING:
    from .by_aiohttp import AiohttpClient
    from .by_httptools import HttptoolsClient
    from .by_httpx2 import Httpx2Client
    from .target import HttpServer


def default_client(loop: Loop, server: HttpServer) -> AiohttpClient | Httpx2Client | HttptoolsClient:
    """What sends to a server; to be closed. Raises `MissingExtra`.

    On asyncio, httptools sends at a third of the price of aiohttp, which knows proxies, and does without C.
    """
    proxy = server.proxy or (environment_proxy(server.url) if server.trust_env else None)
    if not loop.is_asyncio:
        from .by_httpx2 import Httpx2Client

        return Httpx2Client(proxy=proxy, ssl=server.ssl, connect=server.connect)
    if proxy is None:
        with suppress(ImportError):
            from .by_httptools import HttptoolsClient

            return HttptoolsClient(ssl=server.ssl, connect=server.connect)
    from .by_aiohttp import AiohttpClient

    return AiohttpClient(proxy=proxy, ssl=server.ssl, connect=server.connect)


def environment_proxy(url: str) -> str | None:
    """The proxy that the environment names for a URL; never one for this machine's own addresses."""
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(host) or proxy_bypass(host):
        return None
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    return proxy if proxy is not None and proxy.startswith(("http://", "https://")) else None
