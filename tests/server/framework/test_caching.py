"""How long a server says that its results are fresh, and for whom."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest

from mcpstruct import Context, MCPServer, to_dict
from mcpstruct.server import Caching
from mcpstruct.session.freshness import CacheScope
from mcpstruct.types import ReadResourceResult, TextResourceContents
from mcpstruct_bindings import REVISIONS
from mcpstruct_bindings.merged import methods
from tests.server.framework.support import OLDEST_MODERN, SOON, Wire
from tests.session.support import served, stamped

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(20)]

HINTED = {
    "discover": "server/discover",
    "tools": "tools/list",
    "prompts": "prompts/list",
    "resources": "resources/list",
    "templates": "resources/templates/list",
    "read": "resources/read",
}


def full(**options: Any) -> MCPServer:
    """A server with one of everything."""
    server = MCPServer(**options)
    server.add_tool(lambda: "", name="t")
    server.prompt("p")(lambda: "")
    server.resource("r:1", name="r")(lambda: "one")
    server.resource("r:{x}/", name="rx")(lambda x: x)
    return server


async def told(server: MCPServer, **params: Any) -> dict[str, tuple[int, str]]:
    """What a server says on the wire of all that may be kept."""
    found: dict[str, tuple[int, str]] = {}
    async with served(server) as peer:
        for kind, method in HINTED.items():
            more = {"uri": "r:1", **params} if kind == "read" else {}
            result = (await peer.ask(kind, method, stamped(**more)))["result"]
            assert result["resultType"] == "complete"
            found[kind] = result["ttlMs"], result["cacheScope"]
    return found


async def test_nothing_is_fresh_unless_somebody_says_so() -> None:
    assert await told(full()) == dict.fromkeys(HINTED, (0, "private"))


async def test_a_server_may_say_so_of_everything() -> None:
    assert await told(full(ttl=2.5, cache_scope="public")) == dict.fromkeys(HINTED, (2500, "public"))


@pytest.mark.parametrize("kind", HINTED)
async def test_a_kind_of_results_may_differ(kind: Any) -> None:
    server = full(ttl=60, caching={kind: Caching(ttl=1)})
    assert await told(server) == {**dict.fromkeys(HINTED, (60_000, "private")), kind: (1000, "private")}
    server = full(ttl=60, caching={kind: Caching(scope="public")})
    assert await told(server) == {**dict.fromkeys(HINTED, (60_000, "private")), kind: (60_000, "public")}


async def test_a_resource_may_differ() -> None:
    server = full(ttl=60, caching={"read": Caching(scope="public")})
    server.resource("own:1", name="own", ttl=5, cache_scope="private")(lambda: "mine")
    server.resource("own:{x}/", name="ownx", ttl=0)(lambda x: x)
    for uri, expected in {
        "r:1": (60_000, "public"),
        "r:2/": (60_000, "public"),
        "own:1": (5000, "private"),
        "own:2/": (0, "public"),
    }.items():
        assert (await told(server, uri=uri))["read"] == expected


async def test_a_result_may_differ(modern: Wire) -> None:
    server = MCPServer(ttl=60, cache_scope="public")
    contents = [TextResourceContents(uri="r:1", text="")]
    whole = ReadResourceResult(contents=contents, ttl_ms=7, cache_scope="private")
    half = ReadResourceResult(contents=contents, ttl_ms=0)
    server.resource("r:1", name="whole")(lambda: whole)
    server.resource("r:2", name="half")(lambda: half)
    async with modern.to(server) as client:
        read = await client.read_resource("r:1")
        assert (read.ttl_ms, read.cache_scope) == (7, "private")
        read = await client.read_resource("r:2")
        assert (read.ttl_ms, read.cache_scope) == (0, "public")
    assert (half.ttl_ms, half.cache_scope, half.result_type) == (0, None, None)


async def test_questions_carry_no_hints(modern: Wire) -> None:
    server = MCPServer(ttl=60)

    @server.resource("r:1")
    async def asking(ctx: Context[Any]) -> str:
        return str(await ctx.list_roots())

    heard: list[Any] = []

    async def listen(call: Any, method: Any, params: Any) -> Any:
        result = await call(method, params)
        heard.append(to_dict(result))
        return result

    async with modern.to(server, roots=[], middleware=[listen]) as client:
        with anyio.fail_after(SOON):
            await client.read_resource("r:1")
    question, answer = heard
    assert question["resultType"] == "input_required"
    assert not {"ttlMs", "cacheScope"} & question.keys()
    assert answer["ttlMs"] == 60_000


@pytest.mark.parametrize("revision", [name for name in REVISIONS if name < OLDEST_MODERN])
async def test_older_revisions_have_no_hints(revision: str) -> None:
    async with served(full(ttl=60, cache_scope="public")) as peer:
        await peer.initialize(revision)
        for kind in ("tools", "prompts", "resources", "templates", "read"):
            result = (await peer.ask(kind, HINTED[kind], {"uri": "r:1"} if kind == "read" else {}))["result"]
            assert not {"ttlMs", "cacheScope", "resultType"} & result.keys()


async def test_every_page_has_the_scope_of_its_list(modern: Wire) -> None:
    server = MCPServer(page_size=1, caching={"tools": Caching(ttl=1, scope="public")})
    for number in range(3):
        server.add_tool(lambda: "", name=f"t{number}")
    async with modern.to(server) as client:
        cursor, found = None, list[Any]()
        for _ in range(3):
            page = await client.list_tools(cursor=cursor)
            found.append((page.ttl_ms, page.cache_scope))
            cursor = page.next_cursor
    assert found == [(1000, "public")] * 3


async def test_middleware_may_change_what_is_told(modern: Wire) -> None:
    async def mine(call: Any, params: Any, context: Any) -> Any:
        result = await call(params, context)
        result.cache_scope = "private"
        return result

    async with modern.to(full(ttl=60, cache_scope="public", middleware=[mine])) as client:
        for _ in range(2):
            page = await client.list_tools(cache="bypass")
            assert (page.ttl_ms, page.cache_scope) == (60_000, "private")


@pytest.mark.parametrize(
    "options",
    [
        {"ttl": -1},
        {"ttl": float("nan")},
        {"ttl": float("inf")},
        {"ttl": 1e300},
        {"cache_scope": "shared"},
        {"caching": {"lists": Caching()}},
    ],
)
async def test_what_makes_no_sense_is_refused(options: Any) -> None:
    with pytest.raises(ValueError, match=r"ttl|scope|cached"):
        MCPServer(**options)


async def test_what_makes_no_sense_of_a_resource_is_refused() -> None:
    scope: Any = "shared"
    with pytest.raises(ValueError, match="ttl"):
        MCPServer().resource("r:1", ttl=-1)
    with pytest.raises(ValueError, match="scope"):
        MCPServer().resource("r:1", cache_scope=scope)


async def test_the_longest_time_is_a_number_that_everybody_can_read() -> None:
    server = full(ttl=9_000_000_000_000)
    assert (await told(server))["tools"] == (9_000_000_000_000_000, "private")


# -- lists ------------------------------------------------------------------------------------------------------------


async def test_lists_are_in_the_same_order_every_time() -> None:
    names = ["b", "a", "c", "B", "ä", "1"]
    made = [MCPServer() for _ in range(3)]
    for server in made:
        for name in names:
            server.add_tool(lambda: "", name=name)
        server.tools.remove("a")
        server.add_tool(lambda: "", name="a")
    async with served(made[0]) as one, served(made[1]) as other:
        answers = [await peer.ask(n, "tools/list", stamped()) for n in range(3) for peer in (one, other)]
    texts = {json.dumps({**answer, "id": 0}) for answer in answers}
    assert len(texts) == 1
    assert [tool["name"] for tool in answers[0]["result"]["tools"]] == ["b", "c", "B", "ä", "1", "a"]


async def test_a_list_is_made_once_for_each_revision_until_it_changes(modern: Wire) -> None:
    server = full(ttl=60, cache_scope="public")
    made: list[str] = []
    page = server.tools.page

    def counted(cursor: Any, request: Any, make: Any) -> Any:
        def note(items: Any, following: Any) -> Any:
            made.append(request.revision.name)
            return make(items, following)

        return page(cursor, request, note)

    server.tools.page = counted  # type: ignore[method-assign]
    scopes: list[CacheScope | None] = []
    for revision in ("2025-11-25", modern.revision) * 3:
        async with Wire(revision, modern.as_bytes).to(server) as client:
            scopes.append((await client.list_tools()).cache_scope)
    assert made == ["2025-11-25", modern.revision]
    assert scopes == [None, "public"] * 3
    server.add_tool(lambda: "", name="more")
    async with modern.to(server) as client:
        assert len((await client.list_tools()).tools) == 2
    assert made == ["2025-11-25", modern.revision, modern.revision]


async def test_clients_need_not_ask_again(modern: Wire) -> None:
    asked: list[str] = []

    async def count(call: Any, params: Any, context: Any) -> Any:
        asked.append(type(params).__name__)
        return await call(params, context)

    server = full(ttl=60, middleware=[count])
    async with modern.to(server) as client:
        for _ in range(3):
            await client.list_tools()
            await client.read_resource("r:1")
            await client.call_tool("t")
    names = [methods.LIST_TOOLS.params.__name__, methods.READ_RESOURCE.params.__name__]
    assert [asked.count(name) for name in names] == [1, 1]
    assert asked.count(methods.CALL_TOOL.params.__name__) == 3
