"""Revisions with a handshake: sessions, the stream of the session, requests of the server, and the end."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from aiohttp import web

from mcpstruct.base.errors import ConnectionLost, ProtocolViolation, RequestTimeout, SessionLost
from mcpstruct.base.limits import Deadlines
from mcpstruct.client import Client
from mcpstruct.transport.http import HttpServer
from mcpstruct_bindings.merged import types as t
from tests.transport.http.support import (
    BRISK,
    LEGACY,
    SOON,
    Flag,
    Legacy,
    Seen,
    Stream,
    answer,
    connected,
    running,
    text_of,
)

pytestmark = pytest.mark.anyio
RESULT = {"content": [{"type": "text", "text": "done"}]}


async def test_a_session_from_its_begin_to_its_end() -> None:
    peer = Legacy(session="s-1")
    async with connected(peer) as client:
        assert client.protocol_version == LEGACY
        assert text_of(await client.call_tool("echo", {"a": 1})) == '{"a": 1}'
    assert [seen.method or seen.raw.method for seen in peer.seen] == [
        "server/discover",
        "initialize",
        "notifications/initialized",
        "GET",
        "tools/call",
        "DELETE",
    ]
    assert [seen.headers.get("Mcp-Session-Id") for seen in peer.seen] == [None, None, "s-1", "s-1", "s-1", "s-1"]
    versions = [seen.headers.get("MCP-Protocol-Version") for seen in peer.seen]
    assert versions == ["2026-07-28", None, LEGACY, LEGACY, LEGACY, LEGACY]
    assert peer.of("GET")[0].headers["Accept"] == "text/event-stream"
    assert not any("Mcp-Method" in seen.headers for seen in peer.seen[1:])


async def test_without_a_session_there_is_nothing_to_end() -> None:
    peer = Legacy()
    async with connected(peer) as client:
        await client.list_tools()
    assert not peer.of("DELETE")


@pytest.mark.parametrize("status", [200, 204, 404, 405, 500])
async def test_the_answer_to_the_end_does_not_matter(status: int) -> None:
    peer = Legacy(session="s-1")
    peer.on["DELETE"] = answer(status)
    async with connected(peer):
        pass
    assert peer.of("DELETE")


async def test_a_server_that_does_not_answer_the_end_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcpstruct.transport.http.session.DELETE", 0.1)
    peer = Legacy(session="s-1")

    async def silent(seen: Seen) -> Any:
        await (await seen.stream()).until_gone()

    peer.on["DELETE"] = silent
    with anyio.fail_after(SOON):
        async with connected(peer):
            pass


async def test_a_session_id_of_odd_characters_is_refused() -> None:
    peer = Legacy(session="häh?")
    with pytest.raises(ProtocolViolation, match="MCP-Session-Id"):
        async with connected(peer):
            pass


async def test_the_stream_of_the_session_is_open_before_the_first_call() -> None:
    peer = Legacy(session="s-1")
    heard: list[Any] = []
    streams: list[Stream] = []

    async def listen(seen: Seen) -> Any:
        stream = await seen.stream()
        streams.append(stream)
        return await stream.until_gone()

    async def call(seen: Seen) -> Any:
        await streams[0].tell("notifications/message", level="info", data="on the stream of the session")
        return seen.result(RESULT)

    peer.on |= {"GET": listen, "tools/call": call}
    told = anyio.Event()

    def on_log(log: Any) -> None:
        heard.append(log.data)
        told.set()

    async with connected(peer, on_log=on_log) as client:
        await client.call_tool("echo", {})
        with anyio.fail_after(SOON):
            await told.wait()
    assert heard == ["on the stream of the session"]
    await streams[0].seen.gone.wait()


@pytest.mark.parametrize("where", ["the stream of the call", "the stream of the session"])
async def test_what_the_server_asks_is_answered_by_a_post(where: str) -> None:
    peer = Legacy(session="s-1")
    streams: list[Stream] = []
    answered = Flag()
    ask = {"jsonrpc": "2.0", "id": "q1", "method": "elicitation/create",
           "params": {"message": "?", "requestedSchema": {"type": "object", "properties": {}}}}  # fmt: skip

    async def listen(seen: Seen) -> Any:
        streams.append(await seen.stream())
        return await streams[0].until_gone()

    async def call(seen: Seen) -> Any:
        stream = await seen.stream()
        await (streams[0] if where == "the stream of the session" else stream).event(ask)
        await answered.wait_there()
        await stream.result(RESULT)
        return stream.response

    async def post(seen: Seen) -> Any:
        answered.set()
        return seen.status(202)

    peer.on |= {"GET": listen, "tools/call": call, "POST": post}
    async with connected(peer, on_elicitation=lambda params: t.ElicitResult(action="decline")) as client:
        assert text_of(await client.call_tool("echo", {})) == "done"
    (reply,) = peer.of("POST")
    assert reply.message == {"jsonrpc": "2.0", "id": "q1", "result": {"action": "decline"}}
    assert reply.headers["Mcp-Session-Id"] == "s-1"


async def test_who_gives_up_says_so() -> None:
    peer = Legacy(session="s-1")
    streams: list[Stream] = []

    async def call(seen: Seen) -> Any:
        streams.append(await seen.stream())
        return await streams[0].until_gone()

    peer.on["tools/call"] = call
    async with connected(peer) as client:
        with pytest.raises(RequestTimeout):
            await client.call_tool("echo", {}, timeout=0.1)
        (cancelled,) = await peer.take("notifications/cancelled")
        assert cancelled.message["params"]["requestId"] == peer.of("tools/call")[0].message["id"]
        await streams[0].seen.gone.wait()


async def test_a_server_that_does_not_open_its_stream_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcpstruct.transport.http.session.HEAD_START", 0.1)
    peer = Legacy(session="s-1")
    go = Flag()

    async def silent(seen: Seen) -> Any:
        await go.wait_there()
        return seen.status(405)

    peer.on["GET"] = silent
    async with connected(peer) as client:
        await client.list_tools()
        go.set()


async def test_calls_that_come_early_wait_for_the_session_to_be_open() -> None:
    peer = Legacy(session="s-1")
    go = Flag()

    async def initialized(seen: Seen) -> Any:
        await go.wait_there()
        return seen.status(202)

    peer.on["notifications/initialized"] = initialized
    async with running(peer):
        client = Client(peer.target, verdicts={}, deadlines=BRISK)
        async with anyio.create_task_group() as group:
            group.start_soon(client.connect)
            await peer.take("notifications/initialized")
            assert not client.connected
            go.set()
        await client.list_tools()
        await client.aclose()


@pytest.mark.parametrize("status", [200, 400, 404, 500])
async def test_a_server_that_does_not_want_to_know_of_the_open_session_is_used_all_the_same(status: int) -> None:
    peer = Legacy()
    peer.on["notifications/initialized"] = answer(status)
    async with connected(peer) as client:
        await client.list_tools()


async def test_a_server_that_answers_what_has_no_answer_holds_nobody_up() -> None:
    peer = Legacy(session="s-1")

    async def stream(seen: Seen) -> Any:
        return await (await seen.stream()).until_gone()

    async def json(seen: Seen) -> Any:
        return seen.json({"jsonrpc": "2.0", "result": {}})

    for handler in (stream, json):
        peer.on["notifications/initialized"] = handler
        with anyio.fail_after(SOON):
            async with connected(peer) as client:
                await client.list_tools()


async def test_a_log_level_is_set_once_the_session_is_open() -> None:
    peer = Legacy()

    async def set_level(seen: Seen) -> Any:
        return seen.result({})

    peer.on["logging/setLevel"] = set_level
    async with connected(peer, log_level="warning"):
        pass
    assert [seen.method or seen.raw.method for seen in peer.seen][-2:] == ["GET", "logging/setLevel"]


async def test_batches_of_the_revision_that_has_them() -> None:
    peer = Legacy("2025-03-26")

    async def call(seen: Seen) -> Any:
        note = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": 1}}
        return seen.json([note, {"jsonrpc": "2.0", "id": seen.message["id"], "result": RESULT}])

    peer.on["tools/call"] = call
    logs: list[Any] = []
    peer.on["logging/setLevel"] = answer(400)
    async with connected(peer, revisions="2025-03-26", on_log=lambda log: logs.append(log.data)) as client:
        assert text_of(await client.call_tool("echo", {})) == "done"
    assert logs == [1]


# -- sessions that are forgotten --------------------------------------------------------------------------------------


async def test_a_session_that_the_server_forgot_is_over() -> None:
    peer = Legacy(session="s-1")
    async with connected(peer) as client:
        peer.on["tools/call"] = answer(404, "Session not found")
        with pytest.raises(SessionLost):
            await client.call_tool("echo", {})
        assert not client.connected
        with pytest.raises(ConnectionLost):
            await client.list_tools()
        peer.session = "s-2"
        await client.restart()
        await client.list_tools()
    assert [seen.headers["Mcp-Session-Id"] for seen in peer.of("DELETE")] == ["s-2"]


async def test_a_method_that_is_not_found_is_no_session_that_is_not_found() -> None:
    from mcpstruct.base.errors import MethodNotFound

    peer = Legacy(session="s-1")

    async def call(seen: Seen) -> Any:
        return seen.error(-32601, "Method not found", status=404)

    peer.on["tools/call"] = call
    async with connected(peer) as client:
        with pytest.raises(MethodNotFound):
            await client.call_tool("echo", {})
        await client.list_tools()


async def test_a_forgotten_session_is_opened_anew_on_request() -> None:
    peer = Legacy(session="s-1")
    known = {"s-1"}
    calls: list[str] = []

    async def check(seen: Seen) -> web.StreamResponse:
        session = seen.headers.get("Mcp-Session-Id")
        if session not in known:
            return seen.json(
                {"jsonrpc": "2.0", "id": None, "error": {"code": -32001, "message": "unknown"}}, status=404
            )
        calls.append(session)
        return seen.result(RESULT)

    async def empty(seen: Seen) -> Any:
        return seen.result({})

    peer.on |= {"tools/call": check, "resources/subscribe": empty, "resources/unsubscribe": empty,
                "logging/setLevel": empty}  # fmt: skip
    async with running(peer):
        target = HttpServer(peer.url, reinitialize=True)
        async with Client(target, verdicts={}, deadlines=BRISK, log_level="error") as client:
            await client.subscribe("a:b")
            await client.subscribe("c:d")
            await client.unsubscribe("c:d")
            await client.call_tool("echo", {})
            known.clear()
            known.add("s-2")
            peer.session = "s-2"
            async with anyio.create_task_group() as group:
                for _ in range(10):
                    group.start_soon(client.call_tool, "echo", {})
            assert calls == ["s-1", *["s-2"] * 10]
            assert len(peer.of("initialize")) == 2
            again = [
                s.message for s in peer.seen if s.headers.get("Mcp-Session-Id") == "s-2" and s.method != "tools/call"
            ]
            assert [message and message["method"] for message in again] == [
                "notifications/initialized", None, "logging/setLevel", "resources/subscribe",
            ]  # fmt: skip
            assert again[-1]["params"]["uri"] == "a:b"
            assert "Mcp-Session-Id" not in peer.of("initialize")[1].headers


async def test_a_session_that_cannot_be_opened_anew_is_lost() -> None:
    peer = Legacy(session="s-1")
    async with running(peer), Client(HttpServer(peer.url, reinitialize=True), verdicts={}, deadlines=BRISK) as client:
        peer.on["tools/call"] = answer(404)
        peer.on["initialize"] = answer(503)
        with pytest.raises(SessionLost):
            await client.call_tool("echo", {})
        assert not client.connected


async def test_a_session_that_is_not_opened_anew_in_time_is_lost() -> None:
    peer = Legacy(session="s-1")

    async def silent(seen: Seen) -> Any:
        return await (await seen.stream()).until_gone()

    async with running(peer):
        target = HttpServer(peer.url, reinitialize=True)
        async with Client(target, verdicts={}, deadlines=Deadlines(connect=1.0)) as client:
            peer.on |= {"tools/call": answer(404), "initialize": silent}
            with anyio.fail_after(SOON), pytest.raises(SessionLost):
                await client.call_tool("echo", {})


async def test_what_the_server_forgot_for_good_is_not_asked_for_ever() -> None:
    peer = Legacy(session="s-1")
    async with running(peer), Client(HttpServer(peer.url, reinitialize=True), verdicts={}, deadlines=BRISK) as client:
        peer.on["tools/call"] = answer(404)
        with anyio.fail_after(SOON), pytest.raises(SessionLost):
            await client.call_tool("echo", {})
    assert len(peer.of("initialize")) <= 3
