"""Resources and prompts that take scopes; and who sent a notification."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from mcpstruct.base.methods import MethodInfo
from mcpstruct.server import Context, MCPServer
from mcpstruct_bindings.merged import types as t
from tests.server.auth.support import challenge_of, client, guarded
from tests.server.auth.test_scopes import bearer, opened
from tests.support.http import serving

pytestmark = pytest.mark.anyio


def writer() -> dict[str, str]:
    """A token that is good for more: made where it is used, since a long run outlives it."""
    return bearer(scope="files:read files:write")


def make_server(seen: list[str] | None = None) -> MCPServer:
    server = MCPServer("files", version="1")
    seen = [] if seen is None else seen

    @server.resource("files://open")
    def anybody() -> str:
        return "open"

    @server.resource("files://secret", scopes=["files:write"])
    def secret() -> str:
        seen.append("secret")
        return "secret"

    @server.resource("files://open/{name}")
    def named(name: str) -> str:
        return name

    @server.resource("files://secrets/{number}", scopes="files:write")
    def numbered(number: int) -> str:
        seen.append(f"secret {number}")
        return f"secret {number}"

    @server.prompt(scopes=["files:write"])
    def tidy(folder: str) -> str:
        seen.append(folder)
        return folder

    @server.completion("tidy", "folder")
    def folders(typed: str, others: Any) -> list[str]:
        seen.append("folders")
        return ["one", "two"]

    @server.completion("files://secrets/{number}", "number")
    def numbers(typed: str, others: Any) -> list[str]:
        seen.append("numbers")
        return ["1", "2"]

    return server


def completion(kind: str, of: str, argument: str) -> dict[str, Any]:
    key = "name" if kind == "ref/prompt" else "uri"
    return {"ref": {"type": kind, key: of}, "argument": {"name": argument, "value": ""}}


TAKING: list[tuple[str, dict[str, Any]]] = [
    ("resources/read", {"uri": "files://secret"}),
    ("resources/read", {"uri": "files://secrets/7"}),
    ("prompts/get", {"name": "tidy", "arguments": {"folder": "home"}}),
    ("completion/complete", completion("ref/prompt", "tidy", "folder")),
    ("completion/complete", completion("ref/resource", "files://secrets/{number}", "number")),
]
FREE: list[tuple[str, dict[str, Any]]] = [
    ("resources/read", {"uri": "files://open"}),
    ("resources/read", {"uri": "files://open/7"}),
    ("completion/complete", completion("ref/prompt", "nothing", "x")),
    ("resources/list", {}),
    ("prompts/list", {}),
]


@pytest.mark.parametrize(("method", "params"), TAKING)
async def test_what_takes_more(method: str, params: dict[str, Any]) -> None:
    seen: list[str] = []
    async with client(guarded(), make_server(seen)) as one:
        answer = await one.modern(method, params, headers=bearer())
        assert answer.status == 403
        told = challenge_of(answer)[1]
        assert (told["error"], told["scope"]) == ("insufficient_scope", "files:read files:write")
        assert seen == []
        assert (await one.modern(method, params, headers=writer())).status == 200
        assert len(seen) == 1


@pytest.mark.parametrize(("method", "params"), FREE)
async def test_what_takes_no_more(method: str, params: dict[str, Any]) -> None:
    async with client(guarded(), make_server()) as one:
        answer = await one.modern(method, params, headers=bearer())
        assert answer.status == 200 or answer.json["error"]["code"] == -32602


@pytest.mark.parametrize(("method", "params"), TAKING)
async def test_what_takes_more_in_a_session(method: str, params: dict[str, Any]) -> None:
    seen: list[str] = []
    async with client(guarded(), make_server(seen)) as one:
        await opened(one)
        body = {"jsonrpc": "2.0", "id": 2, "method": method, "params": params}
        assert (await one.send("POST", body, {**one.session_headers, **bearer()})).status == 403
        assert seen == []
        assert (await one.send("POST", body, {**one.session_headers, **writer()})).status == 200
        assert len(seen) == 1


async def test_subscribing_takes_what_reading_does() -> None:
    async with client(guarded(), make_server()) as one:
        await opened(one)
        for uri, status in (("files://open", 200), ("files://secret", 403)):
            body = {"jsonrpc": "2.0", "id": 2, "method": "resources/subscribe", "params": {"uri": uri}}
            assert (await one.send("POST", body, {**one.session_headers, **bearer()})).status == status


async def test_listening_takes_what_reading_does() -> None:
    asked = {"notifications": {"resourceSubscriptions": ["files://open", "files://secret"]}}
    async with client(guarded(), make_server()) as one:
        assert (await one.modern("subscriptions/listen", asked, headers=bearer())).status == 403


async def test_what_takes_scopes_is_closed_where_nobody_looks_at_tokens() -> None:
    from tests.server.http.conftest import raw

    async with serving(make_server()) as base, raw(base) as one:
        for method, params in TAKING:
            assert (await one.modern(method, params)).status == 403


async def test_over_other_transports_there_are_no_scopes() -> None:
    from mcpstruct import Client

    async with Client(make_server()) as near:
        (contents,) = (await near.read_resource("files://secret")).contents
        assert isinstance(contents, t.TextResourceContents)
        assert contents.text == "secret"


async def test_handlers_of_notifications_know_who_sent_them() -> None:
    seen: list[tuple[str, str]] = []

    def note(method: MethodInfo[Any, Any], params: Any, ctx: Any) -> None:
        seen.append((method.name, ctx.principal.subject if ctx.principal else "nobody"))

    server = MCPServer("demo", on_notification=note)
    body = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
    headers = {"mcp-protocol-version": "2026-07-28", "mcp-method": "notifications/cancelled"}
    async with client(guarded(), server) as one:
        for who in ("ada", "eve"):
            assert (await one.send("POST", body, {**headers, **bearer(sub=who)})).status == 202
        assert (await one.modern("tools/list", headers=bearer())).status == 200
    assert seen == [("notifications/cancelled", "ada"), ("notifications/cancelled", "eve")]


async def test_what_a_token_is_good_for_is_known_of_each_request_over_http_sse() -> None:
    seen: list[Any] = []
    server = make_server()

    @server.tool()
    async def who(ctx: Context[Any]) -> str:
        assert ctx.principal is not None
        seen.append(sorted(ctx.principal.scopes))
        return "seen"

    async with client(guarded(resource="https://mcp.example.com/sse"), server, http_sse=True) as one:
        base = one.url.removesuffix("/mcp")
        async with one.session.get(base + "/sse", headers={**bearer(), "accept": "text/event-stream"}) as stream:
            place = b""
            while not place.startswith(b"data: "):
                place = await stream.content.readline()
            one.url = base + place.decode().strip().removeprefix("data: ")
            about = {"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
            for body in (
                {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": about},
                {"jsonrpc": "2.0", "method": "notifications/initialized"},
                {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "who"}},
            ):
                assert (await one.send("POST", body, writer())).status == 202
            while b"seen" not in await stream.content.readline():
                pass
    assert seen == [["files:read", "files:write"]]


@pytest.mark.parametrize("wrong", ["files write", 'files"', "", "schön"])
async def test_what_is_no_scope(wrong: str) -> None:
    def anything() -> str:
        return "x"

    server = MCPServer("demo")
    for decorate in (server.tool, server.prompt, partial(server.resource, "x://y")):
        with pytest.raises(ValueError, match="is no scope"):
            decorate(scopes=[wrong])(anything)
    with pytest.raises(ValueError, match="is no scope"):
        guarded(scopes=[wrong])
