"""Small things to wait with that the ends of a session need."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar

__all__ = ["Gate", "Tally", "crowd"]

T = TypeVar("T")


class Gate:
    """Lets nobody through before a given number is waiting."""

    def __init__(self) -> None:
        self._waiting = 0
        self._opened = asyncio.Event()

    async def pass_with(self, count: int) -> None:
        """Wait until `count` are here, this one included."""
        self._waiting += 1
        opened = self._opened
        if self._waiting == count:
            self._waiting, self._opened = 0, asyncio.Event()
            opened.set()
        else:
            await opened.wait()


class Tally:
    """Counts what comes in, and wakes whoever waits for a number."""

    def __init__(self) -> None:
        self.count = 0
        self._goal = 0
        self._reached: asyncio.Future[None] | None = None

    def add(self) -> None:
        """One more."""
        self.count += 1
        if self._reached is not None and self.count >= self._goal:
            self._reached.set_result(None)
            self._reached = None

    async def reach(self, goal: int) -> None:
        """Wait until `goal` were counted in all; one waiter at a time."""
        if self.count < goal:
            self._goal = goal
            self._reached = asyncio.get_running_loop().create_future()
            await self._reached


@asynccontextmanager
async def crowd(count: int, connect: Callable[[], AbstractAsyncContextManager[T]]) -> AsyncGenerator[list[T]]:
    """`count` contexts at once, each entered and left by a task of its own, as those of many users are."""
    leave = asyncio.Event()

    async def hold(entered: asyncio.Future[T]) -> None:
        async with connect() as value:
            entered.set_result(value)
            await leave.wait()

    async with asyncio.TaskGroup() as group:
        try:
            values: list[T] = []
            for _ in range(count):
                entered: asyncio.Future[T] = asyncio.get_running_loop().create_future()
                group.create_task(hold(entered))
                values.append(await entered)
            yield values
        finally:
            leave.set()
