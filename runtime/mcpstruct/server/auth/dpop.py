"""Proofs that who shows a token has the key that it is bound to (RFC 9449)."""

from __future__ import annotations

import hmac
import os
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection
from hashlib import sha256

from msgspec import Struct

from .claims import moment
from .errors import InvalidToken
from .jose import ALGORITHMS, Key, checked_algorithms, header_of
from .urls import normal

_MOST_PROOF = 8 * 1024
_TAG = 16


class DPoP(Struct, frozen=True, kw_only=True):
    """How proofs are dealt with. A token that is bound to a key never goes without one, whatever is set here."""

    required: bool = False
    """Whether tokens that are bound to no key are refused."""
    nonce: bool = False
    """Whether proofs have to hold a nonce of this server, so that none can be made in advance."""
    nonce_key: bytes | None = None
    """Makes the nonces, 32 random bytes: the same for processes that share the work. None for a random one."""
    window: float = 60.0
    """For how many seconds a proof is good after it was made."""
    algorithms: Collection[str] = tuple(sorted(ALGORITHMS))
    """Those that proofs may be signed with."""
    most_proofs: int = 200_000
    """Proofs remembered, so that none comes twice, within two windows. Who made as many with one key as there is room
    left for is told to come later: so one key takes half of it at most, and there is always some for others.
    """

    def __repr__(self) -> str:
        return f"<DPoP{' required' if self.required else ''}>"


class WrongProof(Exception):
    """A proof that is missing, or proves nothing."""


class NonceWanted(Exception):
    """A proof without a nonce of this server, or with one that is too old."""


class TooManyProofs(Exception):
    """More proofs than can be remembered."""


class Proofs:
    """Checks proofs, of one application."""

    def __init__(self, rules: DPoP, leeway: float) -> None:
        self._rules = rules
        self._leeway = leeway
        self.algorithms = checked_algorithms(frozenset(rules.algorithms))
        self._seen = _Seen(rules.window + 2 * leeway, rules.most_proofs)
        self._nonces = _Nonces(rules.nonce_key or os.urandom(32)) if rules.nonce else None

    def check(self, proof: str | None, token: str, bound_to: str, method: str, urls: Collection[str]) -> None:
        """Raise unless a proof is one for this token, at one of these URLs: `WrongProof`, `NonceWanted`,
        `TooManyProofs`.
        """
        if proof is None:
            raise WrongProof("there is no proof")
        try:
            self._check(proof, token, bound_to, method, urls)
        except InvalidToken as error:
            raise WrongProof(str(error)) from None

    def _check(self, proof: str, token: str, bound_to: str, method: str, urls: Collection[str]) -> None:
        if len(proof) > _MOST_PROOF:
            raise WrongProof("the proof is too long")
        header = header_of(proof, self.algorithms)
        if header.get("typ") != "dpop+jwt" or not isinstance(header.get("jwk"), dict):
            raise WrongProof("the proof is none")
        key = Key({name: value for name, value in header["jwk"].items() if name not in ("use", "key_ops", "alg")})
        algorithm = header["alg"]
        if not key.fits(algorithm) or not hmac.compare_digest(key.thumbprint.encode(), bound_to.encode()):
            raise WrongProof("the proof is of another key than the token")
        claims = key.payload(proof, algorithm)
        made, name = moment(claims, "iat"), claims.get("jti")
        now = time.time()
        if claims.get("htm") != method or normal(str(claims.get("htu"))) not in urls:
            raise WrongProof("the proof is for another request")
        if claims.get("ath") != _digest(token):
            raise WrongProof("the proof is for another token")
        if made is None or not now - self._rules.window - self._leeway <= made <= now + self._leeway:
            raise WrongProof("the proof is for another time")
        if not isinstance(name, str) or not 0 < len(name) <= 512:
            raise WrongProof("the proof has no name")
        if self._nonces is not None and not self._nonces.good(claims.get("nonce"), now):
            raise NonceWanted
        self._seen.add(bound_to, sha256(name.encode("utf-8", "surrogatepass")).digest()[:16], now)

    def nonce(self) -> str | None:
        """A nonce for the next proof; None where they need none."""
        return None if self._nonces is None else self._nonces.make(time.time())


def _digest(token: str) -> str:
    return urlsafe_b64encode(sha256(token.encode("latin-1")).digest()).rstrip(b"=").decode()


class _Names(dict[str, set[bytes]]):
    """Names that came in one stretch of time, by key."""

    count = 0
    """How many, of all keys together."""


class _Seen:
    """Names that came before: those of this stretch of time, and of the one before it."""

    def __init__(self, seconds: float, most: int) -> None:
        self._seconds = seconds
        self._most = most
        self._until = 0.0
        self._now = _Names()
        self._before = _Names()

    def add(self, key: str, name: bytes, now: float) -> None:
        """Raise `WrongProof` for what came before, `TooManyProofs`."""
        if now >= self._until:
            self._before = self._now if now < self._until + self._seconds else _Names()
            self._now, self._until = _Names(), now + self._seconds
        here, before = self._now.get(key, ()), self._before.get(key, ())
        if name in here or name in before:
            raise WrongProof("the proof came before")
        # To forget some would let those come again; to refuse all alike would let one key keep the others out.
        if len(here) + len(before) >= self._most - self._now.count - self._before.count:
            raise TooManyProofs
        self._now.setdefault(key, set()).add(name)
        self._now.count += 1


class _Nonces:
    """Nonces that say themselves when they were made, so that none has to be remembered."""

    LIFE = 300.0

    def __init__(self, key: bytes) -> None:
        if len(key) < 32:
            raise ValueError("nonce_key: 32 random bytes")
        self._key = key

    def make(self, now: float) -> str:
        made = int(now).to_bytes(8, "big")
        return urlsafe_b64encode(made + self._tag(made)).decode()

    def good(self, nonce: object, now: float) -> bool:
        try:
            data = urlsafe_b64decode(nonce) if isinstance(nonce, str) else b""
        except ValueError:
            return False
        made, tag = data[:8], data[8:]
        return hmac.compare_digest(tag, self._tag(made)) and int.from_bytes(made, "big") > now - self.LIFE

    def _tag(self, made: bytes) -> bytes:
        return hmac.digest(self._key, made, "sha256")[:_TAG]
