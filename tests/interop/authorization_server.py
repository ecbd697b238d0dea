"""oidc-provider, an authorization server from npm, and a server of ours that trusts it."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from mcpstruct.server import Context, MCPServer
from mcpstruct.server.auth import IntrospectionVerifier, JwtVerifier, ResourceServer, Verifier
from tests.interop.peers import PEERS
from tests.interop.support import PROGRAMS
from tests.support.http import free_port, serving

CREDENTIALS = {"client_id": "resource-server", "client_secret": "only-for-tests"}


@contextmanager
def authorization_server(resource: str, tokens: str) -> Iterator[str]:
    """Its issuer, once it listens; it knows one resource."""
    node, port = PEERS["oidc"], free_port()
    program = str(PROGRAMS / "authorization_server.mjs")
    command = [node.node, program, node.script("oidc-provider/lib/index.js"), str(port), resource, tokens]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def make_server() -> MCPServer:
    """Tools for who reads, and one for who writes."""
    server = MCPServer("files", version="1")

    @server.tool()
    async def who(ctx: Context[Any]) -> str:
        assert ctx.principal is not None
        return f"{ctx.principal.subject}: {' '.join(sorted(ctx.principal.scopes))}"

    @server.tool(scopes=["files:write"])
    async def write(ctx: Context[Any]) -> str:
        assert ctx.principal is not None
        return f"{ctx.principal.subject} wrote"

    return server


@asynccontextmanager
async def protected(tokens: str = "jwt", **options: Any) -> AsyncIterator[str]:
    """The URL of a server that lets in who has a token of an authorization server, which runs meanwhile."""
    apps: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await apps[0](scope, receive, send)
            return
        for _ in range(2):  # the lifespan begins before there is an application
            event = (await receive())["type"]
            await send({"type": f"{event}.complete"})

    async with serving(app) as base:
        url = f"{base}/mcp"
        with authorization_server(url, tokens) as issuer:
            verifier: Verifier = JwtVerifier() if tokens == "jwt" else IntrospectionVerifier(**CREDENTIALS)
            auth = ResourceServer(issuer, url, ["files:read"], verifier, **options)
            apps.append(make_server().http_app(auth=auth))
            try:
                yield url
            finally:
                await apps[0].aclose()
