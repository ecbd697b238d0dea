"""Servers in processes of their own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import anyio

PROGRAM = """
import os, sys, time
from contextlib import asynccontextmanager
from typing import Any
import anyio
from mcpstruct import Context, MCPServer


def note(text: str) -> None:
    sys.stderr.write(f"noted: {text}\\n")
    sys.stderr.flush()


@asynccontextmanager
async def lifespan(server: Any) -> Any:
    note("up")
    try:
        yield "state"
    finally:
        note("down")


server = MCPServer("mine", "1", lifespan=lifespan)


@server.tool()
async def pid() -> int:
    return os.getpid()


@server.tool()
async def steps(ctx: Context[Any]) -> str:
    await ctx.report_progress(1, 2)
    await ctx.report_progress(2, 2)
    return "done"


@server.tool()
async def slow(seconds: float) -> str:
    note("begun")
    try:
        await anyio.sleep(seconds)
    except BaseException:
        note("stopped")
        raise
    return "finished"


@server.tool()
def stuck() -> str:
    note("begun")
    time.sleep(3600)
    return "finished"


@server.tool()
async def ask(ctx: Context[Any]) -> str:
    answer = await ctx.elicit("name?", {"type": "object", "properties": {"name": {"type": "string"}}}, key="who")
    again = await ctx.elicit("age?", {"type": "object", "properties": {"age": {"type": "string"}}}, key="age")
    return f"{answer.data} {again.data}"
"""
APP = PROGRAM + "\napp = server.http_app()\n"
SOON = 20.0
"""Seconds after which a process has failed that does not do what it should."""


class Process:
    """A process whose standard error is read as it comes."""

    def __init__(
        self, command: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> None:
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=cwd,
            env={**os.environ, **(env or {})},
        )  # fmt: skip
        self._lines: list[str] = []
        self._changed = threading.Condition()
        self._over = False
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._changed:
                self._lines.append(line.decode().rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._over = True
            self._changed.notify_all()

    @property
    def said(self) -> str:
        """Everything on standard error so far."""
        with self._changed:
            return "\n".join(self._lines)

    @property
    def noted(self) -> list[str]:
        """What the program of these tests noted."""
        return [line.removeprefix("noted: ") for line in self.said.splitlines() if line.startswith("noted: ")]

    def wait_for(self, text: str, times: int = 1) -> str:
        """The line on standard error that has a text in it, once there are so many."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or len(self._found(text)) >= times, SOON)
            found = self._found(text)
        assert len(found) >= times, self.said
        return found[times - 1]

    def _found(self, text: str) -> list[str]:
        return [line for line in self._lines if text in line]

    async def heard(self, text: str, times: int = 1) -> str:
        """The same, from within an event loop."""
        return await anyio.to_thread.run_sync(self.wait_for, text, times)

    async def ended(self, number: signal.Signals | None = None, seconds: float = SOON) -> tuple[int, float]:
        """Send a signal, or none; gives exit status and the seconds it took."""
        return await anyio.to_thread.run_sync(self.end, number, seconds)

    def end(self, number: signal.Signals | None = None, seconds: float = SOON) -> tuple[int, float]:
        """Send a signal, or none; gives exit status and the seconds it took."""
        started = time.monotonic()
        if number is not None:
            self.process.send_signal(number)
        status = self.process.wait(seconds)
        self._reader.join(seconds)
        return status, time.monotonic() - started

    def close(self) -> None:
        """Make sure that it is gone."""
        self.process.kill()
        self.process.wait()
        self._reader.join(SOON)
        assert self.process.stderr is not None
        self.process.stderr.close()


@contextmanager
def process(*command: str, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Iterator[Process]:
    """Run a command of Python's; `-m mcpstruct`, say."""
    running = Process([sys.executable, *command], env=env, cwd=cwd)
    try:
        yield running
    finally:
        running.close()


def listening(port: int, running: Process) -> str:
    """Wait until somebody listens at a port; gives the base URL."""
    end = time.monotonic() + SOON
    while time.monotonic() < end and running.process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return f"http://127.0.0.1:{port}"
        time.sleep(0.02)
    raise AssertionError(running.said)


def base_url(running: Process) -> str:
    """Wait for the line that says where a server is; gives the base URL."""
    return running.wait_for(" at http").rpartition(" at ")[2].rpartition("/")[0]
