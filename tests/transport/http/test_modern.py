"""Requests that stand alone: JSON and streams, headers, and what becomes of a call that is given up."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import anyio
import pytest
from aiohttp import web

from mcpstruct.base.errors import ConnectionLost, LimitExceeded, ProtocolViolation, RemoteError, RequestTimeout
from mcpstruct.base.limits import Limits
from mcpstruct.client import Change, Client
from mcpstruct_bindings.merged import methods
from tests.transport.http.support import (
    BRISK,
    MODERN,
    SOON,
    Flag,
    Modern,
    Seen,
    called,
    connected,
    running,
    text_of,
)

pytestmark = pytest.mark.anyio
VERSION = "io.modelcontextprotocol/protocolVersion"


async def test_a_url_is_all_it_takes() -> None:
    peer = Modern()
    async with running(peer), Client(peer.url, verdicts={}) as client:
        assert client.protocol_version == MODERN
        assert [tool.name async for tool in client.tools()] == ["echo"]
        assert text_of(await client.call_tool("echo", {"a": 1})) == '{"a": 1}'


async def test_every_request_says_what_it_is() -> None:
    peer = Modern()

    async def prompt(seen: Seen) -> Any:
        return seen.result({"messages": [], "resultType": "complete"})

    async def resource(seen: Seen) -> Any:
        return seen.result({"contents": [], "resultType": "complete", "ttlMs": 0, "cacheScope": "private"})

    peer.on |= {"prompts/get": prompt, "resources/read": resource}
    async with connected(peer) as client:
        await client.list_tools()
        await client.call_tool("echo")
        await client.get_prompt("grüße")
        await client.read_resource("file:///a b")
    assert [(s.headers["Mcp-Method"], s.headers.get("Mcp-Name")) for s in peer.seen] == [
        ("server/discover", None),
        ("tools/list", None),
        ("tools/call", "echo"),
        ("prompts/get", "=?base64?Z3LDvMOfZQ==?="),
        ("resources/read", "file:///a b"),
    ]
    for seen in peer.seen:
        assert seen.raw.method == "POST"
        assert seen.headers["MCP-Protocol-Version"] == MODERN == seen.message["params"]["_meta"][VERSION]
        assert seen.headers["Accept"] == "application/json, text/event-stream"
        assert seen.headers["Content-Type"] == "application/json"
        assert seen.headers["User-Agent"].startswith("mcpstruct/")
        assert "Mcp-Session-Id" not in seen.headers
        assert "Cookie" not in seen.headers


async def test_an_answer_may_be_a_stream_with_notifications_before_it() -> None:
    peer = Modern()

    async def call(seen: Seen) -> Any:
        token = seen.message["params"]["_meta"]["progressToken"]
        stream = await seen.stream()
        await stream.write(b": hello\n\n")
        await stream.tell("notifications/progress", progressToken=token, progress=1, total=2)
        await stream.event(json.dumps({"jsonrpc": "2.0", "method": "notifications/message",
                                       "params": {"level": "info", "data": "so far"}}), event="message")  # fmt: skip
        await stream.result(called("done"))
        return stream.response

    peer.on["tools/call"] = call
    told: list[Any] = []
    async with connected(peer, on_log=lambda log: told.append(log.data)) as client:
        result = await client.call_tool("echo", on_progress=lambda *progress: told.append(progress))
    assert text_of(result) == "done"
    assert told == [(1, 2, None), "so far"]


async def test_a_stream_that_has_said_all_is_not_waited_for() -> None:
    peer = Modern()
    streams: list[Seen] = []

    async def call(seen: Seen) -> Any:
        streams.append(seen)
        stream = await seen.stream()
        await stream.result(called("done"))
        return await stream.until_gone()

    peer.on["tools/call"] = call
    async with connected(peer) as client:
        assert text_of(await client.call_tool("echo")) == "done"
        assert not streams[0].gone.is_set
        await streams[0].gone.wait()
        await client.list_tools()


async def test_connections_are_used_again() -> None:
    peer = Modern()

    async def stream(seen: Seen) -> Any:
        stream = await seen.stream()
        await stream.result(called("done"))
        return stream.response

    async with connected(peer) as client:
        for _ in range(5):
            await client.call_tool("echo")
        peer.on["tools/call"] = stream
        for _ in range(5):
            await client.call_tool("echo")
    assert len(peer.connections) <= 2  # the end of a stream may still be on its way when the next call goes out


async def test_an_error_is_that_of_the_message_whatever_the_status() -> None:
    peer = Modern()
    async with connected(peer) as client:
        for status in (200, 400, 404, 500):

            async def call(seen: Seen, status: int = status) -> Any:
                return seen.error(-32602, "not so", status=status, why="because")

            peer.on["tools/call"] = call
            with pytest.raises(RemoteError, match="not so") as caught:
                await client.call_tool("echo")
            assert (caught.value.code, caught.value.data) == (-32602, {"why": "because"})

        async def nameless(seen: Seen) -> Any:
            return seen.json({"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "what?"}}, status=400)

        peer.on["tools/call"] = nameless
        with pytest.raises(RemoteError, match="what"):
            await client.call_tool("echo")


async def test_who_gives_up_closes_the_stream_and_says_nothing() -> None:
    peer = Modern()
    started = Flag()
    streams: list[Seen] = []

    async def call(seen: Seen) -> Any:
        streams.append(seen)
        stream = await seen.stream()
        started.set()
        return await stream.until_gone()

    peer.on["tools/call"] = call
    async with connected(peer) as client:
        async with anyio.create_task_group() as group:
            group.start_soon(client.call_tool, "echo")
            await started.wait()
            group.cancel_scope.cancel()
        await streams[0].gone.wait()
        with pytest.raises(RequestTimeout):
            await client.call_tool("echo", timeout=0.1)
        await streams[1].gone.wait()
        await client.list_tools()
    assert not peer.of("notifications/cancelled")


async def test_a_call_that_waits_for_its_head_is_given_up_too() -> None:
    peer = Modern()

    async def call(seen: Seen) -> Any:
        await asyncio.sleep(60)

    peer.on["tools/call"] = call
    async with connected(peer) as client:
        with pytest.raises(RequestTimeout):
            await client.call_tool("echo", timeout=0.1)


async def test_a_subscription_is_a_stream_that_stays_open() -> None:
    peer = Modern()
    streams: list[Seen] = []
    change = Flag()

    async def listen(seen: Seen) -> Any:
        streams.append(seen)
        meta = {"io.modelcontextprotocol/subscriptionId": seen.message["id"]}
        stream = await seen.stream()
        wanted = seen.message["params"]["notifications"]
        await stream.tell("notifications/subscriptions/acknowledged", notifications=wanted, _meta=meta)
        await change.wait_there()
        await stream.tell("notifications/tools/list_changed", _meta=meta)
        return await stream.until_gone()

    peer.on["subscriptions/listen"] = listen
    async with connected(peer) as client:
        async with client.listen(tools=True) as changes:
            await client.list_tools()
            change.set()
            assert await anext(changes) == Change("notifications/tools/list_changed", None)
        await streams[0].gone.wait()
    assert streams[0].headers["Mcp-Method"] == "subscriptions/listen"


async def test_a_subscription_whose_stream_breaks_off_is_lost() -> None:
    peer = Modern()

    async def listen(seen: Seen) -> Any:
        meta = {"io.modelcontextprotocol/subscriptionId": seen.message["id"]}
        stream = await seen.stream()
        await stream.tell("notifications/subscriptions/acknowledged", notifications={}, _meta=meta)
        return stream.response

    peer.on["subscriptions/listen"] = listen
    async with connected(peer) as client:
        async with client.listen(tools=True) as changes:
            with pytest.raises(ConnectionLost):
                await anext(changes)
        await client.list_tools()


@pytest.mark.parametrize("meanwhile", ["breaks", "unavailable", "is ended in good order"])
async def test_a_subscription_is_made_again_on_request(monkeypatch: pytest.MonkeyPatch, meanwhile: str) -> None:
    monkeypatch.setattr("mcpstruct.client.listening._FIRST_DELAY", 0.01)
    peer = Modern()

    async def listen(seen: Seen) -> Any:
        number = len(peer.of("subscriptions/listen"))
        if number == 2 and meanwhile == "unavailable":
            return seen.status(503)
        if number == 2 and meanwhile == "breaks":
            seen.raw.transport.abort()  # type: ignore[union-attr]
            return seen.status(200)
        meta = {"io.modelcontextprotocol/subscriptionId": seen.message["id"]}
        stream = await seen.stream()
        await stream.tell("notifications/subscriptions/acknowledged", notifications={}, _meta=meta)
        await stream.tell("notifications/resources/updated", uri=f"a:{number}", _meta=meta)
        if number == 2:
            await stream.result({"resultType": "complete", "_meta": meta})
        return await stream.until_gone() if number > 3 else stream.response

    peer.on["subscriptions/listen"] = listen
    async with connected(peer) as client:
        with anyio.fail_after(SOON):
            async with client.listen(uris=["a:1", "a:2", "a:3", "a:4"], reestablish=True) as changes:
                told = ["a:1", "a:2", "a:3", "a:4"] if meanwhile == "is ended in good order" else ["a:1", "a:3", "a:4"]
                assert [(await anext(changes)).uri for _ in told] == told
        await peer.of("subscriptions/listen")[-1].gone.wait()


async def test_a_subscription_that_is_refused_when_it_is_made_again_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcpstruct.client.listening._FIRST_DELAY", 0.01)
    peer = Modern()

    async def listen(seen: Seen) -> Any:
        if len(peer.of("subscriptions/listen")) > 1:
            return seen.error(-32601, "no more", status=404)
        meta = {"io.modelcontextprotocol/subscriptionId": seen.message["id"]}
        stream = await seen.stream()
        await stream.tell("notifications/subscriptions/acknowledged", notifications={}, _meta=meta)
        return stream.response

    peer.on["subscriptions/listen"] = listen
    async with connected(peer) as client, client.listen(tools=True, reestablish=True) as changes:
        with anyio.fail_after(SOON), pytest.raises(RemoteError, match="no more"):
            await anext(changes)


@pytest.mark.parametrize("end", ["ends", "breaks", "breaks before its head"])
async def test_a_call_fails_at_once_where_its_stream_ends_and_others_go_on(end: str) -> None:
    peer = Modern()
    started, go = Flag(), Flag()

    async def call(seen: Seen) -> Any:
        if seen.message["params"]["name"] == "good":
            started.set()
            await go.wait_there()
            return seen.result(called("fine"))
        if end != "breaks before its head":
            stream = await seen.stream()
            await stream.write(b'data: {"jsonrpc":"2.0","id":')
        if end != "ends":
            seen.raw.transport.abort()
        return stream.response if end == "ends" else seen.status(200)

    peer.on["tools/call"] = call
    async with connected(peer) as client:
        results: list[Any] = []

        async def good() -> None:
            results.append(await client.call_tool("good"))

        async with anyio.create_task_group() as group:
            group.start_soon(good)
            await started.wait()
            with anyio.fail_after(1), pytest.raises(ConnectionLost):
                await client.call_tool("bad")
            go.set()
        assert text_of(results[0]) == "fine"
        assert client.connected


async def test_what_is_too_large_fails_its_call() -> None:
    peer = Modern()
    many = "x" * 20_000

    async def streamed(seen: Seen) -> Any:
        stream = await seen.stream()
        await stream.result(called(many))
        return stream.response

    async def in_pieces(seen: Seen) -> Any:

        response = web.StreamResponse(headers={"content-type": "application/json"})
        await response.prepare(seen.raw)
        await response.write(seen.result(called(many)).body)  # type: ignore[arg-type]
        return response

    async def compressed(seen: Seen) -> Any:
        response = seen.result(called(many))
        response.enable_compression(web.ContentCoding.gzip)
        return response

    async def plain(seen: Seen) -> Any:
        return seen.result(called(many))

    for handler in (plain, streamed, in_pieces, compressed):
        peer.on["tools/call"] = handler
        async with connected(peer, limits=Limits(max_bytes=10_000)) as client:
            with pytest.raises(LimitExceeded):
                await client.call_tool("echo")
            await client.list_tools()
        async with connected(peer) as client:
            assert text_of(await client.call_tool("echo")) == many


async def test_what_is_no_answer_fails_its_call() -> None:
    peer = Modern()

    async def page(seen: Seen) -> Any:

        return web.Response(text="<html>", content_type="text/html")

    async def accepted(seen: Seen) -> Any:
        return seen.status(202)

    async def another(seen: Seen) -> Any:
        return seen.json({"jsonrpc": "2.0", "id": 4711, "result": {}})

    async def rubbish(seen: Seen) -> Any:
        return seen.json(b"{")

    async with connected(peer) as client:
        for handler in (page, accepted, another, rubbish):
            peer.on["tools/call"] = handler
            with anyio.fail_after(SOON), pytest.raises((ProtocolViolation, ConnectionLost)):
                await client.call_tool("echo")
        await client.list_tools()


async def test_sixty_four_calls_at_a_time_do_not_wait_for_each_other() -> None:
    peer = Modern()
    all_there = asyncio.Event()
    count = 0

    async def call(seen: Seen) -> Any:
        nonlocal count
        count += 1
        if count == 64:
            all_there.set()
        await all_there.wait()
        return seen.result(called("done"))

    peer.on["tools/call"] = call
    async with connected(peer) as client, anyio.create_task_group() as group:
        for _ in range(64):
            group.start_soon(client.call_tool, "echo")


async def test_custom_methods_go_out_too() -> None:
    from mcpstruct.base.methods import MethodInfo

    peer = Modern()

    async def custom(seen: Seen) -> Any:
        return seen.result({"resultType": "complete", "said": seen.message["params"]["what"]})

    peer.on["x/say"] = custom
    say: Any = MethodInfo(
        name="x/say", kind="request", direction="client", message=None, params=dict, result=dict[str, Any], since="x"
    )
    async with connected(peer, custom=[say]) as client:
        result = await client.send_request(say, {"what": "hello"})
        assert result["said"] == "hello"
    assert peer.of("x/say")[0].headers["Mcp-Method"] == "x/say"


async def test_nothing_goes_out_after_closing() -> None:
    peer = Modern()
    async with running(peer):
        client = Client(peer.target, verdicts={}, deadlines=BRISK)
        await client.connect()
        connection = client._host.connection
        await client.aclose()
        with pytest.raises(ConnectionLost):
            connection.core.link.request(99, methods.LIST_TOOLS, None)  # type: ignore[union-attr]
    assert len(peer.seen) == 1
