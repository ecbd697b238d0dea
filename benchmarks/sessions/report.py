"""A run of the session benchmark, put into words and numbers: tables for a terminal, JSON for a machine."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.imports import ImportCost
from benchmarks.sessions.contestants import CONTESTANTS
from benchmarks.sessions.harness import Plan, Series
from benchmarks.sessions.operations import GROUPS
from benchmarks.sessions.targets import STREAM, verdicts
from benchmarks.tables import as_range, number, spread, table
from benchmarks.targets import Verdict

__all__ = ["Run", "as_json", "as_text"]

_UNITS = {"us": "µs", "ms": "ms", "mib": "MiB", "kib": "KiB"}


@dataclass(frozen=True, slots=True)
class Run:
    """Everything that one run found out, and how it was set up."""

    contestants: tuple[str, ...]
    series: Sequence[Series]
    imports: Sequence[ImportCost]
    versions: Mapping[str, Mapping[str, str]]
    plan: Plan
    quick: bool

    def verdicts(self) -> list[Verdict]:
        """What became of every target."""
        return verdicts(self.series, self.imports)


def _name(figure: str) -> str:
    """`cpu_us` → `cpu µs`."""
    words = figure.split("_")
    return " ".join((*words[:-1], _UNITS.get(words[-1], words[-1])))


def _keys(run: Run, each: Series) -> list[str]:
    """Who took part, in the usual order."""
    return [key for key in run.contestants if any(key in of for of in each.figures.values())]


def _rows(run: Run, each: Series, columns: Sequence[str]) -> Iterator[list[str]]:
    compared = next(iter(each.figures))
    for key in _keys(run, each):
        figures = [spread(each.range(figure, key)) if each.has(figure, key) else "-" for figure in columns]
        times = spread(each.ratio(compared, STREAM, key)) if key != STREAM and each.has(compared, STREAM, key) else "-"
        yield [f"  {CONTESTANTS[key].title}", *figures, times]


def _group(run: Run, series: Sequence[Series]) -> Iterator[str]:
    columns = list(dict.fromkeys(figure for each in series for figure in each.figures))
    rows: list[list[str]] = []
    for each in series:
        operation = each.operation
        rows.append([f"{operation.name}, a {operation.unit}", *[""] * (len(columns) + 1)])
        rows += _rows(run, each, columns)
    compared = _name(columns[0])
    yield from table(["", *map(_name, columns), f"{compared}: times less than mcp stream"], rows)


def _imports(run: Run) -> Iterator[str]:
    if run.imports:
        rows = [[cost.probe.title, spread(cost.own), spread(cost.cpu), spread(cost.peak)] for cost in run.imports]
        yield from table(["import", "its own CPU ms", "whole process, CPU ms", "peak MiB"], rows)


def _targets(run: Run) -> Iterator[str]:
    rows = [
        [
            each.title,
            f"{each.sense} {each.bound:g} {each.unit}".rstrip(),
            "-" if each.value is None else f"{number(each.value)} {each.unit}".rstrip(),
            each.word,
        ]
        for each in run.verdicts()
    ]
    yield from table(["target", "bound", "got", "verdict"], rows)


def as_text(run: Run) -> str:
    """Tables for a terminal of some 130 columns; medians, and the range of the rounds in brackets."""
    lines = [
        f"{key}: " + ", ".join(f"{of} {version}" for of, version in its.items()) for key, its in run.versions.items()
    ]
    plan = run.plan
    lines += [
        f"{plan.generations} generations of {plan.rounds} rounds ({plan.heavy_rounds} of heavy operations), each of "
        f"{plan.turns} turns of {plan.turn_ms:g} ms" + (", quick: too short to quote" if run.quick else ""),
        "",
    ]
    for group in GROUPS:
        if series := [each for each in run.series if each.operation.group == group]:
            lines += [f"{each.operation.name}: {each.operation.words}" for each in series]
            lines += ["", *_group(run, series)]
    return "\n".join((*lines, *_imports(run), *_targets(run)))


def _series(run: Run, each: Series) -> dict[str, Any]:
    return {
        "operation": each.operation.name,
        "words": each.operation.words,
        "unit": each.operation.unit,
        "figures": {
            figure: {
                key: {**as_range(each.range(figure, key)), "samples": [round(value, 4) for value in of[key]]}
                for key in run.contestants
                if key in of
            }
            for figure, of in each.figures.items()
        },
        "times_less_than_mcp_stream": {
            figure: {key: as_range(each.ratio(figure, STREAM, key)) for key in of if key != STREAM and all(of[key])}
            for figure, of in each.figures.items()
            if STREAM in of
        },
    }


def as_json(run: Run) -> dict[str, Any]:
    """The whole run without anything that names the machine."""
    return {
        "format": 1,
        "clock": "CPU time of the contestant's process and of its children; the wall clock beside it",
        "plan": asdict(run.plan),
        "quick": run.quick,
        "python": {"implementation": platform.python_implementation(), "version": platform.python_version()},
        "platform": {"system": platform.system(), "machine": platform.machine()},
        "versions": {key: dict(of) for key, of in run.versions.items()},
        "operations": [_series(run, each) for each in run.series],
        "imports": [
            {
                "probe": cost.probe.key,
                "title": cost.probe.title,
                "own_cpu_ms": as_range(cost.own),
                "process_cpu_ms": as_range(cost.cpu),
                "peak_mib": as_range(cost.peak),
            }
            for cost in run.imports
        ],
        "targets": [
            {
                "title": each.title,
                "sense": each.sense,
                "bound": each.bound,
                "unit": each.unit,
                "value": None if each.value is None else round(each.value, 4),
                "reached": each.reached,
                "cases": {name: round(value, 4) for name, value in each.cases},
            }
            for each in run.verdicts()
        ],
    }
