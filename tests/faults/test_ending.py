"""Clients that end without closing anything."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.faults.support import PROGRAMS, Clock, alive, gone_within

pytestmark = pytest.mark.anyio
SERVERS = {
    "ours": [sys.executable, "-m", "mcpstruct", "run", str(PROGRAMS / "server.py")],
    "undying": [sys.executable, "-IS", str(PROGRAMS / "raw.py"), "undying"],
}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def driver() -> str:
    return "asyncio"


@contextmanager
def waiting(loop: str, wait: str, server: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A client's process, and that of its server."""
    command = [sys.executable, "-X", "dev", str(PROGRAMS / "client.py"), loop, wait, *SERVERS[server]]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
        pid = 0
        try:
            assert process.stdout is not None
            word, number = process.stdout.readline().split()
            assert word == "ready"
            pid = int(number)
            yield process, pid
        finally:
            process.kill()
            if pid:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_no_server_outlives_its_client(number: int, server: str) -> None:
    with waiting("asyncio", "call", server) as (process, pid):
        assert alive(pid)
        process.send_signal(number)
        assert process.wait(2) == -number
        await gone_within(5, pid)
        await gone_within(2, *group(pid))  # such as what watched over it


def group(number: int) -> list[int]:
    """The processes of a group."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                if os.getpgid(int(folder.name)) == number:
                    found.append(int(folder.name))
    return found


@pytest.mark.parametrize("wait", ["call", "stream", "nothing"])
@pytest.mark.parametrize("loop", ["asyncio.run", "asyncio", "trio"])
async def test_ctrl_c(loop: str, wait: str) -> None:
    with waiting(loop, wait, "ours") as (process, pid):
        process.send_signal(signal.SIGINT)
        with Clock() as clock:
            status = process.wait(5)
        assert clock.seconds < 3
        assert status in {-signal.SIGINT, 1, 130}
        assert process.stderr is not None
        said = process.stderr.read()
        assert "KeyboardInterrupt" in said
        assert "never retrieved" not in said
        assert "ResourceWarning" not in said
        assert "never awaited" not in said
        assert not alive(pid)


@pytest.mark.slow
async def test_ctrl_c_with_a_server_that_does_not_leave() -> None:
    with waiting("asyncio", "call", "undying") as (process, pid):
        process.send_signal(signal.SIGINT)
        with Clock() as clock:
            process.wait(6)
        assert clock.seconds < 5
        await gone_within(1, pid)
