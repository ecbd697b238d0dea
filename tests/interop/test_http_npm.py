"""The official SDK for JavaScript over HTTP, in both eras: its server with our client, its client with our server."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from tests.interop.peers import PEERS
from tests.interop.support import LEGACY, MODERN, PROGRAMS, Heard
from tests.interop.test_http_servers import serving, told
from tests.interop.test_mcp_servers import interrupted, offered
from tests.interop.test_our_http_server import seen_by, served
from tests.interop.test_our_server import expected
from tests.support.http import free_port

SDK = PEERS["sdk"]
ENVIRONMENT = {**os.environ, "NODE_PATH": str(SDK.home / "node_modules")}
CLIENTS = {"auto": MODERN, MODERN: MODERN, "legacy": LEGACY}
SERVED = {None: MODERN, MODERN: MODERN, LEGACY: LEGACY, "2025-06-18": "2025-06-18", "2025-03-26": "2025-03-26"}


@asynccontextmanager
async def npm_server(heard: Heard) -> AsyncIterator[str]:
    """The URL of a server that is written with the SDK."""
    port = free_port()
    command = [SDK.node, str(PROGRAMS / "npm_http_server.cjs"), str(port)]
    async with serving(command, port, heard, env=ENVIRONMENT):
        yield f"http://127.0.0.1:{port}/mcp"


@pytest.mark.anyio
@pytest.mark.parametrize(("revisions", "spoken"), SERVED.items())
async def test_everything_that_its_server_offers(revisions: str | None, spoken: str) -> None:
    heard = Heard()
    with anyio.fail_after(40):
        async with npm_server(heard) as url, heard.client(url, revisions=revisions, verdicts={}) as client:
            assert client.protocol_version == spoken
            assert client.server_info is not None
            assert (client.server_info.name, client.instructions) == ("peer", "Ask away.")
            await told(client, heard)
            await offered(client)
            await interrupted(client, heard)
    assert heard.violations == []


@pytest.mark.parametrize(("mode", "spoken"), CLIENTS.items())
def test_its_client_with_our_server(mode: str, spoken: str, tmp_path: Path) -> None:
    stderr = tmp_path / "stderr"
    with served(stderr) as url:
        command = [SDK.node, str(PROGRAMS / "npm_http_client.cjs"), mode, url, str(stderr)]
        seen = seen_by(command, env=ENVIRONMENT)
    assert seen == as_it_tells_it(expected(spoken, "ours"))


def as_it_tells_it(things: list[tuple[str, object]]) -> list[tuple[str, object]]:
    """It lists all pages as one, gives errors its own codes, and names notifications alike in both eras."""
    updates = [f"notifications/{what}" for what in ("resources/updated", "tools/list_changed")]
    own: dict[str, object] = {"no resource": -32602, "changes": updates}
    lists = ("tools", "resources", "resource_templates", "prompts")
    return [
        (what, [1, value[1]] if what in lists and isinstance(value, list) else own.get(what, value))
        for what, value in things
    ]
