"""Tokens that their issuer said are not good are not asked for again at once."""

from __future__ import annotations

import pytest

from mcpstruct.server.auth import IntrospectionVerifier, verifiers
from tests.server.auth.support import Realm, call, client, guarded, realm

pytestmark = pytest.mark.anyio


def asked(there: Realm) -> list[str]:
    return [form["token"][0] for form in there.forms]


async def test_once_for_a_while() -> None:
    async with realm() as there:
        auth = guarded(issuer=there.issuer.name, verifier=IntrospectionVerifier(bearer="mine"))
        async with client(auth) as one:
            for _ in range(3):
                assert (await call(one, "bad")).status == 401
            assert asked(there) == ["bad"]
            there.active["good"] = {"active": True, **there.issuer.claims()}
            assert (await call(one, "good")).status == 200


@pytest.mark.parametrize("remember", [60.0, 0.0])
async def test_not_for_longer(remember: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor where answers are not to be remembered at all."""
    if remember:
        monkeypatch.setattr(verifiers, "REFUSED_FOR", 0.0)
    async with realm() as there:
        verifier = IntrospectionVerifier(bearer="mine", remember=remember)
        async with client(guarded(issuer=there.issuer.name, verifier=verifier)) as one:
            assert (await call(one, "late")).status == 401
            there.active["late"] = {"active": True, **there.issuer.claims()}
            assert (await call(one, "late")).status == 200


async def test_only_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifiers, "MOST_REFUSED", 4)
    async with realm() as there:
        auth = guarded(issuer=there.issuer.name, verifier=IntrospectionVerifier(bearer="mine"))
        async with client(auth) as one:
            for number in (1, 2, 3, 4, 5, 5, 4, 1):
                assert (await call(one, f"bad-{number}")).status == 401
    assert asked(there) == [f"bad-{number}" for number in (1, 2, 3, 4, 5, 1)]


async def test_no_answer_is_not_remembered() -> None:
    async with realm() as there:
        auth = guarded(issuer=there.issuer.name, verifier=IntrospectionVerifier(bearer="mine"))
        async with client(auth) as one:
            there.active["good"] = {"active": True, **there.issuer.claims()}
            there.down = True
            assert (await call(one, "good")).status == 503
            there.down = False
            assert (await call(one, "good")).status == 200
