"""Interleaved measuring of sessions: A B C, A B C, round by round, as with the codecs.

Here a turn lasts tens of milliseconds, since a call of the slower contestants takes one or more; sessions stay open
from turn to turn. Every group of operations has processes of its own, so that what one leaves behind (a heap that
10,000 calls went through, a hundred sessions) does not weigh on another, and all are replaced once a generation.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from benchmarks.environments import Contestant
from benchmarks.harness import Range
from benchmarks.processes import Worker, running
from benchmarks.sessions.operations import GROUPS, OPERATIONS, Operation

__all__ = ["Plan", "Series", "measure"]

_GRACE = 10.0
"""Seconds for a worker to close its sessions and the servers that it started."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much: `generations` of fresh processes, `rounds` rounds of `turns` turns of `turn_ms` each on the clock; of
    a heavy operation `heavy_rounds` rounds of one."""

    generations: int
    rounds: int
    turns: int
    turn_ms: float
    heavy_rounds: int

    def rounds_of(self, operation: Operation) -> int:
        """Rounds in one generation."""
        return self.heavy_rounds if operation.heavy else self.rounds


@dataclass(slots=True)
class Series:
    """All samples of one operation: by figure, then by contestant, a value a round.

    Timed operations have `cpu_us` and `wall_us`, for each unit, and `p50_us` where calls are timed one by one. The
    figures of gauges are named by what they read off.
    """

    operation: Operation
    figures: dict[str, dict[str, list[float]]] = field(default_factory=dict[str, dict[str, list[float]]])

    def has(self, figure: str, *keys: str) -> bool:
        """Whether all of these have that figure."""
        return all(key in self.figures.get(figure, {}) for key in keys)

    def range(self, figure: str, key: str) -> Range:
        """All samples of one contestant; `KeyError` if it has none."""
        return Range.of(self.figures[figure][key])

    def ratio(self, figure: str, slow: str, fast: str) -> Range:
        """How many times more `slow` takes than `fast`, round by round."""
        return ratio(self.figures[figure][slow], self.figures[figure][fast])

    def add(self, key: str, sample: dict[str, float]) -> None:
        """One round's figures."""
        for figure, value in sample.items():
            self.figures.setdefault(figure, {}).setdefault(key, []).append(value)


def ratio(over: Sequence[float], under: Sequence[float]) -> Range:
    """Pair by pair, as far as both go."""
    return Range.of(a / b for a, b in zip(over, under, strict=False))


class _Turns:
    """One contestant's turns of one operation."""

    def __init__(self, worker: Worker, operation: Operation) -> None:
        self.key = worker.contestant.key
        self._worker, self._operation = worker, operation
        self._repetitions = 1

    def _ask(self, repetitions: int) -> dict[str, float]:
        return self._worker.ask(do="time", operation=self._operation.name, repetitions=repetitions)

    def calibrate(self, turn_ms: float) -> None:
        """Open the sessions, warm up, and find how many repetitions fill a turn."""
        if self._operation.heavy:
            return
        self._ask(1)
        while (wall := self._ask(self._repetitions)["wall_ns"] / 1e6) < turn_ms / 4:
            self._repetitions *= 4
        self._repetitions = max(1, round(self._repetitions * turn_ms / wall))

    def turn(self) -> dict[str, float]:
        """The figures of one turn, times for each unit."""
        answer = self._ask(self._repetitions)
        if self._operation.gauge:
            return answer
        units = self._repetitions * self._operation.units
        sample = {"cpu_us": answer["cpu_ns"] / 1e3 / units, "wall_us": answer["wall_ns"] / 1e3 / units}
        if "p50_ns" in answer:
            sample["p50_us"] = answer["p50_ns"] / 1e3
        return sample


def _mean(samples: Sequence[dict[str, float]]) -> dict[str, float]:
    return {figure: statistics.fmean(sample[figure] for sample in samples) for figure in samples[0]}


def _round(each: Series, takers: Sequence[_Turns], turns: int) -> None:
    """One sample a contestant: the mean over its turns."""
    samples = [[taker.turn() for taker in takers] for _ in range(1 if each.operation.heavy else turns)]
    for taker, of_taker in zip(takers, zip(*samples, strict=True), strict=True):
        each.add(taker.key, _mean(of_taker))


Versions = dict[str, dict[str, str]]


def _group(group: str, series: Sequence[Series], contestants: Sequence[Contestant], plan: Plan) -> Versions:
    """One generation of one group."""
    versions: Versions = {}
    takers: dict[str, list[_Turns]] = {each.operation.name: [] for each in series}
    with ExitStack() as stack:
        for worker in [stack.enter_context(running(contestant, grace=_GRACE)) for contestant in contestants]:
            offered: list[str] = worker.ask(do="operations", group=group)["operations"]
            for each in series:
                if each.operation.name in offered:
                    versions[worker.contestant.key] = worker.ask(do="hello")["versions"]
                    takers[each.operation.name].append(_Turns(worker, each.operation))
        for of_operation in takers.values():
            for taker in of_operation:
                taker.calibrate(plan.turn_ms)
        for number in range(max(plan.rounds_of(each.operation) for each in series)):
            for each in series:
                if number < plan.rounds_of(each.operation) and takers[each.operation.name]:
                    _round(each, takers[each.operation.name], plan.turns)
    return versions


def measure(
    contestants: Sequence[Contestant],
    plan: Plan,
    operations: Sequence[Operation] = OPERATIONS,
    say: Callable[[str], None] = lambda words: print(words, file=sys.stderr, flush=True),
) -> tuple[list[Series], Versions]:
    """Time the operations of all contestants that can do them; answers with the samples and everybody's versions.

    Raises `WorkerError` if a contestant fails at anything that it offers.
    """
    series = [Series(operation) for operation in operations]
    versions: Versions = {}
    for generation in range(plan.generations):
        for group in GROUPS:
            of_group = [each for each in series if each.operation.group == group]
            if of_group:
                say(f"generation {generation + 1} of {plan.generations}: {group}")
                versions |= _group(group, of_group, contestants, plan)
    return [each for each in series if each.figures], versions
