"""Handlers that ask the client for input: one body, whichever way the questions travel."""

from __future__ import annotations

from enum import Enum
from typing import Any, Literal, TypedDict

import anyio
import pytest
from msgspec import Struct
from pydantic import BaseModel

from mcpstruct import Context, Deadlines, MCPServer, RemoteError, RequestTimeout
from mcpstruct.server import MissingCapability, UnfitAnswer
from mcpstruct.types import (
    ElicitResult,
)
from tests.server.framework.people import Account, User, call
from tests.server.framework.support import SOON, Wire, failure

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(20)]


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Person(Struct):
    name: str
    age: int = 30
    colour: Colour | None = None


class Choice(TypedDict):
    size: Literal["s", "m"]


class Model(BaseModel):
    count: int


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


async def test_a_user_may_take_longer_than_a_request(asking: Wire) -> None:
    """The deadline of the call is for the server, which waits for the user."""
    deadlines = Deadlines(request=0.1)

    async def slow(params: Any) -> Any:
        await anyio.sleep(0.25)
        return {"user": "x"}

    async with asking.to(curious(), on_elicitation=slow, deadlines=deadlines) as client:
        assert await call(client, "ask", what="form") == "asked"


async def test_a_user_may_not_take_for_ever(asking: Wire) -> None:
    """In one request, that is; between two rounds there is none."""
    deadlines = Deadlines(request=0.1, hard=0.15)

    async def slow(params: Any) -> Any:
        await anyio.sleep(0.3)
        return {"user": "x"}

    async with asking.to(curious(), on_elicitation=slow, deadlines=deadlines) as client:
        if asking.modern:
            assert await call(client, "ask", what="form") == "asked"
        else:
            with pytest.raises(RequestTimeout, match=r"within 0\.15 s"):
                await call(client, "ask", what="form")
