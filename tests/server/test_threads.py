"""The pool of threads for plain functions: results, bounds, cancelling, and threads that nothing kills or keeps."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
import time
import traceback
import weakref
from contextvars import ContextVar, copy_context
from typing import Any

import anyio
import pytest

from mcpstruct.base.errors import RequestCancelled
from mcpstruct.server.threads import Job, JobAborted, PoolFull, WorkerPool, current_job
from mcpstruct.session.loop import current_loop

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(10)]
USER: ContextVar[str] = ContextVar("USER", default="nobody")


def submit(pool: WorkerPool, function: Any, /, *args: Any, **kwargs: Any) -> Job[Any]:
    return pool.submit(current_loop(), copy_context(), function, *args, **kwargs)


class Gate:
    """A function that tells when it was called, and returns when it may."""

    def __init__(self) -> None:
        self.loop = current_loop()
        self.called = self.loop.future()
        self.open = threading.Event()
        self.saw_cancelled: bool | None = None

    def __call__(self, value: Any = None) -> Any:
        self.loop.call_soon_threadsafe(self.called.set_result, None)
        assert self.open.wait(5)
        job = current_job()
        assert job is not None
        self.saw_cancelled = job.cancelled
        return value


# -- results -----------------------------------------------------------------------------------------------------------


async def test_a_function_gets_its_arguments_and_its_context() -> None:
    def function(*args: Any, **kwargs: Any) -> Any:
        return args, kwargs, USER.get(), threading.current_thread()

    USER.set("alice")
    args, kwargs, user, thread = await submit(WorkerPool(name="tool"), function, 1, "2", context=3, function=4, self=5)
    assert args == (1, "2")
    assert kwargs == {"context": 3, "function": 4, "self": 5}
    assert user == "alice"
    assert thread.name == "tool-1"
    assert thread.daemon


async def test_what_a_function_sets_stays_in_its_context() -> None:
    pool, context = WorkerPool(), copy_context()
    await pool.submit(current_loop(), context, USER.set, "bob")
    assert context[USER] == "bob"
    assert USER.get() == "nobody"


async def test_what_a_function_raises_is_raised_as_it_was() -> None:
    def fail() -> None:
        raise KeyError("missing")

    with pytest.raises(KeyError, match="missing") as caught:
        await submit(WorkerPool(), fail)
    assert traceback.extract_tb(caught.value.__traceback__)[-1].name == "fail"
    assert not any(frame.name == "run" for frame in traceback.extract_tb(caught.value.__traceback__))
    with pytest.raises(TypeError, match="unexpected"):
        await submit(WorkerPool(), fail, unexpected=1)


@pytest.mark.parametrize(
    "error", [SystemExit, KeyboardInterrupt, GeneratorExit, StopIteration, asyncio.CancelledError, BaseException]
)
async def test_nothing_that_a_function_raises_ends_a_loop_or_a_thread(error: type[BaseException]) -> None:
    def leave() -> None:
        raise error("out")

    pool = WorkerPool(max_workers=1)
    before = await submit(pool, threading.get_ident)
    with pytest.raises(JobAborted, match=error.__name__) as caught:
        await submit(pool, leave)
    assert isinstance(caught.value.__cause__, error)
    assert await submit(pool, threading.get_ident) == before


async def test_a_context_in_use_is_an_error_of_the_job() -> None:
    pool, context, gate = WorkerPool(), copy_context(), Gate()
    first = pool.submit(current_loop(), context, gate)
    await gate.called
    with pytest.raises(RuntimeError, match="already entered"):
        await pool.submit(current_loop(), context, len, "")
    gate.open.set()
    await first


async def test_a_function_may_ask_for_its_job() -> None:
    assert current_job() is None
    pool = WorkerPool()
    job = submit(pool, current_job)
    assert await job is job
    assert job.done
    assert not job.cancelled
    assert await job is job  # a result may be read again
    assert current_job() is None


# -- threads and the queue ---------------------------------------------------------------------------------------------


async def test_one_thread_serves_jobs_that_follow_each_other() -> None:
    pool = WorkerPool()
    assert pool.workers == 0
    threads = {await submit(pool, threading.get_ident) for _ in range(50)}
    assert len(threads) == pool.workers == 1


async def test_the_thread_that_was_last_busy_is_taken_first() -> None:
    pool, gates = WorkerPool(), [Gate() for _ in range(3)]
    jobs = [submit(pool, lambda gate=gate: (gate(), threading.get_ident())[1]) for gate in gates]
    order: list[int] = []
    for gate, job in zip(gates, jobs, strict=True):
        await gate.called
        gate.open.set()
        order.append(await job)
    assert [await submit(pool, threading.get_ident) for _ in range(5)] == [order[-1]] * 5


async def test_jobs_beyond_the_threads_wait_in_order() -> None:
    pool, gates, order = WorkerPool(max_workers=2), [Gate(), Gate()], list[int]()
    running = [submit(pool, gate) for gate in gates]
    waiting = [submit(pool, order.append, n) for n in range(10)]
    for gate in gates:
        await gate.called
    assert (pool.workers, pool.queued, order) == (2, 10, [])
    gates[0].open.set()
    for job in (*waiting, running[0]):
        await job
    assert order == list(range(10))
    assert pool.queued == 0
    gates[1].open.set()
    await running[1]


async def test_a_full_queue_refuses() -> None:
    pool, gate = WorkerPool(max_workers=1, max_queue=2), Gate()
    job = submit(pool, gate)
    waiting = [submit(pool, len, "ab") for _ in range(2)]
    with pytest.raises(PoolFull, match="all 1 threads are busy, and 2 jobs wait") as caught:
        submit(pool, len, "ab")
    assert caught.value.retryable
    gate.open.set()
    await job
    assert [await one for one in waiting] == [2, 2]
    assert await submit(pool, len, "abc") == 3


async def test_a_system_without_threads_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_thread(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    pool = WorkerPool()
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", no_thread)
        with pytest.raises(PoolFull, match="can't start new thread"):
            submit(pool, len, "")
    assert pool.workers == 0
    assert await submit(pool, len, "ab") == 2


async def test_idle_threads_end() -> None:
    pool = WorkerPool(idle_seconds=0.01)
    thread = await submit(pool, threading.current_thread)
    thread.join(5)
    assert not thread.is_alive()
    assert pool.workers == 0
    assert await submit(pool, threading.current_thread) is not thread


async def test_a_job_that_comes_as_its_thread_would_end_is_run() -> None:
    pool = WorkerPool(max_workers=2, idle_seconds=0.0)
    for n in range(1000):
        assert await submit(pool, abs, -n) == n


@pytest.mark.parametrize("bounds", [{"max_workers": 0}, {"max_queue": -1}])
def test_a_pool_without_threads_is_refused(bounds: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="a pool has"):
        WorkerPool(**bounds)


# -- cancelling --------------------------------------------------------------------------------------------------------


async def test_who_is_cancelled_waits_no_longer_and_the_function_can_know() -> None:
    pool, gate = WorkerPool(max_workers=1), Gate()
    job = submit(pool, gate, "late")
    with anyio.CancelScope() as scope:
        await gate.called
        scope.cancel()
        await job
    assert scope.cancelled_caught
    assert job.cancelled
    assert not job.done
    after = submit(pool, len, "ab")
    assert pool.queued == 1  # the thread is not free until the function returns
    gate.open.set()
    assert await after == 2
    assert gate.saw_cancelled
    assert not job.done


async def test_a_deadline_cancels() -> None:
    pool, gate = WorkerPool(max_workers=1), Gate()
    with pytest.raises(TimeoutError), anyio.fail_after(0.05):
        await submit(pool, gate)
    gate.open.set()
    await submit(pool, len, "")
    assert gate.saw_cancelled


async def test_a_job_called_off_in_the_queue_never_runs() -> None:
    pool, gate, ran = WorkerPool(max_workers=1, max_queue=2), Gate(), list[int]()
    running = submit(pool, gate)
    queued = [submit(pool, ran.append, n) for n in range(2)]
    with anyio.CancelScope() as scope:
        scope.cancel()
        await queued[0]
    assert pool.queued == 1  # so there is room for another
    third = submit(pool, ran.append, 2)
    gate.open.set()
    for job in (running, queued[1], third):
        await job
    assert ran == [1, 2]
    assert queued[0].cancelled


async def test_a_job_may_be_called_off_by_others() -> None:
    pool, gate = WorkerPool(), Gate()
    job = submit(pool, gate)
    errors: list[Exception] = []

    async def wait() -> None:
        with pytest.raises(RequestCancelled) as caught:
            await job
        errors.append(caught.value)

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            await gate.called
            job.cancel()
            job.cancel()
    assert len(errors) == 1
    gate.open.set()
    with pytest.raises(RequestCancelled):
        await job


async def test_a_job_that_is_done_stays_done() -> None:
    job = submit(WorkerPool(), len, "ab")
    assert await job == 2
    job.cancel()
    assert not job.cancelled
    assert await job == 2


# -- what outlives what ------------------------------------------------------------------------------------------------


def test_a_loop_may_end_before_its_jobs(anyio_backend: str, capfd: pytest.CaptureFixture[str]) -> None:
    pool, gates = WorkerPool(max_workers=1), list[Gate]()

    async def leave() -> int:
        gates.append(Gate())
        submit(pool, gates[0], "too late")
        await gates[0].called
        return threading.get_ident()

    async def stay() -> str:
        with anyio.fail_after(5):
            job = submit(pool, threading.current_thread)
            gates[0].open.set()
            return (await job).name

    anyio.run(leave, backend=anyio_backend)
    assert anyio.run(stay, backend=anyio_backend) == "mcpstruct-tool-1"
    assert capfd.readouterr().err == ""


async def test_an_idle_thread_keeps_nothing_alive() -> None:
    class Thing(Exception):
        pass

    def give(thing: Thing) -> list[Thing]:
        return [thing, Thing()]

    def fail(_: Thing) -> None:
        raise Thing

    async def use() -> list[weakref.ref[Thing]]:
        thing = Thing()
        dead = [weakref.ref(one) for one in await submit(pool, give, thing)]
        try:
            await submit(pool, fail, thing)
        except Thing as error:
            dead.append(weakref.ref(error))
        return dead

    pool = WorkerPool(max_workers=1)
    gc.disable()
    try:
        dead = await use()
        await submit(pool, len, "")  # the thread is through with what came before
        await submit(pool, len, "")
        assert [one() for one in dead] == [None] * 3
    finally:
        gc.enable()


def test_loops_share_a_pool(anyio_backend: str) -> None:
    pool, wrong = WorkerPool(max_workers=3, idle_seconds=0.001), list[Any]()

    async def many(base: int) -> None:
        async def few(start: int) -> None:
            for n in range(start, start + 50):
                if await submit(pool, abs, -n) != n:
                    wrong.append(n)

        async with anyio.create_task_group() as tasks:
            for part in range(8):
                tasks.start_soon(few, base + 50 * part)

    def run(base: int) -> None:
        try:
            anyio.run(many, base, backend=anyio_backend)
        except BaseException as error:
            wrong.append(error)

    loops = [threading.Thread(target=run, args=(base,)) for base in (0, 1000)]
    for loop in loops:
        loop.start()
    for loop in loops:
        loop.join()
    assert wrong == []
    assert pool.queued == 0


def script(body: str, backend: str) -> subprocess.CompletedProcess[str]:
    header = (
        "import anyio, contextvars, os, threading, time\n"
        "from mcpstruct.server.threads import WorkerPool\n"
        "from mcpstruct.session.loop import current_loop\n"
        "pool = WorkerPool()\n"
        "def submit(f, *args): return pool.submit(current_loop(), contextvars.copy_context(), f, *args)\n"
    )
    source = f"{header}{body}\nanyio.run(main, backend={backend!r})\n"
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", source]
    return subprocess.run(command, capture_output=True, text=True, timeout=8, check=False)


def test_a_function_that_never_returns_keeps_no_process(anyio_backend: str) -> None:
    body = """
async def main():
    called = current_loop().future()
    loop = current_loop()
    submit(lambda: (loop.call_soon_threadsafe(called.set_result, None), threading.Event().wait()))
    await called
"""
    started = time.monotonic()
    ended = script(body, anyio_backend)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert time.monotonic() - started < 8


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_has_threads_of_its_own(anyio_backend: str) -> None:
    body = f"""
async def main():
    assert await submit(len, "ab") == 2

anyio.run(main, backend={anyio_backend!r})
child = os.fork()
if child:
    raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    ended = script(body, anyio_backend)
    assert (ended.returncode, ended.stderr) == (0, "")
