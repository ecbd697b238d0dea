"""The command line, run as a user runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TRAFFIC = ROOT / "tests" / "data" / "traffic"
UPSTREAM = ROOT.parent / "shared" / "upstream"


def mcpstruct(*arguments: object, stdin: bytes = b"", cwd: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    """`mcpstruct ARGUMENTS`, warnings being errors."""
    command = [sys.executable, "-W", "error", "-m", "mcpstruct", *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, cwd=cwd, check=False)


def refused(done: subprocess.CompletedProcess[bytes]) -> str:
    """The one line that a command refused its work with."""
    assert done.returncode == 2, done
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 1, done.stderr.decode()
    return lines[0]
