"""Connecting and closing: from any task, in any order, twice, at the same time, and with nothing left behind."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import anyio
import pytest

from mcpstruct.base.errors import ConnectFailed, ConnectionLost, NoCommonRevision, NotConnected
from mcpstruct.base.limits import Deadlines
from mcpstruct.client import Client
from mcpstruct.server import MCPServer
from mcpstruct.session.loop import current_loop
from mcpstruct.testing import connected
from mcpstruct.transport.pair import PairTransport, transport_pair
from tests.session.support import (
    MODERN,
    NEWEST_LEGACY,
    SOON,
    Fresh,
    Hanging,
    Peer,
    by_hand,
    calculator,
    calls,
    running,
    served,
    settle,
)

pytestmark = pytest.mark.anyio
Target = Callable[[], Any]


async def silent(peer: Peer) -> None:
    """A server that never says a word."""
    await peer.loss()


class Slow:
    """A target whose transports take their time to open and to close."""

    def __init__(self, *, opens: bool = True) -> None:
        self.opening = anyio.Event()
        self.go = anyio.Event()
        self.closing = anyio.Event()
        self.close = anyio.Event()
        self.made: list[SlowTransport] = []
        self._opens = opens

    def transport(self) -> PairTransport:
        near, far = SlowTransport(self), PairTransport()
        near.other, far.other = far, near
        peer = Peer(far)
        self.made.append(near)

        async def play() -> None:
            await far.open(peer)
            with suppress(ConnectionLost):
                await peer.shake()

        current_loop().spawn(play)
        return near


class SlowTransport(PairTransport):
    def __init__(self, target: Slow) -> None:
        super().__init__()
        self.target = target
        self.closed = False

    async def open(self, receiver: Any) -> None:
        self.target.opening.set()
        await self.target.go.wait()
        await super().open(receiver)

    async def aclose(self) -> None:
        self.target.closing.set()
        await self.target.close.wait()
        await super().aclose()
        self.closed = True


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
    with anyio.fail_after(1), pytest.raises(ConnectFailed, match=r"0\.05 s"):
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
    client = Client(Fresh(silent), revisions=NEWEST_LEGACY)
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


# -- closing ----------------------------------------------------------------------------------------------------------


async def test_closing_twice_and_at_the_same_time(as_bytes: bool) -> None:
    async with connected(calculator(), as_bytes=as_bytes) as client:
        assert await calls(client.aclose, client.aclose) == [None, None]
        await client.aclose()


async def test_whoever_closes_second_waits_as_well() -> None:
    target = Slow()
    target.go.set()
    client = await Client(target, revisions=NEWEST_LEGACY).connect()
    order: list[str] = []

    async def close() -> None:
        await client.aclose()
        order.append("closed")

    with anyio.fail_after(SOON):
        async with anyio.create_task_group() as group:
            group.start_soon(close)
            group.start_soon(close)
            await target.closing.wait()
            await settle()
            order.append("let go")
            target.close.set()
    assert order == ["let go", "closed", "closed"]


async def test_closing_from_another_task_than_the_one_that_connected(as_bytes: bool) -> None:
    server = calculator()
    client = Client(server) if not as_bytes else Client(Fresh(lambda peer: peer.shake()), revisions=NEWEST_LEGACY)
    with anyio.fail_after(SOON):
        async with anyio.create_task_group() as group:
            group.start_soon(client.connect)
        async with anyio.create_task_group() as group:
            group.start_soon(client.aclose)
    assert not client.connected
    assert await running() == []


async def test_closing_two_clients_first_opened_first(as_bytes: bool) -> None:
    def target() -> Any:
        return Fresh(lambda peer: peer.shake()) if as_bytes else calculator()

    first, second = Client(target(), revisions=NEWEST_LEGACY), Client(target(), revisions=NEWEST_LEGACY)
    with anyio.fail_after(SOON):
        await first.__aenter__()
        await second.__aenter__()
        await first.__aexit__(None, None, None)
        assert second.connected
        await second.__aexit__(None, None, None)
    assert await running() == []


async def test_a_cancelled_close_goes_on() -> None:
    target = Slow()
    target.go.set()
    client = await Client(target, revisions=NEWEST_LEGACY).connect()
    with anyio.fail_after(SOON):
        async with anyio.create_task_group() as group:
            group.start_soon(client.aclose)
            await target.closing.wait()
            group.cancel_scope.cancel()
        target.close.set()
        await client.aclose()
    assert target.made[0].closed


async def test_an_error_in_the_body_is_raised_as_it_is(as_bytes: bool) -> None:
    with pytest.raises(ZeroDivisionError):
        async with connected(calculator(), as_bytes=as_bytes):
            raise ZeroDivisionError


async def test_nothing_is_left(as_bytes: bool) -> None:
    async with connected(calculator(), as_bytes=as_bytes) as client:
        await client.call_tool("add", {"a": 1, "b": 2})
        async with client.listen(tools=True):
            pass
    assert await running() == []


async def test_no_task_waits_in_an_idle_session_in_memory() -> None:
    never = Deadlines(request=None, connect=None, probe=None)  # trio's timers are tasks
    async with Client(calculator(), deadlines=never) as client:
        await client.list_tools()
        assert await running() == []


# -- losing the peer --------------------------------------------------------------------------------------------------


async def test_every_pending_call_fails_at_once_when_the_peer_goes() -> None:
    async with by_hand() as (client, peer):

        async def leave() -> None:
            await peer.until(lambda: len(peer.left) == 50)
            await peer.aclose()

        outcomes = await calls(leave, *[client.ping] * 50)
        assert [type(outcome) for outcome in outcomes[1:]] == [ConnectionLost] * 50
        assert len(set(map(id, outcomes[1:]))) == 50  # one each: shared, their tracebacks would mix
        assert all(outcome.retryable for outcome in outcomes[1:])
        with pytest.raises(ConnectionLost):
            await client.ping()
        assert not client.connected


async def test_every_pending_call_fails_at_once_on_closing(as_bytes: bool) -> None:
    server, hanging = MCPServer("x"), Hanging()
    server.tool("wait")(hanging.tool)
    async with connected(server, as_bytes=as_bytes) as client:

        async def close() -> None:
            await hanging.started.wait()
            await client.aclose()

        outcomes = await calls(close, *[lambda: client.call_tool("wait")] * 5)
        assert [type(outcome) for outcome in outcomes[1:]] == [ConnectionLost] * 5
        with anyio.fail_after(SOON):
            await hanging.stopped.wait()


async def test_a_server_that_stops_fails_the_calls_of_its_clients(as_bytes: bool) -> None:
    server, hanging = MCPServer("x"), Hanging()
    server.tool("wait")(hanging.tool)
    async with connected(server, as_bytes=as_bytes) as client:

        async def stop() -> None:
            await hanging.started.wait()
            await server.stop(0.01)

        outcomes = await calls(stop, lambda: client.call_tool("wait"))
        assert isinstance(outcomes[1], ConnectionLost)


async def test_a_handler_is_stopped_within_100_ms_of_its_client_leaving() -> None:
    server, hanging = MCPServer("x"), Hanging()
    server.tool("wait")(hanging.tool)
    async with served(server) as peer:
        await peer.initialize()
        peer.request(1, "tools/call", {"name": "wait"})
        await hanging.started.wait()
        await peer.aclose()
        with anyio.fail_after(0.15):  # and a little for the machine
            await hanging.stopped.wait()


async def test_after_a_loss_a_client_connects_again() -> None:
    target = Fresh(lambda peer: peer.shake())
    async with Client(target, revisions=NEWEST_LEGACY) as client:
        await target.peers[0].until(lambda: len(target.peers[0].heard) == 2)
        await target.peers[0].aclose()
        await settle()
        with pytest.raises(ConnectionLost):
            await client.ping()
        await client.connect()
        assert client.connected
        assert len(target.peers) == 2


async def test_restart(as_bytes: bool) -> None:
    server = calculator()
    target = server if not as_bytes else Fresh(lambda peer: peer.shake())
    async with Client(target, revisions=NEWEST_LEGACY) as client:
        await client.restart()
        assert client.connected
        assert len(server.connections) == (0 if as_bytes else 1)


# -- from within ------------------------------------------------------------------------------------------------------


async def test_closing_within_a_callback(as_bytes: bool) -> None:
    server = MCPServer("x")
    done = anyio.Event()

    @server.tool()
    async def talk(ctx: Any = None) -> str:
        return "x"

    async def on_notification(method: Any, params: Any) -> None:
        await client.aclose()
        done.set()

    async with connected(server, as_bytes=as_bytes, on_notification=on_notification, revisions=NEWEST_LEGACY) as client:
        await client.ping()
        server.tools.remove("talk")
        with anyio.fail_after(SOON):
            await done.wait()
        assert not client.connected
    assert await running() == []


async def test_closing_within_a_handler_of_the_client() -> None:
    async def on_elicitation(params: Any) -> None:
        await client.aclose()

    async with by_hand(on_elicitation=on_elicitation) as (client, peer):
        form = {"message": "?", "requestedSchema": {"type": "object", "properties": {}}}
        peer.request(1, "elicitation/create", form)
        await peer.loss()
    assert await running() == []


async def test_no_callback_is_called_after_closing(as_bytes: bool) -> None:
    server = calculator()
    seen: list[str] = []
    options: dict[str, Any] = {"on_notification": lambda method, params: seen.append(method.name)}
    async with connected(server, as_bytes=as_bytes, revisions=NEWEST_LEGACY, **options) as client:
        server.tools.remove("add")
        closing = calls(client.aclose)
        server.prompts.remove("greet")
        await closing
        seen.clear()
        server.resources.remove("data://pi")
        await settle()
    assert seen == []


async def test_a_hanging_callback_is_stopped_when_another_sessions_callback_closes() -> None:
    """Only a session's own callbacks may finish when they close it."""
    hanging, done = Hanging(), anyio.Event()

    async def close_the_other(method: Any, params: Any) -> None:
        await stuck.aclose()
        done.set()

    async def hang(method: Any, params: Any) -> None:
        await hanging()

    async with by_hand(on_notification=hang) as (stuck, one):
        one.tell("notifications/tools/list_changed")
        await hanging.started.wait()
        async with by_hand(on_notification=close_the_other) as (_, two):
            two.tell("notifications/tools/list_changed")
            with anyio.fail_after(SOON):
                await done.wait()
                await hanging.stopped.wait()


# -- errors are what they are -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("as_bytes", [True, False])
async def test_a_lifespan_that_fails_is_raised_alone(as_bytes: bool) -> None:
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def lifespan(server: Any) -> Any:
        async with anyio.create_task_group():
            raise ConnectFailed("no database")
        yield

    with pytest.raises((ConnectFailed, ExceptionGroup)) as caught:
        async with connected(MCPServer("x", lifespan=lifespan), as_bytes=as_bytes):
            pass
    # What the user's own task group raises is the user's; nothing of ours goes around it.
    assert not isinstance(caught.value, ExceptionGroup) or not any(
        isinstance(error, ExceptionGroup) for error in caught.value.exceptions
    )


async def test_no_common_revision_leaves_nothing() -> None:
    with pytest.raises(NoCommonRevision):
        await Client(calculator(revisions=MODERN), revisions=NEWEST_LEGACY).connect()
    assert await running() == []


if sys.version_info >= (3, 12):  # eager tasks run up to their first wait before they are tasks at all

    async def test_eager_start_changes_nothing() -> None:
        async with Client(calculator()) as client:
            results = await calls(*[lambda: client.call_tool("add", {"a": 1, "b": 1})] * 20)
            assert all(not result.is_error for result in results)


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
