"""Who says whether a token is genuine: the keys of its issuer, or the issuer itself."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Awaitable, Callable, Collection, Mapping
from hashlib import sha256
from typing import Any, TypeAlias
from urllib.parse import quote_plus

import anyio

from mcpstruct.session.principal import Principal

from .errors import InvalidToken, VerifierUnavailable
from .fetching import fetch, server_metadata
from .jose import ALGORITHMS, MOST_TOKEN, check_extra, checked_algorithms, header_of, unverified_issuer
from .keys import FixedKeys, KeyRing
from .urls import checked

Verdict: TypeAlias = Mapping[str, Any] | Principal | None
Verify: TypeAlias = Callable[[str], Verdict | Awaitable[Verdict]]
"""Says of a token what is claimed with it, or whose it is; None, or `InvalidToken`, if it is not good.

Claims are held to issuer, audience and times. A `Principal` is taken as it is, until it expires.
"""
_TYPES = ("at+jwt", "application/at+jwt", "jwt", "")
_MOST_AT_ONCE = 32
REFUSED_FOR = 10.0
"""Most seconds that a token is taken for no good without asking its issuer again."""
MOST_REFUSED = 1024


class Verifier(ABC):
    """A verifier that needs to know more than the token."""

    remember: float = 0.0
    """For how many seconds its verdicts may be taken as they were."""

    @abstractmethod
    def of(self, issuers: tuple[str, ...], audience: str, *, http: bool) -> Verify:
        """The verifier of tokens of these issuers, for one application. Raises `ValueError`, `MissingExtra`."""


def _only(issuers: tuple[str, ...], otherwise: str) -> str:
    if len(issuers) != 1:
        raise ValueError(otherwise)
    return issuers[0]


class JwtVerifier(Verifier):
    """For tokens that are signed JWTs.

    `jwks_uri` is where the issuer's keys are, or one place an issuer; by default, its metadata says. They are fetched
    when a token names a key that is not known, at most every `pause` seconds, and anew after `max_age` seconds. `keys`
    is a JWK set that is used instead, or one an issuer, and never fetched. `types` are the values of `typ` that are let
    in.
    """

    def __init__(
        self,
        *,
        jwks_uri: str | Mapping[str, str] | None = None,
        keys: Mapping[str, Any] | None = None,
        algorithms: Collection[str] = ALGORITHMS,
        types: Collection[str] = _TYPES,
        pause: float = 10.0,
        max_age: float = 3600.0,
        remember: float = 300.0,
    ) -> None:
        self._uri = jwks_uri
        self._keys = keys
        self._algorithms = checked_algorithms(frozenset(algorithms))
        self._types = frozenset(name.lower() for name in types)
        self._pause = pause
        self._max_age = max_age
        self.remember = remember

    def of(self, issuers: tuple[str, ...], audience: str, *, http: bool) -> Verify:
        """See `Verifier`."""
        check_extra()
        uris = self._uri
        if isinstance(uris, str):
            uris = {_only(issuers, "jwks_uri: one place an issuer, by its name"): uris}
        for uri in (uris or {}).values():
            checked(uri, "jwks_uri", http=http)
        sets = self._keys
        if sets is not None and "keys" in sets:
            sets = {_only(issuers, "keys: one set an issuer, by its name, or each could sign for the others"): sets}
        rings: dict[str, KeyRing | FixedKeys] = {}
        for issuer in issuers:
            if sets is not None:
                rings[issuer] = FixedKeys(sets.get(issuer, {}))
            else:
                place = (uris or {}).get(issuer)
                rings[issuer] = KeyRing(issuer, place, pause=self._pause, max_age=self._max_age, http=http)
        return _Jwt(self._algorithms, self._types, rings).verify


class _Jwt:
    def __init__(
        self, algorithms: frozenset[str], types: frozenset[str], rings: Mapping[str, KeyRing | FixedKeys]
    ) -> None:
        self._algorithms = algorithms
        self._types = types
        self._rings = rings

    async def verify(self, token: str) -> Mapping[str, Any]:
        header = header_of(token, self._algorithms)
        kind = header.get("typ", "")
        if not isinstance(kind, str) or kind.lower() not in self._types:
            raise InvalidToken("a JWT that is no access token")
        ring = self._rings.get(unverified_issuer(token))
        if ring is None:
            raise InvalidToken("the token is from another issuer")
        algorithm = header["alg"]
        for key in await ring.find(header.get("kid"), algorithm):
            try:
                claims = key.payload(token, algorithm)
            except InvalidToken:
                continue
            if claims.get("exp") is None:
                raise InvalidToken("the token has no expiry")
            return claims
        raise InvalidToken("the token is signed by no key of its issuer")


class IntrospectionVerifier(Verifier):
    """For tokens that only their issuer can read: it is asked (RFC 7662).

    `client_id` and `client_secret` are those of this server at the issuer; `bearer` is a token in their place.
    `endpoint` is where to ask; by default, the issuer's metadata says. `remember` is for how many seconds an answer is
    good, so long goes a token on that was revoked; "no" is good for 10 s at most. Where the issuer tells nobody of
    audiences, and says that a token is active only to whom it is meant for, `tells_audience` is False.
    """

    def __init__(
        self,
        *,
        client_id: str | None = None,
        client_secret: str | None = None,
        bearer: str | None = None,
        endpoint: str | None = None,
        tells_audience: bool = True,
        remember: float = 60.0,
    ) -> None:
        if (bearer is None) == (client_id is None or client_secret is None):
            raise ValueError("the issuer wants to know who asks: client_id and client_secret, or bearer")
        self._endpoint = endpoint
        self._tells_audience = tells_audience
        self.remember = remember
        if client_id is not None and client_secret is not None:
            pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}"
            self._authorization = f"Basic {b64encode(pair.encode()).decode()}"
        else:
            self._authorization = f"Bearer {bearer}"

    def __repr__(self) -> str:
        return "<IntrospectionVerifier>"

    def of(self, issuers: tuple[str, ...], audience: str, *, http: bool) -> Verify:
        """See `Verifier`."""
        issuer = _only(issuers, "an opaque token does not say which issuer to ask: name one")
        if self._endpoint is not None:
            checked(self._endpoint, "the endpoint", http=http)
        assumed = None if self._tells_audience else audience
        return _Introspection(issuer, self._endpoint, self._authorization, assumed, self.remember, http).verify


class _Introspection:
    def __init__(
        self,
        issuer: str,
        endpoint: str | None,
        authorization: str,
        audience: str | None,
        remember: float,
        http: bool,
    ) -> None:
        self._issuer = issuer
        self._endpoint = endpoint
        self._authorization = authorization
        self._audience = audience
        self._remember = remember
        self._http = http
        self._refused: dict[bytes, float] = {}
        """Digests of tokens that are no good, and until when that is taken for granted."""
        self._limiter: anyio.CapacityLimiter | None = None

    def __repr__(self) -> str:
        return f"<introspection at {self._issuer}>"

    async def verify(self, token: str) -> Verdict:
        if len(token) > MOST_TOKEN:
            raise InvalidToken("the token is too long")
        digest = sha256(token.encode()).digest()
        if self._refused.get(digest, 0.0) > time.monotonic():
            return None
        self._limiter = self._limiter or anyio.CapacityLimiter(_MOST_AT_ONCE)
        async with self._limiter:
            form = {"token": token, "token_type_hint": "access_token"}
            status, found = await fetch(await self._where(), form, {"authorization": self._authorization})
        if status != 200 or not isinstance(found.get("active"), bool):
            raise VerifierUnavailable(f"{self._issuer} does not tell of tokens (status {status})")
        if not found["active"]:
            self._refuse(digest)
            return None
        claims = {"iss": self._issuer, **found}
        if self._audience is not None:
            claims.setdefault("aud", self._audience)
        return claims

    def _refuse(self, digest: bytes) -> None:
        refused = self._refused
        refused.pop(digest, None)
        if len(refused) >= MOST_REFUSED:
            del refused[next(iter(refused))]
        refused[digest] = time.monotonic() + min(REFUSED_FOR, self._remember)

    async def _where(self) -> str:
        if self._endpoint is None:
            endpoint = (await server_metadata(self._issuer)).get("introspection_endpoint")
            try:
                checked(str(endpoint), "introspection_endpoint", http=self._http)
            except ValueError as error:
                raise VerifierUnavailable(str(error)) from None
            self._endpoint = str(endpoint)
        return self._endpoint
