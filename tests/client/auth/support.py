"""A server that wants to know who calls, its authorization server at the same address, and a user who says yes."""

from __future__ import annotations

import http.client
import json
import threading
from base64 import urlsafe_b64encode
from collections import Counter
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import anyio
from aiohttp import web

from mcpstruct.client import Client
from mcpstruct.client.auth import OAuth
from tests.transport.http.support import BRISK, SOON, Handler, Modern, Seen

WELL_KNOWN = "/.well-known/"
REDIRECT = "http://localhost:3000/callback"


class Realm(Modern):
    """Both servers. What they do may be changed by setting attributes; `pages` replaces the answers of a path."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: dict[str, Handler] = {}
        self.visits: Counter[str] = Counter()
        """How often each path was asked for."""
        self.forms: list[dict[str, str]] = []
        """What token endpoint was asked."""
        self.asked: list[dict[str, str]] = []
        """What users were sent with."""
        self.metadata: dict[str, Any] = {}
        self.resource: dict[str, Any] = {}
        self.good: dict[str, set[str]] = {}
        """Tokens that are let in, with their scopes."""
        self.refresh: dict[str, set[str]] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.clients: set[str] = set()
        self.expires_in: Any = 3600
        self.rotates = True
        self.needs = {"tools/call": "call"}
        """The scopes that methods need, if any."""
        self.challenge = 'scope="list"'
        self.answers: dict[str, str] = {}
        """What redirects say besides, or otherwise."""
        self.count = 0
        self._lock = threading.Lock()
        self._came = threading.Condition()

    @property
    def root(self) -> str:
        return self.url.removesuffix("/mcp")

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        path = request.path
        with self._came:
            self.visits[path] += 1
            self._came.notify_all()
        if path != "/mcp":
            seen = Seen(request, await request.read(), None)
            page = self.pages.get(path) or getattr(self, "at_" + path.rpartition("/")[2].replace("-", "_"), None)
            if page is None and path.startswith(WELL_KNOWN):
                page = getattr(self, "at_" + path.split("/")[2].replace("-", "_"), None)
            return await page(seen) if page is not None else seen.status(404)
        refusal = await self.check(request)
        return refusal if refusal is not None else await super().__call__(request)

    async def check(self, request: web.Request) -> web.StreamResponse | None:
        """Who calls, and whether they may."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        where = f'resource_metadata="{self.root}{WELL_KNOWN}oauth-protected-resource/mcp"'
        if token not in self.good:
            return web.Response(status=401, headers={"WWW-Authenticate": f"Bearer {where}, {self.challenge}"})
        need = self.needs.get(request.headers.get("Mcp-Method", ""))
        if need is not None and need not in self.good[token]:
            said = f'Bearer error="insufficient_scope", scope="{need}", {where}'
            return web.Response(status=403, headers={"WWW-Authenticate": said})
        return None

    async def at_oauth_protected_resource(self, seen: Seen) -> web.StreamResponse:
        return seen.json({"resource": self.url, "authorization_servers": [self.root], **self.resource})

    async def at_oauth_authorization_server(self, seen: Seen) -> web.StreamResponse:
        usual = {
            "issuer": self.root,
            "authorization_endpoint": f"{self.root}/authorize",
            "token_endpoint": f"{self.root}/token",
            "registration_endpoint": f"{self.root}/register",
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none"],
            "authorization_response_iss_parameter_supported": True,
        }
        return seen.json({k: v for k, v in {**usual, **self.metadata}.items() if v is not None})

    async def at_register(self, seen: Seen) -> web.StreamResponse:
        body = json.loads(seen.body)
        assert body["application_type"] == "native"
        client = f"client-{self.next()}"
        self.clients.add(client)
        return seen.json({**body, "client_id": client}, status=201)

    async def at_authorize(self, seen: Seen) -> web.StreamResponse:
        query = dict(seen.raw.query)
        self.asked.append(query)
        code = f"code-{self.next()}"
        self.codes[code] = query
        said = {"code": code, "state": query["state"], "iss": self.root, **self.answers}
        target = f"{query['redirect_uri']}?{urlencode({k: v for k, v in said.items() if v})}"
        return web.Response(status=302, headers={"Location": target})

    async def at_token(self, seen: Seen) -> web.StreamResponse:
        form = {name: values[0] for name, values in parse_qs(seen.body.decode()).items()}
        self.forms.append(form)
        if form.get("client_id") not in self.clients:
            return seen.json({"error": "invalid_client"}, status=401)
        if form["grant_type"] == "refresh_token":
            scopes = self.refresh.pop(form["refresh_token"], None)
        else:
            scopes = self.redeemed(form)
        if scopes is None:
            return seen.json({"error": "invalid_grant"}, status=400)
        return seen.json(self.issue(scopes))

    def redeemed(self, form: dict[str, str]) -> set[str] | None:
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None:
            return None
        digest = urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        same = all(asked[name] == form[name] for name in ("client_id", "redirect_uri", "resource"))
        return set(asked.get("scope", "").split()) if same and digest == asked["code_challenge"] else None

    def issue(self, scopes: set[str]) -> dict[str, Any]:
        """New tokens; the old ones are good for nothing any more."""
        token, refresh = f"secret-token-{self.next()}", f"secret-refresh-{self.next()}"
        self.good = {token: scopes}
        self.refresh = {refresh: scopes}
        return {"access_token": token, "token_type": "Bearer", "expires_in": self.expires_in, "refresh_token": refresh}

    async def reached(self, path: str, count: int) -> None:
        """Wait until a path was asked for so often."""

        def wait() -> bool:
            with self._came:
                return self._came.wait_for(lambda: self.visits[path] >= count, SOON)

        assert await anyio.to_thread.run_sync(wait), self.visits

    def next(self) -> int:
        with self._lock:
            self.count += 1
            return self.count


class User:
    """Goes where the client sends, and comes back at once."""

    def __init__(self, *, comes_back: bool = False) -> None:
        self.urls: list[str] = []
        self.came_to = ""
        self._comes_back = comes_back

    async def show(self, url: str) -> None:
        self.urls.append(url)
        self.came_to = await anyio.to_thread.run_sync(visit, url)
        if self._comes_back:
            await anyio.to_thread.run_sync(visit, self.came_to)

    async def receive(self) -> str:
        return self.came_to


def visit(url: str) -> str:
    """Ask for a page; where it leads."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}")
        response = connection.getresponse()
        response.read()
        return response.headers.get("Location", "")
    finally:
        connection.close()


def oauth(user: User | None = None, **options: Any) -> OAuth:
    """Calls on behalf of a user."""
    user = user or User()
    about: dict[str, Any] = {"open_url": user.show, "receive": user.receive, "redirect_uri": REDIRECT, **options}
    return OAuth(**about)


def client(realm: Modern, auth: Any, **options: Any) -> Client:
    """A client of the realm's server."""
    return Client(realm.url, auth=auth, verdicts={}, **{"deadlines": BRISK, **options})
