"""Streams that stay open have places of their own, and take none from calls."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import anyio
import pytest

from mcpstruct import Limits
from mcpstruct.server import MCPServer
from mcpstruct.server.http import HttpOptions
from tests.support.http import serving

from .conftest import COMMON, ENVELOPE, Raw, raw

pytestmark = pytest.mark.anyio
SOON = 5.0


def make_server(**options: Any) -> MCPServer:
    server = MCPServer("demo", version="1", **options)

    @server.tool()
    async def quick() -> str:
        return "done"

    return server


def another() -> None:
    """A tool that comes late."""


@asynccontextmanager
async def listening(client: Raw) -> AsyncGenerator[Callable[[bytes], Awaitable[None]]]:
    """A stream of changes; gives what reads the next line of it."""
    params = {"notifications": {"toolsListChanged": True}, "_meta": ENVELOPE}
    body = {"jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen", "params": params}
    headers = {**COMMON, "mcp-protocol-version": "2026-07-28", "mcp-method": "subscriptions/listen"}
    async with client.session.post(client.url, json=body, headers=headers) as response:

        async def heard(what: bytes) -> None:
            with anyio.fail_after(SOON):
                async for line in response.content:
                    if what in line:
                        return

        await heard(b"acknowledged")
        yield heard


async def test_listeners_take_no_places_from_calls() -> None:
    server = make_server(limits=Limits(max_in_flight=1, max_queue=0))
    async with serving(server, max_listeners=3) as base, raw(base) as client, AsyncExitStack() as streams:
        listeners = [await streams.enter_async_context(listening(client)) for _ in range(3)]
        called = await client.modern("tools/call", {"name": "quick", "arguments": {}})
        assert called.json["result"]["content"][0]["text"] == "done"
        server.add_tool(another)
        for heard in listeners:
            await heard(b"tools/list_changed")


async def test_no_more_listeners_than_are_allowed() -> None:
    server = make_server()
    async with serving(server, max_listeners=1) as base, raw(base) as client:
        async with listening(client):
            refused = await client.modern("subscriptions/listen", {"notifications": {}}, request_id=7)
            assert (refused.json["id"], refused.json["error"]["code"]) == (7, -32603)
            assert (await client.modern("tools/list")).status == 200
        with anyio.fail_after(SOON):
            while any(connection.core.received_requests for connection in server.connections):
                await anyio.wait_all_tasks_blocked()
        async with listening(client):
            pass


async def test_streams_end_in_good_order_with_the_server() -> None:
    server = make_server()
    app = server.http_app()
    async with serving(app) as base, raw(base) as client, listening(client) as heard:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server.stop)
            await heard(b'"resultType":"complete"')
        assert not server.connections


def test_how_many_there_may_be() -> None:
    assert HttpOptions().max_listeners < Limits().max_in_flight
