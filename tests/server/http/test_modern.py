"""Requests that stand alone."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

from mcpstruct.server import Context, MCPServer
from tests.support.http import serving

from .conftest import Raw, raw

pytestmark = pytest.mark.anyio


class Seen:
    """What handlers of a test tell it."""

    def __init__(self) -> None:
        self.began = anyio.Event()
        self.stopped = anyio.Event()


def make_server(seen: Seen | None = None, **options: Any) -> MCPServer:
    server = MCPServer("demo", version="1", **options)
    seen = seen or Seen()

    @server.tool()
    async def echo(text: str) -> str:
        return text

    @server.tool()
    async def steps(ctx: Context[Any]) -> str:
        await ctx.report_progress(1, 2)
        await ctx.info("half")
        return "done"

    @server.tool()
    async def wait() -> str:
        seen.began.set()
        try:
            await anyio.sleep_forever()
        finally:
            seen.stopped.set()

    @server.tool()
    async def ask(ctx: Context[Any]) -> str:
        answer = await ctx.elicit("name?", {"type": "object", "properties": {"name": {"type": "string"}}}, key="who")
        return str(answer.data)

    @server.tool()
    async def grow(ctx: Context[Any]) -> str:
        server.add_tool(lambda: "new", name="new", description="new")
        return "grown"

    return server


@asynccontextmanager
async def client(server: MCPServer | None = None, **options: Any) -> AsyncIterator[Raw]:
    with anyio.fail_after(20):
        async with serving(server or make_server(), **options) as base, raw(base) as one:
            yield one


async def test_a_result_is_json_when_nothing_comes_before_it() -> None:
    async with client() as one:
        answer = await one.modern("tools/call", {"name": "echo", "arguments": {"text": "hé"}}, request_id="a-1")
        assert answer.status == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.json["id"] == "a-1"
        assert answer.json["result"]["content"] == [{"type": "text", "text": "hé"}]
        assert answer.json["result"]["resultType"] == "complete"


async def test_what_is_said_on_the_way_makes_it_a_stream() -> None:
    async with client() as one:
        meta = {"progressToken": "t", "io.modelcontextprotocol/logLevel": "info"}
        answer = await one.modern("tools/call", {"name": "steps", "arguments": {}}, meta=meta)
        assert answer.headers["content-type"] == "text/event-stream"
        assert answer.headers["x-accel-buffering"] == "no"
        progress, message, result = answer.messages
        assert (progress["method"], progress["params"]["progressToken"]) == ("notifications/progress", "t")
        assert message["params"]["data"] == "half"
        assert result["result"]["content"][0]["text"] == "done"


async def test_no_reports_are_made_to_who_asks_for_none() -> None:
    async with client() as one:
        answer = await one.modern("tools/call", {"name": "steps", "arguments": {}})
        assert answer.headers["content-type"] == "application/json"


async def test_questions_end_the_round() -> None:
    async with client() as one:
        meta = {"io.modelcontextprotocol/clientCapabilities": {"elicitation": {}}}
        first = await one.modern("tools/call", {"name": "ask", "arguments": {}}, meta=meta)
        assert first.json["result"]["resultType"] == "input_required"
        answers = {"who": {"action": "accept", "content": {"name": "Bo"}}}
        again = {"name": "ask", "arguments": {}, "inputResponses": answers}
        second = await one.modern("tools/call", again, meta=meta)
        assert second.json["result"]["content"][0]["text"] == "{'name': 'Bo'}"


async def test_a_capability_that_is_missing_is_a_bad_request() -> None:
    async with client() as one:
        answer = await one.modern("tools/call", {"name": "ask", "arguments": {}})
        assert (answer.status, answer.json["error"]["code"]) == (400, -32021)
        assert answer.json["error"]["data"]["requiredCapabilities"] == {"elicitation": {"form": {}}}


@pytest.mark.parametrize("method", ["initialize", "ping", "logging/setLevel", "resources/subscribe", "un/known"])
async def test_methods_that_the_era_lacks_are_not_found(method: str) -> None:
    async with client() as one:
        answer = await one.modern(method)
        assert (answer.status, answer.json["error"]["code"], answer.json["id"]) == (404, -32601, 1)


@pytest.mark.parametrize(
    ("meta", "headers", "status", "code"),
    [
        ({"io.modelcontextprotocol/protocolVersion": None}, {}, 400, -32602),
        ({"io.modelcontextprotocol/clientCapabilities": None}, {}, 400, -32602),
        ({"io.modelcontextprotocol/clientInfo": None}, {}, 200, None),
        ({"io.modelcontextprotocol/protocolVersion": "2099-01-01"}, {}, 400, -32020),
        ({}, {"mcp-protocol-version": "2025-11-25"}, 400, -32020),
        ({}, {"mcp-protocol-version": None}, 400, -32020),
        (
            {"io.modelcontextprotocol/protocolVersion": "2099-01-01"},
            {"mcp-protocol-version": "2099-01-01"},
            400,
            -32022,
        ),
        ({}, {"mcp-method": None}, 400, -32020),
        ({}, {"mcp-method": "Server/Discover"}, 400, -32020),
    ],
)
async def test_the_envelope(meta: Any, headers: Any, status: int, code: int | None) -> None:
    async with client() as one:
        answer = await one.modern("server/discover", meta=meta, headers=headers)
        assert (answer.status, answer.json.get("error", {}).get("code")) == (status, code)
        assert answer.json["id"] == 1


async def test_an_unknown_version_is_told_what_there_is() -> None:
    async with client() as one:
        version = "1900-01-01"
        meta = {"io.modelcontextprotocol/protocolVersion": version}
        answer = await one.modern("tools/list", meta=meta, headers={"mcp-protocol-version": version})
        assert answer.json["error"]["data"]["requested"] == version
        assert "2026-07-28" in answer.json["error"]["data"]["supported"]


async def test_a_client_that_leaves_stops_the_handler() -> None:
    took: list[float] = []
    for _ in range(3):  # the machine itself may stall
        seen = Seen()
        async with client(make_server(seen)) as one:
            async with anyio.create_task_group() as group:
                group.start_soon(one.modern, "tools/call", {"name": "wait", "arguments": {}})
                await seen.began.wait()
                await anyio.sleep(0.1)  # a call that is over at once is never watched
                group.cancel_scope.cancel()
            before = anyio.current_time()
            await seen.stopped.wait()
            took.append(anyio.current_time() - before)
    assert min(took) < 0.1


async def test_ids_of_two_clients_do_not_meet() -> None:
    async with client() as one:
        answers: list[Any] = []

        async def call(text: str) -> None:
            answers.append((text, await one.modern("tools/call", {"name": "echo", "arguments": {"text": text}})))

        async with anyio.create_task_group() as group:
            for n in range(20):
                group.start_soon(call, str(n))
        assert all(answer.json["result"]["content"][0]["text"] == text for text, answer in answers)


async def test_a_subscription_is_a_stream() -> None:
    async with client() as one:
        body = {
            "jsonrpc": "2.0",
            "id": 1769000000123,
            "method": "subscriptions/listen",
            "params": {"notifications": {"toolsListChanged": True}, "_meta": _envelope()},
        }
        headers = {"mcp-protocol-version": "2026-07-28", "mcp-method": "subscriptions/listen"}
        lines: list[Any] = []
        async with one.session.post(
            one.url, json=body, headers={"accept": "application/json, text/event-stream", **headers}
        ) as response:
            async for line in response.content:
                if line.startswith(b"data:"):
                    lines.append(json.loads(line[5:]))
                    if len(lines) == 1:
                        await one.modern("tools/call", {"name": "grow", "arguments": {}})
                    else:
                        break
        assert lines[0]["method"] == "notifications/subscriptions/acknowledged"
        assert lines[1]["method"] == "notifications/tools/list_changed"
        key = "io.modelcontextprotocol/subscriptionId"
        assert [line["params"]["_meta"][key] for line in lines] == [1769000000123] * 2


def _envelope() -> dict[str, Any]:
    from .conftest import ENVELOPE

    return ENVELOPE


async def test_quiet_streams_show_that_they_are_alive() -> None:
    async with client(keep_alive=0.05) as one:
        body = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "subscriptions/listen",
            "params": {"notifications": {"toolsListChanged": True}, "_meta": _envelope()},
        }
        headers = {
            "accept": "application/json, text/event-stream",
            "mcp-protocol-version": "2026-07-28",
            "mcp-method": "subscriptions/listen",
        }
        comments = 0
        async with one.session.post(one.url, json=body, headers=headers) as response:
            async for line in response.content:
                comments += line.startswith(b":")
                if comments == 3:
                    break


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", -32700),
        (b"{", -32700),
        (b"\xff\xfe", -32700),
        (b"[]", -32600),
        (b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600),
        (b'{"jsonrpc":"2.0","id":1,"result":{}}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":7}', -32600),
        (b'{"jsonrpc":"1.0","id":1,"method":"tools/list"}', -32600),
        (b"[" * 100_000, None),
    ],
)
async def test_what_is_no_message_is_a_bad_request(body: bytes, code: int | None) -> None:
    async with client() as one:
        answer = await one.send("POST", body, {"mcp-protocol-version": "2026-07-28", "mcp-method": "tools/list"})
        assert answer.status == 400
        assert code is None or answer.json["error"]["code"] == code
        assert "id" not in answer.json or answer.json["id"] == 1


async def test_notifications_are_accepted() -> None:
    async with client() as one:
        body = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1, "_meta": _envelope()}}
        answer = await one.send("POST", body, {"mcp-protocol-version": "2026-07-28"})
        assert (answer.status, answer.body) == (202, b"")


async def test_get_and_delete_are_not_of_this_era() -> None:
    async with client(make_server(revisions="2026-07-28")) as one:
        for verb in ("GET", "DELETE", "PUT", "OPTIONS"):
            answer = await one.send(verb, None, {"mcp-session-id": "x", "last-event-id": "1-1"})
            assert answer.status == 405, verb
        assert (await one.send("GET")).headers["allow"] == "POST"


async def test_a_server_of_this_era_alone_says_what_it_speaks() -> None:
    async with client(make_server(revisions="2026-07-28")) as one:
        answer = await one.initialize()
        assert answer.status == 400
        assert "2026-07-28" in answer.json["error"]["message"]
        assert one.sid is None
