"""Raw connections: what crosses them is the JSON that was sent, whatever this side knows of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from msgspec import Raw

from mcpstruct import RawClient, RawServer
from mcpstruct.base.errors import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    PARSE_ERROR,
    ConnectionLost,
    MethodNotFound,
    MethodNotInRevision,
    ProtocolViolation,
    RemoteError,
    RequestTimeout,
)
from mcpstruct.base.limits import Deadlines, Limits
from mcpstruct.session.loop import current_loop
from mcpstruct.transport.pair import transport_pair
from mcpstruct_bindings.merged import types as t
from tests.session.support import MODERN, NEWEST_LEGACY, SOON, STAMP, Peer, served, stamped

pytestmark = pytest.mark.anyio
ODD = b'{"b": 1.50,"a":[1e2,12345678901234567890123,0.1000000000000001],"\\u00e9":"\\u00e9", "x" : 1,"y":{"k":1,"k":2}}'
"""JSON that no decoding keeps as it is."""
both_eras = pytest.mark.parametrize("revision", [NEWEST_LEGACY, MODERN])
INFO = t.Implementation(name="gateway", version="1")


@asynccontextmanager
async def raw_client(revision: str = NEWEST_LEGACY, **options: Any) -> AsyncIterator[tuple[RawClient, Peer]]:
    """A raw client whose server is played by hand."""
    near, far = transport_pair()
    peer = Peer(far)
    await far.open(peer)
    client = RawClient(near, revisions=revision, **options)
    async with anyio.create_task_group() as tasks:
        with anyio.fail_after(SOON):
            tasks.start_soon(peer.shake if revision == NEWEST_LEGACY else peer.discover)
            await client.connect()
    try:
        yield client, peer
    finally:
        with anyio.fail_after(SOON, shield=True):
            await client.aclose()


async def opened(peer: Peer, revision: str) -> dict[str, Any]:
    """Open a session by hand, where there is one; gives what each request carries in its `_meta`."""
    if revision == NEWEST_LEGACY:
        await peer.initialize(revision)
    return {} if revision == NEWEST_LEGACY else STAMP


def frame(**message: Any) -> bytes:
    """A message with the odd JSON in the place of each `...`."""
    text = json.dumps({"jsonrpc": "2.0", **message}, default=lambda _: "ODD")
    return text.encode().replace(b'"ODD"', ODD)


# -- a client ---------------------------------------------------------------------------------------------------------


@both_eras
@pytest.mark.parametrize("method", ["tools/list", "tools/call", "example/unknown"])
async def test_results_come_as_they_were_sent(revision: str, method: str) -> None:
    async with raw_client(revision) as (client, peer):
        peer.on_message = lambda m: m.get("method") == method and peer.send(frame(id=m["id"], result=...))
        result = await client.request(method)
        assert type(result) is Raw
        assert bytes(result) == ODD


@both_eras
async def test_params_go_out_as_they_are(revision: str) -> None:
    async with raw_client(revision) as (client, peer):
        peer.on_message = lambda m: "id" in m and peer.answer(m, {})
        for params in (
            Raw(b'{"name":"x","arguments":' + ODD + b"}"),
            b'{"name":"x","arguments":' + ODD + b"}",
            {"name": "x", "arguments": Raw(ODD)},
        ):
            await client.request("tools/call", params)
            assert b'"name":"x","arguments":' + ODD in peer.raw[-1]
        await client.request("tools/call", b'{"_meta":{"mine":' + ODD + b'},\n "name":"x"}')
        sent = json.loads(peer.raw[-1])["params"]["_meta"]
        assert b"\n" not in peer.raw[-1]
        assert sent["mine"] == json.loads(ODD)
        assert (STAMP.keys() <= sent.keys()) == (revision == MODERN)


async def test_what_params_say_goes_before_what_the_session_would() -> None:
    async with raw_client(MODERN) as (client, peer):
        peer.on_message = lambda m: m.get("method") != "server/discover" and peer.answer(m, {})
        mine = {"io.modelcontextprotocol/clientInfo": {"name": "someone else", "version": "2"}}
        await client.request("tools/list", {"_meta": mine})
        meta = peer.heard[-1]["params"]["_meta"]
        assert meta.items() >= mine.items()
        assert meta["io.modelcontextprotocol/protocolVersion"] == MODERN


@pytest.mark.parametrize(
    "params", [b"", b"[]", b"nonsense", b'{"a":', b'{"_meta":5}', b'{"_meta":null}', {"_meta": []}]
)
async def test_params_that_are_no_object_are_not_sent(params: Any) -> None:
    async with raw_client() as (client, peer):
        with pytest.raises(ValueError, match="a JSON object"):
            await client.request("tools/list", params)
        with pytest.raises(ValueError, match="a JSON object"):
            await client.notify("notifications/roots/list_changed", params)
        assert peer.left == []


@both_eras
async def test_errors_keep_their_data(revision: str) -> None:
    async with raw_client(revision) as (client, peer):
        error = {"code": 7, "message": "no", "data": ...}
        peer.on_message = lambda m: "id" in m and peer.send(frame(id=m["id"], error=error))
        with pytest.raises(RemoteError) as caught:
            await client.request("tools/list")
        assert (caught.value.code, caught.value.message, bytes(caught.value.data)) == (7, "no", ODD)
        del error["data"]
        with pytest.raises(RemoteError) as caught:
            await client.request("tools/list")
        assert caught.value.data is None


async def test_requests_and_notifications_of_a_server_come_as_they_were_sent() -> None:
    told: list[tuple[str, bytes]] = []

    async def on_request(method: str, params: Raw) -> Any:
        if method == "example/refused":
            raise RemoteError(5, "no", Raw(ODD))
        return bytes(params) if method == "example/bytes" else params

    def on_notification(method: str, params: Raw) -> None:
        told.append((method, bytes(params)))

    async with raw_client(on_request=on_request, on_notification=on_notification) as (client, peer):
        for number, method in enumerate(["sampling/createMessage", "example/unknown", "example/bytes"]):
            peer.send(frame(id=number, method=method, params=...))
            await peer.until(lambda n=number: peer.left and peer.left[-1]["id"] == n)
            assert b'"result":' + ODD in peer.raw[-1]
        peer.send(frame(id=9, method="example/refused"))
        await peer.until(lambda: "error" in peer.left[-1])
        assert b'"data":' + ODD in peer.raw[-1]
        peer.send(frame(method="notifications/message", params=...))
        peer.send(frame(method="example/told", params=...))
        peer.send(frame(method="example/told"))
        assert await peer.ask(10, "ping") == {"jsonrpc": "2.0", "id": 10, "result": {}}
        client.on_request = None
        assert (await peer.ask(11, "roots/list"))["error"]["code"] == -32601
    assert told == [("notifications/message", ODD), ("example/told", ODD), ("example/told", b"{}")]


async def test_progress_to_a_callback_and_on_its_own() -> None:
    told: list[Any] = []
    seen: list[Any] = []
    async with raw_client(on_notification=lambda m, p: told.append(json.loads(bytes(p)))) as (client, peer):

        def report(message: Any) -> None:
            if message.get("method") == "tools/call":
                token = message["params"].get("_meta", {}).get("progressToken")
                peer.tell("notifications/progress", {"progressToken": token, "progress": 1, "odd": 2})
                peer.answer(message, {})

        peer.on_message = report
        await client.request("tools/call", {"name": "x"}, on_progress=lambda p, t, m: seen.append(p))
        assert (seen, told) == ([1], [])
        await client.request("tools/call", {"name": "x", "_meta": {"progressToken": "theirs"}})
        assert told == [{"progressToken": "theirs", "progress": 1, "odd": 2}]
        assert seen == [1]


async def test_calls_are_given_up_and_called_off() -> None:
    async with raw_client(deadlines=Deadlines(request=0.1)) as (client, peer):
        with pytest.raises(RequestTimeout):
            await client.request("tools/list")
        cancelled = await peer.take("notifications/cancelled")
        peer.on_message = lambda m: "id" in m and peer.refuse(m, -32601)
        with pytest.raises(MethodNotFound):
            await client.request("example/unknown")
        with pytest.raises(MethodNotInRevision):
            await client.request("server/discover")
        assert cancelled["params"]["requestId"]
        await peer.aclose()
        with pytest.raises(ConnectionLost):
            await client.request("tools/list")


async def test_a_subscription_that_the_server_ends() -> None:
    async with raw_client(MODERN) as (client, peer):
        peer.on_message = lambda m: (
            m.get("method") == "subscriptions/listen" and peer.tell("notifications/cancelled", {"requestId": m["id"]})
        )
        over = json.loads(bytes(await client.request("subscriptions/listen", {"notifications": {}})))
        assert over["resultType"] == "complete"


# -- what is wrong ----------------------------------------------------------------------------------------------------

WRONG = [
    ({"id": 1, "method": "tools/list", "params": []}, INVALID_PARAMS, "/params"),
    ({"id": 1, "method": "tools/list", "params": {"_meta": 5}}, INVALID_PARAMS, "/params/_meta"),
    ({"id": 1, "method": "tools/list", "params": {"_meta": {"progressToken": []}}}, INVALID_PARAMS, "progressToken"),
    ({"id": 1, "method": ["x"]}, INVALID_REQUEST, "/method"),
    ({"id": 1, "method": "x", "jsonrpc": "1.0"}, INVALID_REQUEST, "/jsonrpc"),
    ({"id": [], "method": "x"}, INVALID_REQUEST, "/id"),
    ({"id": 1, "result": {}, "error": {}}, None, ""),
    ({"method": "notifications/progress", "params": {"progressToken": []}}, None, ""),
    ({"method": "notifications/progress", "params": []}, None, ""),
    (b"nonsense", -32700, "JSON"),
    (b"[]", INVALID_REQUEST, "batch"),
]


@both_eras
@pytest.mark.parametrize(("message", "code", "place"), WRONG)
async def test_what_is_no_message_is_refused_all_the_same(
    revision: str, message: Any, code: int | None, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with served(RawServer(lambda method, params, client: params, info=INFO)) as peer:
        meta = await opened(peer, revision)
        peer.send(message if isinstance(message, bytes) else {"jsonrpc": "2.0", **message})
        assert "result" in await peer.ask("after", "tools/list", {"_meta": meta})
        errors = [m["error"] for m in peer.heard if "error" in m]
        assert [error["code"] for error in errors] == ([] if code is None else [code])
        assert all(place in error["message"] for error in errors)
    assert "error of ours" not in caplog.text
    assert "broke the protocol" in caplog.text


async def test_limits_hold() -> None:
    found: list[ProtocolViolation] = []
    async with raw_client(limits=Limits(max_bytes=1000), on_violation=found.append) as (client, peer):
        peer.on_message = lambda m: "id" in m and peer.answer(m, {"x": "y" * 2000})
        with pytest.raises(ProtocolViolation, match="at most 1000 bytes"):
            await client.request("tools/list")
    assert len(found) == 1


@pytest.mark.parametrize("answer", [b'"result":{},"error":{}', b'"error":5', b'"error":{"code":"x","message":"y"}'])
async def test_answers_that_are_none(answer: bytes) -> None:
    async with raw_client() as (client, peer):
        peer.on_message = lambda m: "id" in m and peer.send(b'{"jsonrpc":"2.0","id":%d,%b}' % (m["id"], answer))
        with pytest.raises(ProtocolViolation):
            await client.request("tools/list")


@pytest.mark.parametrize("part", [b'"result":{"a":"\xc3"}', b'"error":{"code":1,"message":"","data":"\xc3"}'])
async def test_answers_that_are_no_utf8_are_not_passed_on(part: bytes) -> None:
    async with raw_client() as (client, peer):
        peer.on_message = lambda m: "id" in m and peer.send(b'{"jsonrpc":"2.0","id":%d,%b}' % (m["id"], part))
        with pytest.raises(ProtocolViolation, match="invalid UTF-8 at byte") as caught:
            await client.request("tools/list")
        assert caught.value.code == PARSE_ERROR


async def test_params_that_are_no_utf8_are_not_sent() -> None:
    async with raw_client() as (client, peer):
        with pytest.raises(ValueError, match="invalid UTF-8 at byte 6"):
            await client.request("tools/list", b'{"a":"\xc3"}')
        assert peer.left == []


# -- a server ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("revision", "around", "told"),
    # the earlier one does not know of errors without an id
    [(NEWEST_LEGACY, b"%b", [PARSE_ERROR]), ("2025-03-26", b"%b", []), ("2025-03-26", b"[%b]", [])],
)
async def test_requests_that_are_no_utf8_are_not_passed_on(revision: str, around: bytes, told: list[int]) -> None:
    async with served(RawServer(lambda method, params, client: params, info=INFO)) as peer:
        await peer.initialize(revision)
        peer.send(around % b'{"jsonrpc":"2.0","id":10,"method":"resources/read","params":{"uri":"file:///wo\xc3"}}')
        assert "result" in await peer.ask("after", "tools/list")
        assert [m["error"]["code"] for m in peer.heard if "error" in m] == told


@both_eras
async def test_a_server_gets_and_gives_what_is_sent(revision: str) -> None:
    asked: list[tuple[str, bytes, str, str | None]] = []
    told: list[tuple[str, bytes]] = []

    async def on_request(method: str, params: Raw, client: Any) -> Any:
        asked.append((method, bytes(params), client.protocol_version, client.info and client.info.name))
        await client.notify("notifications/message", b'{"level":"info","data":' + ODD + b"}")
        if method == "example/refused":
            raise RemoteError(5, "no", Raw(ODD))
        return Raw(ODD)

    server = RawServer(
        on_request,
        info=INFO,
        capabilities=t.ServerCapabilities(tools=t.ServerCapabilitiesTools()),
        on_notification=lambda method, params, client: told.append((method, bytes(params))),
    )
    async with served(server) as peer:
        meta = await opened(peer, revision)
        whole = b'{"_meta":' + json.dumps(meta).encode() + b', "arguments":' + ODD + b"}"
        for method in ("tools/call", "tools/list", "logging/setLevel", "resources/subscribe", "example/unknown"):
            peer.send(b'{"jsonrpc":"2.0","id":1,"method":"%b","params":%b}' % (method.encode(), whole))
            await peer.until(lambda: any(m.get("id") == 1 and "result" in m for m in peer.left))
            assert b'"result":' + ODD in peer.raw[-1]
            assert b'"data":' + ODD in peer.raw[-2]
            assert asked.pop() == (method, whole, revision, "hand")
            while peer.left:
                await peer.take()
        peer.send(b'{"jsonrpc":"2.0","id":2,"method":"example/refused","params":%b}' % whole)
        await peer.until(lambda: peer.left and "error" in peer.left[-1])
        assert b'"data":' + ODD in peer.raw[-1]
        peer.send(frame(method="example/told", params=...))
        peer.send(frame(method="notifications/roots/list_changed"))
        await server.notify("example/told", Raw(ODD))
        assert b'"params":{"b":1.50' in (await told_last(peer)).replace(b" ", b"")
        assert "result" in await peer.ask(3, "server/discover" if revision == MODERN else "ping", {"_meta": meta})
    assert told == [("example/told", ODD), ("notifications/roots/list_changed", b"{}")]


async def told_last(peer: Peer) -> bytes:
    await peer.until(lambda: any(m.get("method") == "example/told" for m in peer.left))
    return peer.raw[-1]


async def test_results_that_are_no_json_yet_are_completed() -> None:
    async with served(RawServer(lambda method, params, client: {"tools": []}, info=INFO)) as peer:
        result = (await peer.ask(1, "tools/list", stamped()))["result"]
        assert result["resultType"] == "complete"
        await peer.initialize()
        assert (await peer.ask(2, "tools/list"))["result"] == {"tools": []}


async def test_clients_are_asked() -> None:
    async def on_request(method: str, params: Raw, client: Any) -> Raw:
        return await client.request("roots/list", Raw(ODD), timeout=SOON)  # type: ignore[no-any-return]

    server = RawServer(on_request, info=INFO)
    async with served(server) as peer:
        await peer.initialize()

        def answer(message: Any) -> None:
            if message.get("method") == "roots/list":
                peer.send(frame(id=message["id"], result=...))

        peer.on_message = answer
        await peer.ask(1, "tools/call", {"name": "x"})
        assert b'"result":' + ODD in peer.raw[-1]
        (client,) = server.clients
        assert bytes(await client.request("roots/list")) == ODD
        with pytest.raises(MethodNotInRevision):
            await client.request("server/discover")
    assert server.clients == []


async def test_requests_are_called_off() -> None:
    begun, ended = current_loop().future(), current_loop().future()

    async def on_request(method: str, params: Raw, client: Any) -> Raw:
        begun.set_result(None)
        try:
            await anyio.sleep_forever()
        finally:
            ended.set_result(None)
        return params

    async with served(RawServer(on_request, info=INFO)) as peer:
        await peer.initialize()
        peer.request(1, "tools/call", {"name": "x"})
        with anyio.fail_after(SOON):
            await begun
            peer.tell("notifications/cancelled", {"requestId": 1})
            await ended
        assert "result" in await peer.ask(2, "ping")
