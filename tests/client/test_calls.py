"""Calls: typed output, tools that fail, middleware, levels of log messages, and what is put on requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypedDict

import anyio
import pytest
from msgspec import Struct

from mcpstruct.base.errors import ConnectFailed, ProtocolViolation, RemoteError, UnknownRevision
from mcpstruct.client import Client, ToolFailed
from mcpstruct.server import Context, MCPServer, ToolError
from mcpstruct.testing import connected
from mcpstruct_bindings.merged.types import ClientCapabilities, Implementation, LoggingLevel
from tests.session.support import MODERN, NEWEST_LEGACY, Fresh, Peer, by_hand, calculator, calls, initialized

pytestmark = pytest.mark.anyio
ERAS = [NEWEST_LEGACY, MODERN]
LEVELS: list[LoggingLevel] = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"]
META = "io.modelcontextprotocol/"


class PointStruct(Struct):
    x: int
    y: int


@dataclass
class PointData:
    x: int
    y: int


class PointDict(TypedDict):
    x: int
    y: int


class Texts(Struct):
    x: str


# -- output -----------------------------------------------------------------------------------------------------------


def shapes() -> MCPServer:
    server = MCPServer("shapes")

    @server.tool(inline=True)
    def point() -> PointStruct:
        return PointStruct(1, 2)

    @server.tool(inline=True)
    def numbers() -> list[int]:
        return [1, 2]

    @server.tool(inline=True)
    def words() -> str:
        return "mild and dry"

    @server.tool(inline=True)
    def fail() -> PointStruct:
        raise ToolError("it rains")

    return server


@pytest.mark.parametrize("revision", ERAS)
async def test_structured_output_is_read_as_what_the_caller_wants(revision: str, as_bytes: bool) -> None:
    async with connected(shapes(), as_bytes=as_bytes, revisions=revision) as client:
        assert await client.call_tool("point", into=PointStruct) == PointStruct(1, 2)
        assert await client.call_tool("point", into=PointData) == PointData(1, 2)
        assert await client.call_tool("point", into=PointDict) == {"x": 1, "y": 2}
        assert await client.call_tool("point", into=dict[str, int]) == {"x": 1, "y": 2}
        assert await client.call_tool("numbers", into=list[int]) == [1, 2]
        assert await client.call_tool("words", into=str) == "mild and dry"
        assert (await client.call_tool("point")).structured_content == {"x": 1, "y": 2}


async def test_output_that_does_not_fit_says_where(as_bytes: bool) -> None:
    async with connected(shapes(), as_bytes=as_bytes) as client:
        with pytest.raises(ProtocolViolation) as refusal:
            await client.call_tool("point", into=Texts)
        assert refusal.value.pointer == "/result/structuredContent/x"
        with pytest.raises(ProtocolViolation) as refusal:
            await client.call_tool("numbers", into=list[str])
        assert refusal.value.pointer == "/result/structuredContent/result/0"


async def test_text_is_for_those_who_want_text() -> None:
    text, image = {"type": "text", "text": "3"}, {"type": "image", "data": "", "mimeType": "image/png"}

    async with by_hand() as (client, peer):

        async def play() -> None:
            peer.answer(await peer.take(), {"content": [text]})
            peer.answer(await peer.take(), {"content": [text], "structuredContent": {"result": "three"}})
            for content in ([], [text, text], [image]):
                peer.answer(await peer.take(), {"content": content})
            for structured in ({"result": 3}, {"x": 3}):
                peer.answer(await peer.take(), {"content": [text], "structuredContent": structured})
            for _ in range(3):
                peer.answer(await peer.take(), {"content": [text]})

        async def ask() -> list[str]:
            read = [await client.call_tool("x", into=str) for _ in range(2)]
            for into in (str, str, str, str, str, int, bytes, PointStruct):
                with pytest.raises(ProtocolViolation, match="structuredContent"):
                    await client.call_tool("x", into=into)
            return read

        assert (await calls(play, ask))[1] == ["3", "three"]


async def test_a_tool_that_fails(as_bytes: bool) -> None:
    async with connected(shapes(), as_bytes=as_bytes) as client:
        result = await client.call_tool("fail")
        assert result.is_error
        with pytest.raises(ToolFailed, match="it rains") as failure:
            await client.call_tool("fail", into=PointStruct)
        assert failure.value.result.is_error


async def test_a_tool_that_gives_no_structured_output() -> None:
    async with by_hand() as (client, peer):

        async def play() -> None:
            peer.answer(await peer.take(), {"content": []})
            peer.answer(await peer.take(), {"content": [], "isError": True})

        async def both() -> Any:
            with pytest.raises(ProtocolViolation):
                await client.call_tool("x", into=PointStruct)
            with pytest.raises(ToolFailed) as failure:
                await client.call_tool("x", into=PointStruct)
            return str(failure.value)

        assert (await calls(play, both))[1] == "the tool failed"


# -- middleware -------------------------------------------------------------------------------------------------------


async def test_the_first_middleware_is_outermost(as_bytes: bool) -> None:
    events: list[str] = []

    def layer(name: str) -> Any:
        async def around(call: Any, method: Any, params: Any) -> Any:
            events.append(f"{name}>{method.name}")
            try:
                return await call(method, params)
            finally:
                events.append(f"<{name}")

        return around

    async with connected(calculator(), as_bytes=as_bytes, middleware=[layer("a"), layer("b")]) as client:
        await client.list_tools()
        assert events == ["a>tools/list", "b>tools/list", "<b", "<a"]
        with pytest.raises(RemoteError):
            await client.call_tool("unknown")
        assert events[4:] == ["a>tools/call", "b>tools/call", "<b", "<a"]


async def test_middleware_may_change_answer_and_repeat(as_bytes: bool) -> None:
    async def twice(call: Any, method: Any, params: Any) -> Any:
        if method.name == "tools/call":
            params.arguments = {"a": 20, "b": 22}
            await call(method, params)
        return await call(method, params)

    async def cached(call: Any, method: Any, params: Any) -> Any:
        return "from the cache" if method.name == "prompts/list" else await call(method, params)

    async with connected(calculator(), as_bytes=as_bytes, middleware=[twice, cached]) as client:
        assert await client.call_tool("add", {"a": 0, "b": 0}, into=int) == 42
        assert await client.list_prompts() == "from the cache"


async def test_deadlines_and_progress_pass_through_middleware(as_bytes: bool) -> None:
    async def nothing(call: Any, method: Any, params: Any) -> Any:
        return await call(method, params)

    server, seen = MCPServer("x"), []

    @server.tool()
    async def work(ctx: Context[Any]) -> str:
        await ctx.report_progress(1, 2, "half")
        await anyio.sleep_forever()
        return "never"

    def on_progress(*report: Any) -> None:
        seen.append(report)

    async with connected(server, as_bytes=as_bytes, middleware=[nothing]) as client:
        with pytest.raises(TimeoutError):
            await client.call_tool("work", timeout=0.1, on_progress=on_progress)
    assert seen == [(1, 2, "half")]


# -- log messages -----------------------------------------------------------------------------------------------------


def talkative() -> MCPServer:
    server = MCPServer("talkative")

    @server.tool()
    async def talk(ctx: Context[Any]) -> str:
        for level in LEVELS:
            await ctx.log(level, {"level": level}, logger="here")
        return "done"

    return server


@pytest.mark.parametrize("revision", ERAS)
@pytest.mark.parametrize("level", LEVELS)
async def test_log_messages_from_a_level_on(level: LoggingLevel, revision: str, as_bytes: bool) -> None:
    seen: list[Any] = []
    options: dict[str, Any] = {"log_level": level, "on_log": seen.append, "revisions": revision}
    async with connected(talkative(), as_bytes=as_bytes, **options) as client:
        await client.call_tool("talk")
    assert [params.level for params in seen] == LEVELS[LEVELS.index(level) :]
    assert all(params.data == {"level": params.level} and params.logger == "here" for params in seen)


@pytest.mark.parametrize("revision", ERAS)
async def test_a_callback_without_a_level_gets_information(revision: str, as_bytes: bool) -> None:
    seen: list[Any] = []
    async with connected(talkative(), as_bytes=as_bytes, on_log=seen.append, revisions=revision) as client:
        await client.call_tool("talk")
    assert [params.level for params in seen] == LEVELS[1:]


async def test_a_modern_client_that_does_not_ask_gets_none(as_bytes: bool) -> None:
    seen: list[str] = []
    options: dict[str, Any] = {"on_notification": lambda method, params: seen.append(method.name)}
    async with connected(talkative(), as_bytes=as_bytes, **options) as client:
        await client.call_tool("talk")
    assert seen == []


@pytest.mark.parametrize("revision", ERAS)
async def test_a_level_for_one_call(revision: str, as_bytes: bool) -> None:
    seen: list[Any] = []
    options: dict[str, Any] = {"log_level": "error", "on_log": seen.append, "revisions": revision}
    async with connected(talkative(), as_bytes=as_bytes, **options) as client:
        await client.call_tool("talk", meta={f"{META}logLevel": "alert"})
        expected = ["alert", "emergency"] if revision == MODERN else LEVELS[4:]
        assert [params.level for params in seen] == expected
        if revision == NEWEST_LEGACY:
            seen.clear()
            await client.set_level("emergency")
            await client.call_tool("talk")
            assert [params.level for params in seen] == ["emergency"]


async def test_a_server_that_refuses_the_level_is_connected_to_all_the_same() -> None:
    async def play(peer: Peer) -> None:
        peer.answer(await peer.take("initialize"), initialized(capabilities={"logging": {}}))
        peer.refuse(await peer.take("logging/setLevel"), -32601)
        peer.answer(await peer.take("ping"), {})

    async with Client(Fresh(play), revisions=NEWEST_LEGACY, log_level="error") as client:
        await client.ping()


async def test_a_server_without_logging_is_not_asked() -> None:
    async with by_hand(log_level="error") as (client, peer):
        assert client.protocol_version == NEWEST_LEGACY
        assert peer.left == []


# -- what is on a request ---------------------------------------------------------------------------------------------


async def test_a_modern_request_says_who_sends_it() -> None:
    info = Implementation(name="me", version="3", title="Me")
    options: dict[str, Any] = {"info": info, "on_elicitation": lambda params: None, "log_level": "warning"}
    async with by_hand(revision=MODERN, **options) as (client, peer):

        async def play() -> Any:
            request = await peer.take()
            peer.answer(request, {"content": [], "resultType": "complete"})
            return request["params"]["_meta"]

        meta = (await calls(play, lambda: client.call_tool("x", meta={"example.com/own": 1})))[0]
        assert meta == {
            f"{META}protocolVersion": MODERN,
            f"{META}clientInfo": {"name": "me", "version": "3", "title": "Me"},
            f"{META}clientCapabilities": {"elicitation": {"form": {}}},
            f"{META}logLevel": "warning",
            "example.com/own": 1,
        }


async def test_a_legacy_request_has_only_what_the_caller_puts_there() -> None:
    async with by_hand() as (client, peer):

        async def play() -> Any:
            first = await peer.take()
            peer.answer(first, {"content": []})
            second = await peer.take()
            peer.answer(second, {"content": []})
            return first["params"], second["params"]["_meta"]

        async def two() -> None:
            await client.call_tool("x")
            await client.call_tool("x", meta={"example.com/own": 1}, on_progress=lambda p, t, m: None)

        plain, meta = (await calls(play, two))[0]
        assert plain == {"name": "x"}
        assert meta["example.com/own"] == 1
        assert set(meta) == {"example.com/own", "progressToken"}


async def test_what_a_client_can_do_follows_from_its_callbacks() -> None:
    def nobody(params: Any) -> Any:
        raise AssertionError

    seen: list[ClientCapabilities] = []
    server = MCPServer("x")

    @server.tool()
    async def look(ctx: Context[Any]) -> str:
        seen.append(ctx.client_capabilities)
        return f"{ctx.client_info.name if ctx.client_info is not None else None}"

    options: list[dict[str, Any]] = [
        {},
        {"on_sampling": nobody, "roots": []},
        {"on_elicitation": nobody},
        {"on_elicitation_url": nobody},
    ]
    for revision in ERAS:
        seen.clear()
        for callbacks in options:
            async with connected(server, name="it", revisions=revision, **callbacks) as client:
                result = await client.call_tool("look")
                assert getattr(result.content[0], "text", "") == "it"
        assert seen[0] == ClientCapabilities()
        assert seen[1].sampling is not None
        assert seen[1].roots is not None
        assert seen[1].elicitation is None
        assert seen[2].elicitation is not None
        assert (seen[2].elicitation.form, seen[2].elicitation.url) == ({}, None)
        assert seen[3].elicitation is not None
        assert (seen[3].elicitation.form, seen[3].elicitation.url) == (None, {})


@pytest.mark.parametrize("revision", ERAS)
async def test_what_a_server_says_of_itself(revision: str, as_bytes: bool) -> None:
    server = calculator(instructions="Add with care.")
    async with connected(server, as_bytes=as_bytes, revisions=revision) as client:
        assert client.instructions == "Add with care."
        assert client.server_info == server.info
        assert client.capabilities.tools is not None


def test_a_client_of_no_revision_is_none() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Client(calculator(), revisions=[])
    with pytest.raises(UnknownRevision, match="2026-07-28"):
        Client(calculator(), revisions="1999-01-01")


async def test_an_open_field_that_is_no_json_fails_before_it_is_sent(as_bytes: bool) -> None:
    async with connected(calculator(), as_bytes=as_bytes) as client:
        with pytest.raises(TypeError):
            await client.call_tool("add", {"a": object()})
        assert await client.call_tool("add", {"a": 1, "b": 2}, into=int) == 3


async def test_a_target_that_fails_is_an_error_of_connecting() -> None:
    class Broken:
        def transport(self) -> Any:
            raise ConnectFailed("there is no such program")

    with pytest.raises(ConnectFailed, match="no such program"):
        await Client(Broken()).connect()
