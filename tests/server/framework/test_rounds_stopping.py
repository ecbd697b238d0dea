"""Handlers that are stopped for their questions, and what they make of it."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from mcpstruct import Context, MCPServer, RequestCancelled
from mcpstruct.server import ToolError
from mcpstruct.session.loop import current_loop
from tests.server.framework.rounds import Account, keys, ordering, raw, user
from tests.server.framework.support import SOON, Wire

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(20)]


def stubborn() -> MCPServer:
    server = MCPServer()

    @server.tool()
    async def swallows(ctx: Context[Any]) -> str:
        try:
            answer = await ctx.elicit("?", Account)
        except BaseException:
            return "swallowed"
        return str(answer.data and answer.data.user)

    @server.tool()
    async def converts(ctx: Context[Any]) -> str:
        try:
            answer = await ctx.elicit("?", Account)
        except BaseException as error:
            raise ToolError("something went wrong") from error
        return str(answer.data and answer.data.user)

    @server.tool()
    async def shields(ctx: Context[Any]) -> str:
        try:
            answer = await ctx.elicit("?", Account)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.01)
        return str(answer.data and answer.data.user)

    @server.tool()
    async def within_a_timeout(ctx: Context[Any]) -> str:
        with anyio.fail_after(SOON):
            answer = await ctx.elicit("?", Account)
        return str(answer.data and answer.data.user)

    @server.tool(timeout=SOON)
    async def bounded(ctx: Context[Any]) -> str:
        return str((await ctx.elicit("?", Account)).data)

    return server


@pytest.mark.parametrize("name", ["swallows", "converts", "shields", "within_a_timeout", "bounded"])
async def test_the_questions_go_out_whatever_the_handler_does(modern: Wire, name: str) -> None:
    async with raw(modern, stubborn()) as client:
        one = await client.asks(name)
        assert "ann" in await client.says(name, answers={keys(one)[0]: user("ann")})


async def test_a_task_that_is_left_behind_does_not_ask_for_ever(modern: Wire) -> None:
    server, loose, outcome = MCPServer(), list[Any](), list[str]()
    told = anyio.Event()

    async def ask(ctx: Context[Any]) -> None:
        try:
            await ctx.elicit("?", Account)
        except RequestCancelled as error:
            outcome.append(str(error))
            told.set()

    @server.tool()
    async def hasty(ctx: Context[Any]) -> str:
        loose.append(current_loop().spawn(ask, ctx))
        if ctx.client_info is None:  # as little time as there can be
            await anyio.lowlevel.checkpoint()
        return "done"

    async with raw(modern, server) as client:
        assert await client.says("hasty") == "done"
        with anyio.fail_after(SOON):
            await told.wait()
    assert outcome == ["the request is over"]


async def test_many_at_once_do_not_mix(modern: Wire) -> None:
    async with raw(modern, ordering()) as client:
        said: list[str] = []

        async def one(name: str) -> None:
            two = await client.asks("order", {"what": name}, {"first": user(name)})
            said.append(await client.says("order", {"what": name}, {"second": user(name)}, two.request_state))

        async with anyio.create_task_group() as group:
            for number in range(20):
                group.start_soon(one, f"n{number}")
    assert sorted(said) == sorted(f"n{n}: n{n} n{n}" for n in range(20))
