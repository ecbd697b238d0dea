"""Servers with which no session comes about."""

from __future__ import annotations

import sys
from pathlib import Path

import anyio
import pytest

from mcpstruct.base.errors import ConnectFailed, NoCommonRevision
from mcpstruct.base.limits import Deadlines
from mcpstruct.client import Client
from mcpstruct.transport.stdio import StdioServer
from tests.faults.support import LEGACY, MODERN, Clock, connected, gone_within, raw, text_of

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("revisions", [None, LEGACY, MODERN])
async def test_a_server_that_exits_at_start_says_why(revisions: str | None, threads: bool) -> None:
    said: list[str] = []
    client = Client(raw("exit", threads=threads, stderr=said.append), revisions=revisions, verdicts={})
    with Clock() as clock, pytest.raises(ConnectFailed) as caught:
        await client.connect()
    assert "ended with exit status 1" in str(caught.value)
    assert "There is no database" in str(caught.value)
    assert clock.seconds < 3
    assert set(said) == {"There is no database"}
    assert not client.connected
    await client.aclose()


async def test_a_command_that_does_not_exist(threads: bool) -> None:
    with pytest.raises(ConnectFailed, match="no-such-command"):
        await Client(StdioServer("no-such-command", threads=threads)).connect()


@pytest.mark.parametrize(
    ("fault", "revisions"), [("silent", None), ("silent", MODERN), ("stubborn", LEGACY), ("ignorant", None)]
)
async def test_a_silent_server_is_given_up(fault: str, revisions: str | None, threads: bool) -> None:
    started: list[str] = []
    server = raw(fault, threads=threads, stderr=started.append, shutdown_grace=0.2)
    client = Client(server, revisions=revisions, deadlines=Deadlines(connect=1.0, probe=0.4), verdicts={})
    with Clock() as clock, pytest.raises(ConnectFailed, match=r"within 1 s"):
        await client.connect()
    assert clock.seconds < 4
    await client.aclose()
    for line in started:
        await gone_within(1, int(line.split()[1]))


async def test_connecting_can_be_called_off(threads: bool) -> None:
    client = Client(raw("silent", threads=threads, stderr=None, shutdown_grace=0.2), verdicts={})
    with anyio.move_on_after(0.5) as scope:
        await client.connect()
    assert scope.cancelled_caught
    await client.aclose()


async def test_closing_calls_connecting_off(threads: bool) -> None:
    client = Client(raw("silent", threads=threads, stderr=None, shutdown_grace=0.2), verdicts={})
    errors: list[Exception] = []

    async def connect() -> None:
        try:
            await client.connect()
        except ConnectFailed as error:
            errors.append(error)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(connect)
        await anyio.sleep(0.2)
        with Clock() as clock:
            await client.aclose()
    assert len(errors) == 1
    assert clock.seconds < 4


async def test_a_banner_is_skipped_and_reported(threads: bool) -> None:
    reported: list[bytes] = []
    server = raw("banner", threads=threads)
    async with connected(server, on_violation=lambda violation: reported.append(violation.data)) as client:
        assert text_of(await client.call_tool("echo", {"a": 1})) == '{"a": 1}'
    assert reported == [b"Server 1.0", b"  listening on nothing at all..."]


async def test_nothing_but_a_banner(threads: bool) -> None:
    code = "print('usage: server [options]'); input()"
    server = StdioServer(sys.executable, ["-IS", "-c", code], threads=threads, stderr=None)
    client = Client(server, deadlines=Deadlines(connect=1, probe=0.3), verdicts={})
    with pytest.raises(ConnectFailed):
        await client.connect()
    await client.aclose()


async def test_no_revision_in_common(threads: bool) -> None:
    client = Client(raw(threads=threads), revisions="2024-11-05", verdicts={})
    with pytest.raises(NoCommonRevision) as caught:
        await client.connect()
    assert caught.value.supported == (LEGACY,)
    await client.aclose()


async def test_a_client_can_connect_after_it_failed_to(threads: bool, tmp_path: Path) -> None:
    client = Client(raw("once", cwd=tmp_path, threads=threads, stderr=None), revisions=LEGACY, verdicts={})
    with pytest.raises(ConnectFailed):
        await client.connect()
    async with client:
        assert text_of(await client.call_tool("echo")) == "{}"
