"""What a server offers, and its tools."""

from __future__ import annotations

from typing import Any

import pytest

from mcpstruct.base.errors import ProtocolViolation
from mcpstruct.server import MCPServer
from tests.requirements.support import (
    CAPABILITIES,
    ERAS,
    LISTS,
    REQUESTS,
    everything,
    offered,
    params_of,
)
from tests.session.support import MODERN, by_hand, calls, served, stamped

pytestmark = pytest.mark.anyio


# -- capabilities -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("revision", ERAS)
async def test_capabilities_declared(revision: str) -> None:
    async with served(everything()) as peer:
        found = await offered(peer, revision)
        assert found.keys() >= {"tools", "prompts", "resources", "completions", "logging"}


@pytest.mark.parametrize("revision", ERAS)
async def test_capabilities_declared_and_kept(revision: str) -> None:
    """A list that is offered is given, be it empty."""
    async with served(MCPServer("empty")) as peer:
        assert (await offered(peer, revision)).keys() >= {"tools", "prompts", "resources"}
        for number, method in enumerate(LISTS):
            result = (await peer.ask(number, method, params_of(revision)))["result"]
            (items,) = (value for value in result.values() if isinstance(value, list))
            assert items == []


async def test_lists_are_the_same_for_every_connection() -> None:
    """Whoever asks, and whatever they asked before."""
    server = everything()
    async with served(server) as one, served(server) as two:
        first = [await one.ask(n, method, stamped()) for n, method in enumerate(LISTS)]
        for method, params in REQUESTS.items():
            await one.ask("x", method, stamped(**params))
        one.request("s", "subscriptions/listen", stamped(notifications={"toolsListChanged": True}))
        await one.ask("i", "tools/call", stamped(name="ask", _meta={CAPABILITIES: {"elicitation": {}}}))
        assert [await one.ask(n, method, stamped()) for n, method in enumerate(LISTS)] == first
        assert [await two.ask(n, method, stamped()) for n, method in enumerate(LISTS)] == first
        tools = [tool["name"] for tool in first[0]["result"]["tools"]]
        assert tools == ["add", "report", "ask"]  # as they were registered


# -- tools ------------------------------------------------------------------------------------------------------------


def nothing() -> int:
    """Do nothing."""
    return 1


@pytest.mark.parametrize(
    "schema", [{"type": "array"}, {"type": 5}, {"properties": {}}, {"type": "object", "properties": {"a": {"type": 5}}}]
)
async def test_tool_input_schema_is_valid(schema: dict[str, Any]) -> None:
    pytest.importorskip("jsonschema_rs")
    with pytest.raises(ValueError, match=r"object|/properties/a"):
        MCPServer("x").tool(input_schema=schema)(nothing)


async def test_tool_input_schema_is_valid_where_none_was_written() -> None:
    """A tool without parameters takes an object all the same."""
    server = MCPServer("x")
    server.tool()(nothing)
    async with served(server) as peer:
        (tool,) = (await peer.ask(1, "tools/list", stamped()))["result"]["tools"]
        assert tool["inputSchema"]["type"] == "object"


@pytest.mark.parametrize("schema", [None, [], "x", 5])
async def test_tool_input_schema_none_is_refused(schema: Any) -> None:
    """By the client, when it is looked at; a list whose schemas nobody looks at is passed on as it came."""
    async with by_hand(revision=MODERN) as (client, peer):

        async def play() -> None:
            result = {"tools": [{"name": "t", "inputSchema": schema}], "ttlMs": 0, "cacheScope": "private"}
            peer.answer(await peer.take(), {**result, "resultType": "complete"})

        async def look() -> Any:
            with pytest.raises(ProtocolViolation):
                assert (await client.list_tools()).tools[0].input_schema
            return "refused"

        assert (await calls(play, look))[1] == "refused"


def test_schema_dialect_unsupported_is_refused() -> None:
    pytest.importorskip("jsonschema_rs")
    for option in ("input_schema", "output_schema"):
        schema: Any = {option: {"$schema": "urn:of-ones-own", "type": "object"}}
        with pytest.raises(ValueError, match="dialect"):
            MCPServer("x").tool(**schema)(nothing)


@pytest.mark.parametrize("name", ["", "a b", "a\r\nb", "é", 5])
async def test_tool_header_annotations_are_valid(name: Any) -> None:
    """A server's own tool is held to the rules that clients hold it to."""
    schema = {"type": "object", "properties": {"a": {"type": "string", "x-mcp-header": name}}}
    with pytest.raises(ValueError, match="token"):
        MCPServer("x").tool(input_schema=schema)(nothing)


@pytest.mark.parametrize("revision", ERAS)
async def test_tool_unknown_is_invalid_params(revision: str) -> None:
    async with served(everything()) as peer:
        await offered(peer, revision)
        answer = await peer.ask(1, "tools/call", params_of(revision, name="no such"))
        assert answer["error"]["code"] == -32602


@pytest.mark.parametrize("revision", ERAS)
async def test_tool_inputs_are_validated(revision: str) -> None:
    """What does not fit is for the model to read; the tool does not run."""
    server, ran = MCPServer("x"), list[Any]()

    @server.tool()
    async def strict(a: int) -> str:
        ran.append(a)
        return ""

    async with served(server) as peer:
        await offered(peer, revision)
        for arguments in ({}, {"a": "one"}, {"a": 1, "b": 2}, {"a": None}, {"a": [1]}):
            answer = await peer.ask(1, "tools/call", params_of(revision, name="strict", arguments=arguments))
            assert answer["result"]["isError"] is True, arguments
        for arguments in ([], 5, "a"):
            answer = await peer.ask(1, "tools/call", params_of(revision, name="strict", arguments=arguments))
            assert answer["error"]["code"] == -32602
    assert ran == []


@pytest.mark.parametrize("revision", ERAS)
async def test_tool_structured_content_as_text_too(revision: str) -> None:
    async with served(everything()) as peer:
        await offered(peer, revision)
        params = params_of(revision, name="add", arguments={"a": 1, "b": 2})
        result = (await peer.ask(1, "tools/call", params))["result"]
        assert result["structuredContent"] == {"result": 3}
        assert [block["type"] for block in result["content"]] == ["text"]
