"""What goes with lists and calls: discovery, caching, completion, logging, pages."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from mcpstruct.server import Context, LowLevelServer, MCPServer
from mcpstruct.types import (
    CallToolResult,
    Implementation,
    ListToolsResult,
    ReadResourceResult,
    ServerCapabilities,
    ServerCapabilitiesTools,
    TextResourceContents,
)
from mcpstruct_bindings.merged.server import ServerHandlers
from tests.requirements.support import (
    CACHEABLE,
    CAPABILITIES,
    ERAS,
    LISTS,
    LOG_LEVEL,
    REQUESTS,
    everything,
    offered,
    params_of,
)
from tests.session.support import MODERN, by_hand, calls, served, settle, stamped

pytestmark = pytest.mark.anyio
INFO = Implementation(name="x", version="1")


# -- discovery --------------------------------------------------------------------------------------------------------


async def test_discover_implemented() -> None:
    """By every server, of whatever kind, before anything else, and whatever it offers."""
    for server in (everything(), MCPServer("bare"), LowLevelServer(ServerHandlers(), info=INFO)):
        async with served(server) as peer:
            result = (await peer.ask(1, "server/discover", stamped()))["result"]
            assert MODERN in result["supportedVersions"]
            assert isinstance(result["capabilities"], dict)


# -- caching ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", CACHEABLE)
@pytest.mark.parametrize("options", [{}, {"ttl": 60, "cache_scope": "public"}])
async def test_caching_hints(method: str, options: Any) -> None:
    async with served(everything(**options)) as peer:
        result = (await peer.ask(1, method, stamped(**REQUESTS[method])))["result"]
        wanted = (60_000, "public") if options else (0, "private")
        assert (result["ttlMs"], result["cacheScope"]) == wanted


class Forgetful(ServerHandlers):
    """Says nothing of how long its results are fresh, or says what cannot be."""

    async def list_tools(self, params: Any, ctx: Any) -> ListToolsResult:
        return ListToolsResult(tools=[])

    async def read_resource(self, params: Any, ctx: Any) -> ReadResourceResult:
        return ReadResourceResult(contents=[TextResourceContents(uri=params.uri, text="")], ttl_ms=-5)


async def test_caching_hints_of_handlers_by_hand() -> None:
    async with served(LowLevelServer(Forgetful(), info=INFO)) as peer:
        for method, params in (("tools/list", {}), ("resources/read", {"uri": "a:b"})):
            result = (await peer.ask(1, method, stamped(**params)))["result"]
            assert (result["ttlMs"], result["cacheScope"]) == (0, "private")


def test_caching_ttl_is_not_negative() -> None:
    for ttl in (-1, -0.001, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="ttl"):
            MCPServer("x", ttl=ttl)
        with pytest.raises(ValueError, match="ttl"):
            MCPServer("x").resource("a:b", ttl=ttl)


async def test_caching_no_hints_where_input_is_asked_for() -> None:
    async with served(everything(ttl=60)) as peer:
        answer = await peer.ask(1, "tools/call", stamped(name="ask", _meta={CAPABILITIES: {"elicitation": {}}}))
        assert not {"ttlMs", "cacheScope"} & answer["result"].keys()


@pytest.mark.parametrize("ttl", [-1, -(2**40)])
async def test_caching_negative_ttl_is_zero(ttl: int) -> None:
    async with by_hand(revision=MODERN) as (client, peer):

        async def play() -> None:
            for _ in range(2):
                hints = {"ttlMs": ttl, "cacheScope": "private", "resultType": "complete"}
                peer.answer(await peer.take(), {"tools": [], **hints})

        async def twice() -> list[Any]:
            return [(await client.list_tools()).ttl_ms for _ in range(2)]

        assert (await calls(play, twice))[1] == [0, 0]


@pytest.mark.parametrize("scope", ["private", "public"])
async def test_caching_scope_of_all_pages(scope: Any) -> None:
    async with served(everything(page_size=1, ttl=5, cache_scope=scope)) as peer:
        cursor: dict[str, Any] = {}
        scopes = []
        while True:
            result = (await peer.ask(1, "tools/list", stamped(**cursor)))["result"]
            scopes.append(result["cacheScope"])
            if "nextCursor" not in result:
                break
            cursor = {"cursor": result["nextCursor"]}
        assert scopes == [scope] * 3


# -- completion -------------------------------------------------------------------------------------------------------

ARGUMENT = {"argument": {"name": "name", "value": ""}}


@pytest.mark.parametrize("revision", ERAS)
async def test_completion_errors(revision: str) -> None:
    async with served(everything()) as peer:
        await offered(peer, revision)
        for params in (
            {"ref": {"type": "ref/prompt", "name": "no such"}, **ARGUMENT},
            {"ref": {"type": "ref/prompt", "name": "greet"}},
            {"ref": {"type": "ref/prompt", "name": "greet"}, "argument": {"name": "name"}},
            {"ref": {"type": "ref/other", "name": "greet"}, **ARGUMENT},
            {"ref": {"type": "ref/prompt"}, **ARGUMENT},
            ARGUMENT,
        ):
            answer = await peer.ask(1, "completion/complete", params_of(revision, **params))
            assert answer["error"]["code"] == -32602, params


@pytest.mark.parametrize("revision", ERAS)
async def test_completion_not_offered(revision: str) -> None:
    async with served(MCPServer("x")) as peer:
        assert "completions" not in await offered(peer, revision)
        params = params_of(revision, ref={"type": "ref/prompt", "name": "greet"}, **ARGUMENT)
        assert (await peer.ask(1, "completion/complete", params))["error"]["code"] == -32601


# -- logging ----------------------------------------------------------------------------------------------------------


class Logging(ServerHandlers):
    """Logs, whatever it was asked for."""

    async def call_tool(self, params: Any, ctx: Context[Any]) -> CallToolResult:
        await ctx.log("emergency", "now")
        await ctx.session.notify_logging_message(level="emergency", data="again")
        return CallToolResult(content=[])


@pytest.mark.parametrize("revision", ERAS)
async def test_logging_declared_by_who_logs(revision: str) -> None:
    async with served(LowLevelServer(Logging(), info=INFO)) as peer:
        assert "logging" in await offered(peer, revision)
        params = params_of(revision, name="x", _meta={LOG_LEVEL: "debug"})
        assert "result" in await peer.ask(1, "tools/call", params)
        assert [message["params"]["data"] for message in peer.left] == ["now", "again"]


@pytest.mark.parametrize("revision", ERAS)
async def test_logging_declared_by_who_logs_or_not_sent(revision: str) -> None:
    capabilities = ServerCapabilities(tools=ServerCapabilitiesTools())
    server = LowLevelServer(Logging(), info=INFO, capabilities=capabilities)
    async with served(server) as peer:
        assert "logging" not in await offered(peer, revision)
        params = params_of(revision, name="x", _meta={LOG_LEVEL: "debug"})
        assert "result" in await peer.ask(1, "tools/call", params)
        await settle()
        assert peer.left == []


async def test_logging_for_who_asks_alone() -> None:
    """Each request for itself; and by whatever way a message comes about."""
    server = everything()
    log = logging.getLogger("requirements")

    @server.tool()
    async def chatter(ctx: Context[Any]) -> str:
        await ctx.log("emergency", "straight")
        await ctx.session.notify_logging_message(level="emergency", data="by hand")
        log.critical("by the standard library")
        return ""

    async with served(server) as peer:
        await peer.ask(1, "tools/call", stamped(name="chatter", _meta={LOG_LEVEL: "debug"}))
        assert len(peer.left) == 2
        peer.heard.clear()
        assert "result" in await peer.ask(2, "tools/call", stamped(name="chatter"))
        await settle()
        assert peer.heard == []


@pytest.mark.parametrize("level", ["loud", "", "INFO", 5, None, {}])
async def test_logging_level_unknown_is_refused(level: Any) -> None:
    async with served(everything()) as peer:
        answer = await peer.ask(1, "tools/list", stamped(_meta={LOG_LEVEL: level}))
        if level is not None:  # which stands for none
            assert answer["error"]["code"] == -32602
    async with served(everything()) as peer:
        await peer.initialize()
        assert (await peer.ask(2, "logging/setLevel", {"level": level}))["error"]["code"] == -32602


# -- pages ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("revision", ERAS)
async def test_pagination_page_size_is_the_servers(revision: str) -> None:
    """Pages of any size, empty ones too, are followed to the end, and an empty cursor is one."""
    pages: list[dict[str, Any]] = [
        {"tools": _tools("a", "b", "c"), "nextCursor": ""},
        {"tools": [], "nextCursor": "\u0000 {not: json"},
        {"tools": _tools("d"), "nextCursor": "MA=="},
        {"tools": _tools("e", "f")},
    ]
    async with by_hand(revision=revision) as (client, peer):

        async def play() -> list[Any]:
            cursors = []
            for page in pages:
                request = await peer.take("tools/list")
                cursors.append(request.get("params", {}).get("cursor"))
                peer.answer(request, {**page, "ttlMs": 0, "cacheScope": "private", "resultType": "complete"})
            return cursors

        async def names() -> list[str]:
            return [tool.name async for tool in client.tools()]

        cursors, found = await calls(play, names)
        assert found == ["a", "b", "c", "d", "e", "f"]
        assert cursors == [None, "", "\u0000 {not: json", "MA=="]


@pytest.mark.parametrize("revision", ERAS)
async def test_pagination_cursors_are_opaque(revision: str) -> None:
    """One may be the same as the one before, and lead on all the same."""
    pages = [_tools("a"), _tools("b"), _tools("c", "d"), _tools("e")]
    async with by_hand(revision=revision) as (client, peer):

        async def play() -> None:
            for page in pages:
                more = {"nextCursor": "next"} if page is not pages[-1] else {}
                request = await peer.take("tools/list")
                hints = {"ttlMs": 0, "cacheScope": "private"}
                peer.answer(request, {"tools": page, "resultType": "complete", **hints, **more})

        async def names() -> list[str]:
            return [tool.name async for tool in client.tools()]

        assert (await calls(play, names))[1] == ["a", "b", "c", "d", "e"]


def _tools(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "inputSchema": {"type": "object"}} for name in names]


@pytest.mark.parametrize("revision", ERAS)
@pytest.mark.parametrize("method", LISTS)
async def test_pagination_invalid_cursor(revision: str, method: str) -> None:
    async with served(everything()) as peer:
        await offered(peer, revision)
        for cursor in ("", "x", "MA==", 5, {}, "\u0000"):
            answer = await peer.ask(1, method, params_of(revision, cursor=cursor))
            assert answer["error"]["code"] == -32602, cursor


@pytest.mark.parametrize("revision", ERAS)
async def test_pagination_cursors_are_stable(revision: str) -> None:
    """A cursor means the same again, and to whoever else sends it; not even what is added meanwhile changes that."""
    server = everything(page_size=1)
    async with served(server) as one, served(server) as two:
        await offered(one, revision)
        await offered(two, revision)
        cursor = (await one.ask(1, "tools/list", params_of(revision)))["result"]["nextCursor"]
        server.tool(name="later")(lambda: 1)
        for peer in (one, two, one):
            page = (await peer.ask(1, "tools/list", params_of(revision, cursor=cursor)))["result"]
            assert [tool["name"] for tool in page["tools"]] == ["report"]
