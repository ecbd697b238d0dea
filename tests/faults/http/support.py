"""A server in a process of its own, and what can be told of a process from outside."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import anyio

from tests.faults.support import resident
from tests.server.http.conftest import Raw
from tests.server.http.processes import Process, base_url, process

PROGRAM = Path(__file__).parent / "program.py"
SOON = 5.0
"""Seconds after which a test that waits has failed."""


@contextmanager
def serving(port: int = 0, **options: Any) -> Iterator[Process]:
    """The server of `program.py`."""
    with process("-W", "error", str(PROGRAM), str(port), json.dumps(options)) as running:
        base_url(running)
        yield running


def place(server: Process) -> tuple[str, int]:
    """Where it listens."""
    host, port = base_url(server).removeprefix("http://").split(":")
    return host, int(port)


def open_files(server: Process) -> int:
    """How many descriptors it has."""
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


async def soon(holds: Callable[[], bool], seconds: float = SOON) -> None:
    """Wait until something holds that nobody tells of."""
    with anyio.fail_after(seconds):
        while not holds():  # noqa: ASYNC110 - another process tells nobody
            await anyio.sleep(0.01)


async def census(client: Raw) -> dict[str, int]:
    """What there is in the server's process."""
    answer = await client.modern("tools/call", {"name": "census", "arguments": {}})
    counted: dict[str, int] = answer.json["result"]["structuredContent"]
    return counted


class Growth:
    """How far the memory of a process grows while this is open, in MiB."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._before = resident(pid)

    def __enter__(self) -> Growth:
        Path(f"/proc/{self._pid}/clear_refs").write_text("5")  # forget the peak
        self._before = resident(self._pid)
        return self

    def __exit__(self, *_: object) -> None:
        self.most = self.now

    @property
    def now(self) -> float:
        """At its largest, so far."""
        status = Path(f"/proc/{self._pid}/status").read_text()
        (peak,) = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
        return int(peak) / 1024 - self._before


def request(body: bytes, headers: dict[str, str], verb: str = "POST", path: str = "/mcp") -> bytes:
    """A request as bytes."""
    fields = {"host": "localhost", **headers, **({"content-length": str(len(body))} if verb == "POST" else {})}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{verb} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


@asynccontextmanager
async def connected(server: Process, receive_buffer: int | None = None) -> AsyncIterator[anyio.abc.SocketStream]:
    """A bare connection; `receive_buffer` bounds what the system takes in for who does not read."""
    bare = socket.socket()
    if receive_buffer is not None:
        bare.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    bare.connect(place(server))
    async with await anyio.abc.SocketStream.from_socket(bare) as stream:
        yield stream
