"""The port of this machine that a browser comes back to, where anybody on it may knock."""

from __future__ import annotations

from contextlib import suppress

import anyio
import pytest

from mcpstruct.client.auth.loopback import Loopback

pytestmark = pytest.mark.anyio
STATE = "the-state"
STRANGERS = [
    b"GET //[ HTTP/1.1\r\n\r\n",
    b"GET http://[/callback?state=x HTTP/1.1\r\n\r\n",
    b"GET /callback?" + b"&".join(b"a=1" for _ in range(1000)) + b" HTTP/1.1\r\n\r\n",
    b"GET /callback?state=%E9 HTTP/1.1\r\n\r\n",
    b"GET /callback?state=the-state&state=the-state HTTP/1.1\r\n\r\n",
    b"GET /callback?state=<script>alert(1)</script> HTTP/1.1\r\n\r\n",
    b"GET /callback HTTP/1.1\r\n\r\n",
    b"GET /other?state=the-state HTTP/1.1\r\n\r\n",
    b"POST /callback?state=the-state HTTP/1.1\r\n\r\n",
    b"\r\n\r\n",
    b"\xff\xfe\x00\r\n\r\n",
    b"GET /callback?state=" + b"x" * 100_000,
    b"",
]


def port_of(loopback: Loopback) -> int:
    return int(loopback.uri.removeprefix("http://127.0.0.1:").removesuffix("/callback"))


async def sent(loopback: Loopback, request: bytes) -> bytes:
    """What is answered."""
    got = b""
    async with await anyio.connect_tcp("127.0.0.1", port_of(loopback)) as stream:
        with suppress(anyio.BrokenResourceError, anyio.EndOfStream):
            await stream.send(request)
            if not request:
                await stream.send_eof()
            while True:
                got += await stream.receive()
    return got


async def test_strangers_neither_end_it_nor_are_believed() -> None:
    loopback = await Loopback.open()
    found = ""

    async def listen() -> None:
        nonlocal found
        found = await loopback.redirect(STATE)

    with anyio.fail_after(10):
        async with await anyio.connect_tcp("127.0.0.1", port_of(loopback)), anyio.create_task_group() as group:
            group.start_soon(listen)  # while somebody is there already, and says nothing
            for stranger in STRANGERS:
                answer = await sent(loopback, stranger)
                assert b"200 OK" not in answer
                assert b"<script>" not in answer
                assert not found
            answer = await sent(loopback, f"GET /callback?code=c&state={STATE} HTTP/1.1\r\n\r\n".encode())
            assert b"200 OK" in answer
    assert found == f"code=c&state={STATE}"
    await loopback.aclose()
    with pytest.raises(OSError, match="connect"):
        await sent(loopback, b"")


async def test_it_is_of_this_machine_alone() -> None:
    loopback = await Loopback.open()
    try:
        with pytest.raises(OSError, match="in use"):
            await Loopback.open(port_of(loopback))
    finally:
        await loopback.aclose()
