"""Fresh results that clients of a URL share."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from aiohttp import web

from mcpstruct import ResponseCache
from mcpstruct.client import Client
from tests.session.support import SOON
from tests.transport.http.support import BRISK, Modern, Seen, called, connected, listed, running, text_of

pytestmark = pytest.mark.anyio

REGION = {"type": "string", "x-mcp-header": "Region"}
TOOL = {"name": "run", "inputSchema": {"type": "object", "properties": {"region": REGION}}}


class Fresh(Modern):
    """Calls its list of tools fresh."""

    def __init__(self, scope: str = "public") -> None:
        super().__init__()
        self.tools = [TOOL, {"name": "odd", "inputSchema": {"properties": {"x": {**REGION, "type": "number"}}}}]

        async def list_tools(seen: Seen) -> web.StreamResponse:
            return seen.result({**listed(self.tools), "ttlMs": 60_000, "cacheScope": scope})

        self.on["tools/list"] = list_tools


async def names(target: Any, **options: Any) -> list[str]:
    """The tools that a client of its own finds, and calls the first of."""
    async with Client(target, deadlines=BRISK, verdicts={}, **options) as client:
        found = [tool.name async for tool in client.tools()]
        await client.call_tool(found[0], {"region": "eu"})
    return found


async def test_a_list_from_a_cache_says_what_headers_are_wanted() -> None:
    peer, cache = Fresh(), ResponseCache()
    async with running(peer):
        with anyio.fail_after(2 * SOON):
            for _ in range(3):
                assert await names(peer.target, cache=cache) == ["run"]
    assert len(peer.of("tools/list")) == 1
    assert [seen.headers.get("Mcp-Param-Region") for seen in peer.of("tools/call")] == ["eu"] * 3


async def test_who_shares_no_cache_shares_nothing() -> None:
    peer = Fresh()
    async with running(peer):
        with anyio.fail_after(2 * SOON):
            for _ in range(2):
                await names(peer.target)
    assert len(peer.of("tools/list")) == 2


@pytest.mark.parametrize(("query", "asked"), [("", 1), ("?tenant=b", 2)])
async def test_another_url_is_another_server(query: str, asked: int) -> None:
    peer, cache = Fresh(), ResponseCache()
    async with running(peer):
        with anyio.fail_after(2 * SOON):
            await names(peer.url, cache=cache)
            await names(peer.url + query, cache=cache)
    assert len(peer.of("tools/list")) == asked


async def test_what_is_private_stays_with_its_client() -> None:
    peer, cache = Fresh("private"), ResponseCache()
    async with running(peer):
        with anyio.fail_after(2 * SOON):
            for context in (None, None, "alice", "alice", "bob"):
                await names(peer.url, cache=cache, cache_context=context)
    assert len(peer.of("tools/list")) == 4


async def test_a_call_may_go_past_the_cache() -> None:
    peer = Fresh()
    async with connected(peer) as client:
        for mode in ("use", "use", "refresh", "bypass", "use"):
            await client.list_tools(cache=mode)  # type: ignore[arg-type]
    assert len(peer.of("tools/list")) == 3


class Paged(Fresh):
    """Refuses calls without the header that its tool wants since a moment ago, which stands on the second page."""

    def __init__(self) -> None:
        super().__init__()
        self.header = "Mcp-Param-Region"
        self.description = "old"

        async def list_tools(seen: Seen) -> web.StreamResponse:
            second = "cursor" in seen.message["params"]
            schema = {"type": "object", "properties": {"region": {**REGION, "x-mcp-header": self.header[10:]}}}
            tool = {"name": "run" if second else "first", "description": self.description, "inputSchema": schema}
            result = {**listed([tool]), "ttlMs": 60_000, "cacheScope": "private"}
            return seen.result(result if second else {**result, "nextCursor": "2"})

        async def call(seen: Seen) -> web.StreamResponse:
            if self.header not in seen.headers:
                return seen.error(-32020, "Header mismatch", status=400)
            return seen.result(called(seen.headers[self.header]))

        self.on |= {"tools/list": list_tools, "tools/call": call}


async def test_a_list_that_turns_out_to_be_out_of_date_is_replaced_by_the_one_that_was_fetched_instead() -> None:
    peer = Paged()
    async with connected(peer) as client:

        async def found() -> list[tuple[str, str | None]]:
            return [(tool.name, tool.description) async for tool in client.tools()]

        assert await found() == [("first", "old"), ("run", "old")]
        peer.header, peer.description = "Mcp-Param-Zone", "new"
        assert await found() == [("first", "old"), ("run", "old")]
        assert len(peer.of("tools/list")) == 2
        assert text_of(await client.call_tool("run", {"region": "eu"})) == "eu"
        assert len(peer.of("tools/list")) == 4
        assert await found() == [("first", "new"), ("run", "new")]
        assert len(peer.of("tools/list")) == 4


async def test_pages_that_were_not_looked_at_are_forgotten() -> None:
    peer = Paged()
    async with connected(peer) as client:
        assert [tool.name async for tool in client.tools()] == ["first", "run"]
        peer.header, peer.description = "Mcp-Param-Zone", "new"
        assert text_of(await client.call_tool("first", {"region": "eu"})) == "eu"
        assert len(peer.of("tools/list")) == 3
        assert [tool.description async for tool in client.tools()] == ["new", "new"]
        assert len(peer.of("tools/list")) == 4


async def test_without_a_cache_a_list_is_looked_at_all_the_same() -> None:
    peer = Paged()
    async with connected(peer, cache=False) as client:
        assert text_of(await client.call_tool("run", {"region": "eu"})) == "eu"
        assert len(peer.of("tools/list")) == 2
