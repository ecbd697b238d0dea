"""How an authorization server comes to know this client."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from mcpstruct.base.errors import RegistrationFailed

from .credentials import SigningKey, auth_method
from .discovery import ServerMetadata
from .fetching import Answer, Fetcher
from .safety import is_own_name
from .tokens import ClientCredential, TokenStore, load, save, tidy


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
        url = self.metadata_url
        if url is not None and not (url.startswith("https://") and urlsplit(url).path.strip("/")):
            raise ValueError("a client's metadata document has a URL of https, with a path")

    def own(self, server: ServerMetadata) -> ClientCredential | None:
        """The credential agreed beforehand, if any. Raises `RegistrationFailed` where another server has it."""
        if self.client_id is None:
            return None
        if self.issuer is not None and self.issuer != server.issuer:
            raise RegistrationFailed(
                401, f"the client is registered with {self.issuer}, and the server now names {server.issuer}"
            )
        method = self.method or auth_method(server, secret=self.client_secret is not None, key=self.key is not None)
        return ClientCredential(server.issuer, self.client_id, self.client_secret, method)

    async def known(self, server: ServerMetadata) -> ClientCredential | None:
        """What the authorization server knows this client by, as far as that is settled."""
        if (own := self.own(server)) is not None:
            return own
        if self.metadata_url is not None and server.takes_metadata_documents:
            method = "private_key_jwt" if self.key is not None else "none"
            return ClientCredential(server.issuer, self.metadata_url, None, method)
        found = await load(self.store, _name(server.issuer), ClientCredential)
        if found is None or found.issuer != server.issuer or (found.expires or time.time() + 1) <= time.time():
            return None
        return found

    async def credential(self, fetcher: Fetcher, server: ServerMetadata, redirect_uri: str) -> ClientCredential:
        """What the server knows this client by; registered, if it did not. Raises `RegistrationFailed`."""
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

    async def forget(self, issuer: str) -> bool:
        """An authorization server knows this client no more; whether it can be asked to again."""
        if self.client_id is not None:
            return False
        await save(self.store, _name(issuer), None)
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
        ends = answer.body.get("client_secret_expires_at")
        return ClientCredential(
            server.issuer,
            client_id,
            answer.text("client_secret"),
            answer.text("token_endpoint_auth_method") or method,
            redirect_uri,
            float(ends) if isinstance(ends, (int, float)) and ends > 0 else None,
        )


def _method(server: ServerMetadata) -> str:
    """The way to say who this is that a client of users' machines registers: no secret, where that will do."""
    if server.auth_methods is None:
        return "none" if server.assumed else "client_secret_basic"
    ways = ("none", "client_secret_basic", "client_secret_post")
    return next((way for way in ways if way in server.auth_methods), "none")


def _refused(answer: Answer, redirect_uri: str) -> RegistrationFailed:
    error = answer.text("error")
    said = tidy(answer.text("error_description") or f"status {answer.status}")
    hint = f"; the redirect URI was {redirect_uri}" if error == "invalid_redirect_uri" else ""
    return RegistrationFailed(
        answer.status, f"the client was not registered: {said}{hint}", error=error and tidy(error)
    )


def _name(issuer: str) -> str:
    return f"client {issuer}"
