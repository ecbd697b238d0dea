"""Proof of possession (RFC 9449): tokens bound to a key, and nothing gained by who steals one."""

from __future__ import annotations

import secrets
import time
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

from .jose import new_key, public_part, signed

ALGORITHM = "ES256"
_MOST_ORIGINS = 100


class Proofs:
    """Makes proofs with one key, and remembers the nonces that servers want in them."""

    def __init__(self, key: dict[str, Any] | None = None, algorithm: str = ALGORITHM) -> None:
        self.key = new_key() if key is None else key
        """The private key, as a JWK."""
        self._algorithm = algorithm
        self._public = public_part(self.key)
        self._nonces: dict[str, str] = {}

    def __repr__(self) -> str:
        return "<Proofs>"

    def learn(self, origin: str, nonce: str | None) -> bool:
        """A server of this origin wants a nonce; whether that is news."""
        if not nonce or len(nonce) > 4096 or self._nonces.get(origin) == nonce:
            return False
        if len(self._nonces) >= _MOST_ORIGINS:
            self._nonces.clear()
        self._nonces[origin] = nonce
        return True

    def proof(self, method: str, url: str, origin: str, access_token: str | None = None) -> str:
        """A proof for one request, good for no other."""
        claims: dict[str, Any] = {
            "jti": secrets.token_urlsafe(16),
            "htm": method,
            "htu": url.partition("#")[0].partition("?")[0],
            "iat": int(time.time()),
        }
        if access_token is not None:
            claims["ath"] = urlsafe_b64encode(sha256(access_token.encode()).digest()).rstrip(b"=").decode()
        if (nonce := self._nonces.get(origin)) is not None:
            claims["nonce"] = nonce
        return signed({"alg": self._algorithm, "typ": "dpop+jwt", "jwk": self._public}, claims, self.key)
