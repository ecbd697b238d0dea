"""Handlers that end a round themselves, with an `InputRequiredResult`, for clients of either kind."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from mcpstruct import Context, LowLevelServer, MCPServer, RemoteError
from mcpstruct.types import (
    CallToolRequestParams,
    CallToolResult,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitRequestFormParamsRequestedSchema,
    ElicitResult,
    Implementation,
    InputRequiredResult,
    ListRootsRequest,
    StringSchema,
    TextContent,
)
from mcpstruct_bindings.merged.server import ServerHandlers
from tests.server.framework.people import Account, User
from tests.server.framework.rounds import keys, raw, user
from tests.server.framework.support import SOON, Heard, Wire, text

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(20)]


def question(message: str) -> ElicitRequest:
    form = ElicitRequestFormParamsRequestedSchema(properties={"user": StringSchema()})
    return ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=form))


def ask(state: str | None = None, **messages: str) -> InputRequiredResult:
    requests: Any = {key: question(message) for key, message in messages.items()}
    return InputRequiredResult(input_requests=requests or None, request_state=state)


def content(answer: Any) -> Any:
    assert isinstance(answer, ElicitResult)
    return (answer.content or {})["user"]


class Handlers(ServerHandlers[Context[Any]]):
    async def call_tool(self, params: CallToolRequestParams, ctx: Context[Any]) -> Any:
        ctx.info(f"round {params.request_state}")
        if params.name == "for ever":
            return ask(state="more")
        if params.name == "nothing":
            return InputRequiredResult()
        if params.name == "roots":
            return InputRequiredResult(input_requests={"r": ListRootsRequest()})
        if params.request_state is None:
            return ask("one", a="A?", b="B?")
        given = params.input_responses or {}
        if params.request_state == "one":
            return ask(f"{content(given['a'])} {content(given['b'])}", c="C?")
        said = f"{params.request_state} {content(given['c'])}"
        return CallToolResult(content=[TextContent(text=said)])


def low() -> LowLevelServer:
    return LowLevelServer(Handlers(), info=Implementation(name="low", version="1"))


def framework() -> MCPServer:
    """The same by means of functions."""
    server = MCPServer()

    @server.tool()
    async def three(ctx: Context[Any]) -> str | InputRequiredResult:
        ctx.info(f"round {ctx.request_state}")
        if ctx.request_state is None:
            assert ctx.input_responses is None
            return ask("one", a="A?", b="B?")
        given = ctx.input_responses or {}
        if ctx.request_state == "one":
            return ask(f"{content(given['a'])} {content(given['b'])}", c="C?")
        return f"{ctx.request_state} {content(given['c'])}"

    @server.tool(name="for ever")
    async def for_ever() -> InputRequiredResult:
        return ask(state="more")

    @server.tool()
    async def nothing() -> InputRequiredResult:
        return InputRequiredResult()

    @server.tool()
    async def roots() -> InputRequiredResult:
        return InputRequiredResult(input_requests={"r": ListRootsRequest()})

    return server


@pytest.fixture(params=[low, framework], ids=["low", "framework"])
def server(request: pytest.FixtureRequest) -> Any:
    return request.param()


async def test_a_round_may_end_by_hand_for_clients_of_either_kind(asking: Wire, server: Any) -> None:
    """Where there are no such results, the questions are requests, and the handler is called again all the same."""
    heard, people = Heard(), User({"user": "1"}, {"user": "2"}, {"user": "3"})
    async with asking.to(server, on_elicitation=people.form, on_log=heard.log) as client:
        with anyio.fail_after(SOON):
            said = text(await client.call_tool("three"))
    assert sorted(people.asked[:2]) == ["A?", "B?"]
    assert people.asked[2:] == ["C?"]
    assert sorted(said.split()) == ["1", "2", "3"]
    assert [data.split()[1] for _, data in heard.logs][:2] == ["None", "one"]
    assert len(heard.logs) == 3


async def test_a_client_that_can_not_be_asked(wire: Wire, server: Any) -> None:
    async with wire.to(server) as client:
        for name, needed in (("three", {"elicitation": {"form": {}}}), ("roots", {"roots": {}})):
            with anyio.fail_after(SOON), pytest.raises(RemoteError) as caught:
                await client.call_tool(name)
            assert (caught.value.code, caught.value.data) == (-32021, {"requiredCapabilities": needed})


async def test_a_round_that_asks_for_nothing_is_a_fault_of_the_handler(
    wire: Wire, server: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with wire.to(server) as client:
        with anyio.fail_after(SOON), pytest.raises(RemoteError, match="internal error"):
            await client.call_tool("nothing")
    assert "asks for nothing" in caplog.text


async def test_rounds_come_to_an_end(legacy: Wire, server: Any, caplog: pytest.LogCaptureFixture) -> None:
    async with legacy.to(server) as client:
        with anyio.fail_after(SOON), pytest.raises(RemoteError, match="internal error"):
            await client.call_tool("for ever")
    assert "more than 10 times" in caplog.text


async def test_what_has_no_rounds_may_not_end_one(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    async def eager(call: Any, params: Any, context: Context[Any]) -> Any:
        return ask(a="A?")

    async with wire.to(MCPServer(middleware=[eager])) as client:
        with pytest.raises(RemoteError, match="internal error"):
            await client.list_tools()
    assert "input_required during tools/list is not in" in caplog.text


async def test_prompts_and_resources_end_rounds_as_well(asking: Wire) -> None:
    server = MCPServer()

    @server.prompt()
    async def greet(ctx: Context[Any]) -> Any:
        return ask(who="Who?") if not ctx.input_responses else content(ctx.input_responses["who"])

    @server.resource("x://1")
    async def one(ctx: Context[Any]) -> Any:
        return ask(who="Who?") if not ctx.input_responses else content(ctx.input_responses["who"])

    people = User({"user": "ann"}, {"user": "bob"})
    async with asking.to(server, on_elicitation=people.form) as client:
        with anyio.fail_after(SOON):
            assert "ann" in repr(await client.get_prompt("greet"))
            assert "bob" in repr(await client.read_resource("x://1"))


async def test_both_ways_of_asking_in_one_handler(asking: Wire) -> None:
    server = MCPServer()

    @server.tool()
    async def both(ctx: Context[Any]) -> Any:
        first = await ctx.elicit("First?", Account, key="first")
        if not ctx.input_responses or "second" not in ctx.input_responses:
            return ask(second="Second?")
        return f"{first.data and first.data.user} {content(ctx.input_responses['second'])}"

    def form(params: Any) -> Any:
        return {"user": params.message}

    async with asking.to(server, on_elicitation=form) as client:
        with anyio.fail_after(SOON):
            assert text(await client.call_tool("both")) == "First? Second?"


async def test_what_a_legacy_client_sends_of_this_kind_is_ignored(legacy: Wire) -> None:
    server = MCPServer()

    @server.tool()
    async def look(ctx: Context[Any]) -> str:
        return f"{ctx.request_state} {ctx.input_responses}"

    async with raw(legacy, server) as client:
        assert await client.says("look", answers={"a": user("eve")}, state="mine") == "None None"


async def test_the_state_of_a_tool_is_sealed(modern: Wire) -> None:
    async with raw(modern, framework()) as client:
        one = await client.asks("three")
        assert sorted(keys(one)) == ["a", "b"]
        answers = {"a": user("1"), "b": user("2")}
        for forged in ("one", f"{one.request_state}x"):
            assert "refused" in await client.refused("three", None, answers, forged)
        two = await client.asks("three", None, answers, one.request_state)
        assert await client.says("three", None, {"c": user("3")}, two.request_state) == "1 2 3"
