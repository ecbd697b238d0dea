"""The event loop as sessions see it: futures, callbacks, timers and tasks, on asyncio or trio.

A future awaited by one task and resolved by a callback costs 0.4 µs on asyncio; anyio's streams, scopes and task groups
cost 4 to 28, which is why the core of a session stands on this and not on them.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import Awaitable, Callable, Generator
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeAlias, TypeVar

from .turns import Turns, Work

if TYPE_CHECKING:
    import trio

T = TypeVar("T")
log = logging.getLogger("mcpstruct")
Job: TypeAlias = Callable[..., Awaitable[object]]


class Cancellable(Protocol):
    """A timer or a task."""

    def cancel(self) -> object:
        """Stop it, if it has not ended."""


class Future(Protocol[T]):
    """A result that is yet to come. One task may wait for it, unless it is shielded from that task's cancellation."""

    def done(self) -> bool:
        """Whether there is a result, an error, or nobody waits any more."""
        ...

    def set_result(self, result: T, /) -> None:
        """Give the result to who waits."""

    def set_exception(self, exception: BaseException, /) -> None:
        """Raise in who waits."""

    def __await__(self) -> Generator[Any, Any, T]: ...


class Loop(Protocol):
    """An event loop."""

    is_asyncio: bool
    Cancelled: type[BaseException]
    """What is raised inside a task that is cancelled."""

    @property
    def here(self) -> bool:
        """Whether it runs whoever asks."""
        ...

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        ...

    def time(self) -> float:
        """Seconds on the loop's clock."""
        ...

    def future(self) -> Future[Any]:
        """A future of this loop."""
        ...

    def call_soon(self, callback: Callable[..., object], *args: Any) -> None:
        """Call back in the next turn of the loop."""

    def call_soon_threadsafe(self, callback: Callable[..., object], *args: Any) -> None:
        """Call back on the loop's thread. Raises `RuntimeError` where the loop has ended."""

    def call_later(self, seconds: float, callback: Callable[..., object], *args: Any) -> Cancellable:
        """Call back after so many seconds."""
        ...

    def shield(self, future: Future[T]) -> Awaitable[T]:
        """The future for one of several who wait for it: cancelling that one leaves it to the others."""
        ...

    def spawn(self, job: Job, *args: Any) -> Cancellable:
        """Run an async function in a task of its own; what it raises is logged."""
        ...

    def start(self, work: Work, args: tuple[Any, ...], name: str) -> Cancellable:
        """Run an async function that raises nothing, as if in a task of its own: a hot path. The caller keeps what this
        gives.
        """
        ...


def current_loop() -> Loop:
    """The running event loop. Raises `RuntimeError` outside of one."""
    try:
        running = asyncio.get_running_loop()
    except RuntimeError:
        if "trio" in sys.modules:
            return _trio_loop()
        raise
    loop = _asyncio_loops.get(id(running))
    if loop is None or loop.running is not running:
        _asyncio_loops.clear()  # one loop at a time is the rule; a stale entry would keep a closed loop alive
        loop = _asyncio_loops[id(running)] = AsyncioLoop(running)
    return loop


async def _logged(job: Job, args: tuple[Any, ...]) -> None:
    try:
        await job(*args)
    except Exception:
        log.exception("A task of a session failed")


class AsyncioLoop:
    """asyncio, or uvloop."""

    is_asyncio = True
    Cancelled: type[BaseException] = asyncio.CancelledError

    def __init__(self, running: asyncio.AbstractEventLoop) -> None:
        self.running = running
        kind, base = type(running), asyncio.BaseEventLoop
        # What asyncio's own loops do is a call of Python's around these two: 0.2 µs of a request.
        self.time: Any = time.monotonic if kind.time is base.time else running.time
        plain = kind.create_future is base.create_future
        self.future: Any = partial(asyncio.Future, loop=running) if plain else running.create_future
        self.call_soon: Any = running.call_soon
        self.call_soon_threadsafe: Any = running.call_soon_threadsafe
        self.call_later: Any = running.call_later
        self.start: Any = Turns(running).start
        self._tasks: set[asyncio.Task[None]] = set()  # asyncio itself holds tasks weakly

    @property
    def here(self) -> bool:
        """See `Loop.here`."""
        try:
            return asyncio.get_running_loop() is self.running
        except RuntimeError:
            return False

    @property
    def over(self) -> bool:
        """See `Loop.over`."""
        return self.running.is_closed()

    def shield(self, future: Any) -> Any:
        """See `Loop.shield`."""
        future.add_done_callback(_noted)
        return asyncio.shield(future)

    def spawn(self, job: Job, *args: Any) -> asyncio.Task[None]:
        """See `Loop.spawn`."""
        task = self.running.create_task(_logged(job, args))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _noted(future: asyncio.Future[Any]) -> None:
    """Keep asyncio from complaining of an error that nobody is left to be told of."""
    if not future.cancelled():
        future.exception()


_asyncio_loops: dict[int, AsyncioLoop] = {}


# -- trio --------------------------------------------------------------------------------------------------------------


def _trio_loop() -> Loop:
    import trio

    return TrioLoop(trio.lowlevel.current_trio_token())


class TrioFuture(Generic[T]):
    """What `asyncio.Future` is, as far as sessions need it."""

    __slots__ = ("_done", "_error", "_event", "_result", "shared")

    def __init__(self) -> None:
        self._done = False
        self._result: Any = None
        self._error: BaseException | None = None
        self._event: Any = None
        self.shared = False
        """Whether several wait for it, each of whom gets the error."""

    def done(self) -> bool:
        """Whether there is a result or an error."""
        return self._done

    def set_result(self, result: T) -> None:
        """Give the result to who waits."""
        self._result = result
        self._finish()

    def set_exception(self, exception: BaseException) -> None:
        """Raise in who waits."""
        self._error = exception
        self._finish()

    def _finish(self) -> None:
        self._done = True
        if self._event is not None:
            self._event.set()

    def __await__(self) -> Generator[Any, Any, T]:
        return self._wait().__await__()

    async def _wait(self) -> T:
        import trio

        if self._done:
            await trio.lowlevel.checkpoint()
        else:
            if self._event is None:
                self._event = trio.Event()
            await self._event.wait()
        if self._error is not None:
            try:
                raise self._error
            finally:
                if not self.shared:
                    self._error = None  # no cycle of error, traceback, frame
        return self._result  # type: ignore[no-any-return]


def _nothing() -> None:
    pass


def _guarded(callback: Callable[..., object], args: tuple[Any, ...]) -> None:
    """An error in a callback, which asyncio logs, would end trio's whole run."""
    try:
        callback(*args)
    except Exception:
        log.exception("A callback of a session failed")


class TrioLoop:
    """trio: every task is a system task, so that a session outlives the task that opened it."""

    is_asyncio = False

    def __init__(self, token: trio.lowlevel.TrioToken) -> None:
        import trio

        self.Cancelled: type[BaseException] = trio.Cancelled
        self._trio = trio
        self._token = token

    @property
    def here(self) -> bool:
        """See `Loop.here`."""
        try:
            return self._trio.lowlevel.current_trio_token() is self._token
        except RuntimeError:
            return False

    @property
    def over(self) -> bool:
        """See `Loop.over`."""
        try:
            self._token.run_sync_soon(_nothing)
        except self._trio.RunFinishedError:
            return True
        return False

    def time(self) -> float:
        """See `Loop.time`."""
        return self._trio.current_time()

    def future(self) -> TrioFuture[Any]:
        """See `Loop.future`."""
        return TrioFuture()

    def shield(self, future: Any) -> Any:
        """See `Loop.shield`."""
        future.shared = True
        return future

    def call_soon(self, callback: Callable[..., object], *args: Any) -> None:
        """See `Loop.call_soon`."""
        self._token.run_sync_soon(_guarded, callback, args)

    def call_soon_threadsafe(self, callback: Callable[..., object], *args: Any) -> None:
        """See `Loop.call_soon_threadsafe`."""
        self._token.run_sync_soon(_guarded, callback, args)

    def call_later(self, seconds: float, callback: Callable[..., object], *args: Any) -> Cancellable:
        """See `Loop.call_later`."""

        async def wait() -> None:
            await self._trio.sleep(max(0.0, seconds))
            callback(*args)

        return self.spawn(wait)

    def start(self, work: Work, args: tuple[Any, ...], name: str) -> Cancellable:
        """See `Loop.start`."""
        return self.spawn(work, *args)

    def spawn(self, job: Job, *args: Any) -> Cancellable:
        """See `Loop.spawn`."""
        scope = self._trio.CancelScope()

        async def run() -> None:
            with scope:
                await _logged(job, args)

        self._trio.lowlevel.spawn_system_task(run, context=copy_context())
        return scope
