"""Requests of the peer: when they may come, how many, in what form, and what becomes of those that may not."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import anyio
import pytest

from mcpstruct.base.limits import Limits
from mcpstruct.server import MCPServer
from tests.session.support import (
    LEGACY,
    MODERN,
    SOON,
    Hanging,
    calculator,
    served,
    settle,
    stamped,
)

pytestmark = pytest.mark.anyio
ADD = {"name": "add", "arguments": {"a": 1, "b": 2}}
UNREAD = [b"", b" ", b"{", b"nonsense", b"\xff\xfe\x00", b'{"jsonrpc":"2.0","id":1,"method":"ping"']
NO_MESSAGE = [
    b"{}",
    b"null",
    b"17",
    b'"text"',
    b"[]",
    b"[" * 2000,
    b'{"jsonrpc":"2.0"}',
    b'{"JSONRPC":"2.0","ID":1,"METHOD":"ping"}',
]
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
        peer.send(b'{"jsonrpc":"2.0","id":4,"method":"tools/list","params":{"_meta":{"\xed\xa0\x80":1}}}')  # no UTF-8
        await peer.until(lambda: peer.left)
        assert (await peer.take())["error"]["code"] == -32602
        level = {"io.modelcontextprotocol/logLevel": "loud"}
        assert (await peer.ask(3, "tools/list", stamped(_meta=level)))["error"]["code"] == -32602


# -- ids --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("request_id", [0, 1, -1, 2**53, 2**63 - 1, "", "1", "x" * 1000, 'é\n"\\', "😀"])
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
        with anyio.fail_after(SOON):
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
        assert (error["code"], "/method" in error["message"]) == (-32601, True)
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


# -- what is on requests of custom methods ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("io.modelcontextprotocol/logLevel", "loud"),
        ("io.modelcontextprotocol/protocolVersion", ["x"]),
        ("io.modelcontextprotocol/protocolVersion", 5),
        ("io.modelcontextprotocol/clientCapabilities", "no"),
        ("io.modelcontextprotocol/clientInfo", 7),
        ("progressToken", {"a": 1}),
    ],
)
async def test_custom_methods_without_types_have_their_meta_checked(key: str, value: Any) -> None:
    server = MCPServer("custom")

    @server.request("v/x")
    async def answer(params: Any, context: Any) -> dict[str, Any]:
        return {}

    async with served(server) as peer:
        refused = await peer.ask(1, "v/x", stamped(_meta={key: value}))
        assert refused["error"]["code"] == -32602
        assert "/params/_meta/" in refused["error"]["message"]
        assert "result" in await peer.ask(2, "v/x", stamped(_meta={"own": value}))


async def test_capabilities_that_are_null_are_none() -> None:
    async with served(calculator()) as peer:
        null = {"io.modelcontextprotocol/clientCapabilities": None}
        refused = await peer.ask(1, "tools/call", stamped(_meta=null, **ADD))
        assert refused["error"]["code"] == -32602
        assert "clientCapabilities" in refused["error"]["message"]
