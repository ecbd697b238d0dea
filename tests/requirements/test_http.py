"""Servers over HTTP: what requests that stand alone may be, and what comes back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import anyio
import pytest
from msgspec import Meta

from mcpstruct.base.errors import MethodNotInRevision
from mcpstruct.server import Context, MCPServer
from mcpstruct.server.http.running import HttpServing
from mcpstruct.wire.headers import encode_value
from tests.requirements.support import ACKNOWLEDGED, CAPABILITIES, LOG_LEVEL, REQUESTS, everything
from tests.server.http.conftest import COMMON, ENVELOPE, Raw, raw
from tests.support.http import serving

pytestmark = pytest.mark.anyio
MODERN = "2026-07-28"


@pytest.fixture
def anyio_backend() -> str:
    """Both are tried with servers of others' making, in the tests of the server."""
    return "asyncio"


@asynccontextmanager
async def client(server: MCPServer | None = None, **options: Any) -> AsyncIterator[Raw]:
    with anyio.fail_after(20):
        async with serving(server or everything(), **options) as base, raw(base) as one:
            yield one


def posted(method: str, request_id: Any = 1, meta: Any = None, **params: Any) -> dict[str, Any]:
    """What `aiohttp` is told in order to post a request."""
    name = params.get("name") or params.get("uri")
    headers = {**COMMON, "mcp-protocol-version": MODERN, "mcp-method": method}
    if name is not None:
        headers["mcp-name"] = name
    params["_meta"] = {**ENVELOPE, **(meta or {})}
    body = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}
    return {"data": json.dumps(body).encode(), "headers": headers}


async def messages(response: Any) -> AsyncIterator[Any]:
    """The messages of a stream, as they come."""
    async for line in response.content:
        if line.startswith(b"data:"):
            yield json.loads(line[5:])


# -- what comes back --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("always_stream", [False, True])
async def test_http_answers_are_json_or_a_stream(always_stream: bool) -> None:
    async with client(always_stream=always_stream) as one:
        for method, params in REQUESTS.items():
            answer = await one.modern(method, params)
            assert answer.status == 200
            kind = answer.headers["content-type"]
            assert kind == ("text/event-stream" if always_stream else "application/json")
            (message,) = answer.messages if always_stream else [answer.json]
            assert message["id"] == 1


async def test_http_notifications_accepted() -> None:
    async with client() as one:
        for method in ("notifications/cancelled", "notifications/own"):
            body = {"jsonrpc": "2.0", "method": method, "params": {"requestId": 1, "_meta": ENVELOPE}}
            answer = await one.send("POST", body, {"mcp-protocol-version": MODERN, "mcp-method": method})
            if answer.status == 202:
                assert answer.body == b""
            else:  # nobody here knows it
                assert answer.status >= 400


@pytest.mark.parametrize(
    "message",
    [
        {"method": "notifications/cancelled", "params": 5},
        {"method": "notifications/cancelled", "params": {"requestId": {}}},
        {"method": 5},
        {"jsonrpc": "1.0", "method": "notifications/cancelled"},
    ],
)
async def test_http_notifications_refused(message: dict[str, Any]) -> None:
    async with client() as one:
        body = {"jsonrpc": "2.0", **message}
        answer = await one.send("POST", body, {"mcp-protocol-version": MODERN})
        assert answer.status >= 400
        assert answer.json.get("id") is None


@pytest.mark.parametrize("reply", [{"result": {}}, {"error": {"code": 1, "message": "x"}}])
async def test_http_responses_refused(reply: dict[str, Any]) -> None:
    """Nobody asks a client anything, so that it has nothing to answer."""
    async with client() as one:
        answer = await one.send("POST", {"jsonrpc": "2.0", "id": 1, **reply}, {"mcp-protocol-version": MODERN})
        assert answer.status == 400


async def test_http_notifications_belong_to_their_request() -> None:
    """Two calls at a time, each with its own stream, and a subscription that hears of neither."""
    server, go_on = MCPServer("x"), anyio.Event()

    @server.tool()
    async def work(who: str, ctx: Context[Any]) -> str:
        await ctx.info(who)
        await ctx.report_progress(1)
        await go_on.wait()
        await ctx.info(who)
        return who

    async with client(server) as one:
        heard: dict[str, list[Any]] = {}

        async def call(who: str) -> None:
            meta = {"progressToken": who, LOG_LEVEL: "debug"}
            options = posted("tools/call", who, meta, name="work", arguments={"who": who})
            async with one.session.post(one.url, **options) as response:
                heard[who] = []
                async for message in messages(response):
                    heard[who].append(message)
                    if len(heard) == 2 and all(len(found) >= 2 for found in heard.values()):
                        go_on.set()

        listening = posted("subscriptions/listen", "s", notifications={"toolsListChanged": True})
        async with one.session.post(one.url, **listening) as stream:
            async with anyio.create_task_group() as group:
                group.start_soon(call, "a")
                group.start_soon(call, "b")
            server.tool(name="new")(lambda: "")
            told = messages(stream)
            first, second = await anext(told), await anext(told)
            assert first["method"] == ACKNOWLEDGED
            assert second["method"] == "notifications/tools/list_changed"
        for who, found in heard.items():
            assert [m.get("method", "result") for m in found] == [
                "notifications/message",
                "notifications/progress",
                "notifications/message",
                "result",
            ]
            assert found[0]["params"]["data"] == found[2]["params"]["data"] == who
            assert (found[1]["params"]["progressToken"], found[3]["id"]) == (who, who)


async def test_http_no_requests_on_a_stream() -> None:
    server, outcomes = MCPServer("x"), list[Any]()

    @server.tool()
    async def t(ctx: Context[Any]) -> str:
        await ctx.info("a stream from here on")
        try:
            await ctx.session.list_roots()
        except MethodNotInRevision as error:
            outcomes.append(str(error))
        return str(await ctx.list_roots())

    async with client(server) as one:
        meta = {LOG_LEVEL: "debug", CAPABILITIES: {"roots": {}}}
        answer = await one.modern("tools/call", {"name": "t"}, meta=meta)
        notification, result = answer.messages
        assert notification["method"] == "notifications/message"
        assert result["result"]["resultType"] == "input_required"
    assert len(outcomes) == 1


async def test_http_stream_ends_with_the_answer() -> None:
    async with client() as one:
        options = posted("tools/call", 1, {"progressToken": 1}, name="report")
        async with one.session.post(one.url, **options) as response:
            body = await response.read()  # to the end, which therefore comes
        assert body.rstrip().endswith(b"}")
        last = [json.loads(line[5:]) for line in body.splitlines() if line.startswith(b"data:")][-1]
        assert last["id"] == 1


async def test_http_leaving_a_stream_cancels() -> None:
    """A stream that has begun, and a subscription."""
    server, stopped, sent = MCPServer("x"), anyio.Event(), list[str]()

    @server.tool()
    async def work(ctx: Context[Any]) -> str:
        try:
            await ctx.report_progress(1)
            await anyio.sleep_forever()
        finally:
            await ctx.report_progress(2)
            sent.append("tried")
            stopped.set()

    async with client(server) as one:
        async with one.session.post(one.url, **posted("tools/call", 1, {"progressToken": 1}, name="work")) as response:
            assert (await anext(messages(response)))["params"]["progress"] == 1
            response.close()
        await stopped.wait()
        listening = posted("subscriptions/listen", 2, notifications={"toolsListChanged": True})
        async with one.session.post(one.url, **listening) as response:
            assert (await anext(messages(response)))["method"] == ACKNOWLEDGED
            response.close()
        await next(iter(server.connections)).core.idle()
        server.tool(name="new")(lambda: "")
    assert sent == ["tried"]


# -- headers ----------------------------------------------------------------------------------------------------------


async def test_http_no_sessions() -> None:
    """What a client of an earlier revision would send besides is ignored, and nothing of the kind is given out."""
    async with client(everything(revisions=MODERN)) as one:
        for headers in (
            {"mcp-session-id": "abc"},
            {"last-event-id": "7-7"},
            {"mcp-session-id": "\x21", "last-event-id": "x"},
        ):
            for method in ("tools/list", "tools/call"):
                answer = await one.modern(method, REQUESTS[method], headers=headers)
                assert answer.status == 200
                assert "mcp-session-id" not in answer.headers
                assert b"\nid:" not in answer.body


@pytest.mark.parametrize("revisions", [MODERN, ["2025-11-25", MODERN], None])
async def test_http_version_header_missing(revisions: Any) -> None:
    async with client(everything(revisions=revisions)) as one:
        answer = await one.modern("tools/list", headers={"mcp-protocol-version": None})
        assert (answer.status, answer.json["error"]["code"], answer.json["id"]) == (400, -32020, 1)
        bare = await one.send("POST", {"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
        assert bare.status == 400
        assert bare.json["error"]["code"] in (-32600, -32602, -32020)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("tools/call", {"name": "add", "arguments": {"a": 1, "b": 2}}),
        ("prompts/get", {"name": "greet", "arguments": {"name": "x"}}),
        ("resources/read", {"uri": "data://pi"}),
    ],
)
async def test_http_name_header(method: str, params: dict[str, Any]) -> None:
    async with client() as one:
        assert (await one.modern(method, params)).status == 200
        for name in (None, "", "other", "=?base64?b3RoZXI=?=", "=?base64?!?=", "=?BASE64?YWRk?="):
            answer = await one.modern(method, params, headers={"mcp-name": name})
            assert (answer.status, answer.json["error"]["code"]) == (400, -32020), name


@pytest.mark.parametrize("name", ["grüße", "世界", " padded ", "a\nb", "=?base64?YWRk?="])
async def test_http_name_header_encoded(name: str) -> None:
    server = MCPServer("x")
    server.tool(name=name)(own)
    async with client(server) as one:
        answer = await one.modern("tools/call", {"name": name}, headers={"mcp-name": encode_value(name)})
        assert answer.status == 200
        assert answer.json["result"]["content"][0]["text"] == "here"


def own() -> str:
    return "here"


def query(
    region: Annotated[str | None, Meta(extra_json_schema={"x-mcp-header": "Region"})] = None,
    limit: int = 0,
) -> str:
    return f"{region} {limit}"


def querying() -> MCPServer:
    server = MCPServer("x")
    text = {"type": "string", "x-mcp-header": "Region"}
    server.tool(input_schema={"type": "object", "properties": {"region": text, "limit": {"type": "integer"}}})(query)
    return server


@pytest.mark.parametrize(
    ("arguments", "header", "status"),
    [
        ({"region": None}, None, 200),
        ({"region": None}, "null", 400),
        ({"region": None}, "", 400),
        ({}, None, 200),
        ({"region": "é"}, "é", 400),
        ({"region": "é"}, "=?base64?w6k=?=", 200),
        ({"region": "a"}, None, 400),
        ({"region": ""}, "", 200),
    ],
)
async def test_http_parameter_headers(arguments: Any, header: str | None, status: int) -> None:
    async with client(querying()) as one:
        params = {"name": "query", "arguments": arguments}
        answer = await one.modern("tools/call", params, headers={"mcp-param-region": header})
        assert answer.status == status
        if status == 400:
            assert answer.json["error"]["code"] == -32020


async def test_http_parameter_headers_unknown_are_ignored() -> None:
    async with client(querying()) as one:
        headers = {"mcp-param-other": "x", "mcp-param-limit": "7"}
        assert (await one.modern("tools/call", {"name": "query", "arguments": {}}, headers=headers)).status == 200


async def test_http_values_are_case_sensitive_and_names_are_not() -> None:
    async with client() as one:
        name = {"mcp-protocol-version": None, "mcp-method": None}
        upper = {"MCP-PROTOCOL-VERSION": MODERN, "MCP-METHOD": "tools/list"}
        assert (await one.modern("tools/list", headers={**name, **upper})).status == 200
        answer = await one.modern("tools/list", headers={"mcp-method": "Tools/List"})
        assert (answer.status, answer.json["error"]["code"]) == (400, -32020)


async def test_http_method_not_found() -> None:
    """Of whatever kind: unknown, another revision's, or not offered by this server."""
    async with client(MCPServer("x")) as one:
        for method in ("no/such", "initialize", "ping", "tasks/get", "completion/complete"):
            params = {"ref": {"type": "ref/prompt", "name": "x"}, "argument": {"name": "a", "value": ""}}
            answer = await one.modern(method, params if method.startswith("completion") else {})
            assert (answer.status, answer.json["error"]["code"], answer.json["id"]) == (404, -32601, 1), method


def test_http_local_by_default() -> None:
    """Who wants to be reached from elsewhere has to say so, and by what name."""
    assert HttpServing(MCPServer("x"))._address[0] == "127.0.0.1"
    with pytest.raises(ValueError, match="allowed_hosts"):
        HttpServing(MCPServer("x"), host="0.0.0.0")  # noqa: S104
