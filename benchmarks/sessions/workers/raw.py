"""The limits, with no protocol in them: lines echoed through a pipe, and a task for every call.

`stdio_64` and `stdio_sequential` are a pipe's: a child sends every line back as it came. Both ends read what is there,
split it into lines and write each with a call of its own, by way of the event loop's pipe transports. No JSON, no ids,
nobody waits for a particular answer. The others go past the transports: with `descriptors`, every line is read and
written by the descriptor itself; with `batched`, all that came together go back together; with `calls`, callers wait
for theirs, each on a future, and the child has a task for every line: what any session has to do, were messages free.

`memory_lowlevel` is the event loop's: a task for every call of a function that gives its argument back.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import IO

from benchmarks.sessions.operations import OPERATION, SMALL_TEXT
from benchmarks.sessions.workers.host import Figures, Repeat, serve

_LINE = b'{"text":"' + SMALL_TEXT.ljust(138).encode() + b'"}\n'
"""150 bytes."""
_CHUNK = 65_536
_BATCHED = "batched" in sys.argv
_CALLS = "calls" in sys.argv
_DESCRIPTORS = "descriptors" in sys.argv or _BATCHED or _CALLS
_UVLOOP = "uvloop" in sys.argv


class Lines(asyncio.Protocol):
    """Hands each line that comes from a pipe to `received`; writes lines to another, by the loop's transports."""

    def __init__(self, received: Callable[[bytes], None]) -> None:
        self._received = received
        self._rest = b""
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def open(self, read: IO[bytes], write: IO[bytes]) -> None:
        """Begin."""
        loop = asyncio.get_running_loop()
        self._out, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, write)
        self._in, _ = await loop.connect_read_pipe(lambda: self, read)

    def send(self, line: bytes) -> None:
        """Write a line at once. 64 lines always fit into a pipe."""
        self._out.write(line)

    def flush(self) -> None:
        """Write what was held back."""

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            self._received(line + b"\n")
        self.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        if not self.ended.done():
            self.ended.set_result(None)

    async def aclose(self) -> None:
        """Read and write no more."""
        self._out.close()
        self._in.close()
        await self.ended


class Descriptors(Lines):
    """The same without transports; with `batched`, what belongs together is written together."""

    async def open(self, read: IO[bytes], write: IO[bytes]) -> None:
        """Begin."""
        self._read, self._write = read.fileno(), write.fileno()
        self._held: list[bytes] = []
        os.set_blocking(self._read, False)
        asyncio.get_running_loop().add_reader(self._read, self._readable)

    def send(self, line: bytes) -> None:
        """Write a line at once or, batched, with those that follow."""
        if _BATCHED:
            self._held.append(line)
        else:
            os.write(self._write, line)

    def flush(self) -> None:
        """Write what was held back."""
        if self._held:
            os.write(self._write, b"".join(self._held))
            self._held.clear()

    def _readable(self) -> None:
        chunk = os.read(self._read, _CHUNK)
        if chunk:
            self.data_received(chunk)
        else:
            self._stop()

    def _stop(self) -> None:
        asyncio.get_running_loop().remove_reader(self._read)
        self.connection_lost(None)

    async def aclose(self) -> None:
        """Read no more."""
        self._stop()


def _lines(received: Callable[[bytes], None]) -> Lines:
    return (Descriptors if _DESCRIPTORS else Lines)(received)


async def _echo() -> None:
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()

    async def answer(line: bytes) -> None:
        lines.send(line)

    def received(line: bytes) -> None:
        if not _CALLS:
            lines.send(line)
            return
        task = loop.create_task(answer(line))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    lines = _lines(received)
    await lines.open(sys.stdin.buffer, sys.stdout.buffer)
    await lines.ended


class _Caller:
    """Keeps `width` lines on their way until all are back."""

    def __init__(self, width: int, *, timed: bool) -> None:
        self._width, self._timed = width, timed
        self._to_send = self._to_come = self._since = 0
        self._took: list[int] = []
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.lines = _lines(self._received)

    def _send(self) -> None:
        self._to_send -= 1
        if self._timed:
            self._since = time.perf_counter_ns()
        self.lines.send(_LINE)

    def _received(self, line: bytes) -> None:
        if self._timed:
            self._took.append(time.perf_counter_ns() - self._since)
        if len(line) != len(_LINE):
            raise AssertionError("another line came back")
        self._to_come -= 1
        if self._to_send:
            self._send()
        elif not self._to_come:
            self._done.set_result(None)

    async def repeat(self, repetitions: int) -> Figures:
        """`repetitions` times as many lines as are on their way at once."""
        self._done = asyncio.get_running_loop().create_future()
        self._took.clear()
        self._to_send = self._to_come = repetitions * self._width
        for _ in range(self._width):
            self._send()
        self.lines.flush()
        await self._done
        return {"p50_ns": statistics.median(self._took)} if self._timed else {}


class _Callers:
    """`width` callers, each of which sends a line as soon as it has the last one back, and waits on a future."""

    def __init__(self, width: int, *, timed: bool) -> None:
        self._width, self._timed = width, timed
        self._waiting: deque[asyncio.Future[bytes]] = deque()
        self._took: list[int] = []
        self.lines = _lines(self._received)

    def _received(self, line: bytes) -> None:
        self._waiting.popleft().set_result(line)

    async def _call(self, times: int) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(times):
            since = time.perf_counter_ns()
            answer: asyncio.Future[bytes] = loop.create_future()
            self._waiting.append(answer)
            self.lines.send(_LINE)
            await answer
            if self._timed:
                self._took.append(time.perf_counter_ns() - since)

    async def repeat(self, repetitions: int) -> Figures:
        """`repetitions` lines of each caller."""
        self._took.clear()
        await asyncio.gather(*(self._call(repetitions) for _ in range(self._width)))
        return {"p50_ns": statistics.median(self._took)} if self._timed else {}


@asynccontextmanager
async def _pipe(width: int, *, timed: bool) -> AsyncGenerator[Repeat]:
    command = [sys.executable, "-m", "benchmarks.sessions.workers.raw", "echo", *sys.argv[1:]]
    # asyncio would put its own streams over the pipes, which cost nearly as much again.
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: ASYNC220
    with child:
        if child.stdin is None or child.stdout is None:
            raise AssertionError("pipes were asked for")
        caller = (_Callers if _CALLS else _Caller)(width, timed=timed)
        await caller.lines.open(child.stdout, child.stdin)
        yield caller.repeat
        await caller.lines.aclose()


async def _give_back(text: str) -> str:
    return text


@asynccontextmanager
async def _task_per_call() -> AsyncGenerator[Repeat]:
    loop = asyncio.get_running_loop()

    async def repeat(repetitions: int) -> None:
        for _ in range(repetitions):
            await loop.create_task(_give_back(SMALL_TEXT))

    yield repeat


def _run_echo() -> None:
    factory = None
    if _UVLOOP:
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(_echo())


if __name__ == "__main__":
    if "echo" in sys.argv:
        _run_echo()
    elif "task" in sys.argv:
        serve({"memory_lowlevel": _task_per_call})
    else:
        at_once = partial(_pipe, OPERATION["stdio_64"].units, timed=False)
        one_by_one = partial(_pipe, 1, timed=True)
        packages = ("uvloop",) if _UVLOOP else ()
        serve({"stdio_64": at_once, "stdio_sequential": one_by_one}, *packages, uvloop=_UVLOOP)
