"""The HTTP+SSE of 2024-11-05, which a client falls back to."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest
from aiohttp import web

from mcpstruct.base.errors import ConnectFailed, ConnectionLost, HttpError
from mcpstruct.client import Client
from tests.transport.http.support import BRISK, SOON, Flag, Peer, Seen, Stream, answer, initialized, running, text_of

pytestmark = pytest.mark.anyio
OLD = "2024-11-05"


class Old(Peer):
    """A server of 2024-11-05: one stream, and a URL of its own for messages."""

    def __init__(self, endpoint: str = "/messages?session=1", status: int = 405) -> None:
        super().__init__()
        self.streams: list[Stream] = []
        self.endpoint = endpoint
        self.end = Flag()
        self.refusal = status

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        seen = Seen(request, await request.read(), None)
        seen.message = json.loads(seen.body) if seen.body else None
        self.connections.add(request.transport)
        with self._arrived:
            self.seen.append(seen)
            self._arrived.notify_all()
        if request.method == "GET":
            stream = await seen.stream()
            self.streams.append(stream)
            await stream.write(f": hello\n\nevent: endpoint\ndata: {self.endpoint}\n\n".encode())
            await stream.until_gone()
            return stream.response
        if request.path != "/messages":
            return seen.status(self.refusal)
        handler = self.on.get(seen.method)
        if handler is not None:
            return await handler(seen)
        await self._answer(seen)
        return seen.status(202, "Accepted")

    async def _answer(self, seen: Seen) -> None:
        if "id" not in seen.message or "method" not in seen.message:
            return
        result: Any = {"tools": []}
        if seen.method == "initialize":
            result = initialized(OLD)
        elif seen.method == "tools/call":
            result = {"content": [{"type": "text", "text": "done"}]}
        message = {"jsonrpc": "2.0", "id": seen.message["id"], "result": result}
        await self.streams[-1].event(message, event="message")


@pytest.mark.parametrize("status", [400, 404, 405])
async def test_a_server_that_has_nothing_else(status: int) -> None:
    peer = Old(status=status)
    async with running(peer):
        with anyio.fail_after(SOON):
            async with Client(peer.url, verdicts={}, deadlines=BRISK) as client:
                assert client.protocol_version == OLD
                assert text_of(await client.call_tool("echo", {})) == "done"
                await client.list_tools()
        await peer.streams[0].seen.gone.wait()
    assert [seen.method or seen.raw.method for seen in peer.seen] == [
        "server/discover",
        "initialize",
        "GET",
        "initialize",
        "notifications/initialized",
        "tools/call",
        "tools/list",
    ]
    assert all(seen.raw.query_string == "session=1" for seen in peer.seen[3:])


async def test_the_end_of_the_stream_is_the_end_of_the_connection() -> None:
    peer = Old()
    async with running(peer) as server, Client(peer.url, verdicts={}, deadlines=BRISK) as client:

        async def call(seen: Seen) -> Any:
            return seen.status(202)

        peer.on["tools/call"] = call
        async with anyio.create_task_group() as group:

            async def lost() -> None:
                with pytest.raises(ConnectionLost):
                    await client.call_tool("echo", {})

            group.start_soon(lost)
            await peer.take("tools/call")
            await server.cut()
        assert not client.connected


async def test_a_message_that_is_refused_fails_its_call() -> None:
    peer = Old()
    peer.on["tools/call"] = answer(413, "too much")
    async with running(peer), Client(peer.url, verdicts={}, deadlines=BRISK) as client:
        with pytest.raises(HttpError, match="too much"):
            await client.call_tool("echo", {})
        await client.list_tools()


async def test_an_endpoint_at_another_origin_is_not_used() -> None:
    for endpoint in ("http://127.0.0.1:1/messages", "https://example.com/", "//example.com/x"):
        peer = Old(endpoint)
        async with running(peer):
            with anyio.fail_after(SOON), pytest.raises(ConnectFailed, match="another origin"):
                await Client(peer.url, verdicts={}, deadlines=BRISK).connect()
            await peer.streams[0].seen.gone.wait()


async def test_a_server_that_is_neither() -> None:
    peer = Peer()
    peer.on["*"] = answer(404, "nothing here")
    async with running(peer):
        with pytest.raises(ConnectFailed, match="nothing here"):
            await Client(peer.url, verdicts={}, deadlines=BRISK).connect()


async def test_a_stream_that_does_not_say_where_to_send(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcpstruct.transport.http.older.PATIENCE", 0.1)
    peer = Peer()

    async def silent(seen: Seen) -> Any:
        return await (await seen.stream()).until_gone()

    async def short(seen: Seen) -> Any:
        return (await seen.stream()).response

    for handler in (silent, short):
        peer.on |= {"*": answer(404), "GET": handler}
        async with running(peer):
            with anyio.fail_after(SOON), pytest.raises(ConnectFailed, match="404"):
                await Client(peer.url, verdicts={}, deadlines=BRISK).connect()
