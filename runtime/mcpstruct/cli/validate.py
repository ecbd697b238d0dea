"""`mcpstruct validate`: recorded traffic, held against one revision."""

from __future__ import annotations

import argparse
import os
import stat
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, BinaryIO

from mcpstruct.base.limits import DEFAULT_LIMITS
from mcpstruct.wire.traffic import Recording

from .findings import JsonFindings, TextFindings
from .output import with_rich

BLOCK = 1024 * 1024


def add(commands: Any) -> None:
    """The command's place on the command line."""
    command: argparse.ArgumentParser = commands.add_parser(
        "validate",
        help="check recorded traffic",
        description="Check recorded messages of both sides, one a line, blank lines aside; in the order they crossed "
        "the wire, so that a response is checked as the answer to its request. Exit status 1 if there are problems.",
        epilog='--json prints one object: {"file", "revision", "problems": [{"line", "pointer", "expected", "got"}], '
        '"lines", "invalid_lines", "messages", "requests", "notifications", "responses", "batches", "unanswered"}, '
        "one problem a line.",
    )
    command.add_argument("file", metavar="FILE", help="such as traffic.jsonl; - reads standard input")
    command.add_argument("--revision", required=True, metavar="R", help="such as 2025-11-25")
    command.add_argument("--json", action="store_true", help="as one JSON object")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Check line by line; memory holds one line and the requests that await their answer."""
    recording = Recording(arguments.revision)
    findings = (JsonFindings if arguments.json else TextFindings)(arguments.file, recording)
    with opened(arguments.file) as stream, progress(stream) as advance:
        findings.start()
        for number, line, size in lines(stream):
            if line:
                findings.add(number, recording.feed(line))
            advance(size)
    findings.end()
    return 1 if findings.invalid_lines else 0


def opened(path: str) -> AbstractContextManager[BinaryIO]:
    """The file, or standard input, as a context of a binary stream."""
    return nullcontext(sys.stdin.buffer) if path == "-" else open(path, "rb")  # noqa: PTH123 - `with` closes it


def lines(stream: BinaryIO) -> Iterator[tuple[int, bytes, int]]:
    """Number, text without the space around it, and size of each line.

    Lines end at newlines alone. Of one that is longer than any message may be, only the beginning is kept, enough to
    be refused.
    """
    longest = DEFAULT_LIMITS.max_bytes + 2
    number = 0
    while line := stream.readline(longest):
        number += 1
        size = len(line)
        rest = line
        while len(rest) == longest and not rest.endswith(b"\n"):
            rest = stream.readline(longest)
            size += len(rest)
        yield number, line.strip(), size


# -- progress ---------------------------------------------------------------------------------------------------------


@contextmanager
def progress(stream: BinaryIO) -> Generator[Callable[[int], None]]:
    """What to call with the size of every line: a bar on a terminal, nothing elsewhere."""
    if not with_rich(sys.stderr):
        yield lambda size: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    # Problems printed meanwhile go above the bar; where standard output is no terminal, rich is to leave it alone.
    bar = Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=sys.stdout.isatty())
    with bar:
        task = bar.add_task("", total=size_of(stream))
        waiting = 0

        def advance(size: int) -> None:
            nonlocal waiting
            waiting += size
            if waiting >= BLOCK:
                bar.advance(task, waiting)
                waiting = 0

        yield advance


def size_of(stream: BinaryIO) -> int | None:
    """The size of a regular file; None for a pipe, whose end nobody knows."""
    status = os.fstat(stream.fileno())
    return status.st_size if stat.S_ISREG(status.st_mode) else None
