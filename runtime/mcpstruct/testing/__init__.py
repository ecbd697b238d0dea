"""Testing servers and clients: a client connected to a server in the same process, and fixtures for pytest."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator
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

    async def client() -> AsyncGenerator[Client]:
        made: Any = server() if callable(server) else server
        async with connected(made, **options) as connection:
            yield connection

    if "pytest_asyncio" not in sys.modules:
        return pytest.fixture(client)

    # Which plugin runs a test is known when the test is set up, and no sooner. An async fixture belongs to one of them:
    # where both are installed, the other's loop would run it, if that is asked first. A sync one has the choice.
    def either(request: pytest.FixtureRequest) -> Iterator[Client]:
        run = _run_by_anyio if "anyio_backend" in request.fixturenames else _run_by_asyncio
        yield from run(client, request)

    either.__name__ = client.__name__
    return sys.modules["pytest_asyncio"].fixture(either)


def _run_by_anyio(client: Callable[[], AsyncGenerator[Client]], request: Any) -> Iterator[Client]:
    from anyio.pytest_plugin import extract_backend_and_options, get_runner

    name, options = extract_backend_and_options(request.getfixturevalue("anyio_backend"))
    with get_runner(name, options) as runner:
        yield from runner.run_asyncgen_fixture(client, {})


def _run_by_asyncio(client: Callable[[], AsyncGenerator[Client]], request: Any) -> Iterator[Client]:
    import asyncio

    loop = asyncio.get_event_loop()  # which the plugin has set for the fixtures that are its own
    opened = client()
    yield loop.run_until_complete(anext(opened))
    loop.run_until_complete(anext(opened, None))
