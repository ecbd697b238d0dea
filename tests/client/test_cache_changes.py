"""Changes that a cache hears of, and pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import pytest

from mcpstruct import MCPServer, RemoteError, ResponseCache
from mcpstruct.client import Client
from mcpstruct.testing import connected
from tests.client.caching import ITEMS, Answers, Clock, answering, hints, said
from tests.session.support import MODERN, SOON, Fresh, Peer, by_hand, calls, settle

pytestmark = pytest.mark.anyio


# -- pages -------------------------------------------------------------------------------------------------------------


class Paged(Answers):
    """Three pages of tools, whose cursors begin with a generation."""

    def __init__(self) -> None:
        super().__init__()
        self.generation = "a"
        self.ttls = [60_000, 30_000, 90_000]

    def take(self, peer: Peer) -> Callable[[Any], None]:
        answer = super().take(peer)

        def answer_or_refuse(message: Any) -> None:
            cursor = message.get("params", {}).get("cursor")
            if cursor is not None and cursor[0] != self.generation:
                self.asked.append(("refused", cursor))
                peer.refuse(message, -32602)
            else:
                answer(message)

        return answer_or_refuse

    def result(self, method: str, params: Any) -> Any:
        page = int((params.get("cursor") or "a0")[1:])
        following = {"nextCursor": f"{self.generation}{page + 1}"} if page < 2 else {}
        tools = [{"name": f"{name}{page}", "inputSchema": {"type": "object"}} for name in ("x", self.generation)]
        return {"tools": tools, **following, **hints(self.ttls[page])}


async def test_each_page_has_its_own_time() -> None:
    clock, answers = Clock(), Paged()
    async with answering(answers, cache=ResponseCache(clock=clock)) as (client, _):
        first = [tool.name async for tool in client.tools()]
        assert first == ["x0", "a0", "x1", "a1", "x2", "a2"]
        assert [tool.name async for tool in client.tools()] == first
        assert [cursor for _, cursor in answers.asked] == [None, "a1", "a2"]
        clock.now += 45
        assert [tool.name async for tool in client.tools()] == first
        assert [cursor for _, cursor in answers.asked[3:]] == ["a1"]


async def test_a_cursor_that_is_refused_makes_every_page_stale() -> None:
    clock, answers = Clock(), Paged()
    async with answering(answers, cache=ResponseCache(clock=clock)) as (client, _):
        assert [tool.name async for tool in client.tools()] == ["x0", "a0", "x1", "a1", "x2", "a2"]
        answers.generation = "b"
        clock.now += 45
        names = [tool.name async for tool in client.tools()]
        assert names == ["x0", "a0", "b0", "x1", "b1", "x2", "b2"]
        assert [cursor for _, cursor in answers.asked[3:]] == ["a1", None, "b1", "b2"]
        assert [tool.name async for tool in client.tools()] == ["x0", "b0", "x1", "b1", "x2", "b2"]


async def test_a_server_that_refuses_each_of_its_cursors_is_asked_twice() -> None:
    answers = Paged()
    answers.ttls = [60_000, 0, 0]
    answers.result = lambda method, params: {"tools": [], "nextCursor": "?", **hints()}  # type: ignore[method-assign]
    async with answering(answers) as (client, _):
        with pytest.raises(RemoteError):
            _ = [tool.name async for tool in client.tools()]
    assert [cursor for _, cursor in answers.asked] == [None, "?", None, "?"]


async def test_another_refusal_of_a_page_is_told() -> None:
    async with by_hand(revision=MODERN) as (client, peer):

        async def play() -> None:
            peer.answer(await peer.take("tools/list"), {"tools": [], "nextCursor": "a", **hints()})
            peer.refuse(await peer.take("tools/list"), -32603)

        async def iterate() -> list[str]:
            return [tool.name async for tool in client.tools()]

        error = (await calls(iterate, play))[0]
        assert isinstance(error, RemoteError)
        assert error.code == -32603
        assert (await client.list_tools()).next_cursor == "a"


# -- changes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "stale"),
    [
        ("notifications/tools/list_changed", {"list_tools"}),
        ("notifications/prompts/list_changed", {"list_prompts"}),
        ("notifications/resources/list_changed", {"list_resources", "list_resource_templates"}),
    ],
)
async def test_a_list_that_has_changed_is_asked_for_again(told: str, stale: set[str]) -> None:
    answers = Answers()
    async with answering(answers) as (client, peer):
        before = {name: said(await getattr(client, name)()) for name in ITEMS}
        await client.read_resource("a:1")
        peer.tell(told)
        await settle()
        after = {name: said(await getattr(client, name)()) for name in ITEMS}
        assert {name for name in ITEMS if before[name] != after[name]} == stale
        assert said(await client.read_resource("a:1")) == "5"


@pytest.mark.parametrize(
    ("uri", "stale"),
    [
        ("a:/x", {"a:/x"}),
        ("a:/x/y", {"a:/x", "a:/x/y"}),
        ("a:/x#p", {"a:/x"}),
        ("a:/xy", {"a:/xy"}),
        ("a:/z", set()),
    ],
)
async def test_a_resource_that_has_changed_is_read_again(uri: str, stale: set[str]) -> None:
    answers = Answers()
    uris = ["a:/x", "a:/x/y", "a:/xy"]
    async with answering(answers) as (client, peer):
        await client.list_resources()
        before = {each: said(await client.read_resource(each)) for each in uris}
        peer.tell("notifications/resources/updated", {"uri": uri})
        await settle()
        after = {each: said(await client.read_resource(each)) for each in uris}
        assert {each for each in uris if before[each] != after[each]} == stale
        assert said(await client.list_resources()) == "1"


async def test_news_that_overtake_an_answer_make_it_stale() -> None:
    async with by_hand(revision=MODERN) as (client, peer):

        async def play() -> None:
            request = await peer.take("tools/list")
            peer.tell("notifications/tools/list_changed")
            peer.answer(request, {"tools": [], **hints()})
            peer.answer(await peer.take("tools/list"), {"tools": [], **hints()})

        async def ask() -> None:
            for _ in range(3):
                await client.list_tools()

        assert await calls(ask, play) == [None, None]
        assert peer.left == []


async def test_a_subscription_keeps_a_cache_right(as_bytes: bool) -> None:
    server = MCPServer("changing", ttl=600)
    server.add_tool(lambda: "", name="one")
    text = ["old"]
    server.resource("a:1", name="a")(lambda: text[0])
    async with connected(server, as_bytes=as_bytes, revisions=MODERN) as client:
        with anyio.fail_after(SOON):
            async with client.listen(tools=True, uris=["a:1"]) as changes:
                assert [tool.name async for tool in client.tools()] == ["one"]
                assert said(await client.read_resource("a:1")) == "old"
                server.add_tool(lambda: "", name="two")
                await anext(changes)
                assert [tool.name async for tool in client.tools()] == ["one", "two"]
                text[0] = "new"
                assert said(await client.read_resource("a:1")) == "old"
                server.resource_updated("a:1")
                await anext(changes)
                assert said(await client.read_resource("a:1")) == "new"


async def test_a_client_that_begins_again_knows_nothing() -> None:
    answers = Answers()

    async def play(peer: Peer) -> None:
        peer.on_message = answers.take(peer)
        await peer.discover()

    client = Client(Fresh(play), verdicts={})
    with anyio.fail_after(SOON):
        async with client:
            assert said(await client.list_tools()) == "1"
            await client.restart()
            assert said(await client.list_tools()) == "2"
