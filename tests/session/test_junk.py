"""What comes in and is no message, or several at once; and what a client makes of being asked."""

from __future__ import annotations

import json
import logging
from typing import Any

import anyio
import pytest

from mcpstruct.base.errors import ProtocolViolation
from mcpstruct.client import Client
from mcpstruct.session.complaints import Complaints
from tests.session.support import (
    LEGACY,
    MODERN,
    NEWEST_LEGACY,
    SOON,
    Peer,
    by_hand,
    calculator,
    served,
)

pytestmark = pytest.mark.anyio
ADD = {"name": "add", "arguments": {"a": 1, "b": 2}}
UNREAD = [b"", b" ", b"{", b"nonsense", b"\xff\xfe\x00", b'{"jsonrpc":"2.0","id":1,"method":"ping"']
NO_MESSAGE = [
    b"{}",
    b"null",
    b"17",
    b'"text"',
    b"[]",
    b"[" * 2000,
    b'{"jsonrpc":"2.0"}',
    b'{"JSONRPC":"2.0","ID":1,"METHOD":"ping"}',
]
BAD_RESPONSES = [
    {"result": {}},
    {"id": None, "result": {}},
    {"id": 1, "result": {}, "error": {"code": 1, "message": "x"}},
    {"id": 1.5, "result": {}},
    {"id": 1, "error": "no"},
    {"id": 1, "error": {"code": 1}},
    {"error": {}},
    {"id": [], "error": {"code": 1, "message": "x"}},
    {"id": 1},
]


# -- batches ----------------------------------------------------------------------------------------------------------


def batch(*messages: Any) -> bytes:
    return json.dumps([{"jsonrpc": "2.0", **m} if isinstance(m, dict) else m for m in messages]).encode()


async def test_batches_where_the_revision_has_them() -> None:
    async with served(calculator()) as peer:
        await peer.initialize("2025-03-26")
        peer.send(
            batch(
                {"id": 1, "method": "ping"},
                {"method": "notifications/cancelled", "params": {"requestId": 1}},
                {"id": 2, "method": "tools/call", "params": ADD},
                {"id": 3, "method": "example/unknown"},
                5,
                [],
                {"id": 4, "result": {}},
            )
        )
        assert "result" in await peer.ask(5, "ping")
        await peer.until(lambda: len(peer.left) >= 3)
        answers = {message["id"]: message for message in peer.left if message.get("id") is not None}
        assert {key: "result" in answer for key, answer in answers.items()} == {1: True, 2: True, 3: False}
        peer.send(b"[]")
        assert "result" in await peer.ask(6, "ping")


@pytest.mark.parametrize("depth", [2, 50, 900])
async def test_batches_in_batches_are_none(depth: int) -> None:
    async with served(calculator()) as peer:
        await peer.initialize("2025-03-26")
        inner = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
        peer.send(b"[" * depth + inner + b"]" * depth)
        assert "result" in await peer.ask(2, "ping")
        assert not any(message.get("id") == 1 for message in peer.left)


@pytest.mark.parametrize("revision", [None, *(name for name in LEGACY if name != "2025-03-26")])
async def test_batches_elsewhere_are_refused(revision: str | None) -> None:
    async with served(calculator()) as peer:
        if revision is not None:
            await peer.initialize(revision)
        peer.send(batch({"id": 1, "method": "ping"}))
        assert "result" in await peer.ask(2, "ping")
        assert [m["error"]["code"] for m in peer.left] == ([-32600] if revision in (None, NEWEST_LEGACY) else [])


async def test_initialize_comes_in_no_batch() -> None:
    async with served(calculator()) as peer:
        params = {"protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
        peer.send(batch({"id": 1, "method": "initialize", "params": params}))
        await peer.until(lambda: peer.left)
        assert peer.left[0]["error"]["code"] == -32600
        assert (await peer.initialize("2025-03-26"))["protocolVersion"] == "2025-03-26"


async def test_a_client_takes_batches_where_the_revision_has_them() -> None:
    async with by_hand(revision="2025-03-26") as (client, peer):
        answered: list[Any] = []

        async def call() -> None:
            answered.append(await client.ping())

        async with anyio.create_task_group() as group:
            group.start_soon(call)
            group.start_soon(call)
            first, second = await peer.take(), await peer.take()
            peer.send(
                batch(
                    {"id": first["id"], "result": {}}, {"id": second["id"], "result": {}}, {"id": 9, "method": "ping"}
                )
            )
            assert (await peer.take())["result"] == {}
        assert len(answered) == 2


# -- what is no message -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("junk", [*UNREAD, *NO_MESSAGE])
async def test_junk_is_answered_without_an_id_and_the_session_goes_on(junk: bytes) -> None:
    async with served(calculator()) as peer:
        await peer.initialize()
        peer.send(junk)
        assert "result" in await peer.ask(1, "ping")
        assert [m["error"]["code"] for m in peer.left] == [-32700 if junk in UNREAD else -32600]
        assert all(m.get("id") is None for m in peer.left)


@pytest.mark.parametrize("revision", LEGACY[:-1])
async def test_revisions_whose_errors_have_ids_get_none_without(revision: str) -> None:
    async with served(calculator()) as peer:
        await peer.initialize(revision)
        for junk in (*UNREAD, *NO_MESSAGE):
            peer.send(junk)
        assert "result" in await peer.ask(1, "ping")
        assert peer.left == []


@pytest.mark.parametrize("response", BAD_RESPONSES)
async def test_a_response_that_is_none_is_never_answered(response: dict[str, Any]) -> None:
    async with served(calculator()) as peer:
        await peer.initialize()
        peer.send({"jsonrpc": "2.0", **response})
        assert "result" in await peer.ask(1, "ping")
        assert peer.left == []


async def test_a_client_answers_no_junk_and_tells_of_it() -> None:
    violations: list[ProtocolViolation] = []
    async with by_hand(on_violation=violations.append) as (client, peer):
        for junk in (*UNREAD, *NO_MESSAGE, *(json.dumps({"jsonrpc": "2.0", **r}).encode() for r in BAD_RESPONSES)):
            peer.send(junk)
        await ping(client, peer)
        assert peer.left == []
    assert len(violations) == len(UNREAD) + len(NO_MESSAGE) + len(BAD_RESPONSES)
    assert [v.data for v in violations[: len(UNREAD)]] == UNREAD


async def test_what_a_client_does_not_know_is_no_violation(caplog: pytest.LogCaptureFixture) -> None:
    violations: list[ProtocolViolation] = []
    async with by_hand(on_violation=violations.append) as (client, peer):
        peer.tell("notifications/example/unknown", {"x": 1})
        assert (await peer.ask(1, "example/unknown"))["error"]["code"] == -32601
        await ping(client, peer)
    assert violations == []
    assert [record for record in caplog.records if record.levelname == "WARNING"] == []


async def test_a_violation_callback_that_fails_changes_nothing() -> None:
    seen: list[Any] = []

    def on_violation(violation: ProtocolViolation) -> None:
        seen.append(violation)
        raise ZeroDivisionError

    async with by_hand(on_violation=on_violation) as (client, peer):
        for _ in range(3):
            peer.send(b"junk")
        await ping(client, peer)
    assert len(seen) == 3


async def ping(client: Client, peer: Peer) -> None:
    """A request there and back."""
    with anyio.fail_after(SOON):
        async with anyio.create_task_group() as group:
            group.start_soon(client.ping)
            peer.answer(await peer.take("ping"), {})


# -- a client, being asked --------------------------------------------------------------------------------------------


async def test_a_client_answers_what_it_has_callbacks_for() -> None:
    async with by_hand(roots=["file:///a"], on_sampling=lambda params: params.undefined) as (_, peer):
        assert (await peer.ask(1, "ping"))["result"] == {}
        assert (await peer.ask("r", "roots/list"))["result"]["roots"] == [{"uri": "file:///a"}]
        form = {"message": "?", "requestedSchema": {"type": "object", "properties": {}}}
        assert (await peer.ask(3, "elicitation/create", form))["error"]["code"] == -32601
        assert (await peer.ask(4, "example/unknown"))["error"]["code"] == -32601
        assert (await peer.ask(5, "tools/list"))["error"]["code"] == -32601
        error = (await peer.ask(6, "sampling/createMessage", {"messages": [], "maxTokens": 1}))["error"]
        assert error == {"code": -32603, "message": "internal error"}  # and nothing of what went wrong inside
        assert (await peer.ask(7, "sampling/createMessage", {}))["error"]["code"] == -32602


async def test_a_modern_client_sends_no_answers() -> None:
    """A modern server may not ask; the specification has clients write no responses at all."""
    async with by_hand(revision=MODERN, roots=["file:///a"]) as (client, peer):
        peer.request(1, "roots/list")
        peer.request(2, "ping")
        peer.request(3, "example/unknown")
        peer.request(4, "sampling/createMessage", {})
        async with anyio.create_task_group() as group:
            group.start_soon(client.list_tools)
            request = await peer.take()
            assert request["method"] == "tools/list"
            peer.answer(request, {"tools": [], "resultType": "complete", "ttlMs": 0, "cacheScope": "private"})
        assert peer.left == []


# -- in the log -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("junk", [b"nonsense", b'{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"}}'])
async def test_a_flood_of_junk_does_not_fill_the_log(junk: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async def flood(peer: Peer) -> None:
        for _ in range(1000):
            peer.send(junk)
        await peer.ask("after", "ping")

    async with served(calculator()) as peer:
        await peer.initialize()
        await flood(peer)
        assert 0 < len(warnings(caplog)) <= 10
    assert 0 < len(warnings(caplog)) <= 10
    assert warnings(caplog)[-1] == "A client: 995 more such warnings were not logged; 1000 in all"
    caplog.clear()
    found: list[ProtocolViolation] = []
    async with by_hand(on_violation=found.append) as (_, peer):
        await flood(peer)
    assert 0 < len(warnings(caplog)) <= 10
    assert warnings(caplog)[-1] == "The server: 995 more such warnings were not logged; 1000 in all"
    assert len(found) == (1000 if junk == b"nonsense" else 0)


async def test_a_little_junk_is_logged_as_it_comes(caplog: pytest.LogCaptureFixture) -> None:
    async with served(calculator()) as peer:
        await peer.initialize()
        for _ in range(3):
            peer.send(b"nonsense")
        await peer.ask("after", "ping")
    said = "A client broke the protocol: at the top: expected JSON, got JSON is malformed: invalid character (byte 4)"
    assert warnings(caplog) == [said] * 3


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


async def test_junk_that_goes_on_is_told_of_now_and_then(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr("mcpstruct.session.complaints.monotonic", lambda: now)
    complaints = Complaints("A client")
    for _ in range(1000):  # 1000 seconds of it
        now += 1
        complaints.add("did %s", "wrong")
    complaints.end()
    complaints.end()
    lines = warnings(caplog)
    assert len(lines) < 50
    assert lines[0] == "A client did wrong"
    assert lines[5] == "A client: 59 more such warnings were not logged; 65 in all"
    assert lines[-1].endswith("1000 in all")
    assert lines.count("A client did wrong") + sum(int(line.split()[2]) for line in lines if "more" in line) == 1000
