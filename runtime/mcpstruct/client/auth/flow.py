"""The authorization code flow (OAuth 2.1, 4.1): the user says yes in a browser, and a code comes back."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TypeAlias
from urllib.parse import parse_qs, urlencode, urlsplit

import anyio

from mcpstruct.base.errors import AuthorizationFailed, DiscoveryFailed, ResponseForged

from .discovery import ServerMetadata
from .loopback import Loopback, OpenUrl, open_url, place_of
from .tokens import tidy

Receive: TypeAlias = Callable[[], Awaitable[str]]
"""Waits for the user's browser to come back; gives the whole URL that it came to."""
_ONCE = ("code", "state", "iss", "error")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One authorization request, and what its response is held against. Kept nowhere else."""

    issuer: str
    sends_issuer: bool
    redirect_uri: str
    state: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(64), repr=False)

    def url(self, server: ServerMetadata, client_id: str, resource: str, scopes: tuple[str, ...]) -> str:
        """Where the user is sent. Raises `DiscoveryFailed`."""
        endpoint = server.authorization_endpoint
        if endpoint is None:
            raise DiscoveryFailed(401, f"{server.issuer} has no place that a user could be sent to")
        if "S256" not in server.challenge_methods:
            raise DiscoveryFailed(401, f"{server.issuer} does not say that it protects codes (PKCE with S256)")
        digest = urlsafe_b64encode(sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": self.redirect_uri,
            "state": self.state,
            "code_challenge": digest,
            "code_challenge_method": "S256",
            "resource": resource,
            **({"scope": " ".join(scopes)} if scopes else {}),
            **({"prompt": "consent"} if "offline_access" in scopes else {}),
        }
        endpoint = endpoint.partition("#")[0]
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(query)}"

    def code(self, query: str) -> str:
        """The code in a response. Raises `ResponseForged`, `AuthorizationFailed`."""
        try:
            found = parse_qs(query, keep_blank_values=True, max_num_fields=100)
        except ValueError:
            found = {}
        if any(len(found.get(name, ())) > 1 for name in _ONCE):
            raise ResponseForged(401, "a response to the authorization request says things twice")
        said = {name: values[0] for name, values in found.items()}
        if not secrets.compare_digest(said.get("state", "").encode(), self.state.encode()):
            raise ResponseForged(401, "a response came to no authorization request of this client")
        issuer = said.get("iss")
        if issuer is None and self.sends_issuer:
            raise ResponseForged(401, "the response does not say who it is of, which this server always says")
        if issuer is not None and issuer != self.issuer:  # to the byte, and before anything else it says is believed
            raise ResponseForged(401, f"the response is not of {self.issuer}")
        if "error" in said:
            told = tidy(said.get("error_description", "")) or "the authorization server said no"
            raise AuthorizationFailed(401, told, error=tidy(said["error"]))
        if not said.get("code"):
            raise AuthorizationFailed(401, "the authorization server answered without a code")
        return said["code"]


class Browser:
    """Sends the user somewhere, and waits for what comes back."""

    def __init__(self, uri: str, *, show: OpenUrl | None, back: Receive | Loopback) -> None:
        self.uri = uri
        self._show = show
        self._back = back

    async def visit(self, url: str, asked: Asked, patience: float | None) -> str:
        """The query that comes back. Raises `AuthorizationFailed` where nothing does in time."""
        with anyio.move_on_after(patience):
            if isinstance(self._back, Loopback):
                return await self._listened(self._back, url, asked.state)
            await open_url(url, self._show)
            return urlsplit(await self._back()).query
        raise AuthorizationFailed(401, f"nobody authorized this client within {patience:g} s")

    async def _listened(self, loopback: Loopback, url: str, state: str) -> str:
        """Show and listen at once: what shows may be what comes back."""
        failure: Exception | None = None
        found = ""
        async with anyio.create_task_group() as group:

            async def show() -> None:
                nonlocal failure
                try:
                    await open_url(url, self._show)
                except Exception as error:
                    failure = error
                    group.cancel_scope.cancel()

            group.start_soon(show)
            found = await loopback.redirect(state)
            group.cancel_scope.cancel()
        if failure is not None:
            raise failure
        return found


@asynccontextmanager
async def browser(
    *, show: OpenUrl | None, receive: Receive | None, redirect_uri: str | None, preferred: str | None
) -> AsyncGenerator[Browser]:
    """A browser, and somewhere for it to come back to: the `preferred` place, if that is free."""
    if receive is not None and redirect_uri is not None:
        yield Browser(redirect_uri, show=show, back=receive)
        return
    loopback = await _loopback(redirect_uri, preferred)
    try:
        yield Browser(redirect_uri or loopback.uri, show=show, back=loopback)
    finally:
        with anyio.CancelScope(shield=True):
            await loopback.aclose()


async def _loopback(redirect_uri: str | None, preferred: str | None) -> Loopback:
    if redirect_uri is not None:
        port, path = place_of(redirect_uri)
        try:
            return await Loopback.open(port, path)
        except OSError as error:
            raise AuthorizationFailed(401, f"port {port}, where the browser is to come back, is taken") from error
    if preferred is not None:
        with suppress(ValueError, OSError):  # another program may have it by now
            return await Loopback.open(place_of(preferred)[0])
    return await Loopback.open()
