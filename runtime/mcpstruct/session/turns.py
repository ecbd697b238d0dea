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


class Guest(Struct, eq=False):
    """A job for a task that is there already, and waits for nothing else: a third of what a turn costs."""

    work: Work
    args: tuple[Any, ...]
    _begun: bool = False
    _cancellations: int = 0
    _task: asyncio.Task[Any] | None = None
    _context: Any = None
    _steps: Any = None
    _awaited: Any = _ENDED

    def cancel(self) -> None:
        """Stop it; what has not begun never does."""
        self._cancellations += 1
        self.args = ()  # which may hold who holds this
        if self._begun and (task := self._task or asyncio.current_task()) is not None:
            task.cancel()  # before it first waits, only what it calls itself can get here

    def begin(self) -> bool:
        """Do what needs no waiting; whether that is all."""
        if not self._cancellations:
            self._begun = True
            self._context = copy_context()
            self._steps = self.work(*self.args).__await__()
            try:
                self._awaited = self._context.run(next, self._steps, _ENDED)
            except asyncio.CancelledError:  # its own: nobody can have cancelled the task
                return not self._cancellations
        return self._awaited is _ENDED and not self._cancellations

    async def rest(self) -> None:
        """Do the rest, here. Raises nothing, unless the task itself is cancelled."""
        task = self._task = asyncio.current_task()
        if task is None:
            raise RuntimeError("not in a task")
        others = task.cancelling() - self._delivered
        try:
            if self._awaited is not _ENDED:
                await _rest(self._steps, self._context, self._awaited)
            if self._cancellations:
                await asyncio.sleep(0)  # for one that is still on its way
        except asyncio.CancelledError:
            pass
        for _ in range(self._delivered):
            task.uncancel()
        if task.cancelling() > others:
            raise asyncio.CancelledError

    @property
    def _delivered(self) -> int:
        """How often the task was cancelled on its behalf."""
        return self._cancellations if self._begun else 0


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
