"""Clients over HTTP, of servers whose answers a test writes itself."""

from __future__ import annotations

import logging
from typing import Any

import anyio
import pytest

from mcpstruct.base.errors import ConnectionLost
from tests.transport.http.support import LEGACY, Legacy, Modern, Seen, called, connected, initialized, text_of

pytestmark = pytest.mark.anyio
QUESTION = {"jsonrpc": "2.0", "id": 99, "method": "roots/list"}


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_http_client_posts_each_message_alone() -> None:
    """Ten calls at a time are ten requests of one message each."""
    peer = Modern()
    async with connected(peer) as client, anyio.create_task_group() as group:
        for number in range(10):
            group.start_soon(client.call_tool, "echo", {"n": number})
    seen = peer.of("tools/call")
    assert sorted(one.message["params"]["arguments"]["n"] for one in seen) == list(range(10))
    assert len({one.message["id"] for one in seen}) == 10
    assert {one.raw.method for one in peer.seen} == {"POST"}
    assert len({str(one.raw.path) for one in peer.seen}) == 1


async def test_http_client_sends_no_answers() -> None:
    """To a question that no server may ask in this era."""
    peer = Modern()

    async def call(seen: Seen) -> Any:
        stream = await seen.stream()
        await stream.event(QUESTION)
        await stream.event({"jsonrpc": "2.0", "id": "p", "method": "ping"})
        await stream.result(called("done"))
        return stream.response

    peer.on["tools/call"] = call
    async with connected(peer, roots=["file:///a"]) as client:
        assert text_of(await client.call_tool("echo")) == "done"
        await client.list_tools()
    assert [seen.method for seen in peer.seen] == ["server/discover", "tools/call", "tools/list"]


@pytest.mark.parametrize("name", ["grüße", " padded ", "a\nb", "=?base64?literal?=", "\t", "世界"])
async def test_http_client_encodes_names(name: str) -> None:
    peer = Modern()
    async with connected(peer) as client:
        await client.call_tool(name)
    (seen,) = peer.of("tools/call")
    sent = seen.headers["Mcp-Name"]
    assert sent.startswith("=?base64?")
    assert sent.endswith("?=")
    assert seen.message["params"]["name"] == name


async def test_http_client_mirrors_parameters() -> None:
    """Each as its type wants it; those that are null or absent not at all; whatever else is in them encoded."""
    peer = Modern()
    names = {"s": "string", "i": "integer", "b": "boolean", "n": "string", "absent": "string", "odd": "string"}
    properties = {name: {"type": kind, "x-mcp-header": f"X-{name}"} for name, kind in names.items()}
    peer.tools = [{"name": "run", "inputSchema": {"type": "object", "properties": properties}}]
    async with connected(peer) as client:
        await client.list_tools()
        await client.call_tool("run", {"s": "us-west1", "i": -7, "b": False, "n": None, "odd": "a\r\nX-Evil: 1"})
        for beyond in (2**53, -(2**53)):
            with pytest.raises(ValueError, match="2\\^53"):
                await client.call_tool("run", {"i": beyond})
    (seen,) = peer.of("tools/call")
    found = {key.lower(): value for key, value in seen.headers.items() if key.lower().startswith("mcp-param-")}
    assert found == {
        "mcp-param-x-s": "us-west1",
        "mcp-param-x-i": "-7",
        "mcp-param-x-b": "false",
        "mcp-param-x-odd": "=?base64?YQ0KWC1FdmlsOiAx?=",
    }
    assert "X-Evil" not in seen.headers


BAD = {
    "empty": {"a": {"type": "string", "x-mcp-header": ""}},
    "blank": {"a": {"type": "string", "x-mcp-header": "a b"}},
    "break": {"a": {"type": "string", "x-mcp-header": "a\r\nb"}},
    "umlaut": {"a": {"type": "string", "x-mcp-header": "ä"}},
    "no text": {"a": {"type": "string", "x-mcp-header": 5}},
    "twice": {"a": {"type": "string", "x-mcp-header": "A"}, "b": {"type": "string", "x-mcp-header": "a"}},
    "number": {"a": {"type": "number", "x-mcp-header": "a"}},
    "object": {"a": {"type": "object", "x-mcp-header": "a"}},
    "items": {"a": {"type": "array", "items": {"type": "string", "x-mcp-header": "a"}}},
    "anyOf": {"a": {"anyOf": [{"type": "string", "x-mcp-header": "a"}]}},
    "not": {"a": {"not": {"type": "string", "x-mcp-header": "a"}}},
    "if": {"a": {"if": {"type": "string", "x-mcp-header": "a"}}},
}


async def test_http_client_rejects_annotations(caplog: pytest.LogCaptureFixture) -> None:
    peer = Modern()
    peer.tools = [
        {"name": f"tool {name}", "inputSchema": {"type": "object", "properties": properties}}
        for name, properties in BAD.items()
    ]
    referred = {"type": "object", "properties": {"a": {"$ref": "#/$defs/x"}}}
    defined = {"x": {"type": "string", "x-mcp-header": "a"}}
    peer.tools += [{"name": "tool ref", "inputSchema": {**referred, "$defs": defined}}]
    peer.tools += [{"name": "good", "inputSchema": {"type": "object"}}]
    async with connected(peer) as client:
        with caplog.at_level(logging.WARNING, "mcpstruct"):
            assert [tool.name for tool in (await client.list_tools()).tools] == ["good"]
    for name in (*BAD, "ref"):
        assert f"'tool {name}'" in caplog.text


async def test_http_client_names_of_headers_in_any_case() -> None:
    peer = Legacy()

    async def initialize(seen: Seen) -> Any:
        return seen.result(initialized(), headers={"MCP-SESSION-ID": "s-1"})

    peer.on["initialize"] = initialize
    async with connected(peer) as client:
        await client.list_tools()
    assert peer.of("tools/list")[0].headers["Mcp-Session-Id"] == "s-1"
    assert len(peer.of("DELETE")) == 1


@pytest.mark.parametrize("revision", ["2025-06-18", LEGACY])
async def test_http_client_headers_of_a_session(revision: str) -> None:
    """On every request after the first answer, of whatever kind: session, revision, and what may come back."""
    peer = Legacy(revision, session="s-1")

    async def stream(seen: Seen) -> Any:
        stream = await seen.stream()
        await stream.event(QUESTION)
        return await stream.until_gone()

    peer.on["GET"] = stream
    async with connected(peer, roots=["file:///a"], revisions=revision) as client:
        await client.call_tool("echo", {})
        await client.notify_roots_list_changed()
        await peer.take("notifications/roots/list_changed")
        await peer.take("POST")
    first, *others = [seen for seen in peer.seen if seen.method != "server/discover"]
    assert first.method == "initialize"
    kinds = {seen.method or seen.raw.method for seen in others}
    assert kinds >= {"notifications/initialized", "tools/call", "GET", "DELETE", "POST"}
    for seen in others:
        assert seen.headers["Mcp-Session-Id"] == "s-1"
        assert seen.headers["MCP-Protocol-Version"] == revision
    for seen in peer.seen:
        if seen.raw.method == "POST":
            assert {kind.strip() for kind in seen.headers["Accept"].split(",")} == {
                "application/json",
                "text/event-stream",
            }
        elif seen.raw.method == "GET":
            assert seen.headers["Accept"] == "text/event-stream"


async def test_http_client_begins_anew_without_the_old_id() -> None:
    """Once a server has forgotten the session: at once where that was asked for, else when it is told to."""
    peer = Legacy(session="s-1")

    async def gone(seen: Seen) -> Any:
        return seen.status(404 if seen.headers["Mcp-Session-Id"] == "s-1" else 500)

    well, peer.on["tools/call"] = peer.on["tools/call"], gone
    async with connected(peer) as client:
        with pytest.raises(ConnectionLost):
            await client.call_tool("echo", {})
        peer.session, peer.on["tools/call"] = "s-2", well
        await client.connect()
        await client.call_tool("echo", {})
        opened = peer.of("initialize")
        assert len(opened) == 2
        assert "Mcp-Session-Id" not in opened[1].headers
        assert peer.of("tools/call")[-1].headers["Mcp-Session-Id"] == "s-2"


async def test_http_client_listens_and_asks_at_once() -> None:
    """Notifications for a request come with it, and the session's own by the other stream."""
    peer = Legacy(session="s-1")
    told: list[Any] = []

    async def own(seen: Seen) -> Any:
        stream = await seen.stream()
        await stream.tell("notifications/tools/list_changed")
        return await stream.until_gone()

    async def call(seen: Seen) -> Any:
        stream = await seen.stream()
        await stream.tell("notifications/message", level="info", data="with the call")
        await stream.result({"content": [{"type": "text", "text": "done"}]})
        return stream.response

    peer.on |= {"GET": own, "tools/call": call}

    def notified(method: Any, params: Any) -> None:
        told.append(method.name)

    async with connected(peer, on_notification=notified) as client:
        assert text_of(await client.call_tool("echo")) == "done"
    assert sorted(told) == ["notifications/message", "notifications/tools/list_changed"]
