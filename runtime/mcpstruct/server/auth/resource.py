"""`ResourceServer`: who may call a server over HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mcpstruct.session.principal import scope_names

from .dpop import DPoP, Proofs
from .urls import checked
from .verifiers import JwtVerifier, Verifier, Verify

if TYPE_CHECKING:
    from mcpstruct.server.http.options import HttpOptions

    from .door import TokenDoor


class ResourceServer:
    """Lets in who has an access token of an authorization server: `server.http_app(auth=ResourceServer(…))`.

    `issuer` is the authorization server, or several, to the byte as their metadata has it. `audience` is what tokens
    for this server name as their audience: the URL that clients know it by, such as `https://mcp.example.com/mcp`, or
    several names. `scopes` are wanted of every request; tools may want more. `verifier` tells what is genuine: a
    `JwtVerifier` by default, an `IntrospectionVerifier`, or a function of the token, see `Verify`.

    `resource` is that URL, where the audience is none. `implies` says which scopes hold others: `{"files:write":
    ["files:read"]}`. `scopes_supported` is what clients ask for that are not told anything else, by default `scopes`.
    `metadata` is added to the server's metadata (RFC 9728): `{"resource_name": "Files"}`; `metadata_url` is where
    clients are sent for it, by default its well-known place. `dpop` says how proofs of possession are dealt with.
    `leeway` is by how many seconds clocks may differ; `remember`, for how many seconds a token that was found good is
    taken for that, by default as the verifier says. With `http`, URLs need not be of https beyond this machine.

    Raises `ValueError` for what cannot be meant.
    """

    def __init__(
        self,
        issuer: str | Sequence[str],
        audience: str | Sequence[str],
        scopes: Sequence[str] = (),
        verifier: Verifier | Verify | None = None,
        *,
        resource: str | None = None,
        implies: Mapping[str, Iterable[str]] | None = None,
        scopes_supported: Sequence[str] | None = None,
        metadata: Mapping[str, Any] | None = None,
        metadata_url: str | None = None,
        dpop: DPoP | None = None,
        leeway: float = 10.0,
        remember: float | None = None,
        http: bool = False,
    ) -> None:
        self.issuers = _names(issuer, "issuer")
        self.audiences = _names(audience, "audience")
        self.resource = self.audiences[0] if resource is None else resource
        self.scopes = scope_names(scopes)
        self.verifier: Verifier | Verify = JwtVerifier() if verifier is None else verifier
        self.implies = {scope: scope_names(others) for scope, others in (implies or {}).items()}
        self.scopes_supported = self.scopes if scopes_supported is None else scope_names(scopes_supported)
        self.metadata = dict(metadata or {})
        self.metadata_url = metadata_url
        self.dpop = DPoP() if dpop is None else dpop
        self.leeway = leeway
        self.remember = getattr(self.verifier, "remember", 0.0) if remember is None else remember
        self.http = http
        self._check()

    def _check(self) -> None:
        for issuer in self.issuers:
            if "?" in checked(issuer, "issuer", http=self.http).geturl():
                raise ValueError("issuer has no query")
        checked(self.resource, "audience, or else resource,", http=self.http)
        if self.metadata_url is not None:
            checked(self.metadata_url, "metadata_url", http=self.http)
        if not self.metadata.keys().isdisjoint(("resource", "authorization_servers")):
            raise ValueError("metadata says what is said nowhere else: not resource, nor authorization_servers")
        if "offline_access" in (*self.scopes, *self.scopes_supported):
            raise ValueError("offline_access is between client and authorization server: no resource wants it")
        Proofs(self.dpop, self.leeway)
        self.verify()

    def verify(self) -> Verify:
        """What verifies tokens, for one application. Raises `ValueError`, `MissingExtra`."""
        if isinstance(self.verifier, Verifier):
            return self.verifier.of(self.issuers, self.audiences[0], http=self.http)
        return self.verifier

    def granted(self, scopes: Iterable[str]) -> frozenset[str]:
        """Scopes, and all that they imply."""
        found: set[str] = set()
        following = list(scopes)
        while following:
            scope = following.pop()
            if scope not in found:
                found.add(scope)
                following.extend(self.implies.get(scope, ()))
        return frozenset(found)

    def door(self, options: HttpOptions) -> TokenDoor:
        """What lets the requests of one application in."""
        from .door import TokenDoor

        return TokenDoor(self, options.path)

    def __repr__(self) -> str:
        return f"<ResourceServer {self.resource} of {', '.join(self.issuers)}>"


def _names(given: str | Sequence[str], what: str) -> tuple[str, ...]:
    names = (given,) if isinstance(given, str) else tuple(given)
    if not names or not all(names):
        raise ValueError(f"{what}: one at least")
    return names
