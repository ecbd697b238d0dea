"""What we promise of sessions, and whether a run keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from benchmarks.imports import ImportCost
from benchmarks.sessions.harness import Series, ratio
from benchmarks.targets import Verdict

__all__ = ["verdicts"]

_Rows = list[tuple[str, float]]
_ByName = Mapping[str, Series]

STREAM, DIRECT = "mcp_stream", "mcp_direct"
PEERS = (STREAM, DIRECT, "mcp1", "fastmcp")
FLAT = 1.5
"""How far "flat" may rise: a 10 MB string leaves the processor's caches whatever one does."""
A_FEW_KIB = 10.0


def _verdict(title: str, sense: Literal[">=", "<="], bound: float, rows: _Rows, unit: str = "x") -> Verdict:
    """The worst of the rows against the bound."""
    worst_first = sorted(rows, key=lambda row: row[1], reverse=sense == "<=")
    return Verdict(title, sense, bound, unit, worst_first[0][1] if rows else None, worst_first)


def _times(found: _ByName, name: str, figure: str, *peers: str) -> _Rows:
    """How many times more each of the peers takes than we do."""
    each = found.get(name)
    return [
        (f"{name}/{key}", each.ratio(figure, key, "ours").median)
        for key in peers
        if each and each.has(figure, key, "ours")
    ]


def _over(found: _ByName, name: str, ours: str, limit: str) -> _Rows:
    """How many times more we take than a limit."""
    each = found.get(name)
    return [(name, each.ratio("cpu_us", ours, limit).median)] if each and each.has("cpu_us", ours, limit) else []


def _against_itself(found: _ByName, name: str, base: str) -> _Rows:
    """How much more a unit costs us in one operation than in another."""
    over, under = found.get(name), found.get(base)
    if not over or not under or not over.has("cpu_us", "ours") or not under.has("cpu_us", "ours"):
        return []
    return [(name, ratio(over.figures["cpu_us"]["ours"], under.figures["cpu_us"]["ours"]).median)]


def _held(found: _ByName, name: str, figure: str) -> _Rows:
    each = found.get(name)
    return [(name, each.range(figure, "ours").median)] if each and each.has(figure, "ours") else []


def _memory(found: _ByName) -> list[Verdict]:
    megabyte = [
        row for name in ("memory_lowlevel_1mb", "memory_server_1mb") for row in _times(found, name, "cpu_us", *PEERS)
    ]
    return [
        _verdict("in memory, CPU, against mcp stream", ">=", 8, _times(found, "memory_lowlevel", "cpu_us", STREAM)),
        _verdict("in memory, CPU, against mcp direct", ">=", 4, _times(found, "memory_lowlevel", "cpu_us", DIRECT)),
        _verdict("MCPServer, CPU, against mcp's", ">=", 6, _times(found, "memory_server", "cpu_us", STREAM, DIRECT)),
        _verdict("1 MB in memory, CPU, against anybody", ">=", 1, megabyte),
    ]


def _stdio(found: _ByName) -> list[Verdict]:
    mcp = (STREAM, DIRECT)
    return [
        _verdict("stdio at 64, calls a second, against mcp", ">=", 25, _times(found, "stdio_64", "wall_us", *mcp)),
        _verdict("stdio at 64, CPU of both ends, against mcp", ">=", 40, _times(found, "stdio_64", "cpu_us", *mcp)),
        _verdict("stdio, p50 one by one, against mcp", ">=", 5, _times(found, "stdio_sequential", "p50_us", *mcp)),
        _verdict("stdio at 64, CPU, over a raw pipe", "<=", 6, _over(found, "stdio_64", "ours", "pipe")),
        _verdict("the same on uvloop", "<=", 10, _over(found, "stdio_64", "ours_uvloop", "pipe_uvloop")),
        _verdict("a KB of 10 MB, over one of 100 KB", "<=", FLAT, _against_itself(found, "stdio_10mb", "stdio_100kb")),
    ]


def _rest(found: _ByName) -> list[Verdict]:
    in_flight = _against_itself(found, "in_flight_10000", "in_flight_1")
    return [
        _verdict("10,000 in flight, a call, over 1", "<=", 2.5, in_flight),
        _verdict("idle stdio server", "<=", 30, _held(found, "stdio_idle", "rss_mib"), "MiB"),
        _verdict("a session in memory holds", "<=", A_FEW_KIB, _held(found, "memory_held", "kib"), "KiB"),
        _verdict("its idle tasks", "<=", 0, _held(found, "memory_held", "tasks"), ""),
    ]


def _imports(costs: Sequence[ImportCost]) -> list[Verdict]:
    by_key = {cost.probe.key: cost for cost in costs}
    client, floor = by_key.get("client"), by_key.get("floor")
    rows: _Rows = [("client", ratio(client.own_ms, floor.own_ms).median)] if client and floor else []
    return [_verdict("import Client, over msgspec, asyncio, anyio", "<=", 1.5, rows)]


def verdicts(series: Sequence[Series], costs: Sequence[ImportCost]) -> list[Verdict]:
    """Every target, in the order of the README."""
    found = {each.operation.name: each for each in series}
    return [*_memory(found), *_stdio(found), *_rest(found), *_imports(costs)]
