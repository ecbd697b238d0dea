"""What is malformed is refused: it neither fails the server nor keeps the rest from being let in."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from mcpstruct.server.auth import InvalidToken, JwtVerifier, ResourceServer
from mcpstruct.server.auth.keys import keys_in
from tests.server.auth.support import ISSUER, RESOURCE, Issuer, Proofs, call, client, guarded, realm, text_of

pytestmark = pytest.mark.anyio
HUGE = 10**400
"""A number that JSON can write, and no float can hold."""
TIMES: list[Any] = [HUGE, -HUGE, True, "9999999999", [9999999999], {}]
MISSHAPEN: list[Any] = [
    {"kty": ["EC"]},
    {"kty": {}},
    {"kty": "EC", "key_ops": None},
    {"kty": "EC", "key_ops": 5},
    {"kty": "EC", "crv": "P-256", "x": "", "y": ""},
    {"kty": "OKP", "crv": "Ed25519", "x": "é"},
    "text",
    None,
]


@pytest.mark.parametrize("jwk", MISSHAPEN[:3])
async def test_a_proof_with_a_misshapen_key(jwk: dict[str, Any]) -> None:
    proofs = Proofs()
    token = Issuer().token(cnf={"jkt": proofs.thumbprint})
    async with client(guarded()) as one:
        proof = proofs.proof(token, RESOURCE, header={"jwk": jwk})
        answer = await call(one, None, authorization=f"DPoP {token}", dpop=proof)
        assert answer.status == 401
        assert 'error="invalid_dpop_proof"' in answer.headers["www-authenticate"]


async def test_a_proof_of_another_age() -> None:
    proofs = Proofs()
    token = Issuer().token(cnf={"jkt": proofs.thumbprint})
    async with client(guarded()) as one:
        for made in TIMES:
            proof = proofs.proof(token, RESOURCE, iat=made)
            answer = await call(one, None, authorization=f"DPoP {token}", dpop=proof)
            assert answer.status == 401, made


@pytest.mark.parametrize("name", ["exp", "nbf"])
@pytest.mark.parametrize("value", TIMES, ids=lambda value: str(value)[:9])
async def test_times_that_are_none(name: str, value: Any) -> None:
    async with client(guarded()) as one:
        answer = await call(one, Issuer().token(**{name: value}))
        assert answer.status == 401
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_one_misshapen_key_does_not_take_the_others_along() -> None:
    assert [key.kid for key in keys_in({"keys": [*MISSHAPEN, *Issuer().keys["keys"]]})] == ["1"]


async def test_an_issuer_with_a_misshapen_key() -> None:
    async with realm() as authority:
        authority.keys = {"keys": [*MISSHAPEN, *authority.keys["keys"]]}
        async with client(guarded(issuer=authority.issuer.name, verifier=JwtVerifier())) as one:
            assert text_of(await call(one, authority.issuer.token())) == "ada"


@pytest.mark.parametrize("said", ['no "quotes"', "two\r\nX-Lines: 1", "héllo", "back\\slash", "\x00", "x" * 100_000])
async def test_what_a_function_of_ones_own_says_stays_in_its_parameter(said: str) -> None:
    async def verify(token: str) -> None:
        raise InvalidToken(said)

    async with client(guarded(verifier=verify)) as one:
        answer = await call(one, "x")
    assert answer.status == 401
    assert "x-lines" not in answer.headers
    challenge = answer.headers["www-authenticate"]
    assert len(challenge) < 1000
    assert challenge.isascii()
    assert challenge.isprintable()
    description = challenge.partition('error_description="')[2].partition('", resource_metadata="')[0]
    assert description
    assert not set(description) & {'"', "\\"}


def test_one_set_of_keys_is_of_one_issuer() -> None:
    """Or each of them could sign for the others."""
    with pytest.raises(ValueError, match="one"):
        ResourceServer([ISSUER, "https://other.example"], RESOURCE, verifier=JwtVerifier(keys=Issuer().keys))


async def test_a_list_of_scopes_that_is_odd() -> None:
    async with client(guarded()) as one:
        for scope in ({"files:read": 1}, 5, [["files:read"]], "files:read\tfiles:write", True):
            assert (await call(one, Issuer().token(scope=scope))).status == 403, scope


async def test_keys_in_a_token_are_not_looked_at() -> None:
    """A token that brings its own key, or says where one is, is signed by nobody."""
    mine = Issuer(key=Proofs().key)
    public = mine.key.as_dict(private=False)
    async with client(guarded()) as one:
        for header in (
            {"jwk": public},
            {"jku": "https://evil.example/keys"},
            {"x5u": "https://evil.example/cert"},
            {"x5c": ["MIIB"]},
            {"kid": "../../dev/null"},
            {"kid": None},
        ):
            assert (await call(one, mine.token(header))).status == 401, header


async def test_good_tokens_do_not_wait_for_keys_that_others_want() -> None:
    """Neither a flood of tokens with unknown keys nor an issuer that hangs keeps out whose key is known."""
    async with realm() as authority:
        token = authority.issuer.token()
        verifier = JwtVerifier(pause=0.0, max_age=0.0, remember=0.0)
        async with client(guarded(issuer=authority.issuer.name, verifier=verifier)) as one:
            assert text_of(await call(one, token)) == "ada"
            authority.hangs = anyio.Event()
            strangers = [Issuer(authority.issuer.name, kid=f"stranger-{number}") for number in range(5)]
            async with anyio.create_task_group() as group:
                for stranger in strangers:
                    group.start_soon(call, one, stranger.token())
                await authority.hanging.wait()
                with anyio.fail_after(3):
                    assert text_of(await call(one, token)) == "ada"
                authority.hangs.set()
