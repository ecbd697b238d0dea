"""Who may see what is in a cache, what they may do to it, and how much it holds."""

from __future__ import annotations

import threading
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

from mcpstruct import MCPServer, ResponseCache, to_dict
from mcpstruct.base.errors import ConnectionLost
from mcpstruct.client import Client
from mcpstruct.server import Caching
from mcpstruct.testing import connected
from mcpstruct.types import ListToolsResult, Tool
from tests.client.caching import Answers, answering, hints, said
from tests.session.support import MODERN, SOON, Fresh, Peer, by_hand, calls, settle

pytestmark = pytest.mark.anyio


# -- whose it is -------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def two(answers: Answers, one: dict[str, Any], other: dict[str, Any], *, key: str | None = "server") -> Any:
    """Two clients of one server, or of two."""

    async def play(peer: Peer) -> None:
        peer.on_message = answers.take(peer)
        await peer.discover()

    targets = [Fresh(play, key=key), Fresh(play, key=key)]
    with anyio.fail_after(SOON):
        async with Client(targets[0], verdicts={}, **one) as first, Client(targets[1], verdicts={}, **other) as second:
            yield first, second


@pytest.mark.parametrize(
    ("scope", "contexts", "shared"),
    [
        ("public", (None, None), True),
        ("public", ("alice", "bob"), True),
        ("private", (None, None), False),
        ("private", ("alice", "bob"), False),
        ("private", ("alice", None), False),
        ("private", ("alice", "alice"), True),
        (None, (None, None), False),
    ],
)
async def test_what_is_private_is_for_one_authorization_alone(scope: str | None, contexts: Any, shared: bool) -> None:
    answers, cache = Answers(), ResponseCache()
    answers.scope = scope
    one, other = ({"cache": cache, "cache_context": context} for context in contexts)
    async with two(answers, one, other) as (first, second):
        assert said(await first.list_tools()) == "1"
        assert said(await second.list_tools()) == ("1" if shared else "2")
        assert said(await first.list_tools()) == "1"


async def test_what_becomes_private_is_shared_no_more() -> None:
    answers, cache = Answers(), ResponseCache()
    answers.scope = "public"
    async with two(answers, {"cache": cache}, {"cache": cache}) as (first, second):
        assert said(await first.list_tools()) == said(await second.list_tools()) == "1"
        answers.scope = "private"
        assert said(await first.list_tools(cache="refresh")) == "2"
        assert said(await second.list_tools()) == "3"


async def test_servers_are_told_apart() -> None:
    answers, cache = Answers(), ResponseCache()
    answers.scope = "public"
    async with two(answers, {"cache": cache}, {"cache": cache}, key=None) as (first, second):
        assert said(await first.list_tools()) == "1"
        assert said(await second.list_tools()) == "2"


async def test_a_server_within_the_process_is_known_by_itself() -> None:
    cache = ResponseCache()
    servers = [MCPServer(name, ttl=60, cache_scope="public") for name in ("one", "two")]
    for server in servers:
        server.add_tool(lambda: "", name=server.info.name)
    for _ in range(2):
        for server in servers:
            async with Client(server, cache=cache, revisions=MODERN) as client:
                assert [tool.name async for tool in client.tools()] == [server.info.name]
    assert len(cache) == 2


async def test_clients_that_can_do_different_things_share_nothing() -> None:
    answers, cache = Answers(), ResponseCache()
    answers.scope = "public"
    async with two(answers, {"cache": cache}, {"cache": cache, "on_sampling": print}) as (first, second):
        assert said(await first.list_tools()) == "1"
        assert said(await second.list_tools()) == "2"


async def test_news_for_one_client_are_news_for_all() -> None:
    answers, cache = Answers(), ResponseCache()
    async with two(answers, {"cache": cache}, {"cache": cache}) as (first, second):
        assert (said(await first.list_tools()), said(await second.list_tools())) == ("1", "2")
        answers.peers[0].tell("notifications/tools/list_changed")
        await settle()
        assert said(await second.list_tools()) == "3"


# -- what callers do with results --------------------------------------------------------------------------------------


async def test_nobody_sees_what_others_do_to_a_result(as_bytes: bool) -> None:
    server = MCPServer("spoilt", ttl=60)
    server.add_tool(lambda a: "", name="one")
    server.resource("a:1", name="a")(lambda: "text")
    async with connected(server, as_bytes=as_bytes, revisions=MODERN) as client:
        untouched = to_dict(await client.list_tools()), to_dict(await client.read_resource("a:1"))
        for _ in range(3):
            page = await client.list_tools()
            assert to_dict(page) == untouched[0]
            page.tools[0].name = "spoilt"
            page.tools[0].input_schema = {}
            page.tools.append(Tool(name="more", input_schema={"type": "object"}))
            read = await client.read_resource("a:1")
            assert to_dict(read) == untouched[1]
            read.contents.clear()


async def test_what_cannot_be_encoded_is_not_kept() -> None:
    page = ListToolsResult(
        tools=[Tool(name="a", input_schema={"type": "object"}, meta={"x": object()})], ttl_ms=1000, cache_scope="public"
    )

    async def odd(call: Any, params: Any, context: Any) -> Any:
        return page

    server = MCPServer("odd", middleware=[odd])
    cache = ResponseCache()
    async with Client(server, cache=cache, revisions=MODERN) as client:
        assert (await client.list_tools()).tools[0].name == "a"
    assert len(cache) == 0


async def test_what_breaks_the_protocol_is_fetched_anew() -> None:
    wrong: Any = 5
    page = ListToolsResult(tools=[Tool(name=wrong, input_schema={})], ttl_ms=1000, cache_scope="public")

    async def odd(call: Any, params: Any, context: Any) -> Any:
        return page

    server = MCPServer("odd", middleware=[odd])
    async with Client(server, revisions=MODERN) as client:
        for _ in range(2):
            found: Any = (await client.list_tools()).tools[0].name
            assert found == 5


# -- bounds ------------------------------------------------------------------------------------------------------------


async def test_the_least_recently_used_goes_first() -> None:
    answers, cache = Answers(), ResponseCache(max_entries=3)
    async with answering(answers, cache=cache) as (client, _):
        for uri in ("a:1", "a:2", "a:3", "a:1", "a:4", "a:5"):
            await client.read_resource(uri)
        assert len(cache) == 3
        before = len(answers.asked)
        for uri in ("a:5", "a:4", "a:1"):
            await client.read_resource(uri)
        assert len(answers.asked) == before
        for uri in ("a:2", "a:3"):
            await client.read_resource(uri)
        assert len(answers.asked) == before + 2


async def test_bytes_are_counted() -> None:
    answers = Answers()
    answers.more = {"_meta": {"pad": "x" * 1000}}
    cache = ResponseCache(max_bytes=5000)
    async with answering(answers, cache=cache) as (client, _):
        for number in range(20):
            await client.read_resource(f"a:{number}")
        assert len(cache) == 4
        answers.more = {"_meta": {"pad": "x" * 5000}}
        await client.read_resource("a:large")
        assert len(cache) == 4
        cache.clear()
        assert len(cache) == 0
        answers.more = {}
        await client.read_resource("a:19")
        assert len(cache) == 1


@pytest.mark.parametrize("bounds", [{"max_entries": 0}, {"max_bytes": 0}])
async def test_a_cache_holds_something(bounds: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least"):
        ResponseCache(**bounds)


async def test_the_cache_is_forgotten_while_an_answer_is_on_its_way() -> None:
    cache = ResponseCache()
    async with by_hand(revision=MODERN, cache=cache) as (client, peer):

        async def play() -> None:
            request = await peer.take("tools/list")
            cache.clear()
            peer.answer(request, {"tools": [], **hints()})

        await calls(client.list_tools, play)
        assert len(cache) == 0


async def test_a_call_that_fails_leaves_nothing_behind() -> None:
    cache = ResponseCache()
    async with by_hand(revision=MODERN, cache=cache) as (client, peer):

        async def play() -> None:
            await peer.take("tools/list")
            await peer.aclose()

        error = (await calls(client.list_tools, play))[0]
        assert isinstance(error, ConnectionLost)
    assert (len(cache), len(cache._fetches), cache._groups) == (0, 0, {})


def test_several_threads_may_use_one_cache() -> None:
    cache = ResponseCache(max_entries=8)
    server = MCPServer("shared", ttl=60, cache_scope="public", caching={"tools": Caching(ttl=0.001)})
    server.add_tool(lambda: "", name="one")
    server.resource("a:{n}", name="a")(lambda n: n)
    errors: list[BaseException] = []

    async def use() -> None:
        async with Client(server, cache=cache, revisions=MODERN) as client:
            for number in range(100):
                assert said(await client.read_resource(f"a:{number % 12}")) == str(number % 12)
                assert len((await client.list_tools()).tools) == 1
                if number % 10 == 0:
                    cache.clear()

    def run() -> None:
        try:
            anyio.run(use)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert errors == []
    assert len(cache) <= 8
