"""Lists a page at a time, and what clients are told when they change."""

from __future__ import annotations

import tracemalloc
from base64 import urlsafe_b64encode
from typing import Any

import anyio
import pytest

from mcpstruct import MCPServer, RemoteError
from tests.server.framework.support import SOON, Wire

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(20)]


def many(count: int, **options: Any) -> MCPServer:
    server = MCPServer(**options)
    for number in range(count):
        server.add_tool(lambda: "", name=f"t{number}")
        server.prompt(f"p{number}")(lambda: "")
        server.resource(f"r://{number}", name=f"r{number}")(lambda: "")
        server.resource(f"r{number}://{{x}}", name=f"r{number}")(_identity)
    return server


def _identity(x: str) -> str:
    return x


async def test_pages_come_in_the_order_of_registration(wire: Wire) -> None:
    async with wire.to(many(7, page_size=3)) as client:
        page = await client.list_tools()
        assert [tool.name for tool in page.tools] == ["t0", "t1", "t2"]
        page = await client.list_tools(cursor=page.next_cursor)
        assert [tool.name for tool in page.tools] == ["t3", "t4", "t5"]
        page = await client.list_tools(cursor=page.next_cursor)
        assert [tool.name for tool in page.tools] == ["t6"]
        assert page.next_cursor is None
        assert [tool.name async for tool in client.tools()] == [f"t{n}" for n in range(7)]
        assert [prompt.name async for prompt in client.prompts()] == [f"p{n}" for n in range(7)]
        assert [resource.uri async for resource in client.resources()] == [f"r://{n}" for n in range(7)]
        assert [t.uri_template async for t in client.resource_templates()] == [f"r{n}://{{x}}" for n in range(7)]


async def test_a_page_that_ends_with_the_list_is_the_last(wire: Wire) -> None:
    async with wire.to(many(4, page_size=2)) as client:
        page = await client.list_tools()
        page = await client.list_tools(cursor=page.next_cursor)
        assert page.next_cursor is None
    async with wire.to(many(0, page_size=2)) as client:
        page = await client.list_tools()
        assert (page.tools, page.next_cursor) == ([], None)


async def test_a_list_may_change_between_two_pages(wire: Wire) -> None:
    server = many(6, page_size=2)
    async with wire.to(server) as client:
        cursor = (await client.list_tools()).next_cursor
        server.tools.remove("t0")
        server.add_tool(lambda: "", name="t6")
        page = await client.list_tools(cursor=cursor)
        assert [tool.name for tool in page.tools] == ["t2", "t3"]
        server.tools.remove("t3")
        with pytest.raises(RemoteError, match="cursor") as caught:
            await client.list_tools(cursor=page.next_cursor)
        assert caught.value.code == -32602


GIVEN = urlsafe_b64encode(b"tool:t1").decode()
"""What the first page of tools ends with."""


@pytest.mark.parametrize(
    "cursor",
    [
        *("", "x", "ä", urlsafe_b64encode(b"t1").decode(), urlsafe_b64encode(b"\xff").decode()),
        *(GIVEN[:-1], GIVEN.rstrip("="), f"{GIVEN[:2]} {GIVEN[2:]}", f"{GIVEN}\n", f"{GIVEN[:2]}!!{GIVEN[2:]}"),
    ],
)
async def test_a_cursor_that_nobody_gave_is_refused(wire: Wire, cursor: str) -> None:
    async with wire.to(many(4, page_size=2)) as client:
        assert (await client.list_tools()).next_cursor == GIVEN
        for method in (client.list_tools, client.list_prompts, client.list_resources, client.list_resource_templates):
            with pytest.raises(RemoteError, match="cursor") as caught:
                await method(cursor=cursor)
            assert caught.value.code == -32602


async def test_a_list_that_has_no_pages_takes_no_cursor(wire: Wire) -> None:
    async with wire.to(many(4, page_size=2)) as client:
        cursor = (await client.list_tools()).next_cursor
        assert (await client.list_tools(cursor=cursor)).tools
    async with wire.to(many(4)) as client:
        with pytest.raises(RemoteError, match="cursor") as caught:
            await client.list_tools(cursor=cursor)
        assert caught.value.code == -32602


async def test_a_cursor_is_good_for_one_list(wire: Wire) -> None:
    server = MCPServer(page_size=1)
    for name in ("a", "b"):
        server.add_tool(lambda: "", name=name)
        server.prompt(name)(lambda: "")
    async with wire.to(server) as client:
        cursor = (await client.list_tools()).next_cursor
        with pytest.raises(RemoteError, match="cursor") as caught:
            await client.list_prompts(cursor=cursor)
        assert caught.value.code == -32602


async def test_a_cursor_is_good_for_every_process_that_lists_the_same(wire: Wire) -> None:
    async with wire.to(many(6, page_size=2)) as one, wire.to(many(6, page_size=2)) as two:
        page = await one.list_tools()
        page = await two.list_tools(cursor=page.next_cursor)
        assert [tool.name for tool in page.tools] == ["t2", "t3"]
        page = await one.list_tools(cursor=page.next_cursor)
        assert ([tool.name for tool in page.tools], page.next_cursor) == (["t4", "t5"], None)


async def test_pages_from_anywhere_are_not_kept(modern: Wire) -> None:
    def large(page_size: int) -> MCPServer:
        server = MCPServer(page_size=page_size)
        for number in range(100):
            server.add_tool(lambda: "", name=f"t{number}", description="d" * 4096)
        return server

    cursors = list[str | None]()
    async with modern.to(large(1)) as client:
        while (cursor := (await client.list_tools(cursor=cursors[-1] if cursors else None)).next_cursor) is not None:
            cursors.append(cursor)
    assert len(cursors) == 99
    async with modern.to(large(50)) as client:
        tracemalloc.start()
        try:
            for cursor in cursors:
                assert 0 < len((await client.list_tools(cursor=cursor)).tools) <= 50
            assert tracemalloc.get_traced_memory()[0] < 4 * 1024 * 1024
        finally:
            tracemalloc.stop()


# -- changes at run time -----------------------------------------------------------------------------------------------


async def test_what_is_added_and_removed_reaches_clients(wire: Wire) -> None:
    server = MCPServer()
    async with wire.to(server) as client, client.listen(tools=True, prompts=True, resources=True) as changes:
        with anyio.fail_after(SOON):
            await client.list_tools()  # now the server knows as well that the session is open
            server.add_tool(lambda: "new", name="new")
            assert (await anext(changes)).method == "notifications/tools/list_changed"
            assert [tool.name async for tool in client.tools()] == ["new"]
            server.prompt("new")(lambda: "new")
            assert (await anext(changes)).method == "notifications/prompts/list_changed"
            server.resource("new://x", name="new")(lambda: "new")
            assert (await anext(changes)).method == "notifications/resources/list_changed"
            server.resource("new://{x}", name="new")(_identity)
            assert (await anext(changes)).method == "notifications/resources/list_changed"
            server.tools.remove("new")
            assert (await anext(changes)).method == "notifications/tools/list_changed"
            assert [tool.name async for tool in client.tools()] == []
            with pytest.raises(RemoteError, match="new"):
                await client.call_tool("new")


async def test_changes_from_other_threads(wire: Wire) -> None:
    server = MCPServer()

    def change() -> None:
        server.add_tool(lambda: "new", name="new")
        server.resource_updated("r://1")

    async with wire.to(server) as client, client.listen(tools=True, uris=["r://1"]) as changes:
        with anyio.fail_after(SOON):
            await client.list_tools()
            await anyio.to_thread.run_sync(change)
            assert (await anext(changes)).method == "notifications/tools/list_changed"
            assert (await anext(changes)).uri == "r://1"


async def test_a_tool_may_add_a_tool(wire: Wire) -> None:
    server = MCPServer()

    @server.tool()
    def unlock() -> str:
        server.add_tool(lambda: "treasure", name="open_box")
        return "done"

    async with wire.to(server) as client, client.listen(tools=True) as changes:
        with anyio.fail_after(SOON):
            await client.call_tool("unlock")
            await anext(changes)
        result = await client.call_tool("open_box")
        assert result.content[0].type == "text"


async def test_only_subscribers_are_told_of_updates(wire: Wire) -> None:
    server = MCPServer()
    server.resource("r://{x}", name="r")(_identity)
    async with wire.to(server) as one, wire.to(server) as two, one.listen(uris=["r://1"]) as changes:
        async with two.listen(uris=["r://2"]) as others:
            with anyio.fail_after(SOON):
                server.resource_updated("r://1")
                server.resource_updated("r://2")
                server.resource_updated("r://3")
                assert (await anext(changes)).uri == "r://1"
                assert (await anext(others)).uri == "r://2"
        server.resource_updated("r://2")
        server.resource_updated("r://1")
        with anyio.fail_after(SOON):
            assert (await anext(changes)).uri == "r://1"


async def test_who_did_not_ask_is_told_nothing(modern: Wire) -> None:
    server = MCPServer()
    told: list[str] = []
    async with modern.to(server, on_notification=lambda method, params: told.append(method.name)) as client:
        server.add_tool(lambda: "", name="new")
        server.resource_updated("r://1")
        await client.list_tools()
    assert told == []
