"""What is asked of a token endpoint."""

from __future__ import annotations

from msgspec.structs import replace

from mcpstruct.base.errors import AuthUnavailable

from .credentials import SigningKey, authenticate
from .discovery import ServerMetadata
from .dpop import Proofs
from .fetching import Answer, Fetcher
from .tokens import ClientCredential, Tokens, tokens_from


class TokenEndpoint:
    """Asks one authorization server for tokens, as one client, for one resource."""

    def __init__(
        self,
        fetcher: Fetcher,
        server: ServerMetadata,
        credential: ClientCredential,
        *,
        resource: str,
        key: SigningKey | None = None,
        proofs: Proofs | None = None,
    ) -> None:
        self.server = server
        self.resource = resource
        self.credential = credential
        self._fetcher = fetcher
        self._key = key
        self._proofs = proofs

    async def ask(self, form: dict[str, str], scopes: tuple[str, ...]) -> Tokens:
        """Tokens for a grant. `scopes` is what was or is asked for. Raises `TokenRefused`, `AuthUnavailable`."""
        url = self.server.token_endpoint
        answer = await self._post(url, form)
        proofs = self._proofs
        if proofs and answer.text("error") == "use_dpop_nonce" and proofs.learn(url, answer.headers.get("dpop-nonce")):
            answer = await self._post(url, form)
        if answer.status >= 500 or answer.status == 429:
            raise AuthUnavailable(answer.status, "the token endpoint cannot answer now")
        return tokens_from(
            answer,
            server=self.server,
            resource=self.resource,
            client_id=self.credential.client_id,
            scopes=scopes,
            key=None if self._proofs is None else self._proofs.key,
        )

    async def refresh(self, refresh_token: str, scopes: tuple[str, ...]) -> Tokens:
        """New tokens for old. Raises `TokenRefused`, `AuthUnavailable`."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "resource": self.resource}
        found = await self.ask(form, scopes)
        return found if found.refresh_token else replace(found, refresh_token=refresh_token)

    async def _post(self, url: str, form: dict[str, str]) -> Answer:
        form = dict(form)
        headers = authenticate(self.credential, self.server.issuer, form, self._key)
        if self._proofs is not None:
            headers["dpop"] = self._proofs.proof("POST", url)
        answer = await self._fetcher.post(url, form, headers)
        if self._proofs is not None and answer.status == 200:
            self._proofs.learn(url, answer.headers.get("dpop-nonce"))
        return answer
