"""`python -m benchmarks.sessions`: sessions against each other; see benchmarks/README.md."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks.processes import WorkerError
from benchmarks.sessions.chart import as_svg
from benchmarks.sessions.contestants import CONTESTANTS
from benchmarks.sessions.harness import Plan, measure
from benchmarks.sessions.imports import measure_client_imports
from benchmarks.sessions.operations import OPERATION, OPERATIONS
from benchmarks.sessions.report import Run, as_json, as_text
from benchmarks.sessions.targets import STREAM

__all__ = ["main"]

_QUICK = Plan(generations=1, rounds=2, turns=1, turn_ms=10.0, heavy_rounds=1)
_FULL = Plan(generations=2, rounds=6, turns=3, turn_ms=40.0, heavy_rounds=2)


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sessions", description="Benchmark of sessions.")
    parser.add_argument("--quick", action="store_true", help="a few short rounds: shows that all runs, not how fast")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything found to FILE")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw the chart to FILE")
    parser.add_argument("--only", metavar="A,B", help=f"who takes part, of {','.join(CONTESTANTS)} (default: all)")
    parser.add_argument("--case", action="append", choices=list(OPERATION), help="only these operations")
    parser.add_argument("--no-imports", action="store_true", help="leave the import costs out")
    parser.add_argument("--strict", action="store_true", help="exit with 1 if a target is missed or was not measured")
    arguments = parser.parse_args(given)
    arguments.only = arguments.only.split(",") if arguments.only else list(CONTESTANTS)
    if unknown := [key for key in arguments.only if key not in CONTESTANTS]:
        parser.error(f"nobody is called {', '.join(unknown)}; there are {', '.join(CONTESTANTS)}")
    if arguments.svg and STREAM not in arguments.only:
        parser.error(f"the chart compares with {STREAM}: let it take part")
    if sys.platform != "linux":
        parser.error("the CPU time of a live child is read off a clock that only Linux has")
    return arguments


def _run(arguments: argparse.Namespace) -> Run:
    contestants = [each for key, each in CONTESTANTS.items() if key in arguments.only]
    keys = tuple(each.key for each in contestants)
    plan = _QUICK if arguments.quick else _FULL
    operations = [each for each in OPERATIONS if not arguments.case or each.name in arguments.case]
    series, versions = measure(contestants, plan, operations)
    imports = [] if arguments.no_imports else measure_client_imports(keys, 3 if arguments.quick else 15)
    return Run(keys, series, imports, versions, plan, arguments.quick)


def main(given: list[str] | None = None) -> int:
    """Run, print, write; answers with the exit status."""
    arguments = _arguments(given)
    try:
        run = _run(arguments)
    except WorkerError as failure:
        print(failure, file=sys.stderr)
        return 2
    print(as_text(run))
    if arguments.json:
        arguments.json.write_text(json.dumps(as_json(run), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if arguments.svg:
        arguments.svg.write_text(as_svg(run), encoding="utf-8")
    return int(arguments.strict and not all(each.reached for each in run.verdicts()))


if __name__ == "__main__":
    sys.exit(main())
