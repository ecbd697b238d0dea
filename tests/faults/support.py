"""Servers that misbehave."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import anyio

from mcpstruct.client import Client
from mcpstruct.transport.stdio import StdioServer
from mcpstruct_bindings.merged import types as t

PROGRAMS = Path(__file__).parent / "programs"
LEGACY = "2025-11-25"
MODERN = "2026-07-28"


def raw(fault: str = "none", **options: Any) -> StdioServer:
    """A server that knows nothing of mcpstruct; see `programs/raw.py`."""
    return StdioServer(sys.executable, ["-IS", str(PROGRAMS / "raw.py"), fault], **options)


def ours(**options: Any) -> StdioServer:
    """A server of ours; see `programs/server.py`."""
    return StdioServer(sys.executable, ["-m", "mcpstruct", "run", str(PROGRAMS / "server.py")], **options)


@asynccontextmanager
async def connected(target: StdioServer, revisions: str | None = LEGACY, **options: Any) -> AsyncIterator[Client]:
    """A client that is connected; legacy unless said otherwise."""
    async with Client(target, revisions=revisions, verdicts={}, **options) as client:
        yield client


def text_of(result: t.CallToolResult) -> str:
    """The text of a result."""
    return "\n".join(block.text for block in result.content if isinstance(block, t.TextContent))


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


async def gone_within(seconds: float, *pids: int) -> None:
    """Make sure that processes end."""
    end = time.monotonic() + seconds
    while any(map(alive, pids)):
        assert time.monotonic() < end, f"still there: {[pid for pid in pids if alive(pid)]}"
        await anyio.sleep(0.01)


class Clock:
    """How long something took: `with Clock() as clock: …; assert clock.seconds < 1`."""

    def __enter__(self) -> Clock:
        self._start = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.monotonic() - self._start


def resident(pid: int) -> float:
    """Memory of a process, in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
