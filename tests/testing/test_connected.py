"""What authors of servers test with: a client in the same process, over bytes or over objects."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

from mcpstruct import Client, Context, McpError, MCPServer, NoCommonRevision, RemoteError
from mcpstruct.testing import client_fixture, connected

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(20)]


def adder() -> MCPServer:
    server = MCPServer("adder")

    @server.tool()
    def add(a: int, b: int) -> int:
        return a + b

    @server.tool()
    async def slow(ctx: Context[Any]) -> str:
        ctx.info("begun")
        await anyio.sleep(60)
        return ""

    @server.tool()
    async def odd() -> dict[str, Any]:
        return {"bad": {1, 2}, "key": {(1, 2): 3}}

    return server


client = client_fixture(adder)
old = client_fixture(adder, revisions="2024-11-05", as_bytes=False)
shared = adder()
first = client_fixture(shared)
second = client_fixture(shared)


async def emptied(server: MCPServer) -> None:
    """A server learns in the next turn or so that its client has left."""
    with anyio.fail_after(5):
        while server.connections:
            await anyio.lowlevel.checkpoint()


@pytest.fixture(params=[True, False], ids=["bytes", "objects"])
def as_bytes(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


async def test_a_client_of_a_server(as_bytes: bool) -> None:
    async with connected(adder(), as_bytes=as_bytes) as client:
        assert client.protocol_version == "2026-07-28"
        assert await client.call_tool("add", {"a": 1, "b": 2}, into=int) == 3


async def test_options_are_those_of_clients(as_bytes: bool) -> None:
    said: list[Any] = []
    async with connected(
        adder(), as_bytes=as_bytes, revisions=["2024-11-05", "2025-11-25"], on_log=lambda log: said.append(log.data)
    ) as client:
        assert client.protocol_version == "2025-11-25"
        with anyio.move_on_after(0.05):
            await client.call_tool("slow")
    assert said == ["begun"]


async def test_what_can_not_be_agreed_on_is_raised_as_it_is(as_bytes: bool) -> None:
    server = MCPServer(revisions="2024-11-05")
    with pytest.raises(NoCommonRevision):
        async with connected(server, as_bytes=as_bytes, revisions="2026-07-28"):
            pytest.fail("connected")
    await emptied(server)


async def test_what_the_body_raises_is_raised_as_it_is(as_bytes: bool) -> None:
    server = adder()
    with pytest.raises(ZeroDivisionError):
        async with connected(server, as_bytes=as_bytes):
            raise ZeroDivisionError
    await emptied(server)


async def test_a_body_that_is_cancelled_leaves_nothing(as_bytes: bool) -> None:
    server = adder()
    with anyio.fail_after(5):
        with anyio.move_on_after(0.05):
            async with connected(server, as_bytes=as_bytes) as client:
                await client.call_tool("slow")
        await emptied(server)


async def test_calls_in_progress_do_not_delay_the_end(as_bytes: bool) -> None:
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group, connected(adder(), as_bytes=as_bytes) as client:
            begun = anyio.Event()

            async def call() -> None:
                begun.set()
                with pytest.raises(McpError):
                    await client.call_tool("slow")

            group.start_soon(call)
            await begun.wait()
            await client.list_tools()


async def test_what_can_not_be_encoded_fails_as_on_a_wire(as_bytes: bool) -> None:
    async with connected(adder(), as_bytes=as_bytes) as client:
        with pytest.raises(TypeError):
            await client.call_tool("add", {"a": object()})
        assert await client.call_tool("add", {"a": 1, "b": 2}, into=int) == 3
        with pytest.raises(RemoteError, match="Unknown tool"):
            await client.call_tool("none")


async def test_many_clients_of_one_server(as_bytes: bool) -> None:
    server, sums = adder(), list[int]()

    async def one(number: int) -> None:
        async with connected(server, as_bytes=as_bytes) as client:
            sums.append(await client.call_tool("add", {"a": number, "b": number}, into=int))

    async with anyio.create_task_group() as group:
        for number in range(20):
            group.start_soon(one, number)
    assert sorted(sums) == [2 * number for number in range(20)]
    await emptied(server)


async def test_a_lifespan_with_a_task_group(as_bytes: bool) -> None:
    """May be left by the task alone that entered it, whoever closes the client."""
    events: list[str] = []

    @asynccontextmanager
    async def lifespan(server: Any) -> AsyncIterator[str]:
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep, 60)
            yield "up"
            events.append("down")
            group.cancel_scope.cancel()

    client = connected(MCPServer(lifespan=lifespan), as_bytes=as_bytes)
    opened: list[Client] = []

    async def enter() -> None:
        opened.append(await client.__aenter__())

    async with anyio.create_task_group() as group:
        group.start_soon(enter)
    await opened[0].list_tools()
    await client.__aexit__(None, None, None)
    assert events == ["down"]


# -- fixtures ----------------------------------------------------------------------------------------------------------


async def test_a_fixture_is_a_connected_client(client: Client) -> None:
    assert await client.call_tool("add", {"a": 1, "b": 2}, into=int) == 3


async def test_a_fixture_with_options(old: Client) -> None:
    assert old.protocol_version == "2024-11-05"


async def test_fixtures_of_one_server(first: Client, second: Client) -> None:
    assert len(shared.connections) == 2
    assert await first.call_tool("add", {"a": 1, "b": 2}, into=int) == 3
    assert await second.call_tool("add", {"a": 1, "b": 2}, into=int) == 3
