"""A client of `servers/analyze.py`: a live progress bar, log lines, and a typed result, over stdio and over HTTP, in an
old revision and in the newest.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec import Struct
from rich.console import Console
from rich.progress import Progress

from mcpstruct import Client, StdioServer

HERE = Path(__file__).parent
COMMAND = ["-m", "mcpstruct", "run", str(HERE / "servers" / "analyze.py")]


class Counts(Struct):
    """What the tool gives."""

    lines: int
    words: int


async def analyze(target: StdioServer | str, path: Path, revision: str) -> Counts:
    """Have the server look at a file, speaking one revision of the protocol."""
    console = Console(highlight=False, soft_wrap=True)
    with Progress(console=console) as bars:
        bar = bars.add_task(path.name, total=None)
        async with Client(target, revisions=revision, on_log=lambda log: console.print(f"  log: {log.data}")) as client:
            about = client.server_info
            where = target if isinstance(target, str) else "stdio"
            console.print(f"connected to {about.name if about else '?'} over {where} in {client.protocol_version}")

            def show(progress: float, total: float | None, message: str | None) -> None:
                bars.update(bar, completed=progress, total=total, description=message)

            return await client.call_tool("analyze_file", {"file_path": str(path)}, into=Counts, on_progress=show)


@asynccontextmanager
async def served() -> AsyncIterator[str]:
    """The same server over HTTP, at a free port; gives its URL."""
    command = [*COMMAND, "--transport", "streamable-http", "--port", "0"]
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stderr=asyncio.subprocess.PIPE)
    try:
        line = await process.stderr.readline()  # `mcpstruct: analyzer at http://…`
        yield line.decode().split()[-1]
    finally:
        process.terminate()
        await process.wait()


async def main() -> None:
    """Each way, in both eras."""
    text = HERE.parent / "SECURITY.md"
    for revision in ("2024-11-05", "2026-07-28"):
        print(await analyze(StdioServer(sys.executable, COMMAND), text, revision), flush=True)
    async with served() as url:
        for revision in ("2025-11-25", "2026-07-28"):
            print(await analyze(url, text, revision), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
