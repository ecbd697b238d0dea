"""A client finds out what a server is: every way in which a legacy one may take the question, and what others say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from mcpstruct.base.errors import ConnectFailed, NoCommonRevision, ProtocolViolation, RemoteError
from mcpstruct.base.limits import Deadlines
from mcpstruct.client import Client
from mcpstruct.session.calling import ClientConnection
from mcpstruct.transport.pair import transport_pair
from tests.session.support import (
    BRISK,
    MODERN,
    NEWEST_LEGACY,
    SOON,
    Fresh,
    Peer,
    calculator,
    discovered,
    initialized,
    served,
    stamped,
)

pytestmark = pytest.mark.anyio
PROMPT = Deadlines(request=SOON, connect=SOON, probe=SOON)
"""With these, whatever waits for the probe's deadline takes longer than a test may."""
Play = Callable[[Peer], Awaitable[None]]


def refusing(code: int, **data: Any) -> Play:
    async def play(peer: Peer) -> None:
        peer.refuse(await peer.take("server/discover"), code, **data)
        await peer.shake("2025-06-18")

    return play


def answering(result: Any) -> Play:
    async def play(peer: Peer) -> None:
        peer.answer(await peer.take("server/discover"), result)
        await peer.shake("2025-06-18")

    return play


@pytest.mark.parametrize("code", [-32601, -32602, -32600, -32603, -32700, -32000, -32002, -32021, 0, 1, -1])
async def test_any_error_but_a_modern_one_falls_back(code: int) -> None:
    with anyio.fail_after(3):
        async with Client(Fresh(refusing(code)), deadlines=PROMPT) as client:
            assert client.protocol_version == "2025-06-18"


@pytest.mark.parametrize("result", [{}, {"tools": []}, {"supportedVersions": "2026-07-28"}, {"supportedVersions": []}])
async def test_an_answer_that_is_none_falls_back(result: Any) -> None:
    with anyio.fail_after(3):
        async with Client(Fresh(answering(result)), deadlines=PROMPT) as client:
            assert client.protocol_version == "2025-06-18"


async def test_an_error_of_the_modern_code_without_revisions_falls_back() -> None:
    """-32022 is no modern error unless it says what the server speaks."""
    async with Client(Fresh(refusing(-32022)), deadlines=PROMPT) as client:
        assert client.protocol_version == "2025-06-18"


async def test_silence_falls_back_after_the_probes_deadline_and_the_late_answer_is_dropped() -> None:
    async def play(peer: Peer) -> None:
        probe = await peer.take("server/discover")
        request = await peer.take("initialize")
        peer.answer(probe, discovered())
        peer.answer(request, initialized("2025-03-26"))
        await peer.take("notifications/initialized")
        peer.answer(await peer.take("ping"), {})

    target = Fresh(play)
    async with Client(target, deadlines=BRISK) as client:
        assert client.protocol_version == "2025-03-26"
        await client.ping()
    assert "notifications/cancelled" not in [m.get("method") for m in target.peers[0].heard]


async def test_garbage_falls_back() -> None:
    async def play(peer: Peer) -> None:
        await peer.take("server/discover")
        for junk in (b"Usage: server [options]", b"\xff\xfe", b"[]", b"{}", b'{"jsonrpc":"2.0"}', b"null"):
            peer.send(junk)
        await peer.shake("2024-11-05")

    async with Client(Fresh(play), deadlines=BRISK) as client:
        assert client.protocol_version == "2024-11-05"


async def test_a_server_that_ends_at_the_probe_is_started_again_without() -> None:
    target = Fresh(fragile, key="fragile")
    verdicts: dict[str, str] = {}
    with anyio.fail_after(3):
        async with Client(target, deadlines=PROMPT, verdicts=verdicts) as client:
            assert client.protocol_version == NEWEST_LEGACY
    assert len(target.peers) == 2
    assert verdicts == {"fragile": NEWEST_LEGACY}


async def fragile(peer: Peer) -> None:
    """A server that ends when it is asked anything before `initialize`."""
    await peer.until(lambda: peer.heard)
    if peer.heard[0]["method"] != "initialize":
        await peer.aclose()
    else:
        await peer.shake()


async def test_a_server_that_always_ends_is_an_error() -> None:
    async def play(peer: Peer) -> None:
        await peer.until(lambda: peer.heard)
        await peer.aclose()

    with anyio.fail_after(3), pytest.raises(ConnectFailed):
        await Client(Fresh(play), deadlines=PROMPT).connect()


@pytest.mark.parametrize("revisions", [None, MODERN, NEWEST_LEGACY])
async def test_a_transport_that_is_lost_while_opening_is_an_error(revisions: str | None) -> None:
    near, far = transport_pair()
    peer = Peer(far)
    peer.on_message = lambda message: None
    await far.open(peer)
    async with anyio.create_task_group() as group:

        async def leave() -> None:
            await peer.take()
            await peer.aclose()

        group.start_soon(leave)
        with anyio.fail_after(3), pytest.raises(ConnectFailed):
            await Client(near, revisions=revisions, deadlines=PROMPT).connect()


async def test_a_cached_verdict_skips_the_probe() -> None:
    verdicts: dict[str, str] = {}
    target = Fresh(refusing(-32601), key="old")
    async with Client(target, verdicts=verdicts, deadlines=PROMPT):
        pass
    again = Fresh(lambda peer: peer.shake("2025-06-18"), key="old")
    async with Client(again, verdicts=verdicts, deadlines=PROMPT) as client:
        assert client.protocol_version == "2025-06-18"
        await again.peers[0].until(lambda: len(again.peers[0].heard) == 2)
        assert [m["method"] for m in again.peers[0].heard] == ["initialize", "notifications/initialized"]


async def test_a_modern_verdict_does_not_skip_the_probe() -> None:
    verdicts = {"new": MODERN}
    target = Fresh(refusing(-32601), key="new")
    async with Client(target, verdicts=verdicts, deadlines=PROMPT) as client:
        assert client.protocol_version == "2025-06-18"
    assert verdicts == {"new": "2025-06-18"}


async def test_a_verdict_that_no_longer_holds_is_tried_anew() -> None:
    """A server of which all that is known is that it was legacy may have been upgraded since."""

    async def play(peer: Peer) -> None:
        request = await peer.take()
        if request["method"] == "initialize":
            peer.refuse(request, -32022, supported=[MODERN], requested=NEWEST_LEGACY)
        else:
            peer.answer(request, discovered())

    verdicts = {"upgraded": "2025-06-18"}
    with anyio.fail_after(3):
        async with Client(Fresh(play, key="upgraded"), verdicts=verdicts, deadlines=PROMPT) as client:
            assert client.protocol_version == MODERN
    assert verdicts == {"upgraded": MODERN}


async def test_a_verdict_outside_what_is_allowed_does_not_count() -> None:
    target = Fresh(lambda peer: peer.discover(), key="known")
    async with Client(target, revisions=MODERN, verdicts={"known": "2025-06-18"}, deadlines=PROMPT) as client:
        assert client.protocol_version == MODERN


# -- modern servers ---------------------------------------------------------------------------------------------------


async def test_an_unsupported_version_is_tried_again_in_one_that_is() -> None:
    near, far = transport_pair()
    peer = Peer(far)
    await far.open(peer)
    connection = ClientConnection(part(), deadlines=PROMPT)
    await connection.core.open(near)

    async def play() -> None:
        first = await peer.take("server/discover")
        assert first["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] == "2027-01-01"
        peer.refuse(first, -32022, supported=["2026-12-01", MODERN], requested="2027-01-01")
        second = await peer.take("server/discover")
        assert second["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] == MODERN
        peer.answer(second, discovered())

    with anyio.fail_after(SOON):
        async with anyio.create_task_group() as group:
            group.start_soon(play)
            await connection.negotiate(("2027-01-01", MODERN, NEWEST_LEGACY))
    assert connection.revision is not None
    assert connection.revision.name == MODERN
    await connection.core.aclose()


def part() -> Any:
    """The client's side, as the session sees it."""
    return Client(Fresh(lambda peer: peer.loss()))._host


@pytest.mark.parametrize("revisions", [None, MODERN])
async def test_a_modern_server_of_other_revisions_is_not_shaken_hands_with(revisions: str | None) -> None:
    """A recognised modern error says that the server is modern: no fall-back to `initialize`."""

    async def play(peer: Peer) -> None:
        peer.refuse(await peer.take(), -32022, supported=["2099-01-01"], requested=MODERN)

    target = Fresh(play)
    with anyio.fail_after(3), pytest.raises(NoCommonRevision) as refusal:
        await Client(target, revisions=revisions, deadlines=PROMPT).connect()
    assert refusal.value.supported == ("2099-01-01",)
    assert [m["method"] for m in target.peers[0].heard] == ["server/discover"]


async def test_a_server_that_names_the_revision_it_refuses_is_asked_once_more() -> None:
    """Behind one address there may be several servers, not all of them of the same age."""

    async def play(peer: Peer) -> None:
        peer.refuse(await peer.take("server/discover"), -32022, supported=[MODERN], requested=MODERN)
        peer.answer(await peer.take("server/discover"), discovered())

    async with Client(Fresh(play), deadlines=PROMPT) as client:
        assert client.protocol_version == MODERN


@pytest.mark.parametrize("revisions", [None, MODERN])
async def test_a_server_that_goes_on_refusing_what_it_names_is_an_error(revisions: str | None) -> None:
    async def play(peer: Peer) -> None:
        for _ in range(2):
            peer.refuse(await peer.take("server/discover"), -32022, supported=[MODERN], requested=MODERN)

    target = Fresh(play)
    with anyio.fail_after(3), pytest.raises(NoCommonRevision) as refusal:
        await Client(target, revisions=revisions, deadlines=PROMPT).connect()
    assert refusal.value.supported == (MODERN,)
    assert [m["method"] for m in target.peers[0].heard] == ["server/discover"] * 2


async def test_a_server_that_names_legacy_revisions_gets_the_handshake_in_one_of_them() -> None:
    async def play(peer: Peer) -> None:
        peer.refuse(await peer.take(), -32022, supported=["2025-06-18", "2024-11-05"], requested=MODERN)
        request = await peer.take("initialize")
        assert request["params"]["protocolVersion"] == "2025-06-18"
        peer.answer(request, initialized("2025-06-18"))

    async with Client(Fresh(play), deadlines=PROMPT) as client:
        assert client.protocol_version == "2025-06-18"


async def test_a_legacy_server_that_refuses_a_revision_by_its_old_error_is_named() -> None:
    """Before there was a code for it, -32602 with the same data was the documented way."""

    async def play(peer: Peer) -> None:
        peer.refuse(await peer.take(), -32602, "Unsupported protocol version", supported=["2024-11-05"], requested="x")

    with pytest.raises(NoCommonRevision) as refusal:
        await Client(Fresh(play), revisions="2025-06-18", deadlines=PROMPT).connect()
    assert refusal.value.supported == ("2024-11-05",)


async def test_a_server_that_refuses_initialize_is_an_error_with_its_words() -> None:
    async def play(peer: Peer) -> None:
        peer.refuse(await peer.take(), -32603, "out of cheese")

    with pytest.raises(ConnectFailed, match="out of cheese") as failure:
        await Client(Fresh(play), revisions=NEWEST_LEGACY, deadlines=PROMPT).connect()
    assert isinstance(failure.value.__cause__, RemoteError)


@pytest.mark.parametrize("revisions", [MODERN, NEWEST_LEGACY])
async def test_silence_is_an_error_at_the_deadline(revisions: str) -> None:
    silent = Deadlines(request=SOON, connect=0.1, probe=0.05)
    with anyio.fail_after(3), pytest.raises(ConnectFailed, match=r"0\.1 s"):
        await Client(Fresh(lambda peer: peer.loss()), revisions=revisions, deadlines=silent).connect()


# -- our own server, being asked --------------------------------------------------------------------------------------


async def test_a_legacy_server_answers_the_probe_with_no_modern_error() -> None:
    """Else a dual client takes it for a modern server that it has no revision in common with."""
    async with served(calculator(revisions=["2025-06-18", "2025-03-26"])) as peer:
        answer = await peer.ask(1, "server/discover", stamped())
        assert not -32099 <= answer["error"]["code"] <= -32020
        assert (await peer.initialize("2025-06-18"))["protocolVersion"] == "2025-06-18"


async def test_a_modern_server_names_its_revisions_to_a_legacy_client() -> None:
    async with served(calculator(revisions=MODERN)) as peer:
        params = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
        assert (await peer.ask(1, "initialize", params))["error"]["data"]["supported"] == [MODERN]
        assert MODERN in (await peer.ask(2, "tools/list"))["error"]["message"]


async def test_an_unknown_revision_is_answered_with_the_known_ones() -> None:
    async with served(calculator()) as peer:
        meta = {"io.modelcontextprotocol/protocolVersion": "1900-01-01"}
        error = (await peer.ask("a", "tools/list", stamped(_meta=meta)))["error"]
        assert error["code"] == -32022
        assert error["data"]["requested"] == "1900-01-01"
        assert error["data"]["supported"][0] == MODERN


@pytest.mark.parametrize("offered", ["1.0.0", "", "2099-01-01", "2026-07-28"])
async def test_a_handshake_in_an_unknown_revision_gets_the_newest_legacy_one(offered: str) -> None:
    async with served(calculator()) as peer:
        assert (await peer.initialize(offered))["protocolVersion"] == NEWEST_LEGACY


NO_DISCOVERY = {**discovered(), "supportedVersions": MODERN}


async def test_a_malformed_answer_is_told_of_before_falling_back() -> None:
    seen: list[ProtocolViolation] = []
    async with Client(Fresh(answering(NO_DISCOVERY)), deadlines=PROMPT, on_violation=seen.append) as client:
        assert client.protocol_version == "2025-06-18"
    assert [violation.pointer for violation in seen] == ["/result/supportedVersions"]


async def test_a_malformed_answer_is_why_a_modern_connection_fails() -> None:
    with pytest.raises(ConnectFailed, match="/result/supportedVersions") as caught:
        await Client(Fresh(answering(NO_DISCOVERY)), deadlines=PROMPT, revisions=MODERN).connect()
    assert isinstance(caught.value.__cause__, ProtocolViolation)
