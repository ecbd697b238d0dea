"""Tokens and credentials, and where they are kept."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol, TypeVar

import anyio
import msgspec
from msgspec import Struct

from mcpstruct.base.errors import TokenRefused

from .discovery import ServerMetadata
from .fetching import Answer
from .jose import check_key

log = logging.getLogger("mcpstruct.auth")
T = TypeVar("T")
AHEAD = 60.0
"""Most seconds before its end that a token is replaced; less for tokens that do not last ten times as long."""
_LONGEST = 10 * 365 * 86_400.0


class Tokens(Struct, frozen=True, omit_defaults=True):
    """What gives the right to call one server."""

    access_token: str
    server: ServerMetadata
    """Who issued it."""
    resource: str
    client_id: str
    token_type: str = "Bearer"  # noqa: S105
    scopes: tuple[str, ...] = ()
    """Every scope that was asked for."""
    obtained: float = 0.0
    """When, in seconds since 1970."""
    expires: float | None = None
    refresh_token: str | None = None
    key: dict[str, Any] | None = None
    """The private key that it is bound to, as a JWK."""

    def __post_init__(self) -> None:
        """Raises `ValueError` for what can't be sent, so that nothing of the kind comes out of a store."""
        bound = self.token_type == "DPoP"  # noqa: S105
        if not fit_for_header(self.access_token) or bound != (self.key is not None):
            raise ValueError("no token that can be used")
        if self.key is not None:
            check_key(self.key)

    def __repr__(self) -> str:
        return f"<Tokens of {self.server.issuer} for {self.resource}>"

    @property
    def due(self) -> bool:
        """Whether it is time for another one."""
        if self.expires is None:
            return False
        return time.time() >= self.expires - min(AHEAD, (self.expires - self.obtained) / 10)

    @property
    def expired(self) -> bool:
        """Whether it is good for nothing."""
        return self.expires is not None and time.time() >= self.expires


class ClientCredential(Struct, frozen=True, omit_defaults=True):
    """What an authorization server knows this client by."""

    issuer: str
    client_id: str
    client_secret: str | None = None
    auth_method: str = "none"
    redirect_uri: str | None = None
    expires: float | None = None

    def __repr__(self) -> str:
        return f"<ClientCredential {self.client_id} at {self.issuer}>"


class TokenStore(Protocol):
    """Keeps tokens and credentials, which are secret, under names."""

    async def load(self, name: str) -> bytes | None:
        """What was saved under a name."""
        ...

    async def save(self, name: str, data: bytes | None) -> None:
        """Keep it under a name; None takes away what is there."""
        ...

    def lock(self, name: str) -> AbstractAsyncContextManager[None]:
        """Nobody else who uses the same store is within a lock of this name at the same time."""
        ...


class MemoryTokenStore:
    """Keeps them as long as it lives."""

    def __init__(self) -> None:
        self._data: dict[str, bytes] = {}
        self._locks: dict[str, tuple[anyio.Lock, int]] = {}

    async def load(self, name: str) -> bytes | None:
        """See `TokenStore`."""
        return self._data.get(name)

    async def save(self, name: str, data: bytes | None) -> None:
        """See `TokenStore`."""
        if data is None:
            self._data.pop(name, None)
        else:
            self._data[name] = data

    @asynccontextmanager
    async def lock(self, name: str) -> AsyncGenerator[None]:
        """See `TokenStore`."""
        lock, users = self._locks.get(name, (anyio.Lock(), 0))
        self._locks[name] = lock, users + 1
        try:
            async with lock:
                yield
        finally:
            lock, users = self._locks[name]
            self._locks[name] = lock, users - 1
            if users == 1:
                del self._locks[name]


async def load(store: TokenStore, name: str, kind: type[T]) -> T | None:
    """What a store has under a name; None where it has nothing that can be read."""
    data = await store.load(name)
    if data is None:
        return None
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


async def save(store: TokenStore, name: str, value: Struct | None) -> None:
    """Keep a value under a name; None takes it away. What can't be kept is used all the same, while it lasts."""
    try:
        await store.save(name, None if value is None else msgspec.json.encode(value))
    except Exception as error:
        log.warning("Tokens or credentials could not be kept: %s", type(error).__name__)


def tokens_from(
    answer: Answer,
    *,
    server: ServerMetadata,
    resource: str,
    client_id: str,
    scopes: tuple[str, ...],
    key: dict[str, Any] | None,
) -> Tokens:
    """The tokens in an answer of a token endpoint. Raises `TokenRefused`."""
    refuse_errors(answer)
    access, kind = answer.text("access_token"), answer.text("token_type") or "Bearer"
    if access is None or not fit_for_header(access):
        raise TokenRefused(answer.status, "the token endpoint answered without a token that can be used")
    if kind.lower() not in ("bearer", "dpop"):
        raise TokenRefused(answer.status, f"the token endpoint gave a token of an unknown type: {kind!r:.50}")
    if (kind.lower() == "dpop") != (key is not None):
        raise TokenRefused(answer.status, f"a token of type {kind} was given, bound to " + ("no key" if key else "one"))
    now, lasts = time.time(), positive(answer.body.get("expires_in"), _LONGEST)
    return Tokens(
        access,
        server,
        resource,
        client_id,
        token_type="DPoP" if kind.lower() == "dpop" else "Bearer",
        scopes=scopes,
        obtained=now,
        expires=None if lasts is None else now + lasts,
        refresh_token=answer.text("refresh_token"),
        key=key,
    )


def refuse_errors(answer: Answer) -> None:
    """Raise `TokenRefused` for an answer that is an error."""
    error = answer.text("error")
    if answer.status == 200 and error is None:
        return
    said = answer.text("error_description") or f"the token endpoint answered with status {answer.status}"
    raise TokenRefused(answer.status, tidy(said), error=tidy(error) if error else None)


def tidy(text: str) -> str:
    """What another side says, fit to be shown: no control characters, and not without end."""
    return "".join(char if char.isprintable() else " " for char in text[:300])


def fit_for_header(token: str) -> bool:
    """Whether a token can be sent in a header."""
    return bool(token) and token.isascii() and token.isprintable() and " " not in token


def positive(value: object, most: float) -> float | None:
    """A number above zero, cut to `most`; None for anything else. Some servers write numbers as text."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:12])
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
        return None
    return float(min(value, most))
