"""Each stream answers its own request."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from mcpstruct.base.errors import ConnectionLost, ProtocolViolation
from mcpstruct.client.raw import RawClient
from tests.transport.http.support import BRISK, SOON, Flag, Legacy, Modern, Seen, called, connected, running, text_of

pytestmark = pytest.mark.anyio


def answer_to(seen: Seen, text: str, **more: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": seen.message["id"], "result": called(text), **more}


OTHERS: dict[str, Callable[[Seen], bytes]] = {
    "an answer": lambda seen: json.dumps(answer_to(seen, "wrong")).encode(),
    "an answer, its id last": lambda seen: json.dumps(dict(reversed(answer_to(seen, "wrong").items()))).encode(),
    "an error": lambda seen: json.dumps(
        {"jsonrpc": "2.0", "id": seen.message["id"], "error": {"code": -32603, "message": "wrong"}}
    ).encode(),
    "what is no answer": lambda seen: json.dumps({"jsonrpc": "2.0", "id": seen.message["id"], "result": 1}).encode(),
    "two ids": lambda seen: (
        b'{"jsonrpc":"2.0","id":%d,"result":%s,"id":%d}'
        % (seen.message["id"] + 1, json.dumps(called("wrong")).encode(), seen.message["id"])
    ),
}


class Mixed(Modern):
    """Answers the second of two calls with what is meant for the first."""

    def __init__(self, other: Any, *, streams: bool) -> None:
        super().__init__()
        self.first: Seen | None = None
        self.go_on = Flag()

        async def call(seen: Seen) -> Any:
            if self.first is None:
                self.first = seen
                await self.go_on.wait_there()
                return seen.result(called("right"))
            if not streams:
                return seen.json(other(self.first))
            stream = await seen.stream()
            await stream.write(b"data: " + other(self.first) + b"\n\n")
            await stream.result(called("own"))
            return stream.response

        self.on["tools/call"] = call


@pytest.mark.parametrize("streams", [True, False])
@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
async def test_an_answer_to_another_request_is_refused(other: Any, streams: bool) -> None:
    peer, violations = Mixed(other, streams=streams), list[ProtocolViolation]()
    async with connected(peer, on_violation=violations.append) as client:
        first: list[Any] = []

        async def call() -> None:
            first.append(await client.call_tool("echo"))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call)
            await peer.take("tools/call")
            if streams:
                assert text_of(await client.call_tool("echo")) == "own"
            else:
                with pytest.raises(ConnectionLost):
                    await client.call_tool("echo")
            peer.go_on.set()
        assert text_of(first[0]) == "right"
    assert len(violations) == 1
    assert "another request" in str(violations[0]) or other is OTHERS["what is no answer"]


async def test_nor_is_one_taken_by_who_decodes_nothing() -> None:
    peer, violations = Mixed(OTHERS["an answer"], streams=True), list[ProtocolViolation]()
    async with running(peer):
        with anyio.fail_after(2 * SOON):
            async with RawClient(peer.url, deadlines=BRISK, on_violation=violations.append) as client:
                first: list[Any] = []
                params: dict[str, Any] = {"name": "echo", "arguments": {}}

                async def call() -> None:
                    first.append(await client.request("tools/call", params))

                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(call)
                    await peer.take("tools/call")
                    assert b"own" in bytes(await client.request("tools/call", params))
                    peer.go_on.set()
                assert b"right" in bytes(first[0])
    assert len(violations) == 1


async def test_a_late_answer_is_no_offence() -> None:
    """Its request may have been given up a moment ago."""
    peer, violations = Modern(), list[ProtocolViolation]()

    async def call(seen: Seen) -> Any:
        stream = await seen.stream()
        await stream.event({"jsonrpc": "2.0", "id": 10_000, "result": called("late")})
        await stream.result(called("own"))
        return stream.response

    peer.on["tools/call"] = call
    async with connected(peer, on_violation=violations.append) as client:
        assert text_of(await client.call_tool("echo")) == "own"
    assert not violations


async def test_in_a_session_a_stream_may_carry_the_answers_of_others() -> None:
    peer, first, answered = Legacy(session="s-1"), list[Seen](), Flag()

    async def call(seen: Seen) -> Any:
        stream = await seen.stream()
        if not first:
            first.append(seen)
            await answered.wait_there()
            return stream.response
        await stream.event(answer_to(first[0], "first"))
        await stream.result(called("second"))
        return stream.response

    peer.on["tools/call"] = call
    async with connected(peer) as client:
        texts: list[str] = []

        async def ask() -> None:
            texts.append(text_of(await client.call_tool("echo")))
            answered.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            await peer.take("tools/call")
            assert text_of(await client.call_tool("echo")) == "second"
        assert texts == ["first"]
