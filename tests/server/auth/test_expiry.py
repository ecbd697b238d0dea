"""Streams that are open when the token ends that they were opened with."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import anyio
import pytest

from mcpstruct import Client
from mcpstruct.client.auth import Bearer
from mcpstruct.server import Context, MCPServer
from mcpstruct.server.auth import Principal, ResourceServer
from tests.server.auth.support import ISSUER, RESOURCE
from tests.server.http.conftest import COMMON, ENVELOPE
from tests.support.http import serving

pytestmark = pytest.mark.anyio
SOON = 0.4
LISTEN = {
    "jsonrpc": "2.0",
    "id": 5,
    "method": "subscriptions/listen",
    "params": {"notifications": {"toolsListChanged": True}, "_meta": ENVELOPE},
}
MODERN = {**COMMON, "mcp-protocol-version": "2026-07-28"}
LISTENING = {**MODERN, "mcp-method": "subscriptions/listen"}
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "raw", "version": "1"},
    },
}


class Tokens:
    """Gives out tokens, and knows which of them are good."""

    def __init__(self) -> None:
        self.ends: dict[str, float | None] = {}
        self.given = 0

    def new(self, seconds: float | None = SOON) -> str:
        self.given += 1
        token = f"token-{self.given}"
        self.ends[token] = None if seconds is None else time.time() + seconds
        return token

    def header(self, seconds: float | None = SOON) -> dict[str, str]:
        return {"authorization": f"Bearer {self.new(seconds)}"}

    def verify(self, token: str) -> Principal | None:
        return Principal(subject="ada", expires_at=self.ends[token]) if token in self.ends else None

    def guard(self, leeway: float = 0.0) -> ResourceServer:
        return ResourceServer(ISSUER, RESOURCE, (), self.verify, leeway=leeway)


class Gate:
    """A tool that reports once it began, and waits until it may go on."""

    def __init__(self) -> None:
        self.server = MCPServer("files", version="1")
        self.opened = anyio.Event()

        @self.server.tool()
        async def slow(ctx: Context[Any]) -> str:
            await ctx.report_progress(1, 2)
            await self.opened.wait()
            return "done"


@asynccontextmanager
async def guarded(auth: ResourceServer, server: MCPServer, **options: Any) -> AsyncIterator[tuple[Any, str]]:
    with anyio.fail_after(10):
        async with serving(server, auth=auth, **options) as base, aiohttp.ClientSession() as session:
            yield session, base


def messages_of(data: bytes) -> list[Any]:
    lines = data.decode().splitlines()
    return [json.loads(line[6:]) for line in lines if line.startswith("data: {")]


async def test_a_stream_of_subscriptions_ends_with_an_answer() -> None:
    tokens, server = Tokens(), Gate().server
    async with guarded(tokens.guard(), server) as (session, base):
        async with session.post(base + "/mcp", json=LISTEN, headers={**LISTENING, **tokens.header()}) as stream:
            acknowledged, answer = messages_of(await stream.read())
        assert acknowledged["method"] == "notifications/subscriptions/acknowledged"
        assert answer["id"] == 5
        assert answer["result"]["_meta"] == {"io.modelcontextprotocol/subscriptionId": 5}
        server.tools.remove("slow")  # nobody is left to be told


@pytest.mark.parametrize("seconds", [None, 100.0])
async def test_a_token_that_lasts(seconds: float | None) -> None:
    tokens, server = Tokens(), Gate().server
    async with guarded(tokens.guard(), server) as (session, base):
        lasting = session.post(base + "/mcp", json=LISTEN, headers={**LISTENING, **tokens.header(seconds)})
        short = session.post(base + "/mcp", json=LISTEN, headers={**LISTENING, **tokens.header()})
        async with lasting as stream:
            acknowledged = [await stream.content.readline(), await stream.content.readline()]
            assert b"acknowledged" in b"".join(acknowledged)
            async with short as other:
                await other.read()
            server.tools.remove("slow")
            while "list_changed" not in (line := (await stream.content.readline()).decode()):
                assert "result" not in line


async def test_clocks_may_differ() -> None:
    """A token that is let in for a while after it ended opens no stream that ends at once: who lets it in, waits."""
    tokens = Tokens()
    began = time.monotonic()
    async with (
        guarded(tokens.guard(5.5), Gate().server) as (session, base),
        session.post(base + "/mcp", json=LISTEN, headers={**LISTENING, **tokens.header(-5.0)}) as stream,
    ):
        assert len(messages_of(await stream.read())) == 2
    assert time.monotonic() - began > 0.4


async def opened(session: Any, base: str, tokens: Tokens) -> dict[str, str]:
    async with session.post(base + "/mcp", json=HELLO, headers={**COMMON, **tokens.header(100)}) as answer:
        sid = answer.headers["mcp-session-id"]
    headers = {**COMMON, "mcp-session-id": sid, "mcp-protocol-version": "2025-11-25"}
    told = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    async with session.post(base + "/mcp", json=told, headers={**headers, **tokens.header(100)}) as answer:
        assert answer.status == 202
    return headers


async def test_the_stream_of_a_session_closes_and_the_session_stays() -> None:
    tokens, server = Tokens(), Gate().server
    async with guarded(tokens.guard(), server) as (session, base):
        headers = await opened(session, base, tokens)
        ending = {**headers, **tokens.header()}
        async with session.get(base + "/mcp", headers=ending) as stream:
            came = await stream.read()
        last = came.decode().split("id: ")[-1].split()[0]
        server.tools.remove("slow")
        async with session.get(base + "/mcp", headers={**ending, "last-event-id": last}) as refused:
            assert refused.status == 401
        again = {**headers, **tokens.header(), "last-event-id": last}
        async with session.get(base + "/mcp", headers=again) as stream:
            assert [m["method"] for m in messages_of(await stream.read())] == ["notifications/tools/list_changed"]


async def test_a_call_in_a_session_goes_on_and_its_client_comes_back() -> None:
    tokens, gate = Tokens(), Gate()
    async with guarded(tokens.guard(), gate.server) as (session, base):
        headers = await opened(session, base, tokens)
        params = {"name": "slow", "_meta": {"progressToken": 1}}
        call = {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params}
        async with session.post(base + "/mcp", json=call, headers={**headers, **tokens.header()}) as stream:
            came = (await stream.read()).decode()
        assert "retry: " in came
        assert [m["method"] for m in messages_of(came.encode())] == ["notifications/progress"]
        gate.opened.set()
        last = [line[4:] for line in came.splitlines() if line.startswith("id: ")][-1]
        again = {**headers, **tokens.header(), "last-event-id": last}
        async with session.get(base + "/mcp", headers=again) as stream:
            (answer,) = messages_of(await stream.read())
        assert answer["result"]["content"][0]["text"] == "done"


async def test_a_call_that_was_let_in_is_answered() -> None:
    tokens, gate = Tokens(), Gate()
    async with guarded(tokens.guard(), gate.server) as (session, base):
        meta = {**ENVELOPE, "progressToken": 1}
        call = {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "slow", "_meta": meta}}
        named = {**MODERN, "mcp-method": "tools/call", "mcp-name": "slow"}
        async with session.post(base + "/mcp", json=call, headers={**named, **tokens.header()}) as stream:
            assert stream.status == 200
            async with session.post(base + "/mcp", json=LISTEN, headers={**LISTENING, **tokens.header()}) as other:
                await other.read()  # ends later than the token of the call
            gate.opened.set()
            assert messages_of(await stream.read())[-1]["result"]["content"][0]["text"] == "done"


async def test_the_stream_of_2024_11_05_ends_with_the_last_token_that_came() -> None:
    tokens, server = Tokens(), Gate().server
    async with guarded(tokens.guard(), server, http_sse=True) as (session, base):
        began = time.monotonic()
        async with session.get(base + "/sse", headers={"accept": "text/event-stream", **tokens.header()}) as stream:
            await stream.content.readline()
            address = (await stream.content.readline()).decode().removeprefix("data: ").strip()
            ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
            for seconds in (SOON + 0.5, 0.1):
                async with session.post(base + address, json=ping, headers=tokens.header(seconds)) as answer:
                    assert answer.status == 202
            await stream.read()
        assert time.monotonic() - began > SOON + 0.4
        async with session.post(base + address, json=ping, headers=tokens.header()) as answer:
            assert answer.status == 404


async def test_a_client_takes_another_token_for_the_stream_of_its_session() -> None:
    tokens, server, again = Tokens(), Gate().server, anyio.Event()

    def fetch() -> str:
        if tokens.given:
            again.set()
        return tokens.new(SOON if tokens.given == 0 else 100)

    with anyio.fail_after(10):
        async with (
            serving(server, auth=tokens.guard()) as base,
            Client(base + "/mcp", auth=Bearer(fetch), revisions="2025-11-25") as client,
            client.listen(tools=True) as changes,
        ):
            await again.wait()
            server.tools.remove("slow")
            assert (await anext(changes)).method == "notifications/tools/list_changed"


async def test_a_subscription_of_a_client_ends_and_the_next_has_another_token() -> None:
    tokens, server = Tokens(), Gate().server
    with anyio.fail_after(10):
        async with (
            serving(server, auth=tokens.guard()) as base,
            Client(base + "/mcp", auth=Bearer(tokens.new), revisions="2026-07-28") as client,
        ):
            async with client.listen(tools=True) as changes:
                assert [change async for change in changes] == []
            async with client.listen(tools=True) as changes:
                server.tools.remove("slow")
                assert (await anext(changes)).method == "notifications/tools/list_changed"
            assert tokens.given == 2
