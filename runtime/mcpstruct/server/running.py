"""`server.run()`: an event loop, a transport and the signals that end them."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import anyio

from mcpstruct.session.loop import current_loop

if TYPE_CHECKING:
    from .base import Server

_ENDING = [signal.SIGINT, signal.SIGTERM]


def run(server: Server, transport: Literal["stdio", "streamable-http"], **options: Any) -> None:
    """See `Server.run`."""
    if transport == "streamable-http":
        from .http.running import HttpServing

        HttpServing(server, **options).run()
    elif transport != "stdio":
        raise ValueError(f"no transport {transport!r}; there are 'stdio' and 'streamable-http'")
    elif options:
        raise TypeError(f"stdio has no options: {', '.join(options)}")
    else:
        anyio.run(partial(serve_stdio, server), backend_options=fastest_loop())


def fastest_loop() -> dict[str, object]:
    """uvloop, where somebody installed it: half the time a message."""
    try:
        import uvloop  # type: ignore[import-not-found,unused-ignore]  # pyright: ignore
    except ImportError:
        return {}
    return {"loop_factory": uvloop.new_event_loop}  # pyright: ignore


async def serve_stdio(server: Server, *, threads: bool = False) -> None:
    """Serve the client at the other end of the standard streams, until it leaves or the process is told to stop."""
    from mcpstruct.transport.stdio_server import StdioServerTransport

    with _told_to_stop() as signals:
        watcher = current_loop().spawn(_stop_when, server, signals)
        try:
            await server.serve(StdioServerTransport(threads=threads))
        finally:
            watcher.cancel()


def _told_to_stop() -> AbstractContextManager[AsyncIterator[object]]:
    """The signals that end a server, as they come."""
    if os.name == "posix" and threading.current_thread() is threading.main_thread():
        return anyio.open_signal_receiver(*_ENDING)
    return nullcontext(_nothing())  # elsewhere, there is no way to wait for a signal


async def _nothing() -> AsyncIterator[object]:
    return
    yield


async def _stop_when(server: Server, signals: AsyncIterator[object]) -> None:
    stop: Callable[[], Awaitable[None]] = server.stop
    async for _ in signals:
        current_loop().spawn(stop)
        stop = partial(server.stop, 0.0)  # who asks twice won't wait
