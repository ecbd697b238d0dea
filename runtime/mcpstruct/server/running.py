"""`server.run()`: an event loop, a transport and the signals that end them."""

from __future__ import annotations

import os
import signal
from functools import partial
from typing import TYPE_CHECKING, Literal

import anyio

from mcpstruct.session.loop import current_loop

if TYPE_CHECKING:
    from .base import Server

_ENDING = [signal.SIGINT, signal.SIGTERM]


def run(server: Server, transport: Literal["stdio"]) -> None:
    """Serve until the client leaves, or SIGINT or SIGTERM comes. Raises `ValueError` for an unknown transport."""
    if transport != "stdio":
        raise ValueError(f"no transport {transport!r}; there is 'stdio'")
    anyio.run(partial(serve_stdio, server), backend_options=_fastest_loop())


def _fastest_loop() -> dict[str, object]:
    """uvloop, where somebody installed it: half the time a message."""
    try:
        import uvloop  # type: ignore[import-not-found,unused-ignore]  # pyright: ignore
    except ImportError:
        return {}
    return {"loop_factory": uvloop.new_event_loop}  # pyright: ignore


async def serve_stdio(server: Server, *, threads: bool = False) -> None:
    """Serve the client at the other end of the standard streams, until it leaves or the process is told to stop."""
    from mcpstruct.transport.stdio_server import StdioServerTransport

    watcher = current_loop().spawn(_stop_on_signal, server)
    try:
        await server.serve(StdioServerTransport(threads=threads))
    finally:
        watcher.cancel()


async def _stop_on_signal(server: Server) -> None:
    if os.name != "posix":  # elsewhere, loops have no way to wait for a signal
        return
    with anyio.open_signal_receiver(*_ENDING) as signals:
        async for _ in signals:
            await server.stop()
            return
