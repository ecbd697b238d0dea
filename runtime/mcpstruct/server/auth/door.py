"""Who is let in: each request's token, looked up among those that were found good, or else verified."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

import msgspec

from mcpstruct.server.http.request import HttpRequest, Refused
from mcpstruct.session.principal import Principal

from .challenges import Scheme, challenge
from .claims import check_claims, key_bound, principal_of
from .dpop import NonceWanted, Proofs, TooManyProofs, WrongProof
from .errors import InvalidToken, VerifierUnavailable
from .urls import normal, origin

if TYPE_CHECKING:
    from .resource import ResourceServer

log = logging.getLogger("mcpstruct")
WELL_KNOWN = "/.well-known/oauth-protected-resource"
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_MOST_KNOWN = 10_000
_MOST_HEADER = 32 * 1024


class TokenAccess:
    """What one token opens."""

    __slots__ = ("bound_to", "door", "ends", "key", "principal", "until")

    def __init__(self, door: TokenDoor, principal: Principal, bound_to: str | None, ends: float, until: float) -> None:
        """`ends` is when the token does, `until` when it is verified again."""
        self.door = door
        self.principal = principal
        self.key = principal.key
        self.bound_to = bound_to
        self.ends = ends
        self.until = until

    def __repr__(self) -> str:
        return f"<TokenAccess of {self.principal!r}>"

    def demand(self, request: HttpRequest, scopes: Iterable[str]) -> None:
        """See `Access`."""
        if not self.principal.scopes.issuperset(scopes):
            raise self.door.too_little(request, scopes, "DPoP" if self.bound_to else "Bearer")


class TokenDoor:
    """See `Door`. Tokens that were found good are known by their digests, for a while."""

    def __init__(self, resource: ResourceServer, path: str) -> None:
        self._resource = resource
        self._rules = resource.dpop
        self._verify = resource.verify()
        self._proofs = Proofs(self._rules, resource.leeway)
        self._known: dict[bytes, TokenAccess] = {}
        self._origin = origin(resource.resource)
        own, here = resource.resource.removeprefix(self._origin).partition("?")[0], "/" + path.strip("/")
        self._here = WELL_KNOWN + here.rstrip("/")
        self._place = WELL_KNOWN + own.rstrip("/")
        self.places = tuple(dict.fromkeys((self._place, self._here, WELL_KNOWN)))
        self.metadata = msgspec.json.encode(self._described())

    def _described(self) -> dict[str, Any]:
        resource = self._resource
        found: dict[str, Any] = {
            "resource": resource.resource,
            "authorization_servers": resource.issuers,
            "bearer_methods_supported": ["header"],
            "dpop_signing_alg_values_supported": sorted(self._proofs.algorithms),
            "dpop_bound_access_tokens_required": self._rules.required,
        }
        if resource.scopes_supported:
            found["scopes_supported"] = resource.scopes_supported
        return {**found, **resource.metadata}

    # -- letting in ---------------------------------------------------------------------------------------------------

    def recognizes(self, request: HttpRequest) -> bool:
        """See `Door`."""
        header = request.headers.get(b"authorization")
        if header is None:
            return False
        # SHA-256, which is OpenSSL's, takes as much again: 15,000 instructions of a call's 240,000.
        access = self._known.get(blake2b(header).digest())
        if access is None or access.bound_to is not None or access.until <= time.time():
            return False
        request.principal, request.access = access.key, access
        return True

    async def admit(self, request: HttpRequest) -> list[tuple[bytes, bytes]]:
        """See `Door`."""
        scheme, token = self._presented(request)
        digest = blake2b(request.headers[b"authorization"]).digest()
        access = self._known.get(digest)
        if access is None or access.until <= time.time():
            access = await self._judged(request, scheme, token)
        self._check_binding(request, scheme, token, access)
        access.demand(request, self._resource.scopes)
        if self._resource.remember > 0:
            self._remember(digest, access)
        request.principal, request.access = access.key, access
        nonce = self._proofs.nonce() if scheme == "DPoP" else None
        return [] if nonce is None else [(b"dpop-nonce", nonce.encode())]

    def _presented(self, request: HttpRequest) -> tuple[Scheme, str]:
        """The token of a request. Raises `Refused`."""
        header = request.headers.get(b"authorization", b"").decode("latin-1").strip()
        name, _, token = header.partition(" ")
        schemes: dict[str, Scheme] = {"bearer": "Bearer", "dpop": "DPoP"}
        scheme = schemes.get(name.lower())
        if scheme is None:
            raise self._challenge(request, 401, "this server wants an access token", self._usual)
        token = token.strip()
        if len(header) > _MOST_HEADER or _TOKEN.fullmatch(token) is None:
            raise self._challenge(request, 400, "Authorization holds no token", scheme, "invalid_request")
        return scheme, token

    async def _judged(self, request: HttpRequest, scheme: Scheme, token: str) -> TokenAccess:
        """What a token opens. Raises `Refused`."""
        try:
            found = self._verify(token)
            verdict = await found if isawaitable(found) else found
            return self._access(verdict)
        except InvalidToken as error:
            raise self._challenge(request, 401, str(error), scheme, "invalid_token") from None
        except VerifierUnavailable as error:
            log.warning("A token could not be verified: %s", error)
        except Exception as error:
            log.error("The verifier failed with %s", type(error).__name__, exc_info=_bare(error))  # noqa: TRY400
        raise Refused(503, "tokens cannot be verified now", [(b"retry-after", b"5")])

    def _access(self, verdict: Mapping[str, Any] | Principal | None) -> TokenAccess:
        """What was found of a token, judged. Raises `InvalidToken`."""
        resource, now = self._resource, time.time()
        if verdict is None:
            raise InvalidToken("the token is not good (any more)")
        if isinstance(verdict, Principal):
            principal = verdict
        else:
            check_claims(verdict, resource.issuers, resource.audiences, now, resource.leeway)
            principal = principal_of(verdict)
        ends = float("inf") if principal.expires_at is None else principal.expires_at + resource.leeway
        if ends <= now:
            raise InvalidToken("the token has expired")
        principal = msgspec.structs.replace(principal, scopes=resource.granted(principal.scopes))
        return TokenAccess(self, principal, key_bound(principal.claims), ends, min(ends, now + resource.remember))

    def _check_binding(self, request: HttpRequest, scheme: Scheme, token: str, access: TokenAccess) -> None:
        """Raise `Refused` where a token wants a proof, and there is none that is good."""
        if access.bound_to is None:
            if self._rules.required or scheme == "DPoP":
                raise self._challenge(request, 401, "the token is bound to no key", "DPoP", "invalid_token")
            return
        if scheme != "DPoP":
            raise self._challenge(request, 401, "the token is bound to a key", "DPoP", "invalid_token")
        try:
            self._proofs.check(request.header(b"dpop"), token, access.bound_to, request.method, self._urls(request))
        except WrongProof as error:
            raise self._challenge(request, 401, str(error), "DPoP", "invalid_dpop_proof") from None
        except NonceWanted:
            message = "the proof wants a nonce of this server"
            raise self._challenge(request, 401, message, "DPoP", "use_dpop_nonce") from None
        except TooManyProofs:
            log.warning("More DPoP proofs than can be remembered")
            raise Refused(503, "too many requests with proofs", [(b"retry-after", b"30")]) from None

    def _remember(self, digest: bytes, access: TokenAccess) -> None:
        known = self._known
        if len(known) >= _MOST_KNOWN:
            now = time.time()
            for old in [key for key, one in known.items() if one.until <= now] or list(known)[: _MOST_KNOWN // 4]:
                del known[old]
        known[digest] = access

    # -- what is told -------------------------------------------------------------------------------------------------

    @property
    def _usual(self) -> Scheme:
        return "DPoP" if self._rules.required else "Bearer"

    def too_little(self, request: HttpRequest, scopes: Iterable[str], scheme: Scheme) -> Refused:
        """The refusal of a token that is good, but not for this."""
        wanted = (*self._resource.scopes, *scopes)
        message = "the token has not the scopes that this takes"
        return self._challenge(request, 403, message, scheme, "insufficient_scope", wanted)

    def _challenge(
        self,
        request: HttpRequest,
        status: int,
        message: str,
        scheme: Scheme,
        error: str | None = None,
        scopes: Iterable[str] | None = None,
    ) -> Refused:
        return challenge(
            status,
            message,
            scheme=scheme,
            metadata_url=self._metadata_url(request),
            scopes=dict.fromkeys(self._resource.scopes if scopes is None else scopes),
            error=error,
            algorithms=self._proofs.algorithms if scheme == "DPoP" else (),
            nonce=self._proofs.nonce() if scheme == "DPoP" else None,
        )

    def _metadata_url(self, request: HttpRequest) -> str:
        """Where this very application tells of itself: below its prefix, if it is mounted at one."""
        if self._resource.metadata_url is not None:
            return self._resource.metadata_url
        prefix: str = request.scope.get("root_path", "").rstrip("/")
        return f"{self._origin}{prefix}{self._here}" if _PLAIN.fullmatch(prefix) else self._origin + self._place

    def _urls(self, request: HttpRequest) -> set[str]:
        """The URLs that a request may have been sent to: a proxy may have changed scheme and host on the way."""
        host, scheme = request.header(b"host") or "", request.scope.get("scheme", "http")
        seen = (f"{scheme}://{host}{request.path}", self._origin + request.path, self._resource.resource)
        return {found for url in seen if (found := normal(url)) is not None}


_PLAIN = re.compile(r"(/[A-Za-z0-9._~-]+)+")


def _bare(error: BaseException) -> BaseException:
    """Where an error comes from, without its message, which may hold the token."""
    return RuntimeError("what it says is withheld").with_traceback(error.__traceback__)
