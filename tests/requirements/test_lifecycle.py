"""Opening a connection, agreeing on a revision, and being alive: by handshake, and without."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from mcpstruct.base.errors import MethodNotInRevision, NoCommonRevision
from mcpstruct.client import Client
from mcpstruct.server import Context, MCPServer
from tests.requirements.support import VERSION, everything
from tests.session.support import (
    BRISK,
    LEGACY,
    MODERN,
    NEWEST_LEGACY,
    SERVER_INFO,
    SOON,
    Fresh,
    Peer,
    by_hand,
    calls,
    initialized,
    served,
    settle,
    stamped,
)

pytestmark = pytest.mark.anyio


# -- the client's side ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("revisions", [NEWEST_LEGACY, list(LEGACY)])
async def test_handshake_comes_first(revisions: Any) -> None:
    """Nothing goes out before the server has answered, and what then goes out first says that this has arrived."""
    answered = anyio.Event()

    async def play(peer: Peer) -> None:
        request = await peer.take()
        await settle()
        assert peer.left == []
        assert request["method"] == "initialize"
        assert request["params"]["protocolVersion"] == NEWEST_LEGACY
        assert request["params"]["capabilities"] == {}
        assert request["params"]["clientInfo"] == {"name": "me", "version": "1"}
        answered.set()
        peer.answer(request, initialized())
        told = await peer.take()
        assert told["method"] == "notifications/initialized"
        assert "id" not in told
        peer.answer(await peer.take("ping"), {})

    target = Fresh(play)
    with anyio.fail_after(SOON):
        async with Client(target, revisions=revisions, name="me", version="1", deadlines=BRISK) as client:
            assert answered.is_set()
            await client.ping()


async def test_handshake_in_a_revision_that_the_client_lacks() -> None:
    async def play(peer: Peer) -> None:
        peer.answer(await peer.take("initialize"), initialized("2024-11-05"))
        await peer.loss()

    target = Fresh(play)
    client = Client(target, revisions=["2025-06-18", "2025-11-25"], deadlines=BRISK)
    with anyio.fail_after(SOON), pytest.raises(NoCommonRevision):
        await client.connect()
    await target.peers[0].loss()
    assert [message["method"] for message in target.peers[0].heard] == ["initialize"]


@pytest.mark.parametrize("revision", LEGACY)
async def test_negotiated_revision_is_kept_to(revision: str) -> None:
    """By the client, which sends no method that the revision lacks."""
    async with by_hand(revision=revision) as (client, peer):
        for call in (client.discover, client.list_tasks):
            if call == client.list_tasks and revision == "2025-11-25":
                continue
            with pytest.raises(MethodNotInRevision):
                await call()
        await settle()
        assert peer.left == []


@pytest.mark.parametrize("revision", LEGACY)
async def test_ping_is_answered_by_clients(revision: str) -> None:
    async with by_hand(revision=revision) as (_, peer):
        for request_id in (1, "p"):
            assert (await peer.ask(request_id, "ping"))["result"] == {}


async def test_ping_is_answered_while_a_call_waits() -> None:
    async with by_hand() as (client, peer):

        async def play() -> None:
            request = await peer.take("tools/call")
            assert (await peer.ask("p", "ping"))["result"] == {}
            peer.answer(request, {"content": []})

        outcomes = await calls(play, lambda: client.call_tool("t"))
        assert not any(isinstance(outcome, Exception) for outcome in outcomes)


# -- the server's side ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("revision", LEGACY)
async def test_handshake_in_the_revision_that_was_asked_for(revision: str) -> None:
    async with served(everything()) as peer:
        result = await peer.initialize(revision)
        assert result["protocolVersion"] == revision
        assert result["serverInfo"] == {"name": "everything", "version": "1.0"}
        assert result["capabilities"].keys() >= {"tools", "prompts", "resources", "logging"}


@pytest.mark.parametrize("asked", ["1.0.0", "2099-01-01", "", MODERN, "2025-06-18"])
async def test_handshake_in_a_revision_that_the_server_lacks(asked: str) -> None:
    """Gets the newest one that it has."""
    async with served(everything(revisions=["2024-11-05", "2025-03-26"])) as peer:
        assert (await peer.initialize(asked))["protocolVersion"] == "2025-03-26"


async def test_ping_is_answered_by_servers() -> None:
    async with served(everything()) as peer:
        await peer.initialize()
        for request_id in (1, "p"):
            assert await peer.ask(request_id, "ping") == {"jsonrpc": "2.0", "id": request_id, "result": {}}


async def test_nothing_is_sent_before_initialized() -> None:
    """Changes are told from then on, to a client that has said that it is ready."""
    server = everything()
    async with served(server) as peer:
        params = {"protocolVersion": NEWEST_LEGACY, "capabilities": {}, "clientInfo": SERVER_INFO}
        assert "result" in await peer.ask(1, "initialize", params)
        server.tools.remove("add")
        await settle()
        assert peer.left == []
        peer.tell("notifications/initialized")
        assert "result" in await peer.ask(2, "ping")
        server.tools.remove("ask")
        await peer.until(lambda: peer.left)
        assert (await peer.take())["method"] == "notifications/tools/list_changed"


@pytest.mark.parametrize("revision", LEGACY)
async def test_capabilities_not_negotiated_are_not_used(revision: str) -> None:
    """By the server: it asks a client nothing that this has not declared."""
    server, outcomes = MCPServer("x"), list[str]()

    @server.tool()
    async def t(ctx: Context[Any]) -> str:
        for ask in (
            ctx.list_roots,
            lambda: ctx.sample("?"),
            lambda: ctx.elicit("?", {"type": "object", "properties": {}}),
            lambda: ctx.elicit_url("?", "https://example.com"),
        ):
            try:
                await ask()
            except Exception as error:
                outcomes.append(type(error).__name__)
        return ""

    async with served(server) as peer:
        await peer.initialize(revision)
        assert "result" in await peer.ask(1, "tools/call", {"name": "t"})
        assert peer.left == []
    assert outcomes == ["MissingCapability"] * 4


# -- without a handshake ----------------------------------------------------------------------------------------------


async def test_version_unsupported_error() -> None:
    """Of the unknown, and of those that this server does not speak; whatever was asked before."""
    async with served(everything(revisions=[MODERN, "2025-11-25"])) as peer:
        for number, version in enumerate(("1900-01-01", "2099-01-01", "", "2025-06-18", "2025-11-25")):
            error = (await peer.ask(number, "tools/list", stamped(_meta={VERSION: version})))["error"]
            assert error["code"] == -32022
            assert error["data"] == {"supported": [MODERN, "2025-11-25"], "requested": version}
        assert "result" in await peer.ask("x", "tools/list", stamped())


async def test_version_of_each_request() -> None:
    """What one request says, the next may leave to a session, and the other way round."""
    server = MCPServer("x")

    @server.tool()
    async def which(ctx: Context[Any]) -> str:
        return ctx.protocol_version

    def said(answer: Any) -> str:
        return str(answer["result"]["content"][0]["text"])

    async with served(server) as peer:
        assert said(await peer.ask(1, "tools/call", stamped(name="which"))) == MODERN
        await peer.initialize("2025-03-26")
        assert said(await peer.ask(2, "tools/call", {"name": "which"})) == "2025-03-26"
        assert said(await peer.ask(3, "tools/call", stamped(name="which"))) == MODERN
        assert said(await peer.ask(4, "tools/call", {"name": "which"})) == "2025-03-26"
