"""The operations, written once over what each contestant offers: `Adapter`."""

from __future__ import annotations

import asyncio
import gc
import statistics
import time
import tracemalloc
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from benchmarks.sessions.operations import OPERATION, SMALL_TEXT
from benchmarks.sessions.workers.host import Figures, Opener, Operations, Repeat, children, cpu_ns
from benchmarks.sessions.workers.tallies import Tally

__all__ = ["Adapter", "Connect", "Session", "operations"]

ANSWER = "Ada"
"""What the client fills into the form."""


@dataclass(slots=True)
class Session:
    """A client's end of a session with a server that has the tools of `tools.md`."""

    call: Callable[[str, dict[str, Any]], Awaitable[Any]]
    text: Callable[[Any], str]
    """The text of a result."""
    logs: Tally = field(default_factory=Tally)
    """Counts the log notifications that the client's callback got."""


Connect: TypeAlias = Callable[[], AbstractAsyncContextManager[Session]]
Change: TypeAlias = Callable[[], Awaitable[None]]
"""Change a resource once, and return when every subscriber's client knows."""


@dataclass(slots=True)
class Adapter:
    """What a contestant offers; whatever is left out takes no part."""

    lowlevel: Connect | None = None
    """In memory, a handler of the low-level server: `echo` alone."""
    memory: Connect | None = None
    """In memory, with decorated tools."""
    stdio: Connect | None = None
    """The same server in a process of its own."""
    subscribers: Callable[[int], AbstractAsyncContextManager[Change]] | None = None
    """So many sessions in memory, each with a subscription to the same resource."""


async def _check(session: Session, tool: str, arguments: dict[str, Any], wanted: str) -> None:
    if session.text(await session.call(tool, arguments)) != wanted:
        raise AssertionError(f"{tool} gives another answer than it should")


@asynccontextmanager
async def _echo(connect: Connect, text: str, tool: str = "echo") -> AsyncGenerator[Repeat]:
    async with connect() as session:
        await _check(session, tool, {"text": text}, text)

        async def repeat(repetitions: int) -> None:
            for _ in range(repetitions):
                await session.call(tool, {"text": text})

        yield repeat


@asynccontextmanager
async def _sequential(connect: Connect) -> AsyncGenerator[Repeat]:
    async with connect() as session:
        await _check(session, "echo", {"text": SMALL_TEXT}, SMALL_TEXT)

        async def repeat(repetitions: int) -> Figures:
            took: list[int] = []
            for _ in range(repetitions):
                begin = time.perf_counter_ns()
                await session.call("echo", {"text": SMALL_TEXT})
                took.append(time.perf_counter_ns() - begin)
            return {"p50_ns": statistics.median(took)}

        yield repeat


@asynccontextmanager
async def _concurrent(connect: Connect, width: int) -> AsyncGenerator[Repeat]:
    """`width` callers, each of which calls again as soon as it has its answer."""
    async with connect() as session:
        await _check(session, "echo", {"text": SMALL_TEXT}, SMALL_TEXT)

        async def caller(calls: int) -> None:
            for _ in range(calls):
                await session.call("echo", {"text": SMALL_TEXT})

        async def repeat(repetitions: int) -> None:
            await asyncio.gather(*(caller(repetitions) for _ in range(width)))

        yield repeat


@asynccontextmanager
async def _in_flight(connect: Connect, count: int) -> AsyncGenerator[Repeat]:
    async with connect() as session:
        await _check(session, "hold", {"count": 1}, "1")

        async def repeat(repetitions: int) -> None:
            for _ in range(repetitions):
                await asyncio.gather(*(session.call("hold", {"count": count}) for _ in range(count)))

        yield repeat


@asynccontextmanager
async def _result(connect: Connect, size: int) -> AsyncGenerator[Repeat]:
    async with connect() as session:
        await _check(session, "blob", {"size": size}, "x" * size)

        async def repeat(repetitions: int) -> None:
            for _ in range(repetitions):
                await session.call("blob", {"size": size})

        yield repeat


@asynccontextmanager
async def _log_flood(connect: Connect, count: int) -> AsyncGenerator[Repeat]:
    async with connect() as session:

        async def repeat(repetitions: int) -> None:
            for _ in range(repetitions):
                goal = session.logs.count + count
                await session.call("flood", {"count": count})
                await session.logs.reach(goal)

        await repeat(1)
        yield repeat


@asynccontextmanager
async def _elicitation(connect: Connect) -> AsyncGenerator[Repeat]:
    async with connect() as session:
        await _check(session, "ask", {}, ANSWER)

        async def repeat(repetitions: int) -> None:
            for _ in range(repetitions):
                await session.call("ask", {})

        yield repeat


@asynccontextmanager
async def _change(
    subscribers: Callable[[int], AbstractAsyncContextManager[Change]], count: int
) -> AsyncGenerator[Repeat]:
    async with subscribers(count) as change:
        await change()

        async def repeat(repetitions: int) -> None:
            for _ in range(repetitions):
                await change()

        yield repeat


@asynccontextmanager
async def _held(connect: Connect, count: int) -> AsyncGenerator[Repeat]:
    """Memory and tasks of `count` sessions that stay open, each after one call."""

    async def repeat(_: int) -> Figures:
        async with AsyncExitStack() as stack:
            await _open(connect, stack)  # what only the first one needs
            gc.collect()
            tasks, begin = len(asyncio.all_tasks()), tracemalloc.get_traced_memory()[0]
            for _ in range(count):
                await _open(connect, stack)
            for _ in range(20):
                await asyncio.sleep(0)  # let what a call left behind run out
            gc.collect()
            held = tracemalloc.get_traced_memory()[0] - begin
            return {"kib": held / 1024 / count, "tasks": (len(asyncio.all_tasks()) - tasks) / count}

    async def traced(repetitions: int) -> Figures:
        tracemalloc.start()
        try:
            return await repeat(repetitions)
        finally:
            tracemalloc.stop()

    yield traced


async def _open(connect: Connect, stack: AsyncExitStack) -> None:
    session = await stack.enter_async_context(connect())
    await _check(session, "echo", {"text": SMALL_TEXT}, SMALL_TEXT)


def _memory_of(pids: list[int]) -> Figures:
    """Resident and peak MiB of the largest of these, the server, and what the others add: shells that wait."""
    found: list[tuple[float, float]] = []
    for pid in pids:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        rows = dict(line.split(":", 1) for line in status.splitlines())
        found.append((int(rows["VmRSS"].split()[0]) / 1024, int(rows["VmHWM"].split()[0]) / 1024))
    resident, peak = max(found)
    return {"rss_mib": resident, "peak_mib": peak, "helpers_mib": sum(each for each, _ in found) - resident}


@asynccontextmanager
async def _idle(connect: Connect) -> AsyncGenerator[Repeat]:
    """A server started, called once and looked at: memory, and what the start took."""

    async def repeat(_: int) -> Figures:
        before = set(children())
        begin = time.perf_counter_ns()
        async with connect() as session:
            await _check(session, "echo", {"text": SMALL_TEXT}, SMALL_TEXT)
            took = time.perf_counter_ns() - begin
            pids = [pid for pid in children() if pid not in before]
            server_cpu = cpu_ns(pids) - cpu_ns([])
            return {"start_ms": took / 1e6, "server_cpu_ms": server_cpu / 1e6, **_memory_of(pids)}

    yield repeat


def operations(adapter: Adapter) -> Operations:
    """Every operation that the adapter can do."""
    megabyte = "x" * 1_000_000
    found: dict[str, Opener] = {}
    if (lowlevel := adapter.lowlevel) is not None:
        found["memory_lowlevel"] = partial(_echo, lowlevel, SMALL_TEXT)
        found["memory_lowlevel_1mb"] = partial(_echo, lowlevel, megabyte)
    if (memory := adapter.memory) is not None:
        found["memory_server"] = partial(_echo, memory, SMALL_TEXT)
        found["memory_structured"] = partial(_echo, memory, SMALL_TEXT, "echo_structured")
        found["memory_server_1mb"] = partial(_echo, memory, megabyte)
        found |= _features(memory, "")
        found |= {
            name: partial(_in_flight, memory, OPERATION[name].units) for name in ("in_flight_1", "in_flight_10000")
        }
        found["memory_held"] = partial(_held, memory, OPERATION["memory_held"].units)
    if (stdio := adapter.stdio) is not None:
        found["stdio_sequential"] = partial(_sequential, stdio)
        found["stdio_64"] = partial(_concurrent, stdio, OPERATION["stdio_64"].units)
        sizes = ("stdio_100kb", "stdio_1mb", "stdio_10mb")
        found |= {name: partial(_result, stdio, OPERATION[name].units * 1_000) for name in sizes}
        found |= _features(stdio, "_stdio")
        found["stdio_idle"] = partial(_idle, stdio)
    if (subscribers := adapter.subscribers) is not None:
        found["subscribers_1000"] = partial(_change, subscribers, OPERATION["subscribers_1000"].units)
    return found


def _features(connect: Connect, suffix: str) -> Mapping[str, Opener]:
    flood = f"log_flood{suffix}"
    return {
        flood: partial(_log_flood, connect, OPERATION[flood].units),
        f"elicitation{suffix}": partial(_elicitation, connect),
    }
