"""Calls on behalf of a user: the first tokens, more scopes, and what is made of lies."""

from __future__ import annotations

import logging
import threading
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import pytest

from mcpstruct import Client
from mcpstruct.base.errors import (
    AccessDenied,
    AuthError,
    AuthorizationFailed,
    AuthUnavailable,
    DiscoveryFailed,
    RegistrationFailed,
    ResponseForged,
    TokenRefused,
)
from mcpstruct.base.limits import Deadlines
from mcpstruct.client.auth import MemoryTokenStore, OAuth
from mcpstruct.transport.stdio import StdioServer
from tests.client.auth.support import REDIRECT, Realm, User, client, oauth, visit
from tests.transport.http.support import Seen, answer, text_of

pytestmark = pytest.mark.anyio
HIDDEN = "hush-hush"


async def test_a_user_is_asked_once_and_again_for_more(realm: Realm) -> None:
    user = User()
    async with client(realm, oauth(user)) as session:
        assert [tool.name async for tool in session.tools()] == ["echo"]
        assert text_of(await session.call_tool("echo", {"a": 1})) == '{"a": 1}'
        await session.call_tool("echo")
    first, second = realm.asked
    assert first["scope"] == "list"
    assert second["scope"] == "list call"
    assert first["code_challenge_method"] == "S256"
    assert {form["resource"] for form in realm.forms} == {realm.url} == {first["resource"]}
    assert first["state"] != second["state"]
    assert realm.visits["/register"] == 1


async def test_the_browser_comes_back_to_this_machine(realm: Realm) -> None:
    user = User(comes_back=True)
    async with client(realm, OAuth(open_url=user.show)) as session:
        await session.call_tool("echo")
    for asked in realm.asked:
        parts = urlsplit(asked["redirect_uri"])
        assert (parts.hostname, parts.path) == ("127.0.0.1", "/callback")
    assert realm.visits["/register"] == 1


async def test_what_is_no_answer_to_the_request_is_none(realm: Realm) -> None:
    """Whoever calls at the port that the browser comes back to without the secret state changes nothing."""

    async def show(url: str) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        back = asked["redirect_uri"]
        for query in ("?code=evil&state=guess", "?error=access_denied&state=", "", "x?code=1"):
            await anyio.to_thread.run_sync(visit, back + query)
        await user.show(url)

    user = User(comes_back=True)
    async with client(realm, OAuth(open_url=show)) as session:
        assert session.connected
    assert all(form.get("code") != "evil" for form in realm.forms)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"state": "another"}, ResponseForged),
        ({"state": ""}, ResponseForged),
        ({"iss": ""}, ResponseForged),
        ({"iss": "https://evil.example"}, ResponseForged),
        ({"iss": "https://evil.example", "code": "", "error": "access_denied"}, ResponseForged),
        ({"code": "", "error": "access_denied", "error_description": "not\x1b[31m today"}, AuthorizationFailed),
        ({"code": ""}, AuthorizationFailed),
        ({"code": "injected"}, TokenRefused),
    ],
)
async def test_responses_are_held_against_the_request(
    realm: Realm, said: dict[str, str], error: type[AuthError]
) -> None:
    realm.answers = said
    with pytest.raises(error) as caught:
        await client(realm, oauth()).connect()
    assert isinstance(caught.value, AuthError)
    assert "\x1b" not in str(caught.value)
    assert bool(realm.forms) is (error is TokenRefused)
    if said.get("error") and "iss" in said:
        assert caught.value.error is None
    elif "error" in said:
        assert caught.value.error == "access_denied"


async def test_an_issuer_with_a_slash_more_is_another(realm: Realm) -> None:
    realm.answers = {"iss": f"{realm.root}/"}
    with pytest.raises(ResponseForged):
        await client(realm, oauth()).connect()
    assert not realm.forms


@pytest.mark.parametrize(
    ("metadata", "error", "said"),
    [
        ({"issuer": "https://honest.example"}, DiscoveryFailed, "another issuer"),
        ({"token_endpoint": None}, DiscoveryFailed, "token endpoint"),
        ({"authorization_endpoint": None}, DiscoveryFailed, "no place"),
        ({"code_challenge_methods_supported": None}, DiscoveryFailed, "PKCE"),
        ({"code_challenge_methods_supported": ["plain"]}, DiscoveryFailed, "PKCE"),
        ({"registration_endpoint": None}, RegistrationFailed, "client_id"),
    ],
)
async def test_metadata_that_will_not_do(
    realm: Realm, metadata: dict[str, Any], error: type[AuthError], said: str
) -> None:
    realm.metadata = metadata
    with pytest.raises(error, match=said):
        await client(realm, oauth()).connect()
    assert not realm.asked


@pytest.mark.parametrize(
    "resource",
    [
        {"resource": "https://other.example/mcp"},
        {"resource": None},
        {"authorization_servers": []},
        {"authorization_servers": None},
        {"authorization_servers": "not a list"},
    ],
)
async def test_a_resource_that_is_another_or_has_nobody(realm: Realm, resource: dict[str, Any]) -> None:
    realm.resource = resource
    with pytest.raises(DiscoveryFailed):
        await client(realm, oauth()).connect()
    assert not realm.asked


async def test_the_resource_is_sent_as_it_stands(realm: Realm) -> None:
    realm.resource = {"resource": realm.root}
    async with client(realm, oauth()):
        assert realm.asked[0]["resource"] == realm.root == realm.forms[0]["resource"]


async def test_a_registered_client_goes_nowhere_else(realm: Realm) -> None:
    auth = oauth(client_id="mine", client_secret=HIDDEN, issuer="https://elsewhere.example")
    with pytest.raises(RegistrationFailed, match=r"elsewhere\.example"):
        await client(realm, auth).connect()
    assert not realm.asked
    assert not realm.forms


async def test_a_client_that_was_forgotten_registers_again(realm: Realm) -> None:
    store = MemoryTokenStore()
    async with client(realm, oauth(store=store)):
        pass
    realm.clients.clear()
    realm.good.clear()
    realm.refresh.clear()
    async with client(realm, oauth(store=store)) as session:
        assert session.connected
    assert realm.visits["/register"] == 2


async def test_no_end_of_refusals(realm: Realm) -> None:
    """Neither of tokens that are never good, nor of scopes that are never enough."""
    realm.needs = {"tools/call": "more"}
    async with client(realm, oauth()) as session:

        def issue(scopes: set[str]) -> dict[str, Any]:
            return Realm.issue(realm, scopes - {"more"})

        realm.issue = issue  # type: ignore[method-assign]
        with pytest.raises(AccessDenied):
            await session.call_tool("echo")
        assert len(realm.asked) == 2
        with pytest.raises(AccessDenied):  # it has been asked for already
            await session.call_tool("echo")
        assert len(realm.asked) == 2
        realm.issue = lambda scopes: {"access_token": "never", "token_type": "Bearer"}  # type: ignore[method-assign]
        realm.good.clear()
        realm.refresh.clear()
        before = len(realm.asked)
        with pytest.raises(AccessDenied):
            [tool async for tool in session.tools(cache="refresh")]
        assert len(realm.asked) - before <= 3


async def test_ever_more_scopes_are_asked_for_thrice(realm: Realm) -> None:
    async with client(realm, oauth()) as session:
        usual = realm.check
        wants = iter(range(100))

        async def check(request: Any) -> Any:
            if request.headers.get("Mcp-Method") == "tools/call":
                realm.needs = {"tools/call": f"more-{next(wants)}"}
            return await usual(request)

        realm.check = check  # type: ignore[method-assign]
        before = len(realm.asked)
        with pytest.raises(AccessDenied):
            await session.call_tool("echo")
        assert len(realm.asked) - before == 3


async def test_one_authorization_for_fifty_calls(realm: Realm) -> None:
    user = User()
    async with client(realm, oauth(user)) as session:
        await session.call_tool("echo")
        realm.good.clear()
        realm.refresh.clear()
        asked = len(user.urls)
        async with anyio.create_task_group() as group:
            for _ in range(50):
                group.start_soon(session.call_tool, "echo")
    assert len(user.urls) == asked + 1


async def test_fifty_calls_hear_of_one_refusal(realm: Realm) -> None:
    user = User()
    failures: list[AuthError] = []
    async with client(realm, oauth(user)) as session:
        await session.call_tool("echo")
        realm.good.clear()
        realm.refresh.clear()
        realm.answers = {"code": "", "error": "access_denied"}
        asked = len(user.urls)
        called = realm.visits["/mcp"]
        held = threading.Event()

        async def wait(seen: Seen) -> Any:
            await anyio.to_thread.run_sync(held.wait, 5)
            return await Realm.at_authorize(realm, seen)

        realm.pages["/authorize"] = wait

        async def call() -> None:
            with pytest.raises(AuthorizationFailed) as caught:
                await session.call_tool("echo")
            failures.append(caught.value)

        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(call)
            await realm.reached("/authorize", asked + 1)
            await realm.reached("/mcp", called + 20)
            held.set()
    assert len(failures) == 20
    assert len(user.urls) == asked + 1


async def test_deadlines_wait_for_the_user(realm: Realm) -> None:
    user = User()

    async def show(url: str) -> None:
        await anyio.sleep(0.6)
        await user.show(url)

    auth = OAuth(open_url=show, receive=user.receive, redirect_uri=REDIRECT)
    brief = Deadlines(request=0.25, connect=0.25, probe=0.25)
    with anyio.fail_after(10):
        async with client(realm, auth, deadlines=brief) as session:
            await session.call_tool("echo")
    assert len(realm.asked) == 2


async def test_a_user_who_does_nothing(realm: Realm) -> None:
    auth = OAuth(open_url=lambda url: None, patience=0.05)
    with anyio.fail_after(5), pytest.raises(AuthorizationFailed, match="nobody"):
        await client(realm, auth).connect()


async def test_whoever_leaves_calls_it_off(realm: Realm) -> None:
    shown = anyio.Event()
    auth = OAuth(open_url=lambda url: shown.set())
    async with anyio.create_task_group() as group:

        async def connect() -> None:
            await client(realm, auth).connect()

        group.start_soon(connect)
        with anyio.fail_after(5):
            await shown.wait()
        group.cancel_scope.cancel()
    user = User()
    async with client(realm, oauth(user)) as session:
        assert session.connected


async def test_nothing_secret_is_shown(realm: Realm, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    store = MemoryTokenStore()
    auth = oauth(store=store, client_id="mine", client_secret=HIDDEN, auth_method="client_secret_post")
    realm.clients.add("mine")
    async with client(realm, auth) as session:
        await session.call_tool("echo")
        shown = " ".join(map(repr, (auth, store, session, *vars(auth).values(), *auth._sites.values())))
        shown += repr([site.tokens for site in auth._sites.values()])
    realm.answers = {"code": "injected-code"}
    realm.good.clear()
    realm.refresh.clear()
    with pytest.raises(AuthError) as caught:
        await client(realm, auth).connect()
    logged = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("mcpstruct"))
    for secret in ("secret-token", "secret-refresh", HIDDEN, "injected-code", realm.forms[0]["code_verifier"]):
        assert secret not in shown
        assert secret not in logged
        assert secret not in repr(caught.value)


async def test_servers_that_are_down(realm: Realm) -> None:
    realm.pages["/token"] = answer(503, "later")
    with pytest.raises(AuthUnavailable) as caught:
        await client(realm, oauth()).connect()
    assert caught.value.retryable
    assert caught.value.status == 503


async def test_without_metadata_the_places_of_old(realm: Realm) -> None:
    for name in ("oauth-protected-resource/mcp", "oauth-protected-resource", "oauth-authorization-server"):
        realm.pages[f"/.well-known/{name}"] = answer(404)
    realm.challenge = ""
    usual = realm.check

    async def check(request: Any) -> Any:
        refusal = await usual(request)
        if refusal is not None:
            refusal.headers["WWW-Authenticate"] = "Bearer"
        return refusal

    realm.check = check  # type: ignore[method-assign]
    realm.needs = {}
    async with client(realm, oauth()) as session:
        await session.call_tool("echo")
    assert "scope" not in realm.asked[0]


async def test_only_servers_at_a_url_are_asked(anyio_backend: str) -> None:
    with pytest.raises(TypeError, match="URL"):
        Client(StdioServer(["x"]), auth=OAuth())
    with pytest.raises(ValueError, match="redirect_uri"):
        OAuth(receive=User().receive)
    for url in ("http://example.com/a.json", "https://example.com", "https://example.com/"):
        with pytest.raises(ValueError, match="https"):
            OAuth(client_metadata_url=url)
