"""Callbacks for what a server says of its own accord: their order, their pace, and their failures."""

from __future__ import annotations

import logging
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from mcpstruct.base.limits import Limits
from mcpstruct.client import Client
from mcpstruct.server import Context, MCPServer
from mcpstruct.testing import connected
from mcpstruct_bindings.merged import methods
from tests.session.support import MODERN, NEWEST_LEGACY, SOON, Hanging, Peer, by_hand, calls, settle

pytestmark = pytest.mark.anyio
EMPTY_LIST = {"tools": [], "resultType": "complete", "ttlMs": 0, "cacheScope": "private"}


def say(peer: Peer, number: int, level: str = "info") -> None:
    peer.tell("notifications/message", {"level": level, "data": number})


def advance(peer: Peer, token: Any, progress: float) -> None:
    peer.tell("notifications/progress", {"progressToken": token, "progress": progress})


# -- order ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wait", [False, True])
async def test_callbacks_are_called_in_the_order_of_arrival(wait: bool) -> None:
    seen: list[Any] = []

    async def slowly(params: Any) -> None:
        await anyio.lowlevel.checkpoint()
        seen.append(params.data)

    on_log: Any = slowly if wait else lambda params: seen.append(params.data)
    async with by_hand(on_log=on_log) as (client, peer):
        for number in range(100):
            say(peer, number)
        await there_and_back(client, peer)
        assert seen == list(range(100))


async def there_and_back(client: Client, peer: Peer) -> Any:
    """A call that is answered at once."""
    return (await calls(client.ping, lambda: answer_next(peer)))[0]


async def answer_next(peer: Peer) -> None:
    peer.answer(await peer.take("ping"), {})


async def test_a_result_comes_after_the_callbacks_of_what_came_before_it() -> None:
    events: list[Any] = []

    async def on_log(params: Any) -> None:
        for _ in range(5):
            await anyio.lowlevel.checkpoint()
        events.append(params.data)

    async with by_hand(on_log=on_log) as (client, peer):

        async def play() -> None:
            request = await peer.take("tools/call")
            for number in range(3):
                say(peer, number)
                advance(peer, request["params"]["_meta"]["progressToken"], number)
            peer.answer(request, {"content": []})
            say(peer, 99)

        async def call() -> None:
            await client.call_tool("x", on_progress=lambda p, t, m: events.append(f"{p:g}"))
            events.append("result")

        await calls(play, call)
        assert events[:7] == [0, "0", 1, "1", 2, "2", "result"]


async def test_an_error_comes_after_the_callbacks_of_what_came_before_it(as_bytes: bool) -> None:
    events: list[str] = []
    server = MCPServer("x")

    @server.tool()
    async def fail(ctx: Context[Any]) -> str:
        await ctx.info("before")
        raise ZeroDivisionError

    async def on_log(params: Any) -> None:
        await anyio.lowlevel.checkpoint()
        events.append(params.data)

    for revision in (NEWEST_LEGACY, MODERN):
        events.clear()
        async with connected(server, as_bytes=as_bytes, on_log=on_log, revisions=revision) as client:
            result = await client.call_tool("fail")
            assert result.is_error
            assert events == ["before"]


async def test_what_a_server_says_before_the_handshake_is_over() -> None:
    """Some servers log while they start."""
    seen: list[Any] = []
    from tests.session.support import Fresh, initialized

    async def play(peer: Peer) -> None:
        request = await peer.take("initialize")
        say(peer, 1)
        peer.answer(request, initialized(capabilities={"logging": {}}))
        say(peer, 2)
        await peer.take("notifications/initialized")
        peer.answer(await peer.take("logging/setLevel"), {})
        say(peer, 3)
        peer.answer(await peer.take("ping"), {})

    def on_log(params: Any) -> None:
        seen.append(params.data)

    async with Client(Fresh(play), revisions=NEWEST_LEGACY, on_log=on_log) as client:
        await client.ping()
    assert seen == [1, 2, 3]


# -- waiting ----------------------------------------------------------------------------------------------------------


async def test_a_callback_may_call_on_the_same_session(as_bytes: bool) -> None:
    results: list[Any] = []
    server = MCPServer("x")

    @server.tool()
    async def talk(ctx: Context[Any]) -> str:
        for number in range(5):
            await ctx.info(number)
        return "done"

    async def on_log(params: Any) -> None:
        results.append((params.data, len((await client.list_tools()).tools)))

    for revision in (NEWEST_LEGACY, MODERN):
        results.clear()
        async with connected(server, as_bytes=as_bytes, on_log=on_log, revisions=revision) as client:
            with anyio.fail_after(SOON):
                await client.call_tool("talk")
        assert results == [(number, 1) for number in range(5)]


async def test_a_callback_that_waits_holds_up_nothing_but_callbacks_and_results() -> None:
    hanging = Hanging()

    async def on_notification(method: Any, params: Any) -> None:
        await hanging()

    async with by_hand(on_notification=on_notification, roots=["file:///a"]) as (client, peer):
        peer.tell("notifications/tools/list_changed")
        await hanging.started.wait()
        assert (await peer.ask(1, "ping"))["result"] == {}  # the loop receives, and the server's requests are answered
        assert "result" in await peer.ask(2, "roots/list")
        outcomes: list[Any] = []

        async def call() -> None:
            outcomes.append(await client.ping())

        async with anyio.create_task_group() as group:
            group.start_soon(call)
            peer.answer(await peer.take("ping"), {})
            await settle()
            assert outcomes == []  # what came before is yet to be called back
            hanging.release.set()
        assert len(outcomes) == 1


async def test_a_hanging_callback_does_not_hold_up_the_end() -> None:
    hanging = Hanging()

    async def on_notification(method: Any, params: Any) -> None:
        await hanging()

    async with by_hand(on_notification=on_notification) as (client, peer):
        peer.tell("notifications/tools/list_changed")
        await hanging.started.wait()

        async def close() -> None:
            peer.answer(await peer.take("ping"), {})
            await settle()
            await client.aclose()

        outcomes = await calls(client.ping, close)
        assert not isinstance(outcomes[0], Exception)  # its answer had come
        with anyio.fail_after(SOON):
            await hanging.stopped.wait()


# -- failing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wait", [False, True])
async def test_a_callback_that_fails_is_logged_and_the_session_goes_on(
    wait: bool, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[Any] = []

    def on_log(params: Any) -> Any:
        seen.append(params.data)
        if wait:
            return fail()
        raise ZeroDivisionError

    async def fail() -> None:
        await anyio.lowlevel.checkpoint()
        raise ZeroDivisionError

    async with by_hand(on_log=on_log) as (client, peer):
        for number in range(3):
            say(peer, number)
        await there_and_back(client, peer)
    assert seen == [0, 1, 2]
    records = [record for record in caplog.records if record.name == "mcpstruct" and record.levelno == logging.ERROR]
    assert len(records) == 3
    assert all(record.exc_info is not None and record.exc_info[0] is ZeroDivisionError for record in records)


async def test_a_progress_callback_that_fails_does_not_fail_the_call(as_bytes: bool) -> None:
    server = MCPServer("x")

    @server.tool()
    async def work(ctx: Context[Any]) -> str:
        await ctx.report_progress(1)
        return "done"

    def on_progress(progress: float, total: float | None, message: str | None) -> None:
        raise ZeroDivisionError

    async with connected(server, as_bytes=as_bytes) as client:
        assert not (await client.call_tool("work", on_progress=on_progress)).is_error


async def test_a_callback_that_is_cancelled_from_within_does_not_stop_the_others() -> None:
    seen: list[Any] = []

    async def on_log(params: Any) -> None:
        seen.append(params.data)
        with anyio.CancelScope() as scope:
            scope.cancel()
            await anyio.lowlevel.checkpoint()

    async with by_hand(on_log=on_log) as (client, peer):
        for number in range(3):
            say(peer, number)
        await there_and_back(client, peer)
        assert seen == [0, 1, 2]


# -- too many ---------------------------------------------------------------------------------------------------------


class Flooded:
    """A client whose callbacks hang until `release`, and what they then saw."""

    def __init__(self) -> None:
        self.logs: list[Any] = []
        self.progress: list[float] = []
        self.changes: list[str] = []
        self.hanging = Hanging()

    async def on_notification(self, method: Any, params: Any) -> None:
        if method is methods.PROMPT_LIST_CHANGED:
            await self.hanging()
        elif method is methods.TOOL_LIST_CHANGED:
            self.changes.append(method.name)

    def on_log(self, params: Any) -> None:
        self.logs.append(params.data)

    async def hold(self, peer: Peer) -> None:
        peer.tell("notifications/prompts/list_changed")
        await self.hanging.started.wait()


async def test_of_too_many_log_messages_the_oldest_are_dropped_and_counted() -> None:
    flooded = Flooded()
    callbacks: dict[str, Any] = {"on_log": flooded.on_log, "on_notification": flooded.on_notification}
    async with by_hand(limits=Limits(max_queue=10), **callbacks) as (client, peer):
        await flooded.hold(peer)
        for number in range(100):
            say(peer, number)
        await peer.ask(1, "ping")
        flooded.hanging.release.set()
        await there_and_back(client, peer)
        assert len(flooded.logs) <= 10
        assert flooded.logs[-1] == 99
        assert flooded.logs == sorted(flooded.logs)
        assert client.dropped == 100 * 2 - 10  # `on_notification` is told of log messages as well


async def test_too_much_progress_is_condensed_to_the_latest() -> None:
    flooded = Flooded()
    options: dict[str, Any] = {"on_notification": None, "limits": Limits(max_queue=5)}
    async with by_hand(**options) as (client, peer):

        async def on_progress(progress: float, total: float | None, message: str | None) -> None:
            flooded.progress.append(progress)
            if progress == 0:
                await flooded.hanging()

        async def play() -> None:
            request = await peer.take("tools/call")
            for number in range(100):
                advance(peer, request["params"]["_meta"]["progressToken"], number)
                if number == 0:
                    await flooded.hanging.started.wait()
            peer.answer(request, {"content": []})
            await peer.ask(1, "ping")
            flooded.hanging.release.set()

        await calls(play, lambda: client.call_tool("x", on_progress=on_progress))
        assert flooded.progress == [0, 1, 2, 3, 4, 99]


async def test_log_messages_make_room_for_changes() -> None:
    flooded = Flooded()
    callbacks: dict[str, Any] = {"on_log": flooded.on_log, "on_notification": flooded.on_notification}
    async with by_hand(limits=Limits(max_queue=10), **callbacks) as (client, peer):
        await flooded.hold(peer)
        for number in range(100):
            say(peer, number)
        for _ in range(5):
            peer.tell("notifications/tools/list_changed")
        await peer.ask(1, "ping")
        flooded.hanging.release.set()
        await there_and_back(client, peer)
        assert len(flooded.changes) == 5


async def test_results_are_never_dropped() -> None:
    flooded = Flooded()
    callbacks: dict[str, Any] = {"on_log": flooded.on_log, "on_notification": flooded.on_notification}
    async with by_hand(limits=Limits(max_queue=1), **callbacks) as (client, peer):
        await flooded.hold(peer)

        async def play() -> None:
            for number in range(50):
                say(peer, number)
                peer.answer(await peer.take("ping"), {})
            flooded.hanging.release.set()

        outcomes = await calls(play, *[client.ping] * 50)
        assert not any(isinstance(outcome, Exception) for outcome in outcomes)


async def test_a_flood_of_log_messages_from_a_server(as_bytes: bool) -> None:
    server = MCPServer("x")

    @server.tool()
    async def flood(ctx: Context[Any]) -> str:
        for number in range(5000):
            await ctx.info(number)
        return "done"

    seen: list[Any] = []
    async with connected(server, as_bytes=as_bytes, on_log=lambda params: seen.append(params.data)) as client:
        await client.call_tool("flood")
        assert seen == list(range(5000))
