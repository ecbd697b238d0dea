"""Our client over HTTP with servers that others wrote: the official SDKs', in every shape that they serve in."""

from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.abc
import pytest
from anyio.streams.text import TextReceiveStream

from mcpstruct.client import Client
from tests.interop.peers import PEERS
from tests.interop.support import LEGACY, MODERN, PROGRAMS, Heard, text_of
from tests.interop.test_everything import TOOLS, offers, prompts
from tests.interop.test_mcp_servers import Sum, interrupted, offered
from tests.support.http import free_port

pytestmark = pytest.mark.anyio
SERVERS = {
    "mcp 2.3.0, auto": ("mcp2", "http", None, MODERN),
    "mcp 2.3.0, modern": ("mcp2", "http", MODERN, MODERN),
    "mcp 2.3.0, legacy": ("mcp2", "http", LEGACY, LEGACY),
    "mcp 2.3.0, oldest": ("mcp2", "http", "2025-03-26", "2025-03-26"),
    "mcp 2.3.0, HTTP+SSE": ("mcp2", "sse", None, LEGACY),
    "mcp 1.30.0, auto": ("mcp1", "http", None, LEGACY),
    "mcp 1.30.0, oldest": ("mcp1", "http", "2025-03-26", "2025-03-26"),
    "mcp 1.30.0, HTTP+SSE": ("mcp1", "sse", "2024-11-05", "2024-11-05"),
}


@asynccontextmanager
async def serving(command: list[str], port: int, heard: Heard, **options: Any) -> AsyncIterator[None]:
    """A server in a process of its own, once it listens."""
    process = await anyio.open_process(command, stdout=subprocess.DEVNULL, **options)
    async with process, anyio.create_task_group() as group:
        group.start_soon(_pump, process, heard)
        try:
            with anyio.fail_after(20):
                while not await _listens(port):
                    assert process.returncode is None, heard.stderr
                    await anyio.sleep(0.05)
            yield
        finally:
            process.kill()
            group.cancel_scope.cancel()


async def _pump(process: anyio.abc.Process, heard: Heard) -> None:
    assert process.stderr is not None
    rest = ""
    async for text in TextReceiveStream(process.stderr):
        *lines, rest = (rest + text).split("\n")
        for line in lines:
            heard.on_stderr(line)


async def _listens(port: int) -> bool:
    try:
        await (await anyio.connect_tcp("127.0.0.1", port)).aclose()
    except OSError:
        return False
    return True


@asynccontextmanager
async def peer_at(peer: str, kind: str, heard: Heard) -> AsyncIterator[str]:
    """The URL of a peer's server."""
    port = free_port()
    file = str(PROGRAMS / f"{peer}_server.py")
    command = [PEERS[peer].python, str(PROGRAMS / "over_http.py"), file, kind, str(port)]
    async with serving(command, port, heard):
        yield f"http://127.0.0.1:{port}/{'sse' if kind == 'sse' else 'mcp'}"


@pytest.mark.parametrize("server", SERVERS.values(), ids=SERVERS)
async def test_everything_that_a_server_offers(server: tuple[str, str, str | None, str]) -> None:
    peer, kind, revisions, spoken = server
    heard = Heard()
    with anyio.fail_after(50):
        async with peer_at(peer, kind, heard) as url, heard.client(url, revisions=revisions, verdicts={}) as client:
            assert client.protocol_version == spoken
            assert {tool.name async for tool in client.tools()} >= {"add", "count", "hang"}
            await told(client, heard)
            await offered(client)
            await interrupted(client, heard)
    assert heard.violations == []


async def told(client: Client, heard: Heard) -> None:
    """What comes with calls, and what the server asks meanwhile."""
    result = await client.call_tool("count", {"to": 3}, on_progress=heard.on_progress)
    assert text_of(result) == "counted to 3"
    assert heard.progress == [(1, 3, "at 1"), (2, 3, "at 2"), (3, 3, "at 3")]
    logs = [log.data for log in heard.logs if "counted" in str(log.data)]
    assert logs == ["counted 1", "counted 2", "counted 3"]
    assert text_of(await client.call_tool("think")) == "oracle says because"
    assert "file:///data/ada" in text_of(await client.call_tool("where"))
    if client.protocol_version >= "2025-06-18":
        assert text_of(await client.call_tool("ask")) == "large, spicy"
        assert await client.call_tool("add", {"terms": [1, 2, 3]}, into=Sum) == Sum(6, [1, 2, 3])
    assert text_of(await client.call_tool("text", {"size": 2_000_000})) == "é" * 2_000_000


@pytest.mark.parametrize("peer", ["mcp2", "mcp1"])
@pytest.mark.parametrize("revisions", [None, LEGACY])
async def test_a_server_that_answers_in_json(peer: str, revisions: str | None) -> None:
    heard = Heard()
    with anyio.fail_after(50):
        async with peer_at(peer, "json", heard) as url, heard.client(url, revisions=revisions, verdicts={}) as client:
            await offered(client)
            assert text_of(await client.call_tool("count", {"to": 3})) == "counted to 3"
    assert heard.violations == []


@pytest.mark.parametrize("kind", ["streamableHttp", "sse"])
async def test_the_reference_server(kind: str) -> None:
    heard = Heard()
    node = PEERS["node"]
    port = free_port()
    command = [node.node, node.script("@modelcontextprotocol/server-everything/dist/index.js"), kind]
    environment = {"PATH": os.environ["PATH"], "PORT": str(port)}
    with anyio.fail_after(50):
        async with serving(command, port, heard, env=environment):
            url = f"http://127.0.0.1:{port}/{'sse' if kind == 'sse' else 'mcp'}"
            async with heard.client(url, verdicts={}) as client:
                assert client.protocol_version == LEGACY
                assert {tool.name async for tool in client.tools()} == {*TOOLS}
                await offers(client)
                await prompts(client)
                for check in TOOLS.values():
                    await check(client, heard)
    assert heard.violations == []
