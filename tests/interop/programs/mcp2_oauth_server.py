"""A server written with mcp 2.3.0 that lets in whom its authorization server knows: `mcp2_oauth_server.py PORT OTHER`.

The authorization server is at the same port, or at OTHER, where that is not 0. Users agree in a form.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import secrets
import socket
import sys
import time
from typing import Any

import uvicorn
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import (
    AccessToken,
    AuthorizationCode,
    AuthorizationParams,
    ProviderTokenVerifier,
    RefreshToken,
    construct_redirect_uri,
)
from mcp.server.auth.routes import create_auth_routes
from mcp.server.auth.settings import AuthSettings, ClientRegistrationOptions
from mcp.server.mcpserver import MCPServer
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken
from pydantic import AnyHttpUrl
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

PORT, OTHER = map(int, sys.argv[1:3])
ROOT = f"http://127.0.0.1:{PORT}"
ISSUER = f"http://127.0.0.1:{OTHER or PORT}"
SCOPE = "notes"
PAGE = "<form method=post><input name=prompt value=consent><input name=login><button>Agree</button></form>"


class Provider:
    """Keeps it all in memory, and notes what it was asked for."""

    def __init__(self) -> None:
        self.clients: dict[str, OAuthClientInformationFull] = {}
        self.waiting: dict[str, tuple[str, AuthorizationParams]] = {}
        self.codes: dict[str, AuthorizationCode] = {}
        self.access: dict[str, AccessToken] = {}
        self.refresh: dict[str, RefreshToken] = {}
        self.notes: list[str] = []

    async def get_client(self, client_id: str) -> OAuthClientInformationFull | None:
        return self.clients.get(client_id)

    async def register_client(self, client_info: OAuthClientInformationFull) -> None:
        assert client_info.client_id is not None
        self.clients[client_info.client_id] = client_info
        self.notes.append("register")

    async def authorize(self, client: OAuthClientInformationFull, params: AuthorizationParams) -> str:
        assert client.client_id is not None
        ticket = secrets.token_urlsafe(32)
        self.waiting[ticket] = client.client_id, params
        return f"{ISSUER}/consent?ticket={ticket}"

    async def consent(self, request: Request) -> Response:
        """The page at which users agree, and where that leads."""
        if request.method == "GET":
            return HTMLResponse(PAGE)
        client_id, params = self.waiting.pop(request.query_params["ticket"])
        assert params.resource == f"{ROOT}/mcp"
        code = AuthorizationCode(
            code=secrets.token_urlsafe(32),
            scopes=params.scopes or [],
            expires_at=time.time() + 60,
            client_id=client_id,
            code_challenge=params.code_challenge,
            redirect_uri=params.redirect_uri,
            redirect_uri_provided_explicitly=params.redirect_uri_provided_explicitly,
            resource=params.resource,
            subject=str((await request.form())["login"]),
        )
        self.codes[code.code] = code
        return RedirectResponse(construct_redirect_uri(str(code.redirect_uri), code=code.code, state=params.state), 302)

    async def load_authorization_code(self, client: Any, authorization_code: str) -> AuthorizationCode | None:
        return self.codes.get(authorization_code)

    async def exchange_authorization_code(self, client: Any, authorization_code: AuthorizationCode) -> OAuthToken:
        del self.codes[authorization_code.code]
        self.notes.append("authorization_code")
        return self.issue(authorization_code, authorization_code.scopes)

    async def load_refresh_token(self, client: Any, refresh_token: str) -> RefreshToken | None:
        return self.refresh.get(refresh_token)

    async def exchange_refresh_token(self, client: Any, refresh_token: RefreshToken, scopes: list[str]) -> OAuthToken:
        del self.refresh[refresh_token.token]
        self.notes.append("refresh_token")
        return self.issue(refresh_token, scopes)

    async def load_access_token(self, token: str) -> AccessToken | None:
        return self.access.get(token)

    async def revoke_token(self, token: AccessToken | RefreshToken) -> None:
        self.access.pop(token.token, None)
        self.refresh.pop(token.token, None)

    def issue(self, grant: AuthorizationCode | RefreshToken, scopes: list[str]) -> OAuthToken:
        about = {
            "client_id": grant.client_id,
            "scopes": scopes,
            "resource": grant.resource,
            "subject": grant.subject,
            "expires_at": int(time.time()) + 3600,
        }
        access = AccessToken(token=secrets.token_urlsafe(32), claims={"iss": ISSUER}, **about)
        refresh = RefreshToken(token=secrets.token_urlsafe(32), **about)
        self.access[access.token], self.refresh[refresh.token] = access, refresh
        return OAuthToken(
            access_token=access.token, expires_in=3600, scope=" ".join(scopes), refresh_token=refresh.token
        )


provider = Provider()
registration = ClientRegistrationOptions(enabled=True, valid_scopes=[SCOPE], default_scopes=[SCOPE])
settings = AuthSettings(
    issuer_url=AnyHttpUrl(ISSUER),
    resource_server_url=AnyHttpUrl(f"{ROOT}/mcp"),
    required_scopes=[SCOPE],
    client_registration_options=registration,
    validate_token_resource=True,
)
if OTHER:
    server = MCPServer("notes", token_verifier=ProviderTokenVerifier(provider), auth=settings)
else:
    server = MCPServer("notes", auth_server_provider=provider, auth=settings)
    server.custom_route("/consent", ["GET", "POST"])(provider.consent)


@server.tool()
def who() -> str:
    """Who calls."""
    token = get_access_token()
    assert token is not None
    return f"{token.subject}: {' '.join(token.scopes)}"


@server.tool()
def asked() -> str:
    """What the authorization server was asked for."""
    return " ".join(provider.notes)


@server.tool()
def forget() -> str:
    """Take back every access token."""
    provider.access.clear()
    return "forgotten"


authorizing = create_auth_routes(provider, AnyHttpUrl(ISSUER), client_registration_options=registration)
authorizing.append(Route("/consent", provider.consent, methods=["GET", "POST"]))
pages = Starlette(routes=authorizing)
calls = server.streamable_http_app()


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Each of the two at its port."""
    other = scope["type"] == "http" and scope["server"][1] == OTHER
    await (pages if other else calls)(scope, receive, send)


sockets = [socket.create_server(("127.0.0.1", port)) for port in (OTHER, PORT) if port]
uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets)
