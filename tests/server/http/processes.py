"""Servers in processes of their own."""

from __future__ import annotations

import json
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
from typing import Any

import aiohttp
import anyio

from .conftest import COMMON, ENVELOPE, Raw

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

    def __init__(self, command: Sequence[str], env: Mapping[str, str], cwd: Path | None) -> None:
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=cwd,
            env={**os.environ, **env}, start_new_session=True,
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
        """Make sure that it is gone, and whatever it has started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._reader.join(SOON)
        assert self.process.stderr is not None
        self.process.stderr.close()


@contextmanager
def process(*command: str, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Iterator[Process]:
    """Run a command of Python's; `-m mcpstruct`, say."""
    running = Process([sys.executable, *command], env or {}, cwd)
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


# -- programs that serve themselves, and are served --------------------------------------------------------------------


def runs_itself(options: str = "") -> str:
    """A program that serves itself, with these options."""
    return PROGRAM + f"\nif __name__ == '__main__':\n    server.run('streamable-http', port=0, {options})\n"


@contextmanager
def program(folder: Path, text: str) -> Iterator[Process]:
    """Run a program."""
    file = folder / "program.py"
    file.write_text(text, encoding="utf-8")
    with process("-W", "error", str(file)) as running:
        yield running


@contextmanager
def command(folder: Path, *options: str, text: str = PROGRAM) -> Iterator[Process]:
    """Have the command line serve a program, at a free port unless the options say otherwise."""
    file = folder / "program.py"
    file.write_text(text, encoding="utf-8")
    start = ("-W", "error", "-m", "mcpstruct", "run", str(file), "--transport", "streamable-http", "--port", "0")
    with process(*start, *options) as running:
        yield running


# -- what is asked of them ---------------------------------------------------------------------------------------------


def message(method: str, **params: Any) -> tuple[bytes, dict[str, str]]:
    """The body and the headers of a modern request."""
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": ENVELOPE}}
    headers = {**COMMON, "mcp-protocol-version": "2026-07-28", "mcp-method": method}
    return json.dumps(body).encode(), headers | ({"mcp-name": params["name"]} if "name" in params else {})


def call(name: str, **arguments: Any) -> tuple[bytes, dict[str, str]]:
    """The body and the headers of a modern call."""
    return message("tools/call", name=name, arguments=arguments)


class Ended:
    """What came back so far, and by the time that a request was over."""

    def __init__(self) -> None:
        self.opened = anyio.Event()
        self.status: int | None = None
        self.body = b""
        self._more = anyio.Event()

    def add(self, part: bytes) -> None:
        self.body += part
        self._more.set()

    async def has(self, text: bytes) -> None:
        """Wait until something has come."""
        with anyio.fail_after(SOON):
            while text not in self.body:
                self._more = anyio.Event()
                await self._more.wait()


async def ask(client: Raw, sent: tuple[bytes, dict[str, str]], ended: Ended, verb: str = "POST") -> None:
    """Send a request, and read whatever comes, until no more does."""
    with suppress(aiohttp.ClientError):
        async with client.session.request(verb, client.url, data=sent[0] or None, headers=sent[1]) as answer:
            ended.status = answer.status
            ended.opened.set()
            async for part in answer.content.iter_any():
                ended.add(part)
