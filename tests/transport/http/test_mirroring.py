"""Arguments of tools that are repeated in headers."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from aiohttp import web

from mcpstruct.base.errors import RemoteError
from mcpstruct.client import Client
from mcpstruct.server import MCPServer
from mcpstruct.testing import connected as in_memory
from tests.transport.http.support import Legacy, Modern, Seen, called, connected, listed, text_of

pytestmark = pytest.mark.anyio


def tool(name: str, **properties: Any) -> dict[str, Any]:
    return {"name": name, "inputSchema": {"type": "object", "properties": properties}}


def mirrored(header: str, kind: str = "string") -> dict[str, Any]:
    return {"type": kind, "x-mcp-header": header}


async def sent(client: Client, peer: Modern, arguments: dict[str, Any], name: str = "run") -> dict[str, str]:
    """The headers that a call has on account of its arguments."""
    await client.call_tool(name, arguments)
    headers = peer.of("tools/call")[-1].headers
    return {key: value for key, value in headers.items() if key.startswith("Mcp-Param-")}


async def test_arguments_go_into_the_headers_that_the_tool_wants() -> None:
    peer = Modern()
    inner = {"type": "object", "properties": {"deep": mirrored("Deep")}}
    peer.tools = [
        tool("run", region=mirrored("Region"), n=mirrored("N", "integer"), b=mirrored("B", "boolean"), inner=inner,
             plain={"type": "string"}),
        tool("other"),
    ]  # fmt: skip
    async with connected(peer) as client:
        assert await sent(client, peer, {"region": "eu"}) == {}  # nobody has said that it wants any
        await client.list_tools()
        arguments = {"region": "eu", "n": 7, "b": True, "inner": {"deep": "Grüße"}, "plain": "x"}
        assert await sent(client, peer, arguments) == {
            "Mcp-Param-Region": "eu",
            "Mcp-Param-N": "7",
            "Mcp-Param-B": "true",
            "Mcp-Param-Deep": "=?base64?R3LDvMOfZQ==?=",
        }
        assert await sent(client, peer, {"region": "", "n": None}) == {"Mcp-Param-Region": ""}
        assert await sent(client, peer, {"region": "eu"}, "other") == {}
        with pytest.raises(ValueError, match="region"):
            await client.call_tool("run", {"region": ["no", "text"]})
        peer.tools = [tool("run")]
        await client.list_tools()
        assert await sent(client, peer, {"region": "eu"}) == {}


async def test_a_tool_that_wants_what_cannot_be_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    peer = Modern()
    peer.tools = [
        tool("good", a=mirrored("A")),
        tool("blank", a=mirrored("a b")),
        tool("number", a=mirrored("A", "number")),
        tool("twice", a=mirrored("A"), b=mirrored("a")),
        tool("plain"),
    ]
    async with connected(peer) as client:
        with caplog.at_level(logging.WARNING, "mcpstruct"):
            assert [tool.name for tool in (await client.list_tools()).tools] == ["good", "plain"]
        assert [tool.name async for tool in client.tools()] == ["good", "plain"]
    for name in ("blank", "number", "twice"):
        assert f"'{name}'" in caplog.text


async def test_nothing_is_left_out_where_there_are_no_such_headers() -> None:
    peer = Legacy()
    peer.tools = [tool("run", a=mirrored("a b"))]
    async with connected(peer) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == ["run"]
        await client.call_tool("run", {"a": "b"})
    assert not any(key.startswith("Mcp-Param-") for key in peer.of("tools/call")[0].headers)
    server = MCPServer("memory")
    async with in_memory(server) as client:
        assert (await client.list_tools()).tools == []


class Strict(Modern):
    """Refuses calls without the header that the tool wants."""

    def __init__(self) -> None:
        super().__init__()
        self.header = "Mcp-Param-Region"

        async def call(seen: Seen) -> web.StreamResponse:
            if self.header not in seen.headers:
                return seen.error(-32020, "Header mismatch", status=400)
            return seen.result(called(seen.headers[self.header]))

        self.on["tools/call"] = call
        self.tools = [tool("run", region=mirrored("Region"))]


async def test_a_call_whose_headers_are_out_of_date_is_made_again_after_another_look() -> None:
    peer = Strict()
    async with connected(peer) as client:
        progress: list[Any] = []
        result = await client.call_tool("run", {"region": "eu"}, on_progress=lambda *p: progress.append(p))
        assert text_of(result) == "eu"
        assert len(peer.of("tools/list")) == 1
        assert len(peer.of("tools/call")) == 2
        await client.call_tool("run", {"region": "us"})
        assert len(peer.of("tools/list")) == 1


async def test_only_as_many_pages_are_looked_at_as_it_takes() -> None:
    peer = Strict()
    pages = {None: ([tool("first")], "2"), "2": (peer.tools, "3"), "3": ([tool("last")], None)}

    async def list_tools(seen: Seen) -> web.StreamResponse:
        tools, cursor = pages[seen.message["params"].get("cursor")]
        return seen.result(listed(tools) | ({"nextCursor": cursor} if cursor else {}))

    peer.on["tools/list"] = list_tools
    async with connected(peer) as client:
        assert text_of(await client.call_tool("run", {"region": "eu"})) == "eu"
    assert len(peer.of("tools/list")) == 2


async def test_a_call_is_not_made_again_and_again() -> None:
    peer = Strict()
    peer.header = "Mcp-Param-Other"
    async with connected(peer) as client:
        with pytest.raises(RemoteError) as caught:
            await client.call_tool("run", {"region": "eu"})
        assert caught.value.code == -32020
    assert len(peer.of("tools/call")) == 2
