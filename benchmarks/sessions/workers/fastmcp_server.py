"""fastmcp, the server: run over stdio as a program, and imported for sessions in memory."""

# pyright: reportMissingImports=false
from __future__ import annotations

import warnings

from fastmcp import Context, FastMCP
from fastmcp.utilities.logging import configure_logging

from benchmarks.sessions.workers.tallies import Gate

configure_logging("ERROR")
server: FastMCP = FastMCP("bench")
_gate = Gate()


@server.tool(output_schema=None)
async def echo(text: str) -> str:
    return text


@server.tool
async def echo_structured(text: str) -> str:
    return text


@server.tool(output_schema=None)
async def blob(size: int) -> str:
    return "x" * size


@server.tool(output_schema=None)
async def hold(count: int) -> str:
    await _gate.pass_with(count)
    return str(count)


@server.tool(output_schema=None)
async def flood(count: int, ctx: Context) -> str:
    for number in range(count):
        await ctx.info(f"line {number}")
    return str(count)


@server.tool(output_schema=None)
async def ask(ctx: Context) -> str:
    answer = await ctx.elicit("What is your name?", str)
    return answer.data if answer.action == "accept" else answer.action


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    server.run("stdio", show_banner=False)
