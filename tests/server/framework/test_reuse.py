"""One server object, and several event loops one after the other: that of a program, say, and those of its tests."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio

from mcpstruct import MCPServer
from tests.server.framework.support import WIRES, Wire

pytestmark = pytest.mark.timeout(20)


def on_asyncio(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(main())


RUNS = [pytest.param(on_asyncio, id="asyncio"), pytest.param(trio.run, id="trio")]


@pytest.fixture(params=WIRES, ids=str)
def wire(request: pytest.FixtureRequest) -> Wire:
    found: Wire = request.param
    return found


class Kept:
    """A server, and clients of it that nobody closed."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.server = MCPServer(lifespan=self.lifespan)
        self.server.add_tool(lambda: 5, name="five")
        self.clients: list[Any] = []

    @asynccontextmanager
    async def lifespan(self, server: Any) -> AsyncIterator[None]:
        self.events.append("enter")
        try:
            yield
        finally:
            self.events.append("leave")


@pytest.mark.parametrize("run", RUNS)
def test_each_loop_has_a_life_of_its_own(run: Any, wire: Wire) -> None:
    kept = Kept()

    async def main() -> None:
        async with wire.to(kept.server) as client:
            assert (await client.call_tool("five")).content

    for _ in range(3):
        run(main)
    assert kept.events == ["enter", "leave"] * 3


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("run", RUNS)
def test_a_client_that_was_never_closed_is_no_burden(run: Any, wire: Wire) -> None:
    kept = Kept()

    async def forget() -> None:
        client = wire.to(kept.server)
        kept.clients.append((client, await client.__aenter__()))
        await kept.clients[-1][1].list_tools()

    async def use() -> None:
        async with wire.to(kept.server) as client:
            kept.server.add_tool(lambda: 6, name="six")
            kept.server.resource_updated("r://1")
            assert [tool.name async for tool in client.tools()] == ["five", "six"]
        kept.server.tools.remove("six")

    run(forget)
    kept.server.add_tool(lambda: 6, name="six")
    kept.server.tools.remove("six")
    run(use)
    run(use)
    assert kept.events == ["enter", "leave"] * 3
    kept.clients.clear()
    gc.collect()


def test_what_makes_no_server() -> None:
    with pytest.raises(ValueError, match="page_size"):
        MCPServer(page_size=0)
    with pytest.raises(ValueError, match="one revision"):
        MCPServer(revisions=[])
