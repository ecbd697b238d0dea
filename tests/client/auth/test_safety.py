"""Servers that would have this client call others, wait for ever, or swallow more than it can."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

import anyio
import pytest
from aiohttp import web

from mcpstruct import Client
from mcpstruct.base.errors import AuthError, AuthUnavailable, DiscoveryFailed, UnsafeUrl
from mcpstruct.client.auth import Bearer, UrlRules, Wire, fetching, safety
from mcpstruct.client.auth.fetching import Fetcher
from mcpstruct.client.auth.safety import Guard, kind_of, origin, split
from tests.client.auth.support import Realm, User, client, oauth
from tests.transport.http.support import Seen, running

pytestmark = pytest.mark.anyio
PUBLIC = "https://mcp.example/mcp"
NEIGHBOURS = {
    "mcp.example": "93.184.215.14",
    "auth.example": "93.184.215.15",
    "inside.example": "10.0.0.8",
    "cloud.example": "169.254.169.254",
    "me.example": "127.0.0.1",
    "both.example": "93.184.215.14 10.0.0.8",
    "mcp.lan": "192.168.1.10",
    "localhost": "127.0.0.1",
}


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of hosts that lead where this test says."""

    async def resolve(host: str, port: int) -> list[str]:
        try:
            kind_of(host)
        except ValueError:
            return NEIGHBOURS[host].split()
        return [host]

    monkeypatch.setattr(safety, "resolve", resolve)


class Http:
    """Sends nothing. `pages` is what comes back; whatever else is asked for fails the test."""

    def __init__(self, pages: Mapping[str, Any]) -> None:
        self.pages = pages
        self.asked: list[str] = []

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None = None, *, stays: bool = False
    ) -> Any:
        self.asked.append(url)
        return Page(self.pages.get(url, 404))


class Page:
    def __init__(self, page: Any) -> None:
        self.status = page if isinstance(page, int) else 302 if isinstance(page, str) else 200
        self.headers = {"location": page} if isinstance(page, str) else {}
        self._body = page if isinstance(page, bytes) else b""

    async def read(self, limit: int) -> bytes | None:
        return self._body

    async def aclose(self) -> None: ...


FORBIDDEN = [
    "https://127.0.0.1/x",
    "https://localhost/x",
    "https://[::1]/x",
    "https://[::ffff:127.0.0.1]/x",
    "https://[64:ff9b::a00:1]/x",
    "https://[2002:a00:1::]/x",
    "https://0.0.0.0/x",
    "https://10.1.2.3/x",
    "https://100.64.0.1/x",
    "https://169.254.169.254/latest/meta-data",
    "https://[fe80::1]/x",
    "https://[fd00::1]/x",
    "https://[fec0::1]/x",
    "https://[::7f00:1]/x",
    "https://[::ffff:0:7f00:1]/x",
    "https://[64:ff9b:1::a00:1]/x",
    "https://[64:ff9b::7f00:1]/x",
    "https://inside.example/x",
    "https://cloud.example/x",
    "https://me.example/x",
    "https://both.example/x",
    "http://auth.example/x",
    "http://10.1.2.3/x",
    "file:///etc/passwd",
    "ftp://auth.example/x",
    "gopher://auth.example/x",
    "javascript:alert(1)",
    "//auth.example/x",
    "https://user:secret@auth.example/x",
    "https://auth.example:99999/x",
    "https://auth.example:0/x",
    "https://auth.example\\@inside.example/x",
    "https://auth.example/ x",
    "https:///x",
    "",
]


@pytest.mark.parametrize("url", FORBIDDEN)
async def test_where_a_public_server_may_not_send(names: None, url: str) -> None:
    http = Http({})
    fetcher = Fetcher(PUBLIC, Wire(http=http))
    for work in (fetcher.get(url), fetcher.post(url, {}), fetcher.post_json(url, {})):
        with pytest.raises(UnsafeUrl) as caught:
            await work
        assert "secret" not in str(caught.value)
    assert not http.asked


@pytest.mark.parametrize("url", [url for url in FORBIDDEN if url.startswith("http") and url != "https:///x"])
async def test_nor_by_redirects(names: None, url: str) -> None:
    http = Http({"https://auth.example/a": "https://auth.example/b", "https://auth.example/b": url})
    with pytest.raises(UnsafeUrl):
        await Fetcher(PUBLIC, Wire(http=http)).get("https://auth.example/a")
    assert http.asked == ["https://auth.example/a", "https://auth.example/b"]


async def test_every_url_that_a_server_names_is_judged(realm: Realm) -> None:
    """Where one does not do, nothing is done by halves."""
    bad = "http://192.0.2.1/x"
    for metadata in ("token_endpoint", "authorization_endpoint", "registration_endpoint"):
        realm.metadata = {metadata: bad}
        with pytest.raises(UnsafeUrl):
            await client(realm, oauth()).connect()
    realm.metadata = {"authorization_endpoint": "https://169.254.169.254/authorize"}  # where a browser would go
    user = User()
    with pytest.raises(UnsafeUrl):
        await client(realm, oauth(user)).connect()
    assert not user.urls
    realm.clients.clear()
    realm.metadata, realm.resource = {}, {"authorization_servers": [bad]}
    with pytest.raises(UnsafeUrl):
        await client(realm, oauth()).connect()
    realm.challenge = f'resource_metadata="{bad}"'
    usual = realm.check

    async def check(request: Any) -> Any:
        refusal = await usual(request)
        if refusal is not None:
            refusal.headers["WWW-Authenticate"] = f'Bearer resource_metadata="{bad}"'
        return refusal

    realm.check = check  # type: ignore[method-assign]
    with pytest.raises(UnsafeUrl):
        await client(realm, oauth()).connect()
    assert not realm.asked
    assert not realm.forms
    assert not realm.clients


@pytest.mark.parametrize(
    ("server", "url", "fine"),
    [
        (PUBLIC, "https://auth.example", True),
        ("http://localhost:3000/mcp", "http://127.0.0.1:9/x", True),
        ("http://localhost:3000/mcp", "https://inside.example/x", True),
        ("http://localhost:3000/mcp", "https://cloud.example/x", False),
        ("https://mcp.lan/mcp", "https://inside.example/x", True),
        ("https://mcp.lan/mcp", "https://auth.example/x", True),
        ("https://mcp.lan/mcp", "https://localhost/x", False),
        ("https://mcp.lan/mcp", "https://cloud.example/x", False),
        ("https://both.example/mcp", "https://inside.example/x", False),
    ],
)
async def test_where_other_servers_may_send(names: None, server: str, url: str, fine: bool) -> None:
    guard = Guard(server, UrlRules())
    if fine:
        await guard.resolved(url)
        return
    with pytest.raises(UnsafeUrl):
        await guard.resolved(url)
    await Guard(server, UrlRules(private=True)).resolved(url)


async def test_proxies_resolve_names_themselves() -> None:
    guard = Guard(PUBLIC, UrlRules())
    guard.by_proxy("https://auth.example/x")
    forbidden = ("10.0.0.1", "10.1", "localhost", "localhost.", "127.0.0.1.", "2130706433", "0x7f000001", "0177.1")
    for url in ("http://auth.example/x", *(f"https://{host}/x" for host in forbidden)):
        with pytest.raises(UnsafeUrl):
            guard.by_proxy(url)


async def test_what_is_allowed_is_allowed(names: None) -> None:
    http = Http({"http://inside.example/x": b"{}"})
    wire = Wire(http=http, rules=UrlRules(http=True, private=True))
    assert (await Fetcher(PUBLIC, wire).get("http://inside.example/x")).status == 200


async def test_redirects_end(realm: Realm) -> None:
    location = ["/.well-known/oauth-authorization-server"]

    async def loop(seen: Seen) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": location[0]})

    realm.pages[location[0]] = loop
    with pytest.raises(DiscoveryFailed, match="redirects"):
        await client(realm, oauth()).connect()
    assert realm.visits[location[0]] == 6
    del realm.pages[location[0]]
    realm.pages["/token"] = realm.pages["/register"] = loop
    for _ in range(2):
        with pytest.raises(AuthError, match="redirected"):
            await client(realm, oauth()).connect()
        realm.pages.pop("/register", None)
    assert realm.visits["/token"] == 1


async def test_documents_of_100_mb(realm: Realm) -> None:
    sent = 0

    async def pour(seen: Seen) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse(headers={"content-type": "application/json"})
        await response.prepare(seen.raw)
        try:
            await response.write(b'{"x": "')
            for _ in range(100):
                await response.write(b"x" * 1_000_000)
                sent += 1
        except ConnectionError:
            pass
        return response

    places = ("oauth-protected-resource/mcp", "oauth-authorization-server")
    for path in (*(f"/.well-known/{place}" for place in places), "/register", "/token"):
        realm.pages[path] = pour
        with anyio.fail_after(10), pytest.raises(AuthError, match="bytes"):
            await client(realm, oauth()).connect()
        del realm.pages[path]
    assert sent < 100


async def test_documents_that_never_end(realm: Realm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "PATIENCE", 0.3)

    async def drip(seen: Seen) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(seen.raw)
        try:
            while True:
                await response.write(b" ")
                await asyncio.sleep(0.05)
        except ConnectionError:
            return response

    realm.pages["/.well-known/oauth-authorization-server"] = drip
    with anyio.fail_after(5), pytest.raises(AuthUnavailable, match="within"):
        await client(realm, oauth()).connect()


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"<html>", b"\xff", b"[" * 50_000, b'{"issuer": 1}'])
async def test_documents_that_are_none(realm: Realm, body: bytes) -> None:
    async def give(seen: Seen) -> web.StreamResponse:
        return seen.json(body)

    realm.pages["/.well-known/oauth-authorization-server"] = give
    with pytest.raises(DiscoveryFailed):
        await client(realm, oauth()).connect()


async def test_servers_that_are_mixed_up(realm: Realm) -> None:
    """An authorization server that names the endpoints of another as its own gets no code of that one."""
    async with AsyncExitStack() as stack:
        evil = Realm()
        await stack.enter_async_context(running(evil))
        # The evil one sends the user to the honest one, and hopes to be told the code.
        realm.clients.add("known")
        evil.metadata = {"authorization_endpoint": f"{realm.root}/authorize"}
        with pytest.raises(AuthError, match="not of"):
            await client(evil, oauth()).connect()
        assert realm.asked
        assert not evil.forms


async def test_another_authorization_server_is_told_nothing_of_the_first(realm: Realm) -> None:
    async with AsyncExitStack() as stack:
        second = Realm()
        await stack.enter_async_context(running(second))
        auth = oauth()
        async with client(realm, auth) as session:
            first = set(realm.good) | set(realm.refresh) | realm.clients
            realm.resource = {"authorization_servers": [second.root]}
            second.count = 1000
            usual = second.issue

            def issue(scopes: set[str]) -> dict[str, Any]:
                issued = usual(scopes)
                realm.good = dict(second.good)
                return issued

            second.issue = issue  # type: ignore[method-assign]
            realm.good.clear()
            await session.list_tools()
        told = repr((second.forms, second.asked, second.clients))
        assert second.forms
        assert not [secret for secret in first if f"'{secret}'" in told]
        assert realm.visits["/token"] == 1


async def test_tokens_go_over_https(anyio_backend: str) -> None:
    plain = "http://192.0.2.1:9/mcp"
    with pytest.raises(UnsafeUrl):
        await Client(plain, auth=Bearer("x"), verdicts={}).connect()


async def test_urls_are_read_alike() -> None:
    assert origin("HTTPS://Mcp.Example:443/x?y#z") == "https://mcp.example"
    assert origin("http://[::1]:80/x") == "http://[::1]"
    assert origin("https://mcp.example:8443") == "https://mcp.example:8443"
    assert split("https://a.example").hostname == "a.example"
