"""The tasks of one connection, by what they are for, so that each can be called off and none is left behind."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Hashable
from typing import Any

from mcpstruct.session.loop import Cancellable, Loop
from mcpstruct.transport.waiting import Changes

log = logging.getLogger("mcpstruct")


class _Job:
    __slots__ = ("begun", "task")

    def __init__(self) -> None:
        self.begun = False
        self.task: Cancellable | None = None


class Jobs:
    """Tasks in progress."""

    __slots__ = ("_changes", "_jobs", "_loop")

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._jobs: dict[Hashable, _Job] = {}
        self._changes: Changes | None = None

    def start(self, key: Hashable, work: Callable[..., Awaitable[None]], *args: Any) -> None:
        """Run an async function in a task of its own."""
        job = self._jobs[key] = _Job()
        job.task = self._loop.start(self._run(key, job, work, args), "mcpstruct HTTP")

    async def _run(self, key: Hashable, job: _Job, work: Callable[..., Awaitable[None]], args: tuple[Any, ...]) -> None:
        job.begun = True
        try:
            await work(*args)
        except Exception:
            log.exception("A task of an HTTP connection failed")
        finally:
            self._over(key, job)

    def _over(self, key: Hashable, job: _Job) -> None:
        if self._jobs.get(key) is job:
            del self._jobs[key]
        if self._changes is not None:
            self._changes.announce()

    def cancel(self, key: Hashable) -> None:
        """Call a task off, if it is in progress."""
        job = self._jobs.get(key)
        if job is None or job.task is None:
            return
        job.task.cancel()
        if not job.begun:  # and, on asyncio, never will
            self._over(key, job)

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
