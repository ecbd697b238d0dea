"""Which era a server at a URL is of, and what it says where it can't be told."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from mcpstruct.base.errors import (
    AccessDenied,
    ConnectFailed,
    HttpError,
    NoCommonRevision,
    RemoteError,
    Unavailable,
)
from mcpstruct.base.limits import Deadlines
from mcpstruct.client import Client
from tests.transport.http.support import (
    BRISK,
    LEGACY,
    MODERN,
    SOON,
    Legacy,
    Modern,
    Peer,
    Seen,
    answer,
    connected,
    discovered,
    initialized,
    running,
)

pytestmark = pytest.mark.anyio


async def refused(peer: Peer, **options: Any) -> Exception:
    """Why a client cannot connect to a peer."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the test says which
        async with connected(peer, **options):
            pass
    assert not isinstance(caught.value, BaseExceptionGroup)
    return caught.value


@pytest.mark.parametrize("status", [400, 404, 405, 406, 415, 422, 501 - 90])
@pytest.mark.parametrize(
    "body", ["", "Bad Request", '{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"x"}}']
)
async def test_a_refusal_that_a_modern_server_would_not_give_is_a_legacy_servers(status: int, body: str) -> None:
    peer = Legacy()
    peer.on["server/discover"] = answer(status, body)
    async with connected(peer) as client:
        assert client.protocol_version == LEGACY


async def test_a_legacy_server_may_answer_in_its_own_way() -> None:
    peer = Legacy()

    async def unknown(seen: Seen) -> Any:
        return seen.error(-32601, "Method not found")

    async def invalid(seen: Seen) -> Any:
        return seen.error(-32602, "Invalid request parameters")

    async def text(seen: Seen) -> Any:
        return seen.status(200, "hello")

    for handler in (unknown, invalid, text):
        peer.on["server/discover"] = handler
        async with connected(peer) as client:
            assert client.protocol_version == LEGACY


async def test_a_modern_server_that_refuses_what_it_names_is_asked_again_but_not_for_ever() -> None:
    peer = Modern()
    refusals = 1

    async def discover(seen: Seen) -> Any:
        if len(peer.of("server/discover")) <= refusals:
            return seen.error(-32022, "Unsupported", status=400, supported=[MODERN], requested="2099-01-01")
        return seen.result(discovered())

    peer.on["server/discover"] = discover
    async with connected(peer) as client:
        assert client.protocol_version == MODERN
    refusals = 100
    assert isinstance(await refused(peer), NoCommonRevision)
    assert not peer.of("initialize")


async def test_a_server_that_names_legacy_revisions_alone_is_opened_by_handshake() -> None:
    peer = Legacy("2025-06-18")

    async def discover(seen: Seen) -> Any:
        return seen.error(-32022, "Unsupported", status=400, supported=["2025-06-18"], requested=MODERN)

    peer.on["server/discover"] = discover
    async with connected(peer) as client:
        assert client.protocol_version == "2025-06-18"
    assert peer.of("initialize")[0].message["params"]["protocolVersion"] == "2025-06-18"


@pytest.mark.parametrize("code", [-32020, -32021])
async def test_a_modern_error_is_no_reason_to_fall_back(code: int) -> None:
    peer = Legacy()

    async def discover(seen: Seen) -> Any:
        return seen.error(code, "no", status=400)

    peer.on["server/discover"] = discover
    error = await refused(peer)
    assert isinstance(error, ConnectFailed)
    assert isinstance(error.__cause__, RemoteError)
    assert not peer.of("initialize")


@pytest.mark.parametrize("revisions", [None, LEGACY, MODERN])
@pytest.mark.parametrize("status", [401, 403])
async def test_who_is_not_let_in_learns_that(status: int, revisions: str | None) -> None:
    peer = Peer()
    peer.on["*"] = answer(status, "who are you?", WWW_Authenticate='Bearer realm="x"')
    error = await refused(peer, revisions=revisions)
    assert type(error) is AccessDenied
    assert error.status == status
    assert error.headers["www-authenticate"] == 'Bearer realm="x"'
    assert str(error) == f"HTTP {status}: who are you?"
    assert len(peer.seen) == 1


@pytest.mark.parametrize("revisions", [None, LEGACY, MODERN])
@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
async def test_a_server_in_trouble_is_not_taken_for_a_legacy_one(status: int, revisions: str | None) -> None:
    peer = Peer()
    peer.on["*"] = answer(status)
    error = await refused(peer, revisions=revisions)
    assert isinstance(error, ConnectFailed)
    assert isinstance(error.__cause__, Unavailable)
    assert error.__cause__.retryable
    assert len(peer.seen) == 1


async def test_nobody_listens() -> None:
    peer = Modern()
    async with running(peer):
        pass
    with anyio.fail_after(SOON), pytest.raises(ConnectFailed, match="onnect"):
        await Client(peer.url, verdicts={}).connect()


async def test_a_name_that_there_is_not() -> None:
    with anyio.fail_after(30), pytest.raises(ConnectFailed):
        await Client("http://no-such-host.invalid/mcp", verdicts={}).connect()


async def test_a_server_that_breaks_off_at_once() -> None:
    peer = Peer()

    async def cut(seen: Seen) -> Any:
        seen.raw.transport.abort()  # type: ignore[union-attr]
        return seen.status(200)

    peer.on["*"] = cut
    assert isinstance(await refused(peer), ConnectFailed)


async def test_a_silent_server_is_not_taken_for_a_legacy_one() -> None:
    peer = Legacy()

    async def silent(seen: Seen) -> Any:
        return await (await seen.stream()).until_gone()

    peer.on["server/discover"] = silent
    error = await refused(peer, deadlines=Deadlines(connect=0.3, probe=0.1))
    assert isinstance(error, ConnectFailed)
    assert not peer.of("initialize")
    await peer.of("server/discover")[0].gone.wait()


async def test_what_a_server_turned_out_to_be_is_remembered_by_its_url() -> None:
    verdicts: dict[str, str] = {}
    peer = Legacy()
    async with running(peer):
        for _ in range(2):
            async with Client(f"{peer.url}?key=secret", verdicts=verdicts, deadlines=BRISK) as client:
                assert client.protocol_version == LEGACY
    assert verdicts == {peer.url: LEGACY}
    assert len(peer.of("server/discover")) == 1
    assert len(peer.of("initialize")) == 2


@pytest.mark.parametrize("kind", ["a message", "a status", "the revisions it speaks"])
async def test_a_server_that_is_no_longer_legacy_is_asked_again(kind: str) -> None:
    peer = Modern()

    async def refuse(seen: Seen) -> Any:
        if kind == "a status":
            return seen.status(404)
        data = {"supported": [MODERN]} if kind != "a message" else {}
        return seen.error(-32022 if data else -32601, "no", status=400 if data else 404, **data)

    peer.on |= {"initialize": refuse, "GET": answer(405)}
    async with running(peer):
        verdicts = {peer.url: LEGACY}
        async with Client(peer.url, verdicts=verdicts, deadlines=BRISK) as client:
            assert client.protocol_version == MODERN
        assert verdicts == {peer.url: MODERN}


async def test_a_pinned_revision_is_all_that_is_tried() -> None:
    peer = Legacy("2025-03-26")
    async with connected(peer, revisions="2025-03-26") as client:
        assert client.protocol_version == "2025-03-26"
    assert not peer.of("server/discover")
    peer = Legacy()
    assert isinstance(await refused(peer, revisions=MODERN), NoCommonRevision)
    assert not peer.of("initialize")


async def test_a_handshake_that_is_refused() -> None:
    peer = Legacy()

    async def initialize(seen: Seen) -> Any:
        return seen.error(-32602, "Unsupported protocol version", supported=["1999-01-01"])

    peer.on["initialize"] = initialize
    error = await refused(peer)
    assert isinstance(error, NoCommonRevision)
    assert error.supported == ("1999-01-01",)
    peer.on["initialize"] = answer(418)
    error = await refused(peer)
    assert isinstance(error, ConnectFailed)
    assert isinstance(error.__cause__, HttpError)
    assert error.__cause__.status == 418


async def test_an_answer_to_the_handshake_may_be_a_stream() -> None:
    peer = Legacy(session="s-1")

    async def initialize(seen: Seen) -> Any:
        stream = await seen.stream(headers={"Mcp-Session-Id": "s-2"})
        await stream.result(initialized())
        return stream.response

    peer.on["initialize"] = initialize
    async with connected(peer) as client:
        await client.list_tools()
    assert peer.of("tools/list")[0].headers["mcp-session-id"] == "s-2"


async def test_connecting_can_be_called_off() -> None:
    peer = Modern()

    async def silent(seen: Seen) -> Any:
        return await (await seen.stream()).until_gone()

    peer.on["server/discover"] = silent
    async with running(peer):
        client = Client(peer.url, verdicts={}, deadlines=BRISK)
        async with anyio.create_task_group() as group:
            group.start_soon(client.connect)
            await peer.take("server/discover")
            group.cancel_scope.cancel()
        await peer.seen[0].gone.wait()
        await client.aclose()


async def test_only_who_can_tell_of_changed_roots_says_so() -> None:
    """Modern revisions have no such notification."""
    modern, legacy = Modern(), Legacy()
    async with connected(modern, roots=["file:///a"]) as client:
        await client.list_tools()
    for seen in modern.seen:
        assert seen.message["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] == {"roots": {}}
    async with connected(legacy, roots=["file:///a"]):
        pass
    assert legacy.of("initialize")[0].message["params"]["capabilities"] == {"roots": {"listChanged": True}}
