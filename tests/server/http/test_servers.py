"""The application under every ASGI server that is in wide use, in a process of its own."""

from __future__ import annotations

import json
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.support.http import free_port

from .conftest import ENVELOPE, Raw, raw
from .processes import APP, Process, listening, process

pytestmark = pytest.mark.anyio
SERVERS = {
    "uvicorn": ["-m", "uvicorn", "--no-access-log", "--timeout-graceful-shutdown", "2", "--port"],
    "uvicorn with h11": ["-m", "uvicorn", "--http", "h11", "--loop", "asyncio", "--port"],
    "granian": ["-m", "granian", "--interface", "asgi", "--port"],
    "hypercorn": ["-m", "hypercorn", "--worker-class", "asyncio", "--bind"],
    "hypercorn with uvloop": ["-m", "hypercorn", "--worker-class", "uvloop", "--bind"],
    "hypercorn with trio": ["-m", "hypercorn", "--worker-class", "trio", "--bind"],
}


@pytest.fixture(params=SERVERS)
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Process, str]]:
    """A server at work, and its base URL."""
    (tmp_path / "program.py").write_text(APP, encoding="utf-8")
    port = free_port()
    command = SERVERS[request.param]
    address = f"127.0.0.1:{port}" if command[-1] == "--bind" else str(port)
    with process(*command, address, "program:app", cwd=tmp_path) as server:
        yield server, listening(port, server)


@pytest.fixture
async def client(running: tuple[Process, str]) -> AsyncIterator[Raw]:
    async with raw(running[1]) as one:
        yield one


def call(name: str, *, token: int | None = None, **arguments: Any) -> tuple[str, dict[str, Any]]:
    """The headers and the body of a modern call."""
    meta = ENVELOPE if token is None else {**ENVELOPE, "progressToken": token}
    params = {"name": name, "arguments": arguments, "_meta": meta}
    headers = {"mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": name}
    common = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}), {**common, **headers}


async def test_both_eras_over_one_endpoint(running: tuple[Process, str], client: Raw) -> None:
    plain = await client.modern("tools/call", {"name": "pid", "arguments": {}})
    assert (plain.status, plain.headers["content-type"]) == (200, "application/json")
    streamed = await client.modern("tools/call", {"name": "steps", "arguments": {}}, meta={"progressToken": 1})
    assert [message.get("method", "result") for message in streamed.messages] == [
        "notifications/progress",
        "notifications/progress",
        "result",
    ]
    assert (await client.initialize()).status == 200
    assert (await client.legacy("tools/call", {"name": "pid", "arguments": {}})).json["result"]
    assert (await client.send("DELETE", headers=client.session_headers)).status == 204
    assert (await client.modern("no/such")).status == 404
    assert (await client.send("PUT")).status == 405
    large = "x" * 3_000_000
    assert (await client.modern("tools/call", {"name": "pid", "arguments": {"x": large}})).status == 200
    assert (await client.modern("tools/call", {"name": "pid", "arguments": {"x": large * 2}})).status == 413


async def test_events_are_sent_as_they_come(running: tuple[Process, str], client: Raw) -> None:
    """A subscription says at once that it is open, and is still open afterwards."""
    params = {"notifications": {"toolsListChanged": True}, "_meta": ENVELOPE}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen", "params": params})
    headers = {**call("x")[1], "mcp-method": "subscriptions/listen"}
    del headers["mcp-name"]
    with anyio.fail_after(5):
        async with client.session.post(client.url, data=body, headers=headers) as answer:
            assert answer.status == 200
            line = await answer.content.readline()
            assert b"notifications/subscriptions/acknowledged" in line
            assert not answer.content.at_eof()


async def test_a_client_that_leaves_stops_its_handler(running: tuple[Process, str], client: Raw) -> None:
    server, _ = running
    body, headers = call("slow", seconds=3600)
    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:

            async def post() -> None:
                async with client.session.post(client.url, data=body, headers=headers):
                    pass

            tasks.start_soon(post)
            await server.heard("begun")
            tasks.cancel_scope.cancel()
        await server.heard("stopped")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_ends_when_told(running: tuple[Process, str], client: Raw, number: signal.Signals) -> None:
    server, _ = running
    assert (await client.modern("server/discover")).status == 200
    await client.initialize()
    await client.session.close()
    _status, seconds = await server.ended(number)
    assert server.noted == ["up", "down"]
    assert "Traceback" not in server.said
    assert seconds < 6
