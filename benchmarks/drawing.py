"""Bar charts of factors on a logarithmic scale, as plain SVG text.

800 units wide. Every colour is a middle tone that reads on white as on near-black, and the ground is left
transparent, because a README is shown on both. Marks are of different shapes, not colours alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Literal

__all__ = ["Chart", "Mark", "Row", "diamond", "dot", "draw", "square"]

_WIDTH, _LEFT, _RIGHT = 800, 176, 70
_ROW, _BAR, _HEAD, _GAP = 21, 12, 46, 16
_TEXT, _BARS, _DOT, _DIAMOND, _SQUARE = "#768390", "#3b82d6", "#dd8420", "#c43d8f", "#3fa45b"
_RIM = "stroke='#ffffff' stroke-opacity='0.8'"
_TIMES = "\N{MULTIPLICATION SIGN}"
_FONT = "system-ui,-apple-system,Segoe UI,Helvetica,Arial,sans-serif"
_TICKS = (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)
_LOOKS = {"plain": (12, 400), "bold": (12, 600), "note": (11, 400), "panel": (14, 600), "title": (16, 600)}
_Look = Literal["plain", "bold", "note", "panel", "title"]
_Anchor = Literal["start", "middle", "end"]


def _round(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _text(x: float, y: float, words: str, look: _Look = "plain", anchor: _Anchor = "start") -> str:
    size, weight = _LOOKS[look]
    font = f"font-size='{size}' font-weight='{weight}' text-anchor='{anchor}'"
    return f"<text x='{_round(x)}' y='{_round(y)}' {font} fill='{_TEXT}'>{escape(words)}</text>"


def _bar(left: float, right: float, middle: float) -> str:
    place = f"x='{_round(left)}' y='{_round(middle - _BAR / 2)}' width='{_round(right - left)}'"
    return f"<rect {place} height='{_BAR}' rx='2' fill='{_BARS}'/>"


def dot(x: float, y: float) -> str:
    """A round mark."""
    return f"<circle cx='{_round(x)}' cy='{_round(y)}' r='4.5' fill='{_DOT}' {_RIM}/>"


def diamond(x: float, y: float) -> str:
    """A mark on its tip."""
    return f"<path d='M{_round(x)} {_round(y - 5.5)}l5.5 5.5l-5.5 5.5l-5.5 -5.5z' fill='{_DIAMOND}' {_RIM}/>"


def square(x: float, y: float) -> str:
    """A mark on its side."""
    place = f"x='{_round(x - 4)}' y='{_round(y - 4)}'"
    return f"<rect {place} width='8' height='8' fill='{_SQUARE}' {_RIM}/>"


@dataclass(frozen=True, slots=True)
class Mark:
    """Somebody who is shown as a mark beside the bar, and how wide the legend's words are."""

    shape: Callable[[float, float], str]
    words: str
    room: int


@dataclass(frozen=True, slots=True)
class Row:
    """One bar, if `bar` has a factor, and marks by their names."""

    label: str
    bar: float | None
    marks: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True)
class Chart:
    """What a chart shows: `panels` by their headings, and what bars and marks stand for."""

    title: str
    note: str
    bars: tuple[str, int] | None
    """The legend of the bars and how wide it is; None where there are none."""
    marks: Mapping[str, Mark]
    panels: Mapping[str, Sequence[Row]]


class _Scale:
    """Where a factor lies between the left and the right edge, which fit all factors and 1."""

    def __init__(self, factors: Sequence[float]) -> None:
        low, high = min(1.0, *factors), max(10.0, *factors) * 1.15
        self.ticks = [tick for tick in _TICKS if low <= tick <= high]
        self._low = math.log(low * 0.93)
        self._span = math.log(high) - self._low

    def __call__(self, factor: float) -> float:
        return _LEFT + (math.log(factor) - self._low) / self._span * (_WIDTH - _LEFT - _RIGHT)


def _row(row: Row, y: float, at: _Scale, marks: Mapping[str, Mark]) -> Iterator[str]:
    middle = y + _ROW / 2
    yield _text(_LEFT - 10, middle + 4, row.label, anchor="end")
    if row.bar is not None:
        yield _bar(min(at(1), at(row.bar)), max(at(1), at(row.bar)), middle)
        words = f"{row.bar:.0f}" if row.bar >= 10 else f"{row.bar:.1f}"
        yield _text(_WIDTH - 8, middle + 4, words + _TIMES, "bold", "end")
    for key, mark in marks.items():
        if key in row.marks:
            yield mark.shape(at(row.marks[key]), middle)


def _panel(title: str, rows: Sequence[Row], top: float, at: _Scale, marks: Mapping[str, Mark]) -> Iterator[str]:
    bottom = top + _HEAD + len(rows) * _ROW
    yield _text(8, top + 16, title, "panel")
    for tick in at.ticks:
        line = f"stroke='{_TEXT}' stroke-opacity='{0.9 if tick == 1 else 0.3}'"
        yield f"<path d='M{_round(at(tick))} {top + _HEAD - 4}V{bottom}' {line}/>"
        yield _text(at(tick), top + _HEAD - 8, f"{tick:g}{_TIMES}", "note", "middle")
    for number, row in enumerate(rows):
        yield from _row(row, top + _HEAD + number * _ROW, at, marks)


def _legend(chart: Chart, y: float) -> Iterator[str]:
    x = 8
    if chart.bars is not None:
        words, room = chart.bars
        yield _bar(x, x + 22, y - 4)
        yield _text(x + 28, y, words)
        x += room
    for mark in chart.marks.values():
        yield mark.shape(x + 5, y - 4)
        yield _text(x + 16, y, mark.words)
        x += mark.room


def draw(chart: Chart) -> str:
    """The chart as the text of an SVG file."""
    rows = [row for panel in chart.panels.values() for row in panel]
    at = _Scale([factor for row in rows for factor in (row.bar, *row.marks.values()) if factor is not None])
    body = [_text(8, 22, chart.title, "title"), *_legend(chart, 46)]
    top = 66
    for title, panel in chart.panels.items():
        if panel:
            body += _panel(title, panel, top, at, chart.marks)
            top += _HEAD + len(panel) * _ROW + _GAP
    body.append(_text(8, top + 6, chart.note, "note"))
    height = top + 18
    size = f"viewBox='0 0 {_WIDTH} {height}' width='{_WIDTH}' height='{height}'"
    opening = f"<svg xmlns='http://www.w3.org/2000/svg' {size} role='img' font-family='{_FONT}'>"
    return "\n".join((opening, f"<title>{escape(chart.title)}</title>", *body, "</svg>", ""))
