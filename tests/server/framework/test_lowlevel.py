"""Generated handlers, filled in and served as they stand: neutral ones, and those of each revision."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import anyio
import pytest

from mcpstruct import (
    Context,
    LowLevelServer,
    MethodNotFound,
    MethodNotInRevision,
    NoCommonRevision,
    RemoteError,
    connect,
)
from mcpstruct.base.codec import to_dict
from mcpstruct.testing import connected
from mcpstruct.types import (
    CallToolRequestParams,
    CallToolResult,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitRequestFormParamsRequestedSchema,
    ElicitResult,
    Implementation,
    InputRequiredResult,
    ListToolsRequestParams,
    ListToolsResult,
    ReadResourceRequestParams,
    ReadResourceResult,
    ServerCapabilities,
    ServerCapabilitiesTools,
    StringSchema,
    TextContent,
    TextResourceContents,
    Tool,
)
from mcpstruct_bindings import REVISIONS
from mcpstruct_bindings.merged import methods
from mcpstruct_bindings.merged.server import ServerHandlers
from tests.server.framework.support import Heard, Wire, text

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(20)]
INFO = Implementation(name="low", version="1")


class Handlers(ServerHandlers[Context[Any]]):
    """Neutral: written once, served in every revision."""

    async def list_tools(self, params: ListToolsRequestParams, ctx: Context[Any]) -> ListToolsResult:
        return ListToolsResult(tools=[Tool(name="echo", input_schema={"type": "object"})])

    async def call_tool(self, params: CallToolRequestParams, ctx: Context[Any]) -> Any:
        if params.name == "fail":
            raise RemoteError(-32602, "Unknown tool: fail")
        if params.name == "leak":
            raise KeyError("hunter2")
        if params.name == "ask":
            answer = await ctx.elicit("Who?", {"type": "object", "properties": {"name": {"type": "string"}}})
            return CallToolResult(content=[TextContent(text=str(answer.data))])
        if params.name == "by hand":
            return self._by_hand(params, ctx)
        ctx.info("called")
        ctx.report_progress(1, 1)
        content: list[Any] = [TextContent(text=f"{params.arguments} in {ctx.protocol_version}")]
        return CallToolResult(content=content)

    def _by_hand(self, params: CallToolRequestParams, ctx: Context[Any]) -> Any:
        ctx.info("by hand")
        if params.request_state is None:
            form = ElicitRequestFormParamsRequestedSchema(properties={"name": StringSchema()})
            question = ElicitRequest(params=ElicitRequestFormParams(message="Who?", requested_schema=form))
            return InputRequiredResult(input_requests={"who": question}, request_state="mine")
        answer: Any = (params.input_responses or {})["who"]
        return CallToolResult(content=[TextContent(text=f"{params.request_state} {answer.content['name']}")])

    async def read_resource(self, params: ReadResourceRequestParams, ctx: Context[Any]) -> ReadResourceResult:
        return ReadResourceResult(contents=[TextResourceContents(uri=params.uri, text="x")])


def low(**options: Any) -> LowLevelServer:
    return LowLevelServer(Handlers(), info=INFO, **options)


async def test_neutral_handlers_in_every_revision(wire: Wire) -> None:
    heard = Heard()
    async with wire.to(low(instructions="Hi"), on_log=heard.log) as client:
        assert [tool.name async for tool in client.tools()] == ["echo"]
        result = await client.call_tool("echo", {"a": [1]}, on_progress=heard.report)
        assert text(result) == f"{{'a': [1]}} in {wire.revision}"
        assert (heard.logs, heard.progress) == ([("info", "called")], [(1, 1, None)])
        assert to_dict((await client.read_resource("x://1")).contents) == [{"uri": "x://1", "text": "x"}]
        assert client.instructions == "Hi"
        assert client.server_info is not None
        assert client.server_info.name == "low"


async def test_what_is_not_overridden_is_not_offered(wire: Wire) -> None:
    async with wire.to(low()) as client:
        offered = client.capabilities
        assert offered.tools is not None
        assert offered.resources is not None
        assert (offered.prompts, offered.completions, offered.logging) == (None, None, {})
        for call in (client.list_prompts(), client.get_prompt("x")):
            with pytest.raises(MethodNotFound):
                await call
        if not wire.modern:
            await client.ping()
            await client.set_level("info")  # any handler may log
            with pytest.raises(MethodNotFound):
                await client.subscribe("x://1")


async def test_capabilities_may_be_said_outright(wire: Wire) -> None:
    offered = ServerCapabilities(tools=ServerCapabilitiesTools(list_changed=True), logging={})
    async with wire.to(low(capabilities=offered)) as client:
        assert to_dict(client.capabilities) == {"tools": {"listChanged": True}, "logging": {}}
        if not wire.modern:
            await client.set_level("info")


async def test_errors_of_handlers(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    async with wire.to(low()) as client:
        with pytest.raises(RemoteError, match="Unknown tool") as caught:
            await client.call_tool("fail")
        assert caught.value.code == -32602
        with pytest.raises(RemoteError, match="internal error") as caught:
            await client.call_tool("leak")
        assert caught.value.code == -32603
    assert "hunter2" in caplog.text


async def test_the_context_asks(asking: Wire) -> None:
    async with asking.to(low(), on_elicitation=lambda params: {"name": "ann"}) as client:
        assert text(await client.call_tool("ask")) == "{'name': 'ann'}"


async def test_handlers_may_ask_by_hand(modern: Wire) -> None:
    """With a state of their own making, which nobody looks into."""
    heard = Heard()
    async with modern.to(low(), on_elicitation=lambda params: {"name": "ann"}, on_log=heard.log) as client:
        assert text(await client.call_tool("by hand")) == "mine ann"
        params = methods.CALL_TOOL.params(
            name="ask", input_responses={"x": ElicitResult(action="cancel")}, request_state="mine"
        )
        with pytest.raises(RemoteError, match="requestState refused") as caught:
            await client.send_request(methods.CALL_TOOL, params)
        assert caught.value.code == -32602
    assert heard.logs == [("info", "by hand")] * 2


# -- strict ------------------------------------------------------------------------------------------------------------


def strict(revision: str) -> LowLevelServer:
    """A server of one revision's own types."""
    package = f"mcpstruct_bindings.v{revision.replace('-', '_')}"
    t = import_module(f"{package}.types")
    base = import_module(f"{package}.server").ServerHandlers
    complete = {"result_type": "complete"} if revision >= "2026-07-28" else {}
    caching = {**complete, "ttl_ms": 0, "cache_scope": "private"} if complete else {}

    async def list_tools(self: Any, params: Any, ctx: Context[Any]) -> Any:
        return t.ListToolsResult(tools=[t.Tool(name="echo", input_schema={"type": "object"})], **caching)

    async def call_tool(self: Any, params: Any, ctx: Context[Any]) -> Any:
        assert isinstance(params, t.CallToolRequestParams)
        ctx.info("called")
        ctx.report_progress(1)
        if params.name == "ask":
            roots = await ctx.list_roots()
            return t.CallToolResult(content=[t.TextContent(text=roots[0].uri)], **complete)
        return t.CallToolResult(content=[t.TextContent(text=str(params.arguments))], **complete)

    handlers = type("Handlers", (base,), {"list_tools": list_tools, "call_tool": call_tool})
    return LowLevelServer(handlers(), info=INFO)


@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.parametrize("as_bytes", [True, False])
async def test_strict_handlers_for_a_neutral_client(revision: str, as_bytes: bool) -> None:
    heard = Heard()
    server = strict(revision)
    assert server.revisions == (revision,)
    async with connected(server, as_bytes=as_bytes, roots=["file:///a"], on_log=heard.log) as client:
        assert client.protocol_version == revision
        assert [tool.name async for tool in client.tools()] == ["echo"]
        result = await client.call_tool("echo", {"a": 1}, on_progress=heard.report)
        assert text(result) == "{'a': 1}"
        assert (heard.logs, heard.progress) == ([("info", "called")], [(1, None, None)])
        assert text(await client.call_tool("ask")) == "file:///a"


@pytest.mark.parametrize("revision", REVISIONS)
async def test_strict_handlers_for_a_strict_client(revision: str) -> None:
    package = f"mcpstruct_bindings.v{revision.replace('-', '_')}"
    t = import_module(f"{package}.types")
    session: Any = import_module(f"{package}.client").ClientSession
    async with connect(strict(revision), session=session) as client:
        result = await client.call_tool("echo", {"a": 1})
        assert isinstance(result, t.CallToolResult)
        assert result.content[0].text == "{'a': 1}"


async def test_a_strict_server_speaks_its_revision_alone(anyio_backend: str) -> None:
    for as_bytes in (True, False):
        with pytest.raises(NoCommonRevision):
            async with connected(strict("2024-11-05"), as_bytes=as_bytes, revisions="2026-07-28"):
                pytest.fail("connected")


async def test_the_session_of_a_strict_server_is_typed_and_bound_to_its_revision() -> None:
    server, outcome = strict("2025-03-26"), list[str]()

    async def call_tool(params: Any, ctx: Context[Any]) -> Any:
        form = ElicitRequestFormParamsRequestedSchema(properties={})
        try:
            await ctx.session.elicit(ElicitRequestFormParams(message="?", requested_schema=form))
        except MethodNotInRevision as error:
            outcome.append(str(error))
        raise RemoteError(-32000, "done")

    from mcpstruct.server.working import working

    server.handlers["tools/call"] = working(call_tool, server, server._sealer)
    async with connected(server) as client:
        with anyio.fail_after(5), pytest.raises(RemoteError, match="done"):
            await client.call_tool("x")
    assert outcome == ["elicitation/create is not in 2025-03-26"]
