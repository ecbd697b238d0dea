"""Clients that leave, stall or cheat, and a server of ours in a process of its own."""

from __future__ import annotations

import gc
import json
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, suppress
from typing import Any

import anyio
import pytest

from mcpstruct.server import MCPServer
from tests.faults.leaks import idle
from tests.server.http.conftest import COMMON, Raw, raw
from tests.server.http.processes import Ended, Process, ask, base_url, call

from .support import SOON, Growth, census, connected, open_files, request, serving, soon

pytestmark = pytest.mark.anyio
EVENTS = {"accept": "text/event-stream"}
OPENING = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
INITIALIZE = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": OPENING}


@pytest.fixture
def anyio_backend() -> str:
    """These clients are bare sockets; the server has a loop of its own."""
    return "asyncio"


@pytest.fixture
def server() -> Iterator[Process]:
    with serving() as running:
        yield running


@pytest.fixture
async def client(server: Process) -> AsyncIterator[Raw]:
    async with raw(base_url(server)) as one:
        yield one


def legacy(client: Raw, name: str, **arguments: Any) -> tuple[bytes, dict[str, str]]:
    """The body and the headers of a call in a session."""
    params = {"name": name, "arguments": arguments}
    body = {"jsonrpc": "2.0", "id": name, "method": "tools/call", "params": params}
    return json.dumps(body).encode(), {**COMMON, **client.session_headers}


async def left(server: Process, client: Raw, sent: tuple[bytes, dict[str, str]], count: int) -> float:
    """Send a request, leave once its handler has begun, and give how many seconds it took to stop it."""
    async with anyio.create_task_group() as tasks:
        begun = Ended()
        tasks.start_soon(ask, client, sent, begun)
        await server.heard("noted: begun", count)
        if b"tell_and_hang" in sent[0]:
            await begun.has(b"begun")
        gone = time.monotonic()
        tasks.cancel_scope.cancel()
    with anyio.fail_after(SOON):
        line = await server.heard("noted: stopped at ", count)
    return float(line.rpartition(" ")[2]) - gone


@pytest.mark.parametrize("name", ["hang", "tell_and_hang"])
async def test_who_leaves_stops_the_handler_within_100_ms(server: Process, client: Raw, name: str) -> None:
    sent = call(name)
    if name == "tell_and_hang":
        body = json.loads(sent[0])
        body["params"]["_meta"]["io.modelcontextprotocol/logLevel"] = "info"
        sent = json.dumps(body).encode(), sent[1]
    assert min([await left(server, client, sent, count) for count in range(1, 6)]) < 0.1
    before = await census(client)
    files = open_files(server)
    for count in range(6, 26):
        await left(server, client, sent, count)
    after = await census(client)
    assert after == before
    await soon(lambda: open_files(server) <= files)
    await idle(server.process.pid)


async def test_who_leaves_a_session_stops_nothing_and_may_come_back(server: Process, client: Raw) -> None:
    await client.initialize()
    sent = legacy(client, "tell_and_wait")
    async with client.session.post(client.url, data=sent[0], headers=sent[1]) as answer:
        first = await answer.content.readuntil(b"\n\n")
        last = first.partition(b"id: ")[2].partition(b"\n")[0].decode()
        await server.heard("noted: begun")
        answer.close()
    await client.legacy("tools/call", {"name": "open_gate", "arguments": {}})
    await server.heard("noted: finished")
    seen = []
    for _ in range(3):  # events may be asked for again, and are the same ones
        headers = {**client.session_headers, **EVENTS, "last-event-id": last}
        seen.append((await client.send("GET", headers=headers)).messages)
    assert [one.get("method") or one["result"]["content"][0]["text"] for one in seen[0]] == [
        "notifications/message",
        "finished",
    ]
    assert seen[0] == seen[1] == seen[2]
    assert "stopped" not in server.said


async def test_ids_of_sessions_and_events_that_are_no_ones_own(server: Process, client: Raw) -> None:
    """Whatever is made up, of somebody else, or of what is to come, is not found; nothing is ever started by it."""
    await client.initialize()
    mine = client.session_headers
    sent = legacy(client, "echo", text="hi")
    assert (await client.send("POST", sent[0], sent[1])).status == 200
    await client.initialize()
    good = client.session_headers["mcp-session-id"]
    ids = ["", " ", "x", good[:-1], good + "x", good.swapcase(), f"{good}, {good}", "\xe9", "../" + good, "x" * 4000]
    for odd in ids:
        headers = {**client.session_headers, "mcp-session-id": odd}
        assert (await client.send("POST", sent[0], headers)).status in (400, 404), odd
        assert (await client.send("GET", headers={**headers, **EVENTS})).status in (400, 404), odd
        assert (await client.send("DELETE", headers=headers)).status in (400, 404), odd
    events = [
        "0-1",
        "1-1",
        "2-0",
        "-1",
        "1-",
        "1--1",
        "0-99999999999999999999",
        "٣-٣".encode().decode("latin-1"),
        "9" * 5000,
    ]
    for odd in events:
        answer = await client.send("GET", headers={**client.session_headers, **EVENTS, "last-event-id": odd})
        assert answer.status in (400, 404), odd
    assert (await client.send("POST", sent[0], {**sent[1], **mine})).status == 200


async def test_the_last_to_come_gets_the_stream_of_a_session(server: Process, client: Raw) -> None:
    await client.initialize()
    headers = {**client.session_headers, **EVENTS}
    first, second = Ended(), Ended()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask, client, (b"", headers), first, "GET")
        await first.opened.wait()
        tasks.start_soon(ask, client, (b"", headers), second, "GET")
        await second.opened.wait()
        uri = f"test://0/{'x' * 1000}"
        await client.legacy("resources/subscribe", {"uri": uri})
        await client.legacy("tools/call", {"name": "spread", "arguments": {"count": 1}})
        await second.has(b"resources/updated")
        tasks.cancel_scope.cancel()
    assert b"resources/updated" not in first.body


async def test_half_a_request_from_hundreds() -> None:
    """Connections on which nothing comes, or a part of a head, or of a body, keep nobody else waiting."""
    body, headers = call("echo", text="hi")
    whole = request(body, headers)
    cuts = (0, 20, len(whole) - len(body) - 2, len(whole) - 10)
    with serving(body_deadline=1.0) as server:
        async with raw(base_url(server)) as client, AsyncExitStack() as stack:
            await census(client)
            files = open_files(server)
            slow = [await stack.enter_async_context(connected(server)) for _ in range(400)]
            for number, one in enumerate(slow):
                await one.send(whole[: cuts[number % 4]])
            for _ in range(20):
                with anyio.fail_after(1):
                    assert (await client.modern("tools/call", {"name": "echo", "arguments": {"text": "hi"}})).json
            await idle(server.process.pid)
            await soon(lambda: open_files(server) <= files, 10)
        assert (await server.ended(signal.SIGTERM))[0] == 0
        assert "Traceback" not in server.said


@pytest.mark.parametrize("end", ["header", "headers"])
async def test_a_body_that_ends_in_headers_without_end(server: Process, client: Raw, end: str) -> None:
    _, headers = call("echo", text="hi")
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"POST /mcp HTTP/1.1\r\nhost: localhost\r\n{lines}transfer-encoding: chunked\r\n\r\n1\r\n{{\r\n0\r\n"
    piece = b"x" * 65_536 if end == "header" else b"x: " + b"y" * 65_536 + b"\r\n"
    with Growth(server.process.pid) as growth:
        async with connected(server) as one:
            await one.send(head.encode() + (b"x: " if end == "header" else b""))
            with suppress(anyio.BrokenResourceError, anyio.EndOfStream):
                for _ in range(1000):
                    await one.send(piece)
    assert growth.most < 10
    assert (await client.modern("server/discover")).status == 200


# -- who does not read -------------------------------------------------------------------------------------------------


async def test_a_stream_that_nobody_reads_is_given_up(server: Process, client: Raw) -> None:
    """The handler is stopped, and what waits to be sent is bounded."""
    body, headers = call("flood")
    told = json.loads(body)
    told["params"]["_meta"]["io.modelcontextprotocol/logLevel"] = "info"
    before = await census(client)
    with Growth(server.process.pid) as growth:
        async with connected(server, receive_buffer=4096) as one:
            await one.send(request(json.dumps(told).encode(), headers))
            await server.heard("noted: stopped")
            await idle(server.process.pid)
    assert growth.most < 40
    with anyio.fail_after(SOON):
        while await census(client) != before:  # noqa: ASYNC110 - another process tells nobody
            await anyio.sleep(0.02)


async def test_a_session_whose_stream_nobody_reads_goes_on(server: Process, client: Raw) -> None:
    await client.initialize()
    uris = [f"test://{number}/{'x' * 1000}" for number in range(7)]
    for uri in uris:
        await client.legacy("resources/subscribe", {"uri": uri})
    with Growth(server.process.pid) as growth:
        async with connected(server, receive_buffer=4096) as one:
            await one.send(request(b"", {**client.session_headers, **EVENTS}, "GET"))
            with anyio.fail_after(SOON):
                await one.receive(100)
            answer = await client.legacy("tools/call", {"name": "spread", "arguments": {"count": 20_000}})
            assert answer.json["result"]["content"][0]["text"] == "spread"
            await idle(server.process.pid)
            rest = b""
            while not rest.endswith(b"\r\n0\r\n\r\n"):  # the stream was ended, long before all was said
                rest += await one.receive()
            assert len(rest) < 10_000_000
    assert growth.most < 60
    assert (await client.legacy("ping")).status == 200


async def test_a_call_in_a_session_whose_stream_nobody_reads_goes_on(server: Process, client: Raw) -> None:
    """What is kept for the client to come back for is bounded too."""
    await client.initialize()
    with Growth(server.process.pid) as growth:
        async with connected(server, receive_buffer=4096) as one:
            await one.send(request(*legacy(client, "babble")))
            await server.heard("noted: finished")
            await idle(server.process.pid)
    assert growth.most < 40
    assert (await client.legacy("ping")).status == 200


async def test_a_client_of_the_transport_of_2024_that_does_not_read_is_cut_off() -> None:
    with serving(http_sse=True) as server:
        async with raw(base_url(server)) as client, connected(server, receive_buffer=4096) as one:
            before = await census(client)
            await one.send(request(b"", EVENTS, "GET", "/sse"))
            answer = b""
            while b"\n\n" not in answer.partition(b"data: ")[2]:
                answer += await one.receive()
            url = base_url(server) + answer.partition(b"data: ")[2].partition(b"\n")[0].strip().decode()
            for message in (INITIALIZE, {"jsonrpc": "2.0", "method": "notifications/initialized"}):
                async with client.session.post(url, json=message, headers=COMMON) as accepted:
                    assert accepted.status == 202
            params = {"name": "flood", "arguments": {}}
            call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
            with Growth(server.process.pid) as growth:
                await client.session.post(url, json=call, headers=COMMON)
                await server.heard("noted: stopped")
                await idle(server.process.pid)
            assert growth.most < 40
            await one.aclose()
            with anyio.fail_after(SOON):
                while await census(client) != before:  # noqa: ASYNC110 - another process tells nobody
                    await anyio.sleep(0.05)
            async with client.session.post(url, json=call, headers=COMMON) as refused:
                assert refused.status == 404


# -- sessions that are opened and abandoned ----------------------------------------------------------------------------


async def opened(server: Process) -> bytes:
    """Open a session, and never come back; gives its id."""
    async with connected(server) as one:
        await one.send(request(json.dumps(INITIALIZE).encode(), COMMON))
        answer = b""
        while b"serverInfo" not in answer:
            answer += await one.receive()
    return answer.partition(b"mcp-session-id: ")[2].partition(b"\r\n")[0]


async def abandon(server: Process, count: int) -> None:
    """Open sessions, every tenth with a stream that breaks off."""

    async def some(many: int) -> None:
        for number in range(many):
            session = await opened(server)
            if number % 10 == 0:
                async with connected(server) as one:
                    await one.send(request(b"", {**EVENTS, "mcp-session-id": session.decode()}, "GET"))
                    assert (await one.receive()).startswith(b"HTTP/1.1 200")

    async with anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(some, count // 10)


@pytest.mark.parametrize("count", [500, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.timeout(300)])])
async def test_sessions_that_are_abandoned_leave_nothing(count: int) -> None:
    with serving(session_idle=1.0) as server:
        async with raw(base_url(server)) as client:
            await abandon(server, 50)
            await none_left(client)
            before, files = await census(client), open_files(server)
            grown = []
            for _ in range(3):
                with Growth(server.process.pid) as growth:
                    await abandon(server, count)
                    await none_left(client)
                grown.append(growth.most)
            assert await census(client) == before
            assert open_files(server) <= files
            assert grown[2] < 1 + count / 2000, grown  # its memory is used again
            await idle(server.process.pid)


async def none_left(client: Raw) -> None:
    with anyio.fail_after(15):
        while (await census(client))["Session"]:  # noqa: ASYNC110 - another process tells nobody
            await anyio.sleep(0.05)


async def test_there_are_no_more_sessions_than_may_be() -> None:
    """However many are opened at once."""
    with serving(max_sessions=10) as server:
        async with raw(base_url(server)) as client:
            for _ in range(3):
                async with anyio.create_task_group() as tasks:
                    for _ in range(100):
                        tasks.start_soon(opened, server)
            with anyio.fail_after(SOON):
                while (await census(client))["Session"] > 10:  # noqa: ASYNC110 - another process tells nobody
                    await anyio.sleep(0.05)
            assert (await census(client))["Session"] == 10


async def test_a_session_too_many_costs_no_more_than_others() -> None:
    app = MCPServer("full").http_app(max_sessions=5000)

    async def seconds(count: int) -> float:
        started = time.process_time()
        for _ in range(count):
            await opened_in(app)
        return (time.process_time() - started) / count

    gc.disable()  # one turn of the collector may take as long as all of these
    try:
        below = await seconds(5000)
        assert await seconds(300) < 10 * below
    finally:
        gc.enable()
        await app.aclose()


async def opened_in(app: Any) -> None:
    """Open a session of an application without a socket."""
    headers = [(name.encode(), value.encode()) for name, value in {"host": "localhost", **COMMON}.items()]
    scope = {"type": "http", "method": "POST", "path": "/mcp", "headers": headers, "query_string": b""}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": json.dumps(INITIALIZE).encode()}

    async def send(event: dict[str, Any]) -> None:
        assert event.get("status", 200) == 200

    await app(scope, receive, send)
