"""The transport that docs/transports.md shows, exactly as it stands there."""

from __future__ import annotations

import asyncio
import re
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from mcpstruct.base.errors import ConnectFailed, ConnectionLost
from mcpstruct.transport.base import Transport
from tests.transport.support import Recorder, connected

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there are no Unix sockets"),
]
DOC = Path(__file__).parents[2] / "docs" / "transports.md"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def shown() -> dict[str, Any]:
    """What the code of the document defines."""
    chapter = DOC.read_text("utf-8").partition("# Writing a transport")[2]
    blocks = re.findall(r"^```python\n(.*?)^```$", chapter, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 2
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, str(DOC), "exec"), names)  # noqa: S102 - our own document
    return names


@pytest.fixture
def path() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:  # the path of a socket must be short
        yield f"{folder}/socket"


class Echo(Recorder):
    """Opens what a client connects to, and sends back what comes."""

    def __init__(self, transport: Any) -> None:
        super().__init__()
        self.transport = transport
        self.on_message = transport.send
        self.opening = asyncio.ensure_future(transport.open(self))


@pytest.fixture
async def echoes(shown: dict[str, Any], path: str) -> AsyncIterator[list[Echo]]:
    found: list[Echo] = []
    server = await shown["listen"](path, lambda transport: found.append(Echo(transport)))
    async with server:
        yield found
        for echo in found:
            await echo.transport.aclose()


async def test_messages_go_there_and_back(shown: dict[str, Any], path: str, echoes: list[Echo]) -> None:
    target = shown["UnixTarget"](path)
    async with connected(target) as (first, one), connected(target) as (second, two):
        assert isinstance(first, Transport)
        messages = [b'{"n":%d}' % n for n in range(500)]
        for message in messages:
            first.send(message)
        second.send(b"{}")
        assert await one.count(500) == messages
        assert await two.count(1) == [b"{}"]
    for echo in echoes:
        assert await echo.loss() is None
    assert one.losses == two.losses == []
    with pytest.raises(ConnectionLost):
        first.send(b"{}")
    await first.aclose()


async def test_large_messages_wait_for_room(shown: dict[str, Any], path: str, echoes: list[Echo]) -> None:
    async with connected(shown["UnixTarget"](path)) as (transport, recorder):
        transport.send(b"x" * 5_000_000)
        assert transport.congested
        async with asyncio.timeout(5):
            await transport.drain()
        assert not transport.congested
        assert await recorder.count(1) == [b"x" * 5_000_000]


async def test_pausing_holds_messages_back(shown: dict[str, Any], path: str, echoes: list[Echo]) -> None:
    async with connected(shown["UnixTarget"](path)) as (transport, recorder):
        transport.send(b"{1}")
        await recorder.count(1)
        transport.pause()
        transport.send(b"{2}")
        await echoes[0].count(2)
        assert recorder.messages == [b"{1}"]
        transport.resume()
        await recorder.count(2)


async def test_the_end_of_either_side_is_told_to_the_other(
    shown: dict[str, Any], path: str, echoes: list[Echo]
) -> None:
    async with connected(shown["UnixTarget"](path)) as (transport, recorder):
        transport.send(b"{}")
        await recorder.count(1)
        echoes[0].transport.socket.write(b"{half")
        await echoes[0].transport.aclose()
        assert await recorder.loss() is None
        assert [violation.data for violation in recorder.violations] == [b"{half"]
        assert echoes[0].losses == []
        with pytest.raises(ConnectionLost):
            transport.send(b"{}")


async def test_nobody_there(shown: dict[str, Any], path: str) -> None:
    transport = shown["UnixTarget"](path).transport()
    with pytest.raises(ConnectFailed) as caught:
        await transport.open(Recorder())
    await transport.aclose()
    assert isinstance(caught.value.__cause__, FileNotFoundError)
