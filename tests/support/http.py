"""Serve an ASGI application over a real socket, on the event loop of the test: by uvicorn, or by hypercorn on trio."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import uvicorn

from mcpstruct.server import Server
from mcpstruct.session.loop import current_loop


def free_socket() -> socket.socket:
    """A listening socket on a port of the system's choice."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", 0))
    bound.listen(1024)
    return bound


def free_port() -> int:
    """A port that nobody listens at, for a process that can't be handed a socket.

    It is below those that systems give to connections (32,768 and up): a test beside this one could get it meanwhile.
    """
    chance = random.SystemRandom()  # the shared one is seeded by hypothesis, alike in each test process
    while True:
        port = chance.randrange(20_000, 32_000)
        with socket.socket() as bound, contextlib.suppress(OSError):
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(("127.0.0.1", port))
            return port


class _Watched:
    """An application whose errors fail the test."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.errors: list[Exception] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await self._app(scope, receive, send)
        except Exception as error:
            if scope["type"] == "http":
                self.errors.append(error)
            raise


class _Uvicorn(uvicorn.Server):
    """Starts and ends at once, and leaves signals alone."""

    def __init__(self, app: Any) -> None:
        super().__init__(uvicorn.Config(app, ws="none", log_config=None, access_log=False, lifespan="auto"))
        self.up = asyncio.Event()
        self.ending = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        self.up.set()
        await self.ending.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listener in self.servers:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        if self.server_state.tasks:
            await asyncio.wait(set(self.server_state.tasks), timeout=2)
        await self.lifespan.shutdown()


@asynccontextmanager
async def serving(app: Any, **options: Any) -> AsyncIterator[str]:
    """Serve an application, or a server at `/mcp`; gives the base URL without a slash at its end.

    At the end connections are cut off; what the application raised while it answered a request is raised here.
    """
    if isinstance(app, Server):
        app = app.http_app(**options)
    watched = _Watched(app)
    listener = free_socket()
    serve = _serve_uvicorn if current_loop().is_asyncio else _serve_hypercorn
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with listener:
        async with serve(watched, listener):
            yield base
    if watched.errors:
        raise watched.errors[0]


@asynccontextmanager
async def _serve_uvicorn(app: Any, listener: socket.socket) -> AsyncIterator[None]:
    server = _Uvicorn(app)
    task = asyncio.create_task(server.serve([listener]))
    try:
        up = asyncio.create_task(server.up.wait())
        await asyncio.wait({task, up}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            up.cancel()
            task.result()
        yield
    finally:
        server.ending.set()
        await task


@asynccontextmanager
async def _serve_hypercorn(app: Any, listener: socket.socket) -> AsyncIterator[None]:
    from hypercorn.config import Config
    from hypercorn.trio import serve

    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.graceful_timeout = 0.05
    config.loglevel = "ERROR"
    ending = anyio.Event()
    async with anyio.create_task_group() as tasks:

        async def run(*, task_status: Any) -> None:
            await serve(app, config, shutdown_trigger=ending.wait, task_status=task_status)  # type: ignore[arg-type]

        await tasks.start(run)
        try:
            yield
        finally:
            ending.set()
