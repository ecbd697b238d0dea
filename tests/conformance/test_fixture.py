"""The conformance server does what the suite wants of it, in both eras and over stdio: told sooner than there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcpstruct import Client, RemoteError, StdioServer
from mcpstruct import types as t
from mcpstruct.testing import connected
from tests.conformance.server import SCHEMAS, server

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(20)]
FORM = {"username": "ada", "email": "ada@example.com", "name": "Ada", "color": "red", "ok": True, "context": "tea"}
QUESTIONS = [
    ("test_sampling", {"prompt": "Say something."}),
    ("test_elicitation", {"message": "Who are you?"}),
    ("test_elicitation_sep1034_defaults", {}),
    ("test_elicitation_sep1330_enums", {}),
    ("test_missing_capability", {}),
    ("test_streaming_elicitation", {}),
    ("test_input_required_result_elicitation", {}),
    ("test_input_required_result_sampling", {}),
    ("test_input_required_result_list_roots", {}),
    ("test_input_required_result_request_state", {}),
    ("test_input_required_result_tampered_state", {}),
    ("test_input_required_result_multiple_inputs", {}),
    ("test_input_required_result_multi_round", {}),
    ("test_input_required_result_capabilities", {}),
]


@pytest.fixture
def anyio_backend() -> str:
    """The event loop that the server is written for."""
    return "asyncio"


@pytest.fixture(params=["2025-06-18", "2025-11-25", "2026-07-28"])
def revision(request: pytest.FixtureRequest) -> str:
    """The revision that is spoken."""
    found: str = request.param
    return found


def filled_in(asked: t.ElicitRequestFormParams) -> dict[str, Any]:
    return {name: FORM[name] for name in asked.requested_schema.properties if name in FORM}


def able(**options: Any) -> dict[str, Any]:
    """The options of a client that can do everything."""
    said = t.CreateMessageResult(role="assistant", content=t.TextContent(text="Hello!"), model="none")
    return {"on_sampling": lambda asked: said, "on_elicitation": filled_in, "roots": ["file:///tmp"], **options}


async def test_every_tool_that_asks_gets_its_answer(revision: str) -> None:
    async with connected(server, **able(revisions=revision)) as client:
        for name, arguments in QUESTIONS:
            result = await client.call_tool(name, arguments)
            assert not result.is_error, (name, result)


async def test_results_are_of_every_kind(revision: str) -> None:
    async with connected(server, revisions=revision) as client:
        kinds = {
            name: [block.type for block in (await client.call_tool(name)).content]
            for name in ("test_simple_text", "test_image_content", "test_audio_content", "test_embedded_resource")
        }
        assert list(kinds.values()) == [["text"], ["image"], ["audio"], ["resource"]]
        assert len((await client.call_tool("test_multiple_content_types")).content) == 3
        assert (await client.call_tool("test_error_handling")).is_error
        assert not (await client.call_tool("test_reconnection")).is_error


async def test_reports_come_before_the_result(revision: str) -> None:
    logs: list[Any] = []
    steps: list[float] = []
    async with connected(server, revisions=revision, on_log=lambda log: logs.append(log.level)) as client:
        await client.call_tool("test_tool_with_logging")
        await client.call_tool("test_tool_with_progress", on_progress=lambda progress, *_: steps.append(progress))
    assert logs == ["info"] * 3
    assert steps == [0, 50, 100]


async def test_a_client_that_can_do_nothing_is_asked_for_nothing() -> None:
    async with connected(server, revisions="2026-07-28") as client:
        assert not (await client.call_tool("test_streaming_elicitation")).is_error
        assert not (await client.call_tool("test_logging_tool")).is_error
        with pytest.raises(RemoteError) as caught:
            await client.call_tool("test_missing_capability")
        assert (caught.value.code, caught.value.data) == (-32021, {"requiredCapabilities": {"sampling": {}}})


async def test_schemas_come_out_as_they_are(revision: str) -> None:
    async with connected(server, revisions=revision) as client:
        tools = {tool.name: tool async for tool in client.tools()}
        assert tools["json_schema_2020_12_tool"].input_schema == SCHEMAS["contact"]
        assert tools["test_x_mcp_header"].input_schema["properties"]["region"]["x-mcp-header"] == "Region"
        assert all(tool.description for tool in tools.values())
        assert not (await client.call_tool(next(iter(tools)), {})).is_error


async def test_lists_change_and_are_what_they_were(revision: str) -> None:
    async with connected(server, revisions=revision) as client, client.listen(tools=True, prompts=True) as changes:
        before = [tool.name async for tool in client.tools()]
        with anyio.fail_after(5):
            await client.call_tool("test_trigger_tool_change")
            await anext(aiter(changes))
            await client.call_tool("test_trigger_prompt_change")
        assert [tool.name async for tool in client.tools()] == before


async def test_prompts_resources_and_completions(revision: str) -> None:
    async with connected(server, **able(revisions=revision)) as client:
        given = {"arg1": "one", "arg2": "two"}
        assert "'one'" in str(await client.get_prompt("test_prompt_with_arguments", given))
        embedded = await client.get_prompt("test_prompt_with_embedded_resource", {"resourceUri": "test://x"})
        assert [message.content.type for message in embedded.messages] == ["resource", "text"]
        assert (await client.get_prompt("test_prompt_with_image")).messages[0].content.type == "image"
        assert (await client.get_prompt("test_simple_prompt")).messages
        assert "tea" in str(await client.get_prompt("test_input_required_result_prompt"))
        assert "123" in str(await client.read_resource("test://template/123/data"))
        assert len([resource async for resource in client.resources()]) == 3
        for uri in ("test://static-text", "test://static-binary", "test://watched-resource"):
            assert (await client.read_resource(uri)).contents[0].uri == uri
        of = t.PromptReference(name="test_prompt_with_arguments")
        found = await client.complete(ref=of, argument=t.CompleteRequestParamsArgument(name="arg1", value="test"))
        assert found.completion.values == ["testing"]


async def test_the_program_serves_over_stdio(revision: str) -> None:
    program = StdioServer(sys.executable, [str(Path(__file__).with_name("server.py")), "--stdio"])
    with anyio.fail_after(15):
        async with Client(program, revisions=revision) as client:
            assert client.protocol_version == revision
            assert not (await client.call_tool("test_simple_text")).is_error
