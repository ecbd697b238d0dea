"""Clients that misbehave, and a server that is told to stop: the driver here is the server's."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import anyio
import pytest

from tests.faults.leaks import idle
from tests.faults.programs.junk import JUNK
from tests.faults.support import LEGACY, PROGRAMS, Clock, resident

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class RawClient:
    """A server's process, and its streams."""

    def __init__(self, driver: str) -> None:
        command = [sys.executable, str(PROGRAMS / "server.py"), driver]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe)
        self.pid = self.process.pid
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.stdin, self.stdout, self.stderr = self.process.stdin, self.process.stdout, self.process.stderr

    def send(self, *lines: bytes) -> None:
        """Send lines."""
        for line in lines:
            self.stdin.write(line + b"\n")
        self.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """The next message."""
        message = json.loads(self.stdout.readline())
        assert isinstance(message, dict)
        return message

    def initialize(self) -> None:
        """Open a session."""
        info = {"name": "raw", "version": "0"}
        params = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": info}
        self.send(request("initialize", params))
        assert self.answer()["result"]["protocolVersion"] == LEGACY
        self.send(b'{"jsonrpc":"2.0","method":"notifications/initialized"}')

    def ended(self, seconds: float) -> tuple[int, str]:
        """How the server ended, soon, and what it left on stderr."""
        status = self.process.wait(seconds)
        return status, self.stderr.read().decode()


@contextmanager
def serving(driver: str) -> Iterator[RawClient]:
    """A client connected to a server."""
    client = RawClient(driver)
    try:
        yield client
    finally:
        client.process.kill()
        client.process.wait()
        for stream in (client.stdin, client.stdout, client.stderr):
            with suppress(OSError):
                stream.close()


def request(method: str, params: dict[str, Any], request_id: int | str = 0) -> bytes:
    """A request."""
    return json.dumps({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}).encode()


def call(tool: str, request_id: int | str = 0, **arguments: Any) -> bytes:
    """A call."""
    return request("tools/call", {"name": tool, "arguments": arguments}, request_id)


async def test_junk(driver: str) -> None:
    """Whatever it is sent, a server answers or drops it, and goes on."""
    with serving(driver) as client:
        client.initialize()
        client.send(*JUNK, call("echo", "last", value="still here"))
        answers = []
        while not answers or answers[-1].get("id") != "last":
            answers.append(client.answer())
        assert answers[-1]["result"]["content"][0]["text"] == "still here"
        client.stdin.close()
        assert client.ended(3)[0] == 0


@pytest.mark.parametrize("tool", ["hang", "flood", None])
async def test_a_client_that_leaves(tool: str | None, driver: str) -> None:
    with serving(driver) as client:
        client.initialize()
        if tool is not None:
            client.send(call(tool, count=100_000), b'{"half')
        client.stdin.close()
        reader = threading.Thread(target=client.stdout.read)
        reader.start()
        with Clock() as clock:
            status, said = client.ended(5)
        reader.join()
        assert status == 0
        assert clock.seconds < 4
        assert "Traceback" not in said


async def test_a_client_that_reads_no_more(driver: str) -> None:
    with serving(driver) as client:
        client.initialize()
        client.stdout.close()
        with suppress(BrokenPipeError):
            client.send(*(call("text", each, size=100_000) for each in range(20)))
        status, said = client.ended(3)
        assert status == 0
        assert "Traceback" not in said


@pytest.mark.slow
async def test_a_client_that_reads_slowly(driver: str) -> None:
    """A server stops taking requests while its answers are not taken, so that they do not pile up."""
    with serving(driver) as client:
        client.initialize()
        before = resident(client.pid)
        lines = [call("text", each, size=20_000) for each in range(10_000)]
        writer = threading.Thread(target=client.send, args=lines)
        writer.start()
        try:
            await anyio.sleep(1)
            assert resident(client.pid) - before < 100  # of the 200 that there are
            await idle(client.pid)
            assert {client.answer()["id"] for _ in lines} == {*range(10_000)}
        finally:
            if writer.is_alive():
                client.process.kill()
            writer.join()
        client.stdin.close()
        assert client.ended(3)[0] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_server_that_is_told_to_stop(number: int, driver: str) -> None:
    with serving(driver) as client:
        client.initialize()
        os.kill(client.pid, number)
        status, said = client.ended(2)
        assert status == 0
        assert said == ""


async def test_calls_in_progress_are_finished_first(driver: str) -> None:
    with serving(driver) as client:
        client.initialize()
        client.send(call("block", seconds=0.5), call("echo", 1, value="in"))
        assert client.answer()["id"] == 1
        os.kill(client.pid, signal.SIGTERM)
        assert client.answer()["result"]["content"][0]["text"] == "blocked"
        assert client.ended(2)[0] == 0


@pytest.mark.slow
async def test_calls_that_do_not_finish_are_given_up(driver: str) -> None:
    with serving(driver) as client:
        client.initialize()
        client.send(call("hang"), call("block", 1, seconds=60), call("busy", 2))
        assert client.answer()["id"] == 2
        os.kill(client.pid, signal.SIGTERM)
        with Clock() as clock:
            assert client.ended(8)[0] == 0
        assert clock.seconds < 7


@pytest.mark.parametrize("tool", ["leave", "leave_thread"])
async def test_a_handler_that_means_to_end_the_process(tool: str, driver: str) -> None:
    with serving(driver) as client:
        client.initialize()
        client.send(call(tool))
        assert client.answer()["result"]["isError"]
        client.send(call("echo", 1, value="still here"))
        assert client.answer()["id"] == 1
        client.stdin.close()
        assert client.ended(3)[0] == 0
