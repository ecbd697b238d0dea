"""What a handler reports is sent once, however often it runs; and what it keeps from one round to the next."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from mcpstruct import Context, LowLevelServer, MCPServer
from mcpstruct.types import CallToolResult, Implementation, InputRequiredResult, TextContent
from mcpstruct_bindings.merged.server import ServerHandlers
from tests.server.framework.people import User
from tests.server.framework.rounds import Account, keys, ordering, raw, user
from tests.server.framework.support import SOON, Heard, Wire, text

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(20)]


# -- reports -----------------------------------------------------------------------------------------------------------


def progress(client: Any) -> list[float]:
    return [value for value, _, _ in client.heard.progress]


async def test_unknown_answers_silence_nothing(modern: Wire) -> None:
    async with raw(modern, ordering()) as client:
        tea, junk = {"what": "tea"}, {"junk": user("x")}
        one = await client.asks("order", tea, junk)
        assert progress(client) == [1]
        two = await client.asks("order", tea, {"first": user("ann"), **junk}, one.request_state)
        assert progress(client) == [1, 2]
        assert await client.says("order", tea, {"second": user("bob"), **junk}, two.request_state) == "tea: ann bob"
        assert progress(client) == [1, 2, 3]


async def test_missing_answers_repeat_nothing(modern: Wire) -> None:
    async with raw(modern, ordering()) as client:
        one = await client.asks("order", {"what": "tea"})
        for answers in ({}, {"junk": user("x")}, None):
            one = await client.asks("order", {"what": "tea"}, answers, one.request_state)
        assert progress(client) == [1]
        two = await client.asks("order", {"what": "tea"}, {"first": user("ann")}, one.request_state)
        two = await client.asks("order", {"what": "tea"}, {}, two.request_state)
        assert progress(client) == [1, 2]
        await client.says("order", {"what": "tea"}, {"second": user("bob")}, two.request_state)
        assert progress(client) == [1, 2, 3]


async def test_a_round_in_which_one_of_two_is_answered_repeats_nothing(modern: Wire) -> None:
    server = MCPServer()

    @server.tool()
    async def both(ctx: Context[Any]) -> str:
        async def ask(number: int, key: str) -> None:
            ctx.report_progress(number)
            await ctx.elicit("?", Account, key=key)

        async with anyio.create_task_group() as group:
            group.start_soon(ask, 1, "a")
            group.start_soon(ask, 2, "b")
        ctx.report_progress(100)
        return "done"

    async with raw(modern, server) as client:
        one = await client.asks("both")
        two = await client.asks("both", answers={"b": user("bob")}, state=one.request_state)
        assert keys(two) == ["a"]
        await client.says("both", answers={"a": user("ann")}, state=two.request_state)
    assert progress(client) in ([1, 2, 100], [2, 100])  # which of the two comes first is up to the event loop


async def test_answers_out_of_the_blue_silence_nothing(modern: Wire) -> None:
    """A client may know what it will be asked; nothing has been reported to it before."""
    async with raw(modern, ordering()) as client:
        answers = {"first": user("ann"), "second": user("bob")}
        assert await client.says("order", {"what": "tea"}, answers) == "tea: ann bob"
        assert progress(client) == [1, 2, 3]


class Handlers(ServerHandlers[Context[Any]]):
    async def call_tool(self, params: Any, ctx: Context[Any]) -> CallToolResult:
        ctx.info("start")
        first = await ctx.elicit("First?", Account, key="first" if params.name == "named" else None)
        ctx.info("between")
        second = await ctx.elicit("Second?", Account)
        ctx.info("end")
        said = f"{first.data and first.data.user} {second.data and second.data.user}"
        return CallToolResult(content=[TextContent(text=said)])


@pytest.mark.parametrize("name", ["named", "nameless"])
async def test_low_level_handlers_report_once(asking: Wire, name: str) -> None:
    heard, people = Heard(), User({"user": "ann"}, {"user": "bob"})
    server = LowLevelServer(Handlers(), info=Implementation(name="low", version="1"))
    async with asking.to(server, on_elicitation=people.form, on_log=heard.log) as client:
        with anyio.fail_after(SOON):
            assert text(await client.call_tool(name)) == "ann bob"
    assert [data for _, data in heard.logs] == ["start", "between", "end"]


# -- what is kept ------------------------------------------------------------------------------------------------------


async def test_what_an_author_keeps(modern: Wire) -> None:
    server, seen = MCPServer(), list[Any]()

    @server.tool()
    async def work(ctx: Context[Any]) -> str:
        seen.append(ctx.request_state)
        if ctx.request_state is None:
            ctx.request_state = {"step": 1}
        await ctx.elicit("One?", Account)
        if ctx.request_state == {"step": 1}:
            ctx.request_state = {"step": 2, "list": [1.5, None]}
        await ctx.elicit("Two?", Account)
        await ctx.elicit("Three?", Account)
        return "done"

    async with raw(modern, server) as client:
        result, answers = await client.asks("work"), 0
        assert result.request_state is not None
        while isinstance(result, InputRequiredResult):
            answers += 1
            result = await client.round("work", None, {keys(result)[0]: user("x")}, result.request_state)
        assert text(result) == "done"
    assert seen == [None, {"step": 1}, {"step": 2, "list": [1.5, None]}, {"step": 2, "list": [1.5, None]}]


async def test_what_is_kept_can_be_read_at_once(asking: Wire) -> None:
    """Whichever way questions travel, and whether there is another round or not."""
    server, seen = MCPServer(), list[Any]()

    @server.tool()
    async def work(ctx: Context[Any]) -> str:
        if ctx.request_state is None:
            ctx.request_state = [1]
        seen.append(ctx.request_state)
        await ctx.elicit("One?", Account)
        seen.append(ctx.request_state)
        ctx.request_state = None
        return str(ctx.request_state)

    async with asking.to(server, on_elicitation=User({"user": "x"}).form) as client:
        assert text(await client.call_tool("work")) == "None"
    assert seen == [[1]] * (3 if asking.modern else 2)


async def test_only_json_is_kept(asking: Wire) -> None:
    server = MCPServer(show_errors=True)

    @server.tool()
    async def work(ctx: Context[Any]) -> str:
        ctx.request_state = object()
        return ""

    async with asking.to(server) as client:
        assert (await client.call_tool("work")).is_error
