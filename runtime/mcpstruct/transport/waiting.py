"""Waiting, with a bound, for something to become true."""

from __future__ import annotations

from collections.abc import Callable

from mcpstruct.session.loop import Future, Loop


class Changes:
    """Where tasks wait until something holds, and whoever may have made it hold says so. Nothing polls."""

    __slots__ = ("_loop", "_waiting")

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._waiting: list[Future[None]] = []

    def announce(self) -> None:
        """Something changed: all who wait look again."""
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    async def until(self, holds: Callable[[], bool], seconds: float | None = None) -> bool:
        """Wait until `holds()`, for so many seconds at most; whether it does."""
        end = None if seconds is None else self._loop.time() + seconds
        while not holds():
            left = None if end is None else end - self._loop.time()
            if left is not None and left <= 0:
                return False
            await self._change(left)
        return True

    async def _change(self, seconds: float | None) -> None:
        waiter: Future[None] = self._loop.future()
        timer = None if seconds is None else self._loop.call_later(seconds, _wake, waiter)
        self._waiting.append(waiter)
        try:
            await waiter
        finally:
            self._waiting.remove(waiter)
            if timer is not None:
                timer.cancel()


def _wake(waiter: Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
