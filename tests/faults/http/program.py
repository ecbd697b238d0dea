"""A server of ours over HTTP, whose handlers say on standard error what becomes of them: `program.py PORT OPTIONS`."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from typing import Any

import anyio

from mcpstruct.server import Context, MCPServer

server = MCPServer("faults", "1")
gate = anyio.Event()


def note(text: str) -> None:
    sys.stderr.write(f"noted: {text}\n")
    sys.stderr.flush()


async def until(event: anyio.Event) -> str:
    """Wait, and say how it ended, and when: the clock is the same for all processes."""
    note("begun")
    try:
        await event.wait()
    except BaseException:
        note(f"stopped at {time.monotonic()}")
        raise
    note("finished")
    return "finished"


@server.tool()
async def echo(text: str) -> str:
    """Give back what is given."""
    return text


@server.tool()
async def hang() -> str:
    """Wait for ever, without a word."""
    return await until(anyio.Event())


@server.tool()
async def tell_and_hang(ctx: Context[Any]) -> str:
    """Wait for ever, in the middle of a stream."""
    await ctx.info("begun")
    return await until(anyio.Event())


@server.tool()
async def tell_and_wait(ctx: Context[Any]) -> str:
    """Wait for `open_gate`, in the middle of a stream."""
    await ctx.info("begun")
    return await until(gate)


@server.tool()
async def open_gate() -> str:
    """Let every call of `tell_and_wait` go on."""
    gate.set()
    return "opened"


@server.tool()
async def flood(ctx: Context[Any]) -> str:
    """Say things without waiting for anybody to hear them, and without end."""
    await ctx.info("begun")
    note("begun")
    try:
        while True:
            for _ in range(16):
                ctx.info("x" * 65_536)
            await asyncio.sleep(0)
    except BaseException:
        note(f"stopped at {time.monotonic()}")
        raise


@server.tool()
async def babble(ctx: Context[Any]) -> str:
    """Say more than anybody holds, without waiting for anybody to hear it."""
    for _ in range(2000):
        ctx.info("x" * 65_536)
        await asyncio.sleep(0)
    note("finished")
    return "finished"


@server.tool()
async def spread(count: int) -> str:
    """Tell everybody of changes without waiting."""
    for number in range(count):
        server.resource_updated(f"test://{number % 7}/{'x' * 1000}")
        if number % 100 == 0:
            await asyncio.sleep(0)
    return "spread"


@server.resource("test://{number}/{rest}")
def document(number: str, rest: str) -> str:
    """Something to subscribe to."""
    return number + rest


@server.tool()
async def census() -> dict[str, int]:
    """What there is in this process."""
    gc.collect()
    kinds = ("Session", "SessionStream", "EventStream", "Connection", "Core")
    counts = dict.fromkeys(kinds, 0)
    for one in gc.get_objects():
        kind = type(one)
        if kind.__name__ in counts and kind.__module__.startswith("mcpstruct"):
            counts[kind.__name__] += 1
    return {**counts, "tasks": len(asyncio.all_tasks())}


if __name__ == "__main__":
    server.run("streamable-http", port=int(sys.argv[1]), **json.loads(sys.argv[2]))
