"""Handlers that fail and say why: the message gets through, whatever they serve, and no other does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mcpstruct import Context, LowLevelServer, MCPServer, RemoteError
from mcpstruct.server import HandlerError, PromptError, ResourceError, ResourceNotFound, ToolError
from mcpstruct.types import (
    CompleteRequestParamsArgument,
    Implementation,
    PromptReference,
)
from mcpstruct_bindings.merged.server import ServerHandlers
from tests.server.framework.people import Account, User
from tests.server.framework.support import Wire, failure

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(20)]


class OutOfStock(HandlerError):
    """One's own."""


def failing(error: Callable[[], Exception], **options: Any) -> MCPServer:
    server = MCPServer(**options)

    @server.tool()
    def tool() -> str:
        raise error()

    @server.prompt()
    async def prompt() -> str:
        raise error()

    @server.resource("x://fixed")
    def resource() -> str:
        raise error()

    @server.resource("x://of/{name}")
    async def template(name: str) -> str:
        raise error()

    @server.completion("prompt", "name")
    def complete(typed: str, others: Any) -> list[str]:
        raise error()

    return server


def attempts(client: Any) -> dict[str, Callable[[], Any]]:
    argument = CompleteRequestParamsArgument(name="name", value="")
    return {
        "prompt": lambda: client.get_prompt("prompt"),
        "resource": lambda: client.read_resource("x://fixed"),
        "template": lambda: client.read_resource("x://of/ann"),
        "completion": lambda: client.complete(PromptReference(name="prompt"), argument),
    }


@pytest.mark.parametrize("kind", [ToolError, PromptError, ResourceError, OutOfStock])
async def test_the_message_gets_through(wire: Wire, kind: type[HandlerError], caplog: pytest.LogCaptureFixture) -> None:
    async with wire.to(failing(lambda: kind("closed on Mondays"))) as client:
        assert failure(await client.call_tool("tool")) == "closed on Mondays"
        for call in attempts(client).values():
            with pytest.raises(RemoteError) as caught:
                await call()
            assert (caught.value.code, caught.value.message) == (-32603, "closed on Mondays")
    assert caplog.text == ""


async def test_no_other_message_does(wire: Wire) -> None:
    async with wire.to(failing(lambda: ValueError("hunter2"))) as client:
        assert failure(await client.call_tool("tool")) == "tool failed"
        for call in attempts(client).values():
            with pytest.raises(RemoteError) as caught:
                await call()
            assert (caught.value.code, caught.value.message) == (-32603, "internal error")


async def test_a_resource_may_say_that_there_is_none(wire: Wire) -> None:
    code = -32602 if wire.modern else -32002
    async with wire.to(failing(lambda: ResourceNotFound("no such user"))) as client:
        for name, uri in (("resource", "x://fixed"), ("template", "x://of/ann")):
            with pytest.raises(RemoteError) as caught:
                await attempts(client)[name]()
            error = caught.value
            assert (error.code, error.message, error.data) == (code, "no such user", {"uri": uri})
    async with wire.to(failing(ResourceNotFound)) as client:
        with pytest.raises(RemoteError, match="Resource not found") as caught:
            await client.read_resource("x://of/ann")
        assert caught.value.data == {"uri": "x://of/ann"}


async def test_resources_that_a_handler_reads(wire: Wire) -> None:
    """What becomes of their errors is up to the handler; a tool that lets them pass has failed."""
    server = failing(lambda: ResourceError("closed on Mondays"))

    @server.tool()
    async def read(uri: str, ctx: Context[Any]) -> str:
        await ctx.read_resource(uri)
        return ""

    @server.tool()
    async def look(uri: str, ctx: Context[Any]) -> bool:
        try:
            await ctx.read_resource(uri)
        except ResourceNotFound as error:
            return error.uri == uri
        return False

    @server.prompt()
    async def quote(uri: str, ctx: Context[Any]) -> str:
        await ctx.read_resource(uri)
        return ""

    async with wire.to(server) as client:
        assert failure(await client.call_tool("read", {"uri": "x://fixed"})) == "closed on Mondays"
        assert failure(await client.call_tool("read", {"uri": "x://none"})) == "Resource not found: x://none"
        assert await client.call_tool("look", {"uri": "x://none"}, into=bool)
        with pytest.raises(RemoteError) as caught:
            await client.get_prompt("quote", {"uri": "x://none"})
        assert caught.value.code == (-32602 if wire.modern else -32002)
        assert (caught.value.message, caught.value.data) == ("Resource not found", {"uri": "x://none"})


async def test_middleware_fails_for_what_it_goes_around(wire: Wire) -> None:
    async def closed(call: Any, params: Any, context: Context[Any]) -> Any:
        raise ToolError("closed on Mondays")

    async with wire.to(failing(ValueError, middleware=[closed])) as client:
        assert failure(await client.call_tool("tool")) == "closed on Mondays"
        for call in (client.list_tools, lambda: client.get_prompt("prompt")):
            with pytest.raises(RemoteError, match="closed on Mondays") as caught:
                await call()
            assert caught.value.code == -32603


class Handlers(ServerHandlers[Context[Any]]):
    async def call_tool(self, params: Any, ctx: Context[Any]) -> Any:
        raise ToolError("closed on Mondays")

    async def read_resource(self, params: Any, ctx: Context[Any]) -> Any:
        raise ResourceNotFound("none", params.uri)


async def test_low_level_handlers_fail_in_the_same_way(wire: Wire) -> None:
    async with wire.to(LowLevelServer(Handlers(), info=Implementation(name="low", version="1"))) as client:
        assert failure(await client.call_tool("x")) == "closed on Mondays"
        with pytest.raises(RemoteError, match="none") as caught:
            await client.read_resource("x://1")
        assert caught.value.code == (-32602 if wire.modern else -32002)
        assert caught.value.data == {"uri": "x://1"}


async def test_questions_come_before_failures(asking: Wire) -> None:
    """A handler that takes being stopped for its questions for a failure is asked again all the same."""
    server = MCPServer()

    @server.prompt()
    async def ask(ctx: Context[Any]) -> str:
        try:
            answer = await ctx.elicit("Who?", Account)
        except BaseException as error:
            raise PromptError("something went wrong") from error
        return f"for {answer.data and answer.data.user}"

    async with asking.to(server, on_elicitation=User({"user": "ann"}).form) as client:
        assert "for ann" in repr(await client.get_prompt("ask"))
