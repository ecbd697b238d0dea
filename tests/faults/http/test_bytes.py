"""Hundreds of connections that send whatever comes to mind: whole requests, broken ones, halves of them, and leave."""

from __future__ import annotations

import random
import signal
from contextlib import suppress

import anyio
import pytest

from tests.server.http.conftest import raw
from tests.server.http.processes import Process, base_url, call

from .support import census, connected, open_files, request, serving, soon

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """These clients are bare sockets; the server has a loop of its own."""
    return "asyncio"


class Bytes:
    """What a client sends, at random."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - the same again, if need be

    def chunked(self, body: bytes) -> bytes:
        """A body in pieces of any size."""
        parts: list[bytes] = []
        while body:
            size = self.random.randrange(1, 80)
            parts.append(b"%x\r\n%b\r\n" % (len(body[:size]), body[:size]))
            body = body[size:]
        return b"".join(parts) + b"0\r\n\r\n"

    def call(self) -> bytes:
        """A call, framed in one of the ways that there are."""
        echo = {"text": "hi" * self.random.randrange(99)}
        name, arguments = self.random.choice([("echo", echo), ("echo", echo), ("tell_and_hang", {})])
        body, headers = call(name, **arguments)
        upgrade = {"connection": "upgrade", "upgrade": "h2c"}
        headers |= self.random.choice([{}, {}, {"connection": "close"}, {"expect": "100-continue"}, upgrade])
        whole = request(body, headers)
        if self.random.random() < 0.7:
            return whole
        head = whole[: -len(body) - 2].replace(b"content-length: %d\r\n" % len(body), b"")
        return head + b"transfer-encoding: chunked\r\n\r\n" + self.chunked(body)

    def broken(self) -> bytes:
        """A call that some bytes of are others."""
        data = bytearray(self.call())
        for _ in range(self.random.randrange(1, 5)):
            data[self.random.randrange(len(data))] = self.random.randrange(256)
        return bytes(data)

    def some(self) -> bytes:
        """One thing or another."""
        others = (b"OPTIONS * HTTP/1.1\r\nhost: localhost\r\n\r\n", b"HEAD /x HTTP/1.0\r\n\r\n")
        times = self.random.choice([1, 1, 1, 80])
        return b"".join(self.random.choice([self.call(), self.call(), self.broken(), *others]) for _ in range(times))


async def misbehave(server: Process, bytes_: Bytes) -> None:
    """One connection."""
    with suppress(anyio.BrokenResourceError, anyio.EndOfStream, anyio.ClosedResourceError, ConnectionError):
        async with connected(server) as one:
            for _ in range(bytes_.random.randrange(1, 4)):
                data = bytes_.some()
                while data:
                    size = bytes_.random.choice([len(data), bytes_.random.randrange(1, len(data) + 1)])
                    await one.send(data[:size])
                    data = data[size:]
                with anyio.move_on_after(bytes_.random.random() / 5):
                    await one.receive()
            if bytes_.random.random() < 0.3:
                await one.send_eof()


@pytest.mark.parametrize("seed", range(3))
async def test_they_harm_nobody_else(seed: int) -> None:
    with serving(body_deadline=1.0) as server:
        async with raw(base_url(server)) as client:
            before, files = await census(client), open_files(server)
            bytes_ = Bytes(seed)

            async def some(count: int) -> None:
                for _ in range(count):
                    await misbehave(server, bytes_)

            async with anyio.create_task_group() as tasks:
                for _ in range(20):
                    tasks.start_soon(some, 10)
            await soon(lambda: open_files(server) <= files, 10)
            assert (await client.modern("tools/call", {"name": "echo", "arguments": {"text": "hi"}})).status == 200
            with anyio.fail_after(10):
                while await census(client) != before:  # noqa: ASYNC110 - another process tells nobody
                    await anyio.sleep(0.05)
        assert (await server.ended(signal.SIGTERM))[0] == 0
        assert "Traceback" not in server.said
        assert "The application" not in server.said
