"""Interleaved measuring: one long-lived process a contestant, and rounds A B C, A B C over all cases.

Rounds are the outermost loop, so that the samples of one case are spread over the whole run and a burst of
noise hits one round of many cases instead of all rounds of one. Within a round the contestants follow each
other directly on the same case and operation; ratios are taken pair by pair within a round, and their median
is what counts.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from benchmarks.corpus import CASES, Case
from benchmarks.environments import ROOT, Contestant, interpreter

__all__ = ["Range", "Series", "WorkerError", "measure"]

_CALIBRATION_NS = 1_000_000


class WorkerError(RuntimeError):
    """A contestant could not do what it was asked; the message holds its traceback."""


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


class _Worker:
    """A contestant's process, and its end of the pipe."""

    def __init__(self, contestant: Contestant, process: subprocess.Popen[str]) -> None:
        if process.stdin is None or process.stdout is None:
            raise WorkerError("a worker needs both ends of its pipe")
        self.contestant = contestant
        self._orders, self._answers = process.stdin, process.stdout
        self._repetitions: dict[tuple[str, str], int] = {}

    def ask(self, **order: Any) -> dict[str, Any]:
        try:
            self._orders.write(json.dumps(order) + "\n")
            self._orders.flush()
            line = self._answers.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise WorkerError(f"{self.contestant.title}: the process ended; what it said is above")
        answer: dict[str, Any] = json.loads(line)
        if "failure" in answer:
            raise WorkerError(f"{self.contestant.title} at {order}:\n{answer['failure']}")
        return answer

    def _timed(self, case: Case, operation: str, repetitions: int) -> int:
        return self.ask(do="time", case=case.name, operation=operation, repetitions=repetitions)["ns"]

    def calibrate(self, case: Case, operation: str, budget_ns: int) -> None:
        """Find how many repetitions fill the budget; each contestant has its own number."""
        repetitions, spent = 1, self._timed(case, operation, 1)
        while spent < _CALIBRATION_NS:
            repetitions *= 4
            spent = self._timed(case, operation, repetitions)
        self._repetitions[case.name, operation] = max(1, round(repetitions * budget_ns / spent))

    def sample(self, case: Case, operation: str) -> float:
        repetitions = self._repetitions[case.name, operation]
        return self._timed(case, operation, repetitions) / repetitions


@contextmanager
def _running(contestant: Contestant) -> Generator[_Worker]:
    command = [interpreter(contestant), "-m", contestant.module]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        try:
            yield _Worker(contestant, process)
        finally:
            process.kill()


def measure(
    contestants: Sequence[Contestant],
    *,
    rounds: int,
    budget_ns: int,
    cases: Sequence[Case] = CASES,
    say: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True),
) -> tuple[list[Series], dict[str, dict[str, str]]]:
    """Time every operation of every case; answers with the samples and with each contestant's versions.

    `budget_ns` is the CPU time of one batch. Raises `WorkerError` if a contestant fails at anything.
    """
    series = [Series(case, operation) for case in cases for operation in case.operations]
    with ExitStack() as stack:
        workers = [stack.enter_context(_running(contestant)) for contestant in contestants]
        versions = {worker.contestant.key: worker.ask(do="hello")["versions"] for worker in workers}
        for each in series:
            for worker in workers:
                worker.calibrate(each.case, each.operation, budget_ns)
        for number in range(rounds):
            say(f"round {number + 1} of {rounds}")
            for each in series:
                for worker in workers:
                    sample = worker.sample(each.case, each.operation)
                    each.ns.setdefault(worker.contestant.key, []).append(sample)
    return series, versions
