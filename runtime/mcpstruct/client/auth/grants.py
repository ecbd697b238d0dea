"""Ways to be let in without a user at hand."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias

from mcpstruct.base.errors import TokenRefused

from .credentials import SigningKey
from .dpop import Proofs
from .endpoint import TokenEndpoint
from .fetching import Wire
from .keeper import Found, Keeper, Site
from .registration import Registrar
from .tokens import ClientCredential, MemoryTokenStore, Tokens, TokenStore, refuse_errors

Secret: TypeAlias = str | Callable[[], str | Awaitable[str]]
"""Something secret, or what fetches it each time that it is needed."""
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_ID_JAG = "urn:ietf:params:oauth:token-type:id-jag"
_KINDS = ("id_token", "saml2", "access_token", "refresh_token", "jwt")


class _Alone(Keeper):
    """A client that needs nobody's consent: when tokens end, it gets others as it got the first."""

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str | None,
        key: SigningKey | None,
        auth_method: str | None,
        issuer: str | None,
        scopes: Iterable[str],
        store: TokenStore | None,
        dpop: bool,
        wire: Wire | None,
    ) -> None:
        store = MemoryTokenStore() if store is None else store
        registrar = Registrar(
            store=store, client_id=client_id, client_secret=client_secret, key=key, method=auth_method, issuer=issuer
        )
        super().__init__(registrar, scopes=scopes, store=store, dpop=dpop, wire=wire)

    def own_endpoint(self, site: Site, found: Found) -> TokenEndpoint:
        """The token endpoint, as the client that this is. Raises `RegistrationFailed`."""
        credential = self.registrar.own(found.server)
        if credential is None:  # never: there is a client_id
            raise TypeError("there is no client_id")
        return self.endpoint(site, found, credential)

    async def grant(self, site: Site, found: Found) -> dict[str, str]:
        """What entitles to tokens."""
        raise NotImplementedError

    async def obtain(self, site: Site, found: Found) -> Tokens:
        """Ask for tokens. Raises `AuthError`."""
        endpoint = self.own_endpoint(site, found)
        form = {**await self.grant(site, found), "resource": found.resource}
        if found.scopes:
            form["scope"] = " ".join(found.scopes)
        return await endpoint.ask(form, found.scopes)

    async def renew(self, site: Site, found: Found, tokens: Tokens) -> Tokens | None:
        """See `Keeper`: with a refresh token, or as the first time."""
        if tokens.refresh_token is not None and (refreshed := await super().renew(site, found, tokens)) is not None:
            return refreshed
        return await self.obtain(site, found)


class ClientCredentials(_Alone):
    """Calls on the client's own behalf, which is known by a `client_secret`, or by a `key` that it signs with.

    `issuer` is the authorization server that the client is registered with; without, it is the one that the server
    names. The other options are those of `OAuth`.
    """

    def __init__(
        self,
        client_id: str,
        *,
        client_secret: str | None = None,
        key: SigningKey | None = None,
        auth_method: str | None = None,
        issuer: str | None = None,
        scopes: Iterable[str] = (),
        store: TokenStore | None = None,
        dpop: bool = False,
        wire: Wire | None = None,
    ) -> None:
        if (client_secret is None) == (key is None):
            raise ValueError("a client has either a client_secret or a key")
        super().__init__(
            client_id=client_id,
            client_secret=client_secret,
            key=key,
            auth_method=auth_method,
            issuer=issuer,
            scopes=scopes,
            store=store,
            dpop=dpop,
            wire=wire,
        )

    async def grant(self, site: Site, found: Found) -> dict[str, str]:
        """Who this is says it all."""
        return {"grant_type": "client_credentials"}


class WorkloadIdentity(_Alone):
    """Calls as a workload, whose platform gives it a JWT to show: `assertion`, or what fetches one.

    The JWT is for the authorization server, its `aud`. It is shown once for each token, and when it is refused, calls
    fail. The other options are those of `ClientCredentials`; most workloads have neither secret nor key.
    """

    def __init__(
        self,
        client_id: str,
        *,
        assertion: Secret,
        client_secret: str | None = None,
        key: SigningKey | None = None,
        auth_method: str | None = None,
        issuer: str | None = None,
        scopes: Iterable[str] = (),
        store: TokenStore | None = None,
        dpop: bool = False,
        wire: Wire | None = None,
    ) -> None:
        super().__init__(
            client_id=client_id,
            client_secret=client_secret,
            key=key,
            auth_method=auth_method,
            issuer=issuer,
            scopes=scopes,
            store=store,
            dpop=dpop,
            wire=wire,
        )
        self._assertion = assertion

    async def grant(self, site: Site, found: Found) -> dict[str, str]:
        """Show the JWT."""
        return {"grant_type": JWT_BEARER, "assertion": await fetched(self._assertion)}


class EnterpriseManaged(_Alone):
    """Calls on behalf of a user of an organization, whose identity provider says whether that is all right.

    `assertion` is what the provider gave out when the user signed in, or what fetches it: an ID token, or what
    `assertion_type` says (`"saml2"`, `"refresh_token"`, …). At `idp_token_endpoint` it is exchanged for a grant, good
    for one MCP server; there the client is known by `idp_client_id` (and `idp_client_secret` or `idp_key`). With the
    grant, the MCP server's authorization server gives tokens, where the client is known by `client_id` (and
    `client_secret` or `key`). The other options are those of `ClientCredentials`.
    """

    def __init__(
        self,
        client_id: str,
        *,
        assertion: Secret,
        idp_token_endpoint: str,
        idp_client_id: str,
        idp_client_secret: str | None = None,
        idp_key: SigningKey | None = None,
        idp_issuer: str | None = None,
        assertion_type: str = "id_token",
        client_secret: str | None = None,
        key: SigningKey | None = None,
        auth_method: str | None = None,
        issuer: str | None = None,
        scopes: Iterable[str] = (),
        store: TokenStore | None = None,
        dpop: bool = False,
        wire: Wire | None = None,
    ) -> None:
        if assertion_type not in _KINDS:
            raise ValueError(f"assertion_type is one of {', '.join(_KINDS)}")
        super().__init__(
            client_id=client_id,
            client_secret=client_secret,
            key=key,
            auth_method=auth_method,
            issuer=issuer,
            scopes=scopes,
            store=store,
            dpop=dpop,
            wire=wire,
        )
        self._assertion = assertion
        self._kind = f"urn:ietf:params:oauth:token-type:{assertion_type}"
        self._provider = Provider(idp_token_endpoint, idp_client_id, idp_client_secret, idp_key, idp_issuer)

    async def grant(self, site: Site, found: Found) -> dict[str, str]:
        """Have the identity provider give the grant."""
        form = {
            "grant_type": _EXCHANGE,
            "requested_token_type": _ID_JAG,
            "audience": found.server.issuer,
            "resource": found.resource,
            "subject_token": await fetched(self._assertion),
            "subject_token_type": self._kind,
        }
        if found.scopes:
            form["scope"] = " ".join(found.scopes)
        grant = await self._provider.exchange(self.wire, form)
        return {"grant_type": JWT_BEARER, "assertion": grant}
