"""What a server is called with may be secret: neither reprs nor errors nor logs repeat it."""

from __future__ import annotations

import logging
import traceback

import anyio
import anyio.abc
import pytest

from mcpstruct.base.errors import McpError
from mcpstruct.client import Client
from mcpstruct.transport.http import HttpServer
from tests.transport.support import MODERATE

pytestmark = pytest.mark.anyio
SECRET = "s3cr3t"  # noqa: S105 - the very point


@pytest.mark.parametrize("odd", ["", "\n", "\r\nx: y", "\0", "\x0b", " ", "é", "€"])
async def test_the_headers_of_a_request(caplog: pytest.LogCaptureFixture, odd: str) -> None:
    caplog.set_level(logging.DEBUG)

    async def refuse(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            await stream.receive()
            await stream.send(b"HTTP/1.1 401 Unauthorized\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra_attributes[anyio.abc.SocketAttribute.local_port]()
    server = HttpServer(f"http://127.0.0.1:{port}/mcp", headers={"authorization": f"Bearer {SECRET}{odd}"})
    async with anyio.create_task_group() as group:
        group.start_soon(listener.serve, refuse)
        client = Client(server)
        with anyio.fail_after(MODERATE), pytest.raises(McpError) as caught:
            await client.connect()
        await client.aclose()
        group.cancel_scope.cancel()
    await listener.aclose()
    shown = [repr(server), repr(server.transport()), *traceback.format_exception(caught.value)]
    assert SECRET not in "".join(shown) + caplog.text
