"""The interpreters of the contestants: ours is the one that runs the benchmark, each peer has its own.

A peer's environment is made once under `.bench/`, which git is told to ignore, and made anew when its pins or
the version of Python change.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["CONTESTANTS", "ROOT", "Contestant", "interpreter"]

ROOT = Path(__file__).resolve().parent.parent
_HOME = ROOT / ".bench"


@dataclass(frozen=True, slots=True)
class Contestant:
    """Somebody who is measured: `module` is the worker, run with `options`; `pins` is what its environment holds
    (none: the project's own)."""

    key: str
    title: str
    role: Literal["ours", "peer", "limit"]
    module: str
    pins: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    home: str = ""
    """The environment's folder under `.bench/`, for contestants that share one; by default the key."""
    sources: bool = False
    """Whether the project's own packages are in the environment as well."""


CONTESTANTS: dict[str, Contestant] = {
    each.key: each
    for each in (
        Contestant("ours", "mcpstruct", "ours", "benchmarks.workers.ours"),
        Contestant("mcp", "mcp 2.3.0", "peer", "benchmarks.workers.mcp2", ("mcp==2.3.0", "mcp-types==2.3.0")),
        Contestant("orjson", "orjson to dict", "limit", "benchmarks.workers.orjson_limit", ("orjson==3.13.0",)),
        # The very msgspec that we stand on, so it shares our environment (though not our process).
        Contestant("msgspec", "msgspec to dict", "limit", "benchmarks.workers.msgspec_limit"),
    )
}
"""In the order in which they take turns."""


def interpreter(contestant: Contestant) -> str:
    """The contestant's interpreter; its environment is made if need be, which takes a package index."""
    if not contestant.pins:
        return sys.executable
    home = _HOME / (contestant.home or contestant.key)
    python = home / "bin" / "python"
    stamp = home / "pins.txt"
    paths = [str(ROOT / folder) for folder in ("generated", "runtime")] if contestant.sources else []
    wanted = "\n".join((".".join(map(str, sys.version_info[:3])), *contestant.pins, *paths))
    if python.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return str(python)
    print(f"making .bench/{home.name} with {' '.join(contestant.pins)}", file=sys.stderr, flush=True)
    shutil.rmtree(home, ignore_errors=True)
    _HOME.mkdir(exist_ok=True)
    (_HOME / ".gitignore").write_text("*\n", encoding="utf-8")
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    pip = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    subprocess.run([*pip, *contestant.pins], check=True)
    if paths:
        links = next(home.glob("lib/python*/site-packages")) / "mcpstruct.pth"
        links.write_text("\n".join((*paths, "")), encoding="utf-8")
    stamp.write_text(wanted, encoding="utf-8")
    return str(python)
