"""`python -m benchmarks.codec`: the codecs against each other, and what importing costs; see README.md."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks.chart import as_svg
from benchmarks.corpus import CASES, case
from benchmarks.environments import CONTESTANTS
from benchmarks.harness import Plan, WorkerError, measure
from benchmarks.imports import measure_imports
from benchmarks.report import Run, as_json, as_text

__all__ = ["main"]


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.codec", description="Benchmark of the codecs.")
    parser.add_argument("--quick", action="store_true", help="a few short rounds: shows that all runs, not how fast")
    parser.add_argument("--rounds", type=int, help="rounds a generation (default: 7, quick: 2)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything found to FILE")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw the chart of the README to FILE")
    parser.add_argument("--only", metavar="A,B", help=f"who takes part, of {','.join(CONTESTANTS)} (default: all)")
    parser.add_argument("--case", action="append", choices=[each.name for each in CASES], help="only these cases")
    parser.add_argument("--no-imports", action="store_true", help="leave the import costs out")
    parser.add_argument("--strict", action="store_true", help="exit with 1 if a target is missed or was not measured")
    arguments = parser.parse_args(given)
    arguments.only = arguments.only.split(",") if arguments.only else list(CONTESTANTS)
    if unknown := [key for key in arguments.only if key not in CONTESTANTS]:
        parser.error(f"nobody is called {', '.join(unknown)}; there are {', '.join(CONTESTANTS)}")
    if arguments.svg and ("mcp" not in arguments.only or len(set(arguments.only)) == 1):
        parser.error("the chart compares with mcp: let it and somebody else take part")
    return arguments


def _run(arguments: argparse.Namespace) -> Run:
    contestants = [each for key, each in CONTESTANTS.items() if key in arguments.only]
    keys = tuple(each.key for each in contestants)
    plan = Plan(1, arguments.rounds or 2, 0.5) if arguments.quick else Plan(3, arguments.rounds or 7, 2.0)
    cases = [case(name) for name in arguments.case] if arguments.case else CASES
    series, versions = measure(contestants, plan, cases)
    imports = [] if arguments.no_imports else measure_imports(keys, 3 if arguments.quick else 15)
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
