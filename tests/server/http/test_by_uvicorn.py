"""Under uvicorn's own HTTP by httptools, past its `receive` and `send`: the same comes out as by h11, and by these."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
import uvicorn.server
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from mcpstruct import MCPServer
from mcpstruct.server.http import by_uvicorn
from tests.faults.http.support import soon

from .processes import call

pytestmark = pytest.mark.anyio
SOON = 5


def make() -> MCPServer:
    server = MCPServer("by-uvicorn", version="1")

    @server.tool()
    async def text(size: int) -> str:
        return "x" * size

    return server


def post(size: int = 3, *lines: bytes, version: bytes = b"1.1", framing: bytes | None = None) -> bytes:
    """A call of the tool, as bytes."""
    body, fields = call("text", size=size)
    sent = [f"{name}: {value}".encode() for name, value in fields.items()]
    sent += [b"host: 127.0.0.1", framing or b"content-length: %d" % len(body), *lines]
    if framing is not None:
        body = b"5\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (body[:5], len(body) - 5, body[5:])
    return b"POST /mcp HTTP/%b\r\n%b\r\n\r\n%b" % (version, b"\r\n".join(sent), body)


@asynccontextmanager
async def served(
    protocol: Any, *, access_log: bool = False, **options: Any
) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to a server that uvicorn serves by this protocol of its own."""
    app, state = make().http_app(), uvicorn.server.ServerState()
    config = uvicorn.Config(
        app, http=protocol, ws="none", lifespan="off", log_config=None, access_log=access_log, **options
    )
    config.load()
    state.default_headers = [(b"server", b"uvicorn"), *config.encoded_headers]
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: protocol(config, state, {}, loop), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
    try:
        yield reader, writer
    finally:
        writer.close()
        server.close()
        await soon(lambda: not state.tasks and not state.connections)
        await app.aclose()


async def response(reader: asyncio.StreamReader) -> tuple[bytes, list[bytes], Any]:
    """The status line, the headers and the message of an answer."""
    async with asyncio.timeout(SOON):
        line, *headers = (await reader.readuntil(b"\r\n\r\n")).removesuffix(b"\r\n\r\n").split(b"\r\n")
        lengths = [int(header[16:]) for header in headers if header.startswith(b"content-length: ")]
        body = await reader.readexactly(lengths[0]) if lengths else b"null"
    return line, sorted(header.replace(b"Connection", b"connection") for header in headers), json.loads(body)


async def talk(protocol: Any, data: list[bytes], answers: int, **options: Any) -> list[Any]:
    """What a server answers to bytes that come in these pieces, and whether it then ends the connection."""
    async with served(protocol, **options) as (reader, writer):
        for piece in data:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)  # so that they come one by one, if anything can bring that about
        said: list[Any] = [await response(reader) for _ in range(answers)]
        try:
            async with asyncio.timeout(0.1):
                said.append(await reader.read(1))
        except TimeoutError:
            said.append("kept")
    return said


@pytest.mark.parametrize(
    ("data", "answers", "options"),
    [
        ([post()], 1, {}),
        ([post()], 1, {"headers": [("X-Own", "1")]}),
        ([post()], 1, {"headers": [("connection", "close")]}),
        ([post(3, b"connection: close")], 1, {}),
        ([post(version=b"1.0")], 1, {}),
        ([post(200_000)], 1, {}),
        ([post(3, framing=b"transfer-encoding: chunked")], 1, {}),
        ([post() + post(4) + post(5)], 3, {}),
        ([post()[:-9], post()[-9:] + post(4)], 2, {}),
        ([post().replace(b"127.0.0.1", b"evil.example") + post(4)], 2, {}),
        ([post().replace(b"mcp-name: text", b"mcp-name: other") + post(4)], 2, {}),
    ],
)
async def test_it_says_the_same(data: list[bytes], answers: int, options: dict[str, Any]) -> None:
    said = await talk(HttpToolsProtocol, data, answers, **options)
    assert said == await talk(H11Protocol, data, answers, **options)
    assert len(said) == answers + 1


async def test_who_asks_whether_to_go_on_and_does_not_wait_is_answered() -> None:
    said = await talk(HttpToolsProtocol, [post(3, b"expect: 100-continue") + post(4)], 2)
    assert [line for line, _, _ in said[:2]] == [b"HTTP/1.1 200 OK"] * 2


async def test_its_access_log_is_kept(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "uvicorn.access"):
        await talk(HttpToolsProtocol, [post() + post(4)], 2, access_log=True)
        await talk(HttpToolsProtocol, [post()], 1, access_log=False)
    assert [record.args[-1] for record in caplog.records if isinstance(record.args, tuple)] == [200, 200]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What goes by uvicorn's `send`."""
    said: list[str] = []
    own: Any = RequestResponseCycle.send

    async def send(self: Any, message: Any) -> None:
        said.append(message["type"])
        await own(self, message)

    monkeypatch.setattr(RequestResponseCycle, "send", send)
    by_uvicorn._known.cache_clear()
    yield said
    by_uvicorn._known.cache_clear()


async def test_the_version_that_is_installed_has_been_tried(sent: list[str]) -> None:
    """Whoever takes in a newer one: run these tests with it, and say so in `TRIED`."""
    await talk(HttpToolsProtocol, [post()], 1)
    assert sent == []


@pytest.mark.parametrize("version", ["0.29.9", "99.0rc1", "next"])
async def test_with_another_version_calls_go_as_asgi_has_it(
    version: str, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uvicorn, "__version__", version)
    assert (await talk(HttpToolsProtocol, [post()], 1))[0][0] == b"HTTP/1.1 200 OK"
    assert sent == ["http.response.start", "http.response.body"]


async def test_a_client_that_has_left_is_not_answered(caplog: pytest.LogCaptureFixture) -> None:
    async with served(HttpToolsProtocol) as (_, writer):
        writer.write(post() * 20)
        await writer.drain()
        writer.transport.abort()
    assert caplog.records == []
