"""Several questions: one after the other, at once, by name; and all that happens around them just once."""

from __future__ import annotations

import asyncio
from typing import Any

import anyio
import pytest

from mcpstruct import Context, MCPServer, RemoteError
from mcpstruct.base.codec import to_dict
from tests.server.framework.people import Account, User, call
from tests.server.framework.support import SOON, Heard, Wire, failure, text

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(20)]


async def test_one_after_the_other(asking: Wire) -> None:
    server = MCPServer()

    @server.tool()
    async def interview(ctx: Context[Any]) -> str:
        names: list[str] = []
        while len(names) < 3:
            answer = await ctx.elicit("Who else?" if names else "Who?", Account)
            if answer.data is None:
                break
            names.append(answer.data.user)
        return " ".join(names)

    user = User({"user": "a"}, {"user": "b"}, {"user": "c"}, {"user": "a"}, None)
    async with asking.to(server, on_elicitation=user.form) as client:
        assert await call(client, "interview") == "a b c"
        assert await call(client, "interview") == "a"
    assert user.asked == ["Who?", "Who else?", "Who else?", "Who?", "Who else?"]


async def test_several_at_once(asking: Wire) -> None:
    server = MCPServer()

    @server.tool()
    async def party(ctx: Context[Any]) -> str:
        found: dict[str, Any] = {}

        async def ask(name: str) -> None:
            answer = await ctx.elicit(f"{name}?", Account)
            found[name] = answer.data and answer.data.user

        async def think() -> None:
            block: Any = (await ctx.sample("Hm?")).content
            found["model"] = block.text

        async with anyio.create_task_group() as group:
            for name in "abcd":
                group.start_soon(ask, name)
            group.start_soon(think)
        return str(dict(sorted(found.items())))

    user = User()
    user.form = lambda params: {"user": params.message.upper()}  # type: ignore[method-assign]
    asked: list[str] = []

    def form(params: Any) -> Any:
        asked.append(params.message)
        return {"user": params.message.upper()}

    user.answers = ["Fine."]
    async with asking.to(server, on_elicitation=form, on_sampling=user.model) as client:
        assert await call(client, "party") == str({"a": "A?", "b": "B?", "c": "C?", "d": "D?", "model": "Fine."})
    assert sorted([*asked, *user.asked]) == ["Hm?", "a?", "b?", "c?", "d?"]


async def test_several_at_once_with_gather(asking: Wire, anyio_backend: str) -> None:
    if anyio_backend == "trio":
        pytest.skip("asyncio's own")
    server = MCPServer()

    @server.tool()
    async def party(ctx: Context[Any]) -> str:
        first, second = await asyncio.gather(ctx.elicit("Same?", Account), ctx.elicit("Same?", Account))
        third = await ctx.elicit("Same?", Account)
        return f"{first.data} {second.data} {third.data}"

    count = 0

    def form(params: Any) -> Any:
        nonlocal count
        count += 1
        return {"user": str(count)}

    async with asking.to(server, on_elicitation=form) as client:
        said = await call(client, "party")
    assert count == 3
    assert all(f"user='{n}'" in said for n in (1, 2, 3))


async def test_in_a_nursery_of_trio(asking: Wire, anyio_backend: str) -> None:
    if anyio_backend == "asyncio":
        pytest.skip("trio's own")
    import trio

    server = MCPServer()

    @server.tool()
    async def party(ctx: Context[Any]) -> str:
        found: list[str] = []

        async def ask(message: str) -> None:
            found.append((await ctx.elicit(message, Account)).action)

        async with trio.open_nursery() as nursery:
            for name in "abc":
                nursery.start_soon(ask, name)
        return " ".join(found)

    user = User({"user": "x"}, {"user": "x"}, {"user": "x"})
    async with asking.to(server, on_elicitation=user.form) as client:
        assert await call(client, "party") == "accept accept accept"
    assert sorted(user.asked) == ["a", "b", "c"]


async def test_prompts_and_resources_ask_as_well(asking: Wire) -> None:
    server = MCPServer()

    @server.prompt()
    async def greet(ctx: Context[Any]) -> str:
        answer = await ctx.elicit("Who?", Account)
        return f"Greet {answer.data and answer.data.user}"

    @server.resource("secret://one")
    async def secret(ctx: Context[Any]) -> str:
        answer = await ctx.elicit("Who?", Account)
        return f"for {answer.data and answer.data.user}"

    @server.resource("secret://of/{name}")
    async def secret_of(name: str, ctx: Context[Any]) -> str:
        answer = await ctx.elicit(f"Are you {name}?", Account)
        return f"for {answer.data and answer.data.user}"

    @server.tool()
    async def read(uri: str, ctx: Context[Any]) -> str:
        (contents,) = (await ctx.read_resource(uri)).contents
        return str(to_dict(contents)["text"])

    user = User(*[{"user": "ann"}] * 4)
    async with asking.to(server, on_elicitation=user.form) as client:
        with anyio.fail_after(SOON):
            got = await client.get_prompt("greet")
            assert to_dict(got.messages[0].content)["text"] == "Greet ann"
            for uri in ("secret://one", "secret://of/ann"):
                read_back = await client.read_resource(uri)
                assert to_dict(read_back.contents[0])["text"] == "for ann"
            assert await call(client, "read", uri="secret://one") == "for ann"
    assert user.asked == ["Who?", "Who?", "Are you ann?", "Who?"]


async def test_middleware_may_ask(asking: Wire) -> None:
    async def confirmed(following: Any, params: Any, context: Context[Any]) -> Any:
        if context.method == "tools/call":
            answer = await context.elicit(f"Run {params.name}?", Account)
            if not answer.accepted:
                raise RemoteError(-32001, "not confirmed")
        return await following(params, context)

    server = MCPServer(middleware=[confirmed])

    @server.tool()
    async def greet(ctx: Context[Any]) -> str:
        answer = await ctx.elicit("Who?", Account)
        return f"Greet {answer.data and answer.data.user}"

    user = User({"user": ""}, {"user": "ann"}, None)
    async with asking.to(server, on_elicitation=user.form) as client:
        assert await call(client, "greet") == "Greet ann"
        with pytest.raises(RemoteError, match="not confirmed"):
            await client.call_tool("greet")
    assert user.asked == ["Run greet?", "Who?", "Run greet?"]


# -- names of questions ------------------------------------------------------------------------------------------------


async def test_a_question_may_have_a_name(asking: Wire) -> None:
    server = MCPServer()
    runs: list[int] = []

    @server.tool()
    async def name(ctx: Context[Any]) -> str:
        runs.append(len(runs))
        # The text differs from run to run; the name does not.
        answer = await ctx.elicit(f"Run {len(runs)}: who?", Account, key="who")
        return str(answer.data and answer.data.user)

    user = User({"user": "ann"})
    async with asking.to(server, on_elicitation=user.form) as client:
        assert await call(client, "name") == "ann"
    assert user.asked == ["Run 1: who?"]


async def test_a_name_is_given_once(asking: Wire) -> None:
    """Twice, it would give the first answer again, for ever where the tool asks until it likes the answer."""
    server = MCPServer(show_errors=True)

    @server.tool()
    async def insist(ctx: Context[Any]) -> str:
        while True:
            answer = await ctx.elicit("Yes?", Account, key="yes")
            if answer.accepted:
                return "at last"

    user = User(None, None, None)
    async with asking.to(server, on_elicitation=user.form) as client:
        with anyio.fail_after(SOON):
            assert "'yes'" in failure(await client.call_tool("insist"))
    assert user.asked == ["Yes?"]


# -- reports and rounds ------------------------------------------------------------------------------------------------


async def test_reports_are_made_once(asking: Wire) -> None:
    server, heard = MCPServer(), Heard()

    @server.tool()
    async def work(ctx: Context[Any]) -> str:
        ctx.info("start")
        ctx.report_progress(1)
        await ctx.elicit("One?", Account)
        ctx.info("between")
        ctx.report_progress(2)
        await ctx.elicit("Two?", Account)
        ctx.info("end")
        ctx.report_progress(3)
        return "done"

    user = User({"user": "x"}, {"user": "x"})
    async with asking.to(server, on_elicitation=user.form, on_log=heard.log) as client:
        assert text(await client.call_tool("work", on_progress=heard.report)) == "done"
    assert [data for _, data in heard.logs] == ["start", "between", "end"]
    assert [progress for progress, _, _ in heard.progress] == [1, 2, 3]


async def test_finally_blocks_run(asking: Wire) -> None:
    server, left = MCPServer(), list[str]()

    @server.tool()
    async def careful(ctx: Context[Any]) -> str:
        try:
            async with anyio.create_task_group():
                answer = await ctx.elicit("One?", Account)
        finally:
            left.append("left")
        return str(answer.accepted)

    async with asking.to(server, on_elicitation=User({"user": "x"}).form) as client:
        assert await call(client, "careful") == "True"
    assert left == ["left"] * (2 if asking.modern else 1)


async def test_a_question_that_is_given_up_is_not_asked(asking: Wire) -> None:
    """Who would rather wait for ever, and yet has a plan for when nobody answers."""
    server = MCPServer()
    answering = anyio.Event()

    @server.tool()
    async def hasty(ctx: Context[Any]) -> str:
        with anyio.move_on_after(0) as scope:
            await ctx.elicit("?", Account)
        await anyio.sleep(0.01)
        return f"gave up: {scope.cancelled_caught}"

    async def never(params: Any) -> Any:
        await answering.wait()

    async with asking.to(server, on_elicitation=never) as client:
        assert await call(client, "hasty") == "gave up: True"


async def test_a_cancelled_call_asks_no_more(asking: Wire) -> None:
    server, ended = MCPServer(), anyio.Event()
    asked = anyio.Event()

    @server.tool()
    async def ask(ctx: Context[Any]) -> str:
        try:
            await ctx.elicit("?", Account)
        finally:
            ended.set()
        return ""

    async def never(params: Any) -> Any:
        asked.set()
        await anyio.sleep(60)

    async with asking.to(server, on_elicitation=never) as client:
        with anyio.fail_after(SOON):
            async with anyio.create_task_group() as group:
                group.start_soon(client.call_tool, "ask")
                await asked.wait()
                group.cancel_scope.cancel()
            await ended.wait()
