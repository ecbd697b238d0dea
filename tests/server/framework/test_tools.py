"""Calling tools: how they run, what they may return, and how they fail."""

from __future__ import annotations

import logging
import sys
import threading
from dataclasses import dataclass
from typing import Any

import anyio
import pytest
from msgspec import Struct

from mcpstruct import Context, MCPServer, RemoteError, ToolError, ToolFailed
from mcpstruct.base.codec import to_dict
from mcpstruct.server import Image
from mcpstruct.types import CallToolResult, ResourceLink, TextContent
from tests.server.framework.support import SOON, Wire, failure, text

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(20)]


class Point(Struct):
    x: int
    y: float = 0.5


@dataclass
class Line:
    start: Point
    end: Point


def drawing() -> MCPServer:
    server = MCPServer()

    @server.tool()
    def in_a_thread() -> str:
        return threading.current_thread().name

    @server.tool(inline=True)
    def inline() -> str:
        return threading.current_thread().name

    @server.tool()
    async def on_the_loop() -> str:
        await anyio.lowlevel.checkpoint()
        return threading.current_thread().name

    @server.tool()
    def mirrored(line: Line, by: Point | None = None) -> Line:
        return Line(line.end, line.start)

    @server.tool()
    def points(count: int) -> list[Point]:
        return [Point(n) for n in range(count)]

    @server.tool()
    def picture() -> Any:
        return ["A picture:", Image(data=b"\x89PNG", format="png"), ResourceLink(name="more", uri="r://more")]

    @server.tool()
    def raw() -> bytes:
        return b"\x00\x01"

    @server.tool()
    def whole() -> CallToolResult:
        content: list[Any] = [TextContent(text="as it is")]
        return CallToolResult(content=content, structured_content={"a": 1}, meta={"example.com/k": [1]})

    @server.tool()
    def nothing() -> None: ...

    return server


# -- running -----------------------------------------------------------------------------------------------------------


async def test_where_functions_run(wire: Wire) -> None:
    here = threading.current_thread().name
    async with wire.to(drawing()) as client:
        assert text(await client.call_tool("in_a_thread")).startswith("mcpstruct-tool")
        assert text(await client.call_tool("inline")) == here
        assert text(await client.call_tool("on_the_loop")) == here


async def test_sync_tools_run_side_by_side(wire: Wire) -> None:
    server, both = MCPServer(), threading.Barrier(2)

    @server.tool()
    def meet() -> int:
        return both.wait(SOON)

    async with wire.to(server) as client:
        with anyio.fail_after(SOON):
            async with anyio.create_task_group() as group:
                group.start_soon(client.call_tool, "meet")
                group.start_soon(client.call_tool, "meet")


# -- results -----------------------------------------------------------------------------------------------------------


async def test_structured_output_is_read_back_as_a_type(wire: Wire) -> None:
    async with wire.to(drawing()) as client:
        line = Line(Point(1, 2.5), Point(3))
        assert await client.call_tool("mirrored", {"line": line}, into=Line) == Line(Point(3), Point(1, 2.5))
        assert await client.call_tool("points", {"count": 2}, into=list[Point]) == [Point(0), Point(1)]
        result = await client.call_tool("points", {"count": 1})
        assert text(result) == '[{"x":0,"y":0.5}]'
        assert result.structured_content == {"result": [{"x": 0, "y": 0.5}]}


async def test_content_of_every_kind(wire: Wire) -> None:
    async with wire.to(drawing()) as client:
        first, image, link = to_dict((await client.call_tool("picture")).content)
        assert first == {"type": "text", "text": "A picture:"}
        assert image == {"type": "image", "data": "iVBORw==", "mimeType": "image/png"}
        if wire.revision == "2024-11-05":  # which has no links
            assert link == {"type": "text", "text": "more: r://more"}
        else:
            assert link == {"type": "resource_link", "name": "more", "uri": "r://more"}
        (blob,) = to_dict((await client.call_tool("raw")).content)
        assert blob["resource"]["blob"] == "AAE="
        assert (await client.call_tool("nothing")).content == []
        result = await client.call_tool("whole")
        assert (text(result), result.structured_content) == ("as it is", {"a": 1})
        assert to_dict(result)["_meta"]["example.com/k"] == [1]


# -- bad arguments -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"count": "many"}, "at /count: expected integer, got string"),
        ({}, "at /count: expected integer, got nothing"),
        (None, "at /count: expected integer, got nothing"),
        ({"count": 1, "cuont": 2}, "at /cuont: there is no such argument; did you mean 'count'?"),
    ],
)
async def test_bad_arguments_are_told_to_the_model(wire: Wire, arguments: dict[str, Any] | None, said: str) -> None:
    async with wire.to(drawing()) as client:
        assert said in failure(await client.call_tool("points", arguments))
        with pytest.raises(ToolFailed, match="Invalid arguments"):
            await client.call_tool("points", arguments, into=list[Point])


async def test_numbers_that_models_write_as_strings_are_taken(wire: Wire) -> None:
    async with wire.to(drawing()) as client:
        assert await client.call_tool("points", {"count": "1"}, into=list[Point]) == [Point(0)]


# -- failing -----------------------------------------------------------------------------------------------------------


def failing(**options: Any) -> MCPServer:
    server = MCPServer(**options)

    @server.tool()
    def told() -> str:
        raise ToolError("The file is locked.")

    @server.tool()
    async def secret() -> str:
        raise KeyError("password=hunter2")

    @server.tool()
    def wrong() -> int:
        return "hunter2"  # type: ignore[return-value]

    @server.tool()
    def remote() -> str:
        raise RemoteError(-32042, "in words of the protocol", {"why": [1]})

    @server.tool()
    async def unsendable() -> CallToolResult:
        return CallToolResult(content=[], structured_content={"a": object()})

    @server.tool()
    async def group() -> str:
        async with anyio.create_task_group() as group:
            group.start_soon(_fail)
        return ""

    server.add_tool(_exit, name="exits_in_a_thread")
    server.add_tool(_exit, name="exits_inline", inline=True)
    server.add_tool(_exit_on_the_loop, name="exits")
    server.add_tool(lambda: "fine", name="fine")
    server.prompt("bad_prompt")(_leak)
    server.resource("bad://resource")(_leak)
    return server


def _leak() -> str:
    raise KeyError("hunter2")


def _exit() -> str:
    sys.exit("hunter2")


async def _exit_on_the_loop() -> str:
    sys.exit("hunter2")


async def _fail() -> None:
    raise KeyError("hunter2")


async def test_a_tool_may_say_why_it_failed(wire: Wire) -> None:
    async with wire.to(failing()) as client:
        assert failure(await client.call_tool("told")) == "The file is locked."
        with pytest.raises(ToolFailed, match="The file is locked"):
            await client.call_tool("told", into=str)


@pytest.mark.parametrize("name", ["secret", "wrong", "exits", "exits_in_a_thread", "exits_inline", "group"])
async def test_unexpected_errors_leak_nothing(wire: Wire, name: str, caplog: pytest.LogCaptureFixture) -> None:
    async with wire.to(failing()) as client:
        assert failure(await client.call_tool(name)) == f"{name} failed"
        assert text(await client.call_tool("fine")) == "fine"
    assert f"The tool {name} failed" in caplog.text


@pytest.mark.parametrize("name", ["secret", "exits", "exits_in_a_thread"])
async def test_unexpected_errors_are_shown_on_request(wire: Wire, name: str) -> None:
    async with wire.to(failing(show_errors=True)) as client:
        assert failure(await client.call_tool(name)).startswith(f"{name} failed: ")


async def test_prompts_and_resources_leak_nothing(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    async with wire.to(failing(show_errors=True)) as client:
        for call in (client.get_prompt("bad_prompt"), client.read_resource("bad://resource")):
            with pytest.raises(RemoteError, match="internal error") as caught:
                await call
            assert caught.value.code == -32603
            assert "hunter2" not in f"{caught.value} {caught.value.data}"
    assert "hunter2" in caplog.text


async def test_what_can_not_be_sent_is_an_internal_error(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    async with wire.to(failing()) as client:
        with pytest.raises(RemoteError, match="internal error"):
            await client.call_tool("unsendable")
        assert text(await client.call_tool("fine")) == "fine"
    assert "can't be sent" in caplog.text


async def test_an_error_of_the_protocol_passes(wire: Wire) -> None:
    async with wire.to(failing()) as client:
        with pytest.raises(RemoteError, match="in words") as caught:
            await client.call_tool("remote")
        assert (caught.value.code, caught.value.data) == (-32042, {"why": [1]})


async def test_bad_arguments_of_a_prompt(wire: Wire) -> None:
    server = MCPServer()

    @server.prompt()
    def ask(count: int) -> str:
        return f"{count + 1}?"

    async with wire.to(server) as client:
        got = await client.get_prompt("ask", {"count": "1"})
        assert to_dict(got.messages[0].content)["text"] == "2?"
        for arguments in ({"count": "x"}, {}, None, {"count": "1", "more": "2"}):
            with pytest.raises(RemoteError, match="at /") as caught:
                await client.get_prompt("ask", arguments)
            assert caught.value.code == -32602


# -- time --------------------------------------------------------------------------------------------------------------


async def test_a_tool_that_takes_too_long_is_stopped(wire: Wire) -> None:
    server, ended, let_go = MCPServer(timeout=30), anyio.Event(), threading.Event()

    @server.tool(timeout=0.05)
    async def slow() -> str:
        try:
            await anyio.sleep(60)
        finally:
            ended.set()
        return ""

    @server.tool(timeout=0.05)
    def slow_in_a_thread() -> str:
        let_go.wait(SOON)
        return ""

    async with wire.to(server) as client:
        with anyio.fail_after(SOON):
            assert failure(await client.call_tool("slow")) == "slow took longer than 0.05 s"
            await ended.wait()
            assert failure(await client.call_tool("slow_in_a_thread")) == "slow_in_a_thread took longer than 0.05 s"
    let_go.set()


async def test_a_server_may_bound_all_its_tools(wire: Wire) -> None:
    server = MCPServer(timeout=0.05)

    @server.tool()
    async def slow() -> str:
        await anyio.sleep(60)
        return ""

    async with wire.to(server) as client:
        assert failure(await client.call_tool("slow")) == "slow took longer than 0.05 s"


async def test_a_timeout_of_its_own_is_not_the_tools(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    server = MCPServer()

    @server.tool(timeout=30)
    async def dials() -> str:
        raise TimeoutError("the modem")

    async with wire.to(server) as client:
        assert failure(await client.call_tool("dials")) == "dials failed"
    assert "the modem" in caplog.text


async def test_a_cancelled_call_stops_an_async_tool(wire: Wire) -> None:
    server, begun, ended = MCPServer(), anyio.Event(), anyio.Event()

    @server.tool()
    async def slow() -> str:
        begun.set()
        try:
            await anyio.sleep(60)
        finally:
            ended.set()
        return ""

    async with wire.to(server) as client:
        with anyio.fail_after(SOON):
            async with anyio.create_task_group() as group:
                group.start_soon(client.call_tool, "slow")
                await begun.wait()
                group.cancel_scope.cancel()
            await ended.wait()


async def test_a_cancelled_call_is_seen_by_a_sync_tool_at_its_next_report(wire: Wire) -> None:
    server, begun, cancelled = MCPServer(), threading.Event(), threading.Event()
    seen: list[str] = []
    ended = threading.Event()

    @server.tool()
    def slow(ctx: Context[Any]) -> str:
        begun.set()
        assert cancelled.wait(SOON)
        try:
            ctx.report_progress(1)
        except Exception as error:
            seen.append(type(error).__name__)
            raise
        finally:
            ended.set()
        return ""

    async with wire.to(server) as client:
        with anyio.fail_after(SOON):
            async with anyio.create_task_group() as group:
                group.start_soon(client.call_tool, "slow")
                await anyio.to_thread.run_sync(begun.wait, SOON)
                group.cancel_scope.cancel()
            await client.list_tools()  # what was sent before has arrived
        cancelled.set()
        assert await anyio.to_thread.run_sync(ended.wait, SOON)
    assert seen == ["RequestCancelled"]


@pytest.fixture(autouse=True)
def _logs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "mcpstruct")
