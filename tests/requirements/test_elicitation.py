"""Forms and URLs for users, and roots."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from mcpstruct.client import Client
from mcpstruct.server import Context, MCPServer
from mcpstruct.types import (
    Root,
)
from tests.requirements.asking import ask_client, ask_server, declared
from tests.requirements.support import CAPABILITIES, ERAS, FORM
from tests.session.support import MODERN, NEWEST_LEGACY, by_hand, calls, served, settle, stamped

pytestmark = pytest.mark.anyio
URL = "https://example.com/sign-in?n=1"


# -- elicitation ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("revision", ERAS)
async def test_elicitation_declared(revision: str) -> None:
    """With the modes that there is a callback for: one of them at least, if it is declared at all."""

    def never(params: Any) -> Any:
        raise AssertionError

    assert "elicitation" not in await declared(revision)
    assert (await declared(revision, on_elicitation=never))["elicitation"] == {"form": {}}
    assert (await declared(revision, on_elicitation_url=never))["elicitation"] == {"url": {}}
    both = await declared(revision, on_elicitation=never, on_elicitation_url=never)
    assert both["elicitation"] == {"form": {}, "url": {}}


@pytest.mark.parametrize("revision", ERAS)
async def test_elicitation_bare_is_form(revision: str) -> None:
    async def form(ctx: Context[Any]) -> str:
        return str(await ctx.elicit("Who?", FORM))

    async def url(ctx: Context[Any]) -> str:
        return str(await ctx.elicit_url("Go", URL))

    assert (await ask_server(revision, form, elicitation={}))[0]["message"] == "Who?"
    _, heard = await ask_server(revision, url, elicitation={})
    assert heard[-1]["error"]["code"] == -32021


@pytest.mark.parametrize("revision", ERAS)
async def test_elicitation_form_fields(revision: str) -> None:
    async def form(ctx: Context[Any]) -> str:
        return str(await ctx.elicit("Who?", FORM))

    params, _ = await ask_server(revision, form, elicitation={"form": {}})
    assert params == {"mode": "form", "message": "Who?", "requestedSchema": FORM}


@pytest.mark.parametrize("revision", ERAS)
async def test_elicitation_url_fields(revision: str) -> None:
    async def url(ctx: Context[Any]) -> str:
        return str(await ctx.elicit_url("Sign in", URL))

    params, _ = await ask_server(revision, url, elicitation={"url": {}})
    identity = params.pop("elicitationId", None)
    assert params == {"mode": "url", "message": "Sign in", "url": URL}
    assert bool(identity) == (revision != MODERN)  # where every such question has one


@pytest.mark.parametrize("url", ["", "not a url", "example.com", "https://exa mple.com", "https:", "//x", "https://é"])
@pytest.mark.parametrize("revision", ERAS)
async def test_elicitation_url_is_valid(revision: str, url: str, caplog: pytest.LogCaptureFixture) -> None:
    async def visit(ctx: Context[Any]) -> str:
        return str(await ctx.elicit_url("Sign in", url))

    params, heard = await ask_server(revision, visit, elicitation={"url": {}})
    assert params == {}
    assert heard[-1]["result"]["isError"] is True


@pytest.mark.parametrize("revision", ERAS)
async def test_elicitation_without_mode_is_form(revision: str) -> None:
    params = {"message": "Who?", "requestedSchema": FORM}
    asked: list[Any] = []

    def on_elicitation(params: Any) -> Any:
        asked.append(params.message)
        return {"name": "Ann"}

    reply = await ask_client(revision, "elicitation/create", params, on_elicitation=on_elicitation)
    assert reply["result"] == {"action": "accept", "content": {"name": "Ann"}}
    assert asked == ["Who?"]


@pytest.mark.parametrize("revision", ERAS)
async def test_elicitation_undeclared_mode_is_invalid_params(revision: str) -> None:
    def never(params: Any) -> Any:
        raise AssertionError

    form = {"mode": "form", "message": "Who?", "requestedSchema": FORM}
    url = {"mode": "url", "message": "Go", "url": URL, "elicitationId": "1"}
    for callback, params in (("on_elicitation_url", form), ("on_elicitation", url)):
        reply = await ask_client(revision, "elicitation/create", params, **{callback: never})
        assert reply["error"]["code"] == -32602


@pytest.mark.parametrize("revision", ERAS)
async def test_elicitation_url_is_not_fetched(revision: str) -> None:
    """Whatever there is to be seen at a URL, the user sees first."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        seen: list[str] = []

        def on_elicitation_url(params: Any) -> bool:
            seen.append(params.url)
            return True

        params = {"mode": "url", "message": "Go", "url": url, "elicitationId": "1"}
        reply = await ask_client(revision, "elicitation/create", params, on_elicitation_url=on_elicitation_url)
        assert reply["result"] == {"action": "accept"}
        await settle()
        with pytest.raises(BlockingIOError):
            listener.accept()
        assert seen == [url]


@pytest.mark.parametrize("revision", ERAS)
@pytest.mark.parametrize("content", [{}, {"name": 5}, {"name": "Ann", "age": "old"}, {"name": ["Ann"]}])
async def test_elicitation_answers_are_validated(revision: str, content: Any) -> None:
    """By the schema that was sent, one by hand as well as one that was made of a type."""
    pytest.importorskip("jsonschema_rs")
    schema = {**FORM, "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}}
    reply = {"action": "accept", "content": content}
    server = MCPServer("x")

    @server.tool()
    async def t(ctx: Context[Any]) -> str:
        return str((await ctx.elicit("Who?", schema, key="q")).data)

    async with served(server) as peer:
        if revision == MODERN:
            params = stamped(name="t", inputResponses={"q": reply}, _meta={CAPABILITIES: {"elicitation": {}}})
            outcome = await peer.ask(1, "tools/call", params)
        else:
            await peer.initialize(revision, elicitation={})
            peer.request(1, "tools/call", {"name": "t"})
            peer.answer(await peer.take("elicitation/create"), reply)
            outcome = await peer.take()
        assert outcome["error"]["code"] == -32602


async def test_elicitation_complete_to_its_client_alone() -> None:
    server = MCPServer("x")

    @server.tool()
    async def t(ctx: Context[Any]) -> str:
        await ctx.elicit_url("Sign in", URL, elicitation_id="e-1")
        await ctx.session.notify_elicitation_complete("e-1")
        return "done"

    async with served(server) as one, served(server) as two:
        await one.initialize(elicitation={"url": {}})
        await two.initialize(elicitation={"url": {}})
        one.request(1, "tools/call", {"name": "t"})
        question = await one.take("elicitation/create")
        assert question["params"]["elicitationId"] == "e-1"
        one.answer(question, {"action": "accept"})
        told = await one.take("notifications/elicitation/complete")
        assert told["params"] == {"elicitationId": "e-1"}
        await settle()
        assert two.left == []


async def test_elicitation_complete_of_nothing_is_ignored() -> None:
    def on_elicitation_url(params: Any) -> bool:
        return True

    violations: list[Any] = []
    options: Any = {"on_elicitation_url": on_elicitation_url, "on_violation": violations.append}
    async with by_hand(**options) as (client, peer):
        for _ in range(2):
            peer.tell("notifications/elicitation/complete", {"elicitationId": "never heard of"})

        async def play() -> None:
            peer.answer(await peer.take(), {})

        outcomes = await calls(play, client.ping)
        assert not any(isinstance(outcome, Exception) for outcome in outcomes)
        assert (peer.left, violations) == ([], [])


# -- roots ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("revision", ERAS)
async def test_roots_declared(revision: str) -> None:
    assert "roots" not in await declared(revision)
    for roots in ([], ["file:///a"], list):
        assert "roots" in await declared(revision, roots=roots)


@pytest.mark.parametrize(
    "root", ["https://example.com", "/srv/me", "", "file:/x", "FILE:x", "file:///a/../b", "file:///a/%2e%2e/b"]
)
async def test_roots_are_file_uris(root: str) -> None:
    """Those that are given at once are looked at at once; others before they are sent."""
    for wrong in (root, Root(uri=root)):
        with pytest.raises(ValueError, match="root"):
            Client(MCPServer("x"), roots=[wrong])
    async with by_hand(revision=MODERN, roots=lambda: [root]) as (client, peer):

        async def play() -> None:
            needed = {"resultType": "input_required", "inputRequests": {"r": {"method": "roots/list"}}}
            peer.answer(await peer.take(), needed)

        outcome = (await calls(play, lambda: client.call_tool("t")))[1]
        assert isinstance(outcome, ValueError)
        assert peer.left == []


async def test_roots_are_file_uris_in_a_session(caplog: pytest.LogCaptureFixture) -> None:
    reply = await ask_client(NEWEST_LEGACY, "roots/list", None, roots=lambda: ["https://example.com"])
    assert reply["error"]["code"] == -32603


async def test_roots_unsupported_is_method_not_found() -> None:
    assert (await ask_client(NEWEST_LEGACY, "roots/list", None))["error"]["code"] == -32601


async def test_roots_changed_is_told() -> None:
    """A client whose roots may change says so when its program does."""
    async with by_hand(roots=lambda: ["file:///a"]) as (client, peer):
        assert peer.heard[0]["params"]["capabilities"]["roots"] == {"listChanged": True}
        await client.notify_roots_list_changed()
        assert (await peer.take())["method"] == "notifications/roots/list_changed"
