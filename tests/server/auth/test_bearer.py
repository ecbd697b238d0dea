"""Tokens that are signed JWTs: which are let in, and what those are told that are not."""

from __future__ import annotations

import hmac
import logging
import pickle
import time
import warnings
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey

from mcpstruct.server.auth import InvalidToken, JwtVerifier, Principal, ResourceServer, VerifierUnavailable
from tests.server.auth.support import (
    EC,
    ISSUER,
    RESOURCE,
    RSA,
    Issuer,
    call,
    challenge_of,
    client,
    encoded,
    guarded,
    make_server,
    text_of,
)

pytestmark = pytest.mark.anyio
METADATA = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp"


async def test_a_good_token_is_let_in_again_and_again() -> None:
    seen: list[Any] = []
    async with client(guarded(), make_server(seen)) as one:
        token = Issuer().token(email="ada@example.com")
        for _ in range(3):
            assert text_of(await call(one, token)) == "ada"
    assert seen[0] == seen[2]
    principal = seen[0]
    assert principal.issuer == ISSUER
    assert principal.client_id == "editor"
    assert principal.scopes == {"files:read"}
    assert principal.claims["email"] == "ada@example.com"
    assert principal.expires_at is not None
    assert principal.expires_at > time.time()


async def test_no_token() -> None:
    async with client(guarded()) as one:
        answer = await call(one, None)
        assert answer.status == 401
        assert challenge_of(answer) == ("Bearer", {"resource_metadata": METADATA, "scope": "files:read"})
        assert answer.json["error"]["message"]
        for verb in ("GET", "DELETE"):
            assert (await one.send(verb)).status == 401


async def test_a_token_in_the_query_is_none() -> None:
    async with client(guarded()) as one:
        one.url += f"?access_token={Issuer().token()}"
        answer = await call(one, None)
        assert answer.status == 401
        assert "error" not in challenge_of(answer)[1]


async def test_no_body_is_read_for_who_is_not_let_in() -> None:
    async with client(guarded(), max_body=10) as one:
        assert (await one.send("POST", b"x" * 100)).status == 401
        token = {"authorization": f"Bearer {Issuer().token()}"}
        assert (await one.send("POST", b"x" * 100, token)).status == 413


@pytest.mark.parametrize("header", ["Basic YWRhOmFkYQ==", "", "token"])
async def test_another_scheme_is_no_token(header: str) -> None:
    async with client(guarded()) as one:
        answer = await call(one, None, authorization=header)
        assert answer.status == 401
        assert "error" not in challenge_of(answer)[1]


@pytest.mark.parametrize("header", ["Bearer", "Bearer a b", "Bearer a,b", "Bearer é", "Bearer " + "a" * 20_000 + "*"])
async def test_a_header_that_holds_no_token(header: str) -> None:
    async with client(guarded()) as one:
        answer = await call(one, None, authorization=header)
        assert answer.status == 400
        assert challenge_of(answer)[1]["error"] == "invalid_request"


async def test_the_scheme_is_of_any_case() -> None:
    async with client(guarded()) as one:
        assert text_of(await call(one, None, authorization=f"bEARER  {Issuer().token()}")) == "ada"


def _hmac_with_public_key() -> str:
    said = f"{encoded({'alg': 'HS256', 'kid': '1', 'typ': 'at+jwt'})}.{encoded(Issuer().claims())}"
    return f"{said}.{encoded(hmac.digest(EC.as_pem(private=False), said.encode(), 'sha256'))}"


def _unsigned(algorithm: str) -> str:
    return f"{encoded({'alg': algorithm, 'typ': 'at+jwt', 'kid': '1'})}.{encoded(Issuer().claims())}."


def _critical() -> str:
    head = encoded({"alg": "ES256", "kid": "1", "typ": "at+jwt", "crit": ["x"], "x": 1})
    _, payload, signature = Issuer().token().split(".")
    return f"{head}.{payload}.{signature}"


def _altered() -> str:
    head, _, signature = Issuer().token().split(".")
    return f"{head}.{encoded(Issuer().claims(sub='eve'))}.{signature}"


NOW = int(time.time())
BAD = {
    "wrong audience": lambda: Issuer().token(aud="https://other.example.com/mcp"),
    "audience that begins alike": lambda: Issuer().token(aud=RESOURCE + "/more"),
    "no audience": lambda: Issuer().token(aud=None),
    "audience of another type": lambda: Issuer().token(aud={"a": RESOURCE}),
    "expired": lambda: Issuer().token(exp=NOW - 60),
    "no expiry": lambda: Issuer().token(exp=None),
    "expiry that is no number": lambda: Issuer().token(exp="never"),
    "expiry that is true": lambda: Issuer().token(exp=True),
    "not yet": lambda: Issuer().token(nbf=NOW + 3600),
    "foreign issuer": lambda: Issuer("https://evil.example.com").token(),
    "issuer with a slash more": lambda: Issuer(ISSUER + "/").token(),
    "no issuer": lambda: Issuer().token(iss=None),
    "nobody": lambda: Issuer().token(sub=None, client_id=None),
    "alg none": lambda: _unsigned("none"),
    "alg None": lambda: _unsigned("None"),
    "no signature": lambda: _unsigned("ES256"),
    "HS256 with the public key": _hmac_with_public_key,
    "another key": lambda: Issuer(key=ECKey.generate_key("P-256")).token(),
    "another sort of key": lambda: Issuer(key=RSA).token(),
    "unknown kid": lambda: Issuer(kid="2").token(),
    "altered": _altered,
    "critical header": _critical,
    "a proof": lambda: Issuer().token({"typ": "dpop+jwt"}),
    "a logout token": lambda: Issuer().token({"typ": "logout+jwt"}),
    "bound to a certificate": lambda: Issuer().token(cnf={"x5t#S256": "abc"}),
    "opaque": lambda: "abc",
    "five parts": lambda: "a.b.c.d.e",
    "dots": lambda: "..",
    "huge": lambda: Issuer().token(extra="x" * 17_000),
}


@pytest.mark.parametrize("kind", BAD)
async def test_a_token_that_is_not_good(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = BAD[kind]()
    async with client(guarded()) as one:
        answer = await call(one, token)
        assert answer.status == 401, answer
        scheme, told = challenge_of(answer)
        assert scheme in ("Bearer", "DPoP")
        assert told["error"] == "invalid_token"
        assert told["resource_metadata"] == METADATA
        assert text_of(await call(one, Issuer().token())) == "ada"
    if len(token) > 5:
        assert token not in caplog.text
        assert token not in str(answer)


async def test_clocks_may_differ_a_little() -> None:
    async with client(guarded(leeway=30)) as one:
        now = int(time.time())
        assert (await call(one, Issuer().token(exp=now - 20))).status == 200
        assert (await call(one, Issuer().token(nbf=now + 20))).status == 200
        assert (await call(one, Issuer().token(exp=now - 40))).status == 401


async def test_a_token_that_is_known_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    async with client(guarded(leeway=0, remember=10_000)) as one:
        token, now = Issuer().token(exp=int(time.time()) + 100), time.time
        assert (await call(one, token)).status == 200
        monkeypatch.setattr(time, "time", lambda: now() + 101)
        assert (await call(one, token)).status == 401


async def test_a_list_of_audiences_and_other_names_of_scopes() -> None:
    async with client(guarded()) as one:
        assert (await call(one, Issuer().token(aud=["x", RESOURCE]))).status == 200
        assert (await call(one, Issuer().token(scope=None, scp=["files:read"]))).status == 200
        assert (await call(one, Issuer().token(scope=None))).status == 403


async def test_an_audience_that_is_no_url() -> None:
    auth = guarded(audience="api://files", resource=RESOURCE)
    async with client(auth) as one:
        assert (await call(one, Issuer().token(aud="api://files"))).status == 200
        assert (await call(one, Issuer().token())).status == 401


async def test_a_key_of_one_issuer_does_not_sign_for_another() -> None:
    other = Issuer("https://other.example.com", RSA)
    keys = {ISSUER: Issuer().keys, other.name: other.keys}
    auth = guarded(issuer=[ISSUER, other.name], verifier=JwtVerifier(keys=keys))
    async with client(auth) as one:
        assert (await call(one, Issuer().token())).status == 200
        assert (await call(one, other.token())).status == 200
        assert (await call(one, other.token(iss=ISSUER))).status == 401
        assert (await call(one, Issuer().token(iss=other.name))).status == 401


async def test_keys_of_edwards_curves() -> None:
    issuer = Issuer(key=OKPKey.generate_key("Ed25519"))
    async with client(guarded(verifier=JwtVerifier(keys=issuer.keys))) as one:
        for algorithm in ("Ed25519", "EdDSA"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # who signs is told that one of these is an old name
                token = issuer.token({"alg": algorithm})
            assert (await call(one, token)).status == 200


@pytest.mark.parametrize("algorithm", ["RS256", "PS512", "RS512"])
async def test_keys_of_rsa(algorithm: str) -> None:
    issuer = Issuer(key=RSA)
    async with client(guarded(verifier=JwtVerifier(keys=issuer.keys))) as one:
        assert (await call(one, issuer.token({"alg": algorithm}))).status == 200


def test_keys_that_are_of_no_use() -> None:
    public = EC.as_dict(private=False)
    bad = [
        {**public, "use": "enc"},
        EC.as_dict(private=True),
        OctKey.generate_key(256).as_dict(),
        {"kty": "RSA", "n": _modulus(1024), "e": "AQAB"},
        {**public, "x": "!"},
        {**public, "key_ops": ["sign"]},
        {"kty": "EC"},
        7,
    ]
    with pytest.raises(ValueError, match="keys"):
        guarded(verifier=JwtVerifier(keys={"keys": bad}))


def _modulus(bits: int) -> str:
    return encoded((2**bits - 1).to_bytes(bits // 8, "big"))


async def test_a_function_of_ones_own(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[str] = []
    scopes = frozenset(["files:read"])
    verdicts = {
        "good": Principal(subject="bob", scopes=scopes),
        "old": Principal(subject="ada", scopes=scopes, expires_at=1.0),
        "claims": Issuer().claims(aud="x"),
    }
    refused = {"bad": 401, "odd": 401, "old": 401, "claims": 401, "broken": 503, "down": 503}

    def verify(shown: str) -> Any:
        seen.append(shown)
        if shown == "broken":
            raise RuntimeError(f"what is {shown}-secret?")
        if shown == "down":
            raise VerifierUnavailable("no database")
        if shown == "odd":
            raise InvalidToken("it is odd")
        return verdicts.get(shown)

    async def later(token: str) -> Any:
        return verify(token)

    for verifier in (verify, later):
        seen.clear()
        async with client(guarded(verifier=verifier)) as one:
            assert text_of(await call(one, "good")) == "bob"
            assert text_of(await call(one, "good")) == "bob"
            assert seen == ["good", "good"]
            for token, status in refused.items():
                answer = await call(one, token)
                assert answer.status == status, token
                assert ("www-authenticate" in answer.headers) == (status == 401)
                assert "broken-secret" not in caplog.text


async def test_a_function_whose_verdicts_are_remembered() -> None:
    seen: list[str] = []

    def verify(token: str) -> Principal:
        seen.append(token)
        return Principal(subject="bob", scopes=frozenset(["files:read"]))

    async with client(guarded(verifier=verify, remember=60)) as one:
        for _ in range(3):
            assert text_of(await call(one, "good")) == "bob"
    assert seen == ["good"]


def test_what_cannot_be_meant() -> None:
    for wrong in (
        {"issuer": "http://auth.example.com"},
        {"issuer": "https://auth.example.com?x=1"},
        {"issuer": []},
        {"audience": "api://files"},
        {"audience": "https://mcp.example.com/mcp#x"},
        {"audience": ""},
        {"scopes": ["two words"]},
        {"scopes": ['a"b']},
        {"scopes": ["offline_access"]},
        {"metadata_url": "mcp"},
    ):
        with pytest.raises(ValueError, match=r"."):
            guarded(**wrong)
    with pytest.raises(ValueError, match="algorithms"):
        JwtVerifier(algorithms=["HS256"])
    with pytest.raises(ValueError, match="algorithms"):
        JwtVerifier(algorithms=["none"])
    assert repr(pickle.loads(pickle.dumps(guarded()))) == repr(guarded())  # noqa: S301 - for workers
    assert ResourceServer("http://localhost:1/x", "http://127.0.0.1/mcp").scopes == ()
