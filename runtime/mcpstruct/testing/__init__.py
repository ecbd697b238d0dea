"""Testing servers and clients: a client connected to a server in the same process, and fixtures for pytest."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from mcpstruct.client import Client
from mcpstruct.session.loop import current_loop
from mcpstruct.transport.pair import transport_pair

if TYPE_CHECKING:
    from mcpstruct.server.base import Server

__all__ = ["client_fixture", "connected"]


@asynccontextmanager
async def connected(server: Server, *, as_bytes: bool = True, **options: Any) -> AsyncGenerator[Client]:
    """A client connected to a server: `async with connected(server, on_log=...) as client`.

    Messages cross as bytes, as between two processes, so that what can't be encoded fails here as well; with
    `as_bytes=False` they cross as objects, as with `Client(server)`. Options are those of `Client`. Errors of the
    server's lifespan are raised here.
    """
    if not as_bytes:
        async with Client(server, **options) as client:
            yield client
        return
    near, far = transport_pair()
    serving = _Serving(server, far)
    try:
        async with Client(near, **options) as client:
            yield client
    finally:
        await serving.finish()


class _Serving:
    """A server at work in a task of its own, so that no cancel scope is left in another task than it was entered in:
    fixtures of some runners are set up in one task and torn down in another.
    """

    def __init__(self, server: Server, transport: Any) -> None:
        loop = current_loop()
        self._transport = transport
        self._ended = loop.future()
        loop.spawn(self._serve, server)

    async def _serve(self, server: Server) -> None:
        error: Exception | None = None
        try:
            await server.serve(self._transport)
        except Exception as failure:
            error = failure
            await self._transport.aclose()
        finally:
            if not self._ended.done():
                self._ended.set_result(error)

    async def finish(self) -> None:
        error: Exception | None = await self._ended
        if error is not None:
            raise error


def client_fixture(server: Server | Callable[[], Server], **options: Any) -> Any:
    """A pytest fixture that is a connected client: `client = client_fixture(server)` at the top of a test module.

    Works with anyio's plugin and with pytest-asyncio's, whichever runs the test. `server` may be a function that makes
    a fresh one for each test. Options are those of `connected`.
    """
    import sys

    import pytest

    decorate: Any = pytest.fixture
    if "pytest_asyncio" in sys.modules:  # in its strict mode, it takes no async fixtures but its own
        decorate = sys.modules["pytest_asyncio"].fixture

    async def client() -> AsyncIterator[Client]:
        made: Any = server() if callable(server) else server
        async with connected(made, **options) as connection:
            yield connection

    return decorate(client)
