"""The tasks of one connection, by what they are for, so that each can be called off and none is left behind."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from typing import Any

from mcpstruct.session.loop import Cancellable, Loop
from mcpstruct.transport.waiting import Changes

log = logging.getLogger("mcpstruct")
_NAME = "mcpstruct HTTP"


class Jobs:
    """Tasks in progress."""

    __slots__ = ("_changes", "_jobs", "_loop", "_unbegun")

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._jobs: dict[Hashable, Cancellable] = {}
        self._unbegun: set[Hashable] = set()
        self._changes: Changes | None = None

    def start(self, key: Hashable, work: Callable[..., Awaitable[None]], *args: Any) -> None:
        """Run an async function in a task of its own. One of the same key is called off."""
        self.cancel(key)
        own: list[object] = []
        self.take(key, self._run, key, own, work, args)
        own.append(self._jobs[key])

    def take(self, key: Hashable, work: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> None:
        """Run an async function which raises nothing, calls `begun` first, and `over` in the end: a hot path."""
        self._unbegun.add(key)
        self._jobs[key] = self._loop.start(work, args, _NAME)

    async def _run(
        self, key: Hashable, own: list[object], work: Callable[..., Awaitable[None]], args: tuple[Any, ...]
    ) -> None:
        self.begun(key)
        try:
            await work(*args)
        except Exception:
            log.exception("A task of an HTTP connection failed")
        finally:
            if self._jobs.get(key) in own:
                self.over(key)

    def begun(self, key: Hashable) -> None:
        """A task has begun."""
        self._unbegun.discard(key)

    def over(self, key: Hashable) -> None:
        """A task has ended."""
        self._jobs.pop(key, None)
        if self._changes is not None:
            self._changes.announce()

    def cancel(self, key: Hashable) -> None:
        """Call a task off, if it is in progress."""
        task = self._jobs.get(key)
        if task is None:
            return
        task.cancel()
        if key in self._unbegun:  # on asyncio it never will, and can't say that it is over
            self._unbegun.discard(key)
            self.over(key)

    async def finish(self, seconds: float) -> bool:
        """Wait for all tasks, so long at most; whether they have ended."""
        if self._changes is None:
            self._changes = Changes(self._loop)
        return await self._changes.until(lambda: not self._jobs, seconds)

    def cancel_all(self, but: Callable[[Hashable], bool] = lambda key: False) -> None:
        """Call off whatever is in progress, but for some."""
        for key in list(self._jobs):
            if not but(key):
                self.cancel(key)
