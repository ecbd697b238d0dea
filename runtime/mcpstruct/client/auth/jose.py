"""Keys and signatures, all by joserfc, which is not imported before there is something to sign."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, cast

import msgspec

from mcpstruct.base.errors import MissingExtra

ALGORITHM = "ES256"
"""What the keys that are made here are for."""


def _joserfc() -> Any:
    try:
        from joserfc import jwk, jwt
    except ModuleNotFoundError as error:
        raise MissingExtra(f"{error.name} is not installed; keys and signatures need mcpstruct[auth]") from error
    return jwk, jwt


def new_key() -> dict[str, Any]:
    """A fresh private key for ES256, as a JWK. Raises `MissingExtra`."""
    jwk, _ = _joserfc()
    return cast("dict[str, Any]", jwk.ECKey.generate_key("P-256").as_dict(private=True))


def public_part(key: dict[str, Any]) -> dict[str, Any]:
    """The public part of a key, and nothing else of it."""
    found: dict[str, Any] = _imported(msgspec.json.encode(key)).as_dict(private=False)
    return {name: value for name, value in found.items() if name in ("kty", "crv", "x", "y", "n", "e")}


def key_from_pem(pem: str | bytes) -> dict[str, Any]:
    """A private key from a PEM file, as a JWK. Raises `ValueError` for what is none."""
    jwk, _ = _joserfc()
    from joserfc.errors import JoseError

    for kind in ("EC", "RSA", "OKP"):
        try:
            key = jwk.import_key(pem, kind)
        except (JoseError, ValueError, TypeError):
            continue
        if key.is_private:
            return cast("dict[str, Any]", key.as_dict(private=True))
    raise ValueError("no private key that can be read: PEM of an EC, RSA or OKP key without a passphrase")


def signed(header: dict[str, Any], claims: dict[str, Any], key: dict[str, Any]) -> str:
    """A signed JWT. `header` names the algorithm. Raises `MissingExtra`."""
    _, jwt = _joserfc()
    algorithm = header["alg"]
    text: str = jwt.encode(header, claims, _imported(msgspec.json.encode(key)), algorithms=[algorithm])
    return text


def check_key(key: dict[str, Any]) -> None:
    """Raise `ValueError` unless a key signs as those of `new_key` do. Raises `MissingExtra`."""
    try:
        signed({"alg": ALGORITHM}, {}, key)
    except MissingExtra:
        raise
    except Exception:
        raise ValueError("no key to sign with") from None


@lru_cache(8)
def _imported(key: bytes) -> Any:
    jwk, _ = _joserfc()
    return jwk.import_key(msgspec.json.decode(key))
