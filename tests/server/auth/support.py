"""An issuer of tokens, right ones and wrong ones, and a protected server."""

from __future__ import annotations

import json
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs

import anyio
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from mcpstruct.server import Context, MCPServer
from mcpstruct.server.auth import JwtVerifier, ResourceServer
from tests.server.http.conftest import Answer, Raw, raw
from tests.support.http import serving

ISSUER = "https://auth.example.com"
RESOURCE = "https://mcp.example.com/mcp"
RSA = RSAKey.generate_key(2048)
EC = ECKey.generate_key("P-256")


def signed(header: Mapping[str, Any], claims: Mapping[str, Any], key: Any) -> str:
    """A JWT, whatever it says."""
    registry = jws.JWSRegistry(algorithms=[header["alg"]], strict_check_header=False)
    registry.max_header_length = 10_000
    return jws.serialize_compact(dict(header), json.dumps(claims), key, [header["alg"]], registry)


def encoded(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class Sure:
    value: bool = False


class Issuer:
    """Signs with one key, and says which ones it has."""

    def __init__(self, name: str = ISSUER, key: Any = EC, kid: str = "1") -> None:
        self.name = name
        self.key = key
        self.kid = kid

    @property
    def algorithm(self) -> str:
        return "RS256" if isinstance(self.key, RSAKey) else "ES256"

    def claims(self, **changed: Any) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": self.name,
            "aud": RESOURCE,
            "sub": "ada",
            "client_id": "editor",
            "iat": now,
            "exp": now + 600,
            "jti": secrets.token_urlsafe(8),
            "scope": "files:read",
            **changed,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, header: Mapping[str, Any] | None = None, **changed: Any) -> str:
        head = {"alg": self.algorithm, "kid": self.kid, "typ": "at+jwt", **(header or {})}
        head = {name: value for name, value in head.items() if value is not None}
        return signed(head, self.claims(**changed), self.key)

    @property
    def keys(self) -> dict[str, Any]:
        return {"keys": [{**self.key.as_dict(private=False), "kid": self.kid}]}


class Realm:
    """An authorization server as far as a resource server asks it, on a real socket."""

    def __init__(self) -> None:
        self.issuer = Issuer()
        self.keys: dict[str, Any] = {}
        self.asked: list[str] = []
        self.forms: list[dict[str, list[str]]] = []
        self.authorizations: list[str] = []
        self.active: dict[str, dict[str, Any]] = {}
        self.down = False
        self.hangs: anyio.Event | None = None
        """What answers wait for."""
        self.hanging = anyio.Event()
        self.metadata: dict[str, Any] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        path = scope["path"]
        self.asked.append(path)
        if self.hangs is not None:
            self.hanging.set()
            await self.hangs.wait()
        answers: dict[str, Any] = {
            "/.well-known/oauth-authorization-server": self.metadata,
            "/keys": self.keys,
        }
        if path == "/introspect":
            body = (await receive())["body"]
            form = parse_qs(body.decode())
            self.forms.append(form)
            self.authorizations.append(dict(scope["headers"])[b"authorization"].decode())
            answers[path] = self.active.get(form["token"][0], {"active": False})
        status = 503 if self.down else 200 if path in answers else 404
        content = json.dumps(answers.get(path, {})).encode()
        await send(
            {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]}
        )
        await send({"type": "http.response.body", "body": content})

    def count(self, path: str) -> int:
        return self.asked.count(path)


@asynccontextmanager
async def realm() -> AsyncIterator[Realm]:
    """A realm that listens, with one key."""
    made = Realm()
    async with serving(made) as base:
        made.issuer = Issuer(base)
        made.keys = made.issuer.keys
        made.metadata = {
            "issuer": base,
            "jwks_uri": f"{base}/keys",
            "introspection_endpoint": f"{base}/introspect",
        }
        yield made


class Proofs:
    """Makes proofs, right ones and wrong ones."""

    def __init__(self, key: Any = None) -> None:
        self.key = key or ECKey.generate_key("P-256")

    @property
    def thumbprint(self) -> str:
        value: str = self.key.thumbprint()
        return value

    def proof(self, token: str, url: str, *, header: Mapping[str, Any] | None = None, **changed: Any) -> str:
        claims = {
            "jti": secrets.token_urlsafe(8),
            "htm": "POST",
            "htu": url,
            "iat": int(time.time()),
            "ath": encoded(sha256(token.encode()).digest()),
            **changed,
        }
        head = {"alg": "ES256", "typ": "dpop+jwt", "jwk": self.key.as_dict(private=False), **(header or {})}
        return signed(head, {name: value for name, value in claims.items() if value is not None}, self.key)


def make_server(seen: list[Any] | None = None, **options: Any) -> MCPServer:
    server = MCPServer("files", version="1", **options)

    @server.tool()
    async def who(ctx: Context[Any]) -> str:
        if seen is not None:
            seen.append(ctx.principal)
        return "nobody" if ctx.principal is None else ctx.principal.subject

    @server.tool(scopes=["files:write"])
    async def write(ctx: Context[Any]) -> str:
        if seen is not None:
            seen.append("written")
        return "written"

    @server.tool()
    async def ask(ctx: Context[Any]) -> str:
        ctx.request_state = "kept"
        answer = await ctx.elicit("Sure?", Sure)
        return f"{answer.action} {ctx.request_state}"

    return server


def guarded(**options: Any) -> ResourceServer:
    """What lets in tokens of the usual issuer."""
    options = {"issuer": ISSUER, "audience": RESOURCE, "scopes": ["files:read"], **options}
    options.setdefault("verifier", JwtVerifier(keys=Issuer().keys))
    return ResourceServer(**options)


@asynccontextmanager
async def client(auth: ResourceServer, server: MCPServer | None = None, **options: Any) -> AsyncIterator[Raw]:
    """A client of a protected server."""
    with anyio.fail_after(20):
        async with serving(server or make_server(), auth=auth, **options) as base, raw(base) as one:
            yield one


async def call(one: Raw, token: str | None, tool: str = "who", **headers: str) -> Answer:
    """Call a tool with a token."""
    sent = {} if token is None else {"authorization": f"Bearer {token}"}
    return await one.modern("tools/call", {"name": tool}, headers={**sent, **headers})


def challenge_of(answer: Answer) -> tuple[str, dict[str, str]]:
    """The scheme and the parameters of a challenge."""
    scheme, _, rest = answer.headers["www-authenticate"].partition(" ")
    parts = [part.split("=", 1) for part in rest.split(", ")]
    return scheme, {name: value.strip('"') for name, value in parts}


def text_of(answer: Answer) -> str:
    assert answer.status == 200, answer
    text: str = answer.json["result"]["content"][0]["text"]
    return text
