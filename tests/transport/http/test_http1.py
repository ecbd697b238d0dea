"""Connections of our own: whatever a server may send over one, byte by byte."""

from __future__ import annotations

import asyncio
import gc
import gzip
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from mcpstruct.base.errors import ConnectFailed, ConnectionLost
from mcpstruct.transport.http import by_httptools
from mcpstruct.transport.http.by_httptools import HttptoolsClient
from mcpstruct.transport.http.http1 import AHEAD

pytestmark = pytest.mark.anyio
SOON = 5.0
MANY = 10_000_000
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Raw:
    """A server that sends the bytes it is told to."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []
        self.connections = 0
        self.url = ""
        self._writers: list[asyncio.StreamWriter] = []

    async def request(self, reader: asyncio.StreamReader) -> bytes:
        """Read one request."""
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        self.bodies.append(await reader.readexactly(int(length[0].split(b":")[1])) if length else b"")
        return head

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        try:
            await self.script(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def served(*answers: bytes, script: Script | None = None) -> AsyncIterator[tuple[Raw, HttptoolsClient]]:
    """A server that gives these answers, one a request, over as few connections as it takes."""
    left = list(answers)

    async def usual(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while left:
            await raw.request(reader)
            writer.write(left.pop(0))
            await writer.drain()
        await reader.read()

    raw = Raw(script or usual)
    server = await asyncio.start_server(raw.serve, "127.0.0.1", 0)
    raw.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/mcp"
    client = HttptoolsClient(connect=SOON)
    try:
        async with asyncio.timeout(2 * SOON):
            yield raw, client
    finally:
        await client.aclose()
        server.close()
        await server.wait_closed()


async def body(client: HttptoolsClient, url: str, content: bytes = b"{}", limit: int = MANY) -> bytes | None:
    response = await client.request("POST", url, {"x-a": "b"}, content)
    return await response.read(limit)


# -- requests ---------------------------------------------------------------------------------------------------------


async def test_what_a_request_looks_like() -> None:
    async with served(OK, OK) as (raw, client):
        await body(client, raw.url + "/ä b?c=d%20e&f=ü", b"hello")
        await (await client.request("GET", raw.url, {"accept": "*/*"})).read(9)
    host = raw.url.removeprefix("http://").removesuffix("/mcp").encode()
    assert raw.heads == [
        b"POST /mcp/%C3%A4%20b?c=d%20e&f=%C3%BC HTTP/1.1\r\nhost: " + host + b"\r\nx-a: b\r\ncontent-length: 5\r\n\r\n",
        b"GET /mcp HTTP/1.1\r\nhost: " + host + b"\r\naccept: */*\r\n\r\n",
    ]
    assert raw.bodies == [b"hello", b""]
    assert raw.connections == 1


@pytest.mark.parametrize("value", ["a\r\nevil: yes", "a\nb", "a\0b"])
async def test_a_header_cannot_smuggle_another(value: str) -> None:
    async with served(OK) as (raw, client):
        with pytest.raises(ValueError, match="line breaks"):
            await client.request("POST", raw.url, {"x": value}, b"")
        with pytest.raises(ValueError, match="line breaks"):
            await client.request("POST", raw.url, {f"x{value}": "y"}, b"")
    assert not raw.heads


async def test_headers_that_change_are_not_those_that_were_kept() -> None:
    async with served(OK, OK, OK) as (raw, client):
        for number in range(3):
            headers = {"x-n": str(number)}  # objects that may well get the same address
            await (await client.request("POST", raw.url, headers, b"")).read(9)
            del headers
            gc.collect()
    assert [head.split(b"x-n: ")[1][:1] for head in raw.heads] == [b"0", b"1", b"2"]


async def test_a_large_request_goes_out_whole() -> None:
    async with served(OK) as (raw, client):
        assert await body(client, raw.url, b"x" * MANY) == b"ok"
    assert len(raw.bodies[0]) == MANY


# -- answers ----------------------------------------------------------------------------------------------------------

ANSWERS = {
    "a length": b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\nX-A: b\r\n\r\nhello world",
    "chunks": b"HTTP/1.1 200 OK\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nT: r\r\n\r\n",
    "the end": b"HTTP/1.1 200 OK\r\nX-A: b\r\n\r\nhello world",
    "the end, of 1.0": b"HTTP/1.0 200 OK\r\nX-A: b\r\n\r\nhello world",
    "a length, and the end": b"HTTP/1.1 200 OK\r\nConnection: close\r\nX-A: b\r\nContent-Length: 11\r\n\r\nhello world",
    "news before it": b"HTTP/1.1 103 Early Hints\r\nX-A: c\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    b"HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 11\r\n\r\nhello world",
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_an_answer_ends_where_it_says_in_whatever_pieces_it_comes(answer: bytes, size: int) -> None:
    stays = b"ngth" in answer or b"chunked" in answer

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await raw.request(reader)
            for at in range(0, len(answer), size):
                writer.write(answer[at : at + size])
                await writer.drain()
                await asyncio.sleep(0)
            if not stays or b"close" in answer:
                return

    async with served(script=script) as (raw, client):
        response = await client.request("POST", raw.url, {}, b"")
        assert response.status == 200
        assert response.headers["x-a"] == "b"
        assert await response.read(MANY) == b"hello world"
        assert await response.chunk() == b""
        assert await body(client, raw.url) == b"hello world"
    assert raw.connections == (1 if stays and b"close" not in answer else 2)


async def test_an_answer_without_a_body() -> None:
    async with served(b"HTTP/1.1 204 No Content\r\n\r\n", b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n") as (
        raw,
        client,
    ):
        assert await body(client, raw.url) == b""
        assert await body(client, raw.url) == b""
    assert raw.connections == 1


async def test_headers_that_come_twice_are_one() -> None:
    async with served(
        b"HTTP/1.1 401 No\r\nWWW-Authenticate: A\r\nwww-authenticate: B\r\ncontent-length: 0\r\n\r\n"
    ) as (raw, client):
        response = await client.request("GET", raw.url, {})
        assert (response.status, response.headers["www-authenticate"]) == (401, "A, B")


FAULTS = {
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "a switch": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nabc",
    "half a head": b"HTTP/1.1 200 OK\r\ncontent-le",
    "nothing": b"",
    "two lengths": b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nabc",
    "a length and chunks": b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "an endless head": b"HTTP/1.1 200 OK\r\n" + b"x: " + b"y" * 1_000_000,
    "less than its length": b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\nabc",
    "half a chunk": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
    "a chunk of odd length": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nab",
    "chunks without an end": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n",
    "an unknown encoding": b"HTTP/1.1 200 OK\r\ncontent-encoding: br\r\ncontent-length: 2\r\n\r\nab",
    "no encoding at all": b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nab",
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_what_is_no_answer_loses_the_connection(fault: str) -> None:
    answer = FAULTS[fault]

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await raw.request(reader)
            writer.write(answer if len(raw.heads) == 1 else OK)
            await writer.drain()
            if len(raw.heads) == 1 and "encoding" not in fault:
                return

    async with served(script=script) as (raw, client):
        with pytest.raises(ConnectionLost):
            await body(client, raw.url)
        assert await body(client, raw.url) == b"ok"


async def test_headers_behind_a_body_are_no_headers() -> None:
    """And they may not go on for ever."""
    start = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n"
    endless = start + MANY // 100 * (b"x: " + b"y" * 100 + b"\r\n")
    async with served(start + b"mcp-session-id: late\r\n\r\n", endless) as (raw, client):
        response = await client.request("GET", raw.url, {})
        assert await response.read(9) == b"ok"
        assert "mcp-session-id" not in response.headers
        response = await client.request("GET", raw.url, {})
        with pytest.raises(ConnectionLost, match="bytes"):
            await asyncio.wait_for(response.read(9), SOON)


async def test_more_than_was_asked_for_is_not_taken_for_the_next_answer() -> None:
    async with served(OK + b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil", OK, OK) as (raw, client):
        outcomes: list[object] = []
        for _ in range(2):
            try:
                outcomes.append(await body(client, raw.url))
            except ConnectionLost as error:
                outcomes.append(type(error))
        assert b"evil" not in outcomes
        assert await body(client, raw.url) == b"ok"


async def test_what_comes_unasked_closes_the_connection() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await raw.request(reader)
        writer.write(OK)
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(b"HTTP/1.1 408 Timeout\r\ncontent-length: 0\r\n\r\n")
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
        gone.set()

    async with served(script=script) as (raw, client):
        gone = asyncio.Event()
        assert await body(client, raw.url) == b"ok"
        await gone.wait()


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_what_comes_compressed_is_decompressed_and_counted_so(encoding: str) -> None:
    text = b"abc" * MANY
    data = gzip.compress(text) if encoding == "gzip" else zlib.compress(text)
    head = f"HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: {len(data)}\r\n\r\n".encode()
    async with served(head + data, head + data) as (raw, client):
        assert await body(client, raw.url, limit=len(text)) == text
        assert await body(client, raw.url, limit=1_000_000) is None


# -- streams ----------------------------------------------------------------------------------------------------------


async def test_who_reads_slowly_holds_the_server_up_and_not_the_memory() -> None:
    sent = 0

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await raw.request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(1000):
            writer.write(b"x" * 100_000)
            await writer.drain()
            sent += 100_000

    async with served(script=script) as (raw, client):
        response = await client.request("GET", raw.url, {}, stays=True)
        await asyncio.sleep(0.2)
        assert sent < 50_000_000
        assert response._held <= 2 * AHEAD
        assert len(await response.read(200_000_000) or b"") == 100_000_000


async def test_who_leaves_closes_the_connection() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await raw.request(reader)
        if "read" in when:
            writer.write(b"HTTP/1.1 200 OK\r\n\r\nabc")
        try:
            await reader.read()
        finally:
            gone.set()

    for when in ("read", "wait for the head", "close while read"):
        async with served(script=script) as (raw, client):
            gone = asyncio.Event()
            if when == "wait for the head":
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.05):
                        await client.request("GET", raw.url, {})
            else:
                response = await client.request("GET", raw.url, {})
                assert await response.chunk() == b"abc"
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.05):
                        await response.chunk()
                await response.aclose()
                await response.aclose()
            await gone.wait()


async def test_what_came_before_the_end_is_read_before_the_end() -> None:
    async with served(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc") as (raw, client):
        response = await client.request("GET", raw.url, {})
        raw._writers[0].close()
        await asyncio.sleep(0.05)
        assert await response.chunk() == b"abc"
        for _ in range(2):
            with pytest.raises(ConnectionLost):
                await response.chunk()


# -- the pool ---------------------------------------------------------------------------------------------------------


async def test_calls_beyond_the_limit_wait_and_streams_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_httptools, "CALLS", 2)
    go = asyncio.Event()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await raw.request(reader)
            await go.wait()
            writer.write(OK)

    async def call() -> bytes | None:
        return await body(client, raw.url)

    async with served(script=script) as (raw, client):
        tasks = [asyncio.create_task(call()) for _ in range(6)]
        await asyncio.sleep(0.1)
        assert len(raw.heads) == 2
        tasks[3].cancel()
        stream = asyncio.create_task(client.request("GET", raw.url, {}, stays=True))
        await asyncio.sleep(0.05)
        assert len(raw.heads) == 3
        tasks[0].cancel()
        go.set()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert [outcome for outcome in outcomes if outcome == b"ok"] == [b"ok"] * 4
        await (await stream).read(9)
        assert await call() == b"ok"
        assert not client._pool._calls  # type: ignore[union-attr]
        assert len(raw.heads) <= 8


async def test_a_connection_that_the_server_closed_while_nobody_looked_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(by_httptools, "_STALE", 0.1)

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await raw.request(reader)
        writer.write(OK)
        await writer.drain()
        writer.transport.pause_reading()
        asyncio.get_running_loop().call_later(0.05, writer.close)

    async with served(script=script) as (raw, client):
        assert await body(client, raw.url) == b"ok"
        await asyncio.sleep(0.1)
        time.sleep(0.15)  # noqa: ASYNC251 - the point: the loop sees nothing meanwhile
        assert await body(client, raw.url) == b"ok"


async def test_a_connection_is_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served(OK, OK) as (raw, client):
        await body(client, raw.url)
        monkeypatch.setattr(by_httptools, "IDLE", -1.0)
        raw.script = _ok(raw)
        await body(client, raw.url)
        assert raw.connections == 2


def _ok(raw: Raw) -> Script:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await raw.request(reader)
        writer.write(OK)
        await reader.read()

    return script


async def test_a_client_that_is_closed_sends_nothing() -> None:
    async with served(OK) as (raw, client):
        await client.aclose()
        with pytest.raises(ConnectFailed):
            await client.request("GET", raw.url, {})
