"""Realms that note whatever they are asked, and speak to clients of either era."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.client.auth.support import Realm
from tests.session.support import MODERN
from tests.transport.http.support import Legacy, Seen, running

RESOURCE_PLACE = "/.well-known/oauth-protected-resource"
SERVER_PLACE = "/.well-known/oauth-authorization-server"
OPENID_PLACE = "/.well-known/openid-configuration"


class Watched(Realm):
    """Notes every request, and every client that was registered."""

    def __init__(self, revision: str = MODERN) -> None:
        super().__init__()
        self.requests: list[web.Request] = []
        self.registered: list[dict[str, Any]] = []
        self.says: str | None = None
        """The challenge, where it is not the usual one."""
        if revision != MODERN:
            self.on = Legacy(session="s-1").on

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        return await super().__call__(request)

    async def check(self, request: web.Request) -> web.StreamResponse | None:
        refusal = await super().check(request)
        if refusal is not None and self.says is not None:
            del refusal.headers["WWW-Authenticate"]
            if self.says:
                refusal.headers["WWW-Authenticate"] = self.says
        return refusal

    async def at_register(self, seen: Seen) -> web.StreamResponse:
        body = await seen.raw.json()
        client = f"client-{self.next()}"
        self.clients.add(client)
        self.registered.append({**body, "client_id": client})
        return seen.json(self.registered[-1], status=201)

    def paths(self, *beginning: str) -> list[str]:
        """What was asked for, in order: the paths that begin so."""
        return [request.path for request in self.requests if request.path.startswith(beginning)]

    def calls(self) -> list[web.Request]:
        """What came to the MCP server."""
        return [request for request in self.requests if request.path == "/mcp"]


@asynccontextmanager
async def watched(revision: str = MODERN) -> AsyncIterator[Watched]:
    """A realm that listens; none of its tokens or clients is named like those of another."""
    realm = Watched(revision)
    async with running(realm):
        realm.count = 1000 * int(realm.url.split(":")[2].partition("/")[0])
        yield realm


class Elsewhere:
    """Fails the test if a user is sent anywhere."""

    async def show(self, url: str) -> None:
        raise AssertionError(url)

    async def receive(self) -> str:
        raise AssertionError
