"""mcpstruct, the server: run over stdio as a program, and imported for sessions in memory."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from benchmarks.sessions.workers.tallies import Gate
from mcpstruct.server import Context, MCPServer

RESOURCE = "bench://changing"

server = MCPServer("bench")
_gate = Gate()


class Name(Struct):
    """The form."""

    name: str


@server.tool()
async def echo(text: str) -> str:
    return text


@server.tool(structured_output=True)
async def echo_structured(text: str) -> str:
    return text


@server.tool()
async def blob(size: int) -> str:
    return "x" * size


@server.tool()
async def hold(count: int) -> str:
    await _gate.pass_with(count)
    return str(count)


@server.tool()
async def flood(count: int, ctx: Context[Any]) -> str:
    for number in range(count):
        await ctx.info(f"line {number}")
    return str(count)


@server.tool()
async def ask(ctx: Context[Any]) -> str:
    answer = await ctx.elicit("What is your name?", Name)
    return answer.data.name if answer.data is not None else answer.action


@server.resource(RESOURCE)
async def changing() -> str:
    return "something"


@server.tool()
async def touch() -> str:
    server.resource_updated(RESOURCE)
    return "touched"


if __name__ == "__main__":
    server.run("stdio")
