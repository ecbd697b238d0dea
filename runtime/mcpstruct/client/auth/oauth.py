"""`OAuth`: calls on behalf of a user, who agrees to that in a browser."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mcpstruct.base.errors import TokenRefused

from .credentials import SigningKey
from .fetching import Wire
from .flow import Asked, Receive, browser
from .keeper import Found, Keeper, Site
from .loopback import OpenUrl, place_of
from .registration import Registrar
from .safety import comes_home
from .scopes import offline
from .tokens import MemoryTokenStore, Tokens, TokenStore

PATIENCE = 300.0


class OAuth(Keeper):
    """Calls on behalf of a user: the authorization code flow, with PKCE.

    A server that refuses a call says who authorizes calls; there the user is sent, in a browser, and tokens come back,
    which are renewed when they end. `open_url` shows a URL in the place of the user's browser. That comes back to a
    port of this machine, or, with `receive`, to `redirect_uri`: it waits for that, and gives the whole URL.

    The authorization server knows this client by a `client_id` (and `client_secret` or `key`) that it gave out
    beforehand, `issuer` being whose these are: without, the first that takes them. Or it knows it by the document at
    `client_metadata_url`; or it is asked to register the client, with `client_metadata` such as `client_name`. `scopes`
    are asked for beside those that a call needs.

    Tokens are kept in `store`; the default forgets them with this object. With `dpop`, they are bound to a key.
    `patience` is how many seconds the user has. `wire` is how requests to authorization servers are sent, and which
    URLs are gone to. Calls raise `AuthError`.
    """

    def __init__(
        self,
        *,
        scopes: Iterable[str] = (),
        client_id: str | None = None,
        client_secret: str | None = None,
        key: SigningKey | None = None,
        auth_method: str | None = None,
        issuer: str | None = None,
        client_metadata_url: str | None = None,
        client_metadata: Mapping[str, Any] | None = None,
        open_url: OpenUrl | None = None,
        receive: Receive | None = None,
        redirect_uri: str | None = None,
        store: TokenStore | None = None,
        dpop: bool = False,
        patience: float | None = PATIENCE,
        wire: Wire | None = None,
    ) -> None:
        if receive is not None and redirect_uri is None:
            raise ValueError("receive= goes with the redirect_uri= that it waits at")
        if receive is None and redirect_uri is not None:
            place_of(redirect_uri)
        if redirect_uri is not None and not comes_home(redirect_uri):
            raise ValueError("redirect_uri= is a URL of https, or one of http at this machine")
        store = MemoryTokenStore() if store is None else store
        registrar = Registrar(
            store=store,
            client_id=client_id,
            client_secret=client_secret,
            key=key,
            method=auth_method,
            issuer=issuer,
            metadata_url=client_metadata_url,
            metadata={**({"dpop_bound_access_tokens": True} if dpop else {}), **(client_metadata or {})},
        )
        super().__init__(registrar, scopes=scopes, store=store, dpop=dpop, wire=wire)
        self._show = open_url
        self._receive = receive
        self._redirect_uri = redirect_uri
        self._patience = patience

    async def obtain(self, site: Site, found: Found) -> Tokens:
        """Send the user to the authorization server. Raises `AuthError`."""
        try:
            return await self._authorized(site, found)
        except TokenRefused as error:
            if error.error != "invalid_client" or not await self.registrar.forget(found.server):
                raise
        return await self._authorized(site, found)  # as a client that has just been registered

    async def _authorized(self, site: Site, found: Found) -> Tokens:
        server = found.server
        scopes = offline(found.scopes, server.scopes)
        known = await self.registrar.known(server)
        preferred = known.redirect_uri if known is not None else None
        async with browser(
            show=self._show, receive=self._receive, redirect_uri=self._redirect_uri, preferred=preferred
        ) as user:
            credential = await self.registrar.credential(found.fetcher, server, user.uri)
            asked = Asked(issuer=server.issuer, sends_issuer=server.sends_issuer, redirect_uri=user.uri)
            url = asked.url(server, credential.client_id, found.resource, scopes)
            await found.fetcher.judge(url)
            code = asked.code(await user.visit(url, asked, self._patience))
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": asked.redirect_uri,
            "code_verifier": asked.verifier,
            "resource": found.resource,
        }
        return await self.endpoint(site, found, credential).ask(form, scopes)
