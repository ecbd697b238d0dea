"""Requests of this side: their deadlines, their answers, calling them off, and how many there may be."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from mcpstruct.base.errors import (
    ConnectionLost,
    MethodNotFound,
    MethodNotInRevision,
    ProtocolViolation,
    RemoteError,
    RequestTimeout,
)
from mcpstruct.base.limits import Deadlines, Limits
from mcpstruct.base.methods import MethodInfo
from mcpstruct.server import Context, MCPServer
from mcpstruct.testing import connected
from mcpstruct_bindings.merged import methods
from mcpstruct_bindings.merged.types import (
    EmptyResult,
    NotificationParams,
    Result,
    SubscriptionFilter,
    SubscriptionsAcknowledgedNotificationParams,
)
from tests.session.support import MODERN, NEWEST_LEGACY, SOON, Hanging, by_hand, calls, settle

pytestmark = pytest.mark.anyio


def slow_server() -> tuple[MCPServer, Hanging]:
    server, hanging = MCPServer("slow"), Hanging()
    server.tool("wait")(hanging.tool)
    return server, hanging


# -- deadlines --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("revision", [NEWEST_LEGACY, MODERN])
async def test_a_request_has_a_deadline_and_the_peer_is_told(revision: str) -> None:
    async with by_hand(revision=revision, deadlines=Deadlines(request=0.05)) as (client, peer):
        with anyio.fail_after(1), pytest.raises(RequestTimeout, match=r"tools/list within 0\.05 s") as caught:
            await client.list_tools()
        assert isinstance(caught.value, TimeoutError)
        assert caught.value.retryable
        request, cancelled = await peer.take(), await peer.take()
        assert cancelled["method"] == "notifications/cancelled"
        assert cancelled["params"]["requestId"] == request["id"]
        assert "0.05 s" in cancelled["params"]["reason"]


async def test_a_deadline_for_one_call() -> None:
    async with by_hand() as (client, peer):
        with anyio.fail_after(1), pytest.raises(RequestTimeout):
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
            with anyio.fail_after(0.1):
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


# -- answers ----------------------------------------------------------------------------------------------------------


async def test_ids_are_never_used_twice_and_answers_come_in_any_order() -> None:
    async with by_hand() as (client, peer):

        async def answer() -> None:
            requests = [await peer.take("tools/call") for _ in range(20)]
            assert len({request["id"] for request in requests}) == 20
            for request in reversed(requests):
                text = request["params"]["name"]
                peer.answer(request, {"content": [{"type": "text", "text": text}]})

        def call(number: int) -> Any:
            return lambda: client.call_tool(str(number))

        outcomes = await calls(answer, *map(call, range(20)))
        assert [outcome.content[0].text for outcome in outcomes[1:]] == [str(n) for n in range(20)]


@pytest.mark.parametrize(
    "stray",
    [
        {"id": 999, "result": {}},
        {"id": "1", "result": {}},
        {"id": 999, "error": {"code": 1, "message": "x"}},
        {"error": {"code": -32700, "message": "could not read"}},
        {"id": None, "error": {"code": -32700, "message": "could not read"}},
    ],
)
async def test_answers_to_nothing_are_dropped(stray: dict[str, Any]) -> None:
    async with by_hand() as (client, peer):

        async def answer() -> None:
            request = await peer.take("ping")
            peer.send({"jsonrpc": "2.0", **stray})
            peer.answer(request, {})

        assert isinstance((await calls(answer, client.ping))[1], EmptyResult)
        assert peer.left == []


async def test_an_id_as_text_is_another_id() -> None:
    async with by_hand() as (client, peer):

        async def answer() -> None:
            request = await peer.take("ping")
            peer.send({"jsonrpc": "2.0", "id": str(request["id"]), "error": {"code": 1, "message": "not yours"}})
            peer.answer(request, {})

        assert isinstance((await calls(answer, client.ping))[1], EmptyResult)


@pytest.mark.parametrize(
    ("answer", "pointer"),
    [
        ({"result": {"tools": []}, "error": {"code": 1, "message": "x"}}, ""),
        ({}, ""),
        ({"result": {}}, "/result/tools"),
        ({"result": None}, "/result"),
        ({"result": []}, "/result"),
        ({"result": {"tools": 1}}, "/result/tools"),
        ({"error": {"code": "x", "message": "y"}}, "/error/code"),
        ({"error": {"code": 1}}, "/error/message"),
    ],
)
async def test_an_answer_that_is_none_fails_its_call_and_no_other(answer: dict[str, Any], pointer: str) -> None:
    async with by_hand() as (client, peer):

        async def play() -> None:
            request = await peer.take("tools/list")
            peer.send({"jsonrpc": "2.0", "id": request["id"], **answer})
            peer.answer(await peer.take("ping"), {})

        async def both() -> Any:
            with pytest.raises(ProtocolViolation) as caught:
                await client.list_tools()
            await client.ping()
            return caught.value.pointer

        assert (await calls(play, both))[1] == pointer
        assert peer.left == []  # what is no answer is not answered


async def test_whatever_order_the_keys_of_an_answer_come_in() -> None:
    async with by_hand() as (client, peer):

        async def play() -> None:
            content = '"content":[{"type":"text","text":"yes"}]'
            for template in (
                '{"result":{%s},"id":ID,"jsonrpc":"2.0"}',
                '{"id":ID,"result":{%s},"jsonrpc":"2.0"}',
                '  {\n"jsonrpc" : "2.0" ,"result":{"method":"tools/list",%s}, "id": ID }',
                '{"jsonrpc":"2.0","result":{%s,"_meta":{"id":1,"x":"\\"id\\":2}"}},"id":ID}',
            ):
                request = await peer.take("tools/call")
                peer.send(template.replace("%s", content).replace("ID", str(request["id"])).encode())

        async def four() -> list[Any]:
            return [(await client.call_tool("x")).content[0] for _ in range(4)]

        blocks = (await calls(play, four))[1]
        assert [block.text for block in blocks] == ["yes"] * 4


async def test_a_request_of_the_server_is_not_taken_for_an_answer_with_the_same_id() -> None:
    """Both sides count from one; a request may have its method at its end."""
    async with by_hand(roots=["file:///x"]) as (client, peer):

        async def play() -> None:
            request = await peer.take("ping")
            padding = {"_meta": {"padding": "x" * 200}}
            peer.send({"jsonrpc": "2.0", "id": request["id"], "params": padding, "method": "roots/list"})
            answer = await peer.take()
            assert answer["result"]["roots"] == [{"uri": "file:///x"}]
            peer.answer(request, {})

        outcomes = await calls(play, client.ping)
        assert outcomes[0] is None
        assert isinstance(outcomes[1], EmptyResult)


async def test_errors_keep_code_message_and_data() -> None:
    async with by_hand() as (client, peer):

        async def play() -> None:
            peer.refuse(await peer.take(), -32002, "no such thing", uri="x:y")
            peer.refuse(await peer.take(), -32601, "Unknown: tools/list")
            peer.refuse(await peer.take(), 7, "")

        async def three() -> list[Exception]:
            errors: list[Exception] = []
            for _ in range(3):
                with pytest.raises(RemoteError) as caught:
                    await client.list_tools()
                errors.append(caught.value)
            return errors

        first, second, third = (await calls(play, three))[1]
        assert (first.code, first.message, first.data) == (-32002, "no such thing", {"uri": "x:y"})
        assert isinstance(second, MethodNotFound)
        assert (second.message, second.method) == ("Unknown: tools/list", "tools/list")
        assert (third.code, third.data) == (7, None)
        assert not first.retryable


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


# -- methods of one's own ---------------------------------------------------------------------------------------------

Numbers = dict[str, Any]
DOUBLE: MethodInfo[Numbers, Numbers] = MethodInfo(
    name="example/double", kind="request", direction="client", message=None, params=Numbers, result=Numbers, since=""
)
BARE: MethodInfo[None, EmptyResult] = MethodInfo(
    name="example/bare", kind="request", direction="client", message=None, params=None, result=EmptyResult, since=""
)
TOLD: MethodInfo[Numbers, None] = MethodInfo(
    name="notifications/example/told", kind="notification", direction="both", message=None, params=Numbers, since=""
)
ASKED: MethodInfo[Numbers, Numbers] = MethodInfo(
    name="example/asked", kind="request", direction="server", message=None, params=Numbers, result=Numbers, since=""
)


@pytest.mark.parametrize("revision", [NEWEST_LEGACY, MODERN])
async def test_custom_methods(revision: str, as_bytes: bool) -> None:
    told: list[Any] = []
    server = MCPServer("x", on_notification=lambda method, params: told.append((method, params)))
    server.custom[TOLD.name] = TOLD

    @server.request(DOUBLE)
    async def double(params: Any, ctx: Context[Any]) -> Any:
        return {"n": params["n"] * 2}

    @server.request(BARE)
    async def bare(params: Any, ctx: Context[Any]) -> Any:
        return Result() if revision == MODERN else EmptyResult()

    async with connected(server, as_bytes=as_bytes, revisions=revision, custom=[TOLD]) as client:
        assert (await client.send_request(DOUBLE, {"n": 21}))["n"] == 42
        assert (await client.send_request(DOUBLE, {"n": 1}, on_progress=lambda p, t, m: None))["n"] == 2
        await client.send_request(BARE, None)
        await client.send_request(BARE, None, on_progress=lambda p, t, m: None)
        await client.send_notification(TOLD, {"said": 1})
        await client.send_request(BARE, None)
    assert [(method, params["said"]) for method, params in told if method is TOLD] == [(TOLD, 1)]


async def test_custom_methods_of_the_server(as_bytes: bool) -> None:
    server = MCPServer("x")
    told: list[Any] = []

    @server.tool()
    async def go(ctx: Context[Any]) -> str:
        await ctx.session.send_notification(TOLD, {"said": 1})
        return "went"

    def on_notification(method: Any, params: Any) -> None:
        told.append((method, params))

    for revision in (NEWEST_LEGACY, MODERN):
        told.clear()
        options: dict[str, Any] = {"custom": [TOLD], "on_notification": on_notification, "revisions": revision}
        async with connected(server, as_bytes=as_bytes, **options) as client:
            await client.call_tool("go")
            assert [(method, params["said"]) for method, params in told] == [(TOLD, 1)]


async def test_what_nobody_knows(as_bytes: bool) -> None:
    async with connected(MCPServer("x"), as_bytes=as_bytes) as client:
        with pytest.raises(MethodNotFound):
            await client.send_request(DOUBLE, {"n": 1})
        await client.send_notification(TOLD, {"said": 1})
        await client.list_tools()


async def test_what_the_revision_lacks_is_not_sent() -> None:
    for revision in (NEWEST_LEGACY, MODERN):
        async with by_hand(revision=revision) as (client, peer):
            wrong = client.discover if revision == NEWEST_LEGACY else client.ping
            with pytest.raises(MethodNotInRevision) as caught:
                await wrong()
            assert caught.value.revision == revision
            method: MethodInfo[Any, None] = methods.ROOTS_LIST_CHANGED
            params: Any = NotificationParams()
            if revision != MODERN:
                method = methods.SUBSCRIPTIONS_ACKNOWLEDGED
                params = SubscriptionsAcknowledgedNotificationParams(notifications=SubscriptionFilter())
            with pytest.raises(MethodNotInRevision):
                await client.send_notification(method, params)
            await settle()
            assert peer.left == []
