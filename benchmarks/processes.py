"""A contestant's process, and the harness's end of the pipe to it; the other end is `workers/orders.py`."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Any

from benchmarks.environments import ROOT, Contestant, interpreter

__all__ = ["Worker", "WorkerError", "running"]


class WorkerError(RuntimeError):
    """A contestant could not do what it was asked; the message holds its traceback."""


class Worker:
    """A contestant's process, which takes orders."""

    def __init__(self, contestant: Contestant, process: subprocess.Popen[str]) -> None:
        if process.stdin is None or process.stdout is None:
            raise WorkerError("a worker needs both ends of its pipe")
        self.contestant = contestant
        self._orders, self._answers = process.stdin, process.stdout

    def ask(self, **order: Any) -> dict[str, Any]:
        """Give an order and wait for the answer. Raises `WorkerError` if the contestant fails at it."""
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


@contextmanager
def running(contestant: Contestant, *, grace: float = 0.0) -> Generator[Worker]:
    """The contestant's process, ended afterwards: killed, or given `grace` seconds to end by itself."""
    command = [interpreter(contestant), "-m", contestant.module, *contestant.options]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        try:
            yield Worker(contestant, process)
        finally:
            if grace and process.stdin:
                process.stdin.close()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(grace)
            process.kill()
