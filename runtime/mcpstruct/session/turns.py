"""Tasks of asyncio's for what is to be done, but one for all that is done without waiting.

A task costs a sixth of what a server spends on a small request, and most handlers never wait. So what comes together is
begun by one task, one after the other. Whatever waits for something keeps that task, as if it were its own from the
start; what is left then gets a task each. Each has its own context variables either way.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, copy_context
from types import coroutine
from typing import Any, TypeAlias

from msgspec import Struct

Work: TypeAlias = Callable[..., Coroutine[Any, Any, None]]
_ENDED = object()


class Job(Struct, eq=False):
    """Something to be done, begun or not."""

    work: Work
    args: tuple[Any, ...]
    name: str
    context: Context
    task: asyncio.Task[None] | None = None
    """The task that it runs in, once it has begun."""
    called_off: bool = False

    def cancel(self) -> None:
        """Stop it; what has not begun never does."""
        self.called_off = True
        if self.task is None:
            self.args = ()  # which may hold who holds this
        else:
            self.task.cancel()


class Turns:
    """The jobs of one event loop."""

    __slots__ = ("_jobs", "_running", "_task")

    def __init__(self, running: asyncio.AbstractEventLoop) -> None:
        self._running = running
        self._jobs: deque[Job] = deque()
        self._task: asyncio.Task[None] | None = None

    def start(self, work: Work, args: tuple[Any, ...], name: str) -> Job:
        """Begin in the next turn of the loop. `work` raises nothing, unless it is cancelled."""
        job = Job(work, args, name, copy_context())
        self._jobs.append(job)
        if self._task is None or self._task.done():  # it is done with jobs left where somebody cancelled it
            if self._running.get_task_factory() is None:
                # What `create_task` does then, 0.2 µs cheaper; as long again does asyncio take to make up a name.
                self._task = asyncio.Task(self._begin_all(), loop=self._running, name="mcpstruct")
            else:
                self._part()  # who made the factory wants to see them all
        return job

    async def _begin_all(self) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("not in a task")
        while self._jobs:
            job = self._jobs.popleft()
            if job.called_off:
                continue
            job.task = task
            steps = job.work(*job.args).__await__()
            try:
                # `send` would raise StopIteration at the end, which takes as long as all else here.
                awaited = job.context.run(next, steps, _ENDED)
            except BaseException:
                self._part()
                raise
            if awaited is _ENDED and not task.cancelling():
                continue
            self._part()
            if awaited is not _ENDED:  # else it was cancelled too late, which is not for the others
                await _rest(steps, job.context, awaited)
            return

    def _part(self) -> None:
        """Leave the task to the job that runs in it. Those left get a task each: they will probably wait as well."""
        self._task = None
        while self._jobs:
            job = self._jobs.popleft()
            if not job.called_off:
                job.task = self._running.create_task(job.work(*job.args), name=job.name, context=job.context)
                if job.called_off:  # meanwhile, by itself: some factories begin at once
                    job.task.cancel()


@coroutine
def _rest(steps: Generator[Any, Any, None], context: Context, awaited: Any) -> Generator[Any, Any, None]:
    """A coroutine from where it first waits: what `yield from` does, in a context of its own."""
    try:
        while True:
            try:
                yield awaited
            except BaseException as error:
                awaited = context.run(steps.throw, error)
            else:
                awaited = context.run(steps.send, None)
    except StopIteration:
        return
