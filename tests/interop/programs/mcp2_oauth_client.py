"""A client written with mcp 2.3.0 that signs its user in: `mcp2_oauth_client.py MODE URL` prints what tools say."""

# pyright: reportMissingImports=false
from __future__ import annotations

import asyncio
import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata
from user import agree

MODE, URL = sys.argv[1:3]
BACK = "http://localhost:3030/callback"


class Memory:
    """Keeps what was obtained."""

    def __init__(self) -> None:
        self.tokens: Any = None
        self.client: Any = None

    async def get_tokens(self) -> Any:
        return self.tokens

    async def set_tokens(self, tokens: Any) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> Any:
        return self.client

    async def set_client_info(self, client_info: Any) -> None:
        self.client = client_info


async def main() -> None:
    sent: list[str] = []

    async def show(url: str) -> None:
        sent.append(await asyncio.to_thread(agree, url, BACK))
        print("signed in", flush=True)

    async def receive() -> AuthorizationCodeResult:
        found = parse_qs(urlsplit(sent[-1]).query)
        return AuthorizationCodeResult(**{name: values[0] for name, values in found.items()})

    metadata = OAuthClientMetadata(redirect_uris=[BACK], client_name="mcp", application_type="native")
    auth = OAuthClientProvider(URL, metadata, Memory(), redirect_handler=show, callback_handler=receive)
    http = httpx2.AsyncClient(auth=auth, follow_redirects=True, trust_env=False)
    async with http, Client(streamable_http_client(URL, http_client=http), mode=MODE) as client:
        for tool in ("who", "who", "write"):
            result = await client.call_tool(tool)
            print(result.content[0].text, flush=True)


asyncio.run(main())
