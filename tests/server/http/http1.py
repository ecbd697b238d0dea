"""A connection of `server.run("streamable-http")`, over a socket, with an application of the test's behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace
from typing import Any

import uvicorn.server

from mcpstruct.server.http.http1 import Http1Connection
from tests.faults.http.support import soon

App = Callable[[Any, Any, Any], Awaitable[None]]
SOON = 5
GET = b"GET /a HTTP/1.1\r\nhost: x\r\n\r\n"


def post(body: bytes, *headers: bytes, version: bytes = b"1.1") -> bytes:
    """A request with a body."""
    lines = b"".join(header + b"\r\n" for header in (b"host: x", b"content-length: %d" % len(body), *headers))
    return b"POST /a HTTP/%b\r\n%b\r\n%b" % (version, lines, body)


async def whole_body(receive: Any) -> bytes:
    """The body, as an application reads it."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        assert message["type"] == "http.request"
        parts.append(message["body"])
        if not message["more_body"]:
            return b"".join(parts)


async def answer(send: Any, body: bytes = b"", status: int = 200, *headers: tuple[bytes, bytes]) -> None:
    """Answer with a body whose length is told."""
    fields = [(b"content-length", b"%d" % len(body)), *headers]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Tells what it was sent."""
    body = await whole_body(receive)
    seen = (scope["method"], scope["path"], scope["raw_path"], scope["query_string"], body)
    await answer(send, repr(seen).encode())


class Client:
    """One connection to an application."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: Http1Connection) -> None:
        self.reader = reader
        self.writer = writer
        self.connection = connection

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def head(self) -> bytes:
        async with asyncio.timeout(SOON):
            return await self.reader.readuntil(b"\r\n\r\n")

    async def response(self) -> tuple[int, bytes, bytes]:
        """Status, head and body of an answer whose length is told."""
        head = await self.head()
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        async with asyncio.timeout(SOON):
            return int(head[9:12]), head, await self.reader.readexactly(length)

    async def rest(self) -> bytes:
        """All that comes until the connection ends."""
        async with asyncio.timeout(SOON):
            with suppress(ConnectionResetError):
                return await self.reader.read()
        return b""


@asynccontextmanager
async def connected(app: App) -> AsyncGenerator[Client]:
    """A connection to an application, over a socket."""
    state, made = uvicorn.server.ServerState(), asyncio.Queue[Http1Connection]()

    def make() -> Http1Connection:
        connection = Http1Connection(SimpleNamespace(loaded_app=app), state, {})
        made.put_nowait(connection)
        return connection

    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
    try:
        yield Client(reader, writer, await made.get())
    finally:
        writer.close()
        server.close()
        await soon(lambda: not state.tasks and not state.connections)


async def exchange(app: App, data: bytes) -> bytes:
    """All that an application answers to some bytes, until it ends the connection."""
    async with connected(app) as client:
        client.send(data)
        return await client.rest()
