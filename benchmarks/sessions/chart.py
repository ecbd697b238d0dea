"""The bar chart of sessions: how many times less CPU a call takes than with mcp 2.3.0."""

from __future__ import annotations

from benchmarks.drawing import Chart, Mark, Row, diamond, dot, draw, square
from benchmarks.sessions.contestants import CONTESTANTS
from benchmarks.sessions.harness import Series
from benchmarks.sessions.report import Run
from benchmarks.sessions.targets import STREAM

__all__ = ["as_svg"]

_TIMES = "\N{MULTIPLICATION SIGN}"
_MARKS = {
    key: Mark(shape, CONTESTANTS[key].title, room)
    for key, shape, room in (("mcp_direct", dot, 140), ("mcp1", diamond, 110), ("fastmcp", square, 120))
}
_FIGURE = "cpu_us"


def _row(each: Series) -> Row:
    def less(key: str) -> float:
        return each.ratio(_FIGURE, STREAM, key).median

    marks = {key: less(key) for key in _MARKS if each.has(_FIGURE, key)}
    return Row(each.operation.name, less("ours") if each.has(_FIGURE, "ours") else None, marks)


def as_svg(run: Run) -> str:
    """The chart; `ValueError` if mcp's stream session did not take part."""
    if STREAM not in run.contestants:
        raise ValueError(f"the chart compares with {STREAM}: let it take part")
    rows = [_row(each) for each in run.series if each.has(_FIGURE, STREAM)]
    in_pipes = {"In memory": False, "Over stdio, client and server together": True}
    chart = Chart(
        title="Times less CPU than a stream session of mcp 2.3.0",
        note=f"Medians of interleaved rounds. Logarithmic scale; longer is better; 1{_TIMES} is mcp 2.3.0.",
        bars=("mcpstruct", 112) if "ours" in run.contestants else None,
        marks={key: mark for key, mark in _MARKS.items() if key in run.contestants},
        panels={title: [row for row in rows if ("stdio" in row.label) is over] for title, over in in_pipes.items()},
    )
    return draw(chart)
