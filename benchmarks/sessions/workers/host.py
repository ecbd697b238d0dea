"""What every contestant's process does: open an operation when it is first asked for, and time repetitions of it.

Orders, beside `hello`:

- `{"do": "operations", "group": ...}` answers with the names of those that this contestant can do;
- `{"do": "time", "operation": ..., "repetitions": n}` answers with `wall_ns` and `cpu_ns` of all n together, the
  latter of this process and of its children, or with the figures that the operation read off.

All sessions are opened, used and closed by one task, which their libraries want; the event loop stands still between
two orders. Garbage collection is left as it is.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import Any, TypeAlias

from benchmarks.sessions.operations import OPERATION
from benchmarks.workers.orders import answer_orders

__all__ = ["Figures", "Opener", "Operations", "Repeat", "children", "cpu_ns", "serve"]

Figures: TypeAlias = dict[str, float]
Repeat: TypeAlias = Callable[[int], Awaitable[Figures | None]]
"""Does the operation so many times; answers with figures of its own, if it has any."""
Opener: TypeAlias = Callable[[], AbstractAsyncContextManager[Repeat]]
Operations: TypeAlias = Mapping[str, Opener]

_PATIENCE = 300.0
"""Seconds that one order may take, so that a contestant that hangs is found out."""
_CLOCK_OF_PROCESS = 2
"""Linux numbers the CPU clock of a process by its id and this, which says: in nanoseconds, all threads together."""


def children() -> list[int]:
    """The ids of the processes that descend from this one."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue  # it ended meanwhile
            parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    found = [os.getpid()]
    for parent in found:
        found += [child for child, its in parents.items() if its == parent]
    return found[1:]


def cpu_ns(pids: list[int]) -> int:
    """CPU time of this process and of these, all threads, user and system."""
    return time.process_time_ns() + sum(time.clock_gettime_ns((~pid << 3) | _CLOCK_OF_PROCESS) for pid in pids)


async def _measure(repeat: Repeat, repetitions: int, *, gauge: bool) -> dict[str, Any]:
    pids = [] if gauge else children()
    cpu, wall = cpu_ns(pids), time.perf_counter_ns()
    figures = await repeat(repetitions)
    wall_ns, spent = time.perf_counter_ns() - wall, cpu_ns(pids) - cpu
    return dict(figures or {}) if gauge else {"wall_ns": wall_ns, "cpu_ns": spent, **(figures or {})}


class _Host:
    """The one task that all sessions live in."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._orders: asyncio.Queue[tuple[dict[str, Any], asyncio.Future[dict[str, Any]]] | None] = asyncio.Queue()

    async def run(self) -> None:
        async with AsyncExitStack() as stack:
            opened: dict[str, Repeat] = {}
            while (item := await self._orders.get()) is not None:
                order, answer = item
                try:
                    answer.set_result(await self._carry_out(order, opened, stack))
                except Exception as failure:
                    answer.set_exception(failure)

    async def _carry_out(
        self, order: dict[str, Any], opened: dict[str, Repeat], stack: AsyncExitStack
    ) -> dict[str, Any]:
        name = order["operation"]
        async with asyncio.timeout(_PATIENCE):
            if name not in opened:
                opened[name] = await stack.enter_async_context(self._operations[name]())
            return await _measure(opened[name], order["repetitions"], gauge=OPERATION[name].gauge)

    def ask(self, loop: asyncio.AbstractEventLoop, order: dict[str, Any], task: asyncio.Task[None]) -> dict[str, Any]:
        """Hand an order to the task and let the loop run until it is done."""
        answer: asyncio.Future[dict[str, Any]] = loop.create_future()
        self._orders.put_nowait((order, answer))
        loop.run_until_complete(asyncio.wait({answer, task}, return_when=asyncio.FIRST_COMPLETED))
        if not answer.done():
            task.result()  # it ended: this says why
        return answer.result()

    def finish(self) -> None:
        """Close everything, once the orders given so far are carried out."""
        self._orders.put_nowait(None)


def serve(operations: Operations, *packages: str, uvloop: bool = False) -> None:
    """Answer orders until the pipe closes; `packages` are the distributions whose versions matter."""
    factory = None
    if uvloop:
        import uvloop as fast

        factory = fast.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        loop, host = runner.get_loop(), _Host(operations)
        task = loop.create_task(host.run())

        def carry_out(order: dict[str, Any]) -> dict[str, Any]:
            if order["do"] == "operations":
                return {"operations": [name for name in operations if OPERATION[name].group == order["group"]]}
            return host.ask(loop, order, task)

        answer_orders(carry_out, *packages)
        host.finish()
        loop.run_until_complete(task)
