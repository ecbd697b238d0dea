"""A client of `servers/analyze.py`: a live progress bar, log lines, and a typed result, in two revisions."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from msgspec import Struct
from rich.console import Console
from rich.progress import Progress

from mcpstruct import Client, StdioServer

HERE = Path(__file__).parent
SERVER = HERE / "servers" / "analyze.py"


class Counts(Struct):
    """What the tool gives."""

    lines: int
    words: int


async def analyze(path: Path, revision: str) -> Counts:
    """Have the server look at a file, speaking one revision of the protocol."""
    console = Console(highlight=False, soft_wrap=True)
    with Progress(console=console) as bars:
        bar = bars.add_task(path.name, total=None)
        target = StdioServer(sys.executable, ["-m", "mcpstruct", "run", str(SERVER)])
        async with Client(target, revisions=revision, on_log=lambda log: console.print(f"  log: {log.data}")) as client:
            about = client.server_info
            console.print(f"connected to {about.name if about else '?'} in {client.protocol_version}")

            def show(progress: float, total: float | None, message: str | None) -> None:
                bars.update(bar, completed=progress, total=total, description=message)

            return await client.call_tool("analyze_file", {"file_path": str(path)}, into=Counts, on_progress=show)


async def main() -> None:
    """The oldest revision, and the newest."""
    for revision in ("2024-11-05", "2026-07-28"):
        print(await analyze(HERE.parent / "SECURITY.md", revision), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
