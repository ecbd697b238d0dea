"""Reports to a client that does not read: awaiting them has the deadline of everything else that is sent."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from mcpstruct import Context, MCPServer
from mcpstruct.base.errors import RequestTimeout
from mcpstruct.base.limits import Deadlines
from mcpstruct_bindings.merged.methods import LOGGING_MESSAGE
from mcpstruct_bindings.merged.types import LoggingMessageNotificationParams
from tests.session.support import SOON, served, stamped

pytestmark = pytest.mark.anyio
MUCH = "x" * 400_000


async def log(ctx: Context[Any], number: int) -> None:
    await ctx.info(MUCH)


async def progress(ctx: Context[Any], number: int) -> None:
    await ctx.report_progress(number, message=MUCH)


async def notification(ctx: Context[Any], number: int) -> None:
    await ctx.session.send_notification(LOGGING_MESSAGE, LoggingMessageNotificationParams(level="info", data=MUCH))


@pytest.mark.parametrize("report", [log, progress, notification])
async def test_awaiting_a_report_that_nobody_reads_has_an_end(report: Any) -> None:
    server = MCPServer("talker", deadlines=Deadlines(request=0.1))
    caught: list[RequestTimeout] = []
    given_up = anyio.Event()

    @server.tool()
    async def talk(ctx: Context[Any]) -> str:
        for number in range(10):
            try:
                await report(ctx, number)
            except RequestTimeout as error:
                caught.append(error)
                given_up.set()
                break
        return "said"

    async with served(server) as peer:
        peer.transport.pause()
        meta = {"progressToken": "p", "io.modelcontextprotocol/logLevel": "debug"}
        peer.request(1, "tools/call", stamped(name="talk", arguments={}, _meta=meta))
        with anyio.fail_after(SOON):
            await given_up.wait()
        peer.transport.resume()
        await peer.until(lambda: peer.heard and "result" in peer.heard[-1])
    name = "notifications/progress" if report is progress else "notifications/message"
    assert str(caught[0]) == f"{name} could not be sent within 0.1 s"


async def test_a_report_that_is_not_awaited_waits_for_nobody() -> None:
    server = MCPServer("talker")

    @server.tool()
    async def talk(ctx: Context[Any]) -> str:
        for _ in range(10):
            ctx.info(MUCH)
        return "said"

    async with served(server) as peer:
        peer.transport.pause()
        meta = {"io.modelcontextprotocol/logLevel": "debug"}
        peer.request(1, "tools/call", stamped(name="talk", arguments={}, _meta=meta))
        await anyio.wait_all_tasks_blocked()
        peer.transport.resume()
        await peer.until(lambda: peer.heard and "result" in peer.heard[-1])
    assert len(peer.heard) == 11
