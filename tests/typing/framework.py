"""Read by type checkers only: what users write against, clients, servers and contexts."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, assert_type

from msgspec import Struct

from mcpstruct import Client, Context, LowLevelServer, MCPServer, StdioServer, connect
from mcpstruct import types as t
from mcpstruct.client import Subscription
from mcpstruct.server import ClientLogHandler, Elicitation, StateSealer
from mcpstruct.server.fastmcp import FastMCP
from mcpstruct.testing import connected
from mcpstruct_bindings.merged.client import ClientSession
from mcpstruct_bindings.merged.server import ServerHandlers, ServerSession
from mcpstruct_bindings.v2025_11_25 import types as legacy
from mcpstruct_bindings.v2025_11_25.client import ClientSession as LegacyClient
from mcpstruct_bindings.v2025_11_25.server import ServerHandlers as LegacyHandlers
from mcpstruct_bindings.v2026_07_28 import types as modern
from mcpstruct_bindings.v2026_07_28.client import ClientSession as ModernClient


class Point(Struct):
    x: int


@dataclass
class State:
    database: str


async def a_client() -> None:
    async with Client(StdioServer("python", ["server.py"]), revisions="2025-11-25") as client:
        assert_type(client, Client)
        assert_type(await client.call_tool("x", {"a": 1}), t.CallToolResult)
        assert_type(await client.call_tool("x", into=Point), Point)
        assert_type(await client.call_tool("x", into=list[Point]), list[Point])
        assert_type(await client.call_tool("x", into=str), str)
        assert_type(await client.get_prompt("x", {"a": "b"}), t.GetPromptResult)
        assert_type(await client.read_resource("x://y"), t.ReadResourceResult)
        assert_type(await client.list_tools(), t.ListToolsResult)
        assert_type([tool async for tool in client.tools()], list[t.Tool])
        assert_type([prompt async for prompt in client.prompts()], list[t.Prompt])
        assert_type([resource async for resource in client.resources()], list[t.Resource])
        assert_type(client.protocol_version, str)
        assert_type(client.server_info, t.Implementation | None)
        assert_type(client.capabilities, t.ServerCapabilities)
        assert_type(client.instructions, str | None)
        async with client.listen(tools=True, uris=["x://y"]) as changes:
            assert_type(changes, Subscription)
            async for change in changes:
                assert_type(change.method, str)
                assert_type(change.uri, str | None)
        await client.call_tool("x", ["a"])  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
        await client.get_prompt("x", {"a": 1})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]
    session: ClientSession = client
    await session.list_tools()


async def what_a_client_is_given() -> None:
    def form(params: t.ElicitRequestFormParams) -> dict[str, str]:
        return {"name": params.message}

    async def model(params: t.CreateMessageRequestParams) -> t.CreateMessageResult:
        raise NotImplementedError

    def logged(params: t.LoggingMessageNotificationParams) -> None:
        assert_type(params.data, Any)

    async with Client(MCPServer(), on_elicitation=form, on_sampling=model, on_log=logged, roots=["file:///x"]):
        pass
    Client(MCPServer(), on_sampling=form)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Client(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def strict_sessions() -> None:
    async with connect(MCPServer(), session=LegacyClient) as old:
        assert_type(old, LegacyClient)
        assert_type(await old.call_tool("x"), legacy.CallToolResult | legacy.CreateTaskResult)
    async with connect(StdioServer("x"), session=ModernClient) as new:
        assert_type(await new.call_tool("x"), modern.CallToolResult | modern.InputRequiredResult)
    async with connected(MCPServer()) as client:
        assert_type(client, Client)


@asynccontextmanager
async def lifespan(server: MCPServer) -> AsyncGenerator[State]:
    yield State("open")


server = MCPServer("mine", lifespan=lifespan, instructions="?", state_keys=[b"k" * 32])


@server.tool()
async def tool(text: str, ctx: Context[State]) -> Point:
    assert_type(ctx.lifespan_state.database, str)
    assert_type(ctx.request_id, int | str)
    assert_type(ctx.protocol_version, str)
    assert_type(ctx.client_capabilities, t.ClientCapabilities)
    assert_type(ctx.client_info, t.Implementation | None)
    assert_type(ctx.meta, dict[str, Any])
    assert_type(ctx.session, ServerSession)
    ctx.info("sync")
    await ctx.info({"and": "async"})
    ctx.report_progress(1, 2, "half")
    await ctx.report_progress(2.5)
    ctx.log("loud", "x")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    answer = await ctx.elicit("?", Point)
    assert_type(answer, Elicitation[Point])
    assert_type(answer.data, Point | None)
    if answer.action == "accept" and answer.data is not None:
        assert_type(answer.data.x, int)
    assert_type(await ctx.elicit("?", {"type": "object"}), Elicitation[dict[str, Any]])
    assert_type(await ctx.elicit_url("?", "https://example.com"), bool)
    assert_type(await ctx.sample("?"), t.CreateMessageResult)
    assert_type(await ctx.list_roots(), list[t.Root])
    assert_type(await ctx.read_resource("x://y"), t.ReadResourceResult)
    return Point(1)


@server.tool(name="other", timeout=1.5, inline=True, annotations=t.ToolAnnotations(read_only_hint=True))
def plain(a: int, b: int = 2) -> int:
    return a + b


@server.resource("x://{name}", mime_type="text/plain")
def resource(name: str) -> str:
    return name


@server.prompt(title="Ask")
def prompt(text: str) -> list[str]:
    return [text]


@server.completion("prompt", "text")
def completed(typed: str, others: Any) -> list[str]:
    return [typed]


@server.completion("prompt", "text")
async def completed_with_context(typed: str, others: Any, ctx: Context[Any]) -> list[str]:
    return [typed, ctx.method]


class Do(t.RequestParams, kw_only=True):
    size: int


@server.request("vendor/do", params=Do)
async def do(params: Do, ctx: Context[Any]) -> dict[str, Any]:
    ctx.request_state = params.size
    assert_type(ctx.input_responses, dict[str, t.InputResponse] | None)
    return {}


@server.notification("vendor/thing")
async def thing(params: dict[str, Any], ctx: Context[Any]) -> None:
    assert_type(ctx.client_info, t.Implementation | None)


@server.request("vendor/no")  # type: ignore[type-var]  # pyright: ignore[reportArgumentType, reportUntypedFunctionDecorator]
def no(params: Do) -> None:
    pass


def decorated_functions_stay_what_they_are() -> None:
    assert_type(plain(1), int)
    assert_type(resource("x"), str)
    assert_type(prompt("x"), list[str])
    plain("x")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    server.tool(plain)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def middleware_and_more(ctx: Context[Any]) -> None:
    async def around(call: Callable[[Any, Context[Any]], Any], params: Any, ctx: Context[Any]) -> Any:
        return await call(params, ctx)

    MCPServer(middleware=[around])
    ClientLogHandler()
    MCPServer(on_notification=lambda method, params, ctx: print(method.name, params, ctx.client_info))
    assert_type(await do(Do(size=1), ctx), dict[str, Any])
    FastMCP("x").name.upper()


class Handlers(ServerHandlers[Context[Any]]):
    async def list_tools(self, params: t.ListToolsRequestParams, ctx: Context[Any]) -> t.ListToolsResult:
        return t.ListToolsResult(tools=[])


class Legacy(LegacyHandlers[Context[Any]]):
    async def call_tool(self, params: legacy.CallToolRequestParams, ctx: Context[Any]) -> legacy.CallToolResult:
        ctx.info(params.name)
        return legacy.CallToolResult(content=[])


def low_level() -> None:
    info = t.Implementation(name="x", version="1")
    assert_type(LowLevelServer(Handlers(), info=info), LowLevelServer)
    LowLevelServer(Legacy(), info=info, sealer=StateSealer([b"k" * 32]), instructions="?")
    LowLevelServer(server, info=info)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    LowLevelServer(Handlers())  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
