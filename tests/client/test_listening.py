"""Subscriptions: what a client is told of, how long, and what becomes of them when the connection does not last."""

from __future__ import annotations

from typing import Any

import anyio
import anyio.to_thread
import pytest

from mcpstruct.base.errors import ConnectionLost
from mcpstruct.client import Change
from mcpstruct.server import LowLevelServer, MCPServer
from mcpstruct.testing import connected
from mcpstruct_bindings.merged.server import ServerHandlers
from mcpstruct_bindings.merged.types import Implementation, ServerCapabilities, ServerCapabilitiesTools
from tests.session.support import (
    MODERN,
    NEWEST_LEGACY,
    SOON,
    by_hand,
    calculator,
    calls,
    running,
    settle,
)

pytestmark = pytest.mark.anyio
ERAS = [NEWEST_LEGACY, MODERN]
TOOLS = Change("notifications/tools/list_changed", None)
PROMPTS = Change("notifications/prompts/list_changed", None)
ACKNOWLEDGED = "notifications/subscriptions/acknowledged"
SUBSCRIPTION_ID = "io.modelcontextprotocol/subscriptionId"


def updated(uri: str) -> Change:
    return Change("notifications/resources/updated", uri)


async def next_of(subscription: Any) -> Change:
    with anyio.fail_after(SOON):
        change: Change = await subscription.__anext__()
        return change


def touch(server: MCPServer, kind: str) -> None:
    """Change a list."""
    if kind == "tools":
        server.tools.remove("add")
    elif kind == "prompts":
        server.prompts.remove("greet")
    else:
        server.resources.remove("data://pi")


# -- with our server --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("revision", ERAS)
@pytest.mark.parametrize("kind", ["tools", "prompts", "resources"])
async def test_a_list_that_changes(revision: str, kind: str, as_bytes: bool) -> None:
    server = calculator()
    async with connected(server, as_bytes=as_bytes, revisions=revision) as client:
        wanted: dict[str, Any] = {kind: True}
        async with client.listen(**wanted) as changes:
            assert changes.granted is not None
            await client.list_tools()  # by then, the server knows that a legacy client is ready
            touch(server, kind)
            assert await next_of(changes) == Change(f"notifications/{kind}/list_changed", None)


@pytest.mark.parametrize("revision", ERAS)
async def test_a_subscription_is_told_of_nothing_else(revision: str, as_bytes: bool) -> None:
    server = calculator()
    async with (
        connected(server, as_bytes=as_bytes, revisions=revision) as client,
        client.listen(prompts=True, uris=["data://pi"]) as changes,
    ):
        touch(server, "tools")
        server.resource_updated("data://e")
        server.resource_updated("data://pi")
        assert await next_of(changes) == updated("data://pi")
        touch(server, "prompts")
        assert await next_of(changes) == PROMPTS


@pytest.mark.parametrize("revision", ERAS)
async def test_two_subscriptions_at_once(revision: str, as_bytes: bool) -> None:
    server = calculator()
    async with connected(server, as_bytes=as_bytes, revisions=revision) as client:
        async with client.listen(tools=True, uris=["a:1", "a:2"]) as one, client.listen(uris=["a:2"]) as two:
            server.resource_updated("a:2")
            assert await next_of(one) == await next_of(two) == updated("a:2")
            server.resource_updated("a:1")
            assert await next_of(one) == updated("a:1")
            touch(server, "tools")
            assert await next_of(one) == TOOLS
        async with client.listen(uris=["a:2"]) as three:
            server.resource_updated("a:2")
            assert await next_of(three) == updated("a:2")


@pytest.mark.parametrize("revision", ERAS)
async def test_leaving_one_of_two_leaves_the_other_its_resource(revision: str, as_bytes: bool) -> None:
    server = calculator()
    async with connected(server, as_bytes=as_bytes, revisions=revision) as client:
        async with client.listen(uris=["a:1"]) as outer:
            async with client.listen(uris=["a:1"]):
                pass
            server.resource_updated("a:1")
            assert await next_of(outer) == updated("a:1")
        server.resource_updated("a:1")
        await client.list_tools()


async def test_changes_that_nobody_took_yet_are_one(as_bytes: bool) -> None:
    server = calculator()
    async with connected(server, as_bytes=as_bytes) as client, client.listen(uris=["a:1"], tools=True) as changes:
        for _ in range(100):
            server.resource_updated("a:1")
        touch(server, "tools")
        await client.list_tools()
        assert [await next_of(changes), await next_of(changes)] == [updated("a:1"), TOOLS]
        server.resource_updated("a:1")
        assert await next_of(changes) == updated("a:1")


@pytest.mark.parametrize("revision", ERAS)
async def test_a_change_from_a_thread(revision: str, as_bytes: bool) -> None:
    server = calculator()
    async with (
        connected(server, as_bytes=as_bytes, revisions=revision) as client,
        client.listen(uris=["a:1"]) as changes,
    ):
        await anyio.to_thread.run_sync(server.resource_updated, "a:1")
        assert await next_of(changes) == updated("a:1")


async def test_what_the_server_does_not_offer_is_not_granted(as_bytes: bool) -> None:
    offered = ServerCapabilities(tools=ServerCapabilitiesTools(list_changed=True))
    info = Implementation(name="bare", version="1")
    server = LowLevelServer(ServerHandlers[Any](), info=info, capabilities=offered)
    async with (
        connected(server, as_bytes=as_bytes) as client,
        client.listen(tools=True, prompts=True, uris=["a:1"]) as changes,
    ):
        assert changes.granted is not None
        assert changes.granted.tools_list_changed is True
        assert changes.granted.prompts_list_changed is None
        assert changes.granted.resource_subscriptions is None


async def test_the_server_ends_it_in_good_order(as_bytes: bool) -> None:
    server = calculator()
    async with connected(server, as_bytes=as_bytes) as client, client.listen(tools=True) as changes:
        touch(server, "tools")
        for connection in list(server.connections):
            connection.subscriptions.close()
        with anyio.fail_after(SOON):
            assert [change async for change in changes] == [TOOLS]
        assert (await client.list_tools()).tools == []


@pytest.mark.parametrize("revision", ERAS)
async def test_a_server_that_stops_ends_it(revision: str, as_bytes: bool) -> None:
    server = calculator()
    async with connected(server, as_bytes=as_bytes, revisions=revision) as client, client.listen(tools=True) as changes:

        async def listen() -> list[Change]:
            return [change async for change in changes]

        outcomes = await calls(listen, lambda: server.stop(0.1))
        if revision == MODERN:
            assert outcomes[0] == []
        else:
            assert isinstance(outcomes[0], ConnectionLost)


@pytest.mark.parametrize("revision", ERAS)
@pytest.mark.parametrize("reestablish", [False, True])
async def test_closing_the_client_ends_it(revision: str, reestablish: bool, as_bytes: bool) -> None:
    async with (
        connected(calculator(), as_bytes=as_bytes, revisions=revision) as client,
        client.listen(tools=True, reestablish=reestablish) as changes,
    ):

        async def close() -> None:
            await settle()
            await client.aclose()

        outcomes = await calls(lambda: next_of(changes), close)
        assert isinstance(outcomes[0], ConnectionLost)
    assert await running() == []


async def test_closing_after_a_loss_ends_what_waited_for_a_restart() -> None:
    async with by_hand() as (client, peer), client.listen(tools=True, reestablish=True) as changes:
        await peer.aclose()
        await settle()

        async def close() -> None:
            await settle()
            await client.aclose()

        outcomes = await calls(lambda: next_of(changes), close)
        assert isinstance(outcomes[0], ConnectionLost)


async def test_leaving_after_the_client_was_closed(as_bytes: bool) -> None:
    async with connected(calculator(), as_bytes=as_bytes) as client, client.listen(tools=True):
        await client.aclose()


async def test_a_subscription_can_be_waited_for_again_after_a_cancelled_wait(as_bytes: bool) -> None:
    server = calculator()
    async with connected(server, as_bytes=as_bytes) as client, client.listen(tools=True) as changes:
        with anyio.move_on_after(0.01):
            await changes.__anext__()
        touch(server, "tools")
        assert await next_of(changes) == TOOLS


async def test_several_iterate_at_once_and_each_change_goes_to_one(as_bytes: bool) -> None:
    server = calculator()
    async with connected(server, as_bytes=as_bytes) as client, client.listen(tools=True, prompts=True) as changes:
        taken: list[Change] = []

        async def take() -> None:
            async for change in changes:
                taken.append(change)  # noqa: PERF401 - looked at meanwhile

        async def play() -> None:
            await anyio.wait_all_tasks_blocked()
            touch(server, "tools")
            touch(server, "prompts")
            await settle()
            assert sorted(taken) == [PROMPTS, TOOLS]
            for connection in list(server.connections):
                connection.subscriptions.close()

        assert await calls(take, take, play) == [None, None, None]
        assert len(taken) == 2


async def test_a_loss_ends_it_for_all_who_iterate(as_bytes: bool) -> None:
    async with connected(calculator(), as_bytes=as_bytes) as client, client.listen(tools=True) as changes:

        async def close() -> None:
            await settle()
            await client.aclose()

        outcomes = await calls(lambda: next_of(changes), lambda: next_of(changes), close)
        assert [type(outcome) for outcome in outcomes] == [ConnectionLost, ConnectionLost, type(None)]


async def test_what_was_not_entered_cannot_be_waited_for(as_bytes: bool) -> None:
    async with connected(calculator(), as_bytes=as_bytes) as client:
        changes = client.listen(tools=True)
        with pytest.raises(RuntimeError, match="entered"):
            await next_of(changes)
