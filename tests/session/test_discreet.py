"""What a peer wrote is not repeated to it in errors, nor to whoever reads the log."""

from __future__ import annotations

import json
import logging
from typing import Any, Literal

import msgspec
import pytest

from mcpstruct.base.errors import INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND, ProtocolViolation
from mcpstruct.base.methods import MethodInfo
from mcpstruct.server import Context, MCPServer
from tests.session.support import MODERN, NEWEST_LEGACY, Peer, by_hand, calculator, served, stamped

pytestmark = pytest.mark.anyio
SECRET = "s3cr3t"  # noqa: S105 - the very point


class Sizes(msgspec.Struct):
    size: Literal["small", "large"]
    by: dict[str, int] = {}


SIZED: MethodInfo[Sizes, Any] = MethodInfo(
    name="example/sized", kind="request", direction="client", message=None, params=Sizes, result=msgspec.Raw, since=""
)


def server_with_more() -> MCPServer:
    server = calculator()

    @server.request(SIZED)
    async def sized(params: Sizes, ctx: Context[Any]) -> Any:
        return {}

    @server.tool()
    async def pick(size: Literal["small", "large"], by: dict[str, int] | None = None) -> str:
        return size

    return server


REFUSED: list[tuple[str, Any, int]] = [
    ("logging/setLevel", {"level": SECRET}, INVALID_PARAMS),
    ("tools/call", {"name": "add", "arguments": SECRET}, INVALID_PARAMS),
    ("tools/list", {"_meta": {"progressToken": {SECRET: SECRET}}}, INVALID_PARAMS),
    ("tools/list", {"_meta": SECRET}, INVALID_PARAMS),
    ("prompts/get", {"name": "greet", "arguments": {SECRET: 1}}, INVALID_PARAMS),
    ("prompts/get", {"name": "greet", "arguments": {"name": 1}}, INVALID_PARAMS),
    ("completion/complete", {"ref": {"type": SECRET}, "argument": {}}, INVALID_PARAMS),
    ("example/sized", {"size": SECRET}, INVALID_PARAMS),
    ("example/sized", {"size": "small", "by": {SECRET: SECRET}}, INVALID_PARAMS),
    (SECRET, {}, METHOD_NOT_FOUND),
]


def errors_of(peer: Peer) -> list[Any]:
    return [message["error"] for message in peer.heard if "error" in message]


@pytest.mark.parametrize("revision", [NEWEST_LEGACY, MODERN])
async def test_a_server_s_errors_and_its_log(revision: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "mcpstruct")
    async with served(server_with_more()) as peer:
        if revision == NEWEST_LEGACY:
            await peer.initialize(revision)
        for number, (method, params, code) in enumerate(REFUSED):
            whole = params if revision == NEWEST_LEGACY or "_meta" in params else stamped(**params)
            answer = await peer.ask(number, method, whole)
            assert answer["error"]["code"] == code, answer
        for raw in (
            f'{{"jsonrpc":"{SECRET}","id":50,"method":"ping"}}',
            f'{{"jsonrpc":"2.0","id":["{SECRET}"],"method":"ping"}}',
            f'{{"jsonrpc":"2.0","id":51,"method":["{SECRET}"]}}',
            f'{{"jsonrpc":"2.0","id":52,"method":"logging/setLevel","params":{{"level":"{SECRET}","level":"info"}}}}',
            f'["{SECRET}"]',
            f'"{SECRET}"',
            f'{{"{SECRET}":',
        ):
            peer.send(raw.encode())
        await peer.ask("last", "tools/list", {} if revision == NEWEST_LEGACY else stamped())
        await peer.until(lambda: len(errors_of(peer)) >= 7)
        assert {error["code"] for error in errors_of(peer)} >= {INVALID_REQUEST, -32700}
        assert SECRET not in json.dumps(peer.heard)
    assert caplog.records
    assert SECRET not in caplog.text


async def test_arguments_of_tools(caplog: pytest.LogCaptureFixture) -> None:
    """The model is told which argument is wrong and why; values stay out of that, and all of it out of the log."""
    caplog.set_level(logging.DEBUG, "mcpstruct")
    async with served(server_with_more()) as peer:
        await peer.initialize()
        for arguments, told in (
            ({"size": SECRET}, "- at /size: expected 'large' or 'small', got string"),
            ({"size": "small", "by": {SECRET: SECRET}}, "- at /by/*: expected integer, got string"),
        ):
            answer = await peer.ask("a", "tools/call", {"name": "pick", "arguments": arguments})
            assert answer["result"]["isError"]
            assert answer["result"]["content"][0]["text"] == f"Invalid arguments:\n{told}"
    assert SECRET not in caplog.text


async def test_a_client_s_errors_and_its_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "mcpstruct")
    found: list[ProtocolViolation] = []
    async with by_hand(on_sampling=lambda params: None, on_violation=found.append) as (_, peer):
        message = {"role": SECRET, "content": {"type": "text", "text": SECRET}}
        answer = await peer.ask(1, "sampling/createMessage", {"messages": [message], "maxTokens": 1})
        assert answer["error"]["code"] == INVALID_PARAMS
        assert answer["error"]["message"].endswith("expected 'assistant' or 'user', got another string")
        assert (await peer.ask(2, SECRET))["error"]["code"] == METHOD_NOT_FOUND
        assert SECRET not in json.dumps(peer.heard)
    assert f"got '{SECRET}'" in str(found[0])
    assert SECRET not in caplog.text
