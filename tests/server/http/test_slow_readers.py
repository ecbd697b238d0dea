"""Clients that do not read their streams, over HTTP."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest

from mcpstruct import MCPServer
from tests.server.http.conftest import ENVELOPE

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(20)]

URIS = [f"r://{number}/".ljust(20_000, "x") for number in range(10)]


class Reader:
    """An ASGI server for one request, whose client reads when it is let."""

    def __init__(self, method: str, params: dict[str, Any]) -> None:
        self.read = anyio.Event()
        self.streaming = anyio.Event()
        self._body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        self._method = method
        self._data = b""
        self._more = anyio.Event()

    async def ask(self, app: Any) -> None:
        fields = {
            "host": "localhost",
            "content-type": "application/json",
            "accept": "application/json, text/event-stream",
            "mcp-protocol-version": "2026-07-28",
            "mcp-method": self._method,
        }
        headers = [(name.encode(), value.encode()) for name, value in fields.items()]
        scope = {"type": "http", "method": "POST", "path": "/mcp", "query_string": b"", "headers": headers}
        await app(scope, self._receive, self._send)

    async def _receive(self) -> dict[str, Any]:
        body, self._body = self._body, b""
        if not body:
            await anyio.sleep_forever()
        return {"type": "http.request", "body": body, "more_body": False}

    async def _send(self, event: dict[str, Any]) -> None:
        self.streaming.set()
        await self.read.wait()
        self._data += event.get("body", b"")
        self._more.set()

    @property
    def messages(self) -> list[Any]:
        """What has been read so far."""
        return [json.loads(line[6:]) for line in self._data.decode().split("\n") if line.startswith("data: {")]

    async def until(self, count: int) -> list[Any]:
        """Wait until so many messages have been read."""
        with anyio.fail_after(5):
            while len(self.messages) < count:
                self._more = anyio.Event()
                await self._more.wait()
        return self.messages


async def test_changes_that_a_stream_has_not_read_are_told_once() -> None:
    server = MCPServer()
    app = server.http_app()
    wanted = {"toolsListChanged": True, "resourceSubscriptions": URIS}
    slow = Reader("subscriptions/listen", {"_meta": ENVELOPE, "notifications": wanted})
    async with anyio.create_task_group() as group:
        group.start_soon(slow.ask, app)
        with anyio.fail_after(5):
            await slow.streaming.wait()
        for number in range(100):  # 20 MB, where 4 have a client taken for gone
            for uri in URIS:
                server.resource_updated(uri)
            server.add_tool(lambda: "", name=f"t{number}")
        slow.read.set()
        told = (await slow.until(12))[1:]
        assert sorted(m["params"]["uri"] for m in told if "uri" in m["params"]) == URIS
        assert [m["method"] for m in told if "uri" not in m["params"]] == ["notifications/tools/list_changed"]
        server.resource_updated(URIS[3])
        assert (await slow.until(13))[-1]["params"]["uri"] == URIS[3]
        await app.aclose()
