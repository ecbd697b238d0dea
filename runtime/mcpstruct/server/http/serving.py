"""uvicorn, made to end in good order: with streams open it would wait for ever, or cancel what it runs."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable
from importlib.util import find_spec
from types import FrameType
from typing import TYPE_CHECKING, Any

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
"""Seconds that a connection is kept between two requests: longer than clients and proxies keep it, since a request that
meets its end fails, and is not safe to repeat."""
_FLUSH = 0.1
"""Seconds for what has been written to leave this process."""
_TURN = 0.02
"""Seconds after which is looked again whether there is anything left to wait for."""


class Uvicorn(uvicorn.Server):
    """Serves one application until a signal comes: the first lets requests in progress finish, the second does not."""

    def __init__(
        self,
        server: Server,
        app: HttpApp,
        started: Callable[[], object],
        *,
        drain: float,
        patience: float,
        deaf_to: tuple[int, ...] = (),
    ) -> None:
        """`started` is called once requests are taken; `patience` is how many seconds the head of one may take; signals
        of `deaf_to` mean nothing.
        """
        super().__init__(
            uvicorn.Config(
                app,
                http=_protocol(),
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
        self._patience = patience
        self._tell = started
        self._deaf_to = deaf_to
        self._waiting: dict[Any, tuple[tuple[bool, int, int], float]] = {}  # for what, and since when
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

    async def on_tick(self, counter: int) -> bool:
        """See `uvicorn.Server`: called ten times a second."""
        if counter % 10 == 0:
            self._cut_off_the_slow()
        return await super().on_tick(counter)

    def _cut_off_the_slow(self) -> None:
        """End connections on which a request does not come in time, or the rest of one.

        uvicorn waits for the rest without end; a look at all of them once a second costs less than a timer a request.
        """
        now = asyncio.get_running_loop().time()
        before, self._waiting = self._waiting, {}
        connections: list[Any] = list(self.server_state.connections)
        for connection in connections:
            waits = connection.waits
            if waits is None:
                continue
            since = now
            if connection in before and before[connection][0] == waits:
                since = before[connection][1]
            self._waiting[connection] = waits, since
            for_the_rest = waits[0]
            if now - since > (self._patience if for_the_rest else _IDLE):
                connection.transport.abort()

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
        now = asyncio.get_running_loop().time
        end = now() + self._drain
        await self._server.stop(0.0 if self.force_exit else self._drain)
        await _while(lambda: self.server_state.tasks, now() + _LAST_WORDS)
        if connections:
            await asyncio.sleep(_FLUSH)
        await _while(lambda: self._unsent and not self.force_exit, end)
        for connection in list(connections):
            connection.transport.abort()
        await super().shutdown(sockets)

    @property
    def _unsent(self) -> bool:
        """Whether there are answers that have not left yet."""
        connections: list[Any] = list(self.server_state.connections)
        return any(connection.transport.get_write_buffer_size() for connection in connections)


async def _while(busy: Callable[[], object], end: float) -> None:
    """Wait, at most until this time of the event loop."""
    while busy() and asyncio.get_running_loop().time() < end:  # noqa: ASYNC110 - nobody tells when it changes
        await asyncio.sleep(_TURN)


def _protocol() -> Any:
    if find_spec("httptools") is None:
        from .by_h11 import H11Connection

        return H11Connection
    from .http1 import Http1Connection

    return Http1Connection
