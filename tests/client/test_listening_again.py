"""Subscriptions that are made again after a restart, and those of the legacy era that are undone."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from mcpstruct.base.errors import ConnectionLost, RemoteError
from mcpstruct.client import Change, Client
from tests.client.test_listening_wire import SUBSCRIPTION_ID, acknowledge, next_of
from tests.session.support import MODERN, SOON, Fresh, Peer, by_hand, calls, discovered, settle

pytestmark = pytest.mark.anyio
TOOLS = Change("notifications/tools/list_changed", None)
PROMPTS = Change("notifications/prompts/list_changed", None)


class Restarted:
    """A modern server that is connected to several times; each connection answers subscriptions in its own way."""

    def __init__(self, *ways: Any) -> None:
        self.ways = list(ways)
        self.target = Fresh(self._play)

    async def _play(self, peer: Peer) -> None:
        way = self.ways[len(self.target.peers) - 1]
        while True:
            message = await peer.take()
            if message["method"] == "server/discover":
                peer.answer(message, discovered())
            elif message["method"] == "subscriptions/listen":
                await way(peer, message)


async def agree(peer: Peer, message: Any) -> None:
    """Agree, and tell of everything at once."""
    acknowledge(peer, message, **message["params"]["notifications"])
    for kind in ("tools", "prompts"):
        if f"{kind}ListChanged" in message["params"]["notifications"]:
            peer.tell(f"notifications/{kind}/list_changed", {"_meta": {SUBSCRIPTION_ID: message["id"]}})


async def test_a_restart_makes_the_others_again_where_one_is_refused() -> None:
    async def agree_to_prompts(peer: Peer, message: Any) -> None:
        if "toolsListChanged" in message["params"]["notifications"]:
            peer.refuse(message, -32603, "no more of these")
        else:
            await agree(peer, message)

    server = Restarted(agree, agree_to_prompts, agree)
    async with (
        Client(server.target, revisions=MODERN) as client,
        client.listen(tools=True, reestablish=True) as refused,
        client.listen(prompts=True, reestablish=True) as stays,
    ):
        assert [await next_of(refused), await next_of(stays)] == [TOOLS, PROMPTS]
        with anyio.fail_after(SOON):
            await client.restart()
        assert await next_of(stays) == PROMPTS
        with pytest.raises(RemoteError, match="no more of these"):
            await next_of(refused)
        with anyio.fail_after(SOON):
            await client.restart()
        assert await next_of(stays) == PROMPTS
        with pytest.raises(RemoteError, match="no more of these"):
            await next_of(refused)


async def test_a_restart_that_does_not_last_leaves_subscriptions_to_the_next() -> None:
    async def leave(peer: Peer, message: Any) -> None:
        await peer.aclose()

    server = Restarted(agree, leave, agree)
    async with (
        Client(server.target, revisions=MODERN) as client,
        client.listen(tools=True, reestablish=True) as one,
        client.listen(prompts=True, reestablish=True) as two,
    ):
        assert [await next_of(one), await next_of(two)] == [TOOLS, PROMPTS]

        async def restart() -> None:
            with pytest.raises(ConnectionLost):
                await client.restart()
            await settle()
            await client.restart()

        assert await calls(restart, lambda: next_of(one), lambda: next_of(two)) == [None, TOOLS, PROMPTS]


async def test_one_that_the_server_ends_as_it_leaves_is_made_again() -> None:
    async def leave_in_order(peer: Peer, message: Any) -> None:
        await agree(peer, message)
        peer.answer(message, {"resultType": "complete", "_meta": {SUBSCRIPTION_ID: message["id"]}})
        await peer.aclose()

    server = Restarted(leave_in_order, agree)
    async with (
        Client(server.target, revisions=MODERN) as client,
        client.listen(tools=True, reestablish=True) as changes,
    ):
        assert await next_of(changes) == TOOLS

        async def restart() -> None:
            await settle()
            await client.restart()

        assert await calls(restart, lambda: next_of(changes)) == [None, TOOLS]


# -- resources of the legacy era --------------------------------------------------------------------------------------


async def test_what_was_subscribed_to_is_undone_where_the_rest_is_refused() -> None:
    async with by_hand() as (client, peer):

        async def play() -> None:
            peer.answer(await peer.take("resources/subscribe"), {})  # a:1, for the outer one
            for _ in ("a:1", "a:2"):
                peer.answer(await peer.take("resources/subscribe"), {})
            peer.refuse(await peer.take("resources/subscribe"), -32602, "no a:3 here")
            undone = await peer.take("resources/unsubscribe")
            assert undone["params"]["uri"] == "a:2"
            peer.answer(undone, {})
            undone = await peer.take("resources/unsubscribe")
            assert undone["params"]["uri"] == "a:1"  # now that the outer one leaves it
            peer.answer(undone, {})

        async def listen() -> None:
            async with client.listen(uris=["a:1"]):
                with pytest.raises(RemoteError, match="no a:3 here"):
                    async with client.listen(uris=["a:1", "a:2", "a:3", "a:4"]):
                        raise AssertionError("entered")
                await settle()

        assert await calls(play, listen) == [None, None]
        assert peer.left == []


@pytest.mark.parametrize("own_error", [True, False])
@pytest.mark.parametrize("refuses", [True, False])
async def test_leaving_raises_nothing_of_its_own(refuses: bool, own_error: bool) -> None:
    async with by_hand() as (client, peer):

        async def play() -> None:
            for _ in ("a:1", "a:2"):
                peer.answer(await peer.take("resources/subscribe"), {})
            request = await peer.take("resources/unsubscribe")
            if refuses:
                peer.refuse(request, -32603)
                peer.refuse(await peer.take("resources/unsubscribe"), -32601)
            else:
                await peer.aclose()

        async def listen() -> None:
            async with client.listen(uris=["a:1", "a:2"]):
                if own_error:
                    raise KeyError("mine")

        outcomes = await calls(play, listen)
        assert outcomes[0] is None
        assert isinstance(outcomes[1], KeyError) == own_error
        assert own_error or outcomes[1] is None


async def test_leaving_waits_until_the_server_has_been_told() -> None:
    async with by_hand() as (client, peer):
        answered: list[str] = []

        async def play() -> None:
            peer.answer(await peer.take("resources/subscribe"), {})
            request = await peer.take("resources/unsubscribe")
            await settle()
            answered.append(request["params"]["uri"])
            peer.answer(request, {})

        async def listen() -> list[str]:
            async with client.listen(uris=["a:1"]):
                pass
            return answered

        assert await calls(play, listen) == [None, ["a:1"]]


async def test_leaving_in_a_hurry_still_unsubscribes() -> None:
    async with by_hand() as (client, peer):
        async with anyio.create_task_group() as group:

            async def listen() -> None:
                async with client.listen(uris=["a:1", "a:2"]):
                    await anyio.sleep_forever()

            group.start_soon(listen)
            for _ in ("a:1", "a:2"):
                peer.answer(await peer.take("resources/subscribe"), {})
            await settle()
            group.cancel_scope.cancel()
        for uri in ("a:1", "a:2"):
            request = await peer.take()
            assert (request["method"], request["params"]["uri"]) == ("resources/unsubscribe", uri)
            peer.answer(request, {})
