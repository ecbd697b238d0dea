"""mcp 1.30.0, the server: run over stdio as a program, and imported for sessions in memory."""

# pyright: reportMissingImports=false
from __future__ import annotations

from typing import Any

from mcp import types
from mcp.server.fastmcp import Context, FastMCP
from mcp.server.lowlevel import Server
from pydantic import AnyUrl, BaseModel

from benchmarks.sessions.workers.tallies import Gate

RESOURCE = AnyUrl("bench://changing")

server = FastMCP("bench", log_level="ERROR")
_gate = Gate()


class Name(BaseModel):
    """The form."""

    name: str


@server.tool(structured_output=False)
async def echo(text: str) -> str:
    return text


@server.tool()
async def echo_structured(text: str) -> str:
    return text


@server.tool(structured_output=False)
async def blob(size: int) -> str:
    return "x" * size


@server.tool(structured_output=False)
async def hold(count: int) -> str:
    await _gate.pass_with(count)
    return str(count)


@server.tool(structured_output=False)
async def flood(count: int, ctx: Context) -> str:
    for number in range(count):
        await ctx.info(f"line {number}")
    return str(count)


@server.tool(structured_output=False)
async def ask(ctx: Context) -> str:
    answer = await ctx.elicit("What is your name?", Name)
    return answer.data.name if answer.action == "accept" else answer.action


lowlevel: Server = Server("bench")
_subscribed: set[Any] = set()


@lowlevel.list_tools()
async def _list_tools() -> list[types.Tool]:
    schema = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
    return [types.Tool(name="echo", inputSchema=schema), types.Tool(name="touch", inputSchema={"type": "object"})]


@lowlevel.call_tool(validate_input=False)
async def _call_tool(name: str, arguments: dict[str, Any]) -> types.CallToolResult:
    if name == "touch":
        for session in _subscribed:
            await session.send_resource_updated(RESOURCE)
    return types.CallToolResult(content=[types.TextContent(type="text", text=arguments.get("text", name))])


@lowlevel.subscribe_resource()
async def _subscribe(uri: AnyUrl) -> None:
    _subscribed.add(lowlevel.request_context.session)


if __name__ == "__main__":
    server.run("stdio")
