"""Servers whose answers are broken, endless, or somebody else's. A call ends in time, with one error of its own."""

from __future__ import annotations

import asyncio
import json
import os
import zlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any

import anyio
import pytest
from aiohttp import web

from mcpstruct.base.errors import ConnectionLost, HttpError, LimitExceeded, McpError, ProtocolViolation, RequestTimeout
from mcpstruct.base.limits import MIB, Limits
from mcpstruct.client import Client
from tests.transport.http.support import BRISK, Legacy, Modern, Peer, Seen, called, running, text_of

from .support import SOON, Growth

pytestmark = pytest.mark.anyio
Answer = Callable[[Seen], Awaitable[web.StreamResponse]]
MUCH = 200 * MIB
LITTLE = Limits(max_bytes=MIB)


def client(peer: Peer, **options: Any) -> Client:
    """A client of a peer."""
    return Client(peer.url, **{"verdicts": {}, "deadlines": BRISK, **options})


async def started(seen: Seen, kind: str, **headers: str) -> web.StreamResponse:
    """An answer whose body is yet to be written."""
    fields = {"content-type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
    response = web.StreamResponse(headers=fields)
    await response.prepare(seen.raw)
    return response


async def cut(seen: Seen) -> None:
    """Let what was written go out, and break the connection."""
    assert seen.raw.transport is not None
    seen.raw.transport.close()


# -- what is no answer -------------------------------------------------------------------------------------------------


async def page(seen: Seen, status: int) -> web.StreamResponse:
    return web.Response(status=status, text="<html><body>It works!</body></html>", content_type="text/html")


async def truncated(seen: Seen, kind: str) -> web.StreamResponse:
    """The connection ends in the middle of a chunk."""
    body = json.dumps({"jsonrpc": "2.0", "id": seen.message["id"], "result": called("x" * 1000)}).encode()
    response = await started(seen, kind)
    await response.write(body[:500] if kind.endswith("json") else b"data: " + body[:500])
    await cut(seen)
    return response


async def short(seen: Seen) -> web.StreamResponse:
    """Less than the head promised."""
    response = await started(seen, "application/json", content_length="1000")
    await response.write(b"{")
    await cut(seen)
    return response


async def not_compressed(seen: Seen) -> web.StreamResponse:
    response = await started(seen, "application/json", content_encoding="gzip")
    await response.write(b"this is not gzip at all")
    return response


async def rubbish(seen: Seen, body: bytes) -> web.StreamResponse:
    return seen.json(body)


async def wrong_id(seen: Seen, wrong: Any) -> web.StreamResponse:
    return seen.json({"jsonrpc": "2.0", "id": wrong, "result": called("stolen")})


async def empty_stream(seen: Seen) -> web.StreamResponse:
    return (await seen.stream()).response


BROKEN: dict[str, tuple[Answer, type[McpError] | tuple[type[McpError], ...]]] = {
    "a page": (partial(page, status=200), ProtocolViolation),
    "a page that says it went wrong": (partial(page, status=500), HttpError),
    "a page of a proxy": (partial(page, status=502), HttpError),
    "a page that is not found": (partial(page, status=404), HttpError),
    "half a body": (partial(truncated, kind="application/json"), ConnectionLost),
    "half an event": (partial(truncated, kind="text/event-stream"), ConnectionLost),
    "less than promised": (short, ConnectionLost),
    "what is not compressed": (not_compressed, ConnectionLost),
    "no JSON": (partial(rubbish, body=b"\xff\xfe{"), (ProtocolViolation, ConnectionLost)),
    "nothing": (partial(rubbish, body=b""), (ProtocolViolation, ConnectionLost)),
    "a list": (partial(rubbish, body=b"[]"), (ProtocolViolation, ConnectionLost)),
    "what is nested deeply": (partial(rubbish, body=b"[" * 100_000), (ProtocolViolation, ConnectionLost)),
    "another id": (partial(wrong_id, wrong=4711), ConnectionLost),
    "an id of another kind": (partial(wrong_id, wrong="1"), (ProtocolViolation, ConnectionLost)),
    "no id": (partial(wrong_id, wrong=None), (ProtocolViolation, ConnectionLost)),
    "an empty stream": (empty_stream, ConnectionLost),
}


@pytest.mark.parametrize("era", [Modern, Legacy])
async def test_what_is_no_answer_is_an_error_at_once(era: type[Modern | Legacy]) -> None:
    peer = era()
    good = peer.on["tools/call"]
    async with running(peer), client(peer) as one:
        for name, (answer, error) in BROKEN.items():
            peer.on["tools/call"] = answer
            with anyio.fail_after(2):
                with pytest.raises(McpError) as caught:
                    await one.call_tool("echo", {})
            assert isinstance(caught.value, error), (name, repr(caught.value))
            assert "stolen" not in str(caught.value)
            peer.on["tools/call"] = good
            with anyio.fail_after(2):
                assert text_of(await one.call_tool("echo", {"a": 1})) == '{"a": 1}', name


# -- answers that are others' ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["json", "stream"])
async def test_the_first_of_several_answers_counts(kind: str) -> None:
    peer = Modern()

    async def several(seen: Seen) -> web.StreamResponse:
        stream = await seen.stream()
        for number in range(3):
            with suppress(ConnectionError):
                await stream.result(called(str(number)))
        with suppress(ConnectionError):
            await stream.tell("notifications/message", level="info", data="late")
        return stream.response

    async def listed(seen: Seen) -> web.StreamResponse:
        answers = [{"jsonrpc": "2.0", "id": seen.message["id"], "result": called(str(n))} for n in range(3)]
        return seen.json(answers)

    peer.on["tools/call"] = several if kind == "stream" else listed
    async with running(peer), client(peer) as one:
        for _ in range(3):
            with anyio.fail_after(2):
                if kind == "stream":
                    assert text_of(await one.call_tool("echo")) == "0"
                else:
                    with pytest.raises((ProtocolViolation, ConnectionLost)):
                        await one.call_tool("echo")
        await one.list_tools()


async def test_a_stream_with_the_answer_to_another_call() -> None:
    """Nobody hangs; the call that got none on its own stream fails, and the other has one answer."""
    peer = Modern()
    ids: dict[str, Any] = {}
    both, told = asyncio.Event(), asyncio.Event()

    async def call(seen: Seen) -> web.StreamResponse:
        name = seen.message["params"]["name"]
        ids[name] = seen.message["id"]
        if len(ids) == 2:
            both.set()
        await both.wait()
        stream = await seen.stream()
        if name == "liar":
            await stream.event({"jsonrpc": "2.0", "id": ids["victim"], "result": called("from the liar")})
            told.set()
        else:
            await told.wait()
            with suppress(ConnectionError):
                await stream.result(called("its own"))
        return stream.response

    peer.on["tools/call"] = call
    ends: dict[str, Any] = {}
    async with running(peer), client(peer) as one:

        async def ask(name: str) -> None:
            try:
                ends[name] = text_of(await one.call_tool(name))
            except McpError as error:
                ends[name] = error

        with anyio.fail_after(SOON):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(ask, "liar")
                tasks.start_soon(ask, "victim")
        assert isinstance(ends["liar"], ConnectionLost)
        assert ends["victim"] in ("from the liar", "its own")
        await one.list_tools()


# -- answers without end -----------------------------------------------------------------------------------------------


def _bulk() -> bytes:
    made = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return b"".join(made.compress(b"x" * MIB) for _ in range(MUCH // MIB)) + made.flush(zlib.Z_FULL_FLUSH)


BULK = _bulk()


async def bomb(seen: Seen, kind: str, status: int = 200) -> web.StreamResponse:
    """A little that becomes a lot."""
    response = web.StreamResponse(status=status, headers={"content-type": kind, "content-encoding": "gzip"})
    await response.prepare(seen.raw)
    made = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    start = made.compress(beginning(seen, kind)) + made.flush(zlib.Z_FULL_FLUSH)
    with suppress(ConnectionError):
        await response.write(start + BULK)
    return response


def beginning(seen: Seen, kind: str) -> bytes:
    """Of an answer."""
    answer = b'{"jsonrpc": "2.0", "id": %d, "result": {"x": "' % seen.message["id"]
    return b"data: " + answer if kind == "text/event-stream" else answer


async def endless(seen: Seen, kind: str, piece: bytes, status: int = 200) -> web.StreamResponse:
    response = web.StreamResponse(status=status, headers={"content-type": kind})
    await response.prepare(seen.raw)
    with suppress(ConnectionError):
        await response.write(beginning(seen, kind))
        for _ in range(MUCH // len(piece)):
            await response.write(piece)
    return response


MANY = b"x" * 65_536
LINES = b"\ndata: x" * 8192
ENDLESS: dict[str, tuple[Answer, type[McpError]]] = {
    "a bomb of JSON": (partial(bomb, kind="application/json"), LimitExceeded),
    "a bomb of an event": (partial(bomb, kind="text/event-stream"), LimitExceeded),
    "a bomb of an error": (partial(bomb, kind="text/plain", status=500), HttpError),
    "a body without end": (partial(endless, kind="application/json", piece=MANY), LimitExceeded),
    "an event without end": (partial(endless, kind="text/event-stream", piece=MANY), LimitExceeded),
    "an event of lines without end": (partial(endless, kind="text/event-stream", piece=LINES), LimitExceeded),
    "an error without end": (partial(endless, kind="text/html", piece=MANY, status=500), HttpError),
}


@pytest.mark.parametrize("what", ENDLESS)
async def test_more_than_is_allowed_is_not_kept(what: str) -> None:
    answer, error = ENDLESS[what]
    peer = Modern()
    async with running(peer), client(peer, limits=LITTLE) as one:
        await one.list_tools()
        peer.on["tools/call"] = answer
        with anyio.fail_after(SOON), Growth(os.getpid()) as growth, pytest.raises(error):
            await one.call_tool("echo", {})
        assert growth.most < 30
        await one.list_tools()


async def test_a_stream_that_says_nothing_but_that_it_lives() -> None:
    """The deadline of a call holds, however alive the stream is."""
    peer = Modern()

    async def alive(seen: Seen) -> web.StreamResponse:
        stream = await seen.stream()
        with suppress(ConnectionError):
            while seen.raw.transport is not None and not seen.raw.transport.is_closing():
                await stream.write(b":\n\n" * 1000)
                await asyncio.sleep(0.001)
        seen.gone.set()
        return stream.response

    peer.on["tools/call"] = alive
    async with running(peer), client(peer) as one:
        with anyio.fail_after(2), pytest.raises(RequestTimeout):
            await one.call_tool("echo", {}, timeout=0.3)
        (seen,) = peer.of("tools/call")
        await seen.gone.wait()
        await one.list_tools()
