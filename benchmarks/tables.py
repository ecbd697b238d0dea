"""Figures in words: for a table on a terminal, and for a machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.harness import Range

__all__ = ["as_range", "number", "spread", "table"]


def number(value: float) -> str:
    """Three significant digits, never an exponent."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def spread(found: Range, scale: float = 1.0) -> str:
    low, high = number(found.low * scale), number(found.high * scale)
    return f"{number(found.median * scale)} ({low}-{high})"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, ["-" * width for width in widths], *rows):
        first, *others = (
            cell.ljust(width) if n == 0 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join((first, *others)).rstrip()
    yield ""


def as_range(found: Range, scale: float = 1.0) -> dict[str, float]:
    return {key: round(getattr(found, key) * scale, 4) for key in ("median", "low", "high")}
