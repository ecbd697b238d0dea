"""mcp 1.30.0: `ClientSession` over memory streams or `stdio_client`.

Log messages of the library are off, which would cost it more than the call, and so is the second validation of
arguments on the low-level server.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any

from mcp import ClientSession, StdioServerParameters, types
from mcp.client.stdio import stdio_client
from mcp.shared.memory import create_connected_server_and_client_session

from benchmarks.sessions.workers.host import serve
from benchmarks.sessions.workers.mcp1_server import RESOURCE, lowlevel, server
from benchmarks.sessions.workers.runs import ANSWER, Adapter, Change, Session, operations
from benchmarks.sessions.workers.tallies import Tally, crowd

_PROGRAM = StdioServerParameters(command=sys.executable, args=["-m", "benchmarks.sessions.workers.mcp1_server"])


async def _fill_in(context: Any, params: Any) -> types.ElicitResult:
    return types.ElicitResult(action="accept", content={"name": ANSWER})


@asynccontextmanager
async def _over_stdio(**callbacks: Any) -> AsyncGenerator[ClientSession]:
    async with stdio_client(_PROGRAM) as streams, ClientSession(*streams, **callbacks) as session:
        await session.initialize()
        yield session


@asynccontextmanager
async def _connect(connected: Any) -> AsyncGenerator[Session]:
    logs = Tally()

    async def log(params: Any) -> None:
        logs.add()

    opening: AbstractAsyncContextManager[ClientSession] = connected(logging_callback=log, elicitation_callback=_fill_in)
    async with opening as session:
        yield Session(session.call_tool, lambda result: result.content[0].text, logs)


@asynccontextmanager
async def _subscriber(heard: Tally) -> AsyncGenerator[ClientSession]:
    async def handle(message: Any) -> None:
        if isinstance(message, types.ServerNotification):
            heard.add()

    async with create_connected_server_and_client_session(lowlevel, message_handler=handle) as session:
        await session.subscribe_resource(RESOURCE)
        yield session


@asynccontextmanager
async def _subscribers(count: int) -> AsyncGenerator[Change]:
    heard = Tally()
    async with crowd(count, partial(_subscriber, heard)) as sessions:

        async def change() -> None:
            goal = heard.count + count
            await sessions[0].call_tool("touch", {})
            await heard.reach(goal)

        yield change


if __name__ == "__main__":
    in_memory = create_connected_server_and_client_session
    adapter = Adapter(
        lowlevel=partial(_connect, partial(in_memory, lowlevel)),
        memory=partial(_connect, partial(in_memory, server)),
        stdio=partial(_connect, _over_stdio),
        subscribers=_subscribers,
    )
    serve(operations(adapter), "mcp", "pydantic", "anyio")
