"""What is registered is what clients see: in order, with all that was said of it, a page at a time."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from mcpstruct import Context, MCPServer, RemoteError
from mcpstruct.base.codec import to_dict
from mcpstruct.server.fastmcp import FastMCP
from mcpstruct.types import (
    Annotations,
    CompleteRequestParamsArgument,
    CompleteRequestParamsContext,
    Icon,
    PromptReference,
    ResourceTemplateReference,
    ToolAnnotations,
)
from tests.server.framework.support import Wire

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(20)]


def full() -> MCPServer:
    """A server with something of everything."""
    icon = Icon(src="https://example.com/i.png", mime_type="image/png")
    server = MCPServer(
        "full",
        "1.2",
        title="Full",
        description="Everything there is.",
        website_url="https://example.com",
        icons=[icon],
        instructions="Use it well.",
    )

    @server.tool(
        title="Add up",
        annotations=ToolAnnotations(read_only_hint=True),
        icons=[icon],
        meta={"example.com/x": [1]},
    )
    def add(a: int, b: int = 2) -> int:
        """Add two numbers.

        Args:
            a: The first.
        """
        return a + b

    @server.resource(
        "config://app",
        title="Config",
        mime_type="application/json",
        annotations=Annotations(audience=["user"], priority=0.5),
        icons=[icon],
        meta={"k": "v"},
    )
    def config() -> dict[str, int]:
        """The configuration."""
        return {"a": 1}

    @server.resource("users://{name}/profile", name="profile", mime_type="text/plain", meta={"k": "v"})
    def user(name: str) -> str:
        """Somebody's profile."""
        return f"I am {name}"

    @server.prompt(title="Greet", icons=[icon], meta={"k": "v"})
    def greet(name: str, mood: str = "kind") -> str:
        """Greet somebody."""
        return f"Say something {mood} to {name}"

    completed(server)
    return server


def completed(server: MCPServer) -> None:
    """Complete what it has."""

    @server.completion("greet", "mood")
    def moods(typed: str, others: Any) -> list[str]:
        return [mood for mood in ("kind", "keen", "sad") if mood.startswith(typed)]

    @server.completion("greet", "name")
    def blocks(typed: str, others: Any) -> list[str]:
        return [threading.current_thread().name, str(dict(others))]

    @server.completion("users://{name}/profile", "name")
    async def names(typed: str, others: Any) -> list[str]:
        return [f"{typed}{n}" for n in range(150)]


async def test_a_server_introduces_itself(wire: Wire) -> None:
    async with wire.to(full()) as client:
        about = to_dict(client.server_info)
        assert about == {
            "name": "full",
            "version": "1.2",
            "title": "Full",
            "description": "Everything there is.",
            "websiteUrl": "https://example.com",
            "icons": [{"src": "https://example.com/i.png", "mimeType": "image/png"}],
        }
        assert client.instructions == "Use it well."
        assert client.protocol_version == wire.revision


async def test_a_server_need_not_be_named(wire: Wire) -> None:
    assert FastMCP("mine").name == "mine"
    async with wire.to(FastMCP()) as client:
        assert client.server_info is not None
        assert client.server_info.name == FastMCP().name


async def test_capabilities_are_what_there_is(wire: Wire) -> None:
    async with wire.to(full()) as client:
        offered = client.capabilities
        assert offered.tools is not None
        assert offered.tools.list_changed
        assert offered.prompts is not None
        assert offered.prompts.list_changed
        assert offered.resources is not None
        assert offered.resources.list_changed
        assert offered.resources.subscribe
        assert offered.logging is not None
        assert offered.completions is not None
    async with wire.to(MCPServer()) as client:
        assert client.capabilities.completions is None
        assert client.instructions is None


async def test_a_tool_with_all_that_is_said_of_it(wire: Wire) -> None:
    async with wire.to(full()) as client:
        (tool,) = (await client.list_tools()).tools
        assert to_dict(tool) == {
            "name": "add",
            "title": "Add up",
            "description": "Add two numbers.",
            "inputSchema": {
                "type": "object",
                "properties": {
                    "a": {"type": "integer", "description": "The first."},
                    "b": {"type": "integer", "default": 2},
                },
                "required": ["a"],
                **{k: v for k, v in tool.input_schema.items() if k not in ("type", "properties", "required")},
            },
            "outputSchema": to_dict(tool.output_schema),
            "annotations": {"readOnlyHint": True},
            "icons": [{"src": "https://example.com/i.png", "mimeType": "image/png"}],
            "_meta": {"example.com/x": [1]},
        }
        result = await client.call_tool("add", {"a": 1})
        assert result.structured_content == {"result": 3}
        assert await client.call_tool("add", {"a": 1, "b": 1}, into=int) == 2


async def test_a_resource_and_a_template(wire: Wire) -> None:
    async with wire.to(full()) as client:
        (resource,) = (await client.list_resources()).resources
        assert to_dict(resource) == {
            "uri": "config://app",
            "name": "config",
            "title": "Config",
            "description": "The configuration.",
            "mimeType": "application/json",
            "annotations": {"audience": ["user"], "priority": 0.5},
            "icons": [{"src": "https://example.com/i.png", "mimeType": "image/png"}],
            "_meta": {"k": "v"},
        }
        (template,) = (await client.list_resource_templates()).resource_templates
        assert to_dict(template) == {
            "uriTemplate": "users://{name}/profile",
            "name": "profile",
            "description": "Somebody's profile.",
            "mimeType": "text/plain",
            "_meta": {"k": "v"},
        }
        read = (await client.read_resource("config://app")).contents
        assert to_dict(read) == [{"uri": "config://app", "mimeType": "application/json", "text": '{"a":1}'}]
        read = (await client.read_resource("users://ann/profile")).contents
        assert to_dict(read) == [{"uri": "users://ann/profile", "mimeType": "text/plain", "text": "I am ann"}]


async def test_a_prompt_and_completions(wire: Wire) -> None:
    async with wire.to(full()) as client:
        (prompt,) = (await client.list_prompts()).prompts
        assert to_dict(prompt) == {
            "name": "greet",
            "title": "Greet",
            "description": "Greet somebody.",
            "arguments": [{"name": "name", "required": True}, {"name": "mood", "required": False}],
            "icons": [{"src": "https://example.com/i.png", "mimeType": "image/png"}],
            "_meta": {"k": "v"},
        }
        got = await client.get_prompt("greet", {"name": "Ann"})
        assert to_dict(got.messages) == [
            {"role": "user", "content": {"type": "text", "text": "Say something kind to Ann"}}
        ]
        found = await client.complete(
            PromptReference(name="greet"), CompleteRequestParamsArgument(name="mood", value="k")
        )
        assert found.completion.values == ["kind", "keen"]
        found = await client.complete(
            ResourceTemplateReference(uri="users://{name}/profile"),
            CompleteRequestParamsArgument(name="name", value="a"),
        )
        assert (len(found.completion.values), found.completion.total, found.completion.has_more) == (100, 150, True)
        found = await client.complete(
            PromptReference(name="greet"), CompleteRequestParamsArgument(name="other", value="k")
        )
        assert found.completion.values == []
        if wire.revision > "2024-11-05":
            found = await client.complete(
                PromptReference(name="greet"),
                CompleteRequestParamsArgument(name="name", value="k"),
                context=CompleteRequestParamsContext(arguments={"mood": "sad"}),
            )
            thread, others = found.completion.values
            assert thread.startswith("mcpstruct-tool")
            assert others == "{'mood': 'sad'}"


# -- what there is not -------------------------------------------------------------------------------------------------


async def test_what_there_is_not_has_the_codes_of_the_revision(wire: Wire) -> None:
    async with wire.to(full()) as client:
        with pytest.raises(RemoteError, match="nosuch") as caught:
            await client.call_tool("nosuch")
        assert caught.value.code == -32602
        with pytest.raises(RemoteError, match="nosuch") as caught:
            await client.get_prompt("nosuch")
        assert caught.value.code == -32602
        with pytest.raises(RemoteError, match="not found") as caught:
            await client.read_resource("nosuch://x")
        assert caught.value.code == (-32602 if wire.modern else -32002)
        assert caught.value.data == {"uri": "nosuch://x"}


async def test_a_tool_shows_the_schema_that_its_author_wrote(wire: Wire) -> None:
    server = MCPServer()
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {"phone": {"type": "string"}, "email": {"type": "string"}},
        "anyOf": [{"required": ["phone"]}, {"required": ["email"]}],
    }

    @server.tool(input_schema=schema)
    def reach(phone: str = "", email: str = "") -> str:
        return phone or email

    async with wire.to(server) as client:
        assert [tool.input_schema async for tool in client.tools()] == [schema]
        assert to_dict((await client.call_tool("reach", {"phone": "1"})).content) == [{"type": "text", "text": "1"}]
        assert (await client.call_tool("reach", {"phone": 1})).is_error


async def test_a_name_is_taken_once() -> None:
    server = full()
    with pytest.raises(ValueError, match="add"):
        server.add_tool(lambda: "", name="add")
    with pytest.raises(ValueError, match="greet"):
        server.prompt("greet")(lambda: "")
    with pytest.raises(ValueError, match="config://app"):
        server.resource("config://app", name="other")(lambda: "")
    with pytest.raises(KeyError, match="nosuch"):
        server.tools.remove("nosuch")


@pytest.mark.parametrize("decorator", ["tool", "prompt", "resource", "request"])
def test_a_decorator_without_parentheses_is_an_error(decorator: str) -> None:
    def function() -> str:
        return ""

    with pytest.raises(TypeError, match=rf"{decorator}\("):
        getattr(MCPServer(), decorator)(function)


def test_what_can_be_no_resource() -> None:
    server = MCPServer()
    with pytest.raises(TypeError, match="must be the same"):
        server.resource("users://{name}")(_other)
    with pytest.raises(TypeError, match="must be the same"):
        server.resource("users://all")(_other)


def _other(other: str) -> str:
    return other


async def test_the_context_is_no_argument(wire: Wire) -> None:
    server = MCPServer()

    @server.tool()
    async def tool(request: Context[Any], text: str) -> str:
        return f"{request.method} {text}"

    @server.prompt()
    def prompt(text: str, request: Context[Any]) -> str:
        return f"{request.method} {text}"

    @server.resource("r://{text}")
    def template(text: str, request: Context[Any]) -> str:
        return f"{request.method} {text}"

    @server.resource("r://fixed")
    def resource(request: Context[Any]) -> str:
        return f"{request.method} fixed"

    async with wire.to(server) as client:
        (definition,) = (await client.list_tools()).tools
        assert list(definition.input_schema["properties"]) == ["text"]
        (about,) = (await client.list_prompts()).prompts
        assert [argument.name for argument in about.arguments or ()] == ["text"]
        result = await client.call_tool("tool", {"text": "x"})
        assert to_dict(result.content[0])["text"] == "tools/call x"
        got = await client.get_prompt("prompt", {"text": "x"})
        assert to_dict(got.messages[0].content)["text"] == "prompts/get x"
        for name in ("x", "fixed"):
            read = await client.read_resource(f"r://{name}")
            assert to_dict(read.contents[0])["text"] == f"resources/read {name}"
