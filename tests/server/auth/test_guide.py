"""What docs/authorization.md shows of servers, as it stands there but for the issuer's address."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.applications import Starlette

from mcpstruct.server.auth import ResourceServer
from mcpstruct_bindings import merged, v2026_07_28
from mcpstruct_bindings.merged.types import Implementation
from tests.server.auth.support import Proofs, Realm, call, challenge_of, client, realm, text_of
from tests.server.http.conftest import Answer, Raw, raw
from tests.support.documents import run, shown
from tests.support.http import serving

pytestmark = pytest.mark.anyio
HOST = {"host": "mcp.example.com"}


class Guide:
    """The examples, run one after the other."""

    def __init__(self, there: Realm) -> None:
        self.there = there
        self.names: dict[str, Any] = {"secret": "hush", "accounts": {"opaque": "ada"}}
        self.apps: list[Any] = []

    def bearer(self, scope: str = "files:read", **changed: Any) -> dict[str, str]:
        return {"authorization": f"Bearer {self.there.issuer.token(scope=scope, **changed)}"}

    def __getitem__(self, name: str) -> ResourceServer:
        made: ResourceServer = self.names[name]
        return made


@pytest.fixture
async def guide() -> AsyncIterator[Guide]:
    async with realm() as there:
        made = Guide(there)
        for code in shown("docs/authorization.md", "Servers"):
            await run(code.replace("https://auth.example.com", there.issuer.name), made.names)
            if made.names["app"] not in made.apps:
                made.apps.append(made.names["app"])
        yield made


async def test_what_a_token_is_good_for(guide: Guide) -> None:
    async with serving(guide.apps[0]) as base, raw(base) as one:
        asked = {
            "files:write": [
                ("tools/call", {"name": "save", "arguments": {"name": "notes"}}),
                ("prompts/get", {"name": "tidy", "arguments": {"folder": "home"}}),
            ],
            "files:private": [("resources/read", {"uri": "files:///private/diary"})],
        }
        for scope, requests in asked.items():
            for method, params in requests:
                assert (await one.modern(method, params, headers=HOST)).status == 401
                answer = await one.modern(method, params, headers={**HOST, **guide.bearer()})
                assert answer.status == 403
                assert challenge_of(answer)[1]["scope"] == f"files:read {scope}"
                more = guide.bearer(f"files:read {scope}")
                answer = await one.modern(method, params, headers={**HOST, **more})
                assert answer.status == 200
                assert any(word in answer.body.decode() for word in ("ada saved notes", "Tidy up home", "diary"))


@pytest.mark.parametrize("package", [merged, v2026_07_28])
async def test_what_a_server_of_handlers_takes(guide: Guide, package: Any) -> None:
    class Handlers(package.ServerHandlers):  # type: ignore[misc]
        async def call_tool(self, params: Any, ctx: Any) -> Any:
            text = package.types.TextContent(text=ctx.principal.subject)
            return package.types.CallToolResult(content=[text], result_type="complete")

    server = guide.names["Files"](Handlers(), info=Implementation(name="files", version="1"))
    async with serving(server, auth=guide["by_keys"]) as base, raw(base) as one:
        for name, scope in (("read", "files:read"), ("save", "files:read files:write")):
            answer = await one.modern("tools/call", {"name": name}, headers=guide.bearer(scope))
            assert text_of(answer) == "ada"
        refused = await one.modern("tools/call", {"name": "save"}, headers=guide.bearer())
        assert (refused.status, challenge_of(refused)[1]["scope"]) == (403, "files:read files:write")


async def test_what_a_token_is(guide: Guide) -> None:
    async with client(guide["by_keys"]) as one:
        assert text_of(await call(one, guide.there.issuer.token())) == "ada"
    async with client(guide["by_asking"]) as one:
        guide.there.active["dull"] = {"active": True, **guide.there.issuer.claims()}
        assert text_of(await call(one, "dull")) == "ada"
    async with client(guide["by_looking"]) as one:
        assert text_of(await call(one, "opaque")) == "ada"
        assert challenge_of(await call(one, "other"))[1]["error_description"] == "nobody has this token"


async def test_tokens_with_a_key(guide: Guide) -> None:
    proofs = Proofs()
    token = guide.there.issuer.token(cnf={"jkt": proofs.thumbprint})

    async def called(one: Raw, **claims: Any) -> Answer:
        headers = {"authorization": f"DPoP {token}", "dpop": proofs.proof(token, one.url, **claims)}
        return await one.modern("tools/call", {"name": "who"}, headers=headers)

    async with client(guide["bound"]) as one:
        assert challenge_of(await call(one, guide.there.issuer.token()))[0] == "DPoP"
        refused = await called(one)
        assert challenge_of(refused)[1]["error"] == "use_dpop_nonce"
        assert text_of(await called(one, nonce=refused.headers["dpop-nonce"])) == "ada"


async def test_where_clients_find_out(guide: Guide) -> None:
    async with serving(Starlette(routes=guide.names["routes"])) as base, raw(base, "/files/mcp") as one:
        told = challenge_of(await call(one, None))[1]["resource_metadata"]
        assert told.startswith("https://mcp.example.com/files/")
        place = base + "/.well-known/oauth-protected-resource/files/mcp"
        async with one.session.get(place) as found:
            assert (await found.json())["resource"] == "https://mcp.example.com/files/mcp"
