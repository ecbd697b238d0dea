"""What goes to the terminal: plain text, and tables that rich draws where it is installed and somebody looks."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TextIO


class Refused(Exception):
    """A command cannot do its work; the message is one line."""


def write(text: str) -> None:
    """Text on standard output, as it is."""
    sys.stdout.write(text)


def with_rich(stream: TextIO) -> bool:
    """Whether a stream is a terminal and rich is installed."""
    return stream.isatty() and find_spec("rich") is not None


def table(head: Sequence[str], rows: Sequence[Sequence[str]], title: str = "") -> None:
    """A table on standard output."""
    if with_rich(sys.stdout):
        _rich_table(head, rows, title)
        return
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    lines = ["  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)]
    write("\n".join([*([title] if title else []), *(line.rstrip() for line in lines)]) + "\n")


def _rich_table(head: Sequence[str], rows: Sequence[Sequence[str]], title: str) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(title=title or None, title_justify="left")
    for name in head:
        drawn.add_column(name, overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))
    Console().print(drawn)
