"""What goes around requests, and requests and notifications that are none of the protocol's."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import Struct

from mcpstruct import Context, MCPServer, MethodNotFound, RemoteError
from mcpstruct.base.methods import MethodInfo
from mcpstruct.types import CallToolResult, TextContent
from tests.server.framework.support import Wire, text

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(20)]


class EchoParams(Struct):
    text: str = ""
    meta: dict[str, Any] | None = None


class EchoResult(Struct):
    text: str


class _EchoMessage(Struct):
    id: int | str
    params: EchoParams
    jsonrpc: str = "2.0"
    method: str = "example/echo"


ECHO: MethodInfo[EchoParams, EchoResult] = MethodInfo(
    name="example/echo",
    kind="request",
    direction="client",
    message=_EchoMessage,
    params=EchoParams,
    result=EchoResult,
    since="2024-11-05",
)


def layered(log: list[str]) -> MCPServer:
    def layer(name: str) -> Any:
        async def around(call: Any, params: Any, context: Context[Any]) -> Any:
            log.append(f"{name} before {context.method}")
            try:
                return await call(params, context)
            finally:
                log.append(f"{name} after")

        return around

    async def gate(call: Any, params: Any, context: Context[Any]) -> Any:
        if context.method == "tools/call" and params.name == "hidden":
            return CallToolResult(content=[TextContent(text="short-cut")])
        if context.method == "tools/call" and params.name == "forbidden":
            raise RemoteError(-32001, "forbidden")
        result = await call(params, context)
        if context.method == "tools/list":
            result.tools = [tool for tool in result.tools if tool.name != "hidden"]
        return result

    server = MCPServer(middleware=[layer("outer"), layer("inner"), gate])

    @server.tool()
    def shown() -> str:
        log.append("tool")
        return "shown"

    @server.tool()
    def hidden() -> str:
        raise AssertionError

    @server.request(ECHO)
    async def echo(params: EchoParams, context: Context[Any]) -> EchoResult:
        return EchoResult(params.text.upper())

    return server


async def test_the_first_layer_is_the_outermost(wire: Wire) -> None:
    log: list[str] = []
    async with wire.to(layered(log)) as client:
        log.clear()
        assert text(await client.call_tool("shown")) == "shown"
    assert log == ["outer before tools/call", "inner before tools/call", "tool", "inner after", "outer after"]


async def test_a_layer_may_answer_itself(wire: Wire) -> None:
    async with wire.to(layered([])) as client:
        assert text(await client.call_tool("hidden")) == "short-cut"
        with pytest.raises(RemoteError, match="forbidden") as caught:
            await client.call_tool("forbidden")
        assert caught.value.code == -32001


async def test_a_layer_may_change_a_list(wire: Wire) -> None:
    async with wire.to(layered([])) as client:
        for _ in range(2):
            assert [tool.name async for tool in client.tools()] == ["shown"]


async def test_layers_are_put_together_once(wire: Wire) -> None:
    following: list[Any] = []

    async def outer(call: Any, params: Any, context: Context[Any]) -> Any:
        following.append(call)
        return await call(params, context)

    async def inner(call: Any, params: Any, context: Context[Any]) -> Any:
        return await call(params, context)

    server = MCPServer(middleware=[outer, inner])
    async with wire.to(server) as client:
        await client.list_tools()
        server.tool("added")(lambda: "")
        assert [tool.name async for tool in client.tools()] == ["added"]
    assert len(following) == 2
    assert following[0] is following[1]


async def test_lists_prompts_and_resources_pass_through_as_well(wire: Wire) -> None:
    log: list[str] = []
    server = layered(log)
    server.resource("r://1", name="r")(lambda: "")
    server.prompt("p")(lambda: "")
    async with wire.to(server) as client:
        log.clear()
        await client.list_prompts()
        await client.get_prompt("p")
        await client.list_resources()
        await client.list_resource_templates()
        await client.read_resource("r://1")
    assert [entry.split()[-1] for entry in log if entry.startswith("outer before")] == [
        "prompts/list",
        "prompts/get",
        "resources/list",
        "resources/templates/list",
        "resources/read",
    ]


async def test_what_a_layer_raises_leaks_nothing(wire: Wire) -> None:
    async def broken(call: Any, params: Any, context: Context[Any]) -> Any:
        raise KeyError("hunter2")

    async with wire.to(MCPServer(middleware=[broken])) as client:
        with pytest.raises(RemoteError, match="internal error") as caught:
            await client.list_tools()
        assert "hunter2" not in str(caught.value)


async def test_a_method_of_ones_own(wire: Wire) -> None:
    log: list[str] = []
    async with wire.to(layered(log), custom=[ECHO]) as client:
        log.clear()
        result = await client.send_request(ECHO, EchoParams(text="hello"))
        assert result.text == "HELLO"
        assert log[0] == "outer before example/echo"
    async with wire.to(MCPServer(), custom=[ECHO]) as client:
        with pytest.raises(MethodNotFound):
            await client.send_request(ECHO, EchoParams(text="hello"))
