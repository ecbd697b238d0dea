"""Keys that are fetched: when they are wanted, when they change, and not as often as somebody would like."""

from __future__ import annotations

import time

import pytest
from joserfc.jwk import ECKey

from mcpstruct.server.auth import IntrospectionVerifier, JwtVerifier
from tests.server.auth.support import RESOURCE, RSA, Issuer, call, challenge_of, client, guarded, realm, text_of

pytestmark = pytest.mark.anyio
WELL_KNOWN = "/.well-known/oauth-authorization-server"


async def test_keys_are_found_by_the_issuer_and_fetched_once() -> None:
    async with realm() as there, client(guarded(issuer=there.issuer.name, verifier=None)) as one:
        for _ in range(5):
            assert text_of(await call(one, there.issuer.token())) == "ada"
        assert there.asked == [WELL_KNOWN, "/keys"]


async def test_a_place_of_keys() -> None:
    async with realm() as there:
        verifier = JwtVerifier(jwks_uri=f"{there.issuer.name}/keys")
        async with client(guarded(issuer=there.issuer.name, verifier=verifier)) as one:
            assert text_of(await call(one, there.issuer.token())) == "ada"
        assert there.asked == ["/keys"]


async def test_keys_change() -> None:
    async with realm() as there:
        auth = guarded(issuer=there.issuer.name, verifier=JwtVerifier(pause=0))
        async with client(auth) as one:
            old = there.issuer.token()
            assert (await call(one, old)).status == 200
            new = Issuer(there.issuer.name, ECKey.generate_key("P-256"), "2")
            there.keys = new.keys
            assert (await call(one, new.token())).status == 200
            assert (await call(one, there.issuer.token())).status == 401


async def test_what_was_signed_with_a_key_that_is_gone_is_good_no_longer_than_a_verdict() -> None:
    async with realm() as there:
        auth = guarded(issuer=there.issuer.name, verifier=JwtVerifier(pause=0, max_age=0, remember=0))
        async with client(auth) as one:
            token = there.issuer.token()
            assert (await call(one, token)).status == 200
            there.keys = Issuer(key=RSA).keys
            assert (await call(one, token)).status == 401


async def test_unknown_keys_are_not_asked_for_at_every_turn() -> None:
    async with realm() as there, client(guarded(issuer=there.issuer.name, verifier=JwtVerifier(pause=60))) as one:
        assert (await call(one, there.issuer.token())).status == 200
        for n in range(5):
            assert (await call(one, Issuer(there.issuer.name, kid=f"x{n}").token())).status == 401
        assert there.count("/keys") == 1
        assert (await call(one, there.issuer.token())).status == 200


async def test_tokens_of_others_have_nothing_fetched() -> None:
    async with realm() as there, client(guarded(issuer=there.issuer.name, verifier=None)) as one:
        assert (await call(one, Issuer("https://evil.example.com").token())).status == 401
        assert there.asked == []


async def test_a_token_without_the_name_of_its_key() -> None:
    async with realm() as there:
        there.keys = {"keys": [*Issuer(key=RSA, kid="r").keys["keys"], *there.issuer.keys["keys"]]}
        async with client(guarded(issuer=there.issuer.name, verifier=None)) as one:
            assert (await call(one, there.issuer.token({"kid": None}))).status == 200


async def test_the_issuer_does_not_answer() -> None:
    async with realm() as there, client(guarded(issuer=there.issuer.name, verifier=JwtVerifier(pause=0))) as one:
        there.down = True
        answer = await call(one, there.issuer.token())
        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        assert "www-authenticate" not in answer.headers
        there.down = False
        assert (await call(one, there.issuer.token())).status == 200
        there.down = True
        assert (await call(one, there.issuer.token())).status == 200  # the keys are known
        assert (await call(one, Issuer(there.issuer.name, kid="9").token())).status == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "https://other.example.com"},
        {"jwks_uri": "http://keys.example.com/"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": None},
        {"jwks_uri": 7},
    ],
)
async def test_metadata_that_is_wrong(wrong: dict[str, object]) -> None:
    async with realm() as there, client(guarded(issuer=there.issuer.name, verifier=JwtVerifier(pause=0))) as one:
        there.metadata |= wrong
        assert (await call(one, there.issuer.token())).status == 503
        assert there.count("/keys") == 0


async def test_documents_that_are_too_large() -> None:
    async with realm() as there, client(guarded(issuer=there.issuer.name, verifier=None)) as one:
        there.keys = {**there.keys, "more": "x" * 3_000_000}
        assert (await call(one, there.issuer.token())).status == 503


async def test_introspection() -> None:
    async with realm() as there:
        me = {"client_id": "me:1", "client_secret": "s&cret"}
        verifier = IntrospectionVerifier(**me)
        assert "cret" not in repr(verifier)
        async with client(guarded(issuer=there.issuer.name, verifier=verifier)) as one:
            there.active["good"] = {"active": True, **Issuer().claims(iss=None)}
            for _ in range(3):
                assert text_of(await call(one, "good")) == "ada"
            assert there.forms == [{"token": ["good"], "token_type_hint": ["access_token"]}]
            assert there.authorizations == ["Basic bWUlM0ExOnMlMjZjcmV0"]
            answer = await call(one, "bad")
            assert (answer.status, challenge_of(answer)[1]["error"]) == (401, "invalid_token")


@pytest.mark.parametrize(
    "said",
    [
        {"aud": "https://other.example.com"},
        {"aud": None},
        {"exp": int(time.time()) - 100},
        {"iss": "https://other.example.com"},
        {"sub": None, "client_id": None},
    ],
)
async def test_introspection_of_a_token_that_is_for_somebody_else(said: dict[str, object]) -> None:
    async with realm() as there:
        verifier = IntrospectionVerifier(bearer="mine", endpoint=f"{there.issuer.name}/introspect")
        async with client(guarded(issuer=there.issuer.name, verifier=verifier)) as one:
            there.active["odd"] = {"active": True, **there.issuer.claims(**said)}
            assert (await call(one, "odd")).status == 401
        assert there.authorizations == ["Bearer mine"]


async def test_an_issuer_that_does_not_tell_the_audience() -> None:
    async with realm() as there:
        verifier = IntrospectionVerifier(bearer="mine", tells_audience=False)
        async with client(guarded(issuer=there.issuer.name, verifier=verifier)) as one:
            there.active["silent"] = {"active": True, **there.issuer.claims(aud=None)}
            there.active["other"] = {"active": True, **there.issuer.claims(aud="https://other.example.com")}
            assert (await call(one, "silent")).status == 200
            assert (await call(one, "other")).status == 401


async def test_introspection_does_not_answer() -> None:
    async with realm() as there:
        verifier = IntrospectionVerifier(bearer="mine")
        async with client(guarded(issuer=there.issuer.name, verifier=verifier)) as one:
            there.down = True
            assert (await call(one, "good")).status == 503


def test_who_asks_has_to_say_who_they_are() -> None:
    for wrong in ({}, {"client_id": "me"}, {"client_id": "me", "client_secret": "x", "bearer": "y"}):
        with pytest.raises(ValueError, match="who asks"):
            IntrospectionVerifier(**wrong)
    with pytest.raises(ValueError, match="which issuer"):
        guarded(issuer=["https://a.example", "https://b.example"], verifier=IntrospectionVerifier(bearer="x"))
    with pytest.raises(ValueError, match="jwks_uri"):
        guarded(verifier=JwtVerifier(jwks_uri="http://keys.example.com"))
    assert RESOURCE in repr(guarded())
