"""What a server sets up and takes down: once, whatever connects, and not in silence where it fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import anyio
import pytest

from mcpstruct import Client, Context, McpError, MCPServer, RemoteError
from mcpstruct.session.loop import current_loop
from mcpstruct.testing import connected
from tests.server.framework.support import SOON, Wire, text

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(20)]


class Life:
    """A lifespan that remembers."""

    def __init__(self, *, fail_before: bool = False, fail_after: bool = False) -> None:
        self.events: list[str] = []
        self.fail_before = fail_before
        self.fail_after = fail_after
        self.gate: anyio.Event | None = None
        self.begun = anyio.Event()
        self.left = anyio.Event()

    @asynccontextmanager
    async def __call__(self, server: Any) -> AsyncIterator[dict[str, Any]]:
        self.events.append("enter")
        self.begun.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.fail_before:
            raise OSError("no database")
        async with anyio.create_task_group() as group:  # may be left only by the task that entered it
            group.start_soon(anyio.sleep, 0)
            try:
                yield {"name": server.info.name}
            finally:
                self.events.append("leave")
                self.left.set()
        if self.fail_after:
            raise OSError("no goodbye")


def living(life: Callable[[Any], AbstractAsyncContextManager[Any]]) -> MCPServer:
    server = MCPServer("alive", lifespan=life)

    @server.tool()
    def state(ctx: Context[dict[str, Any]]) -> str:
        return str(ctx.lifespan_state["name"])

    return server


async def test_the_state_reaches_handlers(wire: Wire) -> None:
    life = Life()
    async with wire.to(living(life)) as client:
        assert text(await client.call_tool("state")) == "alive"
        assert life.events == ["enter"]
    assert life.events == ["enter", "leave"]


async def test_one_life_for_all_who_are_connected(wire: Wire) -> None:
    life = Life()
    server = living(life)
    async with wire.to(server) as one:
        async with wire.to(server) as two:
            assert text(await one.call_tool("state")) == text(await two.call_tool("state"))
        assert text(await one.call_tool("state")) == "alive"
        assert life.events == ["enter"]
    assert life.events == ["enter", "leave"]
    async with wire.to(server) as client:
        assert text(await client.call_tool("state")) == "alive"
    assert life.events == ["enter", "leave"] * 2


async def test_clients_that_come_at_once_share_it(wire: Wire) -> None:
    life = Life()
    life.gate = anyio.Event()
    server, said = living(life), list[str]()

    async def call() -> None:
        async with wire.to(server) as client:
            said.append(text(await client.call_tool("state")))
            while len(said) < 3:  # until everybody has been served
                await anyio.lowlevel.checkpoint()

    with anyio.fail_after(SOON):
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(call)
            await life.begun.wait()
            life.gate.set()
    assert said == ["alive"] * 3
    assert life.events == ["enter", "leave"]


async def test_an_error_on_the_way_in_reaches_the_caller(wire: Wire) -> None:
    life = Life(fail_before=True)
    server = living(life)
    with anyio.fail_after(SOON):
        for _ in range(2):
            with pytest.raises(OSError, match="no database"):
                async with wire.to(server):
                    pytest.fail("connected")
    life.fail_before = False
    async with wire.to(server) as client:
        assert text(await client.call_tool("state")) == "alive"


async def test_everybody_who_waits_is_told_of_an_error(wire: Wire) -> None:
    life = Life(fail_before=True)
    life.gate = anyio.Event()
    server, errors = living(life), list[Exception]()

    async def connect() -> None:
        try:
            async with wire.to(server):
                pytest.fail("connected")
        except OSError as error:
            errors.append(error)

    with anyio.fail_after(SOON):
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(connect)
            await life.begun.wait()
            for _ in range(10):
                await anyio.lowlevel.checkpoint()
            life.gate.set()
    assert [str(error) for error in errors] == ["no database"] * 3


async def test_an_error_on_the_way_out_reaches_the_caller(wire: Wire) -> None:
    server = living(Life(fail_after=True))
    with pytest.raises(OSError, match="no goodbye"):
        async with wire.to(server) as client:
            assert text(await client.call_tool("state")) == "alive"


async def test_who_gives_up_waiting_leaves_nothing_behind(wire: Wire) -> None:
    life = Life()
    life.gate = anyio.Event()
    server = living(life)
    with anyio.fail_after(SOON):
        async with anyio.create_task_group() as group:
            group.start_soon(_hold, wire, server)
            await life.begun.wait()
            group.cancel_scope.cancel()
        life.gate.set()
        await life.left.wait()
    async with wire.to(server) as client:
        assert text(await client.call_tool("state")) == "alive"


async def _hold(wire: Wire, server: MCPServer) -> None:
    async with wire.to(server):
        await anyio.sleep(60)


async def test_errors_of_the_body_stay_what_they_are(wire: Wire) -> None:
    life = Life()
    with pytest.raises(ZeroDivisionError):
        async with wire.to(living(life)):
            raise ZeroDivisionError
    assert life.events == ["enter", "leave"]


async def test_a_client_that_can_not_agree_leaves_it(anyio_backend: str) -> None:
    life = Life()
    server = MCPServer(revisions="2026-07-28", lifespan=life)
    for as_bytes in (True, False):
        with pytest.raises(McpError):
            async with connected(server, as_bytes=as_bytes, revisions="2024-11-05"):
                pytest.fail("connected")
    assert life.events == ["enter", "leave"] * 2


async def test_stopping_a_server_ends_its_connections(wire: Wire) -> None:
    life = Life()
    server = living(life)
    async with wire.to(server) as client, client.listen(uris=["r://1"]) as changes:
        with anyio.fail_after(SOON):
            await client.list_tools()
            await server.stop()
            with pytest.raises((McpError, StopAsyncIteration)):
                await anext(changes)
            with pytest.raises(McpError):
                await client.list_tools()
    assert life.events == ["enter", "leave"]


async def test_stopping_lets_calls_finish(wire: Wire) -> None:
    server, begun, go_on = MCPServer(), anyio.Event(), anyio.Event()
    said: list[str] = []

    @server.tool()
    async def slow() -> str:
        begun.set()
        await go_on.wait()
        return "finished"

    @server.tool()
    async def endless() -> str:
        await anyio.sleep(60)
        return ""

    async with wire.to(server) as client:

        async def call() -> None:
            said.append(text(await client.call_tool("slow")))

        with anyio.fail_after(SOON):
            async with anyio.create_task_group() as group:
                group.start_soon(call)
                await begun.wait()
                group.start_soon(server.stop)
                await anyio.wait_all_tasks_blocked()
                with pytest.raises(RemoteError, match="stopping"):
                    await client.call_tool("endless")
                go_on.set()
    assert said == ["finished"]


async def test_stopping_waits_no_longer_than_it_is_told(wire: Wire) -> None:
    server, begun = MCPServer(), anyio.Event()

    @server.tool()
    async def endless() -> str:
        begun.set()
        await anyio.sleep(60)
        return ""

    async with wire.to(server) as client:

        async def call() -> None:
            with pytest.raises(McpError):
                await client.call_tool("endless")

        with anyio.fail_after(SOON):
            async with anyio.create_task_group() as group:
                group.start_soon(call)
                await begun.wait()
                await server.stop(0.05)


async def test_a_server_may_be_served_again(wire: Wire) -> None:
    server = living(Life())
    for _ in range(2):
        async with wire.to(server) as client:
            await server.stop()
            with pytest.raises(McpError):
                await client.list_tools()
        assert server.connections == set()
    async with Client(server) as client:
        assert text(await client.call_tool("state")) == "alive"


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("begun", [False, True])
def test_an_event_loop_that_ends_takes_its_lifespan_along(begun: bool, backend: str) -> None:
    life = Life()
    server = living(life)

    async def cut_off() -> None:
        life.gate, life.begun = anyio.Event(), anyio.Event()
        if begun:
            life.gate.set()
        current_loop().spawn(_held, server)
        with anyio.fail_after(SOON):
            await life.begun.wait()
            await anyio.wait_all_tasks_blocked()

    async def whole() -> None:
        life.gate, life.left = None, anyio.Event()
        with anyio.fail_after(SOON):
            for _ in range(2):
                async with Client(server) as one, Client(server) as two:
                    assert text(await one.call_tool("state")) == text(await two.call_tool("state")) == "alive"
                    assert life.events == ["enter"]
                assert life.events == ["enter", "leave"]
                life.events.clear()

    anyio.run(cut_off, backend=backend)
    life.events.clear()
    anyio.run(whole, backend=backend)


def test_an_event_loop_that_is_closed_in_the_middle_takes_its_lifespan_along() -> None:
    life = Life()
    server = living(life)

    async def begin() -> Client:
        return await Client(server).connect()

    async def use() -> None:
        with anyio.fail_after(SOON):
            async with Client(server) as client:
                assert text(await client.call_tool("state")) == "alive"

    loop = asyncio.new_event_loop()
    left = loop.run_until_complete(begin())
    loop.set_exception_handler(lambda loop, context: None)  # which says that tasks are pending
    loop.close()
    life.left = anyio.Event()
    anyio.run(use)
    assert life.events == ["enter", "enter", "leave"]
    del left


async def _held(server: MCPServer) -> None:
    async with Client(server):
        await anyio.sleep(60)


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_start_that_is_cancelled_leaves_nothing_behind(anyio_backend: str) -> None:
    life, cancelled = Life(), asyncio.get_running_loop().create_future()
    cancelled.cancel()

    @asynccontextmanager
    async def calling_off(server: Any) -> AsyncIterator[dict[str, Any]]:
        if not life.events:
            life.events.append("cancelled")
            await cancelled
        async with life(server) as state:
            yield state

    server = living(calling_off)

    async def fails() -> None:
        with pytest.raises(RuntimeError):
            async with Client(server):
                pytest.fail("connected")

    with anyio.fail_after(SOON):
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(fails)
        async with Client(server) as one:
            async with Client(server) as two:
                assert text(await two.call_tool("state")) == "alive"
            assert text(await one.call_tool("state")) == "alive"
    assert life.events == ["cancelled", "enter", "leave"]


async def test_a_lifespan_that_breaks_off_is_begun_anew_for_who_comes_next(caplog: pytest.LogCaptureFixture) -> None:
    broken, entered = anyio.Event(), list[int]()

    @asynccontextmanager
    async def frail(server: Any) -> AsyncIterator[int]:
        entered.append(len(entered))
        async with anyio.create_task_group() as group:
            if entered == [0]:
                group.start_soon(_breaks, broken)
            yield len(entered)
            group.cancel_scope.cancel()

    server: MCPServer = MCPServer(lifespan=frail)

    @server.tool()
    def state(ctx: Context[int]) -> str:
        return str(ctx.lifespan_state)

    with anyio.fail_after(SOON):
        async with Client(server) as new:
            async with Client(server) as old:
                assert text(await old.call_tool("state")) == "1"
                broken.set()
                await anyio.wait_all_tasks_blocked()
                await new.restart()
                assert text(await new.call_tool("state")) == "2"
            assert text(await new.call_tool("state")) == "2"  # who leaves was of the first
    assert "no luck" in caplog.text
    assert entered == [0, 1]


async def _breaks(when: anyio.Event) -> None:
    await when.wait()
    raise OSError("no luck")


async def test_leaving_twice_is_leaving_once() -> None:
    life = Life()
    lifespan = living(life).lifespan
    with anyio.fail_after(SOON):
        leave, other = await lifespan.acquire(), await lifespan.acquire()
        await leave()
        await leave()
        assert life.events == ["enter"]
        await other()
        await other()
    assert life.events == ["enter", "leave"]
