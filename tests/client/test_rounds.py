"""Requests that need input on the way: what a client answers, how often it tries again, and what it sends."""

from __future__ import annotations

from typing import Any

import anyio
import anyio.lowlevel
import pytest
from msgspec import Struct

from mcpstruct.base.errors import ConnectionLost, McpError, RemoteError, RequestTimeout
from mcpstruct.client import TooManyRounds
from mcpstruct.server import Context, MCPServer
from mcpstruct.testing import connected
from mcpstruct_bindings.merged.types import CreateMessageResult, ElicitResult, Root, TextContent
from tests.session.support import MODERN, NEWEST_LEGACY, Hanging, Peer, by_hand, calls

pytestmark = pytest.mark.anyio
ERAS = [NEWEST_LEGACY, MODERN]
FORM = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
DONE = {"content": [{"type": "text", "text": "done"}], "resultType": "complete"}


def elicit(message: str = "Who?") -> dict[str, Any]:
    return {"method": "elicitation/create", "params": {"mode": "form", "message": message, "requestedSchema": FORM}}


def visit(url: str) -> dict[str, Any]:
    params = {"mode": "url", "message": "Go there", "url": url, "elicitationId": "1"}
    return {"method": "elicitation/create", "params": params}


SAMPLE = {
    "method": "sampling/createMessage",
    "params": {"messages": [{"role": "user", "content": {"type": "text", "text": "?"}}], "maxTokens": 5},
}
ROOTS = {"method": "roots/list"}


def need(state: str | None = None, **requests: Any) -> dict[str, Any]:
    """A result that asks for input."""
    result: dict[str, Any] = {"resultType": "input_required"}
    if requests:
        result["inputRequests"] = requests
    if state is not None:
        result["requestState"] = state
    return result


def answer(text: str) -> CreateMessageResult:
    return CreateMessageResult(role="assistant", content=TextContent(text=text), model="m")


# -- on the wire ------------------------------------------------------------------------------------------------------


async def test_several_inputs_in_one_round_are_asked_for_side_by_side() -> None:
    together = anyio.Event()
    asked: list[str] = []

    async def meet(name: str) -> None:
        asked.append(name)
        if len(asked) == 4:
            together.set()
        await together.wait()

    async def on_elicitation(params: Any) -> Any:
        await meet("form")
        return {"name": "Ada"}

    async def on_elicitation_url(params: Any) -> bool:
        await meet("url")
        return True

    async def on_sampling(params: Any) -> Any:
        await meet("sample")
        return answer("42")

    async def roots() -> list[Any]:
        await meet("roots")
        return ["file:///a", Root(uri="file:///b", name="b")]

    callbacks: dict[str, Any] = {
        "on_elicitation": on_elicitation,
        "on_elicitation_url": on_elicitation_url,
        "on_sampling": on_sampling,
        "roots": roots,
    }
    async with by_hand(revision=MODERN, **callbacks) as (client, peer):

        async def play() -> Any:
            first = await peer.take("tools/call")
            peer.answer(first, need("opaque\u2028 état", f=elicit(), u=visit("https://x.example"), s=SAMPLE, r=ROOTS))
            second = await peer.take("tools/call")
            assert second["id"] != first["id"]
            peer.answer(second, DONE)
            return second["params"]

        params = (await calls(play, lambda: client.call_tool("t", {"a": 1})))[0]
        assert params["inputResponses"] == {
            "f": {"action": "accept", "content": {"name": "Ada"}},
            "u": {"action": "accept"},
            "s": {"role": "assistant", "content": {"type": "text", "text": "42"}, "model": "m"},
            "r": {"roots": [{"uri": "file:///a"}, {"uri": "file:///b", "name": "b"}]},
        }
        assert params["requestState"] == "opaque\u2028 état"
        assert (params["name"], params["arguments"]) == ("t", {"a": 1})


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (None, {"action": "decline"}),
        (False, {"action": "decline"}),
        ({"name": "x"}, {"action": "accept", "content": {"name": "x"}}),
        (ElicitResult(action="cancel"), {"action": "cancel"}),
    ],
)
async def test_what_a_form_callback_may_give(given: Any, sent: Any) -> None:
    async with by_hand(revision=MODERN, on_elicitation=lambda params: given) as (client, peer):

        async def play() -> Any:
            peer.answer(await peer.take(), need(f=elicit()))
            request = await peer.take()
            peer.answer(request, DONE)
            return request["params"]

        params = (await calls(play, lambda: client.call_tool("t")))[0]
        assert params["inputResponses"] == {"f": sent}
        assert "requestState" not in params


async def test_state_alone_is_sent_back_at_once() -> None:
    async with by_hand(revision=MODERN) as (client, peer):

        async def play() -> Any:
            peer.answer(await peer.take(), need("one"))
            peer.answer(await peer.take(), need("two"))
            request = await peer.take()
            peer.answer(request, {"messages": [], "resultType": "complete"})
            return request["params"]

        params = (await calls(play, lambda: client.get_prompt("p")))[0]
        assert params["requestState"] == "two"
        assert "inputResponses" not in params


async def test_state_belongs_to_its_round_alone() -> None:
    async with by_hand(revision=MODERN, on_elicitation=lambda params: {"name": params.message}) as (client, peer):

        async def play() -> list[Any]:
            seen = []
            for result in (need("s", a=elicit("1")), need(b=elicit("2")), need("t"), DONE):
                request = await peer.take()
                seen.append((request["params"].get("inputResponses"), request["params"].get("requestState")))
                peer.answer(request, result)
            request = await peer.take()
            assert "requestState" not in request["params"]
            peer.answer(request, DONE)
            return seen

        async def twice() -> None:
            await client.call_tool("t")
            await client.call_tool("t")

        def named(key: str, name: str) -> dict[str, Any]:
            return {key: {"action": "accept", "content": {"name": name}}}

        assert (await calls(play, twice))[0] == [
            (None, None),
            (named("a", "1"), "s"),
            (named("b", "2"), None),
            (None, "t"),
        ]


@pytest.mark.parametrize("limit", [0, 1, 3])
async def test_there_is_a_limit(limit: int) -> None:
    async with by_hand(revision=MODERN, max_rounds=limit) as (client, peer):

        async def play() -> None:
            for _ in range(limit + 1):
                peer.answer(await peer.take(), need("again"))

        outcome = (await calls(play, lambda: client.call_tool("t")))[1]
        assert isinstance(outcome, TooManyRounds)
        assert isinstance(outcome, McpError)
        assert str(limit) in str(outcome)
        assert peer.left == []


@pytest.mark.parametrize("request_", [elicit(), visit("https://x.example"), SAMPLE, ROOTS])
async def test_what_there_is_no_callback_for(request_: Any) -> None:
    async with by_hand(revision=MODERN) as (client, peer):

        async def play() -> None:
            peer.answer(await peer.take(), need(x=request_))

        outcome = (await calls(play, lambda: client.call_tool("t")))[1]
        assert isinstance(outcome, RemoteError)
        assert "this client does not do" in str(outcome)
        assert peer.left == []


@pytest.mark.parametrize("number", [1, 3])
async def test_a_callback_that_fails_fails_the_call_with_its_own_error(number: int) -> None:
    """And with no group around it, however many are asked at the same time."""
    stopped: list[str] = []

    async def on_elicitation(params: Any) -> Any:
        if params.message == "0":
            await anyio.lowlevel.checkpoint()
            raise ZeroDivisionError
        try:
            await anyio.sleep_forever()
        finally:
            stopped.append(params.message)

    async with by_hand(revision=MODERN, on_elicitation=on_elicitation) as (client, peer):

        async def play() -> None:
            peer.answer(await peer.take(), need(**{f"k{n}": elicit(str(n)) for n in range(number)}))

        outcome = (await calls(play, lambda: client.call_tool("t")))[1]
        assert type(outcome) is ZeroDivisionError
        assert len(stopped) == number - 1
        assert peer.left == []


async def test_cancelling_a_call_stops_its_callbacks() -> None:
    hanging = Hanging()

    async def on_elicitation(params: Any) -> Any:
        await hanging()

    async with by_hand(revision=MODERN, on_elicitation=on_elicitation) as (client, peer):
        async with anyio.create_task_group() as group:
            group.start_soon(client.call_tool, "t")
            peer.answer(await peer.take(), need(a=elicit(), b=elicit("2")))
            await hanging.started.wait()
            group.cancel_scope.cancel()
        assert hanging.stopped.is_set()


async def test_a_loss_between_two_rounds() -> None:
    async with by_hand(revision=MODERN, on_elicitation=lambda params: leave()) as (client, peer):

        async def leave() -> Any:
            await peer.aclose()
            return {"name": "x"}

        async def play() -> None:
            peer.answer(await peer.take(), need(a=elicit()))

        assert isinstance((await calls(play, lambda: client.call_tool("t")))[1], ConnectionLost)


async def test_a_deadline_is_that_of_a_round_and_people_may_take_their_time() -> None:
    async def on_elicitation(params: Any) -> Any:
        await anyio.sleep(0.15)
        return {"name": "x"}

    async with by_hand(revision=MODERN, on_elicitation=on_elicitation) as (client, peer):

        async def play(peer: Peer = peer) -> None:
            peer.answer(await peer.take(), need(a=elicit()))
            peer.answer(await peer.take(), DONE)
            await peer.take()

        async def two() -> Any:
            await client.call_tool("t", timeout=0.1)
            return await client.call_tool("t", timeout=0.05)

        assert isinstance((await calls(play, two))[1], RequestTimeout)


async def test_progress_of_every_round_is_reported() -> None:
    seen: list[float] = []
    async with by_hand(revision=MODERN, on_elicitation=lambda params: {"name": "x"}) as (client, peer):

        async def play() -> None:
            for step, result in enumerate((need(a=elicit()), DONE)):
                request = await peer.take()
                token = request["params"]["_meta"]["progressToken"]
                peer.tell("notifications/progress", {"progressToken": token, "progress": step})
                peer.answer(request, result)

        await calls(play, lambda: client.call_tool("t", on_progress=lambda p, t, m: seen.append(p)))
        assert seen == [0, 1]


async def test_the_params_of_the_caller_are_left_as_they_are() -> None:
    arguments, meta = {"a": 1}, {"example.com/x": 1}
    async with by_hand(revision=MODERN, on_elicitation=lambda params: {"name": "x"}) as (client, peer):

        async def play() -> list[Any]:
            metas = []
            for result in (need("s", a=elicit()), DONE):
                request = await peer.take()
                metas.append(request["params"]["_meta"]["example.com/x"])
                peer.answer(request, result)
            return metas

        assert (await calls(play, lambda: client.call_tool("t", arguments, meta=meta)))[0] == [1, 1]
    assert (arguments, meta) == ({"a": 1}, {"example.com/x": 1})


# -- with our server, in both eras ------------------------------------------------------------------------------------


class Name(Struct):
    name: str


def asking_server() -> MCPServer:
    server = MCPServer("asking")

    @server.tool()
    async def introduce(ctx: Context[Any]) -> str:
        first = await ctx.elicit("first", Name)
        second = await ctx.elicit("second", Name)
        said = await ctx.sample("Greet them")
        roots = await ctx.list_roots()
        assert isinstance(said.content, TextContent)
        names = [given.data.name if given.data is not None else given.action for given in (first, second)]
        return f"{' and '.join(names)}: {said.content.text} from {roots[0].uri}"

    @server.prompt()
    async def about(ctx: Context[Any]) -> str:
        given = await ctx.elicit("whom", Name)
        return f"Tell me about {given.data.name if given.data is not None else 'nobody'}"

    @server.resource("data://name")
    async def name(ctx: Context[Any]) -> str:
        given = await ctx.elicit("name", Name)
        return given.data.name if given.data is not None else "none"

    return server


@pytest.mark.parametrize("revision", ERAS)
async def test_one_handler_body_serves_both_eras(revision: str, as_bytes: bool) -> None:
    asked: list[str] = []

    def on_elicitation(params: Any) -> Any:
        asked.append(params.message)
        return None if params.message == "second" else {"name": params.message.title()}

    options: dict[str, Any] = {"on_elicitation": on_elicitation, "on_sampling": lambda params: answer("hello")}
    server = asking_server()
    async with connected(server, as_bytes=as_bytes, revisions=revision, roots=["file:///a"], **options) as client:
        result = await client.call_tool("introduce")
        assert isinstance(result.content[0], TextContent)
        assert result.content[0].text == "First and decline: hello from file:///a"
        assert asked == ["first", "second"]
        prompt = await client.get_prompt("about")
        assert isinstance(prompt.messages[0].content, TextContent)
        assert prompt.messages[0].content.text == "Tell me about Whom"
        read = await client.read_resource("data://name")
        assert getattr(read.contents[0], "text", None) == "Name"


@pytest.mark.parametrize("revision", ERAS)
async def test_what_a_client_does_not_declare_is_not_asked(revision: str, as_bytes: bool) -> None:
    async with connected(asking_server(), as_bytes=as_bytes, revisions=revision) as client:
        with pytest.raises(RemoteError) as refusal:
            await client.get_prompt("about")
        assert refusal.value.code == -32021
