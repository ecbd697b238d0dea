"""A client of ours that waits: `client.py LOOP WAIT SERVER ARGS…`; it prints its server's process when it does."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import anyio

from mcpstruct.client import Client
from mcpstruct.transport.stdio import StdioServer

loop, wait, command, *args = sys.argv[1:]


async def main() -> None:
    target = StdioServer(command, args)
    revisions = "2026-07-28" if wait == "stream" else "2025-11-25"
    async with Client(target, revisions=revisions, on_log=print) as client:
        if wait == "stream":
            async with client.listen(tools=True) as changes:
                await ready(client)
                async for change in changes:
                    print(change)
        elif wait == "call":
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(lambda: client.call_tool("hang", timeout=None))
                await ready(client)
        else:
            await ready(client)
            await anyio.sleep_forever()


async def ready(client: Client) -> None:
    """Tell that everything is set up."""
    result: Any = await client.call_tool("pid")
    print("ready", result.content[0].text, flush=True)


if loop == "asyncio.run":
    asyncio.run(main())
else:
    anyio.run(main, backend=loop)
