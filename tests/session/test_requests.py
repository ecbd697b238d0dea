"""Requests of this side: their deadlines, their answers, calling them off, and how many there may be."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from anyio.abc import TaskGroup

from mcpstruct.base.errors import (
    ConnectionLost,
    RequestTimeout,
)
from mcpstruct.base.limits import Deadlines, Limits
from mcpstruct.base.methods import MethodInfo
from mcpstruct.client import Client
from mcpstruct.server import Context, MCPServer
from mcpstruct.testing import connected
from mcpstruct_bindings.merged import methods
from mcpstruct_bindings.merged.types import (
    EmptyResult,
    ListToolsRequestParams,
)
from tests.session.support import MODERN, NEWEST_LEGACY, SOON, Hanging, Peer, by_hand, calls, settle

pytestmark = pytest.mark.anyio


def slow_server() -> tuple[MCPServer, Hanging]:
    server, hanging = MCPServer("slow"), Hanging()
    server.tool("wait")(hanging.tool)
    return server, hanging


# -- deadlines --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("revision", [NEWEST_LEGACY, MODERN])
async def test_a_request_has_a_deadline_and_the_peer_is_told(revision: str) -> None:
    async with by_hand(revision=revision, deadlines=Deadlines(request=0.05)) as (client, peer):
        with anyio.fail_after(3), pytest.raises(RequestTimeout, match=r"tools/list within 0\.05 s") as caught:
            await client.list_tools()
        assert isinstance(caught.value, TimeoutError)
        assert caught.value.retryable
        request, cancelled = await peer.take(), await peer.take()
        assert cancelled["method"] == "notifications/cancelled"
        assert cancelled["params"]["requestId"] == request["id"]
        assert "0.05 s" in cancelled["params"]["reason"]


async def test_a_deadline_for_one_call() -> None:
    async with by_hand() as (client, peer):
        with anyio.fail_after(3), pytest.raises(RequestTimeout):
            await client.ping(timeout=0.02)
        await peer.take("ping")


async def test_no_deadline_for_one_call() -> None:
    async with by_hand(deadlines=Deadlines(request=0.02, hard=0.02)) as (client, peer):

        async def answer() -> None:
            await anyio.sleep(0.1)
            peer.answer(await peer.take("ping"), {})

        assert isinstance((await calls(answer, lambda: client.ping(timeout=None)))[1], EmptyResult)


async def test_deadlines_of_many_calls_are_each_their_own() -> None:
    async with by_hand() as (client, peer):

        def call(seconds: float | None) -> Any:
            return lambda: client.ping(timeout=seconds)

        async def answer() -> None:
            await peer.until(lambda: len([m for m in peer.left if m["method"] == "notifications/cancelled"]) == 2)
            for message in peer.left:
                if message["method"] == "ping":
                    peer.answer(message, {})

        outcomes = await calls(answer, call(SOON), call(0.06), call(None), call(0.02), call(SOON))
        expected = [EmptyResult, RequestTimeout, EmptyResult, RequestTimeout, EmptyResult]
        assert [type(outcome) for outcome in outcomes[1:]] == expected


async def test_progress_puts_the_deadline_off() -> None:
    async with by_hand() as (client, peer):
        seen: list[float] = []

        async def work() -> None:
            request = await peer.take("tools/call")
            token = request["params"]["_meta"]["progressToken"]
            for step in range(6):
                await anyio.sleep(0.05)
                peer.tell("notifications/progress", {"progressToken": token, "progress": step})
            peer.answer(request, {"content": []})

        call = lambda: client.call_tool("x", timeout=0.15, on_progress=lambda p, t, m: seen.append(p))  # noqa: E731
        outcomes = await calls(work, call)
        assert not isinstance(outcomes[1], Exception)
        assert seen == [0, 1, 2, 3, 4, 5]


async def test_progress_does_not_put_the_hard_limit_off() -> None:
    async with by_hand(deadlines=Deadlines(request=0.1, hard=0.25)) as (client, peer):

        async def work() -> None:
            request = await peer.take("tools/call")
            token = request["params"]["_meta"]["progressToken"]
            step = 0
            while not any(m["method"] == "notifications/cancelled" for m in peer.heard):
                peer.tell("notifications/progress", {"progressToken": token, "progress": step})
                step += 1
                await anyio.sleep(0.02)

        outcomes = await calls(work, lambda: client.call_tool("x", on_progress=lambda p, t, m: None))
        assert isinstance(outcomes[1], RequestTimeout)
        assert "0.25 s" in str(outcomes[1])


async def test_a_longer_deadline_that_is_asked_for_stands() -> None:
    async with by_hand(deadlines=Deadlines(request=0.02, hard=0.02)) as (client, peer):

        async def answer() -> None:
            await anyio.sleep(0.1)
            peer.answer(await peer.take("ping"), {})

        assert isinstance((await calls(answer, lambda: client.ping(timeout=SOON)))[1], EmptyResult)


async def test_progress_of_other_requests_changes_nothing() -> None:
    async with by_hand() as (client, peer):

        async def chatter() -> None:
            request = await peer.take("tools/call")
            token = request["params"]["_meta"]["progressToken"]
            for step in range(8):
                for other in (token + 1, str(token), "x"):
                    peer.tell("notifications/progress", {"progressToken": other, "progress": step})
                await anyio.sleep(0.02)

        seen: list[float] = []
        call = lambda: client.call_tool("x", timeout=0.1, on_progress=lambda p, t, m: seen.append(p))  # noqa: E731
        assert isinstance((await calls(chatter, call))[1], RequestTimeout)
        assert seen == []


async def test_a_deadline_covers_the_wait_for_a_turn() -> None:
    async with by_hand(limits=Limits(max_in_flight=1)) as (client, peer):
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: client.ping(timeout=None))
            await peer.take("ping")
            with anyio.fail_after(3), pytest.raises(RequestTimeout):
                await client.list_tools(timeout=0.05)
            group.cancel_scope.cancel()
        assert not any(message["method"] == "tools/list" for message in peer.heard)


async def test_a_deadline_covers_a_peer_that_reads_nothing() -> None:
    async with by_hand() as (client, peer):
        peer.transport.pause()
        text = "x" * 100_000
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(lambda: calls(lambda: client.call_tool("x", {"text": text})))
            await settle()
            with anyio.fail_after(3), pytest.raises(RequestTimeout):
                await client.list_tools(timeout=0.05)
            group.cancel_scope.cancel()


# -- calling off ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("revision", [NEWEST_LEGACY, MODERN])
async def test_a_caller_that_is_cancelled_stops_the_handler(revision: str, as_bytes: bool) -> None:
    server, hanging = slow_server()
    async with connected(server, as_bytes=as_bytes, revisions=revision) as client:
        with anyio.fail_after(SOON):
            async with anyio.create_task_group() as group:
                group.start_soon(client.call_tool, "wait")
                await hanging.started.wait()
                group.cancel_scope.cancel()
            await hanging.stopped.wait()
        await client.list_tools()  # and the session goes on


async def test_the_peer_is_told_once_and_no_answer_comes() -> None:
    async with by_hand() as (client, peer):
        async with anyio.create_task_group() as group:
            group.start_soon(client.ping)
            request = await peer.take("ping")
            group.cancel_scope.cancel()
        cancelled = await peer.take()
        assert (cancelled["method"], cancelled["params"]["requestId"]) == ("notifications/cancelled", request["id"])
        peer.answer(request, {})  # late: dropped
        peer.answer(request, {})
        await calls(client.ping, lambda: answer_next(peer))
        assert peer.left == []


async def answer_next(peer: Any) -> None:
    peer.answer(await peer.take("ping"), {})


async def test_a_call_that_is_cancelled_before_it_was_sent_sends_nothing() -> None:
    async with by_hand(limits=Limits(max_in_flight=1)) as (client, peer):
        async with anyio.create_task_group() as group:
            group.start_soon(client.ping)
            first = await peer.take("ping")
            with anyio.move_on_after(0.02):
                await client.list_tools()
            peer.answer(first, {})
        await calls(client.ping, lambda: answer_next(peer))
        assert [m["method"] for m in peer.heard].count("tools/list") == 0


async def test_a_server_cancels_a_request_of_its_own(as_bytes: bool) -> None:
    """A handler that no longer waits for the user takes its question back."""
    server, asked = MCPServer("x"), Hanging()

    @server.tool()
    async def ask(ctx: Context[Any]) -> str:
        with anyio.move_on_after(0.05):
            await ctx.elicit("?", {"type": "object", "properties": {"a": {"type": "string"}}})
        return "went on without"

    async def on_elicitation(params: Any) -> Any:
        await asked()

    options: dict[str, Any] = {"revisions": NEWEST_LEGACY, "on_elicitation": on_elicitation}
    async with connected(server, as_bytes=as_bytes, **options) as client:
        with anyio.fail_after(SOON):
            result = await client.call_tool("ask")
            assert "went on" in repr(result.content)
            await asked.stopped.wait()


async def test_cancelling_a_call_takes_back_what_its_handler_asked(as_bytes: bool) -> None:
    server, asked = MCPServer("x"), Hanging()

    @server.tool()
    async def ask(ctx: Context[Any]) -> str:
        await ctx.elicit("?", {"type": "object", "properties": {"a": {"type": "string"}}})
        return "never"

    async def on_elicitation(params: Any) -> Any:
        await asked()

    options: dict[str, Any] = {"revisions": NEWEST_LEGACY, "on_elicitation": on_elicitation}
    async with connected(server, as_bytes=as_bytes, **options) as client:
        with anyio.fail_after(SOON):
            async with anyio.create_task_group() as group:
                group.start_soon(client.call_tool, "ask")
                await asked.started.wait()
                group.cancel_scope.cancel()
            await asked.stopped.wait()


# -- how many ---------------------------------------------------------------------------------------------------------


async def test_calls_beyond_the_limit_wait_for_their_turn() -> None:
    async with by_hand(limits=Limits(max_in_flight=3)) as (client, peer):
        most = 0

        async def play() -> None:
            nonlocal most
            for _ in range(10):
                await settle()
                most = max(most, len(peer.left))
                peer.answer(await peer.take("ping"), {})

        outcomes = await calls(play, *[client.ping] * 10)
        assert [type(outcome) for outcome in outcomes[1:]] == [EmptyResult] * 10
        assert most == 3


async def test_calls_that_wait_for_their_turn_fail_with_the_connection() -> None:
    async with by_hand(limits=Limits(max_in_flight=1)) as (client, peer):

        async def leave() -> None:
            await peer.take("ping")
            await peer.aclose()

        outcomes = await calls(leave, *[client.ping] * 5)
        assert [type(outcome) for outcome in outcomes[1:]] == [ConnectionLost] * 5


async def test_a_cancelled_waiter_passes_its_turn_on() -> None:
    def answer(message: Any) -> None:
        if message["method"] == "ping" and message["id"] != first["id"]:
            peer.answer(message, {})

    async with by_hand(limits=Limits(max_in_flight=1)) as (client, peer):
        with anyio.fail_after(SOON):
            async with anyio.create_task_group() as group:
                group.start_soon(client.ping)
                first = await peer.take("ping")
                peer.on_message = answer
                async with anyio.create_task_group() as waiting:
                    waiting.start_soon(client.ping)
                    await settle()
                    group.start_soon(client.ping)
                    await settle()
                    peer.answer(first, {})
                    waiting.cancel_scope.cancel()


BIG: MethodInfo[dict[str, Any], None] = MethodInfo(
    name="example/big", kind="notification", direction="client", message=None, params=dict[str, Any], since=""
)


async def clog(client: Client, peer: Peer, group: TaskGroup) -> None:
    """Have the peer read nothing, and the client want to send more than there is room for."""
    peer.transport.pause()
    group.start_soon(client.send_notification, BIG, {"text": "x" * 2_000_000})
    await settle()


def answering(peer: Peer) -> list[Any]:
    """Have the peer answer each ping from now on; gives them."""
    pings: list[Any] = []

    def answer(message: Any) -> None:
        if message["method"] == "ping":
            pings.append(message)
            peer.answer(message, {})

    peer.on_message = answer
    return pings


async def test_a_turn_is_passed_on_by_who_is_cancelled_before_there_is_room() -> None:
    """Whose turn it is may have to wait for the peer to read."""
    async with by_hand(limits=Limits(max_in_flight=1)) as (client, peer):
        with anyio.fail_after(SOON):
            async with anyio.create_task_group() as group:
                group.start_soon(client.ping)
                first = await peer.take("ping")
                await clog(client, peer, group)
                async with anyio.create_task_group() as waiting:
                    waiting.start_soon(client.ping)
                    await settle()
                    group.start_soon(client.ping)
                    await settle()
                    peer.answer(first, {})
                    await settle()
                    waiting.cancel_scope.cancel()
                pings = answering(peer)
                peer.transport.resume()
        assert len(pings) == 1


async def test_no_more_are_in_flight_once_the_peer_reads_again() -> None:
    async with by_hand(limits=Limits(max_in_flight=3)) as (client, peer):
        with anyio.fail_after(SOON):
            async with anyio.create_task_group() as group:
                await clog(client, peer, group)
                for _ in range(10):
                    group.start_soon(client.ping)
                await settle()
                peer.transport.resume()
                for _ in range(10):
                    await settle()
                    assert len([message for message in peer.left if message["method"] == "ping"]) <= 3
                    peer.answer(await peer.take("ping"), {})


@pytest.mark.parametrize("revision", [NEWEST_LEGACY, MODERN])
@pytest.mark.parametrize("own", [{"a": 1}, {"a": 1, "_meta": {"own": 1}}, {"a": 1, "_meta": None}])
async def test_params_of_the_caller_stay_as_they_are(revision: str, own: dict[str, Any]) -> None:
    method: MethodInfo[Any, Any] = MethodInfo(
        name="v/x", kind="request", direction="client", message=None, params=dict, result=dict, since=""
    )
    before, listing = dict(own), ListToolsRequestParams()
    async with by_hand(revision=revision, custom=[method]) as (client, peer):

        async def answer() -> list[Any]:
            return [answer_to(peer, await peer.take("v/x")) for _ in range(2)]

        async def call() -> None:
            await client.send_request(method, own, on_progress=nothing_to_do)
            await client.send_request(method, own)

        (first, second), nothing = await calls(answer, call)
        assert nothing is None
        assert "progressToken" in first["params"]["_meta"]
        assert "progressToken" not in (second["params"].get("_meta") or {})
        assert own == before

        async def answer_list() -> None:
            answer_to(peer, await peer.take("tools/list"), tools=[], ttlMs=0, cacheScope="private")

        await calls(answer_list, lambda: client.send_request(methods.LIST_TOOLS, listing))
        assert listing.meta is None


def nothing_to_do(progress: float, total: float | None, message: str | None) -> None: ...


def answer_to(peer: Peer, request: Any, **result: Any) -> Any:
    peer.answer(request, {"resultType": "complete", **result})
    return request
