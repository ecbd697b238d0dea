"""Call the echo of a server 64 at a time: `clients.py ours|mcp URL REVISION CALLS` prints JSON: calls, wall and CPU
seconds of this process."""

# pyright: reportMissingImports=false
from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

_WHO, _URL, _REVISION, _CALLS = sys.argv[1:5]
_AT_ONCE = 64
_ARGUMENTS = {"text": "The quick brown fox jumps over it"}


async def _caller(stack: AsyncExitStack) -> Callable[[], Awaitable[Any]]:
    if _WHO == "ours":
        from mcpstruct.client import Client

        ours = await stack.enter_async_context(Client(_URL, revisions=_REVISION))
        return lambda: ours.call_tool("echo", _ARGUMENTS)
    from mcp import Client as TheirClient

    mode = _REVISION if _REVISION > "2026" else "legacy"
    theirs = await stack.enter_async_context(TheirClient(_URL, mode=mode))
    return lambda: theirs.call_tool("echo", _ARGUMENTS)


async def _main() -> dict[str, float]:
    async with AsyncExitStack() as stack:
        call = await _caller(stack)
        await asyncio.gather(*(call() for _ in range(_AT_ONCE)))
        left = int(_CALLS)
        wall, cpu = time.perf_counter(), time.process_time()

        async def work() -> None:
            nonlocal left
            while left > 0:
                left -= 1
                result = await call()
                if result.content[0].text != _ARGUMENTS["text"]:
                    raise SystemExit(f"no echo: {result}")

        await asyncio.gather(*(work() for _ in range(_AT_ONCE)))
        return {"calls": int(_CALLS), "wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


if "uvloop" in sys.argv:
    import uvloop

    print(json.dumps(uvloop.run(_main())))
else:
    print(json.dumps(asyncio.run(_main())))
