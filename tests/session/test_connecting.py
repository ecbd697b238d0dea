"""Connecting: from any task, twice, at the same time, called off at any point, and with nothing left behind."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from mcpstruct.base.errors import ConnectFailed, NoCommonRevision, NotConnected
from mcpstruct.base.limits import Deadlines
from mcpstruct.client import Client
from mcpstruct.server import MCPServer
from mcpstruct.testing import connected
from mcpstruct.transport.pair import transport_pair
from tests.session.support import (
    MODERN,
    NEWEST_LEGACY,
    SOON,
    Fresh,
    Peer,
    Slow,
    calculator,
    calls,
    running,
    settle,
)

pytestmark = pytest.mark.anyio


# -- connecting -------------------------------------------------------------------------------------------------------


async def test_connect_twice_and_at_the_same_time() -> None:
    target = Fresh(lambda peer: peer.shake())
    client = Client(target, revisions=NEWEST_LEGACY)
    assert await calls(client.connect, client.connect, client.connect) == [client] * 3
    await client.connect()
    assert len(target.peers) == 1
    await client.aclose()


async def test_everybody_who_waits_for_a_connection_is_told_that_there_is_none() -> None:
    async def play(peer: Peer) -> None:
        peer.refuse(await peer.take(), -32603, "no")

    client = Client(Fresh(play), revisions=NEWEST_LEGACY)
    outcomes = await calls(client.connect, client.connect, client.connect)
    assert [type(outcome) for outcome in outcomes] == [ConnectFailed] * 3
    assert not client.connected


async def test_a_client_that_failed_to_connect_can_try_again() -> None:
    target = Fresh(lambda peer: peer.shake() if len(target.peers) == 2 else peer.loss())
    client = Client(target, revisions=NEWEST_LEGACY, deadlines=Deadlines(connect=0.05))
    with pytest.raises(ConnectFailed):
        await client.connect()
    async with client:
        assert client.connected


async def test_the_deadline_of_connecting_covers_the_transport() -> None:
    target = Slow()
    target.close.set()
    client = Client(target, revisions=NEWEST_LEGACY, deadlines=Deadlines(connect=0.05))
    with anyio.fail_after(3), pytest.raises(ConnectFailed, match=r"0\.05 s"):
        await client.connect()
    assert not client.connected


async def test_cancelling_a_task_that_connects() -> None:
    target = Slow()
    target.close.set()
    client = Client(target, revisions=NEWEST_LEGACY)
    with anyio.fail_after(SOON):
        async with anyio.create_task_group() as group:
            group.start_soon(client.connect)
            await target.opening.wait()
            group.cancel_scope.cancel()
    assert not client.connected
    with anyio.fail_after(SOON):
        await client.aclose()
    assert target.made[0].closed
    assert await running() == []


async def test_cancelling_one_task_that_connects_leaves_the_others_to_it() -> None:
    target = Slow()
    target.close.set()
    client = Client(target, revisions=NEWEST_LEGACY)
    with anyio.fail_after(SOON):
        async with anyio.create_task_group() as stays:
            async with anyio.create_task_group() as goes:
                goes.start_soon(client.connect)
                await target.opening.wait()
                stays.start_soon(client.connect)
                await settle()
                goes.cancel_scope.cancel()
            target.go.set()
    assert client.connected
    await client.aclose()


@pytest.mark.parametrize("turns", range(6))
async def test_closing_while_another_task_connects(turns: int) -> None:
    """At whatever point: `connect` raises, `aclose` returns, and there is no connection."""
    client = Client(Fresh(lambda peer: peer.loss()), revisions=NEWEST_LEGACY)
    outcomes: list[Any] = []

    async def connect() -> None:
        try:
            outcomes.append(await client.connect())
        except (ConnectFailed, NotConnected) as error:
            outcomes.append(error)

    with anyio.fail_after(SOON):
        async with anyio.create_task_group() as group:
            group.start_soon(connect)
            await settle(turns)
            await client.aclose()
    assert isinstance(outcomes[0], (ConnectFailed, NotConnected))
    assert not client.connected
    assert await running() == []


async def test_closing_while_connecting_waits_for_the_transport_to_be_closed() -> None:
    target = Slow()
    client = Client(target, revisions=NEWEST_LEGACY)
    with anyio.fail_after(SOON):
        async with anyio.create_task_group() as group:
            group.start_soon(calls, client.connect)
            await target.opening.wait()
            group.start_soon(client.aclose)
            await target.closing.wait()
            await settle()
            target.close.set()
            await client.aclose()
    assert target.made[0].closed


async def test_a_closed_client_says_so() -> None:
    client = Client(calculator())
    with pytest.raises(NotConnected, match="connect first"):
        await client.list_tools()
    await client.aclose()
    for function in (client.connect, client.list_tools):
        with pytest.raises(NotConnected, match="closed"):
            await function()
    with pytest.raises(NotConnected):
        _ = client.protocol_version


# -- errors are what they are -----------------------------------------------------------------------------------------


async def test_a_lifespan_that_fails_is_raised_alone(as_bytes: bool) -> None:
    @asynccontextmanager
    async def lifespan(server: Any) -> AsyncGenerator[None]:
        await anyio.lowlevel.checkpoint()
        raise ZeroDivisionError
        yield

    with pytest.raises(ZeroDivisionError):
        async with connected(MCPServer("x", lifespan=lifespan), as_bytes=as_bytes):
            pass
    assert await running() == []


async def test_a_connection_that_did_not_come_about_leaves_nothing() -> None:
    server = calculator(revisions=MODERN)
    with pytest.raises(NoCommonRevision):
        await Client(server, revisions=NEWEST_LEGACY).connect()
    assert await running() == []
    assert server.connections == set()


async def test_pair_transports_open_in_any_order() -> None:
    near, far = transport_pair()
    peer = Peer(far)
    client = Client(near, revisions=NEWEST_LEGACY)
    with anyio.fail_after(SOON):
        async with anyio.create_task_group() as group:
            group.start_soon(client.connect)
            await settle()
            await far.open(peer)
            await peer.shake()
    await client.aclose()
