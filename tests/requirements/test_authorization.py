"""Clients that are refused: how they find out who lets them in, and what they are let in with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from mcpstruct.base.errors import AuthorizationFailed, DiscoveryFailed, HttpError, ResponseForged
from mcpstruct.client import Client
from tests.client.auth.support import User, client, oauth
from tests.requirements.authorizing import OPENID_PLACE, RESOURCE_PLACE, SERVER_PLACE, Elsewhere, Watched, watched
from tests.requirements.support import ERAS
from tests.transport.http.support import BRISK, Seen, answer

pytestmark = pytest.mark.anyio


@pytest.fixture(params=ERAS)
async def realm(request: pytest.FixtureRequest, anyio_backend: str) -> AsyncIterator[Watched]:
    async with watched(request.param) as realm:
        yield realm


# -- who lets clients in ----------------------------------------------------------------------------------------------


async def test_auth_client_uses_resource_metadata(realm: Watched) -> None:
    """The authorization server is wherever that says, and nothing else is asked for the right to call."""
    async with watched() as other:
        realm.resource = {"authorization_servers": [other.root]}
        usual = other.issue

        def issue(scopes: set[str]) -> dict[str, Any]:
            issued = usual(scopes)
            realm.good = dict(other.good)
            return issued

        other.issue = issue  # type: ignore[method-assign]
        async with client(realm, oauth()) as session:
            await session.list_tools()
        assert other.asked
        assert other.forms
    assert {request.path for request in realm.requests} == {"/mcp", f"{RESOURCE_PLACE}/mcp"}


async def test_auth_challenge_or_well_known(realm: Watched) -> None:
    """What the challenge names comes first; where it names nothing, the place of the endpoint, then the root's."""
    realm.pages["/about"] = realm.at_oauth_protected_resource
    realm.says = f'Bearer resource_metadata="{realm.root}/about"'
    async with client(realm, oauth()):
        assert realm.paths("/about", RESOURCE_PLACE) == ["/about"]
    realm.says = "Bearer"
    async with client(realm, oauth()):
        assert realm.paths("/about", RESOURCE_PLACE)[1:] == [f"{RESOURCE_PLACE}/mcp"]
    realm.pages[f"{RESOURCE_PLACE}/mcp"] = answer(404)
    async with client(realm, oauth()):
        assert realm.paths("/about", RESOURCE_PLACE)[2:] == [f"{RESOURCE_PLACE}/mcp", RESOURCE_PLACE]
    assert realm.asked[2]["resource"] == realm.url


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", 'Basic realm="a, b", Bearer', "Negotiate abc==, BEARER"])
async def test_auth_client_reads_challenges(realm: Watched, scheme: str) -> None:
    """Of any case, beside others, with commas in texts; and an answer with 401 that has none is one, too."""
    realm.says = f'{scheme} error_description="no, \\"no\\"", scope="a b"'
    async with client(realm, oauth()) as session:
        await session.list_tools()
    realm.says = ""
    async with client(realm, oauth()) as session:
        await session.list_tools()
    assert [asked.get("scope") for asked in realm.asked] == ["a b", None]


ROOT = ("", [SERVER_PLACE, OPENID_PLACE])
TENANT = ("/t/1", [f"{SERVER_PLACE}/t/1", f"{OPENID_PLACE}/t/1", f"/t/1{OPENID_PLACE}"])
PLACES = [(path, places, there) for path, places in (ROOT, TENANT) for there in places]


@pytest.mark.parametrize(("path", "places", "there"), PLACES)
async def test_auth_well_known_places(realm: Watched, path: str, places: list[str], there: str) -> None:
    """Each is tried in its turn, until there is a document."""
    realm.resource = {"authorization_servers": [realm.root + path]}
    realm.metadata = {"issuer": realm.root + path}
    realm.answers = {"iss": realm.root + path}
    realm.pages = {place: answer(404) for place in places}
    realm.pages[there] = realm.at_oauth_authorization_server
    async with client(realm, oauth()) as session:
        await session.list_tools()
    assert realm.paths(SERVER_PLACE, OPENID_PLACE, "/t/") == places[: places.index(there) + 1]


@pytest.mark.parametrize("path", ["", "/t/1"])
@pytest.mark.parametrize("named", ["https://honest.example", "{}/", "{}/.", "{}?", "HTTP", None])
async def test_auth_metadata_is_of_its_issuer(realm: Watched, named: str | None, path: str) -> None:
    """To the byte: a document that says otherwise is not used, wherever it is found."""
    issuer = realm.root + path
    realm.resource = {"authorization_servers": [issuer]}
    said = None if named is None else named.format(issuer).replace("HTTP", issuer.replace("http", "HTTP"))
    realm.metadata = {"issuer": said}
    for place in (f"{SERVER_PLACE}{path}", f"{OPENID_PLACE}{path}", f"{path}{OPENID_PLACE}"):
        realm.pages[place] = realm.at_oauth_authorization_server
    user = Elsewhere()
    with pytest.raises(DiscoveryFailed):
        await client(realm, oauth(user)).connect()  # type: ignore[arg-type]
    assert not realm.paths("/authorize", "/register", "/token")


# -- what is asked for ------------------------------------------------------------------------------------------------


async def test_auth_challenged_scopes(realm: Watched) -> None:
    """Those of the challenge, whatever the server's metadata lists."""
    for supported in (["x", "list"], ["x"], []):
        realm.resource = {"scopes_supported": supported}
        async with client(realm, oauth()):
            assert realm.asked[-1]["scope"] == "list"


async def test_auth_challenged_scopes_of_a_call() -> None:
    """They are asked for, beside those from before, and are taken to be enough."""
    async with watched() as realm:
        realm.resource = {"scopes_supported": ["x", "y"]}
        realm.needs = {"tools/call": "unheard-of"}
        async with client(realm, oauth()) as session:
            await session.call_tool("echo")
        assert [asked["scope"] for asked in realm.asked] == ["list", "list unheard-of"]


async def test_auth_resource_parameter(realm: Watched) -> None:
    """In what the user is sent with, and in what tokens are asked for with, be they first or renewed."""
    async with client(realm, oauth()) as session:
        realm.good.clear()
        await session.list_tools()
    assert [form["grant_type"] for form in realm.forms] == ["authorization_code", "refresh_token"]
    assert [sent["resource"] for sent in (*realm.asked, *realm.forms)] == [realm.url] * 3


@pytest.mark.parametrize("host", ["http://127.0.0.1", "HTTP://127.0.0.1", "http://LocalHost"])
async def test_auth_resource_is_canonical(realm: Watched, host: str) -> None:
    """Where a server has no metadata of itself: scheme and host in lower case."""
    realm.pages = {f"{RESOURCE_PLACE}/mcp": answer(404), RESOURCE_PLACE: answer(404), SERVER_PLACE: answer(404)}
    realm.says, realm.answers = "Bearer", {"iss": ""}
    port = urlsplit(realm.url).port
    target = f"{host}:{port}/mcp"
    async with Client(target, auth=oauth(), verdicts={}, deadlines=BRISK):
        assert {sent["resource"] for sent in (*realm.asked, *realm.forms)} == {target.lower()}


# -- what comes back --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("advertised", "named", "fine"),
    [
        (True, "right", True),
        (True, "wrong", False),
        (True, "", False),
        (False, "right", True),
        (False, "wrong", False),
        (False, "", True),
        (None, "right", True),
        (None, "wrong", False),
        (None, "", True),
    ],
)
async def test_auth_response_issuer(realm: Watched, advertised: bool | None, named: str, fine: bool) -> None:
    """Whether it is held against what was recorded, before its code goes anywhere."""
    realm.metadata = {"authorization_response_iss_parameter_supported": advertised}
    realm.answers = {"iss": {"right": realm.root, "wrong": "https://other.example"}.get(named, "")}
    if fine:
        async with client(realm, oauth()) as session:
            await session.list_tools()
        return
    with pytest.raises(ResponseForged):
        await client(realm, oauth()).connect()
    assert not realm.forms


ALIKE = [
    lambda issuer: issuer.replace("http", "HTTP"),
    lambda issuer: issuer + "/",
    lambda issuer: issuer.replace("/t", "/%74"),
    lambda issuer: issuer.replace("/t", "/./t"),
    lambda issuer: issuer.replace("127.0.0.1", "localhost"),
    lambda issuer: issuer.replace("/t", "/T"),
    lambda issuer: f" {issuer}",
    lambda issuer: f"{issuer}#",
]


@pytest.mark.parametrize("alike", ALIKE)
async def test_auth_response_issuer_to_the_byte(realm: Watched, alike: Any) -> None:
    issuer = f"{realm.root}/t"
    realm.resource, realm.metadata = {"authorization_servers": [issuer]}, {"issuer": issuer}
    realm.answers = {"iss": alike(issuer)}
    with pytest.raises(ResponseForged):
        await client(realm, oauth()).connect()
    assert not realm.forms
    realm.answers = {"iss": issuer}
    async with client(realm, oauth()) as session:
        await session.list_tools()


async def test_auth_response_issuer_of_errors(realm: Watched, caplog: pytest.LogCaptureFixture) -> None:
    """What an error of somebody else says is neither believed nor shown."""
    caplog.set_level("DEBUG")
    said = {"error": "access_denied", "error_description": "call 555", "error_uri": "https://evil.example/help"}
    realm.answers = {"code": "", "iss": "https://evil.example", **said}
    with pytest.raises(ResponseForged) as caught:
        await client(realm, oauth()).connect()
    assert caught.value.error is None
    shown = f"{caught.value!r} {caught.value} {' '.join(r.getMessage() for r in caplog.records if 'mcp' in r.name)}"
    assert not [text for text in said.values() if text in shown]
    realm.answers = {"code": "", **said}
    with pytest.raises(AuthorizationFailed, match="call 555"):
        await client(realm, oauth()).connect()


@pytest.mark.parametrize("fooled", [False, True])
async def test_auth_issuer_is_recorded(realm: Watched, fooled: bool) -> None:
    """What counts is what was there before the user was sent away, not what is there by then."""
    evil = "https://evil.example"

    class Slow(User):
        async def show(self, url: str) -> None:
            realm.metadata = {"issuer": evil, "token_endpoint": f"{realm.root}/evil"}
            realm.resource = {"authorization_servers": [evil]}
            await super().show(url)

    realm.answers = {"iss": evil} if fooled else {}
    if fooled:
        with pytest.raises(ResponseForged):
            await client(realm, oauth(Slow())).connect()
    else:
        async with client(realm, oauth(Slow())) as session:
            await session.list_tools()
    assert not realm.paths("/evil")
    assert bool(realm.forms) is not fooled


# -- what calls are made with -----------------------------------------------------------------------------------------


async def test_auth_header_in_every_request(realm: Watched) -> None:
    """Whatever is sent to the server, to the last; and no URL has a token in it."""
    async with client(realm, oauth()) as session:
        await session.list_tools()
        await session.call_tool("echo", {"a": 1})
    calls = realm.calls()
    without = [request for request in calls if "Authorization" not in request.headers]
    assert without == calls[: len(without)]  # until there is a token, and never after
    assert len(calls) - len(without) > 2
    tokens = {f"Bearer secret-token-{number}" for number in range(realm.count - 20, realm.count + 1)}
    assert {request.headers["Authorization"] for request in calls[len(without) :]} <= tokens
    if "initialize" in realm.on:
        assert {request.method for request in calls[len(without) :]} == {"POST", "GET", "DELETE"}
    assert not [request for request in realm.requests if "secret" in request.path_qs]


async def test_auth_only_tokens_of_its_server(realm: Watched) -> None:
    """Who has tokens for two servers does not mix them up, and follows no redirect from the one to the other."""
    auth = oauth()
    async with watched() as other:
        for one in (realm, other, realm, other):
            async with client(one, auth) as session:
                await session.list_tools()
        first, second = ({request.headers.get("Authorization") for request in one.calls()} for one in (realm, other))
        assert first & second <= {None}

        async def lead(seen: Seen) -> web.StreamResponse:
            return web.Response(status=307, headers={"Location": other.url})

        before = len(other.calls())
        realm.on["tools/list"] = lead
        async with client(realm, auth) as session:
            with pytest.raises(HttpError):
                await session.list_tools(cache="refresh")
        assert len(other.calls()) == before


async def test_auth_refresh_tokens_are_not_counted_on(realm: Watched) -> None:
    """Without one, the user is asked again when the token is good for nothing any more."""
    usual, user = realm.issue, User()
    realm.issue = lambda scopes: {**usual(scopes), "refresh_token": None}  # type: ignore[method-assign]
    async with client(realm, oauth(user)) as session:
        realm.good.clear()
        await session.list_tools(cache="refresh")
    assert {form["grant_type"] for form in realm.forms} == {"authorization_code"}
    assert len(user.urls) == 2
