"""A server over a real socket, and a client that knows HTTP and nothing else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import aiohttp
import pytest

ENVELOPE = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "raw", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
COMMON = {"accept": "application/json, text/event-stream", "content-type": "application/json"}


@pytest.fixture
def anyio_backend() -> str:
    """The servers of these tests run on asyncio."""
    return "asyncio"


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> list[dict[str, str]]:
        """The events of a stream that ended, fields as they came."""
        events = []
        for block in self.body.decode().split("\n\n"):
            lines = [line.split(": ", 1) for line in block.splitlines() if line and not line.startswith(":")]
            if lines:
                events.append({name: rest[0] if rest else "" for name, *rest in lines})
        return events

    @property
    def messages(self) -> list[Any]:
        """The messages of a stream that ended."""
        return [json.loads(event["data"]) for event in self.events if event.get("data")]


class Raw:
    """Sends what it is told to."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session = session
        self.url = url
        self.sid: str | None = None
        self.version = "2025-11-25"

    async def send(self, verb: str, body: Any = None, headers: Mapping[str, str | None] | None = None) -> Answer:
        """Any request; a header of None is left out."""
        data = body if isinstance(body, bytes | type(None)) else json.dumps(body).encode()
        sent = {k: v for k, v in {**COMMON, **(headers or {})}.items() if v is not None}
        async with self.session.request(verb, self.url, data=data, headers=sent) as response:
            return Answer(response.status, response.headers, await response.read())

    async def modern(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        meta: Mapping[str, Any] | None = None,
        headers: Mapping[str, str | None] | None = None,
        request_id: Any = 1,
    ) -> Answer:
        """A request of the modern era, its headers in order unless said otherwise."""
        params = dict(params or {})
        name = params.get("name") or params.get("uri")
        params["_meta"] = {k: v for k, v in {**ENVELOPE, **(meta or {})}.items() if v is not None}
        sent: dict[str, str | None] = {"mcp-protocol-version": "2026-07-28", "mcp-method": method}
        if name is not None:
            sent["mcp-name"] = name
        body = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}
        return await self.send("POST", body, {**sent, **(headers or {})})

    @property
    def session_headers(self) -> dict[str, str]:
        assert self.sid is not None
        return {"mcp-session-id": self.sid, "mcp-protocol-version": self.version}

    async def initialize(self, version: str = "2025-11-25", capabilities: Mapping[str, Any] | None = None) -> Answer:
        """Open a session."""
        self.version = version
        params = {
            "protocolVersion": version,
            "capabilities": capabilities or {},
            "clientInfo": {"name": "raw", "version": "1"},
        }
        answer = await self.send("POST", {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params})
        self.sid = answer.headers.get("mcp-session-id")
        if self.sid is not None:
            await self.legacy_notify("notifications/initialized")
        return answer

    async def legacy(self, method: str, params: Any = None, *, request_id: Any = 1) -> Answer:
        """A request in the session."""
        body = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params or {}}
        return await self.send("POST", body, self.session_headers)

    async def legacy_notify(self, method: str, params: Any = None) -> Answer:
        """A notification in the session."""
        return await self.send(
            "POST", {"jsonrpc": "2.0", "method": method, "params": params or {}}, self.session_headers
        )


@asynccontextmanager
async def raw(base: str, path: str = "/mcp") -> AsyncIterator[Raw]:
    """A client of a server."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as session:
        yield Raw(session, base + path)
