"""How an authorization server comes to know this client."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from mcpstruct.base.errors import RegistrationFailed, UnsafeUrl

from .credentials import SigningKey, auth_method
from .discovery import ServerMetadata
from .fetching import Answer, Fetcher
from .safety import is_own_name, split
from .tokens import ClientCredential, TokenStore, load, positive, save, tidy

_LAST_DAY = 1e12


@dataclass(frozen=True, slots=True, kw_only=True)
class Registrar:
    """Finds what an authorization server knows this client by, or makes itself known.

    Credentials belong to one authorization server, by its issuer, and no other ever sees them.
    """

    store: TokenStore
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    key: SigningKey | None = None
    method: str | None = None
    issuer: str | None = None
    """The authorization server that the client is registered with beforehand."""
    metadata_url: str | None = None
    """The client's own metadata document."""
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What is registered beyond what is needed, such as `client_name`."""

    def __post_init__(self) -> None:
        if self.metadata_url is not None and not _is_document(self.metadata_url):
            raise ValueError("a client's metadata document has a URL of https, with a path")

    async def home(self) -> str | None:
        """The authorization server that has the credential agreed beforehand: the one named, or else the first that
        gave tokens for it; None where that is not settled."""
        if self.issuer is not None or self.client_id is None:
            return self.issuer
        found = await load(self.store, _home(self.client_id), ClientCredential)
        return None if found is None else found.issuer

    async def settle(self, issuer: str) -> None:
        """An authorization server gave tokens: from now on, the credential agreed beforehand is its own."""
        if self.client_id is not None and await self.home() is None:
            await save(self.store, _home(self.client_id), ClientCredential(issuer, self.client_id))

    async def own(self, server: ServerMetadata) -> ClientCredential | None:
        """What the client has without being registered. Raises `RegistrationFailed` where another server has it."""
        if self.client_id is None:
            if self.metadata_url is None or not server.takes_metadata_documents:
                return None
            method = "private_key_jwt" if self.key is not None else "none"
            return ClientCredential(server.issuer, self.metadata_url, None, method)
        home = await self.home()
        if home not in (None, server.issuer):
            raise RegistrationFailed(
                401, f"the client is registered with {home}, and the server now names {server.issuer}"
            )
        method = self.method or auth_method(server, secret=self.client_secret is not None, key=self.key is not None)
        return ClientCredential(server.issuer, self.client_id, self.client_secret, method)

    async def known(self, server: ServerMetadata) -> ClientCredential | None:
        """What the authorization server knows this client by, as far as that is settled."""
        if (own := await self.own(server)) is not None:
            return own
        found = await load(self.store, _name(server.issuer), ClientCredential)
        if found is None or found.issuer != server.issuer or (found.expires or time.time() + 1) <= time.time():
            return None
        return found

    async def credential(self, fetcher: Fetcher, server: ServerMetadata, redirect_uri: str) -> ClientCredential:
        """What the server knows this client by; registered, if it did not. Raises `RegistrationFailed`."""
        async with self.store.lock(_name(server.issuer)):  # the same client for all servers that have this one
            found = await self.known(server)
            if found is not None and found.redirect_uri in (None, redirect_uri):
                return found
            if server.registration_endpoint is None:
                raise RegistrationFailed(
                    401,
                    f"{server.issuer} registers no clients by itself: register one there, and give its client_id"
                    + (", or a client_metadata_url" if server.takes_metadata_documents else ""),
                )
            made = await self._register(fetcher, server, server.registration_endpoint, redirect_uri)
            await save(self.store, _name(server.issuer), made)
            return made

    async def forget(self, server: ServerMetadata) -> bool:
        """An authorization server knows this client no more; whether it can be asked to again."""
        if await self.own(server) is not None:
            return False
        await save(self.store, _name(server.issuer), None)
        return True

    async def _register(
        self, fetcher: Fetcher, server: ServerMetadata, endpoint: str, redirect_uri: str
    ) -> ClientCredential:
        method = _method(server)
        parts = urlsplit(redirect_uri)
        web = parts.scheme == "https" and not is_own_name(parts.hostname or "")
        body: dict[str, Any] = {
            "client_name": "mcpstruct",
            "redirect_uris": [redirect_uri],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": method,
            "application_type": "web" if web else "native",
            **self.metadata,
        }
        answer = await fetcher.post_json(endpoint, body)
        client_id = answer.text("client_id")
        if answer.status not in (200, 201) or client_id is None:
            raise _refused(answer, redirect_uri)
        return ClientCredential(
            server.issuer,
            client_id,
            answer.text("client_secret"),
            answer.text("token_endpoint_auth_method") or method,
            redirect_uri,
            positive(answer.body.get("client_secret_expires_at"), _LAST_DAY),
        )


def _method(server: ServerMetadata) -> str:
    """The way to say who this is that a client of users' machines registers: no secret, where that will do."""
    if server.auth_methods is None:
        return "none" if server.assumed else "client_secret_basic"
    # Servers do not agree whether the form names the client beside a header that does: the form alone is plain.
    ways = ("none", "client_secret_post", "client_secret_basic")
    return next((way for way in ways if way in server.auth_methods), "none")


def _refused(answer: Answer, redirect_uri: str) -> RegistrationFailed:
    error = answer.text("error")
    said = tidy(answer.text("error_description") or f"status {answer.status}")
    hint = f"; the redirect URI was {redirect_uri}" if error == "invalid_redirect_uri" else ""
    return RegistrationFailed(
        answer.status, f"the client was not registered: {said}{hint}", error=error and tidy(error)
    )


def _is_document(url: str) -> bool:
    """Whether a client's metadata document may have such a URL."""
    try:
        parts = split(url)
    except UnsafeUrl:
        return False
    path = parts.path.split("/")
    return parts.scheme == "https" and any(path) and not {".", ".."} & set(path) and "#" not in url


def _name(issuer: str) -> str:
    return f"client {issuer}"


def _home(client_id: str) -> str:
    return f"home of {client_id}"
