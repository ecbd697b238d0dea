"""mcp 2.3.0, `stream` or `direct`.

`stream` is its classic session: the handshake, and JSON-RPC messages through memory streams or a pipe
(`Client(..., mode="legacy")`). `direct` is what `Client(server)` does by default: revision 2026-07-28, and in memory no
messages at all.

Log messages of the library are off, which would cost it more than the call.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import asyncio
import sys
import warnings
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import mcp_types as types
from mcp import Client, StdioServerParameters

from benchmarks.sessions.workers.host import serve
from benchmarks.sessions.workers.mcp2_server import RESOURCE, lowlevel, server
from benchmarks.sessions.workers.runs import ANSWER, Adapter, Change, Session, operations
from benchmarks.sessions.workers.tallies import Tally, crowd

_DIRECT = "direct" in sys.argv
_PROGRAM = StdioServerParameters(command=sys.executable, args=["-m", "benchmarks.sessions.workers.mcp2_server"])


async def _fill_in(context: Any, params: Any) -> types.ElicitResult:
    return types.ElicitResult(action="accept", content={"name": ANSWER})


@asynccontextmanager
async def _connect(target: Any) -> AsyncGenerator[Session]:
    logs = Tally()

    async def log(params: Any) -> None:
        logs.add()

    client = Client(
        target,
        mode="auto" if _DIRECT else "legacy",
        logging_callback=log,
        log_level="info" if _DIRECT else None,
        elicitation_callback=_fill_in,
    )
    async with client:

        async def call(tool: str, arguments: dict[str, Any]) -> Any:
            return await client.call_tool("ask_resolved" if _DIRECT and tool == "ask" else tool, arguments)

        yield Session(call if _DIRECT else client.call_tool, lambda result: result.content[0].text, logs)


@asynccontextmanager
async def _subscriber(heard: Tally) -> AsyncGenerator[Client]:
    async with Client(server) as client, client.listen(resource_subscriptions=[RESOURCE]) as subscription:

        async def listen() -> None:
            async for _ in subscription:
                heard.add()

        listening = asyncio.create_task(listen())
        yield client
        listening.cancel()


@asynccontextmanager
async def _subscribers(count: int) -> AsyncGenerator[Change]:
    heard = Tally()
    async with crowd(count, partial(_subscriber, heard)) as clients:

        async def change() -> None:
            goal = heard.count + count
            await clients[0].call_tool("touch", {})
            await heard.reach(goal)

        yield change


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # as in the server
    adapter = Adapter(
        lowlevel=partial(_connect, lowlevel),
        memory=partial(_connect, server),
        stdio=partial(_connect, _PROGRAM),
        subscribers=_subscribers if _DIRECT else None,
    )
    serve(operations(adapter), "mcp", "mcp-types", "pydantic", "anyio")
