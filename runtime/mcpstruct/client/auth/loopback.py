"""The browser, and the port of this machine that it comes back to."""

from __future__ import annotations

import inspect
import os
import sys
import webbrowser
from collections.abc import Awaitable, Callable
from contextlib import suppress
from secrets import compare_digest
from typing import TypeAlias
from urllib.parse import parse_qs, urlsplit

import anyio
import anyio.to_thread
from anyio.abc import Listener, SocketAttribute, SocketStream

from mcpstruct.base.errors import AuthorizationFailed

OpenUrl: TypeAlias = Callable[[str], Awaitable[object] | object]
"""Shows a URL to the user, in a browser."""
PATH = "/callback"
_HEAD = 16_384
_MOST_FIELDS = 100
_PATIENCE = 10.0
_PAGE = (
    "<!doctype html><meta charset=utf-8><title>{title}</title><meta name=viewport content='width=device-width'>"
    "<body style='font:1.1rem system-ui;margin:20vh auto;max-width:32rem;text-align:center'><h1>{title}</h1><p>{text}"
)


async def open_url(url: str, by: OpenUrl | None) -> None:
    """Show a URL to the user. Raises `AuthorizationFailed` where there is no browser."""
    if by is not None:
        result = by(url)
        if inspect.isawaitable(result):
            await result
        return
    if os.environ.get("BROWSER") is None and os.name == "posix" and not _has_display():
        raise AuthorizationFailed(401, "there is no browser here: give OAuth(open_url=…) something to show a URL with")
    if not await anyio.to_thread.run_sync(webbrowser.open, url, abandon_on_cancel=True):
        raise AuthorizationFailed(401, "no browser opened: give OAuth(open_url=…) something to show a URL with")


def _has_display() -> bool:
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


class Loopback:
    """A port of 127.0.0.1 that browsers come back to."""

    def __init__(self, listener: Listener[SocketStream], port: int, path: str) -> None:
        self._listener = listener
        self._path = path
        self._found = ""
        self.uri = f"http://127.0.0.1:{port}{path}"

    @classmethod
    async def open(cls, port: int = 0, path: str = PATH) -> Loopback:
        """Listen on a port; on any, for 0. Raises `OSError`."""
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=port)
        return cls(listener, listener.extra_attributes[SocketAttribute.local_port](), path)

    async def redirect(self, state: str) -> str:
        """The query that a browser comes back with. One without the right `state` is told so, and is none."""
        with anyio.CancelScope() as scope:

            async def serve(stream: SocketStream) -> None:
                with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError), anyio.move_on_after(_PATIENCE):
                    async with stream:
                        query = await self._query(stream)
                        if query is None:
                            await _reply(stream, "404 Not Found", "Nothing here", "")
                        elif self._found or not _is_of(query, state):
                            await _reply(stream, "400 Bad Request", "Not expected", "Nobody asked for this.")
                        else:
                            self._found = query
                            await _reply(stream, "200 OK", "Done", "You may close this window.")
                if self._found:
                    scope.cancel()

            await self._listener.serve(serve)
        return self._found

    async def _query(self, stream: SocketStream) -> str | None:
        """The query of a redirect; None for a request that is none."""
        head = b""
        while b"\r\n\r\n" not in head and len(head) < _HEAD:
            try:
                head += await stream.receive()
            except anyio.EndOfStream:
                return None
        method, _, rest = head.partition(b"\r\n")[0].decode("latin-1").partition(" ")
        path, _, query = rest.rpartition(" ")[0].partition("?")
        return query if method == "GET" and path == self._path and query else None

    async def aclose(self) -> None:
        """Listen no more."""
        await self._listener.aclose()


def place_of(redirect_uri: str) -> tuple[int, str]:
    """The port and the path of a redirect URI of this machine. Raises `ValueError` for any other."""
    parts = urlsplit(redirect_uri)
    if parts.scheme != "http" or parts.hostname not in ("127.0.0.1", "localhost") or not parts.port:
        raise ValueError("a redirect_uri= without receive= is http://127.0.0.1, with a port")
    return parts.port, parts.path


def _is_of(query: str, state: str) -> bool:
    """Whether a query comes from who was told the state."""
    try:
        found = parse_qs(query, max_num_fields=_MOST_FIELDS).get("state", [])
    except ValueError:
        return False
    return len(found) == 1 and compare_digest(found[0].encode(), state.encode())


async def _reply(stream: SocketStream, status: str, title: str, text: str) -> None:
    body = _PAGE.format(title=title, text=text).encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n"
    )
    await stream.send(head.encode() + body)
