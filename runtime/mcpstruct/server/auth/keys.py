"""The keys that an authorization server signs with: fetched when they are wanted, and not too often."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from itertools import islice
from typing import Any

import anyio

from mcpstruct.base.check import is_array, is_object

from .errors import InvalidToken, VerifierUnavailable
from .fetching import fetch, server_metadata
from .jose import Key
from .urls import checked

log = logging.getLogger("mcpstruct")
_MOST_KEYS = 100
_MOST_TRIED = 8
"""Keys that a token is tried with, where it does not say which one signed it."""


def keys_in(document: Mapping[str, Any]) -> list[Key]:
    """The keys of a JWK set that are of use."""
    entries = document.get("keys")
    found: list[Key] = []
    for entry in entries[:_MOST_KEYS] if is_array(entries) else []:
        try:
            found.append(Key(entry if is_object(entry) else {}))
        except InvalidToken:
            continue
    return found


def _matching(keys: list[Key], kid: object, algorithm: str) -> list[Key]:
    """Those that a token may have been signed with."""
    fitting = (key for key in keys if key.fits(algorithm) and kid in (None, key.kid))
    return list(islice(fitting, _MOST_TRIED))


class FixedKeys:
    """Keys of one issuer that are what they are. Raises `ValueError` for a JWK set without any of use."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._keys = keys_in(document)
        if not self._keys:
            raise ValueError("keys: a JWK set with a public key to verify signatures with")

    async def find(self, kid: object, algorithm: str) -> list[Key]:
        """See `KeyRing`."""
        return _matching(self._keys, kid, algorithm)


class KeyRing:
    """The keys of one issuer.

    `jwks_uri` is where they are; None to ask the issuer's metadata. A key that is not known has them fetched anew, at
    most every `pause` seconds, and whatever is older than `max_age` seconds is, too.
    """

    def __init__(self, issuer: str, jwks_uri: str | None, *, pause: float, max_age: float, http: bool) -> None:
        self._issuer = issuer
        self._uri = jwks_uri
        self._pause = pause
        self._max_age = max_age
        self._http = http
        self._keys: list[Key] = []
        self._fetched = self._tried = -float("inf")
        self._lock: anyio.Lock | None = None

    async def find(self, kid: object, algorithm: str) -> list[Key]:
        """The keys that a token may have been signed with. Raises `VerifierUnavailable`."""
        found = _matching(self._keys, kid, algorithm)
        # While somebody fetches them, those that are there have to do: the issuer may not answer for long.
        old = time.monotonic() - self._fetched > self._max_age and not (self._lock and self._lock.locked())
        if not found or old:
            await self._refresh()
            found = _matching(self._keys, kid, algorithm)
        return found

    async def _refresh(self) -> None:
        """Fetch them, unless that was tried a moment ago."""
        self._lock = self._lock or anyio.Lock()
        async with self._lock:
            now = time.monotonic()
            if now - self._tried >= self._pause:
                before, self._tried = self._tried, now
                try:
                    self._keys = await self._fetch()
                    self._fetched = now
                except VerifierUnavailable as error:
                    log.warning("The keys of %s can't be had: %s", self._issuer, error)
                except BaseException:
                    self._tried = before
                    raise
        if not self._keys:
            raise VerifierUnavailable(f"the keys of {self._issuer} can't be had")

    async def _fetch(self) -> list[Key]:
        uri = self._uri
        if uri is None:
            uri = (await server_metadata(self._issuer)).get("jwks_uri")
            try:
                checked(str(uri), "jwks_uri", http=self._http)
            except ValueError as error:
                raise VerifierUnavailable(str(error)) from None
        status, document = await fetch(str(uri))
        keys = keys_in(document)
        if status != 200 or not keys:
            raise VerifierUnavailable(f"no keys at {str(uri).partition('?')[0]} (status {status})")
        return keys
