"""A receiver that remembers, and servers to talk to."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from mcpstruct.base.errors import ProtocolViolation
from mcpstruct.session.loop import current_loop
from mcpstruct.transport.base import Target, Transport
from mcpstruct.transport.stdio import StdioServer
from mcpstruct.transport.waiting import Changes

HERE = Path(__file__).parent
ECHO = str(HERE / "echo_server.py")
MODERATE = 5.0
"""Seconds after which a test has failed that waits for anything."""


class Recorder:
    """Remembers what a transport tells."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.violations: list[ProtocolViolation] = []
        self.losses: list[Exception | None] = []
        self.on_message: Callable[[bytes], object] = lambda data: None
        self._changes = Changes(current_loop())

    def received(self, data: bytes) -> None:
        self.messages.append(data)
        self.on_message(data)
        self._changes.announce()

    def refused(self, violation: ProtocolViolation) -> None:
        self.violations.append(violation)
        self._changes.announce()

    def lost(self, error: Exception | None) -> None:
        self.losses.append(error)
        self._changes.announce()

    async def until(self, holds: Callable[[], object], seconds: float = MODERATE) -> None:
        """Wait until something holds of what was told."""
        assert await self._changes.until(lambda: bool(holds()), seconds), (
            f"{len(self.messages)} messages, violations {self.violations}, losses {self.losses}"
        )

    async def count(self, messages: int, seconds: float = MODERATE) -> list[bytes]:
        """Wait for so many messages."""
        await self.until(lambda: len(self.messages) >= messages, seconds)
        return self.messages

    async def loss(self, seconds: float = MODERATE) -> Exception | None:
        """Wait for the end."""
        await self.until(lambda: self.losses, seconds)
        assert len(self.losses) == 1
        return self.losses[0]


def python(code: str, *args: str, **options: Any) -> StdioServer:
    """A server in a few lines of Python, which starts faster without its site."""
    return StdioServer(sys.executable, ["-IS", "-c", code, *args], **options)


def echo(*args: str, **options: Any) -> StdioServer:
    """The server that sends back what it gets."""
    return StdioServer(sys.executable, ["-IS", ECHO, *args], **options)


@asynccontextmanager
async def connected(target: Target) -> AsyncIterator[tuple[Transport, Recorder]]:
    """A transport that is open, and closed at the end."""
    transport, recorder = target.transport(), Recorder()
    await transport.open(recorder)
    try:
        yield transport, recorder
    finally:
        await transport.aclose()


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    with suppress(OSError):
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    return not Path("/proc/self").exists()


def end(pid: int) -> None:
    """Make sure that a process does not outlive its test."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def gone(pid: int, seconds: float = MODERATE) -> None:
    """Wait for the end of a process that is nobody's child here, and fail if it lives on."""
    try:
        until = time.monotonic() + seconds
        while alive(pid) and time.monotonic() < until:
            time.sleep(0.01)
        assert not alive(pid)
    finally:
        end(pid)
