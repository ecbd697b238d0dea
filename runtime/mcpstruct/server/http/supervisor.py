"""The parent of several workers: starts them, replaces those that die, and ends them."""

from __future__ import annotations

import logging
import multiprocessing
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from types import FrameType
from typing import Any

from .worker import NAME, Work, work

log = logging.getLogger("mcpstruct")
_PAUSE = 1.0
"""Seconds between two starts of a worker that keeps dying."""
_ENDING = (signal.SIGINT, signal.SIGTERM)


class _Worker:
    """A process, and whether it has come so far as to serve."""

    def __init__(self, number: int, task: Work, sockets: list[socket.socket]) -> None:
        spawn = multiprocessing.get_context("spawn")
        self.number = number
        self.started = time.monotonic()
        self.ready, sending = spawn.Pipe(duplex=False)
        self.process = spawn.Process(target=work, args=(task, sockets, sending), name=f"{NAME} {number}")
        try:
            self.process.start()
        finally:
            sending.close()

    @property
    def serves(self) -> bool:
        """Whether it takes requests, or has done so."""
        try:
            return self.ready.poll() and self.ready.recv() is None
        except EOFError:
            return False
