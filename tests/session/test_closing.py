"""Closing and losing: from any task, in any order, twice, at the same time, and with nothing left behind."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from mcpstruct.base.errors import ConnectionLost
from mcpstruct.base.limits import Deadlines
from mcpstruct.client import Client
from mcpstruct.server import Context, MCPServer
from mcpstruct.testing import connected
from tests.session.support import (
    NEWEST_LEGACY,
    SOON,
    Fresh,
    Hanging,
    Slow,
    by_hand,
    calculator,
    calls,
    running,
    served,
    settle,
)

pytestmark = pytest.mark.anyio


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
    took: list[float] = []
    for _ in range(3):  # the machine itself may stall
        server, hanging = MCPServer("x"), Hanging()
        server.tool("wait")(hanging.tool)
        async with served(server) as peer:
            await peer.initialize()
            peer.request(1, "tools/call", {"name": "wait"})
            await hanging.started.wait()
            await peer.aclose()
            left = anyio.current_time()
            with anyio.fail_after(SOON):
                await hanging.stopped.wait()
            took.append(anyio.current_time() - left)
    assert min(took) < 0.1


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


@pytest.mark.parametrize("turns", range(6))
async def test_no_callback_is_called_after_closing(turns: int, as_bytes: bool) -> None:
    """However little time the other end had to learn of it."""
    server, gate, seen = calculator(), anyio.Event(), list[str]()

    @server.tool()
    async def ask(ctx: Context[Any]) -> str:
        try:
            await gate.wait()
        finally:
            with anyio.CancelScope(shield=True):
                server.tools.remove("add")
                await ctx.elicit("?", {"type": "object", "properties": {}})
        return "never"

    def on_notification(method: Any, params: Any) -> None:
        seen.append(method.name)

    def on_elicitation(params: Any) -> None:
        seen.append("asked")

    options: dict[str, Any] = {"on_notification": on_notification, "on_elicitation": on_elicitation}
    async with connected(server, as_bytes=as_bytes, revisions=NEWEST_LEGACY, **options) as client:
        async with anyio.create_task_group() as group:
            group.start_soon(calls, lambda: client.call_tool("ask"))
            await settle()
            group.start_soon(client.aclose)
            await settle(turns)
            while client.connected:
                await settle(1)
            seen.clear()
            gate.set()
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
