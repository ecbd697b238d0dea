"""uvicorn, made to end in good order: with streams open it would wait for ever, or cancel what it runs."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable
from importlib.util import find_spec
from types import FrameType
from typing import TYPE_CHECKING

from mcpstruct.base.errors import MissingExtra
from mcpstruct.session.loop import current_loop

try:
    import uvicorn
except ImportError:
    raise MissingExtra("uvicorn is not installed; serving over HTTP needs mcpstruct[http]") from None

from .app import HttpApp

if TYPE_CHECKING:
    from mcpstruct.server.base import Server

_LAST_WORDS = 0.5
"""Seconds that clients are given to read the end of their answers."""
_IDLE = 75
"""Seconds that a connection is kept between two requests: longer than clients and proxies do, since a request that comes
just as the connection closes fails, and is not safe to repeat."""
_FLUSH = 0.1
"""Seconds for what has been written to leave this process."""


class Uvicorn(uvicorn.Server):
    """Serves one application until a signal comes: the first lets requests in progress finish, the second does not."""

    def __init__(
        self,
        server: Server,
        app: HttpApp,
        drain: float,
        started: Callable[[], object],
        *,
        deaf_to: tuple[int, ...] = (),
    ) -> None:
        """`started` is called once requests are taken; signals of `deaf_to` mean nothing."""
        super().__init__(
            uvicorn.Config(
                app,
                http="httptools" if find_spec("httptools") else "h11",
                ws="none",
                interface="asgi3",
                lifespan="off",
                log_config=None,
                log_level="error",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=_IDLE,
                timeout_graceful_shutdown=1,
            )
        )
        self._server = server
        self._app = app
        self._drain = drain
        self._tell = started
        self._deaf_to = deaf_to
        self._told = 0
        self._loop: asyncio.AbstractEventLoop | None = None

    async def serve_until_told(self, sockets: list[socket.socket]) -> None:
        """Serve at sockets that listen. Raises what the server's lifespan raises."""
        try:
            await self.serve(sockets)
        finally:
            await self._app.aclose()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """See `uvicorn.Server`."""
        self._loop = asyncio.get_running_loop()
        await self._app.start()
        await super().startup(sockets)
        self._tell()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """See `uvicorn.Server`. Unlike there, the process does not end by the signal, but as told."""
        if sig in self._deaf_to:
            return
        self._told += 1
        if self._told == 1:
            self.should_exit = True
        elif self._told == 2 and self._loop is not None:
            self._loop.call_soon_threadsafe(self._hurry)
        else:  # something does not let go of the event loop
            signal.signal(sig, signal.SIG_DFL)
            signal.raise_signal(sig)

    def _hurry(self) -> None:
        self.force_exit = True
        current_loop().spawn(self._server.stop, 0.0)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """See `uvicorn.Server`."""
        for listener in self.servers:
            listener.close()
        connections = self.server_state.connections
        for connection in list(connections):
            connection.shutdown()  # after the answer that is on its way, or at once
        await self._server.stop(0.0 if self.force_exit else self._drain)
        if answering := set(self.server_state.tasks):
            await asyncio.wait(answering, timeout=_LAST_WORDS)
        if connections:
            await asyncio.sleep(_FLUSH)
        for connection in list(connections):
            connection.transport.abort()
        await super().shutdown(sockets)
