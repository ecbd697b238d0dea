"""Requests as they come over a connection: cut anywhere, one behind the other, and what is no request."""

from __future__ import annotations

import asyncio
import tracemalloc
from contextlib import AsyncExitStack, suppress
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import pytest
import uvicorn.server
from hypothesis import given
from hypothesis import strategies as st

from mcpstruct.server.http.http1 import Http1Connection
from tests.faults.http.support import soon

from .http1 import GET, SOON, answer, connected, echo, exchange, post, whole_body

pytestmark = pytest.mark.anyio


# -- requests ----------------------------------------------------------------------------------------------------------


class Sink(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.data = b""

    def write(self, data: Any) -> None:
        self.data += data

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


bodies = st.binary(max_size=40)
targets = st.sampled_from([b"/", b"/mcp", b"/a%20b?x=1&y=%2F", b"/%C3%A9?", b"//x", b"*", b"/a?b?c"])


def chunked(pieces: list[bytes]) -> bytes:
    """A body in pieces, none of which is empty."""
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces if piece) + b"0\r\n\r\n"


@given(
    st.lists(st.tuples(targets, st.lists(bodies, max_size=3), st.booleans()), min_size=1, max_size=4),
    st.lists(st.integers(1, 400), max_size=12),
)
def test_requests_are_the_same_however_they_are_cut(
    requests: list[tuple[bytes, list[bytes], bool]], cuts: list[int]
) -> None:
    stream = b""
    wanted: list[bytes] = []
    for target, pieces, in_chunks in requests:
        body = b"".join(pieces)
        framing = b"Transfer-Encoding: chunked" if in_chunks else b"Content-Length: %d" % len(body)
        stream += b"POST %b HTTP/1.1\r\nHost: x\r\n%b\r\n\r\n" % (target, framing)
        stream += chunked(pieces) if in_chunks else body
        path, _, query = target.partition(b"?")
        wanted.append(repr(("POST", unquote(path.decode()), path, query, body)).encode())

    async def run() -> bytes:
        connection, sink = Http1Connection(SimpleNamespace(loaded_app=echo), uvicorn.server.ServerState(), {}), Sink()
        connection.connection_made(sink)
        rest = stream
        for cut in [*cuts, len(stream)]:
            if rest[:cut]:
                connection.data_received(rest[:cut])
                rest = rest[cut:]
            await asyncio.sleep(0)
        await soon(lambda: sink.data.count(b"HTTP/1.1 200 OK") == len(wanted))
        connection.connection_lost(None)
        return sink.data

    said = asyncio.run(run())
    found = [part.partition(b"\r\n\r\n")[2] for part in said.split(b"HTTP/1.1 200 OK\r\n")[1:]]
    assert found == wanted


async def test_the_next_request_waits_for_its_turn() -> None:
    begun: list[str] = []
    go = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        begun.append(scope["path"])
        await whole_body(receive)
        await go.wait()
        await answer(send, scope["path"].encode())

    async with connected(app) as client:
        client.send(GET + GET.replace(b"/a", b"/b") + post(b"xyz").replace(b"/a", b"/c"))
        await soon(lambda: bool(begun))
        await asyncio.sleep(0.01)
        assert begun == ["/a"]
        go.set()
        assert [(await client.response())[2] for _ in range(3)] == [b"/a", b"/b", b"/c"]
        client.send(GET)
        assert (await client.response())[2] == b"/a"


async def test_there_is_an_end_to_requests_that_come_at_once() -> None:
    said = await exchange(echo, GET * 1000)
    assert 1 < said.count(b"HTTP/1.1 200 OK") < 100
    assert said.count(b"connection: close") == 1


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.1\r\n" + b"a:\r\n" * 15_000 + b"\r\n",
        b"GET /" + b"x" * 60_000 + b" HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n" + b"2\r\nab\r\n" * 30_000 + b"0\r\n\r\n",
    ],
)
async def test_requests_that_wait_take_little_memory(request_: bytes) -> None:
    """However many bytes a client sends behind a request that takes its time, and in whatever form."""
    go, begun = asyncio.Event(), asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        begun.set()
        await go.wait()
        await whole_body(receive)
        await answer(send, b"x")

    async with connected(app) as client:
        client.send(GET)
        await begun.wait()
        tracemalloc.start()
        try:
            client.send(request_ * (20_000_000 // len(request_)))
            with suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    await client.writer.drain()
            own = tracemalloc.Filter(inclusive=True, filename_pattern="*/mcpstruct/server/http/*")
            held = sum(each.size for each in tracemalloc.take_snapshot().filter_traces([own]).statistics("filename"))
        finally:
            tracemalloc.stop()
        assert held < 2_000_000
        go.set()
        client.writer.transport.abort()


@pytest.mark.parametrize("factory", [None, "eager"])
async def test_requests_that_come_together_have_nothing_in_common(factory: str | None) -> None:
    """One task begins them; each has its own context variables, and is nobody's who cancels his own task."""
    eager = getattr(asyncio, "eager_task_factory", None)
    if factory is not None and eager is None:
        pytest.skip("this interpreter has no eager tasks")
    whose: ContextVar[str] = ContextVar("whose", default="nobody")
    arrived = asyncio.Event()
    inside = 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal inside
        assert whose.get() == "nobody"
        whose.set(scope["path"])
        body = await whole_body(receive)
        inside += 1
        if inside == 40:
            arrived.set()
        if body == b"cancel":
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
        elif body == b"wait":
            async with asyncio.timeout(SOON):
                await arrived.wait()
        await answer(send, whose.get().encode())

    kinds = [b"wait", b"go", b"cancel", b"go"]
    async with AsyncExitStack() as stack:
        asyncio.get_running_loop().set_task_factory(eager if factory else None)
        clients = [await stack.enter_async_context(connected(app)) for _ in range(40)]
        for n, client in enumerate(clients):
            client.send(post(kinds[n % 4]).replace(b"/a", b"/%d" % n))
        said = [await client.response() for client in clients]
        asyncio.get_running_loop().set_task_factory(None)
    assert [body for _, _, body in said] == [b"/%d" % n for n in range(40)]


async def test_all_that_waits_is_answered_in_the_end() -> None:
    """Also where it is more than is held at a time."""
    go = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await go.wait()
        await answer(send, b"%d" % len(await whole_body(receive)))

    async with connected(app) as client:
        client.send(GET + post(b"x" * 50_000) * 30 + post(b"y" * 3_000_000))
        await asyncio.sleep(0.1)
        go.set()
        said = [(await client.response())[2] for _ in range(32)]
        assert said == [b"0", *[b"50000"] * 30, b"3000000"]


async def test_who_asks_is_told_to_go_on_once_the_body_is_wanted() -> None:
    async with connected(echo) as client:
        client.send(post(b"abc", b"Expect: 100-Continue")[:-3])
        assert await client.head() == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.send(b"a")
        client.send(b"bc")
        assert b"b'abc'" in (await client.response())[2]
        client.send(post(b"abc", b"Expect: 100-Continue"))  # it does not wait
        assert (await client.response())[0] == 200


async def test_who_is_refused_is_not_told_to_go_on() -> None:
    """Nor does anybody know then whether what follows is the body, or another request."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"no", 417)

    said = await exchange(app, post(b"abc", b"Expect: 100-continue")[:-3])
    assert said.startswith(b"HTTP/1.1 417 ")
    assert b"connection: close\r\n" in said
    assert said.count(b"HTTP/1.1") == 1


async def test_old_clients_are_not_told_to_go_on() -> None:
    async with connected(echo) as client:
        client.send(post(b"abc", b"Expect: 100-continue", version=b"1.0")[:-3])
        await asyncio.sleep(0.01)
        client.send(b"abc")
        assert (await client.rest()).startswith(b"HTTP/1.1 200 ")


async def test_a_target_may_name_the_host_too() -> None:
    async with connected(echo) as client:
        client.send(
            b"GET http://there:8/x%20y?q HTTP/1.1\r\nhost: x\r\n\r\nGET http://there HTTP/1.1\r\nhost: x\r\n\r\n"
        )
        assert (await client.response())[2] == b"('GET', '/x y', b'/x%20y', b'q', b'')"
        assert (await client.response())[2] == b"('GET', '/', b'/', b'', b'')"


async def test_addresses_are_told() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, repr((scope["client"], scope["server"], scope["http_version"], scope["headers"])).encode())

    async with connected(app) as client:
        client.send(GET.replace(b"host", b"HOST"))
        own, peer = (client.writer.get_extra_info(name) for name in ("sockname", "peername"))
        assert (await client.response())[2] == repr((own, peer, "1.1", [(b"host", b"x")])).encode()


# -- what is no request ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET /\xc3\xa9 HTTP/1.1\r\nhost: x\r\n\r\n",
        b"CONNECT a:1 HTTP/1.1\r\nhost: x\r\n\r\n",
        post(b"abc", b"transfer-encoding: chunked"),
        post(b"abc", b"content-length: 4"),
        b"POST / HTTP/1.1\r\nhost : x\r\n\r\n",
    ],
)
async def test_it_is_refused(data: bytes) -> None:
    said = await exchange(echo, data)
    assert said.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"connection: close\r\n" in said
    assert said.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize(
    "head",
    [b"a: " + b"x" * 70_000 + b"\r\n", b"a: b\r\n" * 300, b"a: b\r\n" * 20_000, (b"a: " + b"x" * 1000 + b"\r\n") * 100],
)
@pytest.mark.parametrize("rest", [b"\r\n", b""])
async def test_too_large_a_head(head: bytes, rest: bytes) -> None:
    """Whether it comes at once, or has no end yet."""
    start = b"POST / HTTP/1.1\r\ncontent-length: 100000\r\n"
    if not rest and len(head) < 65_536:
        rest = b"\r\n" + b"x" * 100_000
    said = await exchange(echo, start + head + rest)
    assert said.startswith(b"HTTP/1.1 431 ")
    assert said.endswith(b"The head of the request is too large.")


@pytest.mark.parametrize("coding", [b"gzip", b"chunked, gzip"])
async def test_a_body_whose_end_nobody_knows_is_refused(coding: bytes) -> None:
    said = await exchange(echo, b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: %b\r\n\r\nabc" % coding)
    assert said.startswith(b"HTTP/1.1 400 Bad Request\r\n")


async def test_a_broken_chunk_behind_a_request_leaves_that_its_answer() -> None:
    start = b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n"
    said = await exchange(echo, GET + start + b"no length\r\n")
    assert said.count(b"HTTP/1.1 200 OK") == said.count(b"HTTP/1.1") == 1
    assert said.endswith(b"('GET', '/a', b'/a', b'', b'')")


async def test_a_broken_chunk_behind_an_answer_leaves_that() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"no", 413)

    start = b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n"
    async with connected(app) as client:
        client.send(start)
        assert (await client.response())[0] == 413
        client.send(b"no length\r\n")
        assert await client.rest() == b""


async def test_behind_a_request_it_is_the_end_of_the_connection() -> None:
    said = await exchange(echo, GET + b"\x16\x03\x01" + GET)
    assert said.count(b"HTTP/1.1 200 OK") == said.count(b"HTTP/1.1") == 1
    assert said.endswith(b"('GET', '/a', b'/a', b'', b'')")


@pytest.mark.parametrize("begun", [False, True])
async def test_within_a_body_it_is_the_end(begun: bool) -> None:
    """At once, if the answer has begun."""
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if begun:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        while len(seen) < 3:
            seen.append((await receive())["type"])

    start = b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n"
    async with connected(app) as client:
        client.send(start)
        await soon(lambda: bool(seen))
        client.send(b"no length\r\n")
        said = await client.rest()
    assert said.startswith(b"HTTP/1.1 200 OK" if begun else b"HTTP/1.1 400 Bad Request")
    assert said.count(b"HTTP/1.1") == 1
    assert seen == ["http.request", "http.disconnect", "http.disconnect"]
