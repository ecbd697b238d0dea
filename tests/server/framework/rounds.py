"""A client that answers by hand, one round at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio
import pytest

from mcpstruct import Client, Context, MCPServer, RemoteError
from mcpstruct.types import CallToolResult, ElicitResult, InputRequiredResult
from mcpstruct_bindings.merged import methods
from tests.server.framework.support import SOON, Heard, Wire, text


@dataclass
class Account:
    user: str


class Raw:
    """Calls a tool, one round at a time."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.heard = Heard()

    async def round(
        self, name: str, arguments: Any = None, answers: Any = None, state: str | None = None, **options: Any
    ) -> Any:
        params = methods.CALL_TOOL.params(
            name=name, arguments=arguments, input_responses=answers, request_state=state, **options
        )
        with anyio.fail_after(SOON):
            return await self.client.send_request(methods.CALL_TOOL, params, on_progress=self.heard.report)

    async def asks(self, *args: Any, **kwargs: Any) -> InputRequiredResult:
        result = await self.round(*args, **kwargs)
        assert isinstance(result, InputRequiredResult), result
        return result

    async def says(self, *args: Any, **kwargs: Any) -> str:
        result = await self.round(*args, **kwargs)
        assert isinstance(result, CallToolResult), result
        return text(result)

    async def refused(self, *args: Any, **kwargs: Any) -> str:
        with pytest.raises(RemoteError) as caught:
            await self.round(*args, **kwargs)
        assert caught.value.code == -32602
        return caught.value.message


@asynccontextmanager
async def raw(modern: Wire, server: MCPServer) -> AsyncIterator[Raw]:
    def never(params: Any) -> Any:
        raise AssertionError

    options: Any = {"on_elicitation": never, "on_sampling": never, "roots": ["file:///never"]}
    async with modern.to(server, **options) as client:
        yield Raw(client)


def user(name: str) -> ElicitResult:
    return ElicitResult(action="accept", content={"user": name})


def keys(result: InputRequiredResult) -> list[str]:
    return list(result.input_requests or {})


def ordering(runs: list[str] | None = None, **options: Any) -> MCPServer:
    """A server whose tool asks one thing after the other."""
    server = MCPServer(**options)

    @server.tool()
    async def order(what: str, ctx: Context[Any]) -> str:
        if runs is not None:
            runs.append(what)
        ctx.report_progress(1)
        first = await ctx.elicit("First?", Account, key="first")
        ctx.report_progress(2)
        second = await ctx.elicit("Second?", Account, key="second")
        ctx.report_progress(3)
        return f"{what}: {first.data and first.data.user} {second.data and second.data.user}"

    @server.tool()
    async def other(what: str, ctx: Context[Any]) -> str:
        await ctx.elicit("First?", Account, key="first")
        return what

    return server
