"""mcp 2.3.0, the server: run over stdio as a program, and imported for sessions in memory."""

# pyright: reportMissingImports=false
from __future__ import annotations

import warnings
from typing import Annotated

import mcp_types as types
from mcp.server import Server
from mcp.server.context import ServerRequestContext
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.resolve import Elicit, Resolve
from pydantic import BaseModel

from benchmarks.sessions.workers.tallies import Gate

RESOURCE = "bench://changing"

server = MCPServer("bench", log_level="ERROR")
_gate = Gate()


class Name(BaseModel):
    """The form."""

    name: str


async def ask_name(ctx: Context) -> Elicit[Name]:
    return Elicit("What is your name?", Name)


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


@server.tool(structured_output=False)
async def ask_resolved(name: Annotated[Name, Resolve(ask_name)]) -> str:
    return name.name


@server.tool(structured_output=False)
async def touch(ctx: Context) -> str:
    await ctx.notify_resource_updated(RESOURCE)
    return "touched"


async def _list_tools(ctx: ServerRequestContext, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
    schema = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
    return types.ListToolsResult(tools=[types.Tool(name="echo", input_schema=schema)])


async def _call_tool(ctx: ServerRequestContext, params: types.CallToolRequestParams) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(text=(params.arguments or {})["text"])])


lowlevel: Server = Server("bench", on_list_tools=_list_tools, on_call_tool=_call_tool)

if __name__ == "__main__":
    warnings.simplefilter("ignore")  # logging is deprecated in 2026-07-28, and said so at each message
    server.run("stdio")
