"""Rounds on the modern wire, as a client sees them that answers by hand: what is sealed, refused, and asked again."""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import anyio
import pytest

from mcpstruct import Context, MCPServer, MethodNotInRevision, RemoteError
from mcpstruct.server import StateSealer
from mcpstruct.types import ElicitResult, ListRootsResult, Root
from tests.server.framework.rounds import Account, keys, ordering, raw, user
from tests.server.framework.support import Wire

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(20)]


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


# -- rounds ------------------------------------------------------------------------------------------------------------


async def test_answers_are_kept_in_the_state(modern: Wire) -> None:
    runs: list[str] = []
    async with raw(modern, ordering(runs)) as client:
        one = await client.asks("order", {"what": "tea"})
        assert (keys(one), one.request_state, one.result_type) == (["first"], '["first"]', "input_required")
        two = await client.asks("order", {"what": "tea"}, {"first": user("ann")}, one.request_state)
        assert keys(two) == ["second"]
        assert two.request_state is not None
        said = await client.says("order", {"what": "tea"}, {"second": user("bob")}, two.request_state)
        assert said == "tea: ann bob"
        assert runs == ["tea"] * 3
        assert [progress for progress, _, _ in client.heard.progress] == [1, 2, 3]


async def test_all_answers_at_once_will_do(modern: Wire) -> None:
    async with raw(modern, ordering()) as client:
        said = await client.says("order", {"what": "tea"}, {"first": user("ann"), "second": user("bob")})
        assert said == "tea: ann bob"


async def test_what_is_missing_is_asked_again(modern: Wire) -> None:
    server = MCPServer()

    @server.tool()
    async def both(ctx: Context[Any]) -> str:
        found: dict[str, Any] = {}

        async def ask(key: str) -> None:
            found[key] = (await ctx.elicit("?", Account, key=key)).data

        async with anyio.create_task_group() as group:
            for key in "ab":
                group.start_soon(ask, key)
        return f"{found['a'].user} {found['b'].user}"

    async with raw(modern, server) as client:
        one = await client.asks("both")
        assert sorted(keys(one)) == ["a", "b"]
        two = await client.asks("both", answers={"b": user("bob")})
        assert keys(two) == ["a"]
        three = await client.asks("both", answers={}, state=two.request_state)
        assert keys(three) == ["a"]
        assert await client.says("both", answers={"a": user("ann")}, state=three.request_state) == "ann bob"


async def test_unknown_answers_are_ignored_and_not_kept(modern: Wire) -> None:
    async with raw(modern, ordering()) as client:
        junk = {"junk": user("x" * 1000)}
        two = await client.asks("order", {"what": "tea"}, {"first": user("ann"), **junk})
        assert len(two.request_state or "") < 500
        said = await client.says("order", {"what": "tea"}, {"second": user("bob"), **junk}, two.request_state)
        assert said == "tea: ann bob"


async def test_questions_without_a_name_have_one_made_of_what_they_ask(modern: Wire) -> None:
    server, message = MCPServer(), ["Which?"]

    @server.tool()
    async def ask(ctx: Context[Any]) -> str:
        first = await ctx.elicit(message[0], Account)
        second = await ctx.elicit(message[0], Account)
        return f"{first.data and first.data.user} {second.data and second.data.user}"

    async with raw(modern, server) as client:
        (first,) = keys(await client.asks("ask"))
        two = await client.asks("ask", answers={first: user("ann")})
        (second,) = keys(two)
        assert first != second
        assert await client.says("ask", answers={second: user("bob")}, state=two.request_state) == "ann bob"
        message[0] = "Which one?"  # the answers were to another question
        again = await client.asks("ask", answers={second: user("bob")}, state=two.request_state)
        assert keys(again) not in ([first], [second])
        assert again.input_requests is not None
        assert again.input_requests[keys(again)[0]].params.message == "Which one?"  # type: ignore[union-attr]


async def test_answers_of_the_wrong_kind_are_refused(modern: Wire) -> None:
    async with raw(modern, ordering()) as client:
        roots: Any = ListRootsResult(roots=[Root(uri="file:///a")])
        assert "does not fit" in await client.refused("order", {"what": "tea"}, {"first": roots})
        wrong = ElicitResult(action="accept", content={"user": 5})
        assert "at /user" in await client.refused("order", {"what": "tea"}, {"first": wrong})


async def test_only_what_has_a_round_may_ask(modern: Wire) -> None:
    outcome: list[str] = []

    async def curious(following: Any, params: Any, context: Context[Any]) -> Any:
        try:
            await context.elicit("?", Account)
        except MethodNotInRevision as error:
            outcome.append(str(error))
        return await following(params, context)

    async with raw(modern, MCPServer(middleware=[curious])) as client:
        await client.client.list_tools()
    assert outcome == ["elicitation/create during tools/list is not in 2026-07-28"]


# -- the seal ----------------------------------------------------------------------------------------------------------


async def test_a_state_that_was_tampered_with_is_refused_and_nothing_runs(modern: Wire) -> None:
    runs: list[str] = []
    async with raw(modern, ordering(runs)) as client:
        two = await client.asks("order", {"what": "tea"}, {"first": user("ann")})
        state = two.request_state or ""
        whole = bytearray(urlsafe_b64decode(state + "=" * (-len(state) % 4)))
        whole[len(whole) // 2] ^= 1
        altered = urlsafe_b64encode(bytes(whole)).rstrip(b"=").decode()
        runs.clear()
        for bad, reason in (
            (altered, "altered"),
            ("", "not a state"),
            ("x", "not a state"),
            (state + "x", "refused"),
            ('["first"', "not a state"),
            ("[5]", "not a state"),
        ):
            message = await client.refused("order", {"what": "tea"}, {"second": user("bob")}, bad)
            assert reason in message
            assert state not in message
        assert runs == []


async def test_a_state_belongs_to_one_request(modern: Wire) -> None:
    runs: list[str] = []
    async with raw(modern, ordering(runs)) as client:
        two = await client.asks("order", {"what": "tea"}, {"first": user("ann")})
        runs.clear()
        state = two.request_state
        assert "another request" in await client.refused("order", {"what": "coffee"}, {"second": user("bob")}, state)
        assert "another request" in await client.refused("other", {"what": "tea"}, {"second": user("bob")}, state)
        with pytest.raises(RemoteError, match="another request"):
            await client.client.get_prompt("order", {"what": "tea"}, request_state=state)
        assert runs == []
        assert await client.says("order", {"what": "tea"}, {"second": user("bob")}, state) == "tea: ann bob"


async def test_a_state_expires(modern: Wire) -> None:
    clock = Clock()
    server = ordering()
    server._sealer._clock = clock  # there is no other way to make ten minutes pass
    async with raw(modern, server) as client:
        two = await client.asks("order", {"what": "tea"}, {"first": user("ann")})
        clock.now += 599
        assert await client.says("order", {"what": "tea"}, {"second": user("b")}, two.request_state) == "tea: ann b"
        clock.now += 2
        said = await client.refused("order", {"what": "tea"}, {"second": user("b")}, two.request_state)
        assert "expired" in said


async def test_servers_with_the_same_key_share_their_work(modern: Wire) -> None:
    old, new = os.urandom(32), os.urandom(32)
    async with raw(modern, ordering(state_keys=[old])) as client:
        two = await client.asks("order", {"what": "tea"}, {"first": user("ann")})
    answer = ({"what": "tea"}, {"second": user("bob")}, two.request_state)
    for state_keys, opens in (([old], True), ([new, old], True), ([new], False), (None, False)):
        async with raw(modern, ordering(state_keys=state_keys)) as client:
            if opens:
                assert await client.says("order", *answer) == "tea: ann bob"
            else:
                assert "another key" in await client.refused("order", *answer)


def test_keys_have_to_be_long() -> None:
    with pytest.raises(ValueError, match="32"):
        MCPServer(state_keys=[b"short"])
    with pytest.raises(ValueError, match="no keys"):
        StateSealer([])


async def test_a_state_that_is_too_large_is_a_clear_error(modern: Wire, caplog: pytest.LogCaptureFixture) -> None:
    server = MCPServer()

    @server.tool()
    async def hoard(size: int, ctx: Context[Any]) -> str:
        ctx.request_state = "x" * size
        await ctx.elicit("?", Account)
        return "done"

    async with raw(modern, server) as client:
        assert (await client.asks("hoard", {"size": 40_000})).request_state is not None
        with pytest.raises(RemoteError, match="the limit is 65536") as caught:
            await client.round("hoard", {"size": 70_000})
        assert caught.value.code == -32603
    assert "tools/call can't ask for input" in caplog.text
