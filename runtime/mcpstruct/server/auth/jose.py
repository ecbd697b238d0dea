"""Signatures and keys, all by joserfc, which is not imported before there is something to verify."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import msgspec

from mcpstruct.base.check import is_array, is_object
from mcpstruct.base.errors import MissingExtra

from .errors import InvalidToken

if TYPE_CHECKING:
    from joserfc.jws import JWSRegistry

ALGORITHMS = frozenset(
    ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
)
"""Those of key pairs: with any other, who can verify can sign as well."""
MOST_TOKEN = 16 * 1024
"""How long a token may be."""
_KINDS = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
_RSA_BITS = range(2048, 8193)
_SECRET = frozenset(("d", "p", "q", "dp", "dq", "qi", "oth", "k"))


def check_extra() -> None:
    """Raise `MissingExtra` unless signatures can be verified."""
    if find_spec("joserfc") is None:
        raise MissingExtra("joserfc is not installed; tokens need mcpstruct[auth] to be verified")


def checked_algorithms(algorithms: frozenset[str]) -> frozenset[str]:
    """Raise `ValueError` for algorithms that are not those of key pairs."""
    if not algorithms or algorithms - ALGORITHMS:
        raise ValueError(f"algorithms: some of {', '.join(sorted(ALGORITHMS))}")
    return algorithms


class Key:
    """A public key, and what it is for."""

    __slots__ = ("_key", "_only", "kid", "kind", "thumbprint")

    def __init__(self, jwk: Mapping[str, Any]) -> None:
        """Raises `InvalidToken` for what is no public key to verify signatures with."""
        from joserfc.errors import JoseError
        from joserfc.jwk import import_key

        secret, use, operations = _SECRET & jwk.keys(), jwk.get("use", "sig"), jwk.get("key_ops", ["verify"])
        signs = use == "sig" and is_array(operations) and "verify" in operations
        if secret or jwk.get("kty") not in _KINDS.values() or not signs:
            raise InvalidToken("no public key for signatures")
        # Other members are of no concern, and may be anything.
        plain = {name: jwk[name] for name in ("kty", "crv", "x", "y", "n", "e") if isinstance(jwk.get(name), str)}
        if plain["kty"] == "RSA" and len(plain.get("n", "")) * 6 // 8 * 8 not in _RSA_BITS:
            raise InvalidToken("a key of RSA that is too short, or too long")
        try:
            self._key: Any = import_key(plain)
            self.thumbprint: str = self._key.thumbprint()
        except (JoseError, ValueError, TypeError, KeyError):
            raise InvalidToken("no key that can be read") from None
        self.kind: str = plain.get("crv", "RSA") if plain["kty"] == "EC" else plain["kty"]
        self.kid: Any = jwk.get("kid")
        self._only: Any = jwk.get("alg")

    def fits(self, algorithm: str) -> bool:
        """Whether it is one for this algorithm."""
        return self._only in (None, algorithm) and self.kind == _CURVES.get(algorithm, _KINDS[algorithm[:2]])

    def payload(self, token: str, algorithm: str) -> dict[str, Any]:
        """What a JWT says, where this key signed it. Raises `InvalidToken`."""
        from joserfc.errors import JoseError
        from joserfc.jws import deserialize_compact

        try:
            signed = deserialize_compact(token, self._key, registry=_registry(algorithm))
            claims: Any = msgspec.json.decode(signed.payload)
        except (JoseError, ValueError, TypeError, RecursionError, msgspec.MsgspecError):
            raise InvalidToken("the signature is wrong") from None
        if not is_object(claims):
            raise InvalidToken("no object of claims")
        return claims


@cache
def _registry(algorithm: str) -> JWSRegistry:
    """What joserfc is to allow of a token."""
    from joserfc.errors import UnsupportedAlgorithmError
    from joserfc.jws import JWSRegistry

    class OneAlgorithm(JWSRegistry):
        max_header_length = MOST_TOKEN  # the key of a proof is in its header

        def get_alg(self, name: str) -> Any:
            """The one, without a warning for an old name of it."""
            if name != algorithm:
                raise UnsupportedAlgorithmError(name)
            return self.algorithms[name]

    # Headers of others' making are of no concern: what counts has been looked at.
    return OneAlgorithm(algorithms=[algorithm], strict_check_header=False)


def header_of(token: str, algorithms: frozenset[str]) -> dict[str, Any]:
    """The header of a JWT, with an algorithm that is allowed. Raises `InvalidToken`."""
    if len(token) > MOST_TOKEN or token.count(".") != 2:
        raise InvalidToken("no signed JWT")
    header = _part(token, 0)
    if "crit" in header or "b64" in header:
        raise InvalidToken("no signed JWT that is understood here")
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise InvalidToken("an algorithm that is not allowed")
    return header


def unverified_issuer(token: str) -> str:
    """Who a JWT says that it is from, which is good for nothing but to find the keys to verify it with.

    Raises `InvalidToken`.
    """
    issuer = _part(token, 1).get("iss")
    if not isinstance(issuer, str):
        raise InvalidToken("the token is from nobody")
    return issuer


def _part(token: str, number: int) -> dict[str, Any]:
    encoded = token.split(".")[number]
    try:
        found: Any = msgspec.json.decode(urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    except (ValueError, RecursionError, msgspec.MsgspecError):
        found = None
    if not is_object(found):
        raise InvalidToken("no signed JWT")
    return found
