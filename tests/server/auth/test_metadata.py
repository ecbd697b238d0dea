"""What a server tells everybody: who authorizes calls of it."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from tests.server.auth.support import ISSUER, RESOURCE, Issuer, call, challenge_of, client, guarded, make_server
from tests.server.http.conftest import raw
from tests.support.http import serving

pytestmark = pytest.mark.anyio
WELL_KNOWN = "/.well-known/oauth-protected-resource"


async def got(url: str, **headers: str) -> tuple[int, Any, Any]:
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        return answer.status, await answer.json(), answer.headers


@pytest.mark.parametrize("place", [f"{WELL_KNOWN}/mcp", WELL_KNOWN])
async def test_metadata_is_for_everybody(place: str) -> None:
    auth = guarded(metadata={"resource_name": "Files"}, scopes_supported=["files:read", "files:write"])
    async with serving(make_server(), auth=auth) as base:
        status, found, headers = await got(base + place)
        assert status == 200
        assert headers["content-type"] == "application/json"
        assert headers["cache-control"]
        assert found["resource"] == RESOURCE
        assert found["authorization_servers"] == [ISSUER]
        assert found["scopes_supported"] == ["files:read", "files:write"]
        assert found["bearer_methods_supported"] == ["header"]
        assert found["resource_name"] == "Files"
        assert found["dpop_bound_access_tokens_required"] is False
        async with raw(base, place) as one:
            refused = await one.send("POST", {})
            assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD")
            head, whole = await one.send("HEAD"), await one.send("GET")
            assert (head.status, head.body) == (200, b"")
            for name in ("content-type", "content-length", "cache-control"):
                assert head.headers[name] == whole.headers[name]


async def test_a_server_without_authorization_has_none() -> None:
    async with client(guarded()) as one:
        assert one.url
    async with serving(make_server()) as base, raw(base, f"{WELL_KNOWN}/mcp") as one:
        assert (await one.send("GET")).status == 404


async def test_pages_of_allowed_origins_may_read_it() -> None:
    options: dict[str, Any] = {"allowed_origins": ["https://app.example.com"], "cors": True}
    async with client(guarded(), **options) as one:
        origin = {"origin": "https://app.example.com"}
        refused = await call(one, None, **origin)
        assert refused.headers["access-control-allow-origin"] == "https://app.example.com"
        assert "www-authenticate" in refused.headers["access-control-expose-headers"]
        asking = {**origin, "access-control-request-method": "POST"}
        preflight = await one.send("OPTIONS", None, asking)
        assert preflight.status == 204
        assert "dpop" in preflight.headers["access-control-allow-headers"].split(", ")
        one.url = one.url.removesuffix("/mcp") + WELL_KNOWN
        assert (await one.send("OPTIONS", None, asking)).status == 204
        found = await one.send("GET", None, origin)
        assert found.headers["access-control-allow-origin"] == "https://app.example.com"
        assert (await one.send("GET", None, {"origin": "https://evil.example.com"})).status == 403


async def test_mounted_at_a_prefix() -> None:
    resource = "https://mcp.example.com/files/mcp"
    app = make_server().http_app(auth=guarded(audience=resource))
    routes = [Mount("/files", app=app), Mount(WELL_KNOWN, app=app)]
    async with serving(Starlette(routes=routes)) as base, raw(base, "/files/mcp") as one:
        told = challenge_of(await call(one, None))[1]["resource_metadata"]
        assert told == f"https://mcp.example.com/files{WELL_KNOWN}/mcp"
        for place in (told.removeprefix("https://mcp.example.com"), f"{WELL_KNOWN}/files/mcp"):
            assert (await got(base + place))[1]["resource"] == resource
        assert (await call(one, Issuer().token(aud=resource))).status == 200
    await app.aclose()


async def test_a_place_of_ones_own() -> None:
    async with client(guarded(metadata_url="https://example.com/about.json")) as one:
        assert challenge_of(await call(one, None))[1]["resource_metadata"] == "https://example.com/about.json"
