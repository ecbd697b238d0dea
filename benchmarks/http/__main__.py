"""`python -m benchmarks.http`: servers and clients over HTTP; see benchmarks/README.md."""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.harness import Range
from benchmarks.http.contestants import SERVERS
from benchmarks.http.load import Served, clients, served
from benchmarks.processes import WorkerError
from benchmarks.tables import as_range, number, spread, table
from benchmarks.targets import Verdict

__all__ = ["main"]

Samples = dict[str, dict[str, list[float]]]
"""By row (`modern/ours`), then by figure: a value a round."""

# Each row: the kind of call, and who is measured with it, in the order in which they take turns.
_SERVER_ROWS = {
    "modern": (
        "bare", "ours", "mcp", "ours_shipped", "mcp_shipped", "fastmcp", "ours_auth", "ours_1", "ours_10000",
        "ours_events", "bare_events",
    ),
    "session": ("ours", "ours_events", "mcp_events", "ours_shipped", "mcp_shipped_events"),
}  # fmt: skip
_CLIENT_ROWS = (("ours", "2026-07-28"), ("mcp", "2026-07-28"), ("ours", "2025-11-25"), ("mcp", "2025-11-25"))
_TARGETS = (
    # title, sense, bound, figure, over, under: the ratio of two rows
    ("JSON, over bare ASGI", "<=", 1.6, "cpu_us", "modern/ours", "modern/bare"),
    ("one event, over bare ASGI's", "<=", 1.8, "cpu_us", "modern/ours_events", "modern/bare_events"),
    ("JSON, as shipped, against mcp", ">=", 8.0, "cpu_us", "modern/mcp_shipped", "modern/ours_shipped"),
    ("sessions, as shipped, against mcp", ">=", 25.0, "cpu_us", "session/mcp_shipped_events", "session/ours_shipped"),
    ("JSON, same stack, against mcp", ">=", 3.0, "cpu_us", "modern/mcp", "modern/ours"),
    ("events in sessions, same stack, against mcp", ">=", 9.0, "cpu_us", "session/mcp_events", "session/ours_events"),
    ("with a token that is known, over an open server", "<=", 1.15, "cpu_us", "modern/ours_auth", "modern/ours"),
    ("10,000 tools, over 1", "<=", 1.1, "cpu_us", "modern/ours_10000", "modern/ours_1"),
    ("client and server at 64, calls a second, against mcp", ">=", 8.0, "rate", "client/ours", "client/mcp"),
    ("client at 64, CPU, against mcp", ">=", 10.0, "cpu_us", "client/mcp", "client/ours"),
)


def _servers(samples: Samples, rounds: int, seconds: int) -> None:
    for kind, keys in _SERVER_ROWS.items():
        with ExitStack() as stack:
            running = [stack.enter_context(served(SERVERS[key])) for key in keys]
            for each in running:
                each.load(kind, 1)
            for _ in range(rounds):
                for each in running:
                    _add(samples, f"{kind}/{each.server.key}", each.load(kind, seconds))


def _clients(samples: Samples, rounds: int, calls: int) -> None:
    with ExitStack() as stack:
        for _ in range(rounds):
            for who, revision in _CLIENT_ROWS:
                server = SERVERS["ours_shipped" if who == "ours" else "mcp_shipped"]
                row = "client" if revision > "2026" else "client_session"
                few = calls if who == "ours" else calls // 8
                with served(server) as target:
                    _add(samples, f"{row}/{who}", clients(who, server.python(), target.url, revision, few))
        stack.close()


def _gauges(samples: Samples, rounds: int) -> None:
    """What a session holds, and what a KB of large results costs."""
    for _ in range(rounds):
        with served(SERVERS["ours"]) as target:
            for _ in range(200):
                target.session()
            before = target.rss_kib()
            for _ in range(2000):
                target.session()
            _add(samples, "held/session", {"kib": (target.rss_kib() - before) / 2000})
            for kind in ("modern", "session"):
                for size in (100_000, 1_000_000, 10_000_000):
                    _add(samples, f"{kind}/{size // 1000}_kb", _large(target, kind, size))


def _large(target: Served, kind: str, size: int) -> dict[str, float]:
    body, headers = target.call(kind, "big", {"size": size})
    target.post(body, headers)
    times = max(3, 30_000_000 // size)
    before = target.cpu_seconds()
    for _ in range(times):
        target.post(body, headers)
    return {"cpu_us_kb": (target.cpu_seconds() - before) / times / size * 1e9}


def _add(samples: Samples, row: str, found: dict[str, float]) -> None:
    for figure, value in found.items():
        samples.setdefault(row, {}).setdefault(figure, []).append(value)


def _verdicts(samples: Samples) -> Iterator[Verdict]:
    for title, sense, bound, figure, over, under in _TARGETS:
        value = None
        if over in samples and under in samples:
            pairs = zip(samples[over][figure], samples[under][figure], strict=False)
            value = statistics.median(a / b for a, b in pairs)
        yield Verdict(title, sense, bound, "x", value, [])  # type: ignore[arg-type]
    held = samples.get("held/session", {}).get("kib")
    yield Verdict("a session without a stream holds", "<=", 8.0, "KiB", statistics.median(held) if held else None, [])
    for kind in ("modern", "session"):
        over, under = samples.get(f"{kind}/10000_kb"), samples.get(f"{kind}/100_kb")
        value = statistics.median(over["cpu_us_kb"]) / statistics.median(under["cpu_us_kb"]) if over and under else None
        yield Verdict(f"a KB of 10 MB over one of 100 KB, {kind}", "<=", 1.5, "x", value, [])


def _as_text(samples: Samples) -> str:
    rows: list[list[str]] = []
    for row, figures in samples.items():
        rows += [
            [row if n == 0 else "", figure, spread(Range.of(values))]
            for n, (figure, values) in enumerate(figures.items())
        ]
    lines = [*table(("row", "figure", "median (least-greatest)"), rows)]
    found = [
        [v.title, f"{v.sense} {v.bound:g}", "-" if v.value is None else f"{number(v.value)} {v.unit}", v.word]
        for v in _verdicts(samples)
    ]
    lines += table(("target", "bound", "found", ""), found)
    return "\n".join(lines)


def _as_json(samples: Samples, arguments: argparse.Namespace) -> dict[str, Any]:
    rows = {row: {f: as_range(Range.of(v)) for f, v in figures.items()} for row, figures in samples.items()}
    targets = [{"title": v.title, "sense": v.sense, "bound": v.bound, "value": v.value} for v in _verdicts(samples)]
    return {"rounds": arguments.rounds, "seconds": arguments.seconds, "rows": rows, "targets": targets}


def main(given: list[str] | None = None) -> int:
    """Run, print, write; answers with the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.http", description="Benchmark over HTTP.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of load, a turn")
    parser.add_argument("--calls", type=int, default=8000, help="of a client, a turn")
    parser.add_argument("--quick", action="store_true", help="one short round: shows that all runs, not how fast")
    parser.add_argument("--part", action="append", choices=["servers", "clients", "gauges"])
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args(given)
    if arguments.quick:
        arguments.rounds, arguments.seconds, arguments.calls = 1, 1, 800
    if not shutil.which("wrk"):
        parser.error("wrk makes the load: install it")
    parts = arguments.part or ["servers", "clients", "gauges"]
    samples: Samples = {}
    try:
        if "servers" in parts:
            _servers(samples, arguments.rounds, arguments.seconds)
        if "clients" in parts:
            _clients(samples, arguments.rounds, arguments.calls)
        if "gauges" in parts:
            _gauges(samples, max(1, arguments.rounds // 2))
    except WorkerError as failure:
        print(failure, file=sys.stderr)
        return 2
    print(_as_text(samples))
    if arguments.json:
        arguments.json.write_text(json.dumps(_as_json(samples, arguments), indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
