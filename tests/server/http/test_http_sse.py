"""The transport of 2024-11-05."""

from __future__ import annotations

import json
from collections.abc import MutableMapping
from typing import Any

import aiohttp
import anyio
import pytest

from mcpstruct.server import Context, MCPServer
from tests.support.http import serving

pytestmark = pytest.mark.anyio


def make_server() -> MCPServer:
    server = MCPServer("demo", version="1")

    @server.tool()
    async def steps(ctx: Context[Any]) -> str:
        await ctx.report_progress(1, 2)
        return "done"

    return server


async def test_a_conversation() -> None:
    server = make_server()
    async with serving(server, http_sse=True) as base, aiohttp.ClientSession() as session:
        with anyio.fail_after(10):
            async with session.get(base + "/sse", headers={"accept": "text/event-stream"}) as stream:
                lines = aiter(stream.content)

                async def event() -> tuple[str, str]:
                    kind = (await anext(lines)).decode().removeprefix("event: ").strip()
                    data = (await anext(lines)).decode().removeprefix("data: ").strip()
                    assert (await anext(lines)) == b"\n"
                    return kind, data

                kind, address = await event()
                assert (kind, address[:10]) == ("endpoint", "/messages?")

                async def post(message: Any) -> None:
                    async with session.post(base + address, json={"jsonrpc": "2.0", **message}) as answer:
                        assert (answer.status, await answer.read()) == (202, b"")

                about = {
                    "protocolVersion": "2024-11-05",
                    "capabilities": {},
                    "clientInfo": {"name": "x", "version": "1"},
                }
                await post({"id": 1, "method": "initialize", "params": about})
                kind, data = await event()
                assert kind == "message"
                assert json.loads(data)["result"]["protocolVersion"] == "2024-11-05"
                await post({"method": "notifications/initialized"})
                call = {"name": "steps", "arguments": {}, "_meta": {"progressToken": 7}}
                await post({"id": 2, "method": "tools/call", "params": call})
                assert json.loads((await event())[1])["method"] == "notifications/progress"
                assert json.loads((await event())[1])["id"] == 2
            while any(c.session for c in server.connections):
                await anyio.wait_all_tasks_blocked()
            async with session.post(base + address, json={"jsonrpc": "2.0", "id": 3, "method": "ping"}) as answer:
                assert answer.status == 404


async def test_it_is_there_only_where_it_is_asked_for() -> None:
    async with (
        serving(make_server()) as base,
        aiohttp.ClientSession() as session,
        session.get(base + "/sse") as answer,
    ):
        assert answer.status == 404
    async with serving(make_server(), http_sse=True) as base, aiohttp.ClientSession() as session:
        for verb, path, status in (("POST", "/sse", 405), ("GET", "/messages", 405), ("PUT", "/messages", 405)):
            async with session.request(verb, base + path) as answer:
                assert answer.status == status
        async with session.post(base + "/messages?sessionId=x", json={}) as answer:
            assert answer.status == 404


@pytest.mark.parametrize(
    ("root", "address"),
    [
        ("", "/messages"),
        ("/api", "/api/messages"),
        ("/api/", "/api/messages"),
        ("/ä b/c?d#e%2", "/%C3%A4%20b/c%3Fd%23e%252/messages"),
        ("/a\nevent: x\r", "/a%0Aevent%3A%20x%0D/messages"),
        ("//elsewhere.example", "/elsewhere.example/messages"),
    ],
)
async def test_messages_go_below_the_prefix_whatever_is_in_its_name(root: str, address: str) -> None:
    app = make_server().http_app(http_sse=True)
    sent: list[Any] = []
    told, gone = anyio.Event(), anyio.Event()

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(event: MutableMapping[str, Any]) -> None:
        sent.append(event)
        if event.get("body"):
            told.set()

    scope = {"type": "http", "method": "GET", "path": root.rstrip("/") + "/sse", "root_path": root, "query_string": b""}
    headers = [(b"host", b"localhost"), (b"accept", b"text/event-stream")]
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(app, {**scope, "headers": headers}, receive, send)
            await told.wait()
            gone.set()
    await app.aclose()
    assert sent[1]["body"].startswith(f"event: endpoint\ndata: {address}?sessionId=".encode())
