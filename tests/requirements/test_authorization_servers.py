"""Servers over HTTP that want to know who calls: what they tell, whom they let in, and what is whose."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from msgspec import to_builtins

from mcpstruct.server import Context, MCPServer
from mcpstruct.server.auth import JwtVerifier
from tests.requirements.support import CAPABILITIES
from tests.requirements.test_http_sessions import events, until
from tests.server.auth.support import (
    ISSUER,
    RESOURCE,
    Issuer,
    call,
    challenge_of,
    client,
    guarded,
    make_server,
    text_of,
)
from tests.server.http.conftest import COMMON, Raw

pytestmark = pytest.mark.anyio
PLACE = "/.well-known/oauth-protected-resource"
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def bearer(**claims: Any) -> dict[str, str]:
    return {"authorization": f"Bearer {Issuer().token(**claims)}"}


async def opened(one: Raw, **capabilities: Any) -> None:
    """Open a session for ada."""
    about = {"name": "raw", "version": "1"}
    params = {"protocolVersion": "2025-11-25", "capabilities": capabilities, "clientInfo": about}
    body = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params}
    one.sid = (await one.send("POST", body, bearer())).headers["mcp-session-id"]


# -- what they tell ---------------------------------------------------------------------------------------------------


async def test_auth_servers_are_named() -> None:
    """One at least, whatever else is told."""
    with pytest.raises(ValueError, match="issuer"):
        guarded(issuer=[])
    for taken in ({"authorization_servers": []}, {"resource": "https://other.example.com/mcp"}):
        with pytest.raises(ValueError, match="metadata"):
            guarded(metadata=taken)
    several = [ISSUER, "https://second.example.com"]
    verifier = JwtVerifier(keys=dict.fromkeys(several, Issuer().keys))
    async with client(guarded(issuer=several, verifier=verifier)) as one:
        one.url = one.url.removesuffix("/mcp") + PLACE
        found = (await one.send("GET")).json
        assert (found["authorization_servers"], found["resource"]) == (several, RESOURCE)


async def test_auth_server_tells_where() -> None:
    """In every refusal of a token or of none; and what is there is there for everybody."""
    async with client(guarded()) as one:
        for headers in ({}, {"authorization": "Bearer x"}, bearer(aud="x"), bearer(exp=1)):
            answer = await one.modern("tools/list", headers=headers)
            assert answer.status == 401
            place = challenge_of(answer)[1]["resource_metadata"]
            assert place.startswith("https://mcp.example.com" + PLACE)
        one.url = one.url.removesuffix("/mcp") + place.removeprefix("https://mcp.example.com")
        assert (await one.send("GET")).json["resource"] == RESOURCE


# -- whom they let in -------------------------------------------------------------------------------------------------


async def test_auth_every_request() -> None:
    """Whichever it is, and whatever was let in before it on the same connection and in the same session."""
    async with client(guarded()) as one:
        await opened(one)
        for headers in (one.session_headers, {}):
            for verb in ("POST", "GET", "DELETE"):
                body = PING if verb == "POST" else None
                assert (await one.send(verb, body, {**headers, **bearer(aud="x")})).status == 401
                assert (await one.send(verb, body, headers)).status == 401
            assert (await one.send("POST", PING, {**one.session_headers, **bearer()})).status == 200
        for method in ("server/discover", "tools/list", "tools/call", "ping", "nonsense", "subscriptions/listen"):
            assert (await one.modern(method, {"name": "who"})).status == 401
        assert text_of(await call(one, Issuer().token())) == "ada"


async def test_auth_refused_before_anything_is_done() -> None:
    """Nothing has run, and the answer says nothing but how to be let in."""
    seen: list[Any] = []
    async with client(guarded(), make_server(seen)) as one:
        for token in (None, Issuer().token(aud="https://other.example.com/mcp"), Issuer().token(exp=1)):
            answer = await call(one, token)
            assert answer.status == 401
            assert set(answer.json) <= {"jsonrpc", "id", "error"}
            assert "files" not in json.dumps(answer.json)
    assert seen == []


async def test_auth_tokens_are_not_passed_on() -> None:
    """What a handler gets is who calls, and what was said with the token; not what calls can be made with."""
    seen: list[Any] = []
    server = MCPServer("x")

    @server.tool()
    async def look(ctx: Context[Any]) -> str:
        seen.extend((to_builtins(ctx.principal), ctx.meta, repr(ctx.request), repr(ctx.principal)))
        return "done"

    token = Issuer().token()
    async with client(guarded(), server) as one:
        assert text_of(await call(one, token, "look")) == "done"
    assert seen[0]["subject"] == "ada"
    assert token not in repr(seen)
    assert token.rpartition(".")[2] not in repr(seen)


# -- what is whose ----------------------------------------------------------------------------------------------------


OTHERS = {"another user": {"sub": "eve"}, "another client": {"client_id": "other"}, "nobody": None}


def question_of(message: Any) -> dict[str, Any]:
    result = {"action": "accept", "content": {"value": True}}
    return {"jsonrpc": "2.0", "id": message["id"], "result": result}


@asynccontextmanager
async def asking(one: Raw) -> AsyncGenerator[tuple[dict[str, Any], AsyncIterator[tuple[str, Any]]]]:
    """The question of a tool that ada called in her session, and the stream that its answer comes on."""
    await opened(one, elicitation={})
    body = {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "ask"}}
    headers = {**COMMON, **one.session_headers, **bearer()}
    async with one.session.post(one.url, data=json.dumps(body).encode(), headers=headers) as response:
        stream = events(response)
        asked = await until(stream, "elicitation/create")
        yield asked[-1][1], stream


@pytest.mark.parametrize("other", OTHERS)
async def test_elicitation_bound_to_users(other: str) -> None:
    """In a session, an answer of anybody else does not count, and the question still waits for its own."""
    claims = OTHERS[other]
    async with client(guarded()) as one, asking(one) as (question, stream):
        answer = question_of(question)
        theirs = {} if claims is None else bearer(**claims)
        refusal = await one.send("POST", {**answer, "result": {"action": "cancel"}}, {**one.session_headers, **theirs})
        assert refusal.status == (401 if claims is None else 404)
        assert (await one.send("POST", answer, {**one.session_headers, **bearer()})).status == 202
        result = (await until(stream, "result"))[-1][1]["result"]
        assert result["content"][0]["text"] == "accept kept"


@pytest.mark.parametrize("other", OTHERS)
async def test_elicitation_bound_to_users_without_sessions(other: str) -> None:
    claims, meta = OTHERS[other], {CAPABILITIES: {"elicitation": {"form": {}}}}
    async with client(guarded()) as one:
        first = await one.modern("tools/call", {"name": "ask"}, meta=meta, headers=bearer())
        result = first.json["result"]
        answers = {key: question_of({"id": 1})["result"] for key in result["inputRequests"]}
        params = {"name": "ask", "requestState": result["requestState"], "inputResponses": answers}
        theirs = {} if claims is None else bearer(**claims)
        refusal = await one.modern("tools/call", params, meta=meta, headers=theirs)
        assert refusal.status == 401 if claims is None else "somebody else" in refusal.json["error"]["message"]
        assert text_of(await one.modern("tools/call", params, meta=meta, headers=bearer())) == "accept kept"


async def test_auth_nothing_for_others() -> None:
    """Nobody else hears what is sent on the streams of a session, or what was."""
    async with client(guarded()) as one:
        await opened(one)
        server_sent = {**COMMON, **one.session_headers, "accept": "text/event-stream"}
        async with one.session.get(one.url, headers={**server_sent, **bearer()}) as mine:
            assert mine.status == 200
            for claims in OTHERS.values():
                theirs = {} if claims is None else bearer(**claims)
                for last in ({}, {"last-event-id": "0-0"}):
                    with anyio.fail_after(5):
                        answer = await one.send("GET", None, {**server_sent, **theirs, **last})
                    assert answer.status == (401 if claims is None else 404)
