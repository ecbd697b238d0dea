"""Subscriptions on the wire: what is asked, what may come back, and what becomes of them when nothing does."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import anyio
import anyio.to_thread
import pytest

from mcpstruct.base.errors import ConnectionLost, McpError, RemoteError, RequestTimeout
from mcpstruct.base.limits import Deadlines
from mcpstruct.client import Change, Client
from tests.session.support import (
    MODERN,
    NEWEST_LEGACY,
    SOON,
    Fresh,
    Peer,
    by_hand,
    calls,
    discovered,
    initialized,
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


async def all_of(subscription: Any) -> None:
    """Wait for the end."""
    while True:
        await next_of(subscription)


# -- on the wire ------------------------------------------------------------------------------------------------------


def acknowledge(peer: Peer, request: Any, **granted: Any) -> None:
    peer.tell(ACKNOWLEDGED, {"_meta": {SUBSCRIPTION_ID: request["id"]}, "notifications": granted})


async def test_a_modern_subscription_on_the_wire() -> None:
    async with by_hand(revision=MODERN) as (client, peer):

        async def play() -> None:
            request = await peer.take()
            assert request["method"] == "subscriptions/listen"
            assert request["params"]["notifications"] == {"toolsListChanged": True, "resourceSubscriptions": ["a:1"]}
            acknowledge(peer, request, toolsListChanged=True)
            peer.tell("notifications/tools/list_changed", {"_meta": {SUBSCRIPTION_ID: 999}})  # of another stream
            peer.tell("notifications/tools/list_changed", {})  # of none
            peer.tell("notifications/resources/updated", {"uri": "a:1#b", "_meta": {SUBSCRIPTION_ID: request["id"]}})
            cancelled = await peer.take()
            assert cancelled["method"] == "notifications/cancelled"
            assert cancelled["params"]["requestId"] == request["id"]

        async def listen() -> Any:
            async with client.listen(tools=True, uris=["a:1"]) as changes:
                assert changes.granted is not None
                assert changes.granted.resource_subscriptions is None
                return await next_of(changes)

        assert await calls(play, listen) == [None, updated("a:1#b")]


async def test_a_legacy_subscription_on_the_wire() -> None:
    async with by_hand() as (client, peer):

        async def play() -> None:
            for uri in ("a:1", "a:2"):
                request = await peer.take("resources/subscribe")
                assert request["params"]["uri"] == uri
                peer.answer(request, {})
            peer.tell("notifications/prompts/list_changed")
            peer.tell("notifications/resources/updated", {"uri": "a:3"})
            peer.tell("notifications/resources/updated", {"uri": "a:1/sub"})  # part of what was subscribed to
            gone = set()
            for _ in range(2):
                request = await peer.take("resources/unsubscribe")
                gone.add(request["params"]["uri"])
                peer.answer(request, {})
            assert gone == {"a:1", "a:2"}

        async def listen() -> Any:
            async with client.listen(tools=True, uris=["a:1", "a:2"]) as changes:
                return await next_of(changes)

        assert await calls(play, listen) == [None, updated("a:1/sub")]


@pytest.mark.parametrize("graceful", [True, False])
async def test_a_server_ends_a_stream_by_its_answer_or_by_cancelling_it(graceful: bool) -> None:
    async with by_hand(revision=MODERN) as (client, peer):

        async def play() -> None:
            request = await peer.take()
            acknowledge(peer, request)
            peer.tell("notifications/tools/list_changed", {"_meta": {SUBSCRIPTION_ID: request["id"]}})
            if graceful:
                peer.answer(request, {"resultType": "complete", "_meta": {SUBSCRIPTION_ID: request["id"]}})
            else:
                peer.tell("notifications/cancelled", {"requestId": request["id"]})

        async def listen() -> Any:
            async with client.listen(tools=True) as changes:
                return [change async for change in changes]

        assert await calls(play, listen) == [None, [TOOLS]]
        await settle()
        assert peer.left == []


async def test_a_server_that_cancels_anything_else_is_not_heeded() -> None:
    async with by_hand(revision=MODERN) as (client, peer):

        async def play() -> None:
            request = await peer.take()
            peer.tell("notifications/cancelled", {"requestId": request["id"]})
            peer.answer(request, {"tools": [], "resultType": "complete", "ttlMs": 0, "cacheScope": "private"})

        outcomes = await calls(play, client.list_tools)
        assert outcomes[1].tools == []


async def test_a_refused_subscription() -> None:
    async with by_hand(revision=MODERN) as (client, peer):

        async def play() -> None:
            peer.refuse(await peer.take(), -32601, "no subscriptions here")

        async def listen() -> None:
            async with client.listen(tools=True):
                raise AssertionError("entered")

        outcomes = await calls(play, listen)
        assert isinstance(outcomes[1], RemoteError)
        assert "no subscriptions here" in str(outcomes[1])


async def test_a_subscription_that_ends_before_it_began() -> None:
    async with by_hand(revision=MODERN) as (client, peer):

        async def play() -> None:
            request = await peer.take()
            peer.answer(request, {"resultType": "complete", "_meta": {SUBSCRIPTION_ID: request["id"]}})

        async def listen() -> None:
            async with client.listen(tools=True):
                raise AssertionError("entered")

        assert isinstance((await calls(play, listen))[1], McpError)


async def test_there_is_a_bound_to_what_nobody_takes() -> None:
    async with by_hand(revision=MODERN) as (client, peer):

        async def play() -> None:
            request = await peer.take()
            acknowledge(peer, request)
            meta = {"_meta": {SUBSCRIPTION_ID: request["id"]}}
            for number in range(20_000):
                peer.tell("notifications/resources/updated", {"uri": f"a:{number}", **meta})
            peer.answer(request, {"resultType": "complete", **meta})

        async def listen() -> int:
            async with client.listen(uris=["a:1"]) as changes:
                await play_done.wait()
                return len([change async for change in changes])

        play_done = anyio.Event()

        async def play_and_say() -> None:
            await play()
            await settle()
            play_done.set()

        assert (await calls(play_and_say, listen))[1] == 16_384


async def test_a_server_that_never_agrees_is_given_up() -> None:
    async with by_hand(revision=MODERN, deadlines=Deadlines(request=0.05)) as (client, peer):

        async def listen() -> None:
            async with client.listen(tools=True):
                raise AssertionError("entered")

        with anyio.fail_after(1):
            assert isinstance((await calls(listen))[0], RequestTimeout)
            request, cancelled = await peer.take(), await peer.take()
        assert cancelled["params"]["requestId"] == request["id"]


async def test_cancelling_while_the_server_has_yet_to_agree() -> None:
    async with by_hand(revision=MODERN) as (client, peer):

        async def listen() -> None:
            async with client.listen(tools=True):
                raise AssertionError("entered")

        async with anyio.create_task_group() as group:
            group.start_soon(listen)
            request = await peer.take()
            group.cancel_scope.cancel()
        with anyio.fail_after(1):
            cancelled = await peer.take()
        assert cancelled["params"]["requestId"] == request["id"]


@pytest.mark.parametrize("reestablish", [False, True])
async def test_a_loss_while_the_server_has_yet_to_agree(reestablish: bool) -> None:
    async with by_hand(revision=MODERN) as (client, peer):

        async def leave() -> None:
            await peer.take()
            await peer.aclose()

        async def listen() -> None:
            async with client.listen(tools=True, reestablish=reestablish):
                raise AssertionError("entered")

        assert isinstance((await calls(leave, listen))[1], ConnectionLost)


@pytest.mark.parametrize("revision", ERAS)
async def test_a_loss_ends_a_subscription_with_what_came_before_it(revision: str) -> None:
    async with by_hand(revision=revision) as (client, peer):

        async def play() -> None:
            stream: dict[str, Any] = {}
            if revision == MODERN:
                request = await peer.take()
                acknowledge(peer, request)
                stream = {"_meta": {SUBSCRIPTION_ID: request["id"]}}
            await settle()
            peer.tell("notifications/tools/list_changed", stream)
            await settle()
            await peer.aclose()

        seen: list[Change] = []

        async def listen() -> None:
            async with client.listen(tools=True) as changes:
                async for change in changes:
                    seen.append(change)  # noqa: PERF401 - a loss is to come

        assert isinstance((await calls(play, listen))[1], ConnectionLost)
        assert seen == [TOOLS]


@pytest.mark.parametrize("revision", ERAS)
async def test_a_restart_makes_subscriptions_again_that_asked_for_it(revision: str) -> None:
    subscribed: list[int] = []

    async def play(peer: Peer) -> None:
        while True:
            message = await peer.take()
            match message["method"]:
                case "server/discover":
                    peer.answer(message, discovered())
                case "initialize":
                    peer.answer(message, initialized())
                case "subscriptions/listen":
                    subscribed.append(message["id"])
                    acknowledge(peer, message, **message["params"]["notifications"])
                    peer.tell(
                        "notifications/resources/updated", {"uri": "a:1", "_meta": {SUBSCRIPTION_ID: message["id"]}}
                    )
                case "resources/subscribe":
                    subscribed.append(message["id"])
                    peer.answer(message, {})
                    peer.tell("notifications/resources/updated", {"uri": "a:1"})
                case "resources/unsubscribe":
                    peer.answer(message, {})
                case _:
                    pass

    target = Fresh(play)
    async with (
        Client(target, revisions=revision) as client,
        client.listen(uris=["a:1"], reestablish=True) as stays,
        client.listen(uris=["a:2"]) as goes,
    ):
        assert await next_of(stays) == updated("a:1")
        await target.peers[0].aclose()
        with pytest.raises(ConnectionLost):
            await all_of(goes)
        with anyio.move_on_after(0.01):
            await next_of(stays)
            raise AssertionError("there is nobody to tell")
        await client.restart()
        assert await next_of(stays) == updated("a:1")
        assert len(subscribed) == 3
    with suppress(ConnectionLost):
        await client.aclose()
