"""Proof of possession (RFC 9449): tokens bound to a key, and nothing gained by who steals one."""

from __future__ import annotations

import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from mcpstruct.transport.http.base import HttpRequest

from .jose import ALGORITHM, new_key, public_part, signed
from .safety import origin

_MOST_ORIGINS = 100
_MOST_NONCES = 2


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

    def learn(self, url: str, nonce: str | None) -> bool:
        """A server wants a nonce in proofs that it gets, at this URL and others; whether that is news."""
        where = origin(url)
        if not nonce or len(nonce) > 4096 or self._nonces.get(where) == nonce:
            return False
        if len(self._nonces) >= _MOST_ORIGINS:
            self._nonces.clear()
        self._nonces[where] = nonce
        return True

    def may_go_again(self, request: HttpRequest, headers: Mapping[str, str]) -> bool:
        """Whether a request that was refused for want of a nonce is worth another try."""
        tries: int = request.notes.get("nonces", 0)
        request.notes["nonces"] = tries + 1
        self.learn(request.url, headers.get("dpop-nonce"))
        # The nonce may be known by now from another request; what counts is that this one went without it.
        return tries < _MOST_NONCES and self._nonces.get(origin(request.url)) != request.notes.get("nonce")

    def show(self, request: HttpRequest, access_token: str) -> None:
        """Put a token on a request, and the proof that goes with it."""
        request.notes["nonce"] = self._nonces.get(origin(request.url))
        request.headers["authorization"] = f"DPoP {access_token}"
        request.headers["dpop"] = self.proof(request.method, request.url, access_token)

    def proof(self, method: str, url: str, access_token: str | None = None) -> str:
        """A proof for one request, good for no other."""
        claims: dict[str, Any] = {
            "jti": secrets.token_urlsafe(16),
            "htm": method,
            "htu": url.partition("#")[0].partition("?")[0],
            "iat": int(time.time()),
        }
        if access_token is not None:
            claims["ath"] = urlsafe_b64encode(sha256(access_token.encode()).digest()).rstrip(b"=").decode()
        if (nonce := self._nonces.get(origin(url))) is not None:
            claims["nonce"] = nonce
        return signed({"alg": self._algorithm, "typ": "dpop+jwt", "jwk": self._public}, claims, self.key)
