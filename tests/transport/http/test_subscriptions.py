"""Subscriptions whose streams are lost, each a connection of its own."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from mcpstruct.base.errors import ConnectionLost
from tests.session.support import running as at_work
from tests.transport.http.support import SOON, Modern, Seen, connected

pytestmark = pytest.mark.anyio


async def test_nothing_is_left_of_a_subscription_that_rests_between_two_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    rests = anyio.Event()
    sleep = anyio.sleep

    async def resting(seconds: float) -> None:
        rests.set()
        await sleep(seconds)

    monkeypatch.setattr("mcpstruct.client.listening.anyio.sleep", resting)
    peer = Modern()

    async def listen(seen: Seen) -> Any:
        meta = {"io.modelcontextprotocol/subscriptionId": seen.message["id"]}
        stream = await seen.stream()
        await stream.tell("notifications/subscriptions/acknowledged", notifications={}, _meta=meta)
        return stream.response

    peer.on["subscriptions/listen"] = listen
    async with connected(peer) as client, client.listen(tools=True, reestablish=True) as changes:
        with anyio.fail_after(SOON):
            await rests.wait()
        await client.aclose()
        with pytest.raises(ConnectionLost):
            await anext(changes)
        assert await at_work() == []
