"""The parent of several workers: starts them, replaces those that die, and ends them."""

from __future__ import annotations

import logging
import multiprocessing
import signal
import socket
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from multiprocessing.connection import wait
from types import FrameType

from .worker import NAME, Work, work

log = logging.getLogger("mcpstruct")
_ENDING = (signal.SIGINT, signal.SIGTERM)
_PAUSE = 1.0
"""Seconds from the start of a worker that dies to that of the next in its place."""


class _Worker:
    """A process, and whether it has come so far as to serve."""

    def __init__(self, number: int, task: Work, sockets: list[socket.socket]) -> None:
        spawn = multiprocessing.get_context("spawn")
        self.number = number
        self.began = time.monotonic()
        self.ready, sending = spawn.Pipe(duplex=False)
        self.process = spawn.Process(target=work, args=(task, sockets, sending), name=f"{NAME} {number}")
        self.process.start()
        sending.close()
        self._serves = False

    @property
    def serves(self) -> bool:
        """Whether it takes requests, or has done so."""
        with suppress(EOFError):
            self._serves = self._serves or (self.ready.poll() and self.ready.recv() is None)
        return self._serves

    def end(self, *, hard: bool) -> None:
        """Tell it to stop; `hard` is not to be disobeyed."""
        if hard:
            self.process.kill()
        else:
            self.process.terminate()


class Supervisor:
    """Keeps so many workers at their work until a signal comes: the first lets requests in progress finish, the second
    does not, and the third is not to be disobeyed.
    """

    def __init__(self, task: Work, workers: int) -> None:
        self._task = task
        self._count = workers
        self._workers: list[_Worker] = []
        self._sockets: list[socket.socket] = []
        self._told = 0

    def run(self, sockets: list[socket.socket], started: Callable[[], object]) -> None:
        """Serve at sockets that listen; `started` is called once all workers do. Raises `RuntimeError` if one does not
        come to serve.
        """
        self._sockets = sockets
        with self._signals():
            try:
                for number in range(self._count):
                    self._start(number + 1)
                self._await_all()
                if not self._told:
                    started()
                while self._workers:
                    self._wait()
            finally:
                for worker in self._workers:
                    worker.end(hard=True)
                    worker.process.join()

    @contextmanager
    def _signals(self) -> Generator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._hear) for number in _ENDING}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self._told += 1
        for worker in self._workers:
            worker.end(hard=self._told > 2)

    def _start(self, number: int) -> None:
        worker = _Worker(number, self._task, self._sockets)
        self._workers.append(worker)
        if self._told:  # while it was being started
            worker.end(hard=False)

    def _await_all(self) -> None:
        """Wait until all serve. Raises `RuntimeError` if one ends before."""
        while not self._told and (coming := [worker for worker in self._workers if not worker.serves]):
            wait([end for worker in coming for end in (worker.ready, worker.process.sentinel)])
            for worker in coming:
                if not worker.process.is_alive() and not worker.serves and not self._told:
                    raise RuntimeError(
                        f"worker {worker.number} could not start (exit status {worker.process.exitcode})"
                    )

    def _wait(self) -> None:
        """Wait until a worker ends; unless that was wanted, another takes its place."""
        ended = wait([worker.process.sentinel for worker in self._workers])
        for worker in [worker for worker in self._workers if worker.process.sentinel in ended]:
            worker.process.join()
            worker.ready.close()
            self._workers.remove(worker)
            if not self._told:
                status = worker.process.exitcode
                log.error("Worker %d ended with exit status %s; another takes its place", worker.number, status)
                time.sleep(max(0.0, worker.began + _PAUSE - time.monotonic()))
            if not self._told:
                self._start(worker.number)
