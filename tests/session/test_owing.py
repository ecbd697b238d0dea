"""A request that waits while this side owes the peer an answer."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from mcpstruct.base.errors import RequestTimeout
from mcpstruct.session.outgoing import Outgoing
from tests.session.support import SOON, by_hand

pytestmark = pytest.mark.anyio


async def test_a_deadline_of_zero_while_the_peer_waits_for_us_is_no_busy_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    looks, usual = 0, Outgoing._expired

    def counted(self: Outgoing, pending: Any) -> None:
        nonlocal looks
        looks += 1
        usual(self, pending)

    monkeypatch.setattr(Outgoing, "_expired", counted)
    asked, go = anyio.Event(), anyio.Event()

    async def fill_in(params: Any) -> None:
        asked.set()
        await go.wait()

    async with by_hand(on_elicitation=fill_in) as (client, peer), anyio.create_task_group() as group:
        schema: dict[str, Any] = {"type": "object", "properties": {}}
        peer.request(1, "elicitation/create", {"message": "x", "requestedSchema": schema})
        await asked.wait()

        async def ping() -> None:
            with pytest.raises(RequestTimeout):
                await client.ping(timeout=0)
            over.set()

        over = anyio.Event()
        group.start_soon(ping)
        with anyio.move_on_after(0.3):
            await over.wait()
        assert not over.is_set()
        go.set()
        with anyio.fail_after(SOON):
            await over.wait()
    assert looks < 20
