"""Where a server's stderr goes: to a callback line by line, to a file, or wherever ours does."""

from __future__ import annotations

import io
import logging
import subprocess
from collections.abc import Callable
from typing import Any, Literal, Protocol, TypeAlias, cast

from mcpstruct.base.errors import LimitExceeded
from mcpstruct.wire.frames import Line, LineSplitter

LONGEST_LINE = 16 * 1024
TAIL = 2048
"""Bytes of stderr that are remembered, for the error that tells of the process's end."""

log = logging.getLogger("mcpstruct")


class Writable(Protocol):
    """A file, or what can be written to like one."""

    def write(self, data: Any, /) -> object:
        """Take bytes."""


Stderr: TypeAlias = Literal["inherit"] | Callable[[str], object] | Writable | None
"""What to do with the stderr of a server: "inherit" shares ours, None throws it away, a callback gets every line of
it as text, a file every byte."""


def destination(stderr: Stderr) -> tuple[int | None, Pump | None]:
    """What subprocess is told, and what reads the pipe, if there is one."""
    if stderr == "inherit":
        return None, None
    if stderr is None:
        return subprocess.DEVNULL, None
    try:
        return cast("Any", stderr).fileno(), None  # the server writes to the file itself
    except (AttributeError, OSError):
        return subprocess.PIPE, Pump(stderr)


class Pump:
    """Passes on what a server writes to stderr, and remembers the end of it."""

    def __init__(self, stderr: Any) -> None:
        self._tail = b""
        self._lines = LineSplitter(LONGEST_LINE)
        self._in_lines = callable(stderr) or isinstance(stderr, io.TextIOBase)
        if callable(stderr):
            self._give: Callable[[Any], object] = stderr
        elif self._in_lines:
            self._give = lambda line: stderr.write(f"{line}\n")
        else:
            self._give = stderr.write

    @property
    def tail(self) -> str:
        """The end of what was written."""
        return self._tail.decode(errors="replace").strip()

    def chunk(self, data: bytes) -> None:
        """Pass on some bytes."""
        self._tail = (self._tail + data)[-TAIL:]
        if not self._in_lines:
            self._pass_on(data)
            return
        for line in self._lines.feed(data):
            self._pass_on(_text(line))

    def end(self) -> None:
        """Pass on what is left."""
        half = self._lines.eof()
        if half is not None:
            self._pass_on(_text(half))

    def _pass_on(self, piece: str | bytes) -> None:
        try:
            self._give(piece)
        except Exception:
            log.exception("What was to take a server's stderr failed")


def _text(line: Line) -> str:
    """A line for people: text whatever its bytes, and cut where it is too long."""
    data = line if isinstance(line, bytes) else line.data
    return data.decode(errors="replace") + (" …" if isinstance(line, LimitExceeded) else "")
