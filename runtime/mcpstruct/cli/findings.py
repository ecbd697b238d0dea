"""How `mcpstruct validate` tells what it finds: while it goes along, so that nothing piles up."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable

from msgspec.structs import asdict

from mcpstruct.base.errors import Problem
from mcpstruct.wire.traffic import Recording

from .output import write


class Findings(ABC):
    """Counts lines and problems; how they are written down is up to the subclass."""

    def __init__(self, file: str, recording: Recording) -> None:
        self.file = file
        self.recording = recording
        self.lines = self.invalid_lines = self.problems = 0

    def add(self, line: int, problems: Iterable[Problem]) -> None:
        """The problems of a line that is not blank."""
        before = self.problems
        for problem in problems:
            self.show(line, problem)
            self.problems += 1
        self.lines += 1
        self.invalid_lines += self.problems > before

    @abstractmethod
    def start(self) -> None:
        """Before the first line."""

    @abstractmethod
    def show(self, line: int, problem: Problem) -> None:
        """One problem."""

    @abstractmethod
    def end(self) -> None:
        """After the last line."""


class TextFindings(Findings):
    """`FILE:LINE: POINTER: expected …, got …`, and a line that sums up."""

    def start(self) -> None:
        """Nothing to say yet."""

    def show(self, line: int, problem: Problem) -> None:
        """A line a problem."""
        where = f" {problem.pointer}:" if problem.pointer else ""
        write(f"{self.file}:{line}:{where} expected {problem.expected}, got {problem.got}\n")

    def end(self) -> None:
        """The sum."""
        counts = self.recording.counts
        kinds = ", ".join(
            (
                number(counts.requests, "request"),
                number(counts.notifications, "notification"),
                number(counts.responses, "response"),
                f"{self.recording.unanswered} unanswered",
            )
        )
        found = f"{number(self.problems, 'problem')} in {number(self.invalid_lines, 'line')}"
        verdict = found if self.problems else "all valid"
        write(f"{self.file}: {number(counts.messages, 'message')} ({kinds}): {verdict}\n")


def number(count: int, thing: str) -> str:
    """`1 line`, `2 lines`."""
    return f"{count} {thing}{'' if count == 1 else 's'}"


class JsonFindings(Findings):
    """One object, written piece by piece, a problem a line."""

    def start(self) -> None:
        """What was asked."""
        head = {"file": self.file, "revision": self.recording.bindings.revision}
        write(json.dumps(head)[:-1] + ', "problems": [')

    def show(self, line: int, problem: Problem) -> None:
        """An object a problem."""
        told = {"line": line, "pointer": problem.pointer, "expected": problem.expected, "got": problem.got}
        write((",\n" if self.problems else "\n") + json.dumps(told))

    def end(self) -> None:
        """The counts."""
        counts = {
            "lines": self.lines,
            "invalid_lines": self.invalid_lines,
            **asdict(self.recording.counts),
            "unanswered": self.recording.unanswered,
        }
        write("\n], " + json.dumps(counts)[1:] + "\n")
