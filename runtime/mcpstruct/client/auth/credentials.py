"""How a client says who it is at a token endpoint."""

from __future__ import annotations

import secrets
import time
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import quote_plus

from .discovery import ServerMetadata
from .jose import key_from_pem, signed
from .tokens import ClientCredential

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LASTS = 300


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key that a client signs with: PEM, or a JWK. `algorithm` and `kid` go into the header of what it signs.

    Raises `ValueError` for a key that cannot be read, `MissingExtra` without joserfc.
    """

    key: str | bytes | dict[str, Any] = field(repr=False)
    algorithm: str = "ES256"
    kid: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.key, dict):
            object.__setattr__(self, "key", key_from_pem(self.key))

    def assertion(self, client_id: str, audience: str) -> str:
        """A JWT that says that this is the client (RFC 7523)."""
        now = int(time.time())
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": audience,
            "jti": secrets.token_urlsafe(16),
            "iat": now,
            "exp": now + _LASTS,
        }
        header = {"alg": self.algorithm, "typ": "JWT", **({"kid": self.kid} if self.kid else {})}
        return signed(header, claims, cast("dict[str, Any]", self.key))


def auth_method(server: ServerMetadata, *, secret: bool, key: bool) -> str:
    """How to say who this is, of the ways that the authorization server takes."""
    if key:
        return "private_key_jwt"
    if not secret:
        return "none"
    takes = server.auth_methods or ("client_secret_basic",)
    return next((way for way in ("client_secret_basic", "client_secret_post") if way in takes), "client_secret_basic")


def authenticate(
    credential: ClientCredential, audience: str, form: dict[str, str], key: SigningKey | None
) -> dict[str, str]:
    """Put into a form who this is; gives the headers that go with it."""
    secret = credential.client_secret
    if credential.auth_method == "private_key_jwt" and key is not None:
        form["client_id"] = credential.client_id
        form["client_assertion_type"] = _ASSERTION
        form["client_assertion"] = key.assertion(credential.client_id, audience)
    elif credential.auth_method == "client_secret_basic" and secret is not None:
        pair = f"{quote_plus(credential.client_id)}:{quote_plus(secret)}"
        return {"authorization": f"Basic {b64encode(pair.encode()).decode()}"}
    else:
        form["client_id"] = credential.client_id
        if credential.auth_method == "client_secret_post" and secret is not None:
            form["client_secret"] = secret
    return {}
