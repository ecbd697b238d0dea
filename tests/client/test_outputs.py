"""What tools return is held to the output schema that the server lists."""

from __future__ import annotations

import pickle
import socket
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from mcpstruct import InvalidOutput, InvalidSchema, MCPServer, ProtocolViolation, ResponseCache
from mcpstruct.base.errors import MissingExtra
from mcpstruct.client import Client, ToolFailed, connect, outputs
from mcpstruct.testing import connected
from mcpstruct.types import CallToolResult, CreateTaskResult, TaskMetadata
from mcpstruct_bindings import v2025_11_25, v2026_07_28
from mcpstruct_bindings.merged import methods
from tests.session.support import MODERN, NEWEST_LEGACY, SOON, Fresh, Peer, by_hand, calls, settle

pytestmark = pytest.mark.anyio

POINT = {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]}
NOT_GIVEN: Any = object()
REVISIONS = pytest.mark.parametrize("revision", [NEWEST_LEGACY, MODERN])


class Tools:
    """A server by hand with one tool, `it`: of this output schema, and with this structured content."""

    def __init__(self, schema: Any, content: Any = NOT_GIVEN, **result: Any) -> None:
        self.schema = schema
        self.content = content
        self.result = result
        self.asked: list[str] = []

    def take(self, peer: Peer) -> Callable[[Any], None]:
        def answer(message: Any) -> None:
            if "id" in message and message["method"] not in ("initialize", "server/discover"):
                self.asked.append(message["method"])
                peer.answer(message, getattr(self, message["method"].replace("/", "_"))())

        return answer

    def tools_list(self) -> Any:
        schema = {} if self.schema is NOT_GIVEN else {"outputSchema": self.schema}
        tool = {"name": "it", "inputSchema": {"type": "object"}, **schema}
        return {"tools": [tool], "resultType": "complete", "ttlMs": 0, "cacheScope": "private"}

    def tools_call(self) -> Any:
        content = {} if self.content is NOT_GIVEN else {"structuredContent": self.content}
        return {"content": [], "resultType": "complete", **content, **self.result}


async def outcome(tools: Tools, *, listed: bool = True, revision: str = MODERN, **options: Any) -> Any:
    """What a call of the tool gives, or raises."""
    async with by_hand(revision=revision, **options) as (client, peer):
        peer.on_message = tools.take(peer)
        with anyio.fail_after(SOON):
            if listed:
                await client.list_tools()
            (found,) = await calls(lambda: client.call_tool("it"))
            return found


@REVISIONS
@pytest.mark.parametrize("validate", [True, None])
async def test_output_that_fits_passes(revision: str, validate: bool | None) -> None:
    result = await outcome(Tools(POINT, {"x": 1}), revision=revision, validate_output=validate)
    assert result.structured_content == {"x": 1}


@REVISIONS
@pytest.mark.parametrize("validate", [True, None])
@pytest.mark.parametrize(
    ("content", "pointer", "expected", "got"),
    [
        ({"x": "secret"}, "/result/structuredContent/x", "integer", "string"),
        ({}, "/result/structuredContent/x", "a value", "nothing"),
        (NOT_GIVEN, "/result/structuredContent", "what the output schema describes", "nothing"),
    ],
)
async def test_output_that_does_not_fit_is_an_error(
    revision: str, validate: bool | None, content: Any, pointer: str, expected: str, got: str
) -> None:
    error = await outcome(Tools(POINT, content), revision=revision, validate_output=validate)
    assert isinstance(error, InvalidOutput)
    assert isinstance(error, ProtocolViolation)
    assert (error.tool, error.pointer, error.expected, error.got) == ("it", pointer, expected, got)
    assert str(error) == f"it: at {pointer}: expected {expected}, got {got}"
    assert "secret" not in repr(error)
    assert pickle.loads(pickle.dumps(error)).tool == "it"  # noqa: S301


@pytest.mark.parametrize(
    ("schema", "content"), [({"type": "array"}, [1]), ({"type": "null"}, None), ({"type": "string"}, "s")]
)
async def test_any_json_may_be_output(schema: Any, content: Any) -> None:
    assert (await outcome(Tools(schema, content))).structured_content == content
    assert isinstance(await outcome(Tools(schema, {})), InvalidOutput)
    assert isinstance(await outcome(Tools(schema)), InvalidOutput)


async def test_a_failure_owes_no_output() -> None:
    assert (await outcome(Tools(POINT, isError=True))).is_error
    assert (await outcome(Tools(POINT, {"why": "bad"}, isError=True))).is_error


async def test_what_promises_nothing_is_not_judged() -> None:
    assert (await outcome(Tools(NOT_GIVEN, {"x": "s"}))).structured_content == {"x": "s"}
    assert (await outcome(Tools(None, {"x": "s"}))).structured_content == {"x": "s"}


async def test_no_list_is_asked_for() -> None:
    tools = Tools(POINT, {"x": "s"})
    result = await outcome(tools, listed=False, validate_output=True)
    assert result.structured_content == {"x": "s"}
    assert tools.asked == ["tools/call"]


async def test_validation_can_be_turned_off() -> None:
    assert (await outcome(Tools(POINT, {"x": "s"}), validate_output=False)).structured_content == {"x": "s"}
    assert isinstance(await outcome(Tools({"type": "wrong"}, {}), validate_output=False), CallToolResult)


@pytest.mark.parametrize(
    ("schema", "pointer"),
    [
        ({"type": "text"}, "/outputSchema/type"),
        ({"$schema": "https://example.com/mine"}, "/outputSchema/$schema"),
        ({"properties": {"a": {"$ref": "https://example.com/a"}}}, "/outputSchema"),
    ],
)
async def test_a_tool_whose_schema_is_of_no_use_is_not_called(schema: Any, pointer: str) -> None:
    tools = Tools(schema, {})
    async with by_hand(revision=MODERN) as (client, peer):
        peer.on_message = tools.take(peer)
        with anyio.fail_after(SOON):
            await client.list_tools()
            for _ in range(2):
                with pytest.raises(InvalidSchema) as caught:
                    await client.call_tool("it")
                assert (caught.value.tool, caught.value.pointer) == ("it", pointer)
    assert tools.asked == ["tools/list"]


async def test_a_schema_is_never_fetched() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        tools = Tools({"$ref": f"http://127.0.0.1:{server.getsockname()[1]}/schema"}, {})
        assert isinstance(await outcome(tools), InvalidSchema)
        with pytest.raises(BlockingIOError):
            server.accept()


async def test_another_list_replaces_what_is_known() -> None:
    tools = Tools(POINT, {"x": "s"})
    async with by_hand(revision=MODERN) as (client, peer):
        peer.on_message = tools.take(peer)
        with anyio.fail_after(SOON):
            await client.list_tools()
            with pytest.raises(InvalidOutput):
                await client.call_tool("it")
            tools.schema = {"properties": {"x": {"type": "string"}}}
            assert [tool.name async for tool in client.tools()] == ["it"]
            await client.call_tool("it")
            tools.schema = NOT_GIVEN
            await client.list_tools()
            tools.content = NOT_GIVEN
            await client.call_tool("it")


async def test_tools_that_have_changed_are_not_judged_by_what_they_were() -> None:
    tools = Tools(POINT, {"x": "s"})
    async with by_hand(revision=MODERN) as (client, peer):
        peer.on_message = tools.take(peer)
        with anyio.fail_after(SOON):
            await client.list_tools()
            peer.tell("notifications/tools/list_changed")
            await settle()
            await client.call_tool("it")


async def test_a_list_from_a_cache_teaches_as_much() -> None:
    server = MCPServer("cached", ttl=60, cache_scope="public")
    cache = ResponseCache()

    @server.tool(output_schema={"type": "object", "required": ["x"]})
    def it() -> CallToolResult:
        return CallToolResult(content=[], structured_content={"x": 1})

    for _ in range(2):
        async with Client(server, cache=cache, revisions=MODERN) as client:
            await client.list_tools()
            assert client._outputs.promised("it") is not None
    assert len(cache) == 1


async def test_a_task_is_not_judged() -> None:
    tools = Tools(POINT)
    task = {"taskId": "1", "status": "working", "createdAt": "2026-01-01T00:00:00Z", "ttl": None}
    tools.tools_call = lambda: {"task": {**task, "lastUpdatedAt": task["createdAt"]}}  # type: ignore[method-assign]
    async with by_hand(revision=NEWEST_LEGACY) as (client, peer):
        peer.on_message = tools.take(peer)
        with anyio.fail_after(SOON):
            await client.list_tools()
            assert isinstance(await client.call_tool("it", task=TaskMetadata()), CreateTaskResult)


async def test_questions_on_the_way_are_not_judged() -> None:
    tools = Tools(POINT, {"x": 1})
    rounds = iter([{"resultType": "input_required", "requestState": "s"}, tools.tools_call()])
    tools.tools_call = lambda: next(rounds)  # type: ignore[method-assign]
    assert (await outcome(tools)).structured_content == {"x": 1}


async def test_into_a_type_comes_after() -> None:
    tools = Tools(POINT, {"x": "s"}, isError=False)
    async with by_hand(revision=MODERN) as (client, peer):
        peer.on_message = tools.take(peer)
        with anyio.fail_after(SOON):
            await client.list_tools()
            with pytest.raises(InvalidOutput):
                await client.call_tool("it", into=dict[str, Any])
            tools.result = {"isError": True}
            with pytest.raises(ToolFailed):
                await client.call_tool("it", into=dict[str, Any])


@pytest.mark.parametrize("package", [v2025_11_25, v2026_07_28])
async def test_strict_sessions_are_served_as_well(package: Any) -> None:
    tools = Tools(POINT, {"x": "s"})

    async def play(peer: Peer) -> None:
        peer.on_message = tools.take(peer)
        await (peer.discover() if package is v2026_07_28 else peer.shake(NEWEST_LEGACY))

    with anyio.fail_after(SOON):
        async with connect(Fresh(play), session=package.ClientSession) as session:
            await session.list_tools()
            with pytest.raises(InvalidOutput):
                await session.call_tool("it")
            tools.content = NOT_GIVEN
            with pytest.raises(InvalidOutput, match="got nothing"):
                await session.call_tool("it")
            tools.content = {"x": 5}
            assert (await session.call_tool("it")).structured_content == {"x": 5}


async def test_sent_by_hand_they_are_judged_too() -> None:
    tools = Tools(POINT, {"x": "s"})
    async with by_hand(revision=MODERN) as (client, peer):
        peer.on_message = tools.take(peer)
        with anyio.fail_after(SOON):
            await client.send_request(methods.LIST_TOOLS, methods.LIST_TOOLS.params())
            with pytest.raises(InvalidOutput):
                await client.send_request(methods.CALL_TOOL, methods.CALL_TOOL.params(name="it"))


async def test_typed_tools_keep_their_promises(as_bytes: bool) -> None:
    server = MCPServer("typed")

    @server.tool()
    def numbers(count: int) -> list[int]:
        return list(range(count))

    @server.tool()
    def maybe(count: int) -> dict[str, float] | None:
        return {"count": count} if count else None

    async with connected(server, as_bytes=as_bytes, validate_output=True) as client:
        await client.list_tools()
        assert await client.call_tool("numbers", {"count": 2}, into=list[int]) == [0, 1]
        assert (await client.call_tool("maybe", {"count": 0})).structured_content == {"result": None}
        assert (await client.call_tool("maybe", {"count": 1})).structured_content == {"result": {"count": 1}}


# -- the extra --------------------------------------------------------------------------------------------------------


async def test_without_the_extra_nothing_is_judged_unless_it_is_demanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "available", lambda: False)
    assert (await outcome(Tools(POINT, {"x": "s"}))).structured_content == {"x": "s"}
    with pytest.raises(MissingExtra, match=r"mcpstruct\[schema\]"):
        Client(MCPServer(), validate_output=True)


async def test_what_is_remembered_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "_MOST", 10)
    known = outputs.Outputs(True)
    server = MCPServer("large")
    for number in range(30):
        server.add_tool(lambda: "", name=f"t{number}", output_schema={"type": "object", "minProperties": number})
    async with connected(server, revisions=MODERN) as client:
        known.learn((await client.list_tools()).tools)
    assert list(known._schemas) == [f"t{number}" for number in range(20, 30)]
    assert known.promised("t29") is known.promised("t29")
    assert known.promised("t0") is None
