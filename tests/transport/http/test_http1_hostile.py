"""Connections of our own, where servers, names and headers are not as they should be."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from mcpstruct.base.errors import ConnectFailed, ConnectionLost
from mcpstruct.transport.http import by_httptools
from mcpstruct.transport.http.by_httptools import HttptoolsClient
from tests.transport.http.test_http1 import OK, SOON, Raw, body, served

pytestmark = pytest.mark.anyio


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    return "asyncio", {"use_uvloop": request.param}


# -- what is sent ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a:", "é", "a\tb", "(a)", "\x7f"])
async def test_the_name_of_a_header_is_one(name: str) -> None:
    async with served(OK) as (raw, client):
        with pytest.raises(ValueError, match="header"):
            await client.request("POST", raw.url, {name: "x"}, b"")
    assert not raw.heads


@pytest.mark.parametrize("value", ["\x0b", "a\x1bb", "\x7f"])
async def test_a_header_holds_no_control_characters(value: str) -> None:
    async with served(OK, OK) as (raw, client):
        with pytest.raises(ValueError, match="header"):
            await client.request("POST", raw.url, {"x": value}, b"")
        await (await client.request("POST", raw.url, {"x": "a\tb é"}, b"")).read(9)
    assert b"x: a\tb \xe9\r\n" in raw.heads[0]


@pytest.mark.parametrize("path", ["/a\r\nx: y", "/a b", "/a\0", "/a?b=\r\n\r\nGET / HTTP/1.1", "/\x7f", "/a\tb"])
async def test_a_path_cannot_smuggle_anything(path: str) -> None:
    async with served(OK) as (raw, client):
        await body(client, raw.url.removesuffix("/mcp") + path)
    head = raw.heads[0].removesuffix(b"\r\n\r\n")
    assert head.count(b"\r\n") == 3
    assert head.split(b"\r\n")[0].count(b" ") == 2


# -- answers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [413, 200])
async def test_a_connection_on_which_a_request_is_still_going_out_is_not_used_again(status: int) -> None:
    """The next one would stand behind what a server that has answered reads no more."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if raw.connections == 1:
            writer.transport.pause_reading()
            writer.write(b"HTTP/1.1 %d Early\r\ncontent-length: 2\r\n\r\nok" % status)
            await closing.wait()
        else:
            writer.write(OK)
            await reader.read()

    async with served(script=script) as (raw, client):
        closing = asyncio.Event()
        response = await client.request("POST", raw.url, {}, b"x" * 50_000_000)
        assert (response.status, await response.read(9)) == (status, b"ok")
        assert await (await client.request("GET", raw.url, {})).read(9) == b"ok"
        assert raw.connections == 2
        closing.set()


BODILESS = {
    "a length, and nothing": b"HTTP/1.1 %d X\r\ncontent-length: 5\r\n\r\n",
    "a length, and that much": b"HTTP/1.1 %d X\r\ncontent-length: 5\r\n\r\nhello",
    "chunks": b"HTTP/1.1 %d X\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "another answer": b"HTTP/1.1 %d X\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil",
}


@pytest.mark.parametrize("status", [204, 304])
@pytest.mark.parametrize("answer", BODILESS.values(), ids=BODILESS)
async def test_an_answer_that_has_no_body_has_none_whatever_it_says(answer: bytes, status: int) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await raw.request(reader)
            writer.write(answer % status if len(raw.heads) == 1 else OK)

    async with served(script=script) as (raw, client):
        response = await client.request("POST", raw.url, {}, b"")
        assert (response.status, await response.read(9)) == (status, b"")
        assert await body(client, raw.url) == b"ok"


async def test_news_without_an_end_are_no_answer() -> None:
    news = b"HTTP/1.1 103 Early Hints\r\nx: y\r\n\r\n" * 20_000
    async with served(news) as (raw, client):
        with pytest.raises(ConnectionLost, match="bytes"):
            await body(client, raw.url)


async def test_one_header_time_and_again_costs_little() -> None:
    async with served(b"HTTP/1.1 200 OK\r\n" + b"a:b\r\n" * 50_000 + b"content-length: 2\r\n\r\nok") as (raw, client):
        began = time.process_time()
        with pytest.raises(ConnectionLost):
            await body(client, raw.url)
        assert time.process_time() - began < 1.0


async def test_an_encoding_that_is_none() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-encoding: Identity\r\ncontent-length: 2\r\n\r\nok"
    async with served(head) as (raw, client):
        assert await body(client, raw.url) == b"ok"


async def test_the_rest_of_an_answer_that_nobody_wanted_is_not_the_next_one() -> None:
    evil = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil"

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await raw.request(reader)
        if raw.connections == 1:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\nhalf" % (len(evil) + 4))
            await begun.wait()
            writer.write(evil)
        else:
            writer.write(OK)
        await reader.read()

    async with served(script=script) as (raw, client):
        begun = asyncio.Event()
        response = await client.request("POST", raw.url, {}, b"")
        assert await response.chunk() == b"half"
        await response.aclose()
        begun.set()
        assert await body(client, raw.url) == b"ok"
        assert raw.connections == 2


async def test_a_request_that_met_the_end_of_its_connection_is_not_sent_again() -> None:
    """The server may have acted on it."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await raw.request(reader)
        writer.write(OK)
        await raw.request(reader)

    async with served(script=script) as (raw, client):
        assert await body(client, raw.url, b"one") == b"ok"
        with pytest.raises(ConnectionLost):
            await body(client, raw.url, b"two")
        assert raw.bodies == [b"one", b"two"]
        assert raw.connections == 1
        assert not client._pool._calls  # type: ignore[union-attr]


async def test_connections_that_nobody_needs_any_more_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the way: those that are used are always the same."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await raw.request(reader)
            if len(raw.heads) == 8:
                go.set()
            await go.wait()
            writer.write(OK)

    async with served(script=script) as (raw, client):
        go = asyncio.Event()
        await asyncio.gather(*(body(client, raw.url) for _ in range(8)))
        assert len(client._pool._keys) == 8  # type: ignore[union-attr]
        monkeypatch.setattr(by_httptools, "IDLE", 0.2)
        async with asyncio.timeout(SOON):
            while len(client._pool._keys) > 1:  # type: ignore[union-attr]
                await body(client, raw.url)
                await asyncio.sleep(0.01)


async def test_a_connection_that_is_lost_as_soon_as_it_is_made_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    make = by_httptools.Pool._made

    async def lost(pool: Any, key: Any, seconds: Any) -> Any:
        made = await make(pool, key, seconds)
        made.abort()
        await made.closed
        return made

    async with served(OK) as (raw, client):
        with monkeypatch.context() as patched:
            patched.setattr(by_httptools.Pool, "_made", lost)
            async with asyncio.timeout(SOON):
                with pytest.raises(ConnectionLost):
                    await body(client, raw.url)
        assert not client._pool._calls  # type: ignore[union-attr]
        assert await body(client, raw.url) == b"ok"


# -- names -------------------------------------------------------------------------------------------------------------


async def test_an_address_of_the_sixth_version() -> None:
    try:
        server = await asyncio.start_server(lambda reader, writer: writer.close(), "::1", 0)
    except OSError:
        pytest.skip("no IPv6 here")
    raw = Raw(lambda reader, writer: asyncio.sleep(0))

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await raw.request(reader)
        writer.write(OK)

    server.close()
    await server.wait_closed()
    raw.script = script
    server = await asyncio.start_server(raw.serve, "::1", 0)
    client = HttptoolsClient(connect=SOON)
    port = server.sockets[0].getsockname()[1]
    assert await body(client, f"http://[::1]:{port}/mcp") == b"ok"
    assert f"host: [::1]:{port}\r\n".encode() in raw.heads[0]
    await client.aclose()
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("http://bücher.example/", "xn--bcher-kva.example", 80),
        ("https://BÜCHER.example/", "xn--bcher-kva.example", 443),
        ("http://example.com:8080/", "example.com", 8080),
        ("http://user:pass@example.com/", "example.com", 80),
        ("http://[fe80::1]:8/", "fe80::1", 8),
    ],
)
async def test_where_a_connection_goes(url: str, host: str, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    async def connect(pool: Any, key: Any, seconds: Any) -> None:
        asked.append(key[:2])
        raise ConnectFailed("not in a test")

    monkeypatch.setattr(by_httptools.Pool, "_made", connect)
    client = HttptoolsClient(connect=SOON)
    with pytest.raises(ConnectFailed):
        await client.request("GET", url, {})
    await client.aclose()
    assert asked == [(host, port)]


@pytest.mark.parametrize(
    "url",
    [
        f"http://{'ü' * 70}.example/",
        "http://ü..example/",
        "http://faß.example/",
        "http://a\u200db.example/",
        "http://example.com:0/",
        f"http://{'a' * 70}.example/",
        "http://a b/",
    ],
)
async def test_a_name_that_is_none_fails_the_connection(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """So do names that were read in one way once and are in another now, and may be two hosts."""
    if not url.isascii():
        monkeypatch.delattr(by_httptools.Pool, "_made")
    client = HttptoolsClient(connect=SOON)
    try:
        with pytest.raises(ConnectFailed):
            await client.request("GET", url, {})
    finally:
        await client.aclose()


# -- TLS ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of another host."""
    home = tmp_path_factory.mktemp("tls")
    subject = ["-subj", "/CN=elsewhere.example", "-addext", "subjectAltName=DNS:elsewhere.example,DNS:localhost"]
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(home / "key.pem")]
    command = ["openssl", "req", "-x509", *key, "-out", str(home / "cert.pem"), "-days", "2", *subject]
    subprocess.run(command, check=True, capture_output=True)
    return home


async def test_a_certificate_is_that_of_the_host_whose_name_is_said(elsewhere: Path) -> None:
    there = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    there.load_cert_chain(elsewhere / "cert.pem", elsewhere / "key.pem")
    names: list[str | None] = []
    there.sni_callback = lambda connection, name, context: names.append(name)  # type: ignore[assignment,return-value]
    here = ssl.create_default_context(cafile=str(elsewhere / "cert.pem"))
    raw = Raw(lambda reader, writer: asyncio.sleep(0))

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await raw.request(reader)
        writer.write(OK)

    raw.script = script
    server = await asyncio.start_server(raw.serve, "127.0.0.1", 0, ssl=there)
    port = server.sockets[0].getsockname()[1]
    client = HttptoolsClient(connect=SOON, ssl=here)
    with pytest.raises(ConnectFailed, match=r"(?i)certificate"):
        await client.request("GET", f"https://127.0.0.1:{port}/", {})
    assert await body(client, f"https://localhost:{port}/") == b"ok"
    await client.aclose()
    server.close()
    await server.wait_closed()
    assert names == [None, "localhost"]
    gc.collect()


async def test_a_handshake_that_does_not_come_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = HttptoolsClient(connect=0.1, ssl=ssl.create_default_context())
        with pytest.raises(ConnectFailed, match="within"):
            await client.request("GET", f"https://127.0.0.1:{silent.getsockname()[1]}/", {})
        await client.aclose()
