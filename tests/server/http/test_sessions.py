"""Sessions of clients with a handshake."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

from mcpstruct.server import Context, MCPServer
from tests.support.http import serving

from .conftest import COMMON, Raw, raw

pytestmark = pytest.mark.anyio


class Seen:
    """What handlers of a test tell it."""

    def __init__(self) -> None:
        self.began = anyio.Event()
        self.go_on = anyio.Event()
        self.stopped = anyio.Event()


def make_server(seen: Seen | None = None, **options: Any) -> MCPServer:
    server = MCPServer("demo", version="1", **options)
    seen = seen or Seen()

    @server.tool()
    async def echo(text: str) -> str:
        return text

    @server.tool()
    async def steps(ctx: Context[Any]) -> str:
        for n in range(1, 4):
            await ctx.report_progress(n, 3)
        return "done"

    @server.tool()
    async def wait(ctx: Context[Any]) -> str:
        await ctx.info("waiting")
        seen.began.set()
        try:
            await seen.go_on.wait()
            await ctx.info("going on")
        except BaseException:
            seen.stopped.set()
            raise
        return "waited"

    @server.tool()
    async def silent() -> str:
        seen.began.set()
        try:
            await seen.go_on.wait()
        except BaseException:
            seen.stopped.set()
            raise
        return "waited"

    @server.tool()
    async def ask(ctx: Context[Any]) -> str:
        answer = await ctx.elicit("name?", {"type": "object", "properties": {"name": {"type": "string"}}})
        return str(answer.data)

    add_more(server)
    return server


def add_more(server: MCPServer) -> None:
    @server.tool()
    async def poll(ctx: Context[Any]) -> str:
        ctx.close_stream(retry=0.05)
        await anyio.sleep(0.05)
        return "later"

    @server.tool()
    async def grow() -> str:
        server.add_tool(lambda: "new", name="new", description="new")
        return "grown"


@asynccontextmanager
async def client(server: MCPServer | None = None, **options: Any) -> AsyncIterator[Raw]:
    with anyio.fail_after(20):
        async with serving(server or make_server(), **options) as base, raw(base) as one:
            yield one


async def events(response: Any) -> AsyncIterator[dict[str, str]]:
    """The events of a stream, as they come."""
    event: dict[str, str] = {}
    async for line in response.content:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name:
            event[name.rstrip(":")] = value
        elif event:
            yield event
            event = {}


@pytest.mark.parametrize("version", ["2025-03-26", "2025-06-18", "2025-11-25"])
async def test_a_session_from_its_opening_to_its_end(version: str) -> None:
    async with client() as one:
        opened = await one.initialize(version)
        assert opened.json["result"]["protocolVersion"] == version
        assert one.sid is not None
        assert all(0x21 <= ord(c) <= 0x7E for c in one.sid)
        answer = await one.legacy("tools/call", {"name": "echo", "arguments": {"text": "hi"}})
        assert answer.json["result"]["content"][0]["text"] == "hi"
        assert "resultType" not in answer.json["result"]
        assert (await one.send("DELETE", headers=one.session_headers)).status in (200, 204)
        assert (await one.legacy("ping")).status == 404
        assert (await one.send("DELETE", headers=one.session_headers)).status == 404


async def test_refusals() -> None:
    async with client() as one:
        ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        assert (await one.send("POST", ping)).status == 400
        assert (await one.send("POST", ping, {"mcp-session-id": "nobody's"})).status == 404
        await one.initialize()
        good = one.session_headers
        assert (await one.send("POST", ping, {**good, "mcp-protocol-version": "1999-01-01"})).status == 400
        assert (await one.send("POST", ping, {**good, "mcp-protocol-version": None})).status == 200
        assert (await one.send("POST", ping, {**good, "accept": "application/json"})).status == 406
        assert (await one.send("POST", ping, {**good, "content-type": "text/plain"})).status == 415
        assert (await one.send("POST", b"{", good)).status == 400
        assert (await one.send("GET", None, {**good, "accept": "application/json"})).status == 406
        assert (await one.send("GET", None, {"accept": "text/event-stream"})).status == 400
        assert (await one.send("GET", None, {**good, "last-event-id": "what"})).status == 400
        assert (await one.send("GET", None, {**good, "last-event-id": "77-1"})).status == 400
        assert (await one.send("PUT", None, good)).status == 405


async def test_answers_and_notifications_are_accepted() -> None:
    async with client() as one:
        await one.initialize()
        stray = await one.send("POST", {"jsonrpc": "2.0", "id": 99, "result": {}}, one.session_headers)
        assert (stray.status, stray.body) == (202, b"")
        assert (await one.legacy_notify("notifications/roots/list_changed")).status == 202


async def test_a_question_goes_out_on_the_stream_of_its_request() -> None:
    async with client() as one:
        await one.initialize(capabilities={"elicitation": {}})
        body = {"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": {"name": "ask", "arguments": {}}}
        seen: list[Any] = []
        async with one.session.post(one.url, json=body, headers={**COMMON, **one.session_headers}) as response:
            async for event in events(response):
                if event["data"]:
                    message = json.loads(event["data"])
                    seen.append(message)
                    if message.get("method") == "elicitation/create":
                        reply = {"action": "accept", "content": {"name": "Bo"}}
                        body = {"jsonrpc": "2.0", "id": message["id"], "result": reply}
                        assert (await one.send("POST", body, one.session_headers)).status == 202
        assert seen[-1]["result"]["content"][0]["text"] == "{'name': 'Bo'}"


async def test_changes_come_over_the_standalone_stream_alone() -> None:
    async with client() as one:
        await one.initialize()
        headers = {**one.session_headers, "accept": "text/event-stream"}
        async with one.session.get(one.url, headers=headers) as response:
            assert response.headers["content-type"] == "text/event-stream"
            assert (await one.legacy("tools/call", {"name": "grow", "arguments": {}})).headers[
                "content-type"
            ] == "application/json"
            async for event in events(response):
                if event["data"]:
                    assert json.loads(event["data"])["method"] == "notifications/tools/list_changed"
                    break


async def test_what_came_before_the_standalone_stream_is_not_lost() -> None:
    async with client() as one:
        await one.initialize()
        await one.legacy("tools/call", {"name": "grow", "arguments": {}})
        async with one.session.get(one.url, headers={**one.session_headers, "accept": "text/event-stream"}) as response:
            async for event in events(response):
                if event["data"]:
                    assert json.loads(event["data"])["method"] == "notifications/tools/list_changed"
                    break


async def test_a_broken_stream_is_taken_up_where_it_broke() -> None:
    seen = Seen()
    async with client(make_server(seen)) as one:
        await one.initialize()
        body = {"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": {"name": "wait", "arguments": {}}}
        last = ""
        async with one.session.post(one.url, json=body, headers={**COMMON, **one.session_headers}) as response:
            async for event in events(response):
                last = event["id"]
                if event["data"]:
                    break
        await anyio.sleep(0.05)
        assert not seen.stopped.is_set()  # a connection that breaks calls nothing off
        seen.go_on.set()
        headers = {**one.session_headers, "accept": "text/event-stream", "last-event-id": last}
        answer = await one.send("GET", None, headers)
        assert [m.get("params", m.get("result")) for m in answer.messages] == [
            {"level": "info", "data": "going on"},
            {"content": [{"type": "text", "text": "waited"}]},
        ]
        assert len({event["id"] for event in answer.events if event.get("data")}) == 2
        again = await one.send("GET", None, headers)
        assert again.messages == answer.messages


async def test_a_stream_that_the_server_closes_goes_on_elsewhere() -> None:
    async with client() as one:
        await one.initialize()
        first = await one.legacy("tools/call", {"name": "poll", "arguments": {}})
        priming, closing = first.events
        assert priming["id"]
        assert closing["retry"] == "50"
        headers = {**one.session_headers, "accept": "text/event-stream", "last-event-id": priming["id"]}
        answer = await one.send("GET", None, headers)
        assert answer.messages[0]["result"]["content"][0]["text"] == "later"


async def test_a_client_of_before_knows_no_polling() -> None:
    async with client() as one:
        await one.initialize("2025-06-18")
        answer = await one.legacy("tools/call", {"name": "poll", "arguments": {}})
        assert answer.json["result"]["content"][0]["text"] == "later"
        answer = await one.legacy("tools/call", {"name": "steps", "arguments": {}, "_meta": {"progressToken": 1}})
        assert all(event["data"] for event in answer.events)


async def test_cancelling_ends_the_answer() -> None:
    seen = Seen()
    async with client(make_server(seen)) as one:
        await one.initialize()
        async with anyio.create_task_group() as group:

            async def call() -> None:
                answer = await one.legacy("tools/call", {"name": "silent", "arguments": {}}, request_id=9)
                assert answer.body == b""

            group.start_soon(call)
            await seen.began.wait()
            await one.legacy_notify("notifications/cancelled", {"requestId": 9})
            await seen.stopped.wait()


async def test_an_id_in_use_is_refused() -> None:
    seen = Seen()
    async with client(make_server(seen)) as one:
        await one.initialize()
        async with anyio.create_task_group() as group:
            group.start_soon(one.legacy, "tools/call", {"name": "silent", "arguments": {}})
            await seen.began.wait()
            answer = await one.legacy("ping")
            assert answer.json["error"]["code"] == -32600
            seen.go_on.set()


async def test_batches() -> None:
    async with client() as one:
        await one.initialize("2025-03-26")
        batch = [
            {"jsonrpc": "2.0", "id": 1, "method": "ping"},
            {"jsonrpc": "2.0", "method": "notifications/roots/list_changed"},
            {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "echo", "arguments": {"text": "x"}}},
            {"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": 1}},
        ]
        answer = await one.send("POST", batch, one.session_headers)
        assert sorted(m["id"] for m in answer.json) == [1, 2, 3]
        only = [{"jsonrpc": "2.0", "method": "notifications/roots/list_changed"}]
        assert (await one.send("POST", only, one.session_headers)).status == 202
        assert (await one.send("POST", [], one.session_headers)).status == 400


async def test_batches_are_of_one_revision() -> None:
    async with client() as one:
        await one.initialize("2025-06-18")
        answer = await one.send("POST", [{"jsonrpc": "2.0", "id": 1, "method": "ping"}], one.session_headers)
        assert answer.status == 400


async def test_sessions_do_not_hear_each_other() -> None:
    async with client() as one:
        await one.initialize()
        first = one.session_headers
        await one.initialize()
        body = {
            "jsonrpc": "2.0",
            "id": 5,
            "method": "tools/call",
            "params": {"name": "steps", "arguments": {}, "_meta": {"progressToken": 1}},
        }
        answer = await one.send("POST", body, first)
        last = answer.events[0]["id"]
        foreign = await one.send(
            "GET", None, {**one.session_headers, "accept": "text/event-stream", "last-event-id": last}
        )
        assert foreign.status == 400


async def test_idle_sessions_end() -> None:
    server = make_server()
    async with client(server, session_idle=0.1) as one:
        await one.initialize()
        assert (await one.legacy("ping")).status == 200
        while (await one.send("GET", None, {"mcp-session-id": "x", "accept": "text/event-stream"})).status == 404:
            if not any(c.session for c in server.connections):
                break
            await anyio.sleep(0.02)
        assert (await one.legacy("ping")).status == 404


async def test_the_idlest_session_gives_way() -> None:
    async with client(max_sessions=2) as one:
        await one.initialize()
        first = one.session_headers
        await one.initialize()
        second = one.session_headers
        await one.initialize()
        ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        assert [(await one.send("POST", ping, h)).status for h in (first, second, one.session_headers)] == [
            404,
            200,
            200,
        ]


async def test_a_server_without_sessions_serves_each_request_alone() -> None:
    async with client(sessions=False) as one:
        opened = await one.initialize()
        assert opened.json["result"]["protocolVersion"] == "2025-11-25"
        assert one.sid is None
        headers = {"mcp-protocol-version": "2025-11-25"}
        body = {
            "jsonrpc": "2.0",
            "id": 5,
            "method": "tools/call",
            "params": {"name": "echo", "arguments": {"text": "x"}},
        }
        assert (await one.send("POST", body, headers)).json["result"]["content"][0]["text"] == "x"
        assert (
            await one.send("POST", {"jsonrpc": "2.0", "method": "notifications/initialized"}, headers)
        ).status == 202
        assert (await one.send("GET", None, {"accept": "text/event-stream"})).status == 405
        body["params"] = {"name": "ask", "arguments": {}}
        assert "lacks" in (await one.send("POST", body, headers)).json["error"]["message"]


async def test_words_in_an_argument_make_no_request_a_modern_one() -> None:
    async with client(sessions=False) as one:
        call: Any = {"name": "echo", "arguments": {"text": "io.modelcontextprotocol/protocolVersion"}}
        body = {"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": call}
        answer = await one.send("POST", body, {"mcp-protocol-version": "2025-11-25"})
        assert answer.json["result"]["content"][0]["text"] == "io.modelcontextprotocol/protocolVersion"
