"""A server written with mcp 2.3.0, for clients of either era."""

from __future__ import annotations

import sys
from typing import Annotated

import anyio
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.prompts.base import AssistantMessage, UserMessage
from mcp.server.mcpserver.resolve import Elicit, ListRoots, Resolve, Sample
from mcp_types import Completion, CreateMessageResult, ListRootsResult, SamplingMessage, TextContent
from pydantic import BaseModel

server = MCPServer("peer", version="2.3.0", instructions="Ask away.")


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
        await ctx.debug("not wanted")
    return f"counted to {to}"


def order() -> Elicit[Order]:
    return Elicit("What would you like?", Order)


def thought() -> Sample:
    question = SamplingMessage(role="user", content=TextContent(type="text", text="Why?"))
    return Sample([question], max_tokens=7, system_prompt="Be brief.")


def folders() -> ListRoots:
    return ListRoots()


@server.tool()
async def ask(answer: Annotated[Order, Resolve(order)]) -> str:
    """Ask the user."""
    return f"{answer.size}, {'spicy' if answer.spicy else 'mild'}"


@server.tool()
async def think(answer: Annotated[CreateMessageResult, Resolve(thought)]) -> str:
    """Ask the model."""
    return f"{answer.model} says {answer.content.text}"


@server.tool()
async def where(answer: Annotated[ListRootsResult, Resolve(folders)]) -> list[str]:
    """Ask for the roots."""
    return [str(root.uri) for root in answer.roots]


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
    if ctx.protocol_version >= "2026":
        await ctx.notify_tools_changed()
        await ctx.notify_resource_updated("peer://motd")
    else:
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
    return Completion(values=known, total=len(known), has_more=False)


server.run()
