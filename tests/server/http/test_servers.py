"""The application under every ASGI server that is in wide use, in a process of its own."""

from __future__ import annotations

import io
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import aiohttp
import anyio
import pytest

from tests.support.http import free_port

from .conftest import Raw, raw
from .processes import APP, Process, call, listening, message, process

pytestmark = [pytest.mark.anyio, pytest.mark.once]
SERVERS = {
    "uvicorn": ["-m", "uvicorn", "--no-access-log", "--timeout-graceful-shutdown", "2", "--port"],
    "uvicorn with h11": ["-m", "uvicorn", "--http", "h11", "--loop", "asyncio", "--port"],
    "granian": ["-m", "granian", "--interface", "asgi", "--port"],
    "hypercorn": ["-m", "hypercorn", "--worker-class", "asyncio", "--bind"],
    "hypercorn with uvloop": ["-m", "hypercorn", "--worker-class", "uvloop", "--bind"],
    "hypercorn with trio": ["-m", "hypercorn", "--worker-class", "trio", "--bind"],
}
RARE = ("uvicorn with h11", "hypercorn with uvloop")
PARAMS = [pytest.param(name, marks=[pytest.mark.slow] if name in RARE else []) for name in SERVERS]


@contextmanager
def started(name: str, folder: Path) -> Iterator[tuple[Process, str]]:
    """A server at work, and its base URL."""
    (folder / "program.py").write_text(APP, encoding="utf-8")
    port = free_port()
    command = SERVERS[name]
    address = f"127.0.0.1:{port}" if command[-1] == "--bind" else str(port)
    with process(*command, address, "program:app", cwd=folder) as server:
        yield server, listening(port, server)


@pytest.fixture(params=PARAMS, scope="module")
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Process, str]]:
    """One that the tests share."""
    with started(request.param, tmp_path_factory.mktemp("program")) as server:
        yield server


@pytest.fixture
async def client(running: tuple[Process, str]) -> AsyncIterator[Raw]:
    async with raw(running[1]) as one:
        yield one


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


async def test_a_large_request_is_read_up_to_the_limit(running: tuple[Process, str], client: Raw) -> None:
    body, headers = call("pid", x="x" * 3_000_000)
    async with client.session.post(client.url, data=io.BytesIO(body), headers=headers) as answer:
        assert answer.status == 200
    body, headers = call("pid", x="x" * 5_000_000)
    with suppress(aiohttp.ClientOSError):  # the answer, and the end of the connection, may come before all was sent
        async with client.session.post(client.url, data=io.BytesIO(body), headers=headers) as answer:
            assert answer.status == 413


async def test_events_are_sent_as_they_come(running: tuple[Process, str], client: Raw) -> None:
    """A subscription says at once that it is open, and is still open afterwards."""
    body, headers = message("subscriptions/listen", notifications={"toolsListChanged": True})
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
        before = server.noted.count("stopped")
        async with anyio.create_task_group() as tasks:

            async def post() -> None:
                async with client.session.post(client.url, data=body, headers=headers):
                    pass

            tasks.start_soon(post)
            await server.heard("begun", before + 1)
            tasks.cancel_scope.cancel()
        await server.heard("stopped", before + 1)


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", PARAMS)
async def test_it_ends_when_told(name: str, number: signal.Signals, tmp_path: Path) -> None:
    with started(name, tmp_path) as (server, base):
        async with raw(base) as client:
            assert (await client.modern("server/discover")).status == 200
            await client.initialize()
        _, seconds = await server.ended(number)
        assert server.noted == ["up", "down"]
        assert "Traceback" not in server.said
        assert seconds < 6
