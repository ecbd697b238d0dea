"""Our client, and a server that lets in whom the authorization server of the official SDK knows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from mcpstruct.base.errors import AuthorizationFailed
from mcpstruct.client import Client
from mcpstruct.client.auth import FileTokenStore, OAuth
from tests.interop.peers import PEERS
from tests.interop.programs.user import agree
from tests.interop.support import LEGACY, MODERN, PROGRAMS, Heard, text_of
from tests.interop.test_http_servers import serving
from tests.support.http import free_port

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def protected(apart: bool) -> AsyncIterator[str]:
    """The URL of the server; its authorization server is at the same port, or `apart` at another."""
    port, other = free_port(), free_port() if apart else 0
    command = [PEERS["mcp2"].python, str(PROGRAMS / "mcp2_oauth_server.py"), str(port), str(other)]
    async with serving(command, port, Heard()):
        yield f"http://127.0.0.1:{port}/mcp"


class User:
    """Agrees to whatever is asked."""

    def __init__(self) -> None:
        self.visits: list[str] = []

    async def show(self, url: str) -> None:
        self.visits.append(await anyio.to_thread.run_sync(agree, url))


@pytest.mark.parametrize("revision", [MODERN, LEGACY])
@pytest.mark.parametrize("apart", [False, True], ids=["together", "apart"])
async def test_our_client(apart: bool, revision: str) -> None:
    """It registers, sends its user to agree, calls, and renews a token that was taken back."""
    user = User()
    with anyio.fail_after(60):
        async with protected(apart) as url, Client(url, revisions=revision, auth=OAuth(open_url=user.show)) as client:
            assert client.protocol_version == revision
            for _ in range(2):
                assert text_of(await client.call_tool("who")) == "ada: notes"
            assert text_of(await client.call_tool("asked")) == "register authorization_code"
            for number in (1, 2):
                assert text_of(await client.call_tool("forget")) == "forgotten"
                assert text_of(await client.call_tool("who")) == "ada: notes"
                said = text_of(await client.call_tool("asked"))
                assert said == "register authorization_code" + " refresh_token" * number
    assert len(user.visits) == 1


async def test_our_client_is_let_in_again_without_its_user(tmp_path: Path) -> None:
    user = User()
    with anyio.fail_after(60):
        async with protected(apart=True) as url:
            for _ in range(2):
                auth = OAuth(open_url=user.show, store=FileTokenStore(tmp_path))
                async with Client(url, auth=auth) as client:
                    assert text_of(await client.call_tool("who")) == "ada: notes"
            async with Client(url, auth=auth) as client:
                assert text_of(await client.call_tool("asked")) == "register authorization_code"
    assert len(user.visits) == 1


async def test_a_user_who_goes_away() -> None:
    with anyio.fail_after(60):
        async with protected(apart=False) as url:
            with pytest.raises(AuthorizationFailed, match="nobody"):
                await Client(url, auth=OAuth(open_url=lambda url: None, patience=0.2)).connect()
