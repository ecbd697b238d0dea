"""Ways to be let in without a user at hand."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias, TypedDict, Unpack

from mcpstruct.base.errors import TokenRefused

from .credentials import SigningKey, auth_method, authenticate
from .discovery import ServerMetadata
from .fetching import Fetcher, Wire
from .keeper import Found, Keeper, Site
from .registration import Registrar
from .tokens import ClientCredential, MemoryTokenStore, Tokens, TokenStore, refuse_errors

Secret: TypeAlias = str | Callable[[], str | Awaitable[str]]
"""Something secret, or what fetches it each time that it is needed."""
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_TYPE = "urn:ietf:params:oauth:token-type:"
_KINDS = ("id_token", "saml2", "access_token", "refresh_token", "jwt")


class WorkloadOptions(TypedDict, total=False):
    """What the ways to be let in without a user have in common: see `OAuth`."""

    client_secret: str | None
    key: SigningKey | None
    auth_method: str | None
    scopes: Iterable[str]
    store: TokenStore | None
    dpop: bool
    wire: Wire | None


class Options(WorkloadOptions, total=False):
    """The same, where the authorization server need not be named."""

    issuer: str | None


class Unattended(Keeper):
    """A client that needs nobody's consent: when tokens end, it gets others as it got the first."""

    def __init__(self, client_id: str, options: Options) -> None:
        store = options.get("store") or MemoryTokenStore()
        registrar = Registrar(
            store=store,
            client_id=client_id,
            client_secret=options.get("client_secret"),
            key=options.get("key"),
            method=options.get("auth_method"),
            issuer=options.get("issuer"),
        )
        dpop, wire = options.get("dpop", False), options.get("wire")
        super().__init__(registrar, scopes=options.get("scopes", ()), store=store, dpop=dpop, wire=wire)

    async def grant(self, found: Found) -> dict[str, str]:
        """What entitles to tokens."""
        raise NotImplementedError

    async def obtain(self, site: Site, found: Found) -> Tokens:
        """Ask for tokens. Raises `AuthError`."""
        credential = await self.registrar.known(found.server)
        if credential is None:
            raise TypeError("a client without a client_id")
        form = {**await self.grant(found), "resource": found.resource}
        if found.scopes:
            form["scope"] = " ".join(found.scopes)
        return await self.endpoint(site, found, credential).ask(form, found.scopes)

    def renewable(self, tokens: Tokens) -> bool:
        """See `Keeper`."""
        return True

    async def renew(self, site: Site, found: Found, tokens: Tokens) -> Tokens | None:
        """See `Keeper`."""
        return await super().renew(site, found, tokens) or await self.obtain(site, found)


class ClientCredentials(Unattended):
    """Calls on the client's own behalf, which is known by a `client_secret`, or by a `key` that it signs with.

    `issuer` is the authorization server that the client is registered with; without, it is the first that the server
    names, and that gives tokens. The other options are those of `OAuth`.
    """

    def __init__(self, client_id: str, **options: Unpack[Options]) -> None:
        if (options.get("client_secret") is None) == (options.get("key") is None):
            raise ValueError("a client has either a client_secret or a key")
        super().__init__(client_id, options)

    async def grant(self, found: Found) -> dict[str, str]:
        """Who this is says it all."""
        return {"grant_type": "client_credentials"}


class WorkloadIdentity(Unattended):
    """Calls as a workload, whose platform gives it a JWT to show: `assertion`, or what fetches one.

    The JWT is for one authorization server, its `aud`: `issuer`, and shown to no other, whatever MCP servers name. It
    is shown once for each token; where it is refused, the call fails. The other options are those of
    `ClientCredentials`; most workloads have neither secret nor key.
    """

    def __init__(self, client_id: str, *, assertion: Secret, issuer: str, **options: Unpack[WorkloadOptions]) -> None:
        super().__init__(client_id, {**options, "issuer": issuer})
        self._assertion = assertion

    async def grant(self, found: Found) -> dict[str, str]:
        """Show the JWT."""
        return {"grant_type": _JWT_BEARER, "assertion": await fetched(self._assertion)}


class EnterpriseManaged(Unattended):
    """Calls on behalf of a user of an organization, whose identity provider says whether that is all right.

    `assertion` is what the provider gave out when the user signed in, or what fetches it: an ID token, or what
    `assertion_type` says (`"saml2"`, `"refresh_token"`, …). At `idp_token_endpoint` it is exchanged for a grant, good
    for one MCP server; there the client is known by `idp_client_id` (and `idp_client_secret`, or `idp_key` with
    `idp_issuer`). For the grant, the MCP server's authorization server gives tokens; there the client is known by
    `client_id` (and `client_secret` or `key`). The other options are those of `ClientCredentials`.
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
        **options: Unpack[Options],
    ) -> None:
        if assertion_type not in _KINDS:
            raise ValueError(f"assertion_type is one of {', '.join(_KINDS)}")
        super().__init__(client_id, options)
        self._assertion = assertion
        self._kind = _TYPE + assertion_type
        self._provider = Provider(idp_token_endpoint, idp_client_id, idp_client_secret, idp_key, idp_issuer)

    async def grant(self, found: Found) -> dict[str, str]:
        """Have the identity provider give the grant."""
        form = {
            "grant_type": _EXCHANGE,
            "requested_token_type": f"{_TYPE}id-jag",
            "audience": found.server.issuer,
            "resource": found.resource,
            "subject_token": await fetched(self._assertion),
            "subject_token_type": self._kind,
        }
        if found.scopes:
            form["scope"] = " ".join(found.scopes)
        return {"grant_type": _JWT_BEARER, "assertion": await self._provider.exchange(form, self.wire)}


class Provider:
    """An identity provider, as its client knows it."""

    def __init__(
        self, url: str, client_id: str, client_secret: str | None, key: SigningKey | None, issuer: str | None
    ) -> None:
        if key is not None and issuer is None:
            raise ValueError("what idp_key signs is for the idp_issuer")
        self._server = ServerMetadata(issuer or url, url)
        method = auth_method(self._server, secret=client_secret is not None, key=key is not None)
        self._credential = ClientCredential(self._server.issuer, client_id, client_secret, method)
        self._key = key

    async def exchange(self, form: dict[str, str], wire: Wire) -> str:
        """The token that another is exchanged for. Raises `TokenRefused`, `AuthUnavailable`, `UnsafeUrl`."""
        url = self._server.token_endpoint
        headers = authenticate(self._credential, self._server.issuer, form, self._key)
        answer = await Fetcher(url, wire).post(url, form, headers)
        refuse_errors(answer)
        token, kind = answer.text("access_token"), answer.text("issued_token_type")
        if token is None or kind != form["requested_token_type"]:
            raise TokenRefused(answer.status, "the identity provider gave something else than the grant asked for")
        return token


async def fetched(secret: Secret) -> str:
    """The secret itself."""
    if isinstance(secret, str):
        return secret
    value = secret()
    return await value if inspect.isawaitable(value) else value
