"""The bar chart of the README: how many times faster than mcp 2.3.0, case by case, on a logarithmic scale.

Plain SVG text, 800 units wide. Every colour is a middle tone that reads on white as on near-black, and the
ground is left transparent, because a README is shown on both. The limits are marks of different shapes, not
colours alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from html import escape
from typing import Literal

from benchmarks.environments import CONTESTANTS
from benchmarks.harness import Series
from benchmarks.report import Run

__all__ = ["as_svg"]

_WIDTH, _LEFT, _RIGHT = 800, 176, 70
_ROW, _BAR, _HEAD, _GAP = 21, 12, 46, 16
_TEXT, _BARS, _ORJSON, _MSGSPEC = "#768390", "#3b82d6", "#dd8420", "#c43d8f"
_RIM = "stroke='#ffffff' stroke-opacity='0.8'"
_TIMES = "\N{MULTIPLICATION SIGN}"
_FONT = "system-ui,-apple-system,Segoe UI,Helvetica,Arial,sans-serif"
_TICKS = (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)
_TITLES = {"decode": "Decode: bytes to typed message", "encode": "Encode: typed message to bytes"}
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


def _dot(x: float, y: float) -> str:
    return f"<circle cx='{_round(x)}' cy='{_round(y)}' r='4.5' fill='{_ORJSON}' {_RIM}/>"


def _diamond(x: float, y: float) -> str:
    return f"<path d='M{_round(x)} {_round(y - 5.5)}l5.5 5.5l-5.5 5.5l-5.5 -5.5z' fill='{_MSGSPEC}' {_RIM}/>"


_MARKS: dict[str, Callable[[float, float], str]] = {"orjson": _dot, "msgspec": _diamond}


class _Scale:
    """Where a factor lies between the left and the right edge, which fit all factors and 1."""

    def __init__(self, factors: list[float]) -> None:
        low, high = min(1.0, *factors), max(10.0, *factors) * 1.15
        self.ticks = [tick for tick in _TICKS if low <= tick <= high]
        self._low = math.log(low * 0.93)
        self._span = math.log(high) - self._low

    def __call__(self, factor: float) -> float:
        return _LEFT + (math.log(factor) - self._low) / self._span * (_WIDTH - _LEFT - _RIGHT)


def _row(each: Series, y: float, at: _Scale) -> Iterator[str]:
    middle = y + _ROW / 2
    label = each.case.name + (" (untouched)" if each.operation == "encode_untouched" else "")
    yield _text(_LEFT - 10, middle + 4, label, anchor="end")
    if each.has("ours"):
        factor = each.ratio("mcp", "ours").median
        yield _bar(min(at(1), at(factor)), max(at(1), at(factor)), middle)
        words = f"{factor:.0f}" if factor >= 10 else f"{factor:.1f}"
        yield _text(_WIDTH - 8, middle + 4, words + _TIMES, "bold", "end")
    for key, mark in _MARKS.items():
        if each.has(key):
            yield mark(at(each.ratio("mcp", key).median), middle)


def _panel(title: str, rows: list[Series], top: float, at: _Scale) -> Iterator[str]:
    bottom = top + _HEAD + len(rows) * _ROW
    yield _text(8, top + 16, title, "panel")
    for tick in at.ticks:
        line = f"stroke='{_TEXT}' stroke-opacity='{0.9 if tick == 1 else 0.3}'"
        yield f"<path d='M{_round(at(tick))} {top + _HEAD - 4}V{bottom}' {line}/>"
        yield _text(at(tick), top + _HEAD - 8, f"{tick:g}{_TIMES}", "note", "middle")
    for number, each in enumerate(rows):
        yield from _row(each, top + _HEAD + number * _ROW, at)


def _legend(run: Run, y: float) -> Iterator[str]:
    x = 8
    if "ours" in run.contestants:
        yield _bar(x, x + 22, y - 4)
        yield _text(x + 28, y, "mcpstruct")
        x += 112
    for key, mark in _MARKS.items():
        if key in run.contestants:
            yield mark(x + 5, y - 4)
            yield _text(x + 16, y, f"{CONTESTANTS[key].title}, no types (limit)")
            x += 210


def as_svg(run: Run) -> str:
    """The chart; `ValueError` if mcp did not take part or nobody else did."""
    others = [key for key in run.contestants if key != "mcp"]
    if "mcp" not in run.contestants or not others:
        raise ValueError("the chart compares with mcp: let it and somebody else take part")
    at = _Scale([each.ratio("mcp", key).median for each in run.series for key in others])
    title = "Times faster than mcp 2.3.0"
    body = [_text(8, 22, title, "title"), *_legend(run, 46)]
    top = 66
    for name, words in _TITLES.items():
        rows = [each for each in run.series if each.operation.startswith(name)]
        if rows:
            body += _panel(words, rows, top, at)
            top += _HEAD + len(rows) * _ROW + _GAP
    how = f"CPU time, Python {run.versions[others[0]]['python']}, medians of {run.rounds} interleaved rounds"
    body.append(_text(8, top + 6, f"{how}. Logarithmic scale; longer is better; 1{_TIMES} is mcp.", "note"))
    height = top + 18
    size = f"viewBox='0 0 {_WIDTH} {height}' width='{_WIDTH}' height='{height}'"
    opening = f"<svg xmlns='http://www.w3.org/2000/svg' {size} role='img' font-family='{_FONT}'>"
    return "\n".join((opening, f"<title>{escape(title)}</title>", *body, "</svg>", ""))
