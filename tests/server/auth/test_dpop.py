"""Tokens that are bound to a key: who shows one has to prove that the key is theirs, once for each request."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from joserfc.jwk import ECKey

from mcpstruct.server.auth import DPoP
from mcpstruct.server.auth.dpop import Proofs as Checks
from mcpstruct.server.auth.dpop import TooManyProofs, WrongProof
from tests.server.auth.support import EC, RESOURCE, RSA, Issuer, Proofs, call, challenge_of, client, guarded, text_of
from tests.server.http.conftest import Answer, Raw

pytestmark = pytest.mark.anyio
MINE = Proofs()


def bound(proofs: Proofs = MINE, **changed: Any) -> str:
    return Issuer().token(cnf={"jkt": proofs.thumbprint}, **changed)


async def prove(one: Raw, token: str, proof: str | None, scheme: str = "DPoP") -> Answer:
    headers = {} if proof is None else {"dpop": proof}
    return await call(one, None, authorization=f"{scheme} {token}", **headers)


async def test_a_proof_for_each_request() -> None:
    async with client(guarded()) as one:
        token = bound()
        for _ in range(3):
            assert text_of(await prove(one, token, MINE.proof(token, RESOURCE))) == "ada"
        assert text_of(await prove(one, token, MINE.proof(token, one.url))) == "ada"
        assert text_of(await prove(one, token, MINE.proof(token, "HTTPS://MCP.example.com:443/mcp?x=1#y"))) == "ada"


async def test_a_key_of_rsa() -> None:
    mine = Proofs(RSA)
    async with client(guarded()) as one:
        token = bound(mine)
        proof = mine.proof(token, RESOURCE, header={"alg": "PS256"})
        assert text_of(await prove(one, token, proof)) == "ada"


async def test_a_proof_does_not_come_twice() -> None:
    async with client(guarded()) as one:
        token = bound()
        proof = MINE.proof(token, RESOURCE)
        assert (await prove(one, token, proof)).status == 200
        answer = await prove(one, token, proof)
        assert answer.status == 401
        scheme, told = challenge_of(answer)
        assert (scheme, told["error"]) == ("DPoP", "invalid_dpop_proof")
        assert "ES256" in told["algs"].split()
        same = MINE.proof(token, RESOURCE, jti="one")
        assert (await prove(one, token, same)).status == 200
        assert (await prove(one, token, MINE.proof(token, RESOURCE, jti="one", iat=int(time.time()) - 1))).status == 401


EVE = Proofs()
WRONG: dict[str, Callable[[str], str | None]] = {
    "none": lambda token: None,
    "no JWT": lambda token: "proof",
    "another method": lambda token: MINE.proof(token, RESOURCE, htm="GET"),
    "a method in lower case": lambda token: MINE.proof(token, RESOURCE, htm="post"),
    "another place": lambda token: MINE.proof(token, "https://other.example.com/mcp"),
    "another path": lambda token: MINE.proof(token, RESOURCE + "/x"),
    "no place": lambda token: MINE.proof(token, RESOURCE, htu=None),
    "a place that cannot be read": lambda token: MINE.proof(token, "https://[/"),
    "another token": lambda token: MINE.proof(token + "x", RESOURCE),
    "no token": lambda token: MINE.proof(token, RESOURCE, ath=None),
    "too old": lambda token: MINE.proof(token, RESOURCE, iat=int(time.time()) - 100),
    "from the future": lambda token: MINE.proof(token, RESOURCE, iat=int(time.time()) + 100),
    "no time": lambda token: MINE.proof(token, RESOURCE, iat=None),
    "no name": lambda token: MINE.proof(token, RESOURCE, jti=None),
    "an endless name": lambda token: MINE.proof(token, RESOURCE, jti="x" * 1000),
    "another key": lambda token: EVE.proof(token, RESOURCE),
    "another key that signs": lambda token: EVE.proof(token, RESOURCE, header={"jwk": MINE.key.as_dict(private=False)}),
    "a private key": lambda token: MINE.proof(token, RESOURCE, header={"jwk": MINE.key.as_dict(private=True)}),
    "no key": lambda token: MINE.proof(token, RESOURCE, header={"jwk": {}}),
    "another type": lambda token: MINE.proof(token, RESOURCE, header={"typ": "jwt"}),
    "unsigned": lambda token: MINE.proof(token, RESOURCE).rpartition(".")[0] + ".",
    "too long": lambda token: MINE.proof(token, RESOURCE, more="x" * 10_000),
}


@pytest.mark.parametrize("kind", WRONG)
async def test_a_proof_that_proves_nothing(kind: str) -> None:
    async with client(guarded()) as one:
        token = bound()
        answer = await prove(one, token, WRONG[kind](token))
        assert answer.status == 401
        assert challenge_of(answer)[1]["error"] == "invalid_dpop_proof"
        assert (await prove(one, token, MINE.proof(token, RESOURCE))).status == 200


async def test_a_bound_token_is_no_bearer_token() -> None:
    async with client(guarded()) as one:
        token = bound()
        for _ in range(2):
            answer = await prove(one, token, MINE.proof(token, RESOURCE), "Bearer")
            assert answer.status == 401
            assert challenge_of(answer)[0] == "DPoP"
            assert (await prove(one, token, MINE.proof(token, RESOURCE))).status == 200


async def test_two_proofs_are_none() -> None:
    async with client(guarded()) as one:
        token = bound()
        headers = [("dpop", MINE.proof(token, RESOURCE)), ("dpop", MINE.proof(token, RESOURCE))]
        async with one.session.post(one.url, headers=[*headers, ("authorization", f"DPoP {token}")]) as answer:
            assert answer.status == 400


async def test_a_token_that_is_bound_to_nothing_is_no_bound_one() -> None:
    async with client(guarded()) as one:
        token = Issuer().token()
        assert (await prove(one, token, MINE.proof(token, RESOURCE))).status == 401


async def test_proofs_that_are_required() -> None:
    async with client(guarded(dpop=DPoP(required=True))) as one:
        assert challenge_of(await call(one, None))[0] == "DPoP"
        assert (await call(one, Issuer().token())).status == 401
        token = bound()
        assert (await prove(one, token, MINE.proof(token, RESOURCE))).status == 200


async def test_nonces() -> None:
    async with client(guarded(dpop=DPoP(nonce=True))) as one:
        token = bound()
        answer = await prove(one, token, MINE.proof(token, RESOURCE))
        assert answer.status == 401
        assert challenge_of(answer)[1]["error"] == "use_dpop_nonce"
        nonce = answer.headers["dpop-nonce"]
        good = await prove(one, token, MINE.proof(token, RESOURCE, nonce=nonce))
        assert good.status == 200
        assert good.headers["dpop-nonce"]
        for wrong in ("x", "é", nonce[:-4] + "AAAA", 7):
            assert (await prove(one, token, MINE.proof(token, RESOURCE, nonce=wrong))).status == 401


async def test_a_nonce_grows_old(monkeypatch: pytest.MonkeyPatch) -> None:
    async with client(guarded(dpop=DPoP(nonce=True, nonce_key=b"k" * 32))) as one:
        token = bound()
        now = time.time
        monkeypatch.setattr(time, "time", lambda: now() - 400)
        nonce = (await call(one, None, authorization=f"DPoP {token}", dpop="x")).headers["dpop-nonce"]
        monkeypatch.setattr(time, "time", now)
        answer = await prove(one, token, MINE.proof(token, RESOURCE, nonce=nonce))
        assert challenge_of(answer)[1]["error"] == "use_dpop_nonce"


async def test_too_little_is_told_in_the_scheme_that_the_token_has() -> None:
    async with client(guarded()) as one:
        token = bound(scope="x")
        answer = await prove(one, token, MINE.proof(token, RESOURCE))
        assert answer.status == 403
        assert challenge_of(answer)[0] == "DPoP"


def test_no_more_proofs_are_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    checks, token = Checks(DPoP(most_proofs=4), 5), "abc"
    urls = {RESOURCE}

    def check(**changed: Any) -> None:
        checks.check(MINE.proof(token, RESOURCE, **changed), token, MINE.thumbprint, "POST", urls)

    check(jti="1")
    check(jti="2")
    with pytest.raises(TooManyProofs):
        check(jti="3")
    with pytest.raises(WrongProof, match="before"):
        check(jti="1")
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 200)
    check(jti="3")


async def test_a_flood_of_proofs_hurts_who_sends_it() -> None:
    async with client(guarded(dpop=DPoP(most_proofs=20))) as one:
        token = bound(EVE)
        answers = [await prove(one, token, EVE.proof(token, RESOURCE)) for _ in range(25)]
        assert [answer.status for answer in answers] == [200] * 10 + [503] * 15
        assert int(answers[-1].headers["retry-after"]) > 0
        mine = bound()
        for _ in range(3):
            assert (await prove(one, mine, MINE.proof(mine, RESOURCE))).status == 200
        assert (await prove(one, token, EVE.proof(token, RESOURCE))).status == 503


def test_a_flood_by_many_keys_finds_no_more_room() -> None:
    checks, token, let_in = Checks(DPoP(most_proofs=20), 5), "abc", 0
    for _ in range(40):
        one = Proofs()
        for _ in range(3):
            try:
                checks.check(one.proof(token, RESOURCE), token, one.thumbprint, "POST", {RESOURCE})
            except TooManyProofs:
                break
            let_in += 1
    assert let_in == 20


def test_rules_that_cannot_be_meant() -> None:
    for wrong in (DPoP(algorithms=["HS256"]), DPoP(nonce=True, nonce_key=b"short")):
        with pytest.raises(ValueError, match=r"algorithms|nonce_key"):
            guarded(dpop=wrong)
    assert "kkk" not in repr(DPoP(nonce_key=b"k" * 32))
    assert isinstance(EC, ECKey)
