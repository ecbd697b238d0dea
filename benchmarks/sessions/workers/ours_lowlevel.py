"""mcpstruct, the low-level server: generated handlers filled in."""

from __future__ import annotations

from typing import Any

from mcpstruct.server import LowLevelServer
from mcpstruct.types import (
    CallToolRequestParams,
    CallToolResult,
    Implementation,
    ListToolsRequestParams,
    ListToolsResult,
    TextContent,
    Tool,
)
from mcpstruct_bindings.merged.server import ServerHandlers

__all__ = ["lowlevel"]

_SCHEMA = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}


class _Handlers(ServerHandlers[Any]):
    async def list_tools(self, params: ListToolsRequestParams, ctx: Any) -> ListToolsResult:
        return ListToolsResult(tools=[Tool(name="echo", input_schema=_SCHEMA)])

    async def call_tool(self, params: CallToolRequestParams, ctx: Any) -> CallToolResult:
        return CallToolResult(content=[TextContent(text=(params.arguments or {})["text"])])


lowlevel = LowLevelServer(_Handlers(), info=Implementation(name="bench", version="1"))
