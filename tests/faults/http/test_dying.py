"""A server that is killed while it answers, and comes back: calls fail at once, and the next ones work."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from typing import Any

import anyio
import pytest

from mcpstruct.base.errors import ConnectionLost, McpError, SessionLost
from mcpstruct.base.limits import Deadlines
from mcpstruct.client import Client
from mcpstruct.transport.http import HttpServer
from tests.faults.support import Clock, text_of
from tests.server.http.processes import Process
from tests.support.http import free_port

from .support import SOON, serving

pytestmark = pytest.mark.anyio
LEGACY = "2025-11-25"
DEADLINES = Deadlines(request=SOON, connect=SOON, probe=SOON)


class Mortal:
    """A server at one address, over several lives."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/mcp"
        self._life = ExitStack()

    def rise(self) -> Process:
        """Begin a life."""
        return self._life.enter_context(serving(self.port))

    def fall(self, server: Process) -> None:
        """End it, without a word."""
        server.end(signal.SIGKILL)
        self._life.close()

    def bury(self) -> None:
        """Leave nothing."""
        self._life.close()


@pytest.fixture
def mortal() -> Iterator[Mortal]:
    one = Mortal()
    yield one
    one.bury()


@asynccontextmanager
async def client_of(mortal: Mortal, revisions: str | None, **options: Any) -> AsyncIterator[Client]:
    on_log = options.pop("on_log", None)
    target = HttpServer(mortal.url, **options)
    async with Client(
        target, revisions=revisions, verdicts={}, deadlines=DEADLINES, log_level="info", on_log=on_log
    ) as client:
        yield client


async def cut_off(mortal: Mortal, client: Client, server: Process, names: tuple[str, ...]) -> list[tuple[Any, float]]:
    """Kill the server while it answers calls; gives how each ended, and after how many seconds."""
    ends: list[tuple[Any, float]] = []

    async def call(name: str) -> None:
        try:
            ends.append((await client.call_tool(name), 0.0))
        except McpError as error:
            ends.append((error, anyio.current_time()))

    async with anyio.create_task_group() as tasks:
        for name in names:
            tasks.start_soon(call, name)
        await server.heard("noted: begun", len(names))
        mortal.fall(server)
        killed = anyio.current_time()
    return [(error, at - killed) for error, at in ends]


async def test_a_modern_server(mortal: Mortal) -> None:
    """Calls in progress fail at once, whether or not anything had come; the client goes on with the next server."""
    server = mortal.rise()
    async with client_of(mortal, None) as client:
        for _ in range(2):
            with anyio.fail_after(SOON):
                ends = await cut_off(mortal, client, server, ("hang", "tell_and_hang", "hang"))
            assert [type(error) for error, _ in ends] == [ConnectionLost] * 3
            assert max(seconds for _, seconds in ends) < 1
            with anyio.fail_after(1), pytest.raises(ConnectionLost):
                await client.call_tool("echo", {"text": "anybody?"})
            server = mortal.rise()
            with Clock() as clock:
                assert text_of(await client.call_tool("echo", {"text": "again"})) == "again"
            assert clock.seconds < 1


async def test_a_session_is_lost_with_its_server(mortal: Mortal) -> None:
    server = mortal.rise()
    async with client_of(mortal, LEGACY) as client:
        with anyio.fail_after(SOON):
            ends = await cut_off(mortal, client, server, ("hang", "hang"))
        assert [type(error) for error, _ in ends] == [ConnectionLost] * 2
        assert max(seconds for _, seconds in ends) < 1
        server = mortal.rise()
        with anyio.fail_after(SOON), pytest.raises(SessionLost):
            await client.call_tool("echo", {"text": "who are you?"})
        assert not client.connected


async def test_a_stream_that_is_taken_up_at_a_server_that_knows_nothing_of_it(mortal: Mortal) -> None:
    server = mortal.rise()
    told = anyio.Event()
    async with client_of(mortal, LEGACY, on_log=lambda _: told.set()) as client:
        errors: list[McpError] = []

        async def call() -> None:
            with pytest.raises(ConnectionLost) as caught:
                await client.call_tool("tell_and_hang")
            errors.append(caught.value)

        with anyio.fail_after(2 * SOON):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(call)
                await told.wait()
                mortal.fall(server)
                await anyio.to_thread.run_sync(mortal.rise)
        assert isinstance(errors[0], SessionLost)


async def test_a_session_that_is_opened_anew(mortal: Mortal) -> None:
    server = mortal.rise()
    async with client_of(mortal, LEGACY, reinitialize=True) as client:
        for _ in range(2):
            with anyio.fail_after(SOON):
                ends = await cut_off(mortal, client, server, ("hang", "hang"))
            assert [type(error) for error, _ in ends] == [ConnectionLost] * 2
            server = mortal.rise()
            with anyio.fail_after(SOON):
                assert text_of(await client.call_tool("echo", {"text": "again"})) == "again"
