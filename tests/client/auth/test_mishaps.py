"""Stores that fail or were tampered with, answers that make no sense, callers that leave, servers that never let in."""

from __future__ import annotations

import os
import threading
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import msgspec
import pytest
from aiohttp import web

from mcpstruct import AccessDenied, AuthUnavailable, RegistrationFailed, TokenRefused, UnsafeUrl
from mcpstruct.client.auth import Bearer, ClientCredentials, FileTokenStore, MemoryTokenStore, OAuth, SigningKey, Wire
from mcpstruct.client.auth.jose import new_key
from mcpstruct.client.auth.tokens import Tokens, load
from mcpstruct.transport.http import HttpRequest, HttpServer
from tests.client.auth.support import Realm, User, client, oauth
from tests.client.auth.test_renewal import aged
from tests.transport.http.support import Seen, running

pytestmark = pytest.mark.anyio
HIDDEN = "hush"


class Full(MemoryTokenStore):
    """Has no room."""

    async def save(self, name: str, data: bytes | None) -> None:
        raise OSError(28, "no space left on device")


async def test_tokens_that_cannot_be_kept_are_used(realm: Realm, caplog: pytest.LogCaptureFixture) -> None:
    """The user is asked once, not at every call."""
    user = User()
    realm.clients.add("mine")
    async with client(realm, oauth(user, store=Full(), client_id="mine")) as session:
        await session.list_tools()
        realm.good.clear()
        await session.list_tools()
    assert len(user.urls) == 1
    assert "kept" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    "changes",
    [
        {"access_token": "two\r\nlines"},
        {"access_token": ""},
        {"token_type": "DPoP"},
        {"token_type": "DPoP", "key": {"kty": "EC"}},
        {"token_type": "DPoP", "key": {"kty": ["EC"]}},
        {"token_type": "DPoP", "key": {"kty": "oct", "k": "c2VjcmV0"}},
        {"key": new_key()},
    ],
)
async def test_tokens_that_make_no_sense_are_none(realm: Realm, changes: dict[str, Any]) -> None:
    """The client begins anew, rather than fail for as long as they are there."""
    store, user = MemoryTokenStore(), User()
    async with client(realm, oauth(store=store)):
        pass
    name = f"tokens {realm.url}"
    kept = msgspec.json.decode(await store.load(name) or b"")
    await store.save(name, msgspec.json.encode({**kept, **changes}))
    async with client(realm, oauth(user, store=store)) as session:
        await session.list_tools()
    assert len(user.urls) == 1


@pytest.mark.parametrize(
    "ends", [10**400, -(10**400), 1e300, True, "1" * 400, [], "-5", "1e9"], ids=lambda value: str(value)[:9]
)
async def test_times_that_make_no_sense(realm: Realm, ends: Any) -> None:
    realm.expires_in = ends
    usual = realm.at_register

    async def register(seen: Seen) -> web.StreamResponse:
        response: Any = await usual(seen)
        body = {**msgspec.json.decode(response.body), "client_secret_expires_at": ends}
        return seen.json(body, status=201)

    realm.pages["/register"] = register
    async with client(realm, oauth()) as session:
        await session.list_tools()


@pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")
async def test_a_folder_that_others_write_in_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "tokens"
    store = FileTokenStore(folder)
    await store.save("a", b"1")
    for mode in (0o777, 0o770, 0o702):
        folder.chmod(mode)
        for work in (store.load("a"), store.save("a", b"2")):
            with pytest.raises(PermissionError, match="tokens"):
                await work
        with pytest.raises(PermissionError):
            async with store.lock("a"):
                pass
    folder.chmod(0o755)
    assert await store.load("a") == b"1"


async def test_a_client_of_ones_own_belongs_to_one_authorization_server(realm: Realm) -> None:
    """To the first that a server names, where nobody says which: its secret goes to no other."""
    async with AsyncExitStack() as stack:
        second = Realm()
        await stack.enter_async_context(running(second))
        realm.clients.add("mine")
        second.clients.add("mine")
        store = MemoryTokenStore()
        about: dict[str, Any] = {"client_id": "mine", "client_secret": HIDDEN, "auth_method": "client_secret_post"}
        auth = oauth(store=store, **about)
        async with client(realm, auth):
            pass
        with pytest.raises(RegistrationFailed, match="registered with"):  # another server
            await client(second, auth).connect()
        realm.resource = {"authorization_servers": [second.root]}
        realm.good.clear()
        for same in (auth, oauth(store=store, **about)):  # the same server, which names another
            with pytest.raises(RegistrationFailed, match="registered with"):
                await client(realm, same).connect()
        assert not second.forms
        assert not second.asked
        async with client(second, oauth(**about)):
            pass


async def test_a_secret_goes_to_one_authorization_server(realm: Realm) -> None:
    async with AsyncExitStack() as stack:
        second = Realm()
        await stack.enter_async_context(running(second))
        realm.pages["/token"] = lambda seen: realm_token(realm, seen)
        auth = ClientCredentials("me", client_secret=HIDDEN)
        async with client(realm, auth):
            pass
        with pytest.raises(RegistrationFailed):
            await client(second, auth).connect()
        assert not second.visits["/token"]


async def realm_token(realm: Realm, seen: Seen) -> web.StreamResponse:
    return seen.json(realm.issue({"list", "call"}))


async def test_headers_of_ones_own_do_not_stand_in_the_way(realm: Realm) -> None:
    from mcpstruct import Client

    server = HttpServer(realm.url, headers={"Authorization": "Basic eDp5"}, auth=oauth())
    async with Client(server, verdicts={}) as session:
        await session.list_tools()


async def test_a_token_is_fetched_once_for_all(realm: Realm) -> None:
    count = 0

    async def fetch() -> str:
        nonlocal count
        count += 1
        await anyio.lowlevel.checkpoint()
        token = f"token-{count}"
        realm.good = {token: {"call", "list"}}
        return token

    async with client(realm, Bearer(fetch)) as session:
        assert count == 1
        realm.good = {}
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(session.list_tools)
        assert count == 2


async def test_tokens_that_are_refused_one_after_the_other(realm: Realm) -> None:
    count = iter(range(1000))
    with pytest.raises(AccessDenied) as caught:
        await client(realm, Bearer(lambda: f"bad-{next(count)}")).connect()
    assert caught.value.status == 401
    assert next(count) < 8  # two kinds of opening, two tokens each


async def test_the_same_nonce_for_many_at_once() -> None:
    """A server gives all that come in one second the same: each of them is worth another try."""
    auth = Bearer("token", key=SigningKey(new_key()))
    url = "http://localhost:9/mcp"
    requests = [HttpRequest(url, "POST", url, {}) for _ in range(3)]
    for request in requests:
        await auth.authorize(request)
    refusal = {"www-authenticate": 'DPoP error="use_dpop_nonce"', "dpop-nonce": "n1"}
    for request in requests:
        assert await auth.refused(request, 401, refusal)
        await auth.authorize(request)
    for request in requests:  # sent with that very nonce
        assert not await auth.refused(request, 401, refusal)


async def test_nobody_is_asked_for_the_right_to_leave(realm: Realm) -> None:
    user = User()
    auth = oauth(user)
    request = HttpRequest(realm.url, "DELETE", realm.url, {})
    await auth.authorize(request)
    assert not await auth.refused(request, 401, {})
    assert not user.urls
    assert not realm.visits
    store = MemoryTokenStore()
    async with client(realm, oauth(user, store=store)):
        pass
    await aged(store, realm, expires=time.time() - 1)
    visits = len(realm.visits)
    await oauth(user, store=store).authorize(request)
    assert "authorization" not in request.headers
    assert len(realm.visits) == visits


async def test_who_leaves_while_a_token_is_refreshed_loses_none(realm: Realm) -> None:
    """The old refresh token is spent by then: the user would be asked again."""
    user, store = User(), MemoryTokenStore()
    held = threading.Event()

    async def slow(seen: Seen) -> web.StreamResponse:
        response = await Realm.at_token(realm, seen)
        await anyio.to_thread.run_sync(held.wait, 5)
        return response

    with anyio.fail_after(10):
        async with client(realm, oauth(user, store=store)) as session:
            realm.good.clear()
            realm.pages["/token"] = slow
            async with anyio.create_task_group() as group:
                group.start_soon(session.list_tools)
                await realm.reached("/token", 2)
                group.cancel_scope.cancel()
            held.set()
            await session.list_tools()
        assert len(user.urls) == 1
        tokens = await load(store, f"tokens {realm.url}", Tokens)
        assert tokens is not None
        assert tokens.refresh_token in realm.refresh


async def test_who_leaves_before_a_refresh_is_refused_leaves_the_user_alone(realm: Realm) -> None:
    user, store = User(), MemoryTokenStore()
    held = threading.Event()

    async def slow(seen: Seen) -> web.StreamResponse:
        realm.refresh.clear()
        await anyio.to_thread.run_sync(held.wait, 5)
        return await Realm.at_token(realm, seen)

    with anyio.fail_after(10):
        async with client(realm, oauth(user, store=store)) as session:
            realm.good.clear()
            realm.pages["/token"] = slow
            async with anyio.create_task_group() as group:
                group.start_soon(session.list_tools)
                await realm.reached("/token", 2)
                group.cancel_scope.cancel()
            held.set()
            async with store.lock(f"tokens {realm.url}"):  # when whoever had it is through
                assert len(user.urls) == 1
            await session.list_tools()
        assert len(user.urls) == 2


async def test_a_token_endpoint_that_is_down_spends_no_refresh_token(realm: Realm) -> None:
    """Not even one that wanted a nonce first."""
    store, user = MemoryTokenStore(), User()
    usual = realm.issue
    realm.issue = lambda scopes: {**usual(scopes), "token_type": "DPoP"}  # type: ignore[method-assign]

    async def check(request: Any) -> web.StreamResponse | None:
        token = request.headers.get("Authorization", "").removeprefix("DPoP ")
        return None if token in realm.good else web.Response(status=401)

    realm.check = check  # type: ignore[method-assign]
    async with client(realm, oauth(user, store=store, dpop=True)):
        pass
    await aged(store, realm, expires=1.0)
    replies = iter([400, 503])

    async def unavailable(seen: Seen) -> web.StreamResponse:
        if next(replies, 503) == 400:
            return seen.json({"error": "use_dpop_nonce"}, status=400, headers={"DPoP-Nonce": "n"})
        return seen.status(503)

    realm.pages["/token"] = unavailable
    with pytest.raises(AuthUnavailable):
        await client(realm, oauth(user, store=store, dpop=True)).connect()
    del realm.pages["/token"]
    async with client(realm, oauth(user, store=store, dpop=True)):
        pass
    assert len(user.urls) == 1


async def test_what_goes_wrong_ahead_of_time_goes_wrong_alone(realm: Realm) -> None:
    """The token that there is still does."""
    store = MemoryTokenStore()
    async with client(realm, oauth(store=store)):
        pass
    await aged(store, realm, obtained=time.time() - 3600, expires=time.time() + 30)

    async def redirect(seen: Seen) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": "/elsewhere"})

    realm.pages["/token"] = redirect
    async with client(realm, oauth(store=store)) as session:
        await session.list_tools()


async def test_a_browser_comes_back_to_the_path_that_was_given(realm: Realm, free_tcp_port: int) -> None:
    user = User(comes_back=True)
    auth = OAuth(open_url=user.show, redirect_uri=f"http://127.0.0.1:{free_tcp_port}/here/and/there")
    with anyio.fail_after(10):
        async with client(realm, auth) as session:
            await session.list_tools()
    assert realm.asked[0]["redirect_uri"].endswith("/here/and/there")


@pytest.mark.parametrize("uri", ["https://app.example/callback", "http://127.0.0.1/callback", "app:/callback"])
def test_nobody_waits_where_no_browser_comes(uri: str) -> None:
    with pytest.raises(ValueError, match="redirect_uri"):
        OAuth(redirect_uri=uri)


def test_a_proxys_password_is_not_shown() -> None:
    assert "hush" not in repr(Wire(proxy="http://me:hush@proxy.example:3128"))


async def test_servers_that_repeat_what_is_secret(realm: Realm) -> None:
    async def parrot(seen: Seen) -> web.StreamResponse:
        said = seen.body.decode()
        return seen.json({"error": "invalid_grant", "error_description": f"what is {said}?"}, status=400)

    realm.pages["/token"] = parrot
    about: dict[str, Any] = {"client_id": "mine", "client_secret": HIDDEN, "auth_method": "client_secret_post"}
    with pytest.raises(TokenRefused, match="what is") as caught:
        await client(realm, oauth(**about)).connect()
    for secret in (HIDDEN, *realm.codes):
        assert secret not in str(caught.value)
        assert secret not in repr(caught.value)


async def test_tokens_of_a_store_go_over_https_too(realm: Realm) -> None:
    from mcpstruct import Client

    store = MemoryTokenStore()
    async with client(realm, oauth(store=store)):
        pass
    plain = "http://192.0.2.1:9/mcp"
    await store.save(f"tokens {plain}", await store.load(f"tokens {realm.url}"))
    with anyio.fail_after(5), pytest.raises(UnsafeUrl):
        await Client(plain, auth=oauth(store=store), verdicts={}).connect()


async def test_one_registration_for_two_servers(realm: Realm) -> None:
    """Or the tokens of the one would be of a client that is forgotten by then."""
    store, tokens = MemoryTokenStore(), dict[str, set[str]]()
    usual = realm.issue

    def issue(scopes: set[str]) -> dict[str, Any]:
        issued = usual(scopes)
        tokens.update(realm.good)
        return issued

    realm.issue = issue  # type: ignore[method-assign]
    async with AsyncExitStack() as stack:
        second = Realm()
        await stack.enter_async_context(running(second))
        second.resource = {"authorization_servers": [realm.root]}

        async def check(request: Any) -> web.StreamResponse | None:
            token = request.headers.get("Authorization", "").removeprefix("Bearer ")
            return None if token in tokens else web.Response(status=401)

        realm.check = second.check = check  # type: ignore[method-assign]

        async def connect(to: Realm) -> None:
            async with client(to, oauth(store=store)):
                pass

        with anyio.fail_after(10):
            async with anyio.create_task_group() as group:
                group.start_soon(connect, realm)
                group.start_soon(connect, second)
    assert realm.visits["/register"] == 1
    assert realm.visits["/token"] == 2


async def test_a_client_by_its_document_is_not_tried_twice(realm: Realm) -> None:
    """It is what it is: to ask the user again would change nothing."""
    user = User()
    realm.metadata = {"client_id_metadata_document_supported": True}
    with pytest.raises(TokenRefused):
        await client(realm, oauth(user, client_metadata_url="https://app.example/client.json")).connect()
    assert len(user.urls) == 1


async def test_what_was_saved_by_halves_is_not_there(tmp_path: Path) -> None:
    store = FileTokenStore(tmp_path / "tokens")
    await store.save("a", b"1" * 1000)
    (draft,) = [path.with_suffix(".0.new") for path in (tmp_path / "tokens").iterdir()]
    draft.write_bytes(b"2")
    assert await store.load("a") == b"1" * 1000
