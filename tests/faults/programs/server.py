"""A server of ours with handlers that misbehave: `mcpstruct run server.py`."""

from __future__ import annotations

import os
import time
from typing import Any

import anyio

from mcpstruct.server import Context, MCPServer

server = MCPServer("faults", max_workers=4)
working = 0


@server.tool()
async def echo(value: Any) -> Any:
    """Give back what is given."""
    return value


@server.tool()
async def pid() -> int:
    """The server's process."""
    return os.getpid()


@server.tool()
async def crash() -> None:
    """Raise something unexpected."""
    raise RuntimeError("a secret")


@server.tool()
async def unsendable() -> Any:
    """Return what is no JSON."""
    return object()


@server.tool()
async def group() -> None:
    """Raise a group of errors."""
    async with anyio.create_task_group():
        raise ValueError("one of them")


@server.tool()
async def leave() -> None:
    """End the process from within."""
    raise SystemExit(7)


@server.tool()
async def hang() -> None:
    """Wait for ever."""
    global working  # noqa: PLW0603
    working += 1
    try:
        await anyio.sleep_forever()
    finally:
        working -= 1


@server.tool()
def block(seconds: float) -> str:
    """Block a thread."""
    time.sleep(seconds)
    return "blocked"


@server.tool()
async def busy() -> int:
    """How many calls of `hang` are in progress."""
    return working


@server.tool()
async def flood(count: int, ctx: Context[Any]) -> str:
    """Send log messages and progress without waiting for anything."""
    for number in range(count):
        ctx.info(number)
        ctx.report_progress(number)
    return "flooded"


@server.tool()
async def text(size: int) -> str:
    """Text of a size."""
    return "x" * size
