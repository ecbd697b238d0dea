"""Read by type checkers only: a server's handlers with a context of its own."""

from __future__ import annotations

from typing import assert_type

from mcpstruct_bindings.v2025_11_25.server import ServerHandlers as LegacyHandlers
from mcpstruct_bindings.v2025_11_25.types import CallToolRequestParams as LegacyCall
from mcpstruct_bindings.v2025_11_25.types import Result
from mcpstruct_bindings.v2026_07_28 import types as t
from mcpstruct_bindings.v2026_07_28.server import ServerHandlers


class Context:
    """What this server hands to its handlers."""

    user: str


class Tools(ServerHandlers[Context]):
    """Answers two methods; one of them never needs more input."""

    async def call_tool(self, params: t.CallToolRequestParams, ctx: Context) -> t.CallToolResult:
        assert_type(ctx.user, str)
        return t.CallToolResult(content=[t.TextContent(text=ctx.user)], result_type="complete")

    async def get_prompt(
        self, params: t.GetPromptRequestParams, ctx: Context
    ) -> t.GetPromptResult | t.InputRequiredResult:
        return t.InputRequiredResult(request_state=params.name)


class Wrong(ServerHandlers[Context]):
    """What is not a handler of its method."""

    async def list_tools(self, params: t.RequestParams, ctx: Context) -> t.ListToolsResult:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        raise NotImplementedError

    async def list_prompts(self, params: t.PaginatedRequestParams, ctx: Context) -> t.ListToolsResult:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        raise NotImplementedError


class Legacy(LegacyHandlers[None]):
    """A server without a context."""

    async def ping(self, params: object, ctx: None) -> Result:
        return Result()


async def use(tools: Tools, legacy: Legacy, ctx: Context, call: t.CallToolRequestParams, old: LegacyCall) -> None:
    assert_type(await tools.call_tool(call, ctx), t.CallToolResult)
    assert_type(
        await tools.read_resource(t.ReadResourceRequestParams(meta=call.meta, uri="u"), ctx),
        t.ReadResourceResult | t.InputRequiredResult,
    )
    assert_type(Tools.handled(), frozenset[str])
    await tools.call_tool(call, None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await legacy.call_tool(old, None)
