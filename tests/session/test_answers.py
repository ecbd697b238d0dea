"""Answers to requests of this side, whatever they look like; and methods that are none of the protocol's."""

from __future__ import annotations

from typing import Any

import pytest

from mcpstruct.base.errors import (
    MethodNotFound,
    MethodNotInRevision,
    ProtocolViolation,
    RemoteError,
    RequestTimeout,
)
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
from tests.session.support import MODERN, NEWEST_LEGACY, Hanging, by_hand, calls, settle

pytestmark = pytest.mark.anyio


def slow_server() -> tuple[MCPServer, Hanging]:
    server, hanging = MCPServer("slow"), Hanging()
    server.tool("wait")(hanging.tool)
    return server, hanging


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
    odd: list[ProtocolViolation] = []
    async with by_hand(on_violation=odd.append) as (client, peer):

        async def answer() -> None:
            request = await peer.take("ping")
            peer.send({"jsonrpc": "2.0", "id": str(request["id"]), "error": {"code": 1, "message": "not yours"}})
            peer.answer(request, {})

        assert isinstance((await calls(answer, client.ping))[1], EmptyResult)
    assert [(fault.pointer, fault.got) for fault in odd] == [("/id", f"'{fault.expected}'") for fault in odd]
    assert len(odd) == 1


@pytest.mark.parametrize("kind", [str, float])
async def test_a_tolerant_client_takes_an_answer_by_its_id_as_text_or_fraction(kind: Any) -> None:
    odd: list[ProtocolViolation] = []
    async with by_hand(tolerant=True, on_violation=odd.append) as (client, peer):

        async def answer() -> None:
            request = await peer.take("tools/call")
            peer.answer({"id": kind(request["id"])}, {"content": [{"type": "text", "text": "yes"}]})
            request = await peer.take("tools/call")
            peer.refuse({"id": kind(request["id"])}, -32602, "no")
            for other in (kind(999), "nine", "²", 1.5, None):  # of no request in progress
                peer.answer({"id": other}, {})

        async def call() -> Any:
            result = await client.call_tool("x")
            with pytest.raises(RemoteError, match="no"):
                await client.call_tool("x")
            return result.content[0].text

        assert (await calls(answer, call))[1] == "yes"
        await settle()
    assert [fault.pointer for fault in odd[:2]] == ["/id", "/id"]


async def test_a_fraction_is_no_id_elsewhere() -> None:
    odd: list[ProtocolViolation] = []
    async with by_hand(on_violation=odd.append) as (client, peer):

        async def answer() -> None:
            request = await peer.take("ping")
            peer.answer({"id": float(request["id"])}, {})
            peer.answer(request, {})

        assert isinstance((await calls(answer, client.ping))[1], EmptyResult)
    assert [fault.pointer for fault in odd] == ["/id"]


@pytest.mark.parametrize("nameless", [{}, {"id": None}])
async def test_an_error_without_an_id_is_told_to_the_log(
    nameless: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    async with by_hand() as (client, peer):

        async def answer() -> None:
            await peer.take("ping")
            peer.send({"jsonrpc": "2.0", "error": {"code": -32700, "message": "what was that?"}, **nameless})

        with caplog.at_level("WARNING", logger="mcpstruct"):
            outcomes = await calls(answer, lambda: client.ping(timeout=0.1))
    assert isinstance(outcomes[1], RequestTimeout)  # nobody can know what it answers
    assert "what was that?" in caplog.text


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
    server = MCPServer("x", on_notification=lambda method, params, ctx: told.append((method, params)))
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


# -- answers that can't be read ----------------------------------------------------------------------------------------


async def answered_with(answer: str, **options: Any) -> Any:
    """What becomes of a call whose answer is this, `ID` standing for its id."""
    async with by_hand(revision=MODERN, **options) as (client, peer):

        async def answer_it() -> None:
            request = await peer.take("tools/list")
            peer.send(answer.replace("ID", str(request["id"])).encode())

        return (await calls(answer_it, client.list_tools))[1]


@pytest.mark.parametrize("tolerant", [False, True])
@pytest.mark.parametrize("result", ['{"tools":[}', '{"tools":[]} x', '"\\ud800"'])
async def test_an_answer_that_is_no_json_fails_its_call_at_once(result: str, tolerant: bool) -> None:
    outcome = await answered_with('{"jsonrpc":"2.0","id":ID,"result":' + result + "}", tolerant=tolerant)
    assert isinstance(outcome, ProtocolViolation)


@pytest.mark.parametrize("version", ['"1.0"', "2.0", "null"])
async def test_an_answer_of_another_json_rpc_fails_its_call_at_once(version: str) -> None:
    seen: list[ProtocolViolation] = []
    complete = '{"tools":[],"resultType":"complete","ttlMs":0,"cacheScope":"private"}'
    answer = '{"jsonrpc":' + version + ',"id":ID,"result":' + complete + "}"
    outcome = await answered_with(answer, on_violation=seen.append)
    assert isinstance(outcome, ProtocolViolation)
    assert outcome.pointer == "/jsonrpc"
    assert seen == []  # its caller knows
