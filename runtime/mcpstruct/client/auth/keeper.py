"""What all ways to be let in have in common: who asks once for all that wait, and keeps what was got."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from mcpstruct.base.errors import AuthError, AuthUnavailable, DiscoveryFailed, RegistrationFailed, TokenRefused
from mcpstruct.session.loop import Future, current_loop
from mcpstruct.transport.http.base import HttpRequest

from .challenges import Challenge, challenge_of
from .credentials import SigningKey
from .discovery import Resource, ServerMetadata, canonical, find_old_server, find_resource, find_server
from .dpop import Proofs
from .endpoint import TokenEndpoint
from .fetching import Fetcher, Wire
from .jose import ALGORITHM
from .registration import Registrar
from .safety import Guard
from .scopes import wanted
from .tokens import MemoryTokenStore, Tokens, TokenStore, load, save

MOST = 3
"""How often one request asks for the right to be sent."""
PAUSE = 5.0
"""Seconds until renewing ahead of time is tried again where it failed."""
_CALLED_OFF = "authorization was called off"
_SCHEMES = ("bearer", "dpop")
_BOUND_SCHEMES = ("dpop", "bearer")
log = logging.getLogger("mcpstruct.auth")


class Site:
    """One MCP server, and what there is of a right to call it."""

    def __init__(self, server: str) -> None:
        self.server = server
        self.name = f"tokens {server}"
        self.loaded = False
        self.tokens: Tokens | None = None
        self.fresh: Tokens | None = None
        """The last that were got by asking who has the say, not by refreshing others."""
        self.proofs: Proofs | None = None
        self.patient_until = 0.0
        self.flight: Future[None] | None = None
        self.task: Any = None
        self.waiting = 0
        self.spending = False
        """Whether a refresh token is being spent: whoever breaks that off has lost it."""

    @property
    def current(self) -> Tokens | None:
        """What is sent now."""
        return None if self.tokens is None or self.tokens.expired else self.tokens

    @property
    def patient(self) -> bool:
        """Whether renewing failed a moment ago, and is not tried again yet."""
        return time.monotonic() < self.patient_until

    def take(self, tokens: Tokens | None) -> None:
        """From now on these are the tokens."""
        self.tokens = tokens
        self.loaded = True
        if tokens is not None and tokens.key is not None and (self.proofs is None or self.proofs.key != tokens.key):
            self.proofs = Proofs(tokens.key)

    async def together(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do it, or wait for who does already. It ends when nobody waits any more."""
        loop = current_loop()
        if self.flight is None:
            self.flight = loop.future()
            self.task = loop.spawn(self._fly, self.flight, work)
        flight = self.flight
        self.waiting += 1
        try:
            await loop.shield(flight)
        except loop.Cancelled:
            if self.waiting == 1 and self.flight is flight and not self.spending:
                self.flight = None
                self.task.cancel()
            raise
        finally:
            self.waiting -= 1

    @contextmanager
    def unbroken(self) -> Generator[None, None, None]:
        """What is done within goes on though nobody waits any more."""
        self.spending = True
        try:
            yield
        finally:
            self.spending = False

    async def _fly(self, flight: Future[None], work: Callable[[], Awaitable[None]]) -> None:
        error: BaseException | None = AuthUnavailable(401, _CALLED_OFF)
        try:
            await work()
            error = None
        except Exception as failure:
            error = failure
        finally:
            if self.flight is flight:
                self.flight = None
            if flight.done():
                pass
            elif error is None:
                flight.set_result(None)
            else:
                flight.set_exception(error)


@dataclass(frozen=True, slots=True)
class Found:
    """Who authorizes calls of a site, and what to ask it for."""

    fetcher: Fetcher
    server: ServerMetadata
    resource: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Want:
    """Why tokens are wanted: those there were `before` do not do."""

    before: Tokens | None
    challenge: Challenge
    may_refresh: bool
    fetcher: Fetcher


class Keeper:
    """An `HttpAuth` that keeps tokens. What is left open is how to come by the first."""

    def __init__(
        self,
        registrar: Registrar,
        *,
        scopes: Iterable[str] = (),
        store: TokenStore | None = None,
        dpop: bool = False,
        wire: Wire | None = None,
    ) -> None:
        self.store = MemoryTokenStore() if store is None else store
        self.registrar = registrar
        self.dpop = dpop
        self.scopes = (scopes,) if isinstance(scopes, str) else tuple(scopes)
        self.wire = wire or Wire()
        self._sites: dict[str, Site] = {}

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    @property
    def key(self) -> SigningKey | None:
        """What this client signs with."""
        return self.registrar.key

    async def obtain(self, site: Site, found: Found) -> Tokens:
        """Get the first tokens."""
        raise NotImplementedError

    def endpoint(self, site: Site, found: Found, credential: Any) -> TokenEndpoint:
        """Whom to ask for tokens."""
        return TokenEndpoint(
            found.fetcher,
            found.server,
            credential,
            resource=found.resource,
            key=self.key,
            proofs=self.proofs(site),
        )

    def proofs(self, site: Site) -> Proofs | None:
        """What proves possession of the site's tokens, if anything."""
        if self.dpop and site.proofs is None:
            site.proofs = Proofs()
        return site.proofs if self.dpop else None

    # -- see `HttpAuth` -----------------------------------------------------------------------------------------------

    async def authorize(self, request: HttpRequest) -> None:
        """See `HttpAuth`."""
        site = self._site(request.server)
        if not site.loaded:
            stored = await load(self.store, site.name, Tokens)
            if stored is not None:
                Guard(site.server, self.wire.rules).check(site.server)
            site.take(stored)
        due = site.tokens if site.tokens is not None and site.tokens.due and not site.patient else None
        if due is not None and request.method != "DELETE" and self.renewable(due):  # who leaves asks for nothing
            await self._ahead(site, due)
        tokens = site.current
        request.notes["sent"] = None if tokens is None else tokens.access_token
        if tokens is None:
            return
        if tokens.key is None:
            request.headers["authorization"] = f"Bearer {tokens.access_token}"
        elif site.proofs is not None:  # or else somebody is about to get others, from another authorization server
            site.proofs.show(request, tokens.access_token)

    async def refused(self, request: HttpRequest, status: int, headers: Mapping[str, str]) -> bool:
        """See `HttpAuth`."""
        site = self._site(request.server)
        challenge = challenge_of(headers.get("www-authenticate"), _BOUND_SCHEMES if self.dpop else _SCHEMES)
        if challenge is None:
            return False
        if site.proofs is not None and challenge.error == "use_dpop_nonce":
            return site.proofs.may_go_again(request, headers)
        current = site.current
        if request.notes.get("sent") != (None if current is None else current.access_token):
            return True  # somebody else has got a better one in the meantime
        if request.method == "DELETE":
            return False  # who leaves does not ask for the right to
        asked: int = request.notes.get("asked", 0)
        if asked >= MOST or not self._would_help(site, status, challenge, asked):
            return False
        request.notes["asked"] = asked + 1
        fetcher = Fetcher(site.server, self.wire, request.headers.get("mcp-protocol-version"))
        want = Want(site.tokens, challenge, status == 401 and not asked, fetcher)
        await site.together(lambda: self._acquire(site, want))
        return True

    def _site(self, server: str) -> Site:
        site = self._sites.get(server)
        if site is None:
            site = self._sites[server] = Site(server)
        return site

    def _would_help(self, site: Site, status: int, challenge: Challenge, asked: int) -> bool:
        """Whether other tokens could change a server's mind."""
        if status == 401:
            return not (asked and site.tokens is site.fresh) and challenge.error != "invalid_dpop_proof"
        if challenge.error != "insufficient_scope":
            return False
        had = site.tokens.scopes if site.tokens is not None else ()
        return not set(challenge.scopes) <= set(had)

    # -- getting tokens -----------------------------------------------------------------------------------------------

    def renewable(self, tokens: Tokens) -> bool:
        """Whether there is a way to other tokens without being asked for them."""
        return tokens.refresh_token is not None

    async def renew(self, site: Site, found: Found, tokens: Tokens) -> Tokens | None:
        """New tokens for old; None where the old are good for nothing any more."""
        credential = await self.registrar.known(found.server)
        if credential is None or credential.client_id != tokens.client_id or tokens.refresh_token is None:
            return None
        try:
            return await self.endpoint(site, found, credential).refresh(tokens.refresh_token, tokens.scopes)
        except TokenRefused as error:
            log.info("The refresh token was refused: %s", error.error or error.status)
            if error.error == "invalid_client":
                await self.registrar.forget(found.server)
            return None

    async def _ahead(self, site: Site, tokens: Tokens) -> None:
        """Get new tokens before a server asks for them. Without, the old ones may do for a while."""

        async def work() -> None:
            async with self.store.lock(site.name):
                if not await self._overtaken(site, tokens):
                    found = Found(Fetcher(site.server, self.wire), tokens.server, tokens.resource, tokens.scopes)
                    with site.unbroken():
                        await self._keep(site, await self.renew(site, found, tokens))

        try:
            await site.together(work)
        except AuthError as error:
            if tokens.expired:
                raise
            site.patient_until = time.monotonic() + PAUSE
            log.info("Tokens could not be renewed ahead of time: %s", error)

    async def _acquire(self, site: Site, want: Want) -> None:
        """Get tokens that a server wants."""
        async with self.store.lock(site.name):
            if await self._overtaken(site, want.before):
                return
            found = await self._find(site, want.challenge, want.fetcher)
            tokens = site.tokens
            if tokens is not None and tokens.server.issuer != found.server.issuer:
                tokens = site.proofs = None  # a key of its own for each authorization server
            if tokens is not None and want.may_refresh and tokens.refresh_token is not None:
                with site.unbroken():
                    refreshed = await Keeper.renew(self, site, found, tokens)
                    if refreshed is not None:
                        await self._keep(site, refreshed)
                        return
                if not site.waiting:
                    raise AuthUnavailable(401, _CALLED_OFF)
            tokens = await self.obtain(site, found)
            await self.registrar.settle(found.server.issuer)
            await self._keep(site, tokens)
            site.fresh = site.tokens

    async def _overtaken(self, site: Site, before: Tokens | None) -> bool:
        """Whether another process has got tokens in the meantime."""
        stored = await load(self.store, site.name, Tokens)
        if stored is None or stored.expired or (before is not None and stored.access_token == before.access_token):
            return False
        site.take(stored)
        return True

    async def _find(self, site: Site, challenge: Challenge, fetcher: Fetcher) -> Found:
        """Who authorizes calls, and what to ask for."""
        fetcher.guard.check(site.server)
        resource = await find_resource(fetcher, site.server, challenge.resource_metadata)
        if resource is None:
            server = await find_old_server(fetcher, site.server)
        else:
            server = await find_server(fetcher, await self._choose(site, resource))
        if self.dpop and server.dpop_algorithms is not None and ALGORITHM not in server.dpop_algorithms:
            raise DiscoveryFailed(401, f"{server.issuer} takes no proofs signed with {ALGORITHM}")
        tokens = site.tokens
        before = tokens.scopes if tokens is not None and tokens.server.issuer == server.issuer else ()
        scopes = wanted(
            challenged=challenge.scopes,
            supported=None if resource is None else resource.scopes,
            own=self.scopes,
            before=before,
        )
        return Found(fetcher, server, canonical(site.server) if resource is None else resource.resource, scopes)

    async def _choose(self, site: Site, resource: Resource) -> str:
        """One of the authorization servers that a resource names: one that knows this client, if there is any."""
        own = await self.registrar.home()
        if own is not None and own not in resource.issuers:
            raise RegistrationFailed(
                401, f"the client is registered with {own}, and the server names {', '.join(resource.issuers):.300}"
            )
        current = site.tokens.server.issuer if site.tokens is not None else None
        return next((issuer for issuer in (own, current) if issuer in resource.issuers), None) or resource.issuers[0]

    async def _keep(self, site: Site, tokens: Tokens | None) -> None:
        """Keep tokens; None says that the refresh token is spent."""
        if tokens is None and site.tokens is not None:
            tokens = None if site.tokens.expired else replace(site.tokens, refresh_token=None)
        site.take(tokens)  # whatever becomes of the store, the old refresh token is spent
        await save(self.store, site.name, tokens)
