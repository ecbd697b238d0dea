"""Results that tools make by hand are held to the output schema that clients are shown."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from mcpstruct import MCPServer
from mcpstruct.server import promises
from mcpstruct.types import CallToolResult, TextContent
from tests.server.framework.support import Wire, failure

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(20)]

POINT = {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"], "additionalProperties": False}


class Point(msgspec.Struct):
    x: int


def by_hand(**result: Any) -> CallToolResult:
    return CallToolResult(content=[TextContent(text="said")], **result)


def serving(value: Any, *, typed: bool, **options: Any) -> MCPServer:
    """A server with one tool, `it`, that returns a value."""
    server = MCPServer(**options)
    if typed:

        @server.tool()
        def it() -> Point | CallToolResult:
            return value  # type: ignore[no-any-return]

    else:

        @server.tool(name="it", output_schema=POINT)
        def other() -> CallToolResult:
            return value  # type: ignore[no-any-return]

    return server


@pytest.mark.parametrize("typed", [True, False])
async def test_what_fits_passes(wire: Wire, typed: bool) -> None:
    for content in ({"x": 1}, Point(1)):
        async with wire.to(serving(by_hand(structured_content=content), typed=typed)) as client:
            (tool,) = (await client.list_tools()).tools
            assert tool.output_schema is not None
            assert tool.output_schema["required"] == ["x"]
            result = await client.call_tool("it")
            assert (result.structured_content, result.is_error) == ({"x": 1}, None)


@pytest.mark.parametrize("typed", [True, False])
@pytest.mark.parametrize("content", [{"x": "secret"}, {}, [1], None, msgspec.UNSET])
async def test_what_does_not_fit_is_a_fault_of_the_server(
    wire: Wire, typed: bool, content: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with wire.to(serving(by_hand(structured_content=content), typed=typed, show_errors=True)) as client:
        await client.list_tools()
        assert failure(await client.call_tool("it")) == "it failed"
    assert "output schema" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize("typed", [True, False])
async def test_a_failure_owes_nothing(modern: Wire, typed: bool) -> None:
    async with modern.to(serving(by_hand(is_error=True), typed=typed)) as client:
        await client.list_tools()
        assert failure(await client.call_tool("it")) == "said"


async def test_what_the_annotation_makes_is_right_already(modern: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(schema: bytes) -> Any:
        raise AssertionError

    monkeypatch.setattr(promises, "compiled", never)
    async with modern.to(serving(Point(1), typed=True), validate_output=False) as client:
        assert (await client.call_tool("it")).structured_content == {"x": 1}


async def test_an_authors_schema_goes_before_the_annotation(modern: Wire) -> None:
    server = MCPServer()

    @server.tool(output_schema={"type": "object", "properties": {"x": {"minimum": 5}}})
    def bounded(x: int) -> dict[str, int]:
        return {"x": x}

    async with modern.to(server, validate_output=False) as client:
        assert (await client.call_tool("bounded", {"x": 5})).structured_content == {"x": 5}
        assert failure(await client.call_tool("bounded", {"x": 4})) == "bounded failed"


@pytest.mark.parametrize("schema", [{"type": "text"}, {"$ref": "https://example.com/s"}, {"$schema": "mine"}])
async def test_an_authors_schema_that_is_of_no_use_is_refused(schema: Any) -> None:
    with pytest.raises(ValueError, match="expected"):
        MCPServer().add_tool(lambda: None, name="it", output_schema=schema)


async def test_without_the_extra_there_has_to_be_something(modern: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promises, "available", lambda: False)
    async with modern.to(serving(by_hand(structured_content={"x": "s"}), typed=False), validate_output=False) as client:
        assert (await client.call_tool("it")).structured_content == {"x": "s"}
    async with modern.to(serving(by_hand(), typed=False), validate_output=False) as client:
        assert failure(await client.call_tool("it")) == "it failed"
