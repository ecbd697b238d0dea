"""A run, put into words and numbers: the table for a terminal and the JSON for a machine."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.environments import CONTESTANTS
from benchmarks.harness import TURNS, Plan, Series
from benchmarks.imports import ImportCost
from benchmarks.tables import as_range, number, spread, table
from benchmarks.targets import Verdict, ceiling, verdicts

__all__ = ["Run", "as_json", "as_text"]

_LISTED = 12
"""A target that rests on more cases than this has them in the tables above only."""


@dataclass(frozen=True, slots=True)
class Run:
    """Everything that one run found out, and how it was set up."""

    contestants: tuple[str, ...]
    series: Sequence[Series]
    imports: Sequence[ImportCost]
    versions: Mapping[str, Mapping[str, str]]
    plan: Plan
    quick: bool

    @property
    def rounds(self) -> int:
        """Rounds of all generations together: the number of samples."""
        return self.plan.generations * self.plan.rounds

    def verdicts(self) -> list[Verdict]:
        """What became of every target."""
        return verdicts(self.series, self.imports)


def _times(run: Run, operation: str) -> Iterator[str]:
    rows = [each for each in run.series if each.operation == operation]
    limits = [ceiling(each) for each in rows]
    head = ["case", "bytes", *(CONTESTANTS[key].title for key in run.contestants)]
    if any(limits):
        head += ["we aim at", "and must keep"]
    lines: list[list[str]] = []
    for each, limit in zip(rows, limits, strict=True):
        line = [
            each.case.name,
            str(len(each.case.wire)),
            *(spread(each.time(key), 1e-3) for key in run.contestants),
        ]
        if limit is not None:
            line += [number(limit.aim / 1e3), number(limit.hard / 1e3)]
        lines.append(line)
    if lines:
        yield f"{operation.replace('_', ' ')}: µs an operation, median (min-max of {run.rounds} rounds)"
        yield ""
        yield from table(head, lines)


def _pairs(run: Run) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    if "mcp" in run.contestants:
        pairs += [("mcp", key) for key in run.contestants if key != "mcp"]
    if "ours" in run.contestants:
        pairs += [("ours", key) for key in run.contestants if CONTESTANTS[key].role == "limit"]
    return pairs


def _ratios(run: Run, operation: str) -> Iterator[str]:
    pairs = _pairs(run)
    rows = [each for each in run.series if each.operation == operation]
    if not pairs or not rows:
        return
    yield f"{operation.replace('_', ' ')}: times as long, pair by pair, median (min-max)"
    yield ""
    head = ["case", *(f"{slow} / {fast}" for slow, fast in pairs)]
    lines = [[each.case.name, *(spread(each.ratio(*pair)) for pair in pairs)] for each in rows]
    yield from table(head, lines)


def _imports(run: Run) -> Iterator[str]:
    if not run.imports:
        return
    rows = [
        [cost.probe.title, cost.probe.given or "-", spread(cost.own), spread(cost.cpu), spread(cost.peak)]
        for cost in run.imports
    ]
    yield "imports: median (min-max) over fresh processes"
    yield ""
    head = ["import", "imported before", "its own CPU ms", "whole process, CPU ms", "peak MiB"]
    yield from table(head, rows)


def _targets(run: Run) -> Iterator[str]:
    yield "targets"
    yield ""
    rows: list[list[str]] = []
    cases: dict[str, str] = {}
    for each in run.verdicts():
        got = "-" if each.value is None else f"{each.value:.3g} {each.unit}"
        rows.append([each.title, f"{each.sense} {each.bound:g} {each.unit}", got, each.word])
        if 1 < len(each.cases) <= _LISTED:
            cases[", ".join(f"{name} {value:.3g}" for name, value in each.cases)] = each.title
    yield from table(["target", "bound", "got", "verdict"], rows)
    for listed, title in cases.items():
        yield f"{title.rsplit(', ', 1)[0]}: {listed}"
    yield ""


def as_text(run: Run) -> str:
    """Tables for a terminal of some 130 columns."""
    lines = [
        f"{key}: " + ", ".join(f"{name} {version}" for name, version in of.items()) for key, of in run.versions.items()
    ]
    lines += [
        f"{run.rounds} rounds of {TURNS} turns of {run.plan.turn_ms:g} ms of CPU time"
        + (", quick: too short to quote" if run.quick else ""),
        "",
    ]
    operations = dict.fromkeys(each.operation for each in run.series)
    for operation in operations:
        lines += [*_times(run, operation), *_ratios(run, operation)]
    return "\n".join((*lines, *_imports(run), *_targets(run)))


def _case(run: Run, each: Series) -> dict[str, Any]:
    case = each.case
    limits = [key for key in run.contestants if CONTESTANTS[key].role == "limit"]
    return {
        "case": case.name,
        "operation": each.operation,
        "direction": case.direction,
        "kind": case.kind,
        "method": case.method,
        "revision": case.revision,
        "bytes": len(case.wire),
        "small": case.small,
        "us": {key: as_range(each.time(key), 1e-3) for key in run.contestants},
        "times_faster_than_mcp": {
            key: as_range(each.ratio("mcp", key)) for key in run.contestants if key != "mcp" and each.has("mcp")
        },
        "ours_over": {key: as_range(each.ratio("ours", key)) for key in limits if each.has("ours")},
        "samples_us": {key: [round(value / 1e3, 4) for value in each.ns[key]] for key in run.contestants},
    }


def as_json(run: Run) -> dict[str, Any]:
    """The whole run without anything that names the machine."""
    return {
        "format": 1,
        "clock": "CPU time of the contestant's process",
        "generations": run.plan.generations,
        "rounds": run.rounds,
        "turns": TURNS,
        "turn_ms": run.plan.turn_ms,
        "quick": run.quick,
        "python": {"implementation": platform.python_implementation(), "version": platform.python_version()},
        "platform": {"system": platform.system(), "machine": platform.machine()},
        "versions": {key: dict(of) for key, of in run.versions.items()},
        "cases": [_case(run, each) for each in run.series],
        "imports": [
            {
                "probe": cost.probe.key,
                "title": cost.probe.title,
                "imported_before": cost.probe.given,
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
