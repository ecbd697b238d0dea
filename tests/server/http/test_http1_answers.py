"""Answers as they go out over a connection: framing, applications that fail, clients that leave or do not read."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Any

import pytest

from mcpstruct.server.http.asgi import WHOLE
from mcpstruct.server.http.call import Call
from tests.faults.http.support import soon

from .http1 import GET, SOON, App, answer, connected, echo, exchange, post, whole_body

pytestmark = pytest.mark.anyio


# -- answers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 204, 304])
async def test_no_body_where_there_may_be_none(status: int) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"four", status)

    async with connected(app) as client:
        for _ in range(2):
            client.send(GET.replace(b"GET", b"HEAD") if status == 200 else GET)
            assert (await client.head()).startswith(b"HTTP/1.1 %d " % status)


async def stream(scope: Any, receive: Any, send: Any) -> None:
    """Answers in pieces, whose length is not told; each waits for one of the client's."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for piece in (b"one", b"", b"two"):
        await receive()
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body"})


async def test_a_stream_begins_before_there_is_anything_in_it() -> None:
    async with connected(stream) as client:
        client.send(post(b"abc")[:-3])
        assert b"transfer-encoding: chunked\r\n" in await client.head()
        for letter in (b"a", b"b", b"c"):
            client.send(letter)
            await asyncio.sleep(0.01)
        async with asyncio.timeout(SOON):
            assert await client.reader.readuntil(b"0\r\n\r\n") == b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"


async def test_an_old_client_gets_a_stream_that_ends_with_the_connection() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        await send({"type": "http.response.body", "body": b"two"})

    said = await exchange(app, post(b"", b"connection: keep-alive", version=b"1.0"))
    assert b"connection: close\r\n" in said
    assert b"transfer-encoding" not in said
    assert said.endswith(b"\r\n\r\nonetwo")


@pytest.mark.parametrize(
    "request_",
    [
        post(b"abc", b"connection: close"),
        post(b"abc", version=b"1.0"),
        GET[:-2] + b"connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAA\r\n\r\n",
    ],
)
async def test_the_last_request_of_a_connection(request_: bytes) -> None:
    said = await exchange(echo, request_)
    assert b"connection: close\r\n" in said
    assert said.endswith(b"b'abc')" if request_.startswith(b"POST") else b"b'')")
    said = await exchange(echo, request_ + GET)
    assert said.count(b"HTTP/1.1 200 OK") == said.count(b"HTTP/1.1") == 1


UPGRADE = (b"connection: Upgrade, HTTP2-Settings", b"upgrade: h2c", b"http2-settings: AAA")


@pytest.mark.parametrize("cut", [0, 5, 60, 140, -1])
@pytest.mark.parametrize("framing", [b"content-length: 3", b"transfer-encoding: chunked"])
async def test_an_upgrade_with_a_body(framing: bytes, cut: int) -> None:
    """Java's client wants HTTP/2 with each first request over plain HTTP."""
    whole = post(b"abc", *UPGRADE)
    if framing != b"content-length: 3":
        whole = whole[:-3].replace(b"content-length: 3", framing) + b"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"
    async with connected(echo) as client:
        for part in (whole[:cut], whole[cut:]):
            client.send(part)
            await asyncio.sleep(0.01)
        said = await client.rest()
    assert said.startswith(b"HTTP/1.1 200 OK")
    assert (await exchange(echo, whole + whole)).count(b"HTTP/1.1") == 1
    assert said.endswith(b"b'abc')")


async def fails(scope: Any, receive: Any, send: Any) -> None:
    raise KeyError("secret")


async def says_nothing(scope: Any, receive: Any, send: Any) -> None:
    pass


def injects(value: bytes) -> App:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"", 200, (b"x", value))

    return app


def at_once(value: bytes) -> App:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope["extensions"][WHOLE].answer(200, ((b"x", value),), b"body")

    return app


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r", b"\0"])
@pytest.mark.parametrize("make", [injects, at_once])
async def test_a_header_is_one_line(make: Callable[[bytes], App], end: bytes) -> None:
    said = await exchange(make(b"a" + end + b"set-cookie: b"), GET)
    assert said.startswith(b"HTTP/1.1 500 ")
    assert b"cookie" not in said


@pytest.mark.parametrize("app", [fails, says_nothing])
async def test_an_application_that_fails_before_it_answers(app: App, caplog: pytest.LogCaptureFixture) -> None:
    said = await exchange(app, GET)
    assert said.startswith(b"HTTP/1.1 500 ")
    assert b"secret" not in said
    assert "The application " in caplog.text


async def too_long(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"abc"})


async def too_short(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
    await send({"type": "http.response.body", "body": b"abc"})


async def unfinished(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"abc", "more_body": True})


async def twice(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.start", "status": 200, "headers": []})


@pytest.mark.parametrize("app", [too_long, too_short, unfinished, twice])
async def test_an_answer_that_is_none_is_cut_off(app: App) -> None:
    said = await exchange(app, GET)
    assert not said.endswith(b"0\r\n\r\n")
    assert said.count(b"HTTP/1.1") <= 1
    if b"content-length" in said:
        assert not said.endswith(b"abc")


async def test_what_is_large_does_not_go_at_once() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert not scope["extensions"][WHOLE].answer(200, (), b"x" * 1_000_000)
        await answer(send, b"x" * 1_000_000)

    async with connected(app) as client:
        client.send(GET)
        assert (await client.response())[2] == b"x" * 1_000_000


async def test_nothing_is_left_for_the_garbage_collector() -> None:
    """Which takes as long as all of a small request, where each leaves a cycle."""
    async with connected(echo) as client:
        client.send(post(b"abc"))
        await client.response()
        gc.collect()
        gc.disable()
        try:
            for _ in range(20):
                client.send(post(b"abc"))
                await client.response()
            assert sum(isinstance(one, Call) for one in gc.get_objects()) <= 1
        finally:
            gc.enable()


# -- who leaves, and who does not read ---------------------------------------------------------------------------------


async def test_a_client_that_leaves() -> None:
    seen: list[str] = []
    over = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await whole_body(receive)
        seen.extend([(await receive())["type"], (await receive())["type"]])
        assert not scope["extensions"][WHOLE].answer(200, (), b"x")
        await answer(send, b"x")
        over.set()

    async with connected(app) as client:
        client.send(post(b"abc"))
        await asyncio.sleep(0.01)
        client.writer.close()
        async with asyncio.timeout(SOON):
            await over.wait()
    assert seen == ["http.disconnect", "http.disconnect"]


@pytest.mark.parametrize("behind", [GET, post(b"x" * 100_000)])
async def test_a_client_that_leaves_requests_behind(behind: bytes) -> None:
    """Which wait for their turn: that it is gone is noticed all the same."""
    over = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await whole_body(receive)
        assert (await receive())["type"] == "http.disconnect"
        over.set()

    async with connected(app) as client:
        client.send(GET + behind)
        await asyncio.sleep(0.05)
        client.writer.close()
        async with asyncio.timeout(SOON):
            await over.wait()


async def test_a_body_is_taken_in_as_it_is_read() -> None:
    size, go = 30_000_000, asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await go.wait()
        await answer(send, b"%d" % len(await whole_body(receive)))

    async with connected(app) as client:
        client.send(post(b"x" * size))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await client.writer.drain()
        go.set()
        assert (await client.response())[2] == b"%d" % size


async def test_a_client_that_does_not_read_keeps_nobody_once_it_is_gone() -> None:
    sent, over = 0, asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal sent
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while not over.is_set():
            await asyncio.sleep(0)
            await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": True})
            sent += 1
            if client.connection.transport.is_closing():
                over.set()

    async with connected(app) as client:
        client.send(GET)
        before = -1
        while before != sent:
            before = sent
            await asyncio.sleep(0.1)
        assert sent < 1000
        client.writer.transport.abort()
        async with asyncio.timeout(SOON):
            await over.wait()


# -- what the server asks of them --------------------------------------------------------------------------------------


async def test_a_client_that_does_not_read_is_waited_for() -> None:
    """Who asks for two large answers and reads neither: it can be told from one who reads on."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"x" * 10_000_000)

    async with connected(app) as client:
        client.send(GET + GET)
        await soon(lambda: client.connection.full and (client.connection.waits or (0, 0, 0))[2] > 0)
        await asyncio.sleep(0.2)  # for what fits into the buffers on the way
        before = client.connection.waits
        await asyncio.sleep(0.2)
        assert client.connection.waits == before
        await client.response()
        after = client.connection.waits
        assert after is not None
        assert before is not None
        assert (before[0], after[2] > before[2]) == (False, True)


async def test_what_it_waits_for() -> None:
    go = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await go.wait()
        await answer(send, b"x")

    async def becomes(wanted: Any) -> None:
        await soon(lambda: (client.connection.waits or (None,))[:2] == (wanted or (None,)))

    async with connected(app) as client:
        assert client.connection.waits == (True, 0, 0)
        client.send(GET)
        await becomes(None)
        go.set()
        await client.response()
        await becomes((False, 1))
        client.send(GET[:10])
        await becomes((True, 1))
        client.send(GET[10:] + post(b"abc")[:-1])  # the rest of which nobody reads
        await client.response()
        await client.response()
        await becomes((True, 3))
        client.send(b"c")
        await becomes((False, 3))


async def test_it_closes_after_the_answer_that_is_on_its_way() -> None:
    go = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await go.wait()
        await answer(send, b"x")

    async with connected(app) as client:
        client.send(GET + GET)
        await soon(lambda: client.connection.waits is None)
        client.connection.shutdown()
        go.set()
        said = await client.rest()
        assert said.count(b"HTTP/1.1 200 OK") == 2
        assert said.count(b"connection: close") == 1
    async with connected(app) as client:
        client.connection.shutdown()
        assert await client.rest() == b""
