"""What servers ask of the model."""

from __future__ import annotations

from typing import Any

import pytest

from mcpstruct.base.errors import ProtocolViolation, RemoteError
from mcpstruct.server import Context
from mcpstruct.types import (
    CreateMessageRequestParams,
    CreateMessageResult,
    SamplingMessage,
    TextContent,
    Tool,
    ToolChoice,
    ToolResultContent,
    ToolUseContent,
)
from tests.requirements.asking import ask_client, ask_server, declared
from tests.requirements.support import ERAS
from tests.session.support import MODERN, NEWEST_LEGACY

pytestmark = pytest.mark.anyio


def answer(params: CreateMessageRequestParams) -> CreateMessageResult:
    return CreateMessageResult(role="assistant", content=TextContent(text="42"), model="m")


# -- sampling ---------------------------------------------------------------------------------------------------------

ASK = {"messages": [{"role": "user", "content": {"type": "text", "text": "?"}}], "maxTokens": 5}
TOOL = {"name": "t", "inputSchema": {"type": "object"}}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def use(name: str) -> dict[str, Any]:
    return {"type": "tool_use", "id": name, "name": "t", "input": {}}


def result(name: str) -> dict[str, Any]:
    return {"type": "tool_result", "toolUseId": name, "content": [text("18")]}


def turn(role: str, *content: dict[str, Any]) -> dict[str, Any]:
    return {"role": role, "content": content[0] if len(content) == 1 else list(content)}


BALANCED = [
    [turn("user", text("?"))],
    [turn("user", text("?")), turn("assistant", use("1")), turn("user", result("1"))],
    [
        turn("user", text("?")),
        turn("assistant", text("let me see"), use("1"), use("2")),
        turn("user", result("2"), result("1")),
        turn("assistant", use("1")),
        turn("user", result("1")),
        turn("assistant", text("so")),
    ],
]
UNBALANCED = [
    [turn("user", text("here"), result("1"))],
    [turn("user", result("1"))],
    [turn("assistant", use("1"))],
    [turn("assistant", use("1")), turn("user", text("no"))],
    [turn("assistant", use("1")), turn("user", text("here"), result("1"))],
    [turn("assistant", use("1"), use("2")), turn("user", result("1"))],
    [turn("assistant", use("1")), turn("user", result("2"))],
    [turn("assistant", use("1")), turn("assistant", text("so")), turn("user", result("1"))],
    [turn("assistant", use("1")), turn("user", result("1")), turn("user", result("1"))],
    [turn("assistant", use("1")), turn("assistant", result("1"))],
]


@pytest.mark.parametrize("revision", ERAS)
async def test_sampling_declared(revision: str) -> None:
    assert "sampling" not in await declared(revision)
    assert (await declared(revision, on_sampling=answer))["sampling"] == {}
    assert (await declared(revision, on_sampling=answer, sampling_tools=True))["sampling"] == {"tools": {}}


@pytest.mark.parametrize("revision", ERAS)
@pytest.mark.parametrize("more", [{"tools": [TOOL]}, {"tools": []}, {"toolChoice": {"mode": "auto"}}])
async def test_sampling_tools_undeclared_is_an_error(revision: str, more: dict[str, Any]) -> None:
    params = {**ASK, **more}
    refused = await ask_client(revision, "sampling/createMessage", params, on_sampling=answer)
    assert refused["error"]["code"] == -32602
    options: Any = {"on_sampling": answer, "sampling_tools": True}
    assert "result" in await ask_client(revision, "sampling/createMessage", params, **options)


@pytest.mark.parametrize("revision", ERAS)
async def test_sampling_tools_undeclared_are_not_sent(revision: str) -> None:
    options: list[dict[str, Any]] = [
        {"tools": [Tool(name="t", input_schema={"type": "object"})]},
        {"tools": []},
        {"tool_choice": ToolChoice(mode="none")},
    ]
    for option in options:
        asked, heard = await ask_server(revision, _bound(option), sampling={})
        assert asked == {}
        assert heard[-1]["error"]["data"] == {"requiredCapabilities": {"sampling": {"tools": {}}}}
        asked, _ = await ask_server(revision, _bound(option), sampling={"tools": {}})
        assert asked["maxTokens"] == 1024


def _bound(option: dict[str, Any]) -> Any:
    async def sample(ctx: Context[Any]) -> str:
        return str(await ctx.sample("?", **option))

    return sample


@pytest.mark.parametrize("revision", ERAS)
@pytest.mark.parametrize("messages", UNBALANCED)
async def test_sampling_tool_results_balance(revision: str, messages: list[Any]) -> None:
    """A client lets no model see what breaks the rules."""

    def never(params: Any) -> Any:
        raise AssertionError

    reply = await ask_client(
        revision, "sampling/createMessage", {"messages": messages, "maxTokens": 5}, on_sampling=never
    )
    assert reply["error"]["code"] == -32602


@pytest.mark.parametrize("revision", ERAS)
@pytest.mark.parametrize("messages", BALANCED)
async def test_sampling_tool_results_in_balance(revision: str, messages: list[Any]) -> None:
    reply = await ask_client(
        revision, "sampling/createMessage", {"messages": messages, "maxTokens": 5}, on_sampling=answer
    )
    assert reply["result"]["role"] == "assistant"


@pytest.mark.parametrize("revision", ERAS)
async def test_sampling_tool_results_of_servers(revision: str, caplog: pytest.LogCaptureFixture) -> None:
    """Nor does a server send such."""
    uses = ToolUseContent(id="1", name="t", input={})
    given = ToolResultContent(tool_use_id="1", content=[])

    def said(*turns: SamplingMessage) -> Any:
        async def sample(ctx: Context[Any]) -> str:
            return str(await ctx.sample(list(turns)))

        return sample

    asks, gives = SamplingMessage(role="assistant", content=uses), SamplingMessage(role="user", content=given)
    mixed = SamplingMessage(role="user", content=[TextContent(text="so"), given])
    for turns in ([asks], [gives], [asks, mixed], [gives, asks]):
        asked, heard = await ask_server(revision, said(*turns), sampling={})
        assert asked == {}
        assert heard[-1]["result"]["isError"] is True
    asked, _ = await ask_server(revision, said(asks, gives), sampling={})
    assert [message["role"] for message in asked["messages"]] == ["assistant", "user"]


@pytest.mark.parametrize("revision", ERAS)
@pytest.mark.parametrize(
    "message", [{"content": text("x")}, {"role": "user"}, {"role": "system", "content": text("x")}]
)
async def test_sampling_message_roles(revision: str, message: Any) -> None:
    def never(params: Any) -> Any:
        raise AssertionError

    params = {"messages": [message], "maxTokens": 5}
    if revision == MODERN:
        with pytest.raises(ProtocolViolation):
            await ask_client(revision, "sampling/createMessage", params, on_sampling=never)
        return
    reply = await ask_client(revision, "sampling/createMessage", params, on_sampling=never)
    assert reply["error"]["code"] == -32602


async def test_sampling_rejected() -> None:
    """The callback raises it, and the server gets it as it is."""

    def on_sampling(params: CreateMessageRequestParams) -> CreateMessageResult:
        raise RemoteError(-1, "User rejected sampling request")

    reply = await ask_client(NEWEST_LEGACY, "sampling/createMessage", ASK, on_sampling=on_sampling)
    assert reply["error"] == {"code": -1, "message": "User rejected sampling request"}


@pytest.mark.parametrize("revision", ERAS)
async def test_sampling_max_tokens_reaches_the_model(revision: str) -> None:
    """Whoever answers is told the limit; it cannot be left out."""
    limits: list[int] = []

    def on_sampling(params: CreateMessageRequestParams) -> CreateMessageResult:
        limits.append(params.max_tokens)
        return answer(params)

    await ask_client(revision, "sampling/createMessage", ASK, on_sampling=on_sampling)
    assert limits == [5]
