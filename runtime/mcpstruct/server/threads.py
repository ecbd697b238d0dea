"""A pool of threads for tools that are plain functions and may block.

Threads start when there is work for them, are reused last in, first out, and end when they have been idle for a while.
They are daemons: a function that never returns keeps no process from ending. Nobody can stop a function from outside,
so a job that is called off loses its future only; its thread is free when the function returns, and what it returns
then is dropped. A function may ask `current_job().cancelled`.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Generator
from contextlib import suppress
from contextvars import Context
from functools import partial
from typing import Any, Generic, ParamSpec, TypeVar

from mcpstruct.base.errors import McpError, RequestCancelled
from mcpstruct.session.loop import Future, Loop

P = ParamSpec("P")
R = TypeVar("R")


class PoolFull(McpError):
    """Every thread is busy and as many jobs wait as may, or the system gives no more threads."""

    retryable = True


class JobAborted(RuntimeError):
    """A function left by an exception that would end a program or a task, such as `SystemExit`: its `__cause__`."""


class _Running(threading.local):
    job: Job[Any] | None = None


_running = _Running()


def current_job() -> Job[Any] | None:
    """The job that this thread is running; None outside of a pool."""
    return _running.job


class Job(Generic[R]):
    """A function on its way through a pool. Awaiting it gives what the function returns, or raises what it raises.

    Whoever awaits it and is cancelled calls it off. It belongs to the event loop it was submitted on: await and cancel
    it there; `cancelled` may be read by any thread.
    """

    def __init__(self, loop: Loop, call: Callable[[], R], forget: Callable[[Job[Any]], None]) -> None:
        self.cancelled = False
        """Whether nobody waits for the result any more."""
        self.done = False
        """Whether the result or the error has arrived."""
        self._loop = loop
        self._future: Future[R] = loop.future()
        self._call = call
        self._forget = forget
        self._awaited = False
        self._result: Any = None
        self._error: BaseException | None = None

    def cancel(self) -> None:
        """Call it off, unless it is done: waiting in the queue, it leaves it; running, it learns of it.

        Who awaits it gets `RequestCancelled`.
        """
        if self.done or self.cancelled:
            return
        self.cancelled = True
        self._forget(self)
        if self._awaited and not self._future.done():
            self._future.set_exception(_called_off())

    def __await__(self) -> Generator[Any, Any, R]:
        if self.cancelled:
            raise _called_off()
        self._awaited = True
        try:
            return (yield from self._future.__await__())
        finally:
            self._awaited = False
            self.cancel()
            del self  # or an error's traceback would hold the job, whose future holds the error

    def run(self) -> None:
        """The pool's part: call the function, unless the job is called off. Raises nothing."""
        if self.cancelled:
            return
        _running.job = self
        try:
            self._result = self._call()
        except BaseException as error:
            self._error = _presentable(error)
        finally:
            _running.job = None
            del self  # as above

    def deliver(self) -> None:
        """The pool's part: have the event loop take the result, if it has not ended in the meantime."""
        if self.cancelled:
            return
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._resolve)

    def _resolve(self) -> None:
        result, error = self._result, self._error
        self._result = self._error = None
        if self.cancelled or self._future.done():
            return
        self.done = True
        if error is None:
            self._future.set_result(result)
        else:
            self._future.set_exception(error)


def _called_off() -> RequestCancelled:
    return RequestCancelled("the job was called off")


def _presentable(error: BaseException) -> BaseException:
    """The error for a future to raise: without the frame that caught it, and harmless to an event loop."""
    error.__traceback__ = error.__traceback__ and error.__traceback__.tb_next
    # Futures can't hold StopIteration; what isn't an Exception would end the event loop, or look like a cancellation.
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    aborted = JobAborted(f"the function raised {type(error).__name__}")
    aborted.__cause__ = error
    return aborted


class _Worker:
    """One thread: the job it was given, and what wakes it for that."""

    def __init__(self, job: Job[Any]) -> None:
        self.job: Job[Any] | None = job
        self.wake = threading.Lock()
        self.wake.acquire()

    def taken(self) -> Job[Any] | None:
        """The job it was given, from now on in the hands of the caller."""
        job, self.job = self.job, None
        return job


class WorkerPool:
    """Up to `max_workers` threads and a queue, first in, first out, of up to `max_queue` jobs that wait for one.

    `idle_seconds` is how long a thread stays without work; `name` is what threads are called, with a number.
    """

    def __init__(
        self,
        max_workers: int = 32,
        *,
        max_queue: int = 1024,
        idle_seconds: float = 10.0,
        name: str = "mcpstruct-tool",
    ) -> None:
        if max_workers < 1 or max_queue < 0:
            raise ValueError("a pool has a thread at least, and a queue of 0 jobs or more")
        self.max_workers = max_workers
        self.max_queue = max_queue
        self.idle_seconds = idle_seconds
        self.name = name
        self._start_over()

    def _start_over(self) -> None:
        self._process = os.getpid()
        self._mutex = threading.Lock()
        self._idle: list[_Worker] = []
        self._queue: deque[Job[Any]] = deque()
        self._workers = 0
        self._started = 0

    @property
    def workers(self) -> int:
        """How many threads there are, busy or idle."""
        return self._workers

    @property
    def queued(self) -> int:
        """How many jobs wait for a thread."""
        return len(self._queue)

    def submit(
        self, loop: Loop, context: Context, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs
    ) -> Job[R]:
        """Have a thread call `function(*args, **kwargs)` within `context`, which no other may be in at the time.

        Returns at once, with what to await. What a function raises that is no `Exception` comes as `JobAborted`.
        Raises `PoolFull`.
        """
        if self._process != os.getpid():
            self._start_over()  # a fork takes no threads along
        job: Job[R] = Job(loop, partial(context.run, function, *args, **kwargs), self._forget)
        with self._mutex:
            if self._idle:
                worker = self._idle.pop()
                worker.job = job
                worker.wake.release()
                return job
            if self._workers >= self.max_workers:
                self._enqueue(job)
                return job
            self._workers += 1
            self._started += 1
            name = f"{self.name}-{self._started}"
        self._start(_Worker(job), name)
        return job

    def _enqueue(self, job: Job[Any]) -> None:
        if len(self._queue) >= self.max_queue:
            raise PoolFull(f"all {self._workers} threads are busy, and {len(self._queue)} jobs wait for one")
        self._queue.append(job)

    def _start(self, worker: _Worker, name: str) -> None:
        try:
            threading.Thread(target=self._work, args=(worker,), name=name, daemon=True).start()
        except RuntimeError as error:
            with self._mutex:
                self._workers -= 1
            raise PoolFull(str(error)) from error

    def _work(self, worker: _Worker) -> None:
        """A thread's life: run a job, take the next from the queue or wait to be given one, end when none comes."""
        job = worker.taken()
        while job is not None:
            job.run()
            following = self._next(worker)
            job.deliver()
            del job  # an idle thread keeps nothing alive
            job = self._given(worker) if following is None else following

    def _given(self, worker: _Worker) -> Job[Any] | None:
        if not worker.wake.acquire(timeout=self.idle_seconds):
            if self._retire(worker):
                return None
            worker.wake.acquire()  # a job was given just when the time was up
        return worker.taken()

    def _next(self, worker: _Worker) -> Job[Any] | None:
        """The job that has waited longest; None where there is none, and the worker is idle from now on."""
        with self._mutex:
            if self._queue:
                return self._queue.popleft()
            self._idle.append(worker)
            return None

    def _retire(self, worker: _Worker) -> bool:
        """Whether a worker may end: not if it was given a job just now."""
        with self._mutex:
            if worker not in self._idle:
                return False
            self._idle.remove(worker)
            self._workers -= 1
            return True

    def _forget(self, job: Job[Any]) -> None:
        with self._mutex, suppress(ValueError):
            self._queue.remove(job)
