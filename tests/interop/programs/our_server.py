"""A server of ours, for clients that others wrote: `mcpstruct run our_server.py`."""

from __future__ import annotations

import sys
import time
from typing import Any

import anyio
from msgspec import Struct

from mcpstruct.server import AssistantMessage, Context, Image, MCPServer, ToolError, UserMessage

server = MCPServer("ours", "1.2.3", title="Ours", instructions="Ask away.", page_size=4)
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


class Sum(Struct):
    total: int
    terms: list[int]


class Order(Struct):
    size: str
    spicy: bool = False


@server.tool()
async def add(terms: list[int]) -> Sum:
    """Add numbers.

    Args:
        terms: What to add.
    """
    return Sum(sum(terms), terms)


@server.tool()
async def count(to: int, ctx: Context[Any]) -> str:
    """Count, and tell."""
    for number in range(1, to + 1):
        await ctx.report_progress(number, to, f"at {number}")
        await ctx.info(f"counted {number}")
        await ctx.debug("not wanted")
    return f"counted to {to}"


@server.tool()
def work(steps: int, ctx: Context[Any]) -> str:
    """Work in a thread, and tell."""
    for number in range(1, steps + 1):
        time.sleep(0.01)
        ctx.report_progress(number, steps)
    print("this goes nowhere near the stream")
    return "worked"


@server.tool()
async def ask(ctx: Context[Any]) -> str:
    """Ask the user."""
    answer = await ctx.elicit("What would you like?", Order)
    if answer.data is None:
        return answer.action
    return f"{answer.data.size}, {'spicy' if answer.data.spicy else 'mild'}"


@server.tool()
async def think(ctx: Context[Any]) -> str:
    """Ask the model."""
    answer = await ctx.sample("Why?", max_tokens=7, system_prompt="Be brief.")
    return f"{answer.model} says {getattr(answer.content, 'text', '')}"


@server.tool()
async def where(ctx: Context[Any]) -> list[str]:
    """Ask for the roots."""
    return [root.uri for root in await ctx.list_roots()]


@server.tool()
async def interview(ctx: Context[Any]) -> str:
    """Ask twice, the second question depending on the first answer."""
    first = await ctx.elicit("What would you like?", Order)
    assert first.data is not None
    second = await ctx.elicit(f"{first.data.size}, really?", Order)
    roots = await ctx.list_roots()
    return f"{first.action}, {second.action}, {len(roots)} roots"


@server.tool()
async def fail() -> str:
    """Fail."""
    raise ToolError("out of cheese")


@server.tool()
async def crash() -> str:
    """Fail unexpectedly."""
    raise RuntimeError("a secret")


@server.tool()
async def hang() -> str:
    """Wait for ever."""
    print("hanging", file=sys.stderr, flush=True)
    try:
        await anyio.sleep_forever()
    finally:
        print("stopped", file=sys.stderr, flush=True)


@server.tool()
async def text(size: int) -> str:
    """Text of a size."""
    return "é" * size


@server.tool()
async def picture() -> Image:
    """A picture."""
    return Image(PIXEL, format="png")


@server.tool()
async def change(ctx: Context[Any]) -> str:
    """Change the tools and a resource."""
    server.tools.remove("crash")
    server.resource_updated("ours://motd")
    return "changed"


@server.resource("ours://motd", mime_type="text/plain")
def motd() -> str:
    """Message of the day."""
    return "hello"


@server.resource("ours://bytes", mime_type="application/octet-stream")
def some_bytes() -> bytes:
    """Some bytes."""
    return bytes(range(256))


@server.resource("ours://greeting/{name}")
def greeting(name: str) -> str:
    """A greeting."""
    return f"hello, {name}"


@server.prompt()
def haggle(item: str, price: str = "5") -> list[UserMessage | AssistantMessage]:
    """Haggle."""
    return [UserMessage(f"{price} for the {item}?"), AssistantMessage("Never!")]


@server.completion("haggle", "item")
@server.completion("ours://greeting/{name}", "name")
async def complete(value: str, arguments: dict[str, str]) -> list[str]:
    """Complete."""
    return [name for name in ("ada", "alan", "grace") if name.startswith(value)]
