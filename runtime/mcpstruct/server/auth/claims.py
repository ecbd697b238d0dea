"""What is claimed with a token, and whether it is good here and now."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any

from mcpstruct.base.check import is_array, is_object
from mcpstruct.session.principal import Principal

from .errors import InvalidToken


def texts(value: object) -> list[str]:
    """A claim that is a text, or a list of such, as a list."""
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if is_array(value) else []


def scopes_of(claims: Mapping[str, Any]) -> frozenset[str]:
    """The scopes, under either of the two names that are in use, as one text or a list."""
    return frozenset(
        scope for name in ("scope", "scp") for text in texts(claims.get(name)) for scope in text.split(" ") if scope
    )


def check_claims(
    claims: Mapping[str, Any], issuers: Collection[str], audiences: Collection[str], now: float, leeway: float
) -> None:
    """Raise `InvalidToken` for what was said by somebody else, to somebody else, or for another time.

    Issuer and audience have to be there. Whoever sees to it that expired tokens do not get here may leave that out.
    """
    if claims.get("iss") not in issuers:
        raise InvalidToken("the token is from another issuer")
    if not any(audience in audiences for audience in texts(claims.get("aud"))):
        raise InvalidToken("the token is for another audience")
    expiry, start = moment(claims, "exp"), moment(claims, "nbf")
    if expiry is not None and expiry + leeway <= now:
        raise InvalidToken("the token has expired")
    if start is not None and start - leeway > now:
        raise InvalidToken("the token is not good yet")


def moment(claims: Mapping[str, Any], name: str) -> float | None:
    """A claim that is a time; None where there is none. Raises `InvalidToken` for anything else."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        with suppress(OverflowError):  # JSON has numbers that no float can hold
            if math.isfinite(value):
                return float(value)
    raise InvalidToken(f"{name} is no time")


def principal_of(claims: Mapping[str, Any]) -> Principal:
    """Whom checked claims are about. Raises `InvalidToken` where they do not say."""
    client = next((c for name in ("client_id", "azp") if isinstance(c := claims.get(name), str) and c), None)
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        subject = client
    if subject is None:
        raise InvalidToken("the token does not say whose it is")
    return Principal(
        subject=subject,
        issuer=claims["iss"],
        scopes=scopes_of(claims),
        client_id=client,
        expires_at=moment(claims, "exp"),
        claims=claims,
    )


def key_bound(claims: Mapping[str, Any]) -> str | None:
    """The thumbprint of the key that a token is bound to; None where it is to none.

    Raises `InvalidToken` for one that is bound in a way that is not known here.
    """
    bound = claims.get("cnf")
    if bound is None:
        return None
    thumbprint = bound.get("jkt") if is_object(bound) else None
    if not isinstance(thumbprint, str) or not thumbprint:
        raise InvalidToken("the token is bound to something that is not understood here")
    return thumbprint
