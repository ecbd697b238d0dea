"""Streams that break off, and are taken up again where they did."""

from __future__ import annotations

import time
from typing import Any

import anyio
import pytest
from aiohttp import web

from mcpstruct.base.errors import ConnectionLost, SessionLost
from tests.transport.http.support import SOON, Legacy, Modern, Seen, Stream, answer, connected, text_of

pytestmark = pytest.mark.anyio
RESULT = {"content": [{"type": "text", "text": "done"}]}


class Resumed(Legacy):
    """Ends the stream of a call after an event, and answers who comes back."""

    def __init__(self, first: bytes, *, cut: bool = False) -> None:
        super().__init__(session="s-1")
        self.calls: list[Seen] = []
        self.back: list[tuple[float, str | None]] = []
        self.ended = 0.0
        self.on["tools/call"] = self._call
        self.on["GET"] = self._get
        self._first = first
        self._cut = cut

    async def _call(self, seen: Seen) -> web.StreamResponse:
        self.calls.append(seen)
        stream = await seen.stream()
        await stream.write(self._first)
        if self._cut:
            seen.raw.transport.abort()  # type: ignore[union-attr]
        self.ended = time.monotonic()
        return stream.response

    async def _get(self, seen: Seen) -> web.StreamResponse:
        if "Last-Event-ID" not in seen.headers:
            return seen.status(405)
        self.back.append((time.monotonic() - self.ended, seen.headers["Last-Event-ID"]))
        return await self.come_back(seen)

    async def come_back(self, seen: Seen) -> web.StreamResponse:
        return await self.result(seen)

    async def result(self, seen: Seen) -> web.StreamResponse:
        stream = Stream(self.calls[-1], (await seen.stream()).response)
        await stream.result(RESULT)
        return stream.response


@pytest.mark.parametrize("cut", [False, True])
async def test_a_call_goes_on_where_its_stream_ended_after_as_long_as_the_server_says(cut: bool) -> None:
    peer = Resumed(b"id: e-1\nretry: 300\ndata: \n\n", cut=cut)
    async with connected(peer) as client:
        with anyio.fail_after(SOON):
            assert text_of(await client.call_tool("echo", {})) == "done"
    ((waited, last),) = peer.back
    assert last == "e-1"
    assert 0.29 < waited < 1
    got = peer.of("GET")[-1]
    assert (got.headers["Mcp-Session-Id"], got.headers["MCP-Protocol-Version"]) == ("s-1", "2025-11-25")
    assert got.headers["Accept"] == "text/event-stream"


async def test_messages_come_once_each_however_often_the_stream_ends() -> None:
    note = b'data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":%d}}\n\n'
    peer = Resumed(b"retry: 10\nid: 1\n" + note % 1)

    async def come_back(seen: Seen) -> web.StreamResponse:
        last = int(seen.headers["Last-Event-ID"])
        if last == 4:
            return await peer.result(seen)
        stream = await seen.stream()
        await stream.write(b"id: %d\n" % (last + 1) + note % (last + 1))
        return stream.response

    peer.come_back = come_back  # type: ignore[method-assign]
    logs: list[Any] = []
    async with connected(peer, on_log=lambda log: logs.append(log.data)) as client:
        assert text_of(await client.call_tool("echo", {})) == "done"
    assert logs == [1, 2, 3, 4]


async def test_a_stream_that_does_not_come_back_fails_its_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcpstruct.transport.http.resuming.FIRST_DELAY", 0.01)
    monkeypatch.setattr("mcpstruct.transport.http.resuming.LONGEST_DELAY", 0.02)
    peer = Resumed(b"id: 1\ndata: \n\n")

    async def nothing(seen: Seen) -> web.StreamResponse:
        return (await seen.stream()).response

    for come_back, attempts in ((nothing, 5), (answer(503), 5), (answer(405), 1), (answer(400), 1)):
        peer.come_back = come_back  # type: ignore[method-assign]
        peer.back.clear()
        async with connected(peer) as client:
            with anyio.fail_after(SOON), pytest.raises(ConnectionLost, match="taken up"):
                await client.call_tool("echo", {})
            await client.list_tools()
        assert len(peer.back) == attempts


async def test_a_session_that_is_gone_when_the_client_comes_back_is_lost() -> None:
    peer = Resumed(b"id: 1\nretry: 1\ndata: \n\n")
    peer.come_back = answer(404)  # type: ignore[method-assign]
    async with connected(peer) as client:
        with anyio.fail_after(SOON), pytest.raises(SessionLost):
            await client.call_tool("echo", {})
        assert not client.connected


async def test_who_gives_up_does_not_come_back() -> None:
    peer = Resumed(b"id: 1\nretry: 300\ndata: \n\n")
    async with connected(peer) as client:
        with anyio.move_on_after(0.1):
            await client.call_tool("echo", {})
        await peer.take("notifications/cancelled")
        await anyio.sleep(0.4)  # longer than the client would have waited
    assert not peer.back


async def test_a_stream_without_ids_is_not_taken_up() -> None:
    peer = Resumed(b": nothing\n\n")
    async with connected(peer) as client:
        with anyio.fail_after(1), pytest.raises(ConnectionLost):
            await client.call_tool("echo", {})
    assert len(peer.of("GET")) == 1


async def test_a_modern_stream_is_not_taken_up() -> None:
    peer = Modern()

    async def call(seen: Seen) -> web.StreamResponse:
        stream = await seen.stream()
        await stream.write(b"id: 1\nretry: 1\ndata: \n\n")
        return stream.response

    peer.on["tools/call"] = call
    async with connected(peer) as client:
        with anyio.fail_after(1), pytest.raises(ConnectionLost):
            await client.call_tool("echo", {})
    assert not peer.of("GET")


async def test_the_stream_of_the_session_is_taken_up_again() -> None:
    peer = Legacy(session="s-1")
    times: list[str | None] = []

    async def listen(seen: Seen) -> web.StreamResponse:
        times.append(seen.headers.get("Last-Event-ID"))
        number = len(times)
        stream = await seen.stream()
        if number == 3:
            seen.raw.transport.abort()  # type: ignore[union-attr]
            return stream.response
        data = b'{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":%d}}' % number
        await stream.write(b"retry: 20\nid: %d\ndata: %b\n\n" % (number, data))
        return await stream.until_gone() if number == 5 else stream.response

    peer.on["GET"] = listen
    logs: list[Any] = []
    complete = anyio.Event()

    def on_log(log: Any) -> None:
        logs.append(log.data)
        if log.data == 5:
            complete.set()

    with anyio.fail_after(SOON):
        async with connected(peer, on_log=on_log):
            await complete.wait()
    assert logs == [1, 2, 4, 5]
    assert times == [None, "1", "2", "2", "4"]


async def test_a_server_that_ends_the_stream_of_the_session_at_once_is_not_flooded() -> None:
    peer = Legacy(session="s-1")

    async def listen(seen: Seen) -> web.StreamResponse:
        stream = await seen.stream()
        await stream.write(b"retry: 0\n\n")
        return stream.response

    peer.on["GET"] = listen
    async with connected(peer) as client:
        await anyio.sleep(0.5)
        await client.list_tools()
    assert 2 <= len(peer.of("GET")) <= 5


async def test_a_session_that_is_gone_when_its_stream_is_taken_up_is_lost() -> None:
    peer = Legacy(session="s-1")
    lost = anyio.Event()

    async def listen(seen: Seen) -> web.StreamResponse:
        stream = await seen.stream()
        await stream.write(b"retry: 10\nid: 1\ndata: \n\n")
        peer.on["GET"] = answer(404)
        return stream.response

    peer.on["GET"] = listen
    async with connected(peer) as client:
        client._host.on_lost = lambda error: lost.set()
        with anyio.fail_after(SOON):
            await lost.wait()
        with pytest.raises(ConnectionLost):
            await client.list_tools()
