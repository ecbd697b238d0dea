"""Who leaves asks nobody for the right to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import anyio
import pytest

from mcpstruct.base.errors import ProtocolViolation
from mcpstruct.client import Client
from mcpstruct.transport.http import HttpRequest, HttpServer
from tests.transport.http.support import (
    BRISK,
    SOON,
    Flag,
    Legacy,
    Modern,
    Seen,
    answer,
    connected,
    initialized,
    running,
)

pytestmark = pytest.mark.anyio


class Login:
    """Asks the user for another right whenever one is refused."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.asked = 0

    async def authorize(self, request: HttpRequest) -> None:
        self.sent.append(request.method)
        request.headers["authorization"] = f"Bearer {self.asked}"

    async def refused(self, request: HttpRequest, status: int, headers: Mapping[str, str]) -> bool:
        self.asked += 1
        return True


@pytest.mark.parametrize("status", [401, 403])
async def test_the_end_of_a_session_is_no_reason_to_log_in(status: int) -> None:
    peer, auth = Legacy(session="s-1"), Login()
    peer.on["DELETE"] = answer(status, WWW_Authenticate="Bearer")
    async with running(peer):
        with anyio.fail_after(2 * SOON):
            async with Client(HttpServer(peer.url, auth=auth), verdicts={}, deadlines=BRISK) as client:
                await client.list_tools()
    assert [seen.headers["Authorization"] for seen in peer.of("DELETE")] == ["Bearer 0"]
    assert (auth.sent[-1], auth.asked) == ("DELETE", 0)


async def test_nor_is_a_message_that_is_on_its_way_at_the_end() -> None:
    peer, auth, closing = Legacy(session="s-1"), Login(), Flag()

    async def refuse(seen: Seen) -> Any:
        await closing.wait_there()
        return seen.status(401, WWW_Authenticate="Bearer")

    peer.on["notifications/cancelled"] = refuse
    async with running(peer):
        with anyio.fail_after(2 * SOON):
            client = await Client(HttpServer(peer.url, auth=auth), verdicts={}, deadlines=BRISK).connect()
            peer.on["tools/call"] = hanging
            with anyio.move_on_after(0.1):
                await client.call_tool("echo")
            await peer.take("notifications/cancelled")
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(client.aclose)
                await anyio.wait_all_tasks_blocked()
                closing.set()
    assert peer.of("DELETE")
    assert auth.asked == 0


async def hanging(seen: Seen) -> Any:
    return await (await seen.stream()).until_gone()


async def test_a_session_that_cannot_begin_leaves_no_stream_open() -> None:
    """Other clients may go on to use the same connections."""
    peer, other = Legacy(), Modern()

    async def initialize(seen: Seen) -> Any:
        stream = await seen.stream(headers={"mcp-session-id": "no such thing"})
        await stream.result(initialized())
        return await stream.until_gone()

    peer.on["initialize"] = initialize
    async with connected(other), running(peer):
        with anyio.fail_after(2 * SOON):
            with pytest.raises(ProtocolViolation):
                await Client(peer.target, verdicts={}, deadlines=BRISK).connect()
            await peer.of("initialize")[0].gone.wait()
