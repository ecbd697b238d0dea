"""Strict sessions: the generated session of each revision over the same connection, with that revision's own types."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import anyio
import pytest

from mcpstruct.base.errors import MethodNotInRevision, NoCommonRevision, ProtocolViolation
from mcpstruct.client import connect
from mcpstruct.server import Context, LowLevelServer, MCPServer
from mcpstruct.transport.pair import transport_pair
from mcpstruct_bindings import REVISIONS
from mcpstruct_bindings.merged.types import ElicitResult, Implementation
from mcpstruct_bindings.v2024_11_05.client import ClientSession as OldestSession
from mcpstruct_bindings.v2025_11_25 import types as legacy_types
from mcpstruct_bindings.v2025_11_25.client import ClientSession as LegacySession
from mcpstruct_bindings.v2025_11_25.server import ServerHandlers as LegacyHandlers
from mcpstruct_bindings.v2026_07_28 import types as modern_types
from mcpstruct_bindings.v2026_07_28.client import ClientSession as ModernSession
from tests.session.support import LEGACY, MODERN, SOON, Fresh, Peer, calculator, calls, initialized

pytestmark = pytest.mark.anyio


def session_of(revision: str) -> Any:
    """The generated session of a revision."""
    return import_module(f"mcpstruct_bindings.v{revision.replace('-', '_')}.client").ClientSession


def types_of(revision: str) -> Any:
    return import_module(f"mcpstruct_bindings.v{revision.replace('-', '_')}.types")


class OverBytes:
    """A server as something to connect to over bytes."""

    def __init__(self, server: Any, group: Any) -> None:
        self._server = server
        self._group = group

    def transport(self) -> Any:
        near, far = transport_pair()
        self._group.start_soon(self._server.serve, far)
        return near


def over(server: Any, group: Any, as_bytes: bool) -> Any:
    return OverBytes(server, group) if as_bytes else server


@pytest.mark.parametrize("revision", REVISIONS)
async def test_each_revision(revision: str, as_bytes: bool) -> None:
    types = types_of(revision)
    with anyio.fail_after(SOON):
        async with (
            anyio.create_task_group() as group,
            connect(over(calculator(), group, as_bytes), session=session_of(revision)) as session,
        ):
            assert isinstance(session, session_of(revision))
            result = await session.call_tool("add", {"a": 1, "b": 2})
            assert type(result) is types.CallToolResult
            assert type(result.content[0]) is types.TextContent
            assert result.content[0].text == "3"
            assert [type(tool) for tool in (await session.list_tools()).tools] == [types.Tool]
            assert [p.name for p in (await session.list_prompts()).prompts] == ["greet"]
            read = await session.read_resource("data://pi")
            assert read.contents[0].text == "3.14159"
            if revision in LEGACY:
                await session.ping()
            else:
                assert MODERN in (await session.discover()).supported_versions


@pytest.mark.parametrize("revision", REVISIONS)
async def test_the_revision_is_pinned(revision: str) -> None:
    others = [name for name in REVISIONS if name != revision]
    with pytest.raises(NoCommonRevision):
        async with connect(calculator(revisions=others), session=session_of(revision)):
            pass


@pytest.mark.parametrize("as_bytes", [True, False])
async def test_progress_and_deadlines(as_bytes: bool) -> None:
    server, seen = MCPServer("x"), []

    @server.tool()
    async def work(ctx: Context[Any]) -> str:
        await ctx.report_progress(1, 2)
        await anyio.sleep_forever()
        return "never"

    def on_progress(*report: Any) -> None:
        seen.append(report)

    async with anyio.create_task_group() as group:
        for session_type in (OldestSession, ModernSession):
            seen.clear()
            async with connect(over(server, group, as_bytes), session=session_type) as session:
                with anyio.fail_after(SOON), pytest.raises(TimeoutError):
                    await session.call_tool("work", timeout=0.1, on_progress=on_progress)
            assert seen == [(1, 2, None)]


async def test_input_required_results_come_as_they_are(as_bytes: bool) -> None:
    """A strict session shows what is on the wire; its user answers, or leaves it."""
    server = MCPServer("x")

    @server.tool()
    async def ask(ctx: Context[Any]) -> str:
        form = {"type": "object", "properties": {"a": {"type": "string"}}}
        return (await ctx.elicit("?", form, key="k")).action

    options: dict[str, Any] = {"on_elicitation": lambda params: None}
    async with anyio.create_task_group() as group:
        target = over(server, group, as_bytes)
        async with connect(target, session=ModernSession, **options) as session:
            result = await session.call_tool("ask")
            assert isinstance(result, modern_types.InputRequiredResult)
            assert result.input_requests is not None
            assert list(result.input_requests) == ["k"]
            accepted = modern_types.ElicitResult(action="cancel")
            again = await session.call_tool("ask", input_responses={"k": accepted}, request_state=result.request_state)
            assert isinstance(again, modern_types.CallToolResult)
            assert getattr(again.content[0], "text", "") == "cancel"


async def test_callbacks_of_a_strict_session(as_bytes: bool) -> None:
    server, logs = MCPServer("x"), []

    @server.tool()
    async def ask(ctx: Context[Any]) -> str:
        await ctx.info("asking")
        return (await ctx.elicit("?", {"type": "object", "properties": {"a": {"type": "string"}}})).action

    def on_log(params: Any) -> None:
        logs.append(params.data)

    async with anyio.create_task_group() as group:
        target = over(server, group, as_bytes)
        options: dict[str, Any] = {"on_elicitation": lambda params: ElicitResult(action="decline"), "on_log": on_log}
        async with connect(target, session=LegacySession, **options) as session:
            result = await session.call_tool("ask")
            assert getattr(result.content[0], "text", "") == "decline"
    assert logs == ["asking"]


async def test_a_strict_session_refuses_what_its_revision_does_not_have() -> None:
    """What another revision calls a result is none in this one."""

    async def play(peer: Peer) -> None:
        await peer.shake("2024-11-05")
        audio = {"type": "audio", "data": "", "mimeType": "audio/wav"}
        peer.answer(await peer.take("tools/call"), {"content": [audio]})

    async with connect(Fresh(play), session=OldestSession) as session:
        outcome = (await calls(lambda: session.call_tool("x")))[0]
    assert isinstance(outcome, ProtocolViolation)
    assert outcome.pointer.startswith("/result/content/0")


async def test_a_strict_server_with_a_strict_client_of_the_same_revision(as_bytes: bool) -> None:
    class Handlers(LegacyHandlers[Any]):
        async def list_tools(self, params: Any, ctx: Any) -> legacy_types.ListToolsResult:
            tool = legacy_types.Tool(name="t", input_schema={"type": "object"})
            return legacy_types.ListToolsResult(tools=[tool])

    server = LowLevelServer(Handlers(), info=Implementation(name="strict", version="1"))
    async with anyio.create_task_group() as group:
        target = over(server, group, as_bytes)
        async with connect(target, session=LegacySession) as session:
            assert [tool.name for tool in (await session.list_tools()).tools] == ["t"]
            await session.ping()
        with pytest.raises(NoCommonRevision):
            async with connect(over(server, group, as_bytes), session=ModernSession):
                pass


async def test_methods_of_another_revision_are_not_sent() -> None:
    """A session that is not pinned to its own revision may find that the negotiated one lacks a method."""
    peers: list[Peer] = []

    async def play(peer: Peer) -> None:
        peers.append(peer)
        peer.answer(await peer.take("initialize"), initialized("2024-11-05"))
        await peer.take("notifications/initialized")

    options: dict[str, Any] = {"revisions": "2024-11-05"}
    async with connect(Fresh(play), session=ModernSession, **options) as session:
        with pytest.raises(MethodNotInRevision):
            await session.discover()
        await peers[0].until(lambda: len(peers[0].heard) == 2)
    assert peers[0].left == []
