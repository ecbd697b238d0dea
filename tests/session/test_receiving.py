"""Requests of the peer: when they may come, how many, in what form, and what becomes of those that may not."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import anyio
import pytest

from mcpstruct.base.errors import ProtocolViolation
from mcpstruct.base.limits import Limits
from mcpstruct.client import Client
from mcpstruct.server import MCPServer
from tests.session.support import (
    LEGACY,
    MODERN,
    NEWEST_LEGACY,
    SOON,
    Hanging,
    Peer,
    by_hand,
    calculator,
    served,
    settle,
    stamped,
)

pytestmark = pytest.mark.anyio
ADD = {"name": "add", "arguments": {"a": 1, "b": 2}}
UNREAD = [b"", b" ", b"{", b"nonsense", b"\xff\xfe\x00", b'{"jsonrpc":"2.0","id":1,"method":"ping"']
NO_MESSAGE = [b"{}", b"null", b"17", b'"text"', b"[]", b"[" * 2000, b'{"jsonrpc":"2.0"}', b'{"JSONRPC":"2.0","ID":1,"METHOD":"ping"}']
BAD_RESPONSES = [
    {"result": {}},
    {"id": None, "result": {}},
    {"id": 1, "result": {}, "error": {"code": 1, "message": "x"}},
    {"id": 1.5, "result": {}},
    {"id": 1, "error": "no"},
    {"id": 1, "error": {"code": 1}},
    {"error": {}},
    {"id": [], "error": {"code": 1, "message": "x"}},
    {"id": 1},
]


# -- opening ----------------------------------------------------------------------------------------------------------


async def test_nothing_before_initialize_but_pings() -> None:
    async with served(calculator()) as peer:
        assert (await peer.ask(1, "ping"))["result"] == {}
        for number, method in enumerate(("tools/list", "resources/list", "example/unknown"), 2):
            assert "error" in await peer.ask(number, method)
        assert (await peer.ask(9, "tools/call", ADD))["error"]["message"] == "the first request must be initialize"
        await peer.initialize()
        assert "result" in await peer.ask(10, "tools/call", ADD)


async def test_initialize_twice() -> None:
    async with served(calculator()) as peer:
        await peer.initialize("2025-06-18")
        params = {"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
        assert (await peer.ask(1, "initialize", params))["error"]["code"] == -32600
        assert "result" in await peer.ask(2, "tools/list")


async def test_initialize_without_what_it_needs() -> None:
    async with served(calculator()) as peer:
        error = (await peer.ask(1, "initialize", {"protocolVersion": "2025-06-18"}))["error"]
        assert error["code"] == -32602
        assert "/params" in error["message"]
        assert (await peer.initialize("2025-06-18"))["protocolVersion"] == "2025-06-18"


async def test_a_modern_request_says_what_the_client_can_do() -> None:
    async with served(calculator()) as peer:
        meta = {"io.modelcontextprotocol/protocolVersion": MODERN}
        error = (await peer.ask(1, "tools/list", {"_meta": meta}))["error"]
        assert error["code"] == -32602
        assert "clientCapabilities" in error["message"]
        wrong = {**meta, "io.modelcontextprotocol/clientCapabilities": 1}
        assert (await peer.ask(2, "tools/list", {"_meta": wrong}))["error"]["code"] == -32602
        level = {"io.modelcontextprotocol/logLevel": "loud"}
        assert (await peer.ask(3, "tools/list", stamped(_meta=level)))["error"]["code"] == -32602


# -- ids --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("request_id", [0, 1, -1, 2**53, 2**63 - 1, "", "1", "x" * 1000, "é\n\"\\", "😀"])
async def test_ids_come_back_as_they_were(request_id: Any) -> None:
    async with served(calculator()) as peer:
        answer = await peer.ask(request_id, "ping")
        assert answer["id"] == request_id
        assert type(answer["id"]) is type(request_id)


@pytest.mark.parametrize("request_id", ["null", "1.5", "true", "{}", "[1]", "1e400"])
async def test_ids_that_are_none(request_id: str) -> None:
    async with served(calculator()) as peer:
        peer.send(f'{{"jsonrpc":"2.0","id":{request_id},"method":"ping"}}'.encode())
        assert (await peer.ask(1, "ping"))["result"] == {}
        assert all("result" not in message for message in peer.left)
        assert all(message.get("id") is None for message in peer.left)


async def test_an_id_in_progress_is_refused_while_the_first_goes_on() -> None:
    server, hanging = MCPServer("x"), Hanging()
    server.tool("wait")(hanging.tool)
    async with served(server) as peer:
        await peer.initialize()
        peer.request(7, "tools/call", {"name": "wait"})
        await hanging.started.wait()
        assert (await peer.ask(7, "tools/list"))["error"]["code"] == -32600
        assert "result" in await peer.ask("7", "tools/list")  # text is another id
        hanging.release.set()
        await peer.until(lambda: any("result" in m and m["id"] == 7 for m in peer.left))
        assert "result" in await peer.ask(8, "tools/list")


async def test_an_id_may_be_used_again_once_answered() -> None:
    async with served(calculator()) as peer:
        for _ in range(3):
            assert (await peer.ask(1, "ping"))["result"] == {}


async def test_two_clients_may_use_the_same_ids() -> None:
    server, hanging = MCPServer("x"), Hanging()
    server.tool("wait")(hanging.tool)
    async with served(server) as one, served(server) as two:
        await one.initialize()
        await two.initialize()
        one.request(1, "tools/call", {"name": "wait"})
        await hanging.started.wait()
        assert "result" in await two.ask(1, "tools/list")
        two.tell("notifications/cancelled", {"requestId": 1})  # not another client's request
        assert "result" in await two.ask(2, "ping")
        assert not hanging.stopped.is_set()


# -- calling off ------------------------------------------------------------------------------------------------------


async def test_a_cancelled_request_gets_no_answer() -> None:
    server, hanging = MCPServer("x"), Hanging()
    server.tool("wait")(hanging.tool)
    async with served(server) as peer:
        await peer.initialize()
        peer.request(1, "tools/call", {"name": "wait"})
        await hanging.started.wait()
        peer.tell("notifications/cancelled", {"requestId": 1, "reason": "changed my mind"})
        with anyio.fail_after(0.1):
            await hanging.stopped.wait()
        assert "result" in await peer.ask(2, "ping")
        await settle()
        assert peer.left == []


async def test_a_handler_that_ignores_its_cancellation_answers_nobody() -> None:
    server, started, done = MCPServer("x"), anyio.Event(), anyio.Event()

    @server.tool()
    async def stubborn() -> str:
        started.set()
        with suppress(anyio.get_cancelled_exc_class()):
            await anyio.sleep_forever()
        done.set()
        return "too late"

    async with served(server) as peer:
        await peer.initialize()
        peer.request(1, "tools/call", {"name": "stubborn"})
        await started.wait()
        peer.tell("notifications/cancelled", {"requestId": 1})
        assert "result" in await peer.ask(2, "ping")
        with anyio.fail_after(SOON):
            await done.wait()
        assert "result" in await peer.ask(1, "ping")  # its id is free
        await settle()
        assert peer.left == []


@pytest.mark.parametrize(
    "params", [{"requestId": 99}, {"requestId": "1"}, {}, {"requestId": None}, {"requestId": []}, None, {"reason": "x"}]
)
async def test_cancelling_what_is_not_there(params: Any) -> None:
    async with served(calculator()) as peer:
        await peer.initialize()
        peer.tell("notifications/cancelled", params)
        assert "result" in await peer.ask(1, "ping")
        assert peer.left == []


async def test_cancelling_a_request_that_waits_for_its_turn() -> None:
    server, hanging = MCPServer("x", limits=Limits(max_in_flight=1)), Hanging()
    server.tool("wait")(hanging.tool)
    started: list[int] = []

    @server.tool(inline=True)
    def begin(number: int) -> int:
        started.append(number)
        return number

    async with served(server) as peer:
        await peer.initialize()
        peer.request(1, "tools/call", {"name": "wait"})
        for number in (2, 3, 4):
            peer.request(number, "tools/call", {"name": "begin", "arguments": {"number": number}})
        await hanging.started.wait()
        peer.tell("notifications/cancelled", {"requestId": 4})
        peer.tell("notifications/cancelled", {"requestId": 2})
        await settle()
        assert started == []
        hanging.release.set()
        await peer.until(lambda: len(peer.left) == 2)
        assert started == [3]
        assert sorted(message["id"] for message in peer.left) == [1, 3]


# -- how many ---------------------------------------------------------------------------------------------------------


async def test_requests_beyond_the_limit_wait_and_then_are_refused() -> None:
    limits = Limits(max_in_flight=2, max_queue=3)
    server, gate, at_work = MCPServer("x", limits=limits), anyio.Event(), [0, 0]

    @server.tool()
    async def wait() -> str:
        at_work[0] += 1
        at_work[1] = max(at_work)
        await gate.wait()
        at_work[0] -= 1
        return "done"

    async with served(server) as peer:
        await peer.initialize()
        for number in range(7):
            peer.request(number, "tools/call", {"name": "wait"})
        await peer.until(lambda: len(peer.left) == 2)
        assert [(m["id"], m["error"]["code"]) for m in peer.left] == [(5, -32603), (6, -32603)]
        gate.set()
        await peer.until(lambda: len(peer.left) == 7)
        assert sorted(m["id"] for m in peer.left if "result" in m) == [0, 1, 2, 3, 4]
        assert at_work[1] == 2


async def test_thousands_that_wait_are_answered_one_by_one() -> None:
    server, hanging = MCPServer("x", limits=Limits(max_in_flight=1)), Hanging()
    server.tool("wait")(hanging.tool)
    async with served(server) as peer:
        await peer.initialize()
        peer.request(0, "tools/call", {"name": "wait"})
        for number in range(1, 5001):
            peer.request(number, "ping")
        await hanging.started.wait()
        hanging.release.set()
        await peer.until(lambda: len(peer.left) == 5001, 20)
        assert all("result" in message for message in peer.left)


@pytest.mark.parametrize("revision", [*LEGACY, MODERN])
async def test_a_server_takes_nothing_in_while_its_answers_pile_up(revision: str) -> None:
    served_so_far: list[int] = []
    server = MCPServer("x")

    @server.tool(inline=True)
    def large() -> str:
        served_so_far.append(1)
        return "x" * 100_000

    async with served(server) as peer:
        params: Any = stamped(name="large") if revision == MODERN else {"name": "large"}
        if revision != MODERN:
            await peer.initialize(revision)
        peer.transport.pause()  # a client that reads nothing
        for number in range(100):
            peer.request(number, "tools/call", params)
            await settle(10)
        assert 5 <= len(served_so_far) < 30
        peer.transport.resume()
        await peer.until(lambda: len(peer.left) == 100)


# -- methods ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("revision", [*LEGACY, MODERN])
async def test_unknown_requests_and_notifications(revision: str) -> None:
    async with served(calculator()) as peer:
        params: Any = stamped() if revision == MODERN else {}
        if revision != MODERN:
            await peer.initialize(revision)
        error = (await peer.ask(1, "example/unknown", params))["error"]
        assert (error["code"], "example/unknown" in error["message"]) == (-32601, True)
        assert (await peer.ask(2, "sampling/createMessage", params))["error"]["code"] in (-32601, -32602)
        peer.tell("notifications/example/unknown", {"x": 1})
        peer.tell("notifications/cancelled", {"requestId": 99, "reason": "never was"})
        peer.tell("tools/list")  # a request without an id is none
        assert "result" in await peer.ask(3, "tools/list", params)
        assert peer.left == []


@pytest.mark.parametrize("revision", LEGACY)
async def test_methods_of_other_revisions(revision: str) -> None:
    async with served(calculator()) as peer:
        await peer.initialize(revision)
        assert (await peer.ask(1, "server/discover"))["error"]["code"] in (-32601, -32602)
        listen = await peer.ask(2, "subscriptions/listen", {"notifications": {"toolsListChanged": True}})
        assert listen["error"]["code"] in (-32601, -32602)
        assert (await peer.ask(3, "logging/setLevel", {"level": "error"})) == {"jsonrpc": "2.0", "id": 3, "result": {}}


async def test_bad_params_name_the_place() -> None:
    async with served(calculator()) as peer:
        await peer.initialize()
        error = (await peer.ask(1, "tools/call", {"name": 5}))["error"]
        assert error["code"] == -32602
        assert "/params/name" in error["message"]
        assert (await peer.ask(2, "tools/call", []))["error"]["code"] == -32602
        assert (await peer.ask(3, "tools/call"))["error"]["code"] == -32602


# -- batches ----------------------------------------------------------------------------------------------------------


def batch(*messages: Any) -> bytes:
    return json.dumps([{"jsonrpc": "2.0", **m} if isinstance(m, dict) else m for m in messages]).encode()


async def test_batches_where_the_revision_has_them() -> None:
    async with served(calculator()) as peer:
        await peer.initialize("2025-03-26")
        peer.send(
            batch(
                {"id": 1, "method": "ping"},
                {"method": "notifications/cancelled", "params": {"requestId": 1}},
                {"id": 2, "method": "tools/call", "params": ADD},
                {"id": 3, "method": "example/unknown"},
                5,
                [],
                {"id": 4, "result": {}},
            )
        )
        assert "result" in await peer.ask(5, "ping")
        await peer.until(lambda: len(peer.left) >= 3)
        answers = {message["id"]: message for message in peer.left if message.get("id") is not None}
        assert {key: "result" in answer for key, answer in answers.items()} == {1: True, 2: True, 3: False}
        peer.send(b"[]")
        assert "result" in await peer.ask(6, "ping")


@pytest.mark.parametrize("depth", [2, 50, 900])
async def test_batches_in_batches_are_none(depth: int) -> None:
    async with served(calculator()) as peer:
        await peer.initialize("2025-03-26")
        inner = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
        peer.send(b"[" * depth + inner + b"]" * depth)
        assert "result" in await peer.ask(2, "ping")
        assert not any(message.get("id") == 1 for message in peer.left)


@pytest.mark.parametrize("revision", [None, *(name for name in LEGACY if name != "2025-03-26")])
async def test_batches_elsewhere_are_refused(revision: str | None) -> None:
    async with served(calculator()) as peer:
        if revision is not None:
            await peer.initialize(revision)
        peer.send(batch({"id": 1, "method": "ping"}))
        assert "result" in await peer.ask(2, "ping")
        assert [m["error"]["code"] for m in peer.left] == ([-32600] if revision in (None, NEWEST_LEGACY) else [])


async def test_initialize_comes_in_no_batch() -> None:
    async with served(calculator()) as peer:
        params = {"protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
        peer.send(batch({"id": 1, "method": "initialize", "params": params}))
        await peer.until(lambda: peer.left)
        assert peer.left[0]["error"]["code"] == -32600
        assert (await peer.initialize("2025-03-26"))["protocolVersion"] == "2025-03-26"


async def test_a_client_takes_batches_where_the_revision_has_them() -> None:
    async with by_hand(revision="2025-03-26") as (client, peer):
        answered: list[Any] = []

        async def call() -> None:
            answered.append(await client.ping())

        async with anyio.create_task_group() as group:
            group.start_soon(call)
            group.start_soon(call)
            first, second = await peer.take(), await peer.take()
            peer.send(batch({"id": first["id"], "result": {}}, {"id": second["id"], "result": {}}, {"id": 9, "method": "ping"}))
            assert (await peer.take())["result"] == {}
        assert len(answered) == 2


# -- what is no message -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("junk", [*UNREAD, *NO_MESSAGE])
async def test_junk_is_answered_without_an_id_and_the_session_goes_on(junk: bytes) -> None:
    async with served(calculator()) as peer:
        await peer.initialize()
        peer.send(junk)
        assert "result" in await peer.ask(1, "ping")
        assert [m["error"]["code"] for m in peer.left] == [-32700 if junk in UNREAD else -32600]
        assert all(m.get("id") is None for m in peer.left)


@pytest.mark.parametrize("revision", LEGACY[:-1])
async def test_revisions_whose_errors_have_ids_get_none_without(revision: str) -> None:
    async with served(calculator()) as peer:
        await peer.initialize(revision)
        for junk in (*UNREAD, *NO_MESSAGE):
            peer.send(junk)
        assert "result" in await peer.ask(1, "ping")
        assert peer.left == []


@pytest.mark.parametrize("response", BAD_RESPONSES)
async def test_a_response_that_is_none_is_never_answered(response: dict[str, Any]) -> None:
    async with served(calculator()) as peer:
        await peer.initialize()
        peer.send({"jsonrpc": "2.0", **response})
        assert "result" in await peer.ask(1, "ping")
        assert peer.left == []


async def test_a_client_answers_no_junk_and_tells_of_it() -> None:
    violations: list[ProtocolViolation] = []
    async with by_hand(on_violation=violations.append) as (client, peer):
        for junk in (*UNREAD, *NO_MESSAGE, *(json.dumps({"jsonrpc": "2.0", **r}).encode() for r in BAD_RESPONSES)):
            peer.send(junk)
        await ping(client, peer)
        assert peer.left == []
    assert len(violations) == len(UNREAD) + len(NO_MESSAGE) + len(BAD_RESPONSES)
    assert [v.data for v in violations[: len(UNREAD)]] == UNREAD


async def test_a_violation_callback_that_fails_changes_nothing() -> None:
    seen: list[Any] = []

    def on_violation(violation: ProtocolViolation) -> None:
        seen.append(violation)
        raise ZeroDivisionError

    async with by_hand(on_violation=on_violation) as (client, peer):
        for _ in range(3):
            peer.send(b"junk")
        await ping(client, peer)
    assert len(seen) == 3


async def ping(client: Client, peer: Peer) -> None:
    """A request there and back."""
    with anyio.fail_after(SOON):
        async with anyio.create_task_group() as group:
            group.start_soon(client.ping)
            peer.answer(await peer.take("ping"), {})


# -- a client, being asked --------------------------------------------------------------------------------------------


async def test_a_client_answers_what_it_has_callbacks_for() -> None:
    async with by_hand(roots=["file:///a"], on_sampling=lambda params: params.undefined) as (_, peer):
        assert (await peer.ask(1, "ping"))["result"] == {}
        assert (await peer.ask("r", "roots/list"))["result"]["roots"] == [{"uri": "file:///a"}]
        form = {"message": "?", "requestedSchema": {"type": "object", "properties": {}}}
        assert (await peer.ask(3, "elicitation/create", form))["error"]["code"] == -32601
        assert (await peer.ask(4, "example/unknown"))["error"]["code"] == -32601
        assert (await peer.ask(5, "tools/list"))["error"]["code"] == -32601
        error = (await peer.ask(6, "sampling/createMessage", {"messages": [], "maxTokens": 1}))["error"]
        assert error == {"code": -32603, "message": "internal error"}  # and nothing of what went wrong inside
        assert (await peer.ask(7, "sampling/createMessage", {}))["error"]["code"] == -32602


async def test_a_modern_client_sends_no_answers() -> None:
    """A modern server may not ask; the specification has clients write no responses at all."""
    async with by_hand(revision=MODERN, roots=["file:///a"]) as (client, peer):
        peer.request(1, "roots/list")
        peer.request(2, "ping")
        peer.request(3, "example/unknown")
        peer.request(4, "sampling/createMessage", {})
        async with anyio.create_task_group() as group:
            group.start_soon(client.list_tools)
            request = await peer.take()
            assert request["method"] == "tools/list"
            peer.answer(request, {"tools": [], "resultType": "complete", "ttlMs": 0, "cacheScope": "private"})
        assert peer.left == []
