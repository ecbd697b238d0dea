"""Two ends in one process: whoever waits for room stops waiting once there will be none."""

from __future__ import annotations

import anyio
import pytest

from mcpstruct.base.errors import ConnectionLost
from mcpstruct.transport.pair import PairTransport, transport_pair
from tests.transport.support import MODERATE, Recorder

pytestmark = pytest.mark.anyio
MUCH = b"x" * (2 * 1024 * 1024)


async def stuck() -> tuple[PairTransport, PairTransport]:
    """Two ends, the first of which has sent more than the second takes."""
    one, two = transport_pair()
    await one.open(Recorder())
    await two.open(Recorder())
    two.pause()
    one.send(MUCH)
    assert one.congested
    return one, two


@pytest.mark.parametrize("closes", ["this end", "the other end"])
async def test_waiting_for_room_ends_with_the_connection(closes: str) -> None:
    one, two = await stuck()
    drained = anyio.Event()

    async def drain() -> None:
        await one.drain()
        drained.set()

    async with anyio.create_task_group() as group:
        group.start_soon(drain)
        await anyio.wait_all_tasks_blocked()
        await (one if closes == "this end" else two).aclose()
        with anyio.fail_after(MODERATE):
            await drained.wait()
    assert not one.congested


async def test_nobody_waits_for_room_at_an_end_that_is_closed() -> None:
    one, two = await stuck()
    one.pause()
    two.send(MUCH)  # which keeps the first end from learning of the loss
    await two.aclose()
    assert not one.congested
    with anyio.fail_after(MODERATE):
        await one.drain()
    with pytest.raises(ConnectionLost):
        one.send(b"{}")
