"""Handlers that ask the client for input: one body, whichever way the questions travel."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, TypedDict

import anyio
import pytest
from msgspec import Struct
from pydantic import BaseModel

from mcpstruct import Client, Context, MCPServer, RemoteError
from mcpstruct.base.codec import to_dict
from mcpstruct.server import MissingCapability, UnfitAnswer
from mcpstruct.types import (
    CreateMessageRequestParams,
    CreateMessageResult,
    ElicitRequestFormParams,
    ElicitRequestURLParams,
    ElicitResult,
    TextContent,
)
from tests.server.framework.support import SOON, Heard, Wire, failure, text

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(20)]


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Person(Struct):
    name: str
    age: int = 30
    colour: Colour | None = None


@dataclass
class Account:
    user: str
    admin: bool = False


class Choice(TypedDict):
    size: Literal["s", "m"]


class Model(BaseModel):
    count: int


class User:
    """Somebody at the client, who remembers what they were asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.forms: list[Any] = []

    def form(self, params: ElicitRequestFormParams) -> Any:
        self.asked.append(params.message)
        self.forms.append(to_dict(params.requested_schema))
        answer = self.answers.pop(0)
        return answer(params) if callable(answer) else answer

    def url(self, params: ElicitRequestURLParams) -> bool:
        self.asked.append(params.url)
        return bool(self.answers.pop(0))

    def model(self, params: CreateMessageRequestParams) -> CreateMessageResult:
        block: Any = params.messages[-1].content
        self.asked.append(block.text)
        content = TextContent(text=self.answers.pop(0))
        return CreateMessageResult(role="assistant", content=content, model="m")


async def call(client: Client, name: str, **arguments: Any) -> str:
    with anyio.fail_after(SOON):
        return text(await client.call_tool(name, arguments))


# -- forms -------------------------------------------------------------------------------------------------------------


async def test_forms_of_every_kind_of_type(asking: Wire) -> None:
    server = MCPServer()
    schema = {"type": "object", "properties": {"town": {"type": "string"}}, "required": ["town"]}

    @server.tool()
    async def fill(kind: str, ctx: Context[Any]) -> str:
        kinds: dict[str, Any] = {"s": Person, "d": Account, "t": Choice, "p": Model, "j": schema}
        answer = await ctx.elicit(f"Fill in {kind}", kinds[kind])
        return f"{answer.action} {answer.accepted} {answer.data!r}"

    user = User(
        {"name": "Ann", "colour": "red"}, {"user": "ann", "admin": True}, {"size": "m"}, {"count": 3}, {"town": "Ulm"}
    )
    async with asking.to(server, on_elicitation=user.form) as client:
        assert await call(client, "fill", kind="s") == (
            "accept True Person(name='Ann', age=30, colour=<Colour.RED: 'red'>)"
        )
        assert await call(client, "fill", kind="d") == "accept True Account(user='ann', admin=True)"
        assert await call(client, "fill", kind="t") == "accept True {'size': 'm'}"
        assert await call(client, "fill", kind="p") == "accept True Model(count=3)"
        assert await call(client, "fill", kind="j") == "accept True {'town': 'Ulm'}"
    assert user.asked == [f"Fill in {kind}" for kind in "sdtpj"]
    assert user.forms[0] == {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "age": {"type": "integer", "default": 30},
            "colour": {"type": "string", "enum": ["blue", "red"]},
        },
        "required": ["name"],
    }
    assert user.forms[4] == schema


async def test_a_user_may_decline_or_leave(asking: Wire) -> None:
    server = MCPServer()

    @server.tool()
    async def fill(ctx: Context[Any]) -> str:
        answer = await ctx.elicit("?", Person)
        return f"{answer.action} {answer.accepted} {answer.data}"

    user = User(None, ElicitResult(action="cancel"))
    async with asking.to(server, on_elicitation=user.form) as client:
        assert await call(client, "fill") == "decline False None"
        assert await call(client, "fill") == "cancel False None"


@pytest.mark.parametrize("schema", [int, list[str], {"type": "object", "properties": {"a": {"type": "object"}}}])
async def test_what_no_form_can_ask_is_an_error_of_the_tool(asking: Wire, schema: Any) -> None:
    server = MCPServer(show_errors=True)

    @server.tool()
    async def fill(ctx: Context[Any]) -> str:
        await ctx.elicit("?", schema)
        return ""

    user = User()
    async with asking.to(server, on_elicitation=user.form) as client:
        assert "form" in failure(await client.call_tool("fill"))


async def test_an_answer_that_does_not_fit_the_form(asking: Wire) -> None:
    server = MCPServer()

    @server.tool()
    async def fill(patient: bool, ctx: Context[Any]) -> str:
        try:
            return repr((await ctx.elicit("Who?", Person)).data)
        except UnfitAnswer:
            if not patient:
                raise
        return repr((await ctx.elicit("Who, again?", Person)).data)

    user = User({"name": 5}, {"age": 7}, {"name": 5}, {"name": "Ann"})
    async with asking.to(server, on_elicitation=user.form) as client:
        for said in ("at /name: expected string, got integer", "at /name: expected a value, got nothing"):
            with pytest.raises(RemoteError, match=said) as caught:
                await client.call_tool("fill", {"patient": False})
            assert caught.value.code == -32602
        assert await call(client, "fill", patient=True) == "Person(name='Ann', age=30, colour=None)"
    assert user.asked == ["Who?", "Who?", "Who?", "Who, again?"]


# -- the other questions -----------------------------------------------------------------------------------------------


async def test_urls_sampling_and_roots(asking: Wire) -> None:
    server = MCPServer()

    @server.tool()
    async def everything(ctx: Context[Any]) -> str:
        agreed = await ctx.elicit_url("Sign in", "https://example.com/in", elicitation_id="e1")
        answer = await ctx.sample("How do you do?", system_prompt="Be kind", temperature=0.5)
        roots = await ctx.list_roots()
        block: Any = answer.content
        return f"{agreed} {block.text} {answer.model} {[root.uri for root in roots]}"

    user = User(True, "Fine.", False, "Bad.")
    async with asking.to(
        server, on_elicitation_url=user.url, on_sampling=user.model, roots=["file:///a", "file:///b"]
    ) as client:
        assert await call(client, "everything") == "True Fine. m ['file:///a', 'file:///b']"
        assert await call(client, "everything") == "False Bad. m ['file:///a', 'file:///b']"
    assert user.asked == ["https://example.com/in", "How do you do?"] * 2


async def test_sampling_and_roots_in_the_oldest_revision() -> None:
    server = MCPServer()

    @server.tool()
    async def both(ctx: Context[Any]) -> str:
        block: Any = (await ctx.sample(["Hm?"])).content
        return f"{block.text} {[root.uri for root in await ctx.list_roots()]}"

    user = User("Fine.")
    async with Wire("2024-11-05", True).to(server, on_sampling=user.model, roots=lambda: ["file:///a"]) as client:
        assert await call(client, "both") == "Fine. ['file:///a']"


# -- several -----------------------------------------------------------------------------------------------------------


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


# -- who can't be asked ------------------------------------------------------------------------------------------------


def curious() -> MCPServer:
    server = MCPServer()

    @server.tool()
    async def ask(what: str, ctx: Context[Any]) -> str:
        if what == "form":
            await ctx.elicit("?", Account)
        elif what == "url":
            await ctx.elicit_url("?", "https://example.com")
        elif what == "sampling":
            await ctx.sample("?")
        elif what == "tools":
            await ctx.sample("?", tools=[])
        else:
            await ctx.list_roots()
        return "asked"

    @server.tool()
    async def fall_back(ctx: Context[Any]) -> str:
        try:
            await ctx.elicit("?", Account)
        except MissingCapability:
            return "did without"
        return "asked"

    return server


@pytest.mark.parametrize(
    ("what", "needed"),
    [
        ("form", {"elicitation": {"form": {}}}),
        ("url", {"elicitation": {"url": {}}}),
        ("sampling", {"sampling": {}}),
        ("roots", {"roots": {}}),
    ],
)
async def test_who_declared_nothing_is_asked_nothing(wire: Wire, what: str, needed: Any) -> None:
    async with wire.to(curious()) as client:
        with pytest.raises(RemoteError) as caught:
            await client.call_tool("ask", {"what": what})
        assert (caught.value.code, caught.value.data) == (-32021, {"requiredCapabilities": needed})
        assert await call(client, "fall_back") == "did without"


async def test_modes_and_tools_are_declared_one_by_one(asking: Wire) -> None:
    user = User()
    for option, what, needed in (
        ("on_elicitation_url", "form", {"elicitation": {"form": {}}}),
        ("on_elicitation", "url", {"elicitation": {"url": {}}}),
        ("on_sampling", "tools", {"sampling": {"tools": {}}}),
    ):
        options: Any = {option: user.form}
        async with asking.to(curious(), **options) as client:
            with pytest.raises(RemoteError) as caught:
                await client.call_tool("ask", {"what": what})
            assert (caught.value.code, caught.value.data) == (-32021, {"requiredCapabilities": needed})
    assert user.asked == []


@pytest.mark.parametrize(("revision", "what"), [("2024-11-05", "form"), ("2024-11-05", "url"), ("2025-06-18", "url")])
async def test_what_a_revision_lacks_is_not_asked_in_it(revision: str, what: str) -> None:
    user = User(True)
    options: Any = {"on_elicitation": user.form, "on_elicitation_url": user.url}
    async with Wire(revision, True).to(curious(), **options) as client:
        with pytest.raises(RemoteError) as caught:
            await client.call_tool("ask", {"what": what})
        assert (caught.value.code, caught.value.data) == (-32021, {"requiredCapabilities": {"elicitation": {what: {}}}})
    assert user.asked == []


async def test_forms_are_asked_in_the_first_revision_that_has_them() -> None:
    user = User({"user": "x"})
    async with Wire("2025-06-18", True).to(curious(), on_elicitation=user.form) as client:
        assert await call(client, "ask", what="form") == "asked"
    assert user.asked == ["?"]


async def test_a_client_that_fails_to_answer(asking: Wire) -> None:
    def fail(params: Any) -> Any:
        raise ZeroDivisionError

    async with asking.to(curious(), on_elicitation=fail) as client:
        with anyio.fail_after(SOON), pytest.raises(ZeroDivisionError if asking.modern else RemoteError):
            await client.call_tool("ask", {"what": "form"})
        assert [tool.name async for tool in client.tools()] == ["ask", "fall_back"]


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
