"""Every client with every server: the outcome that the specification gives each pair of eras, cell by cell."""

from __future__ import annotations

import anyio
import pytest

from mcpstruct.base.errors import MethodNotInRevision, NoCommonRevision
from mcpstruct.client import Client
from mcpstruct.testing import connected
from mcpstruct.transport.pair import transport_pair
from mcpstruct_bindings import REVISIONS
from mcpstruct_bindings.merged.types import TextContent
from tests.session.support import LEGACY, MODERN, NEWEST_LEGACY, SOON, Peer, calculator, initialized, served, stamped

pytestmark = pytest.mark.anyio

CLIENTS: dict[str, tuple[str, ...] | None] = {
    **{name: (name,) for name in REVISIONS},
    "auto": None,
    "legacy ones": LEGACY,
    "the oldest and the newest": (LEGACY[0], MODERN),
    "two legacy ones": (LEGACY[1], LEGACY[2]),
}
SERVERS: dict[str, tuple[str, ...] | None] = {
    **{name: (name,) for name in REVISIONS},
    "dual": None,
    "legacy ones": LEGACY,
}


def outcome(client: tuple[str, ...], server: tuple[str, ...]) -> str | None:
    """The revision that the two settle on; None where they can't."""
    if MODERN in client and MODERN in server:
        return MODERN  # modern and modern, or dual: stays modern
    offered = max((name for name in client if name in LEGACY), default=None)
    spoken = [name for name in server if name in LEGACY]
    if offered is None or not spoken:
        return None  # modern client, legacy server; or the other way round
    answered = offered if offered in spoken else max(spoken)
    return answered if answered in client else None


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("client", CLIENTS)
async def test_matrix(client: str, server: str, as_bytes: bool) -> None:
    allowed, spoken = CLIENTS[client], SERVERS[server]
    expected = outcome(allowed or REVISIONS, spoken or REVISIONS)
    with anyio.fail_after(3):  # either way, nobody waits for a deadline
        if expected is None:
            with pytest.raises(NoCommonRevision) as refusal:
                async with connected(calculator(revisions=spoken), as_bytes=as_bytes, revisions=allowed):
                    pass
            known = set(spoken or REVISIONS)
            assert set(refusal.value.supported) <= known
            assert set(refusal.value.supported) or MODERN in (allowed or REVISIONS)
            assert all(name in str(refusal.value) for name in refusal.value.supported)
            return
        async with connected(calculator(revisions=spoken), as_bytes=as_bytes, revisions=allowed) as session:
            assert session.protocol_version == expected
            await use(session)


async def use(session: Client) -> None:
    """What works in every revision, and what only one of the eras has."""
    assert session.server_info is not None
    assert session.server_info.name == "calculator"
    assert session.capabilities.tools is not None
    result = await session.call_tool("add", {"a": 1, "b": 2})
    assert isinstance(result.content[0], TextContent)
    assert result.content[0].text == "3"
    assert [tool.name async for tool in session.tools()] == ["add"]
    assert [prompt.name async for prompt in session.prompts()] == ["greet"]
    assert [resource.uri async for resource in session.resources()] == ["data://pi"]
    if session.protocol_version == MODERN:
        assert MODERN in (await session.discover()).supported_versions
        with pytest.raises(MethodNotInRevision):
            await session.ping()
    else:
        await session.ping()
        with pytest.raises(MethodNotInRevision):
            await session.discover()


@pytest.mark.parametrize("server", REVISIONS)
async def test_a_server_without_the_clients_revisions_names_its_own(server: str) -> None:
    others = [name for name in LEGACY if name != server]
    with pytest.raises(NoCommonRevision) as refusal:
        async with connected(calculator(revisions=server), revisions=others[:1]):
            pass
    assert refusal.value.supported == (server,)


async def test_a_client_disconnects_where_there_is_no_common_revision() -> None:
    near, far = transport_pair()
    peer = Peer(far)
    await far.open(peer)
    async with anyio.create_task_group() as group:
        with anyio.fail_after(SOON):
            group.start_soon(refuse_to_connect, Client(near, revisions="2025-06-18"))
            peer.answer(await peer.take("initialize"), initialized("1900-01-01"))
            await peer.loss()
    assert peer.left == []


async def refuse_to_connect(client: Client) -> None:
    with pytest.raises(NoCommonRevision, match="1900-01-01"):
        await client.connect()


async def test_both_eras_on_one_connection() -> None:
    """A dual server serves each request by what it says of itself, whatever came before on the same connection."""
    async with served(calculator()) as peer:
        modern = await peer.ask(1, "tools/list", stamped())
        assert modern["result"]["resultType"] == "complete"
        assert (await peer.ask(2, "tools/list"))["error"]["code"] == -32600
        assert (await peer.initialize(NEWEST_LEGACY))["protocolVersion"] == NEWEST_LEGACY
        legacy = await peer.ask(3, "tools/list")
        assert "resultType" not in legacy["result"]
        again = await peer.ask(4, "tools/list", stamped())
        assert again["result"]["resultType"] == "complete"
        assert (await peer.ask(5, "ping", stamped()))["error"]["code"] == -32601
