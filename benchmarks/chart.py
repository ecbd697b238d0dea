"""The bar chart of the README: how many times faster than mcp 2.3.0, case by case, on a logarithmic scale."""

from __future__ import annotations

from benchmarks.drawing import Chart, Mark, Row, diamond, dot, draw
from benchmarks.environments import CONTESTANTS
from benchmarks.harness import Series
from benchmarks.report import Run

__all__ = ["as_svg"]

_TIMES = "\N{MULTIPLICATION SIGN}"
_TITLES = {"decode": "Decode: bytes to typed message", "encode": "Encode: typed message to bytes"}
_MARKS = {
    key: Mark(shape, f"{CONTESTANTS[key].title}, no types (limit)", 210)
    for key, shape in (("orjson", dot), ("msgspec", diamond))
}


def _row(each: Series) -> Row:
    label = each.case.name + (" (untouched)" if each.operation == "encode_untouched" else "")
    bar = each.ratio("mcp", "ours").median if each.has("ours") else None
    return Row(label, bar, {key: each.ratio("mcp", key).median for key in _MARKS if each.has(key)})


def as_svg(run: Run) -> str:
    """The chart; `ValueError` if mcp did not take part or nobody else did."""
    others = [key for key in run.contestants if key != "mcp"]
    if "mcp" not in run.contestants or not others:
        raise ValueError("the chart compares with mcp: let it and somebody else take part")
    how = f"CPU time, Python {run.versions[others[0]]['python']}, medians of {run.rounds} interleaved rounds"
    chart = Chart(
        title="Times faster than mcp 2.3.0",
        note=f"{how}. Logarithmic scale; longer is better; 1{_TIMES} is mcp.",
        bars=("mcpstruct", 112) if "ours" in run.contestants else None,
        marks={key: mark for key, mark in _MARKS.items() if key in run.contestants},
        panels={
            words: [_row(each) for each in run.series if each.operation.startswith(name)]
            for name, words in _TITLES.items()
        },
    )
    return draw(chart)
