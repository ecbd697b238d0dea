"""Completers and the context of the request that they answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mcpstruct import Client, Context, MCPServer
from mcpstruct.types import CompleteRequestParamsArgument, PromptReference
from tests.server.framework.support import Heard, Wire

if TYPE_CHECKING:
    from nowhere import Unheard  # type: ignore[import-not-found]

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(20)]


async def complete(client: Client, prompt: str, typed: str = "") -> list[str]:
    argument = CompleteRequestParamsArgument(name="name", value=typed)
    return list((await client.complete(PromptReference(name=prompt), argument)).completion.values)


class Completer:
    async def method(self, typed: str, others: Any, *, ctx: Context[Any] | None = None) -> list[str]:
        return [typed, type(ctx).__name__]

    def __call__(self, context: Context[Any], typed: str, others: Unheard) -> list[str]:
        return [typed, context.method]


async def test_a_completer_gets_the_context_that_it_asks_for(wire: Wire) -> None:
    server, heard = MCPServer(), Heard()

    @server.completion("sync", "name")
    def sync(typed: str, others: Any, ctx: Context[Any]) -> list[str]:
        ctx.info("looking")
        return [typed, ctx.method]

    @server.completion("async", "name")
    async def asynchronous(typed: str, others: Unheard, ctx: Context) -> list[str]:
        return [typed, ctx.protocol_version]

    server.completion("method", "name")(Completer().method)
    server.completion("object", "name")(Completer())
    server.completion("plain", "name")(lambda typed, others: [typed])
    async with wire.to(server, on_log=heard.log) as client:
        assert await complete(client, "sync", "a") == ["a", "completion/complete"]
        assert await complete(client, "async", "b") == ["b", wire.revision]
        assert await complete(client, "method", "c") == ["c", "Context"]
        assert await complete(client, "object", "e") == ["e", "completion/complete"]
        assert await complete(client, "plain", "d") == ["d"]
    assert heard.logs == [("info", "looking")]


def test_one_context_will_do() -> None:
    with pytest.raises(TypeError, match="more than once"):

        @MCPServer().completion("x", "name")
        def greedy(typed: str, others: Any, one: Context[Any], two: Context[Any]) -> list[str]:
            return []
