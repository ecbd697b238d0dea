"""The `requestState` of an input-required result, sealed: what a server hands its client to keep between two rounds.

The client echoes it, and so may anybody who got hold of it, altered or not. A sealed state opens only unaltered, in
time, for the same principal, on the same request. Two things it does not do: it hides nothing, since the payload is
signed and not encrypted (nothing secret belongs in it); and it opens as often as it is shown until it expires, so who
must act once only has to remember that on the server.

The specification asks for this in 2026-07-28/basic/patterns/mrtr, "Server Requirements".
"""

from __future__ import annotations

import hmac
import math
import os
import threading
import time
from base64 import urlsafe_b64encode
from binascii import Error as NotBase64
from binascii import a2b_base64
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Raw, Struct

from mcpstruct.base.errors import INVALID_PARAMS, LimitExceeded, McpError, Problem

Reason: TypeAlias = Literal["malformed", "forged", "expired", "principal", "request"]
_EXPLANATIONS: dict[Reason, str] = {
    "malformed": "it is not a state of this server",
    "forged": "it was altered, or sealed with another key",
    "expired": "it has expired",
    "principal": "it was given to somebody else",
    "request": "it belongs to another request",
}


class StateRefused(McpError, ValueError):
    """A client showed a `requestState` that does not open; `reason` is why. It never holds the state itself."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason

    def __str__(self) -> str:
        return f"requestState refused: {_EXPLANATIONS[self.reason]}"


class StateTooLarge(McpError, ValueError):
    """A handler's state and the answers so far don't fit into a `requestState`; `limit` is in bytes, sealed."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(size, limit)
        self.size = size
        self.limit = limit

    def __str__(self) -> str:
        return f"the requestState takes {self.size} bytes when sealed, and the limit is {self.limit}"


# -- sealing -----------------------------------------------------------------------------------------------------------

# A sealed state is, in base64: version (1 byte), expiry (8: Unix time in ms), principal (16), request (16), payload,
# tag (32). Principal and request stand there as fingerprints under a key, so that nobody can try names against them.
_VERSION = b"\x01"
_HEAD = 1 + 8 + 16 + 16
_TAG = 32
_WEAKEST_KEY = 32


def new_key() -> bytes:
    """A random key."""
    return os.urandom(_WEAKEST_KEY)


class _Keys:
    """What one secret serves for: a key to sign with, and one to take fingerprints with."""

    def __init__(self, secret: bytes) -> None:
        self._signing = hmac.digest(secret, b"mcpstruct requestState: sign", "sha256")
        self._naming = hmac.digest(secret, b"mcpstruct requestState: name", "sha256")

    def sign(self, data: bytes) -> bytes:
        return hmac.digest(self._signing, data, "sha256")

    def principal(self, principal: str | None) -> bytes:
        name = b"nobody" if principal is None else b"somebody " + principal.encode("utf-8", "surrogatepass")
        return blake2b(name, key=self._naming, digest_size=16, person=b"principal").digest()

    def request(self, method: str, digest: bytes) -> bytes:
        name = method.encode() + b"\0" + digest
        return blake2b(name, key=self._naming, digest_size=16, person=b"request").digest()


class StateSealer:
    """Seals the state of a request for its client to keep, and opens what comes back.

    Of `keys`, 32 random bytes each or more, the first seals and all open: to change keys, put the new one in front and
    take the old one away `ttl` seconds later. Servers that share the work of one endpoint share their keys. Without
    any, a random one is made when it is first wanted, and no state outlives the process.

    `ttl` is how long a state opens, in seconds; `max_bytes` bounds it as it travels. Raises `ValueError` for a key
    that is too short.
    """

    def __init__(
        self,
        keys: Sequence[bytes] | None = None,
        *,
        ttl: float = 600.0,
        max_bytes: int = 64 * 1024,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if keys is not None and not keys:
            raise ValueError("no keys: name at least one, or pass None for a random one")
        if any(len(key) < _WEAKEST_KEY for key in keys or ()):
            raise ValueError(f"a key is at least {_WEAKEST_KEY} random bytes long")
        if not 0 < ttl < math.inf:
            raise ValueError("ttl is a finite number of seconds above 0")
        self.ttl = ttl
        self.max_bytes = max_bytes
        self._clock = clock
        self._keys = tuple(map(_Keys, keys or ()))
        self._lock = threading.Lock()

    def seal(self, payload: bytes, *, principal: str | None, method: str, digest: bytes) -> str:
        """The payload as a `requestState` for this principal and this request (see `digest_of`).

        Raises `StateTooLarge`.
        """
        keys = self._ring()[0]
        expiry = int((self._clock() + self.ttl) * 1000).to_bytes(8, "big")
        data = b"".join((_VERSION, expiry, keys.principal(principal), keys.request(method, digest), payload))
        state = urlsafe_b64encode(data + keys.sign(data)).rstrip(b"=").decode()
        if len(state) > self.max_bytes:
            raise StateTooLarge(len(state), self.max_bytes)
        return state

    def open(self, state: str, *, principal: str | None, method: str, digest: bytes) -> bytes:
        """The payload of a state that came back. Raises `StateRefused`."""
        data, tag = self._split(state)
        keys = self._signer(data, tag)
        if int.from_bytes(data[1:9], "big") <= self._clock() * 1000:
            raise StateRefused("expired")
        if not hmac.compare_digest(data[9:25], keys.principal(principal)):
            raise StateRefused("principal")
        if not hmac.compare_digest(data[25:41], keys.request(method, digest)):
            raise StateRefused("request")
        return data[_HEAD:]

    def _split(self, state: str) -> tuple[bytes, bytes]:
        if len(state) > self.max_bytes:
            raise StateRefused("malformed")
        try:
            encoded = state.encode("ascii")
            whole = a2b_base64(encoded.translate(_FROM_URL_SAFE) + b"=" * (-len(encoded) % 4))
        except (UnicodeEncodeError, NotBase64):
            raise StateRefused("malformed") from None
        # The decoder skips what it doesn't know, and ignores bits at the end: only one spelling of a state is good.
        same = urlsafe_b64encode(whole).rstrip(b"=") == encoded
        if not same or len(whole) < _HEAD + _TAG or whole[:1] != _VERSION:
            raise StateRefused("malformed")
        return whole[:-_TAG], whole[-_TAG:]

    def _signer(self, data: bytes, tag: bytes) -> _Keys:
        for keys in self._ring():
            if hmac.compare_digest(keys.sign(data), tag):
                return keys
        raise StateRefused("forged")

    def adopt(self, key: bytes) -> None:
        """Use this key, unless there are any."""
        with self._lock:
            self._keys = self._keys or (_Keys(key),)

    def _ring(self) -> tuple[_Keys, ...]:
        if not self._keys:
            with self._lock:
                self._keys = self._keys or (_Keys(new_key()),)
        return self._keys


_FROM_URL_SAFE = bytes.maketrans(b"-_", b"+/")


# -- what the state is bound to ----------------------------------------------------------------------------------------

_NOT_SALIENT = frozenset({"_meta", "inputResponses", "requestState"})
_sorted = msgspec.json.Encoder(order="sorted")


def digest_of(method: str, params: Struct | Mapping[str, Any] | None) -> bytes:
    """A digest of what a request asks for: its method and all of its params that do not change between rounds.

    `_meta`, `inputResponses` and `requestState` do change; absent and None are the same, and so are two orders of keys.
    Raises `LimitExceeded` where they nest too deep to be encoded.
    """
    salient = {name: value for name, value in _fields(params) if name not in _NOT_SALIENT and value is not None}
    try:
        return blake2b(_sorted.encode((method, salient)), digest_size=32).digest()
    except RecursionError:
        problem = Problem("/params", "nesting within the interpreter's recursion limit", "deeper")
        raise LimitExceeded(problem, code=INVALID_PARAMS, method=method) from None


def _fields(params: Struct | Mapping[str, Any] | None) -> list[tuple[str, Any]]:
    if isinstance(params, Struct):
        names = zip(params.__struct_encode_fields__, params.__struct_fields__, strict=True)
        return [(name, getattr(params, attribute)) for name, attribute in names if name not in _NOT_SALIENT]
    return list((params or {}).items())


# -- what the state holds ----------------------------------------------------------------------------------------------


class Round(Struct, kw_only=True, omit_defaults=True):
    """What a server wants to know again when a request comes back: the payload of its `requestState`."""

    number: int = 1
    """Which round this state was sealed in, from 1."""
    asked: list[str] = []
    """The keys of what was asked at its end."""
    answers: dict[str, Raw] = {}
    """Answers of earlier rounds by the key of what was asked, as the client gave them: JSON."""
    state: Raw = Raw()
    """The author's own, as JSON; empty where there is none."""

    def encode(self) -> bytes:
        """The round as bytes to seal."""
        return _to_json(self)

    @classmethod
    def decode(cls, payload: bytes) -> Round:
        """The round in the bytes of a state that opened. Raises `StateRefused` if an earlier release wrote others."""
        try:
            return _from_json(payload)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            raise StateRefused("malformed") from None


_to_json = msgspec.json.Encoder().encode
_from_json = msgspec.json.Decoder(Round).decode
_from_list = msgspec.json.Decoder(list[str]).decode


def unsealed(asked: list[str]) -> str:
    """The state of a round after which nothing is kept but the keys of what was asked, as a list in JSON.

    It needs no seal, and servers that share their work without sharing keys understand each other's: all that depends
    on it is which reports the client is taken to have had.
    """
    return _to_json(asked).decode()


def listed_keys(state: str) -> list[str] | None:
    """The keys in an `unsealed` state; None where it is another. Raises `StateRefused` for one that was altered."""
    if not state.startswith("["):
        return None
    try:
        return _from_list(state)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise StateRefused("malformed") from None
