"""Whatever bytes come into either end, the session goes on: a valid request afterwards gets its answer."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpstruct.base.errors import McpError
from mcpstruct.base.limits import Deadlines
from mcpstruct.client import Client
from mcpstruct.server import Context, MCPServer
from tests.session.support import LEGACY, MODERN, SOON, Peer, by_hand, calculator, served, stamped
from tests.support.profile import effort

TRAFFIC = Path(__file__).parents[1] / "data" / "traffic"
BACKENDS = ["asyncio", "trio"]
PIECES = [
    *(bytes([c]) for c in b'{}[],:"\\-+.0123456789eEtfn \x00\x1f\x7f\x80\xc3\xff\n'),
    *(b"null", b"true", b"NaN", b"1e999", b"1.0", b"9" * 30, b"\\ud800", b"\\u0000", b"\xed\xa0\x80", b"\xef\xbb\xbf"),
    *(b'"id":1,', b'"id":null,', b'"method":"ping",', b'"method":5,', b'"result":{},', b'"error":{},', b'"params":[],'),
    *(b"[" * 2000, b'{"a":' * 2000, b'{"jsonrpc":"2.0",', b'"_meta":null,'),
]
SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    SCALARS | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


@cache
def recorded() -> tuple[tuple[str, bytes], ...]:
    """Every message of the recorded traffic of every revision, and which side sent it."""
    found: list[tuple[str, bytes]] = []
    for path in sorted(TRAFFIC.glob("*.jsonl")):
        sides = path.with_suffix(".sides").read_text().strip()
        found += zip(sides, path.read_bytes().splitlines(), strict=True)
    return tuple(found)


@st.composite
def battered(draw: st.DrawFn, side: str) -> bytes:
    """A message that a side once sent, or the other one, damaged in up to three places."""
    own = [data for sender, data in recorded() if sender == side] * 3
    data = draw(st.sampled_from([*own, *(data for _, data in recorded())]))
    chance = Random(draw(st.integers(0, 2**32)))  # noqa: S311
    for _ in range(chance.randint(0, 3)):
        start = chance.randrange(len(data) + 1)
        end = chance.choice([start, start + 1, start + chance.randint(0, 20), len(data)])
        data = data[:start] + chance.choice([b"", chance.choice(PIECES), data[start:end] * 2]) + data[end:]
    return data


@st.composite
def rewritten(draw: st.DrawFn, side: str) -> bytes:
    """A message that a side once sent, with one value in it put in place of another."""
    message = json.loads(draw(st.sampled_from([data for sender, data in recorded() if sender == side])))
    node: Any = message
    while True:
        key = draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        if not isinstance(node[key], (dict, list)) or not node[key] or draw(st.booleans()):
            break
        node = node[key]
    action = draw(st.sampled_from(["replace", "delete", "wrap"]))
    if action == "delete":
        del node[key]
    else:
        node[key] = draw(JSON) if action == "replace" else [node[key]]
    return json.dumps(message).encode()


def frames(side: str) -> st.SearchStrategy[list[bytes]]:
    one = st.one_of(
        battered(side),
        rewritten(side),
        st.binary(max_size=30),
        st.lists(st.sampled_from(PIECES), max_size=6).map(b"".join),
        st.lists(battered(side), max_size=3).map(lambda parts: b"[" + b",".join(parts) + b"]"),
    )
    return st.lists(one, min_size=1, max_size=8)


@contextmanager
def no_errors_of_ours() -> Iterator[None]:
    """Fail where the session itself went wrong, though it caught it."""
    caught: list[str] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "error of ours" in record.msg or "routed" in record.msg or "can't be sent" in record.msg:
                caught.append(self.format(record))

    handler, log = Keeper(logging.ERROR), logging.getLogger("mcpstruct")
    propagate, log.propagate = log.propagate, False
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.propagate = propagate
    assert caught == []


def run(backend: str, test: Callable[[], Any]) -> None:
    with no_errors_of_ours():
        anyio.run(test, backend=backend)


# -- into a server ----------------------------------------------------------------------------------------------------


def server() -> MCPServer:
    made = calculator()

    @made.tool()
    async def ask(ctx: Context[Any]) -> str:
        await ctx.info("about to ask")
        return (await ctx.elicit("?", {"type": "object", "properties": {"a": {"type": "string"}}})).action

    return made


@pytest.mark.parametrize("backend", BACKENDS)
@effort(150)
@given(data=frames("c"), session=st.sampled_from([None, *LEGACY]))
def test_a_server_goes_on(backend: str, data: list[bytes], session: str | None) -> None:
    async def test() -> None:
        async with served(server()) as peer:
            if session is not None:
                await peer.initialize(session, elicitation={})
            for frame in data:
                peer.send(frame)
            answer = await peer.ask("the end", "tools/list", stamped())
            assert len(answer["result"]["tools"]) == 2
            assert "id" in await peer.ask("the very end", "ping")

    run(backend, test)


@pytest.mark.parametrize("backend", BACKENDS)
@effort(100)
@given(data=st.lists(rewritten("s"), min_size=1, max_size=8), session=st.sampled_from([None, *LEGACY]))
def test_a_server_never_answers_a_response(backend: str, data: list[bytes], session: str | None) -> None:
    objects = [frame for frame in data if frame.startswith(b"{")]
    responses = [frame for frame in objects if is_response(set(json.loads(frame)))]

    async def test() -> None:
        async with served(server()) as peer:
            if session is not None:
                await peer.initialize(session)
            for frame in responses:
                peer.send(frame)
            await peer.ask("the end", "tools/list", stamped())
            assert peer.left == []

    run(backend, test)


def is_response(keys: set[str]) -> bool:
    return "method" not in keys and bool({"result", "error"} & keys)


# -- into a client ----------------------------------------------------------------------------------------------------


def fail(*args: Any) -> Any:
    raise ZeroDivisionError


@asynccontextmanager
async def attacked(revision: str) -> AsyncGenerator[tuple[Client, Peer]]:
    """A client with callbacks that fail, and calls of every kind in progress."""
    callbacks: dict[str, Any] = {
        "on_log": fail,
        "on_notification": fail,
        "on_violation": fail,
        "on_sampling": fail,
        "on_elicitation": lambda params: None,
        "roots": ["file:///a"],
    }
    deadlines = Deadlines(request=SOON)
    async with by_hand(revision=revision, deadlines=deadlines, **callbacks) as (client, peer):

        async def outcome(function: Callable[..., Any], *args: Any) -> None:
            try:
                await function(*args)
            except McpError:
                pass
            except ZeroDivisionError:  # of a callback, which an input-required result had called
                pass

        async with anyio.create_task_group() as group:
            for function, *args in ((client.call_tool, "t"), (client.list_tools,), (client.read_resource, "a:1")):
                group.start_soon(outcome, function, *args)
            await peer.until(lambda: len(peer.left) == 3)
            yield client, peer
            await client.aclose()


@pytest.mark.parametrize("backend", BACKENDS)
@effort(150)
@given(data=frames("s"), revision=st.sampled_from([*LEGACY, MODERN]), ids=st.lists(st.integers(1, 5), max_size=8))
def test_a_client_goes_on(backend: str, data: list[bytes], revision: str, ids: list[int]) -> None:
    async def test() -> None:
        async with attacked(revision) as (client, peer):
            for number, frame in enumerate(data):
                # Some of what was recorded answers the very requests in progress.
                at = ids[number] if number < len(ids) else 0
                peer.send(frame.replace(b'"id":1,', f'"id":{at},'.encode()) if at else frame)
            if revision in LEGACY:
                assert (await peer.ask("the end", "ping"))["result"] == {}
            await there_and_back(client, peer, revision)

    run(backend, test)


async def there_and_back(client: Client, peer: Peer, revision: str) -> None:
    """A call that is answered as it should be, whatever came before it."""
    before = len(peer.heard)
    async with anyio.create_task_group() as group:

        async def call() -> None:
            prompt = await client.get_prompt("the end")
            assert prompt.description == "reached"

        group.start_soon(call)
        with anyio.fail_after(SOON):
            asked: list[Any] = []

            def found() -> bool:
                asked[:] = [m for m in peer.heard[before:] if m.get("params", {}).get("name") == "the end"]
                return bool(asked)

            await peer.until(found)
            complete = {"resultType": "complete"} if revision == MODERN else {}
            peer.answer(asked[0], {"messages": [], "description": "reached", **complete})
