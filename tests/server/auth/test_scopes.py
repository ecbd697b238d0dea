"""What a token is good for, whose it is, and what belongs to whom."""

from __future__ import annotations

from typing import Any

import pytest

from mcpstruct.base.methods import MethodInfo
from mcpstruct.server import MCPServer
from tests.server.auth.support import Issuer, call, challenge_of, client, guarded, make_server, text_of
from tests.server.http.conftest import ENVELOPE, Raw, raw
from tests.support.http import serving

pytestmark = pytest.mark.anyio


def bearer(**changed: Any) -> dict[str, str]:
    return {"authorization": f"Bearer {Issuer().token(**changed)}"}


async def test_a_token_without_the_scopes_of_the_server() -> None:
    async with client(guarded(scopes=["files:read", "more"])) as one:
        answer = await call(one, Issuer().token())
        assert answer.status == 403
        scheme, told = challenge_of(answer)
        assert scheme == "Bearer"
        assert told["error"] == "insufficient_scope"
        assert told["scope"] == "files:read more"
        assert told["resource_metadata"].endswith("/.well-known/oauth-protected-resource/mcp")


async def test_a_tool_that_takes_more() -> None:
    seen: list[Any] = []
    async with client(guarded(), make_server(seen)) as one:
        answer = await call(one, Issuer().token(), "write")
        assert answer.status == 403
        assert challenge_of(answer)[1]["scope"] == "files:read files:write"
        assert seen == []
        assert text_of(await call(one, Issuer().token(scope="files:write files:read"), "write")) == "written"


async def test_scopes_that_imply_others() -> None:
    implies = {"files": ["files:write"], "files:write": ["files:read"], "files:read": ["files:read"]}
    async with client(guarded(implies=implies)) as one:
        assert text_of(await call(one, Issuer().token(scope="files"), "write")) == "written"
        assert (await call(one, Issuer().token(scope="files:write"))).status == 200
        assert (await call(one, Issuer().token(), "write")).status == 403


async def test_a_tool_that_takes_more_in_a_session() -> None:
    seen: list[Any] = []
    async with client(guarded(), make_server(seen)) as one:
        await opened(one)
        body = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "write"}}
        answer = await one.send("POST", body, {**one.session_headers, **bearer()})
        assert answer.status == 403
        assert challenge_of(answer)[1]["scope"] == "files:read files:write"
        more = {**one.session_headers, **bearer(scope="files:read files:write")}
        assert text_of(await one.send("POST", body, more)) == "written"
    assert seen == ["written"]


async def test_a_tool_that_takes_more_in_a_batch() -> None:
    seen: list[Any] = []
    async with client(guarded(), make_server(seen)) as one:
        await opened(one, "2025-03-26")
        ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        body = [ping, {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "write"}}]
        answer = await one.send("POST", body, {**one.session_headers, **bearer()})
        assert answer.status == 403
    assert seen == []


async def test_a_tool_that_takes_more_without_sessions() -> None:
    async with client(guarded(), sessions=False) as one:
        body = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "write"}}
        headers = {"mcp-protocol-version": "2025-11-25"}
        assert (await one.send("POST", body, {**headers, **bearer()})).status == 403
        assert text_of(await one.send("POST", body, {**headers, **bearer(scope="files:read files:write")})) == "written"


async def test_a_tool_that_takes_more_over_http_sse() -> None:
    seen: list[Any] = []
    with_stream = guarded(resource="https://mcp.example.com/sse")
    async with client(with_stream, make_server(seen), http_sse=True) as one:
        base = one.url.removesuffix("/mcp")
        headers = {**bearer(), "accept": "text/event-stream"}
        async with one.session.get(base + "/sse", headers=headers) as stream:
            place = ""
            while not place.startswith("data: "):
                place = (await stream.content.readline()).decode().strip()
            one.url = base + place.removeprefix("data: ")
            about = {"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
            start = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": about}
            assert (await one.send("POST", start)).status == 401
            assert (await one.send("POST", start, bearer(sub="eve"))).status == 404
            assert (await one.send("POST", start, bearer())).status == 202
            body = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "write"}}
            assert (await one.send("POST", body, bearer())).status == 403
            assert (await one.send("POST", {**body, "params": {"name": "who"}}, bearer())).status == 202
            answers = b""
            while b"ada" not in answers:
                answers += await stream.content.readline()
    assert [one.subject for one in seen] == ["ada"]


async def test_a_tool_that_takes_scopes_is_closed_where_nobody_looks_at_tokens() -> None:
    async with serving(make_server()) as base, raw(base) as one:
        assert text_of(await call(one, None)) == "nobody"
        assert (await call(one, Issuer().token(scope="files:write"), "write")).status == 403


async def opened(one: Raw, version: str = "2025-11-25") -> None:
    """Open a session for ada."""
    about = {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}
    body = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": about}
    answer = await one.send("POST", body, bearer())
    one.sid, one.version = answer.headers["mcp-session-id"], version


async def test_a_server_that_says_itself_what_requests_take() -> None:
    class Careful(MCPServer):
        def scopes(self, method: MethodInfo[Any, Any], params: Any) -> tuple[str, ...]:
            return ("files:write",) if method.name == "tools/call" else ()

    server = Careful("careful")
    server.tool(name="who")(lambda: "anybody")
    async with client(guarded(), server) as one:
        answer = await call(one, Issuer().token())
        assert answer.status == 403
        assert challenge_of(answer)[1]["scope"] == "files:read files:write"
        assert text_of(await call(one, Issuer().token(scope="files:write files:read"))) == "anybody"


async def test_a_session_is_of_who_opened_it() -> None:
    async with client(guarded()) as one:
        await opened(one)
        ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        assert (await one.send("POST", ping, {**one.session_headers, **bearer()})).status == 200
        eve = {**one.session_headers, **bearer(sub="eve")}
        assert (await one.send("POST", ping, eve)).status == 404
        assert (await one.send("GET", None, eve)).status == 404
        assert (await one.send("DELETE", None, eve)).status == 404
        assert (await one.send("POST", ping, one.session_headers)).status == 401
        assert (await one.send("POST", ping, {**one.session_headers, **bearer(scope="files:read x")})).status == 200


async def test_the_same_name_at_another_issuer_is_somebody_else() -> None:
    from mcpstruct.server.auth import JwtVerifier

    other = Issuer("https://other.example.com")
    auth = guarded(
        issuer=[Issuer().name, other.name],
        verifier=JwtVerifier(keys={Issuer().name: other.keys, other.name: other.keys}),
    )
    async with client(auth) as one:
        await opened(one)
        ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        theirs = {"authorization": f"Bearer {other.token()}"}
        assert (await one.send("POST", ping, {**one.session_headers, **theirs})).status == 404


async def test_what_is_kept_between_rounds_is_of_who_asked() -> None:
    server = make_server()
    meta = {"io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}}}
    async with client(guarded(), server) as one:
        first = await one.modern("tools/call", {"name": "ask"}, meta=meta, headers=bearer())
        asked = first.json["result"]
        assert asked["resultType"] == "input_required"
        (key,) = asked["inputRequests"]
        answers = {key: {"action": "accept", "content": {"value": True}}}
        params = {"name": "ask", "requestState": asked["requestState"], "inputResponses": answers}
        stolen = await one.modern("tools/call", params, meta=meta, headers=bearer(sub="eve"))
        assert "somebody else" in stolen.json["error"]["message"]
        again = await one.modern("tools/call", params, meta=meta, headers=bearer())
        assert text_of(again) == "accept kept"


async def test_handlers_of_notifications_know_who_sent_them() -> None:
    seen: list[Any] = []
    server = MCPServer("demo", on_notification=lambda method, params, ctx: seen.append((method.name, ctx.principal)))
    async with client(guarded(), server) as one:
        await opened(one)
        note = {"jsonrpc": "2.0", "method": "notifications/roots/list_changed"}
        assert (await one.send("POST", note, {**one.session_headers, **bearer()})).status == 202
        ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        assert (await one.send("POST", ping, {**one.session_headers, **bearer()})).status == 200
    assert [(name, who.subject) for name, who in seen] == [("notifications/roots/list_changed", "ada")]


async def test_a_principal_tells_nothing_of_its_claims() -> None:
    seen: list[Any] = []
    async with client(guarded(), make_server(seen)) as one:
        await call(one, Issuer().token(email="hush"))
    assert "hush" not in repr(seen[0])
    assert "ada" in repr(seen[0])
    assert ENVELOPE
