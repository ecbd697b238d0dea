"""More than there should be: calls, cancellations, notifications, and bytes that nobody reads."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from mcpstruct.base.errors import RequestTimeout
from mcpstruct.base.limits import Deadlines, Limits
from mcpstruct.client import Client
from mcpstruct_bindings.merged import types as t
from mcpstruct_bindings.merged.methods import PROGRESS
from tests.faults.leaks import idle
from tests.faults.support import LEGACY, MODERN, Clock, connected, ours, raw, text_of

pytestmark = pytest.mark.anyio


async def number(client: Client, tool: str, **arguments: Any) -> int:
    """The number that a tool gives."""
    return (await client.call_tool(tool, arguments, into=dict[str, int]))["result"]


async def busy(client: Client, calls: int) -> None:
    """Wait until so many calls are in progress."""
    with anyio.fail_after(15):
        while await number(client, "busy") != calls:
            pass


async def at_once(count: int, call: Callable[[int], Awaitable[object]]) -> None:
    """Many calls at the same time."""
    async with anyio.create_task_group() as tasks:
        for each in range(count):
            tasks.start_soon(call, each)


class Pulse:
    """Whether the event loop goes on turning: the longest time that a task was not run, in seconds."""

    longest = 0.0

    async def beat(self) -> None:
        """Feel it, for ever."""
        while True:
            before = time.monotonic()
            await anyio.sleep(0.01)
            self.longest = max(self.longest, time.monotonic() - before)


@pytest.mark.slow
@pytest.mark.parametrize("revision", [LEGACY, MODERN])
async def test_ten_thousand_calls_in_flight(revision: str, threads: bool) -> None:
    answers: list[int] = []

    async def call(each: int) -> None:
        answers.append(await number(client, "gate", number=each))

    async with connected(ours(threads=threads), revision) as client, anyio.create_task_group() as tasks:
        tasks.start_soon(at_once, 10_000, call)
        await busy(client, 10_000)
        pid = await number(client, "pid")
        await idle()
        await idle(pid)
        assert await number(client, "open_gates") == 10_000
    assert sorted(answers) == [*range(10_000)]


async def test_calls_beyond_the_limit_wait_for_their_turn(threads: bool) -> None:
    most: list[int] = []

    async def call(each: int) -> None:
        most.append(await number(client, "nap"))

    async with connected(ours(threads=threads), limits=Limits(max_in_flight=20)) as client:
        await at_once(500, call)
    assert len(most) == 500
    assert 10 < max(most) <= 20


async def test_a_storm_of_cancellations(threads: bool) -> None:
    async with connected(ours(threads=threads)) as client:
        for _ in range(2):
            async with anyio.create_task_group() as tasks:
                for _ in range(1000):
                    tasks.start_soon(client.call_tool, "hang")
                await busy(client, 1000)
                tasks.cancel_scope.cancel()
            with Clock() as clock:
                await busy(client, 0)
            assert clock.seconds < 2
        await idle(await number(client, "pid"))


async def test_a_storm_of_timeouts(threads: bool) -> None:
    late: list[RequestTimeout] = []

    async def call(each: int) -> None:
        try:
            await client.call_tool("hang", timeout=0.5)
        except RequestTimeout as error:
            late.append(error)

    async with connected(ours(threads=threads)) as client:
        await at_once(1000, call)
        assert len(late) == 1000
        await busy(client, 0)


async def test_a_server_that_reads_slowly(threads: bool) -> None:
    """What waits to go out is bounded, and the loop goes on turning."""
    pulse, answers = Pulse(), []

    async def call(each: int) -> None:
        answers.append(len(text_of(await client.call_tool("echo", {"text": "x" * 20_000}))))

    async with connected(raw("deaf", threads=threads)) as client, anyio.create_task_group() as tasks:
        tasks.start_soon(pulse.beat)
        with anyio.fail_after(15):
            await at_once(1000, call)
        tasks.cancel_scope.cancel()
    assert len(answers) == 1000
    assert pulse.longest < 1


async def test_a_server_that_reads_no_more(threads: bool) -> None:
    """What is still to be sent counts against the deadline as well."""
    late: list[RequestTimeout] = []

    async def call(each: int) -> None:
        try:
            await client.call_tool("echo", {"text": "x" * 1_000_000}, timeout=0.5)
        except RequestTimeout as error:
            late.append(error)

    async with connected(raw("frozen", threads=threads, shutdown_grace=0.2)) as client:
        with Clock() as clock:
            await at_once(5, call)
        assert clock.seconds < 2
    assert len(late) == 5


async def test_notifications_to_a_server_that_reads_no_more(threads: bool) -> None:
    """Nothing answers them, but what can't be sent is given up as well."""
    params = t.ProgressNotificationParams(progress_token="x", progress=1, message="x" * 1_000_000)  # noqa: S106
    deadlines = Deadlines(request=0.5)
    async with connected(raw("frozen", threads=threads, shutdown_grace=0.2), deadlines=deadlines) as client:

        async def until_it_is_full() -> None:
            while True:
                await client.send_notification(PROGRESS, params)

        with Clock() as clock, pytest.raises(RequestTimeout) as caught, anyio.fail_after(10):
            await until_it_is_full()
        assert clock.seconds < 3
        assert str(caught.value) == "notifications/progress could not be sent within 0.5 s"


async def test_a_flood_of_notifications_to_slow_callbacks(threads: bool) -> None:
    """The newest are kept, others go, and the call is answered."""
    logs: list[int] = []

    async def on_log(params: t.LoggingMessageNotificationParams) -> None:
        await anyio.sleep(0.001)
        logs.append(int(params.data))

    server = raw(threads=threads)
    async with connected(server, on_log=on_log, limits=Limits(max_queue=50)) as client:
        with Clock() as clock:
            assert text_of(await client.call_tool("flood", {"count": 100_000})) == "flooded"
        assert clock.seconds < 8
    assert logs[-1] == 99_999
    assert logs == sorted(logs)
    assert len(logs) < 90_000


async def test_a_handler_that_floods(threads: bool) -> None:
    logs: list[int] = []
    progress: list[float] = []
    async with connected(ours(threads=threads), on_log=lambda params: logs.append(int(params.data))) as client:
        result = await client.call_tool(
            "flood", {"count": 20_000}, on_progress=lambda done, total, message: progress.append(done)
        )
        assert text_of(result) == "flooded"
    assert logs[-1] == 19_999
    assert progress[-1] == 19_999
    assert logs == sorted(logs)
    assert progress == sorted(progress)


async def test_handlers_that_block_threads(threads: bool) -> None:
    """Sync tools that block take up the pool, and nothing else."""
    async with connected(ours(threads=threads)) as client, anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(client.call_tool, "block", {"seconds": 0.3})
        with Clock() as clock:
            await number(client, "busy")
        assert clock.seconds < 0.25


async def test_a_callback_that_never_returns(threads: bool) -> None:
    """It keeps no call from its deadline."""

    async def on_log(params: t.LoggingMessageNotificationParams) -> None:
        await anyio.sleep_forever()

    async with connected(ours(threads=threads), on_log=on_log) as client:
        with Clock() as clock, anyio.move_on_after(5):
            assert text_of(await client.call_tool("flood", {"count": 1}, timeout=1)) == "flooded"
        assert clock.seconds < 3
