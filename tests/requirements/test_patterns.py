"""Rounds, progress, cancellation and subscriptions."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from mcpstruct.base.errors import MethodNotInRevision
from mcpstruct.base.limits import Deadlines
from mcpstruct.client import Client
from mcpstruct.server import Context, MCPServer
from mcpstruct.types import ElicitRequestFormParams, ElicitRequestFormParamsRequestedSchema
from tests.requirements.support import ACKNOWLEDGED, CAPABILITIES, ERAS, FORM, SUBSCRIPTION_ID, everything, params_of
from tests.session.support import (
    MODERN,
    NEWEST_LEGACY,
    SOON,
    Fresh,
    Hanging,
    Peer,
    by_hand,
    calls,
    served,
    settle,
    stamped,
)

pytestmark = pytest.mark.anyio
DONE = {"content": [], "resultType": "complete"}
ABLE = {CAPABILITIES: {"elicitation": {}}}
WHO = {"method": "elicitation/create", "params": {"message": "Who?", "requestedSchema": FORM}}


def need(state: str | None = None, **requests: Any) -> dict[str, Any]:
    result: dict[str, Any] = {"resultType": "input_required"}
    return result | ({"inputRequests": requests} if requests else {}) | ({"requestState": state} if state else {})


# -- no requests of the server ----------------------------------------------------------------------------------------


async def test_no_requests_of_the_server() -> None:
    """Not even where a handler tries to send one itself."""
    server, outcomes = MCPServer("x"), list[Any]()

    @server.tool()
    async def try_all(ctx: Context[Any]) -> str:
        form = ElicitRequestFormParams(
            message="?", requested_schema=ElicitRequestFormParamsRequestedSchema(properties={})
        )
        for ask in (
            ctx.session.list_roots,
            ctx.session.ping,
            lambda: ctx.session.create_message(messages=[], max_tokens=5),
            lambda: ctx.session.elicit(form),
        ):
            try:
                outcomes.append(await ask())
            except Exception as error:
                outcomes.append(type(error))
        return ""

    async with served(server) as peer:
        able = {CAPABILITIES: {"elicitation": {}, "sampling": {}, "roots": {}}}
        assert "result" in await peer.ask(1, "tools/call", stamped(name="try_all", _meta=able))
        await settle()
        assert peer.heard == []
    assert outcomes == [MethodNotInRevision] * 4


async def test_subscription_notifications_of_a_request_are_refused() -> None:
    """A change is told on the streams of those who asked, and never with the answer to some request."""
    server, outcomes = MCPServer("x"), list[Any]()

    @server.tool()
    async def tell_all(ctx: Context[Any]) -> str:
        for tell in (
            ctx.session.notify_tool_list_changed,
            ctx.session.notify_resource_list_changed,
            ctx.session.notify_prompt_list_changed,
            lambda: ctx.session.notify_resource_updated("data://pi"),
            lambda: ctx.session.notify_cancelled(request_id=1),
        ):
            try:
                outcomes.append(await tell())
            except Exception as error:
                outcomes.append(type(error))
        await ctx.session.notify_logging_message(level="emergency", data="not asked for")
        return ""

    async with served(server) as peer:
        assert "result" in await peer.ask(1, "tools/call", stamped(name="tell_all"))
        await settle()
        assert peer.heard == []
    assert outcomes == [MethodNotInRevision] * 5


# -- rounds -----------------------------------------------------------------------------------------------------------


async def test_mrtr_state_and_answers_go_nowhere_else() -> None:
    """A call on its way at the same time knows nothing of another's round."""
    asked, go_on = anyio.Event(), anyio.Event()

    async def on_elicitation(params: Any) -> Any:
        asked.set()
        await go_on.wait()
        return {"name": "Ann"}

    async with by_hand(revision=MODERN, on_elicitation=on_elicitation) as (client, peer):

        async def play() -> None:
            first = await peer.take("tools/call")
            peer.answer(first, need("secret", who=WHO))
            with anyio.fail_after(SOON):
                await asked.wait()
            other = await peer.take("tools/call")
            assert other["params"]["name"] == "other"
            peer.answer(other, DONE)
            go_on.set()
            again = await peer.take("tools/call")
            assert again["params"]["requestState"] == "secret"
            assert again["id"] not in (first["id"], other["id"])
            assert not {"inputResponses", "requestState"} & (first["params"].keys() | other["params"].keys())
            peer.answer(again, DONE)

        async def other() -> None:
            await asked.wait()
            await client.call_tool("other", {"name": "t"})

        outcomes = await calls(play, lambda: client.call_tool("t"), other)
        assert not any(isinstance(outcome, Exception) for outcome in outcomes), outcomes


async def test_mrtr_nothing_waits_for_an_answer() -> None:
    """Who is asked may never come back: the server is done with the request, and so with its handler."""
    server, ended = everything(), anyio.Event()

    @server.tool()
    async def question(ctx: Context[Any]) -> str:
        try:
            await ctx.elicit("Who?", FORM)
        finally:
            ended.set()
        return ""

    async with served(server) as peer:
        answer = await peer.ask(1, "tools/call", stamped(name="question", _meta=ABLE))
        assert answer["result"]["resultType"] == "input_required"
        with anyio.fail_after(SOON):
            await ended.wait()
        await settle()
        (connection,) = server.connections
        assert connection.core.received_requests == {}
        assert "result" in await peer.ask(1, "tools/call", stamped(name="add", arguments={"a": 1, "b": 1}))


@pytest.mark.parametrize("responses", [5, [], "x", {"who": 5}, {"who": {"action": "maybe"}}, {"who": {"x": 1}}])
async def test_mrtr_responses_are_validated(responses: Any) -> None:
    async with served(everything()) as peer:
        params = stamped(name="ask", inputResponses=responses, _meta=ABLE)
        answer = await peer.ask(1, "tools/call", params)
        assert answer["error"]["code"] == -32602


# -- progress ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("revision", ERAS)
async def test_progress_token_type(revision: str) -> None:
    async with served(everything()) as peer:
        if revision != MODERN:
            await peer.initialize(revision)
        for number, token in enumerate((1.5, None, True, {}, [1])):
            if token is None:  # which stands for none at all
                continue
            answer = await peer.ask(number, "tools/call", params_of(revision, name="report", _meta=_token(token)))
            assert answer["error"]["code"] == -32602, token
        for token in ("", "text", 0, -7, 2**53):
            assert "result" in await peer.ask(9, "tools/call", params_of(revision, name="report", _meta=_token(token)))
            told = [peer.take("notifications/progress") for _ in range(2)]
            assert [(await one)["params"]["progressToken"] for one in told] == [token] * 2


def _token(token: Any) -> dict[str, Any]:
    return {"progressToken": token}


@pytest.mark.parametrize("revision", ERAS)
async def test_progress_token_unique(revision: str) -> None:
    async with by_hand(revision=revision) as (client, peer):

        async def play() -> None:
            requests = [await peer.take("tools/call") for _ in range(5)]
            tokens = [request["params"]["_meta"]["progressToken"] for request in requests]
            assert len(set(tokens)) == 5
            assert all(type(token) in (int, str) for token in tokens)
            for request in requests:
                peer.answer(request, DONE)

        def report(*args: Any) -> None:
            raise AssertionError

        five = [lambda: client.call_tool("t", on_progress=report)] * 5
        outcomes = await calls(play, *five)
        assert not any(isinstance(outcome, Exception) for outcome in outcomes), outcomes


@pytest.mark.parametrize("revision", ERAS)
async def test_progress_stops_with_the_answer(revision: str) -> None:
    """Whoever goes on after its request was answered is heard no more."""
    server, contexts = MCPServer("x"), list[Context[Any]]()

    @server.tool()
    async def quick(ctx: Context[Any]) -> str:
        contexts.append(ctx)
        await ctx.report_progress(1)
        return "done"

    async with served(server) as peer:
        if revision != MODERN:
            await peer.initialize(revision)
        assert "result" in await peer.ask(1, "tools/call", params_of(revision, name="quick", _meta=_token("t")))
        assert (await peer.take())["params"]["progress"] == 1
        await contexts[0].report_progress(2)
        await contexts[0].info("late")
        await settle()
        assert peer.left == []


# -- cancellation -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("revision", ERAS)
async def test_cancel_only_what_is_in_progress(revision: str) -> None:
    """Once the answer is there, whoever gives up waiting has nothing to call off."""
    async with by_hand(revision=revision) as (client, peer):
        with anyio.CancelScope() as scope:

            async def play() -> None:
                peer.answer(await peer.take("tools/call"), DONE)

            await calls(play, lambda: client.call_tool("t"))
            scope.cancel()
            await settle(1)
        await settle()
        assert peer.left == []


@pytest.mark.parametrize("revision", ERAS)
async def test_cancel_is_sent_on_a_shared_channel(revision: str) -> None:
    async with by_hand(revision=revision) as (client, peer):
        async with anyio.create_task_group() as group:
            group.start_soon(client.call_tool, "t")
            request = await peer.take("tools/call")
            group.cancel_scope.cancel()
        cancelled = await peer.take()
        assert (cancelled["method"], cancelled["params"]["requestId"]) == ("notifications/cancelled", request["id"])
        assert "id" not in cancelled


@pytest.mark.parametrize("revision", ERAS)
async def test_cancelled_request_hears_nothing_more(revision: str) -> None:
    server, hanging = MCPServer("x"), Hanging()

    @server.tool()
    async def wait(ctx: Context[Any]) -> str:
        try:
            return await hanging()
        finally:
            ctx.report_progress(1)
            ctx.info("late")

    async with served(server) as peer:
        if revision != MODERN:
            await peer.initialize(revision)
        meta = {"progressToken": 1, "io.modelcontextprotocol/logLevel": "debug"}
        peer.request(1, "tools/call", params_of(revision, name="wait", _meta=meta))
        with anyio.fail_after(SOON):
            await hanging.started.wait()
            peer.tell("notifications/cancelled", {"requestId": 1, "reason": "enough"})
            await hanging.stopped.wait()
        await settle()
        assert peer.left == []


async def test_cancel_of_the_handshake_is_not_sent() -> None:
    """`initialize` is not to be called off."""
    taken: list[Any] = []

    async def play(peer: Peer) -> None:
        taken.append(await peer.take("initialize"))
        await peer.loss()

    target = Fresh(play)
    client = Client(target, revisions=NEWEST_LEGACY, deadlines=Deadlines(connect=0.1, request=0.05, probe=0.05))
    with pytest.raises(Exception, match=r"initialize|within"):
        await client.connect()
    await client.aclose()
    await settle()
    assert len(taken) == 1
    assert [message["method"] for peer in target.peers for message in peer.heard] == ["initialize"]


# -- subscriptions ----------------------------------------------------------------------------------------------------


def listen(**notifications: Any) -> dict[str, Any]:
    return stamped(notifications=notifications)


def changing() -> MCPServer:
    server = everything()

    @server.tool(inline=True)
    def change() -> str:
        for catalogue, name in ((server.tools, "add"), (server.prompts, "greet"), (server.resources, "data://pi")):
            catalogue.remove(name)
        server.resource_updated("data://pi")
        return "changed"

    return server


async def test_subscription_acknowledged_first() -> None:
    """Even where something changes in the same moment, and with another stream on the same channel."""
    async with served(changing()) as peer:
        peer.request("a", "subscriptions/listen", listen(toolsListChanged=True, resourceSubscriptions=["data://pi"]))
        peer.request(1, "tools/call", stamped(name="change"))
        peer.request("b", "subscriptions/listen", listen(promptsListChanged=True))
        await peer.until(lambda: len(peer.heard) >= 5)
        await settle()
        for stream in ("a", "b"):
            told = [m for m in peer.heard if m.get("params", {}).get("_meta", {}).get(SUBSCRIPTION_ID) == stream]
            assert told[0]["method"] == ACKNOWLEDGED
            assert [m["method"] for m in told].count(ACKNOWLEDGED) == 1


async def test_subscription_tells_what_was_asked_for_alone() -> None:
    asked = {
        "tools": {"toolsListChanged": True},
        "prompts": {"promptsListChanged": True, "toolsListChanged": False},
        "resources": {"resourcesListChanged": True},
        "updates": {"resourceSubscriptions": ["data://pi"]},
        "others": {"resourceSubscriptions": ["data://e"]},
        "nothing": {},
    }
    async with served(changing()) as peer:
        for stream, wanted in asked.items():
            peer.request(stream, "subscriptions/listen", listen(**wanted))
        assert "result" in await peer.ask(1, "tools/call", stamped(name="change"))
        await settle()
        told: dict[str, list[str]] = {stream: [] for stream in asked}
        for message in peer.heard:
            if message["method"] != ACKNOWLEDGED:
                told[message["params"]["_meta"][SUBSCRIPTION_ID]].append(message["method"])
    assert told == {
        "tools": ["notifications/tools/list_changed"],
        "prompts": ["notifications/prompts/list_changed"],
        "resources": ["notifications/resources/list_changed"],
        "updates": ["notifications/resources/updated"],
        "others": [],
        "nothing": [],
    }


async def test_subscription_id_in_everything() -> None:
    """In the acknowledgement, in every notification, and in the answer that ends it."""
    server = changing()
    async with served(server) as peer:
        peer.request(7, "subscriptions/listen", listen(toolsListChanged=True, promptsListChanged=True))
        assert "result" in await peer.ask(1, "tools/call", stamped(name="change"))
        for connection in list(server.connections):
            connection.subscriptions.close()
        await settle()
        *notifications, result, cancelled = peer.heard
        assert len(notifications) == 3
        assert all(message["params"]["_meta"][SUBSCRIPTION_ID] == 7 for message in notifications)
        assert (result["id"], result["result"]["_meta"][SUBSCRIPTION_ID]) == (7, 7)
        assert result["result"]["resultType"] == "complete"
        assert cancelled["method"] == "notifications/cancelled"


async def test_subscription_torn_down_is_cancelled() -> None:
    """Streams that a server ends are called off, after the answer that says that this is in good order; nothing else
    is.
    """
    server, hanging = MCPServer("x"), Hanging()
    server.tool("wait")(hanging.tool)
    async with served(server) as peer:
        peer.request("s", "subscriptions/listen", listen(toolsListChanged=True))
        peer.request(1, "tools/call", stamped(name="wait"))
        await hanging.started.wait()
        await server.stop(0.0)
        await peer.loss()
        cancelled = [message["params"] for message in peer.heard if message.get("method") == "notifications/cancelled"]
        assert cancelled == [{"requestId": "s"}]
        kinds = [message.get("method", message.get("id")) for message in peer.heard]
        assert kinds.index("s") < kinds.index("notifications/cancelled")


async def test_subscription_on_its_own_stream_alone() -> None:
    """Reports of a request are none of a subscription's, whatever else there is on the channel."""
    async with served(everything()) as peer:
        peer.request("s", "subscriptions/listen", listen(toolsListChanged=True))
        meta = {"progressToken": 5, "io.modelcontextprotocol/logLevel": "debug"}
        assert "result" in await peer.ask(1, "tools/call", stamped(name="report", _meta=meta))
        await settle()
        for message in peer.heard:
            marked = SUBSCRIPTION_ID in message["params"].get("_meta", {})
            assert marked == (message["method"] == ACKNOWLEDGED)
