"""The browser, and the port of this machine that it comes back to."""

from __future__ import annotations

import inspect
import os
import webbrowser
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias
from urllib.parse import urlsplit

import anyio
from anyio.abc import SocketAttribute, SocketStream

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


class Redirects(Protocol):
    """Where the user's browser comes back to."""

    uri: str

    async def next(self) -> str:
        """The query of the next redirect that comes."""
        ...

    async def aclose(self) -> None:
        """Take no more."""


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
    import sys

    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


class Loopback:
    """Listens on a port of 127.0.0.1 for browsers that come back."""

    def __init__(self, listener: anyio.abc.Listener[SocketStream], port: int) -> None:
        self.uri = f"http://127.0.0.1:{port}{PATH}"
        self._listener = listener
        self._send, self._receive = anyio.create_memory_object_stream[tuple[str, SocketStream]](16)
        self._answered: list[SocketStream] = []

    @classmethod
    async def open(cls, port: int = 0) -> Loopback:
        """Listen on a port; on any, for 0. Raises `OSError`."""
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=port)
        return cls(listener, listener.extra(SocketAttribute.local_port))

    async def serve(self) -> None:
        """Take connections, until cancelled."""
        await self._listener.serve(self._serve)

    async def _serve(self, stream: SocketStream) -> None:
        async with stream:
            with anyio.move_on_after(_PATIENCE):
                query = await _query(stream)
                if query is None:
                    await _reply(stream, "404 Not Found", "Nothing here", "")
                    return
                await self._send.send((query, stream))
                await _reply(stream, "200 OK", "Thank you", "You may close this window.")

    async def next(self) -> str:
        """See `Redirects`."""
        query, _ = await self._receive.receive()
        return query

    async def aclose(self) -> None:
        """See `Redirects`."""
        await self._listener.aclose()
        self._send.close()
        self._receive.close()


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
