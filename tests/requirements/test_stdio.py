"""Messages on a channel that everything shares: one a line, and no others than there may be."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from mcpstruct.server import Context, LowLevelServer
from mcpstruct.types import CallToolResult, Implementation, ListToolsResult, TextContent, Tool
from mcpstruct_bindings.merged.server import ServerHandlers
from tests.requirements.support import everything
from tests.session.support import MODERN, NEWEST_LEGACY, by_hand, calls, served, stamped

pytestmark = pytest.mark.anyio
ERAS = [NEWEST_LEGACY, MODERN]
LINES = "a\nb\r\nc\u2028d\u0085e\x0bf"
RAW = msgspec.Raw(b'{\n\t"type": "object",\r\n\t"title": "a\\nb"\n}')


class Handlers(ServerHandlers):
    """Passes on JSON that somebody else has laid out in lines."""

    async def list_tools(self, params: Any, ctx: Context[Any]) -> ListToolsResult:
        schema: Any = RAW
        return ListToolsResult(tools=[Tool(name="t", description=LINES, input_schema=schema)])

    async def call_tool(self, params: Any, ctx: Context[Any]) -> CallToolResult:
        await ctx.info(RAW)
        return CallToolResult(content=[TextContent(text=LINES)], structured_content=RAW)


@pytest.mark.parametrize("revision", ERAS)
async def test_stdio_one_line_from_servers(revision: str) -> None:
    meta = {"io.modelcontextprotocol/logLevel": "debug"}
    async with served(LowLevelServer(Handlers(), info=Implementation(name=LINES, version="1"))) as peer:
        if revision != MODERN:
            await peer.initialize(revision)
        for method, params in (("tools/list", {}), ("tools/call", {"name": "t"}), (f"x/{LINES}", {})):
            await peer.ask(1, method, stamped(**params, _meta=meta) if revision == MODERN else params)
        assert len(peer.raw) >= 4
        assert not [data for data in peer.raw if b"\n" in data or b"\r" in data]
        (logged,) = [message for message in peer.heard if message.get("method") == "notifications/message"]
        assert logged["params"]["data"] == {"type": "object", "title": "a\nb"}


@pytest.mark.parametrize("revision", ERAS)
async def test_stdio_one_line_from_clients(revision: str) -> None:
    async with by_hand(revision=revision, name=LINES) as (client, peer):

        async def play() -> Any:
            request = await peer.take("tools/call")
            peer.answer(request, {"content": [], "resultType": "complete"})
            return request["params"]["arguments"]

        async def call() -> None:
            await client.call_tool(LINES, {"raw": RAW, LINES: LINES}, meta={"example.com/x": RAW})

        arguments = (await calls(play, call))[0]
        assert arguments == {"raw": {"type": "object", "title": "a\nb"}, LINES: LINES}
        assert not [data for data in peer.raw if b"\n" in data or b"\r" in data]


@pytest.mark.parametrize("revision", ERAS)
async def test_stdio_nothing_but_messages(revision: str) -> None:
    """What comes in is of no matter: whatever goes out is a message."""
    server = everything()
    async with served(server) as peer:
        if revision != MODERN:
            await peer.initialize(revision)
        for junk in (b"", b"{", b"\xff", b"[]", b"null", b'{"jsonrpc":"2.0"}', b'{"jsonrpc":"2.0","id":1,"result":1}'):
            peer.send(junk)
        assert "result" in await peer.ask("x", "tools/list", stamped() if revision == MODERN else {})
        for data in peer.raw:
            message = json.loads(data)
            assert message["jsonrpc"] == "2.0"
            assert ("method" in message) + ("result" in message) + ("error" in message) == 1
