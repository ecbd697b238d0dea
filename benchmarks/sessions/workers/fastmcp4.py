"""fastmcp 4: `fastmcp.Client` with a server in memory or over stdio.

Its log messages are off, as the others' are, and it uses the handshake: `mode="legacy"` was the faster of its two, and
the one whose `Context.elicit` works.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import sys
import warnings
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastmcp import Client
from fastmcp.client.transports import StdioTransport

from benchmarks.sessions.workers.fastmcp_server import server
from benchmarks.sessions.workers.host import serve
from benchmarks.sessions.workers.runs import ANSWER, Adapter, Session, operations
from benchmarks.sessions.workers.tallies import Tally


async def _fill_in(message: str, response_type: Any, params: Any, context: Any) -> Any:
    return {"value": ANSWER}


def _program() -> StdioTransport:
    arguments = ["-m", "benchmarks.sessions.workers.fastmcp_server"]
    return StdioTransport(sys.executable, arguments, keep_alive=False)


@asynccontextmanager
async def _connect(target: Any) -> AsyncGenerator[Session]:
    logs = Tally()

    async def log(message: Any) -> None:
        logs.add()

    async with Client(target(), mode="legacy", log_handler=log, elicitation_handler=_fill_in) as client:
        yield Session(client.call_tool, lambda result: result.content[0].text, logs)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    adapter = Adapter(memory=partial(_connect, lambda: server), stdio=partial(_connect, _program))
    serve(operations(adapter), "fastmcp", "mcp", "pydantic", "anyio")
