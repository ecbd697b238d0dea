"""Interleaved measuring: one long-lived process a contestant, taking turns A B C, A B C.

A shared machine changes its speed by a factor of two within tens of milliseconds. So a turn is only some two
milliseconds long; one round of a case is several turns of each contestant, A B C, A B C, summed up; and
ratios are taken pair by pair within a round, where both sides met the same conditions. Their median counts.

Rounds are the outermost loop, so that the samples of one case are spread over the whole run and a burst of
noise hits one round of many cases instead of all rounds of one. After some rounds all processes are replaced
by fresh ones: where a process happens to have its heap and its code moves some figures by tens of per cent
for as long as it lives, and one draw must not decide.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from benchmarks.corpus import CASES, Case
from benchmarks.environments import Contestant
from benchmarks.processes import Worker, WorkerError, running

__all__ = ["TURNS", "Plan", "Range", "Series", "WorkerError", "measure"]

TURNS = 10
"""Turns that each contestant has in one round of one case."""
_CALIBRATION_NS = 500_000


@dataclass(frozen=True, slots=True)
class Range:
    """Median, least and greatest of the samples of all rounds."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, samples: Iterable[float]) -> Range:
        """The range of at least one sample."""
        values = sorted(samples)
        return cls(statistics.median(values), values[0], values[-1])


@dataclass(slots=True)
class Series:
    """All samples of one operation on one case: nanoseconds of CPU an operation, by contestant, a value a
    round."""

    case: Case
    operation: str
    ns: dict[str, list[float]] = field(default_factory=dict[str, list[float]])

    def time(self, key: str) -> Range:
        """Nanoseconds an operation; `KeyError` if `key` did not take part."""
        return Range.of(self.ns[key])

    def ratio(self, slow: str, fast: str) -> Range:
        """How many times longer `slow` takes than `fast`, round by round."""
        return Range.of(a / b for a, b in zip(self.ns[slow], self.ns[fast], strict=True))

    def has(self, *keys: str) -> bool:
        """Whether all of these took part."""
        return all(key in self.ns for key in keys)


class _Timed:
    """A contestant's process, and how often it repeats each operation in a turn."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self._repetitions: dict[tuple[str, str], int] = {}

    def _timed(self, case: Case, operation: str, repetitions: int) -> int:
        return self.worker.ask(do="time", case=case.name, operation=operation, repetitions=repetitions)["ns"]

    def calibrate(self, case: Case, operation: str, turn_ns: float) -> None:
        """Find how many repetitions fill a turn; each contestant has its own number."""
        repetitions, spent = 1, self._timed(case, operation, 1)
        while spent < _CALIBRATION_NS:
            repetitions *= 4
            spent = self._timed(case, operation, repetitions)
        self._repetitions[case.name, operation] = max(1, round(repetitions * turn_ns / spent))

    def turn(self, case: Case, operation: str) -> float:
        """Nanoseconds an operation, over one turn."""
        repetitions = self._repetitions[case.name, operation]
        return self._timed(case, operation, repetitions) / repetitions


@dataclass(frozen=True, slots=True)
class Plan:
    """How much: `generations` of fresh processes, `rounds` rounds in each, turns of `turn_ms` CPU time."""

    generations: int
    rounds: int
    turn_ms: float


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def measure(
    contestants: Sequence[Contestant], plan: Plan, cases: Sequence[Case] = CASES
) -> tuple[list[Series], dict[str, dict[str, str]]]:
    """Time every operation of every case; answers with the samples and with each contestant's versions.

    Raises `WorkerError` if a contestant fails at anything.
    """
    series = [Series(case, operation) for case in cases for operation in case.operations]
    versions: dict[str, dict[str, str]] = {}
    for generation in range(plan.generations):
        with ExitStack() as stack:
            workers = [_Timed(stack.enter_context(running(contestant))) for contestant in contestants]
            versions = {each.worker.contestant.key: each.worker.ask(do="hello")["versions"] for each in workers}
            for each in series:
                for worker in workers:
                    worker.calibrate(each.case, each.operation, plan.turn_ms * 1e6)
            for number in range(plan.rounds):
                _say(f"round {generation * plan.rounds + number + 1} of {plan.generations * plan.rounds}")
                for each in series:
                    _round(each, workers)
    return series, versions


def _round(each: Series, workers: Sequence[_Timed]) -> None:
    """One sample a contestant: the mean over its turns."""
    turns = [[worker.turn(each.case, each.operation) for worker in workers] for _ in range(TURNS)]
    for worker, samples in zip(workers, zip(*turns, strict=True), strict=True):
        each.ns.setdefault(worker.worker.contestant.key, []).append(statistics.fmean(samples))
