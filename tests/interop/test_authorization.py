"""Our server, an authorization server that others wrote, and clients that sign their user in there."""

from __future__ import annotations

import subprocess
from functools import partial

import anyio
import pytest

from mcpstruct.client import Client
from mcpstruct.client.auth import OAuth
from mcpstruct.server.auth import DPoP
from tests.interop.authorization_server import protected
from tests.interop.peers import PEERS
from tests.interop.programs.user import agree
from tests.interop.support import LEGACY, MODERN, PROGRAMS, text_of

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("revision", [MODERN, LEGACY])
@pytest.mark.parametrize("tokens", ["jwt", "opaque"])
async def test_our_client(tokens: str, revision: str) -> None:
    visits: list[str] = []

    async def show(url: str) -> None:
        visits.append(await anyio.to_thread.run_sync(agree, url))

    with anyio.fail_after(40):
        async with protected(tokens) as url, Client(url, revisions=revision, auth=OAuth(open_url=show)) as client:
            for _ in range(2):
                assert text_of(await client.call_tool("who")) == "ada: files:read"
            assert len(visits) == 1
            assert text_of(await client.call_tool("write")) == "ada wrote"
            assert text_of(await client.call_tool("who")) == "ada: files:read files:write"
            assert len(visits) == 2


async def test_our_client_proves_that_the_token_is_its_own() -> None:
    async def show(url: str) -> None:
        await anyio.to_thread.run_sync(agree, url)

    auth = OAuth(open_url=show, dpop=True)
    with anyio.fail_after(40):
        async with protected(dpop=DPoP(required=True, nonce=True)) as url, Client(url, auth=auth) as client:
            for _ in range(3):
                assert text_of(await client.call_tool("who")) == "ada: files:read"


@pytest.mark.parametrize("mode", [MODERN, "legacy"])
async def test_a_client_of_the_official_sdk(mode: str) -> None:
    command = [PEERS["mcp2"].python, str(PROGRAMS / "mcp2_oauth_client.py"), mode]
    with anyio.fail_after(50):
        async with protected() as url:
            run = partial(subprocess.run, [*command, url], capture_output=True, text=True, timeout=45, check=False)
            done = await anyio.to_thread.run_sync(run)
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stdout.splitlines() if line != "signed in"]
    assert said == ["ada: files:read", "ada: files:read", "ada wrote"]
