"""A server of ours with handlers that misbehave: `mcpstruct run server.py`, or `server.py DRIVER`."""

from __future__ import annotations

import os
import sys
import time
from functools import partial
from typing import Any

import anyio

from mcpstruct.server import Context, MCPServer
from mcpstruct.server.running import serve_stdio

server = MCPServer("faults", max_workers=4)
working = 0
most = 0
gates: list[anyio.Event] = []


@server.tool()
async def echo(value: Any) -> Any:
    """Give back what is given."""
    return value


@server.tool()
async def length(value: str) -> int:
    """How long a text is."""
    return len(value)


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
    """Mean to end the process."""
    raise SystemExit(7)


@server.tool()
async def hang() -> None:
    """Wait for ever."""
    await _work(anyio.Event())


@server.tool()
async def gate(number: int) -> int:
    """Wait for `open_gates`."""
    gates.append(anyio.Event())
    await _work(gates[-1])
    return number


@server.tool()
async def nap() -> int:
    """Take a moment; how many calls were in progress at most."""
    until = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_work, until)
        await anyio.sleep(0.005)
        until.set()
    return most


async def _work(until: anyio.Event) -> None:
    global working, most  # noqa: PLW0603
    working += 1
    most = max(most, working)
    try:
        await until.wait()
    finally:
        working -= 1


@server.tool()
async def open_gates() -> int:
    """Let every call of `gate` go on; how many were in progress at most."""
    for event in gates:
        event.set()
    gates.clear()
    return most


@server.tool()
def block(seconds: float) -> str:
    """Block a thread."""
    time.sleep(seconds)
    return "blocked"


@server.tool()
async def busy() -> int:
    """How many calls of `hang` and `gate` are in progress."""
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


@server.tool()
def leave_thread() -> None:
    """The same from a thread."""
    raise SystemExit(7)


if __name__ == "__main__":
    loop, _, threads = sys.argv[1].partition(" with ")
    anyio.run(partial(serve_stdio, server, threads=bool(threads)), backend=loop)
