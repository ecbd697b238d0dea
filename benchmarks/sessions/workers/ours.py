"""mcpstruct: `Client` with a server in memory or over stdio, in the newest revision, as it is by default."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from benchmarks.sessions.workers.host import serve
from benchmarks.sessions.workers.ours_lowlevel import lowlevel
from benchmarks.sessions.workers.ours_server import RESOURCE, server
from benchmarks.sessions.workers.runs import ANSWER, Adapter, Change, Session, operations
from benchmarks.sessions.workers.tallies import Tally, crowd
from mcpstruct.client import Client
from mcpstruct.transport.stdio import StdioServer

_PROGRAM = StdioServer(sys.executable, ["-m", "benchmarks.sessions.workers.ours_server"])


async def _fill_in(params: Any) -> dict[str, Any]:
    return {"name": ANSWER}


@asynccontextmanager
async def _connect(target: Any) -> AsyncGenerator[Session]:
    logs = Tally()

    async def log(params: Any) -> None:
        logs.add()

    async with Client(target, on_log=log, on_elicitation=_fill_in) as client:
        yield Session(client.call_tool, lambda result: result.content[0].text, logs)


@asynccontextmanager
async def _subscriber(heard: Tally) -> AsyncGenerator[Client]:
    async with Client(server) as client, client.listen(uris=[RESOURCE]) as subscription:

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
    adapter = Adapter(
        lowlevel=partial(_connect, lowlevel),
        memory=partial(_connect, server),
        stdio=partial(_connect, _PROGRAM),
        subscribers=_subscribers,
    )
    uvloop = "uvloop" in sys.argv
    serve(operations(adapter), "msgspec", "anyio", *(["uvloop"] if uvloop else []), uvloop=uvloop)
