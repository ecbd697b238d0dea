"""The browser, and the port of this machine that it comes back to."""

from __future__ import annotations

import inspect
import os
import sys
import webbrowser
from collections.abc import Awaitable, Callable
from contextlib import suppress
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

    def __init__(self, listener: Listener[SocketStream], port: int) -> None:
        self._listener = listener
        self._found = ""
        self.uri = f"http://127.0.0.1:{port}{PATH}"

    @classmethod
    async def open(cls, port: int = 0) -> Loopback:
        """Listen on a port; on any, for 0. Raises `OSError`."""
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=port)
        return cls(listener, listener.extra_attributes[SocketAttribute.local_port]())

    async def redirect(self, state: str) -> str:
        """The query that a browser comes back with. One without the right `state` is told so, and is none."""
        with anyio.CancelScope() as scope:

            async def serve(stream: SocketStream) -> None:
                with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError), anyio.move_on_after(_PATIENCE):
                    async with stream:
                        query = await _query(stream)
                        if query is None:
                            await _reply(stream, "404 Not Found", "Nothing here", "")
                        elif parse_qs(query).get("state") != [state] or self._found:
                            await _reply(stream, "400 Bad Request", "Not expected", "Nobody asked for this.")
                        else:
                            self._found = query
                            await _reply(stream, "200 OK", "Done", "You may close this window.")
                if self._found:
                    scope.cancel()

            await self._listener.serve(serve)
        return self._found

    async def aclose(self) -> None:
        """Listen no more."""
        await self._listener.aclose()


async def _query(stream: SocketStream) -> str | None:
    """The query of a redirect; None for a request that is none."""
    head = b""
    while b"\r\n\r\n" not in head and len(head) < _HEAD:
        try:
            head += await stream.receive()
        except anyio.EndOfStream:
            return None
    method, _, rest = head.partition(b"\r\n")[0].decode("latin-1").partition(" ")
    target = urlsplit(rest.rpartition(" ")[0])
    return target.query if method == "GET" and target.path == PATH and target.query else None


async def _reply(stream: SocketStream, status: str, title: str, text: str) -> None:
    body = _PAGE.format(title=title, text=text).encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n"
    )
    await stream.send(head.encode() + body)
