"""Clients that send their user to an authorization server: as whom, with what, and where to."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import anyio
import pytest
from aiohttp import web

from mcpstruct.base.errors import DiscoveryFailed, RegistrationFailed, UnsafeUrl
from mcpstruct.client.auth import ClientCredentials, FileTokenStore, OAuth
from tests.client.auth.support import REDIRECT, User, client, oauth
from tests.requirements.authorizing import OPENID_PLACE, RESOURCE_PLACE, SERVER_PLACE, Elsewhere, Watched, watched
from tests.transport.http.support import Seen, answer

pytestmark = pytest.mark.anyio
DOCUMENT = "https://app.example/client.json"
HIDDEN = "only-between-us"


@pytest.fixture
async def realm(anyio_backend: str) -> AsyncIterator[Watched]:
    async with watched() as realm:
        yield realm


def nowhere(**options: Any) -> OAuth:
    """Calls on behalf of a user who must not be sent anywhere."""
    return oauth(Elsewhere(), **options)  # type: ignore[arg-type]


# -- as whom ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "takes_documents", "known_as"),
    [
        ({"client_id": "mine", "client_metadata_url": DOCUMENT}, True, "mine"),
        ({"client_metadata_url": DOCUMENT}, True, DOCUMENT),
        ({"client_metadata_url": DOCUMENT}, False, None),
        ({}, True, None),
    ],
)
async def test_auth_client_id_first(
    realm: Watched, options: dict[str, Any], takes_documents: bool, known_as: str | None
) -> None:
    """One that was agreed beforehand, the URL of a document where that will do, or else one that is registered."""
    realm.metadata = {"client_id_metadata_document_supported": takes_documents}
    realm.clients = {"mine", DOCUMENT}
    async with client(realm, oauth(**options)) as session:
        await session.list_tools()
    registered = [one["client_id"] for one in realm.registered]
    assert len(registered) == (known_as is None)
    (expected,) = registered or [known_as]
    assert {sent["client_id"] for sent in (*realm.asked, *realm.forms)} == {expected}


async def test_auth_client_id_first_or_no_user_is_sent(realm: Watched) -> None:
    realm.metadata = {"registration_endpoint": None}
    with pytest.raises(RegistrationFailed, match="client_id"):
        await client(realm, nowhere()).connect()


@pytest.mark.parametrize(
    "url",
    [
        "http://app.example/client.json",
        "https://app.example",
        "https://app.example/",
        "https:///client.json",
        "https://app.example/client.json#x",
        "https://me:secret@app.example/client.json",
        "https://app.example/a/../client.json",
        "https://app.example/./client.json",
        "client.json",
    ],
)
async def test_auth_metadata_document_url(anyio_backend: str, url: str) -> None:
    with pytest.raises(ValueError, match="document"):
        OAuth(client_metadata_url=url)


@pytest.mark.parametrize(
    ("redirect", "kind"),
    [
        (None, "native"),
        ("http://localhost:3000/callback", "native"),
        ("http://127.0.0.1/callback", "native"),
        ("https://localhost/callback", "native"),
        ("https://app.example/callback", "web"),
    ],
)
async def test_auth_application_type(realm: Watched, redirect: str | None, kind: str) -> None:
    user = User(comes_back=redirect is None)
    receive: Any = {} if redirect is None else {"receive": user.receive, "redirect_uri": redirect}
    async with client(realm, OAuth(open_url=user.show, **receive)):
        assert [one["application_type"] for one in realm.registered] == [kind]


async def test_auth_registration_may_fail(realm: Watched) -> None:
    """The error says what was wrong, and the next try is a new one."""
    refusal = {"error": "invalid_redirect_uri", "error_description": "no loopback for web clients"}

    async def refuse(seen: Seen) -> web.StreamResponse:
        return seen.json(refusal, status=400)

    realm.pages["/register"] = refuse
    auth = oauth()
    with pytest.raises(RegistrationFailed, match="no loopback for web clients") as caught:
        await client(realm, auth).connect()
    assert caught.value.error == "invalid_redirect_uri"
    assert REDIRECT in str(caught.value)
    assert not realm.asked
    del realm.pages["/register"]
    async with client(realm, auth):
        assert len(realm.registered) == 1


def lets_in(first: Watched, second: Watched) -> None:
    """From now on, the second has the say about calls of the first."""
    first.resource = {"authorization_servers": [second.root]}
    first.good.clear()
    usual = second.issue

    def issue(scopes: set[str]) -> dict[str, Any]:
        issued = usual(scopes)
        first.good = dict(second.good)
        return issued

    second.issue = issue  # type: ignore[method-assign]


@pytest.mark.parametrize("named", [False, True])
async def test_auth_credentials_are_of_one_issuer(realm: Watched, tmp_path: Path, named: bool) -> None:
    """Those that were agreed beforehand: another authorization server hears nothing of them, and the user is told."""
    realm.clients.add("mine")
    store = FileTokenStore(tmp_path)
    known: dict[str, Any] = {"client_id": "mine", "client_secret": HIDDEN, "auth_method": "client_secret_post"}
    known |= {"issuer": realm.root} if named else {}
    async with client(realm, oauth(store=store, **known)) as session:
        assert realm.forms[0]["client_secret"] == HIDDEN
        async with watched() as second:
            second.clients.add("mine")
            lets_in(realm, second)
            with pytest.raises(RegistrationFailed, match="registered with"):
                await session.list_tools()
            realm.refresh.clear()
            await store.save(f"tokens {realm.url}", None)
            with pytest.raises(RegistrationFailed, match="registered with"):  # nor after a new start
                await client(realm, nowhere(store=store, **known)).connect()
            assert not second.paths("/authorize", "/token", "/register")


async def test_auth_credentials_are_of_one_issuer_without_users(realm: Watched) -> None:
    async def token(seen: Seen) -> web.StreamResponse:
        return seen.json(realm.issue({"list"}))

    realm.pages["/token"] = token
    async with client(realm, ClientCredentials("mine", client_secret=HIDDEN)) as session, watched() as second:
        lets_in(realm, second)
        with pytest.raises(RegistrationFailed, match="registered with"):
            await session.list_tools()
        assert not second.paths("/token")


async def test_auth_credentials_are_of_one_issuer_with_old_servers(realm: Watched) -> None:
    """Those whose authorization server is at the same place, and that say nothing of it."""
    realm.pages = {f"{RESOURCE_PLACE}/mcp": answer(404), RESOURCE_PLACE: answer(404)}
    realm.says = "Bearer"
    with pytest.raises(RegistrationFailed, match="registered with"):
        await client(realm, nowhere(client_id="mine", issuer="https://auth.example")).connect()
    assert not realm.paths("/token", "/register")


async def test_auth_registered_anew_elsewhere(realm: Watched, tmp_path: Path) -> None:
    """A client that was registered by one authorization server is unknown to the next: it registers there, too."""
    store = FileTokenStore(tmp_path)
    async with client(realm, oauth(store=store)):
        (first,) = realm.registered
    async with watched() as second:
        lets_in(realm, second)
        async with client(realm, oauth(store=store)) as session:
            await session.list_tools()
        (other,) = second.registered
        assert other["client_id"] != first["client_id"]
        assert {sent["client_id"] for sent in (*second.asked, *second.forms)} == {other["client_id"]}
        assert len(realm.forms) == 1


async def test_auth_registered_for_each_issuer(realm: Watched) -> None:
    """Two servers with an authorization server each: what is known of the one is not tried with the other."""
    auth = oauth()
    async with watched() as other:
        for one in (realm, other, realm, other):
            one.good.clear()
            one.refresh.clear()
            async with client(one, auth):
                pass
        for one in (realm, other):
            (registered,) = one.registered
            assert len(one.forms) > 1
            assert {form["client_id"] for form in one.forms} == {registered["client_id"]}


# -- with what --------------------------------------------------------------------------------------------------------


async def test_auth_pkce(realm: Watched) -> None:
    """A secret for each request, which its code is redeemed with, and whose digest alone comes before."""
    async with client(realm, oauth()) as session:
        await session.call_tool("echo")
    verifiers = [form["code_verifier"] for form in realm.forms]
    assert len(set(verifiers)) == len(realm.asked) == 2
    for asked, verifier in zip(realm.asked, verifiers, strict=True):
        assert asked["code_challenge_method"] == "S256"
        digest = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        assert asked["code_challenge"] == digest
        assert 43 <= len(verifier) <= 128
        assert verifier not in asked.values()


@pytest.mark.parametrize("openid", [False, True])
@pytest.mark.parametrize("methods", [None, [], ["plain"], "S256", ["s256"]])
async def test_auth_pkce_is_made_sure_of(realm: Watched, methods: Any, openid: bool) -> None:
    """Whichever of the two documents it is that does not tell of it."""
    realm.metadata = {"code_challenge_methods_supported": methods}
    if openid:
        realm.pages = {SERVER_PLACE: answer(404), OPENID_PLACE: realm.at_oauth_authorization_server}
    with pytest.raises(DiscoveryFailed, match="PKCE"):
        await client(realm, nowhere()).connect()
    realm.metadata = {"code_challenge_methods_supported": ["plain", "S256"]}
    async with client(realm, oauth()) as session:
        await session.list_tools()


async def test_auth_redirect_uris_are_registered(realm: Watched) -> None:
    """Whichever port it is that the browser comes back to."""
    user = User(comes_back=True)
    auth = OAuth(open_url=user.show)
    for _ in range(2):
        async with client(realm, auth):
            redirect = realm.asked[-1]["redirect_uri"]
        port = int(redirect.rpartition(":")[2].partition("/")[0])
        realm.good.clear()
        realm.refresh.clear()
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=port)
        async with listener, client(realm, auth):
            assert realm.asked[-1]["redirect_uri"] != redirect
        realm.good.clear()
        realm.refresh.clear()
    registered = {one["client_id"]: one["redirect_uris"] for one in realm.registered}
    for asked in realm.asked:
        assert asked["redirect_uri"] in registered[asked["client_id"]]


# -- where to ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "redirect",
    [
        "http://app.example/callback",
        "http://192.168.1.1/callback",
        "http://localhost.evil.example/callback",
        "app:/callback",
        "app://callback",
        "javascript:alert(1)",
        "/callback",
    ],
)
async def test_auth_redirect_uris(anyio_backend: str, redirect: str) -> None:
    """They are of this machine, or of https."""
    for receive in ({}, {"receive": User().receive}):
        with pytest.raises(ValueError, match="redirect_uri"):
            OAuth(redirect_uri=redirect, **receive)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "file:///etc/passwd",
        "vbscript:x",
        "ms-calculator://x",
        "http://auth.example/authorize",
        "https://auth.example/authorize?x=`id`",
        "https://auth.example/authorize?x=|id",
        "https://auth.example/a b",
        'https://auth.example/"x',
    ],
)
async def test_auth_urls_for_users(realm: Watched, url: str) -> None:
    realm.metadata = {"authorization_endpoint": url}
    with pytest.raises(UnsafeUrl):
        await client(realm, nowhere()).connect()


BROWSER = "import json, pathlib, sys; pathlib.Path(sys.argv[1]).write_text(json.dumps(sys.argv[2:]))"
PROGRAM = """
import sys, anyio
from mcpstruct import Client, AuthorizationFailed
from mcpstruct.client.auth import OAuth

async def main(url):
    try:
        await Client(url, auth=OAuth(patience=3.0)).connect()
    except AuthorizationFailed:
        print("nobody")

anyio.run(main, sys.argv[1])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="BROWSER is for other systems")
async def test_auth_urls_go_through_no_shell(realm: Watched, tmp_path: Path) -> None:
    """The browser is started with the URL as one argument, which nothing has looked into."""
    browser, shown = tmp_path / "browser.py", tmp_path / "shown"
    browser.write_text(BROWSER)
    endpoint = f"{realm.root}/authorize?x=$(touch$IFS$()x);echo&y=$HOME"
    realm.metadata = {"authorization_endpoint": endpoint}
    environment = {"BROWSER": f"{sys.executable} {browser} {shown} %s", "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-c", PROGRAM, realm.url]

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=20, check=False
        )

    done = await anyio.to_thread.run_sync(run)
    assert (done.stdout, done.stderr) == ("nobody\n", "")
    (url,) = json.loads(shown.read_text())
    assert url.startswith(f"{endpoint}&response_type=code&client_id=client-")
    assert "code_challenge=" in url
    assert not (tmp_path / "x").exists()
