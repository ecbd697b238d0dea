"""What we promise, and whether a run keeps it.

`ceiling` turns the promises round: given what the others took in this run, it says how long we may take.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks.harness import Series
from benchmarks.imports import ImportCost

__all__ = ["Ceiling", "Verdict", "ceiling", "verdicts"]

SMALL_DECODE_MEDIAN = 8.0
SMALL_ENCODE_MEDIAN = 10.0
SMALL_ENCODE_LEAST = 6.0
TOOLS = {"decode": 20.0, "encode": 20.0, "encode_untouched": 100.0}
NEVER_SLOWER = 1.0
OVER_ORJSON_MEDIAN = 1.6
OVER_ORJSON_MOST = 2.5
TYPES_IMPORT_MS = 10.0
IMPORT_MS = 100.0
IMPORT_MIB = 26.0


_Rows = list[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One target: its bound, what was measured, and the cases that it was taken from, worst first."""

    title: str
    sense: Literal[">=", "<="]
    bound: float
    unit: str
    value: float | None
    """`None`: this run did not measure what it takes."""
    cases: _Rows

    @property
    def reached(self) -> bool | None:
        """Whether the value keeps the bound; `None` if there is no value."""
        if self.value is None:
            return None
        return self.value >= self.bound if self.sense == ">=" else self.value <= self.bound

    @property
    def word(self) -> str:
        """The verdict for a table."""
        return {True: "reached", False: "MISSED", None: "not measured"}[self.reached]


_Of = Callable[[Iterable[float]], float]


def _at_least(title: str, rows: _Rows, bound: float, of: _Of) -> Verdict:
    value = of(value for _, value in rows) if rows else None
    return Verdict(title, ">=", bound, "x", value, sorted(rows, key=lambda row: row[1]))


def _at_most(title: str, rows: _Rows, bound: float, of: _Of, unit: str) -> Verdict:
    value = of(value for _, value in rows) if rows else None
    return Verdict(title, "<=", bound, unit, value, sorted(rows, key=lambda row: -row[1]))


def _name(each: Series) -> str:
    return each.case.name if each.operation == "decode" else f"{each.case.name}/{each.operation}"


def _codec(series: Sequence[Series]) -> list[Verdict]:
    against_mcp = [(each, each.ratio("mcp", "ours").median) for each in series if each.has("mcp", "ours")]
    decode: _Rows = [(each.case.name, r) for each, r in against_mcp if each.case.small and each.operation == "decode"]
    encode: _Rows = [(each.case.name, r) for each, r in against_mcp if each.case.small and each.operation == "encode"]
    over_orjson: _Rows = [
        (each.case.name, each.ratio("ours", "orjson").median)
        for each in series
        if each.case.small and each.operation == "decode" and each.has("ours", "orjson")
    ]
    tools = [
        _at_least(
            f"tools_50, {operation.replace('_', ' ')}, against mcp",
            [
                (_name(each), r)
                for each, r in against_mcp
                if (each.case.name, each.operation) == ("tools_50", operation)
            ],
            least,
            min,
        )
        for operation, least in TOOLS.items()
    ]
    median = statistics.median
    return [
        _at_least("small, decode, against mcp, median", decode, SMALL_DECODE_MEDIAN, median),
        _at_least("small, encode, against mcp, median", encode, SMALL_ENCODE_MEDIAN, median),
        _at_least("small, encode, against mcp, worst", encode, SMALL_ENCODE_LEAST, min),
        *tools,
        _at_least("any size, against mcp, worst", [(_name(each), r) for each, r in against_mcp], NEVER_SLOWER, min),
        _at_most("small, decode, over orjson to dict, median", over_orjson, OVER_ORJSON_MEDIAN, median, "x"),
        _at_most("small, decode, over orjson to dict, worst", over_orjson, OVER_ORJSON_MOST, max, "x"),
    ]


def _imports(costs: Sequence[ImportCost]) -> list[Verdict]:
    by_key = {cost.probe.key: cost for cost in costs}
    types, package = by_key.get("types"), by_key.get("mcpstruct")
    types_ms: _Rows = [("types", types.own.median)] if types else []
    cpu: _Rows = [("cpu", package.cpu.median)] if package else []
    peak: _Rows = [("peak", package.peak.median)] if package else []
    return [
        _at_most("types of one revision, beyond msgspec", types_ms, TYPES_IMPORT_MS, max, "ms"),
        _at_most("import mcpstruct, CPU of the whole process", cpu, IMPORT_MS, max, "ms"),
        _at_most("import mcpstruct, peak memory", peak, IMPORT_MIB, max, "MiB"),
    ]


def verdicts(series: Sequence[Series], costs: Sequence[ImportCost]) -> list[Verdict]:
    """Every target, in the order of the README."""
    return [*_codec(series), *_imports(costs)]


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Nanoseconds an operation that we may take: `hard` by the bounds on each case, `aim` for a fair share of
    the medians."""

    hard: float
    aim: float


def ceiling(each: Series) -> Ceiling | None:
    """What this run's figures of the others leave us; `None` if mcp or orjson did not take part."""
    if not each.has("mcp", "orjson"):
        return None
    mcp, orjson = each.time("mcp").median, each.time("orjson").median
    if each.case.small and each.operation == "decode":
        aim = min(mcp / SMALL_DECODE_MEDIAN, orjson * OVER_ORJSON_MEDIAN)
        return Ceiling(min(mcp / NEVER_SLOWER, orjson * OVER_ORJSON_MOST), aim)
    if each.case.small:
        return Ceiling(mcp / SMALL_ENCODE_LEAST, mcp / SMALL_ENCODE_MEDIAN)
    hard = mcp / (TOOLS[each.operation] if each.case.name == "tools_50" else NEVER_SLOWER)
    return Ceiling(hard, hard)
