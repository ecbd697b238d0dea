"""What a client registers, where an authorization server leaves it the choice."""

from __future__ import annotations

import pytest
from aiohttp import web

from tests.client.auth.support import Realm, client, oauth
from tests.transport.http.support import Seen

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (["client_secret_post", "client_secret_basic", "none"], "none"),
        (["client_secret_basic", "client_secret_post"], "client_secret_post"),
        (["client_secret_basic"], "client_secret_basic"),
        (None, "client_secret_basic"),
    ],
)
async def test_how_a_client_will_say_who_it_is(realm: Realm, offered: list[str] | None, chosen: str) -> None:
    """In the form, rather than in a header: servers do not agree whether a form beside that names the client."""
    registered: list[bytes] = []
    usual = realm.at_token

    async def register(seen: Seen) -> web.StreamResponse:
        registered.append(seen.body)
        return seen.json({"client_id": "me", "client_secret": "hush", "token_endpoint_auth_method": chosen}, status=201)

    async def token(seen: Seen) -> web.StreamResponse:
        said = seen.headers.get("Authorization", ""), b"client_id=me" in seen.body, b"client_secret=hush" in seen.body
        assert (
            said
            == {
                "none": ("", True, False),
                "client_secret_post": ("", True, True),
                "client_secret_basic": ("Basic bWU6aHVzaA==", False, False),
            }[chosen]
        )
        body = seen.body if b"client_id" in seen.body else seen.body + b"&client_id=me"
        return await usual(Seen(seen.raw, body, None))

    realm.clients.add("me")
    realm.metadata = {"token_endpoint_auth_methods_supported": offered}
    realm.pages["/register"], realm.pages["/token"] = register, token
    async with client(realm, oauth()) as session:
        assert session.connected
    assert f'"token_endpoint_auth_method":"{chosen}"'.encode() in registered[0]
