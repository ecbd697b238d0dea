"""How `mcpstruct run` ends: told by a signal, left by its client, or over an error."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import anyio
import pytest

from mcpstruct import Client, ConnectionLost, McpError
from tests.cli.serving import HEAD, PLAIN, Running, served, written

pytestmark = pytest.mark.timeout(60)
SLOW = (
    HEAD
    + """
import threading

@server.tool()
def slow(seconds: float, ctx: Context) -> str:
    ctx.report_progress(1)
    sys.stderr.write("begun\\n")
    sys.stderr.flush()
    time.sleep(seconds)
    return "finished"
"""
)


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def begun(server: Running) -> None:
    """Wait until the tool is at work."""
    assert server.process.stderr is not None
    assert server.process.stderr.readline() == b"begun\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_a_call_finish(tmp_path: Path, number: signal.Signals) -> None:
    with Running(written(tmp_path, SLOW)) as server:
        call = server.call("slow", seconds=0.3)
        begun(server)
        server.process.send_signal(number)
        answer = server.line()
        assert (answer["id"], answer["result"]["content"][0]["text"]) == (call, "finished")
        started = time.monotonic()
        status, out, errors = server.end()
        assert (status, out) == (0, b"")
        assert "Traceback" not in errors
        assert time.monotonic() - started < 1.5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_an_idle_server_at_once(tmp_path: Path, number: signal.Signals) -> None:
    with Running(written(tmp_path, PLAIN)) as server:
        server.call("add", a=1, b=2)
        server.line()
        started = time.monotonic()
        server.process.send_signal(number)
        status, out, errors = server.end()
        assert (status, out, errors) == (0, b"", "")
        assert time.monotonic() - started < 1.5


def test_a_call_that_never_ends_does_not_keep_it(tmp_path: Path) -> None:
    with Running(written(tmp_path, SLOW)) as server:
        server.call("slow", seconds=3600)
        begun(server)
        server.process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        status, _, errors = server.end(9)
        assert status == 0
        assert "Traceback" not in errors
        assert time.monotonic() - started < 7  # five seconds are given


def test_a_second_signal_does_not_wait(tmp_path: Path) -> None:
    with Running(written(tmp_path, SLOW)) as server:
        server.call("slow", seconds=3600)
        begun(server)
        stream = server.send("subscriptions/listen", notifications={})
        assert server.line()["method"] == "notifications/subscriptions/acknowledged"
        server.process.send_signal(signal.SIGINT)
        assert server.line()["id"] == stream  # which ends when the first signal has been heard
        started = time.monotonic()
        server.process.send_signal(signal.SIGINT)
        status, _, errors = server.end(9)
        assert (status, errors) == (0, "")
        assert time.monotonic() - started < 2


@pytest.mark.parametrize("busy", [False, True])
def test_the_end_of_its_input_ends_it(tmp_path: Path, busy: bool) -> None:
    with Running(written(tmp_path, SLOW)) as server:
        if busy:
            server.call("slow", seconds=3600)
            begun(server)
        else:
            server.send("tools/list")
            server.line()
        server.leave()
        started = time.monotonic()
        assert server.process.wait(3) == 0
        assert time.monotonic() - started < 1.5


def test_a_lifespan_is_left_before_the_end(tmp_path: Path) -> None:
    program = (
        HEAD
        + """
from contextlib import asynccontextmanager

@asynccontextmanager
async def lifespan(server):
    sys.stderr.write("up\\n")
    try:
        yield None
    finally:
        sys.stderr.write("down\\n")

server = MCPServer(lifespan=lifespan)
"""
    )
    for end in ("signal", "input"):
        with Running(written(tmp_path, program)) as server:
            server.send("tools/list")
            server.line()
            if end == "signal":
                server.process.send_signal(signal.SIGTERM)
            else:
                server.leave()
            status, out, errors = server.end()
            assert (status, out, errors) == (0, b"", "up\ndown\n")


def test_a_lifespan_that_fails_is_the_end(tmp_path: Path) -> None:
    program = (
        HEAD
        + """
from contextlib import asynccontextmanager

@asynccontextmanager
async def lifespan(server):
    raise OSError("no database")
    yield None

server = MCPServer(lifespan=lifespan)
"""
    )
    with Running(written(tmp_path, program)) as server:
        status, out, errors = server.end()
        assert status not in (0, None)
        assert out == b""
        assert "no database" in errors


@pytest.mark.anyio
async def test_a_server_that_is_killed_in_the_middle_of_a_call(tmp_path: Path) -> None:
    program = written(
        tmp_path, HEAD + "\n@server.tool()\ndef die() -> str:\n    os.kill(os.getpid(), 9)\n    return ''\n"
    )
    async with Client(served(program)) as client:
        with anyio.fail_after(5), pytest.raises(ConnectionLost, match="SIGKILL"):
            await client.call_tool("die")
        with pytest.raises(McpError):
            await client.list_tools()


@pytest.mark.anyio
async def test_a_client_that_closes_leaves_no_process(tmp_path: Path) -> None:
    program = written(tmp_path, HEAD + "\n@server.tool()\ndef pid() -> int:\n    return os.getpid()\n")
    async with Client(served(program)) as client:
        pid = await client.call_tool("pid", into=int)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
