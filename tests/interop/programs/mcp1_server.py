"""A server written with mcp 1.30.0."""

from __future__ import annotations

import sys

import anyio
from mcp.server.fastmcp import Context, FastMCP
from mcp.server.fastmcp.exceptions import ToolError
from mcp.server.fastmcp.prompts.base import AssistantMessage, UserMessage
from mcp.types import Completion, SamplingMessage, TextContent
from pydantic import BaseModel

server = FastMCP("peer", instructions="Ask away.")


class Sum(BaseModel):
    total: int
    terms: list[int]


class Order(BaseModel):
    size: str
    spicy: bool = False


@server.tool()
def add(terms: list[int]) -> Sum:
    """Add numbers."""
    return Sum(total=sum(terms), terms=terms)


@server.tool()
async def count(to: int, ctx: Context) -> str:
    """Count, and tell."""
    for number in range(1, to + 1):
        await ctx.report_progress(number, to, f"at {number}")
        await ctx.info(f"counted {number}")
    return f"counted to {to}"


@server.tool()
async def ask(ctx: Context) -> str:
    """Ask the user."""
    answer = await ctx.elicit("What would you like?", Order)
    return f"{answer.data.size}, {'spicy' if answer.data.spicy else 'mild'}"


@server.tool()
async def think(ctx: Context) -> str:
    """Ask the model."""
    question = SamplingMessage(role="user", content=TextContent(type="text", text="Why?"))
    answer = await ctx.session.create_message([question], max_tokens=7, system_prompt="Be brief.")
    return f"{answer.model} says {answer.content.text}"


@server.tool()
async def where(ctx: Context) -> list[str]:
    """Ask for the roots."""
    return [str(root.uri) for root in (await ctx.session.list_roots()).roots]


@server.tool()
def fail() -> str:
    """Fail."""
    raise ToolError("out of cheese")


@server.tool()
async def hang() -> str:
    """Wait for ever."""
    print("hanging", file=sys.stderr, flush=True)
    try:
        await anyio.sleep_forever()
    finally:
        print("stopped", file=sys.stderr, flush=True)


@server.tool()
def text(size: int) -> str:
    """Text of a size."""
    return "é" * size


@server.tool()
async def change(ctx: Context) -> str:
    """Tell of a change."""
    await ctx.session.send_tool_list_changed()
    await ctx.session.send_resource_updated("peer://motd")
    return "changed"


@server.resource("peer://motd", mime_type="text/plain")
def motd() -> str:
    """Message of the day."""
    return "hello"


@server.resource("peer://bytes", mime_type="application/octet-stream")
def some_bytes() -> bytes:
    """Some bytes."""
    return bytes(range(256))


@server.resource("peer://greeting/{name}")
def greeting(name: str) -> str:
    """A greeting."""
    return f"hello, {name}"


@server.prompt()
def haggle(item: str, price: str = "5") -> list[UserMessage | AssistantMessage]:
    """Haggle."""
    return [UserMessage(f"{price} for the {item}?"), AssistantMessage("Never!")]


@server.completion()
async def complete(ref: object, argument: object, context: object) -> Completion:
    """Complete."""
    known = [name for name in ("ada", "alan", "grace") if name.startswith(argument.value)]
    return Completion(values=known, total=len(known), hasMore=False)


server.run()
