"""Servers that are lost in the middle of a session."""

from __future__ import annotations

import os
import signal

import anyio
import pytest

from mcpstruct.base.errors import ConnectionLost, McpError, NotConnected, ProtocolViolation
from mcpstruct.client import Client
from tests.faults.support import LEGACY, MODERN, Clock, connected, gone_within, ours, raw, text_of

pytestmark = pytest.mark.anyio
AT_ONCE = 1.0


@pytest.mark.parametrize(
    ("tool", "arguments", "reason"),
    [
        ("killed", {}, "was killed by SIGKILL"),
        ("exit", {"status": 3}, "ended with exit status 3; its last words on stderr: out of memory"),
        ("half", {}, "ended with exit status 0"),
        ("close", {}, "closed its output"),
    ],
)
async def test_a_server_lost_in_the_middle_of_a_call(
    tool: str, arguments: dict[str, int], reason: str, threads: bool
) -> None:
    violations: list[ProtocolViolation] = []
    server = raw(threads=threads, stderr=lambda line: None, shutdown_grace=0.2)
    async with connected(server, on_violation=violations.append) as client:
        with Clock() as clock, pytest.raises(ConnectionLost) as caught:
            await client.call_tool(tool, arguments)
        assert str(caught.value).endswith(reason)
        assert clock.seconds < AT_ONCE
        assert not client.connected
        with pytest.raises(ConnectionLost):
            await client.call_tool("echo")
    assert len(violations) == (tool == "half")
    with pytest.raises(NotConnected):
        await client.call_tool("echo")


@pytest.mark.parametrize("revision", [LEGACY, MODERN])
async def test_a_server_killed_while_many_calls_wait(revision: str, threads: bool) -> None:
    lost: list[BaseException] = []

    async def call() -> None:
        try:
            await client.call_tool("hang")
        except McpError as error:
            lost.append(error)

    async with connected(ours(threads=threads), revision) as client:
        pid = (await client.call_tool("pid", into=dict[str, int]))["result"]
        async with anyio.create_task_group() as tasks:
            for _ in range(100):
                tasks.start_soon(call)
            while (await client.call_tool("busy", into=dict[str, int]))["result"] < 100:
                pass
            clock = Clock().__enter__()
            os.kill(pid, signal.SIGKILL)
        clock.__exit__()
        assert clock.seconds < AT_ONCE
        assert len(lost) == 100
        assert {type(error) for error in lost} == {ConnectionLost}
        assert len({id(error) for error in lost}) == 100
        assert "was killed by SIGKILL" in str(lost[0])
    await gone_within(1, pid)


async def test_a_subscription_ends_with_its_server(threads: bool) -> None:
    async with connected(ours(threads=threads), MODERN) as client:
        pid = (await client.call_tool("pid", into=dict[str, int]))["result"]
        async with client.listen(tools=True) as changes:
            os.kill(pid, signal.SIGKILL)
            with pytest.raises(ConnectionLost), anyio.fail_after(AT_ONCE):
                await anext(changes)


async def test_a_client_connects_again_after_a_loss(threads: bool) -> None:
    async with connected(raw(threads=threads)) as client:
        for _ in range(3):
            with pytest.raises(ConnectionLost):
                await client.call_tool("killed")
            await client.restart()
            assert text_of(await client.call_tool("echo", {"a": 1})) == '{"a": 1}'


async def test_closing_while_calls_wait(threads: bool) -> None:
    client = await Client(raw(threads=threads), revisions=LEGACY, verdicts={}).connect()
    lost: list[ConnectionLost] = []

    async def call() -> None:
        try:
            await client.call_tool("hang")
        except ConnectionLost as error:
            lost.append(error)

    async with anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(call)
        await anyio.wait_all_tasks_blocked()
        with Clock() as clock:
            tasks.start_soon(client.aclose)  # in another task than the one that connected
            await client.aclose()
    assert len(lost) == 10
    assert clock.seconds < 2


async def test_closed_in_another_task_than_it_was_opened_in(threads: bool) -> None:
    client = Client(raw(threads=threads), revisions=LEGACY, verdicts={})
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(client.connect)
    assert text_of(await client.call_tool("echo")) == "{}"
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(client.aclose)
        tasks.start_soon(client.aclose)
    await client.aclose()


async def test_two_clients_closed_first_opened_first(threads: bool) -> None:
    first = await Client(raw(threads=threads), revisions=LEGACY, verdicts={}).connect()
    second = await Client(ours(threads=threads), verdicts={}).connect()
    await first.aclose()
    assert text_of(await second.call_tool("echo", {"value": 1})) == "1"
    await second.aclose()


async def test_closing_within_a_cancelled_scope(threads: bool) -> None:
    client = await Client(raw(threads=threads), revisions=LEGACY, verdicts={}).connect()
    with anyio.CancelScope() as scope:
        scope.cancel()
        async with client:
            await client.call_tool("echo")
    await client.aclose()
    assert not client.connected


@pytest.mark.parametrize("fault", ["undying", "none"])
async def test_closing_is_bounded(fault: str, threads: bool) -> None:
    client = await Client(raw(fault, threads=threads, shutdown_grace=0.5), revisions=LEGACY, verdicts={}).connect()
    with Clock() as clock:
        await client.aclose()
    assert clock.seconds < (3 if fault == "undying" else 1)
