"""Results that a server calls fresh for a time come from a cache until then."""

from __future__ import annotations

from typing import Any

import pytest

from mcpstruct import MCPServer, ProtocolViolation, RemoteError, ResponseCache
from mcpstruct.base.methods import MethodInfo
from mcpstruct.client import connect
from mcpstruct.testing import connected
from mcpstruct.types import ListToolsResult
from mcpstruct_bindings import v2026_07_28
from mcpstruct_bindings.merged import methods
from tests.client.caching import ITEMS, Answers, Clock, answering, hints, said
from tests.session.support import MODERN, NEWEST_LEGACY, Fresh, Peer, by_hand, calls

pytestmark = pytest.mark.anyio


# -- for as long as the server says ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ITEMS)
async def test_a_fresh_list_is_not_asked_for_again(name: str) -> None:
    clock, answers = Clock(), Answers()
    async with answering(answers, cache=ResponseCache(clock=clock)) as (client, _):
        listing = getattr(client, name)
        assert [said(await listing()) for _ in range(3)] == ["1"] * 3
        clock.now += 59.999
        assert said(await listing()) == "1"
        clock.now += 0.001
        assert said(await listing()) == "2"
        assert said(await listing()) == "2"
    assert len(answers.asked) == 2


async def test_what_a_resource_holds_is_kept_by_its_uri() -> None:
    answers = Answers()
    async with answering(answers) as (client, _):
        for uri in ("a:1", "a:2", "a:1", "a:2"):
            result = await client.read_resource(uri)
            assert result.contents[0].uri == uri
    assert answers.asked == [("resources/read", "a:1"), ("resources/read", "a:2")]


async def test_what_a_server_offers_may_be_kept() -> None:
    async with by_hand(revision=MODERN) as (client, peer):

        async def play() -> None:
            await peer.discover(ttlMs=1000, instructions="one")

        first, _ = await calls(client.discover, play)
        assert first.instructions == "one"
        assert (await client.discover()).instructions == "one"
    assert peer.left == []


@pytest.mark.parametrize("ttl_ms", [0, None])
async def test_without_a_time_to_live_nothing_is_kept(ttl_ms: Any) -> None:
    answers = Answers()
    answers.ttl_ms = ttl_ms
    async with answering(answers) as (client, _):
        assert [said(await client.list_tools()) for _ in range(3)] == ["1", "2", "3"]


async def test_the_longest_time_to_live_is_no_trouble() -> None:
    answers = Answers()
    answers.ttl_ms = 2**63
    async with answering(answers) as (client, _):
        assert [said(await client.list_tools()) for _ in range(2)] == ["1", "1"]


async def test_legacy_servers_have_no_say() -> None:
    answers = Answers()
    async with answering(answers, revision=NEWEST_LEGACY) as (client, _):
        assert [said(await client.list_tools()) for _ in range(2)] == ["1", "2"]


async def test_what_is_not_complete_is_not_kept() -> None:
    answers = Answers(resultType="partial")  # which there is not
    async with answering(answers) as (client, _):
        for _ in range(2):
            with pytest.raises(ProtocolViolation):
                await client.list_tools()
    assert len(answers.asked) == 2


async def test_a_shorter_time_replaces_a_longer_one() -> None:
    answers = Answers()
    async with answering(answers) as (client, _):
        assert said(await client.list_tools()) == "1"
        answers.ttl_ms = 0
        assert said(await client.list_tools(cache="refresh")) == "2"
        assert said(await client.list_tools()) == "3"


async def test_errors_are_not_kept(as_bytes: bool) -> None:
    server = MCPServer("flaky", ttl=60)
    reads: list[int] = []

    @server.resource("a:1")
    def flaky() -> str:
        reads.append(1)
        if len(reads) == 1:
            raise OSError
        return "well"

    async with connected(server, as_bytes=as_bytes, revisions=MODERN) as client:
        with pytest.raises(RemoteError):
            await client.read_resource("a:1")
        assert (await client.read_resource("a:1")).contents[0].text == "well"  # type: ignore[union-attr]
        await client.read_resource("a:1")
    assert len(reads) == 2


# -- how a caller says it ----------------------------------------------------------------------------------------------


async def test_a_call_may_refresh_the_cache_or_bypass_it() -> None:
    answers = Answers()
    async with answering(answers) as (client, _):
        assert said(await client.list_tools(cache="bypass")) == "1"
        assert said(await client.list_tools()) == "2"
        assert said(await client.list_tools(cache="bypass")) == "3"
        assert said(await client.list_tools()) == "2"
        assert said(await client.list_tools(cache="refresh")) == "4"
        assert said(await client.list_tools()) == "4"
        assert said(await client.read_resource("a:1")) == "5"
        assert said(await client.read_resource("a:1", cache="refresh")) == "6"
        assert said(await client.read_resource("a:1")) == "6"
        assert [tool.description async for tool in client.tools()] == ["4"]
        assert [tool.description async for tool in client.tools(cache="refresh")] == ["7"]
        assert said(await client.list_tools(cache="use")) == "7"


@pytest.mark.parametrize("name", ["tools", "prompts", "resources", "resource_templates"])
async def test_items_come_from_the_cache_too(name: str) -> None:
    answers = Answers()
    async with answering(answers) as (client, _):
        for mode, number in (("use", "1"), ("use", "1"), ("refresh", "2"), ("bypass", "3"), ("use", "2")):
            assert [item.description async for item in getattr(client, name)(cache=mode)] == [number]


async def test_there_may_be_no_cache() -> None:
    answers = Answers()
    async with answering(answers, cache=False) as (client, _):
        assert [said(await client.list_tools(cache=mode)) for mode in ("use", "refresh", "bypass")] == ["1", "2", "3"]


async def test_middleware_sees_calls_that_the_cache_answers() -> None:
    answers, seen = Answers(), list[str]()

    async def note(call: Any, method: Any, params: Any) -> Any:
        seen.append(method.name)
        return await call(method, params)

    async with answering(answers, middleware=[note]) as (client, _):
        assert [said(await client.list_tools()) for _ in range(2)] == ["1", "1"]
    assert seen == ["tools/list"] * 2


async def test_middleware_may_ask_for_something_else() -> None:
    answers = Answers()
    cursors = iter("aab")

    async def turn(call: Any, method: Any, params: Any) -> Any:
        return await call(method, methods.LIST_TOOLS.params(cursor=next(cursors)))

    async with answering(answers, middleware=[turn]) as (client, _):
        assert [said(await client.list_tools()) for _ in range(3)] == ["1", "1", "2"]


async def test_strict_sessions_have_the_cache_as_well() -> None:
    answers = Answers()

    async def play(peer: Peer) -> None:
        peer.on_message = answers.take(peer)
        await peer.discover()

    async with connect(Fresh(play), session=v2026_07_28.ClientSession) as session:
        first, second = await session.list_tools(), await session.list_tools()
        assert type(first) is type(second) is v2026_07_28.types.ListToolsResult
        assert first == second
    assert len(answers.asked) == 1


async def test_types_are_not_mixed_up() -> None:
    answers = Answers()
    raw: MethodInfo[Any, dict[str, Any]] = MethodInfo(
        name="tools/list",
        kind="request",
        direction="client",
        message=methods.LIST_TOOLS.message,
        params=methods.LIST_TOOLS.params,
        result=dict[str, Any],
        since="2024-11-05",
    )
    async with answering(answers, custom=[raw]) as (client, _):
        await client.list_tools()
        found = await client.send_request(raw, methods.LIST_TOOLS.params())
        assert isinstance(found, dict)
        assert isinstance(await client.list_tools(), ListToolsResult)
    assert len(answers.asked) == 2


# -- what a request is known by ----------------------------------------------------------------------------------------


async def test_other_params_are_another_request() -> None:
    answers = Answers()
    async with answering(answers) as (client, _):
        assert said(await client.list_tools()) == "1"
        assert said(await client.list_tools(cursor="x")) == "2"
        assert said(await client.list_tools(cursor="")) == "3"
        assert said(await client.list_tools(meta={"example.com/tenant": "a"})) == "4"
        assert said(await client.list_tools(meta={"example.com/tenant": "b"})) == "5"
        assert said(await client.list_tools(cursor="x")) == "2"
        assert said(await client.list_tools(meta={"example.com/tenant": "a"})) == "4"
        assert said(await client.list_tools(on_progress=print)) == "1"


@pytest.mark.parametrize("state", [None, "s"])
async def test_results_of_later_rounds_are_not_kept(state: str | None) -> None:
    question = {"resultType": "input_required", "inputRequests": {"roots": {"method": "roots/list"}}}
    if state is not None:
        question |= {"requestState": state}
    async with by_hand(revision=MODERN, roots=[]) as (client, peer):

        async def play() -> None:
            for number in range(2):
                peer.answer(await peer.take("resources/read"), question)
                request = await peer.take("resources/read")
                assert request["params"]["inputResponses"] == {"roots": {"roots": []}}
                peer.answer(request, {"contents": [{"uri": "a:1", "text": str(number)}], **hints()})

        async def read() -> list[str]:
            return [said(await client.read_resource("a:1")) for _ in range(2)]

        assert await calls(read, play) == [["0", "1"], None]
        assert peer.left == []


@pytest.mark.parametrize("more", [{"request_state": "s"}, {"input_responses": {}}])
async def test_answers_to_questions_are_not_kept(more: dict[str, Any]) -> None:
    answers = Answers()
    async with answering(answers) as (client, _):
        assert said(await client.read_resource("a:1")) == "1"
        assert said(await client.read_resource("a:1", **more)) == "2"
        assert said(await client.read_resource("a:1", **more)) == "3"
        assert said(await client.read_resource("a:1")) == "1"
