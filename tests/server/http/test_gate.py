"""Who is let in, and what of a request has to be in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import anyio
import pytest
from msgspec import Meta

from mcpstruct.server import MCPServer
from tests.support.http import serving

from .conftest import ENVELOPE, Raw, raw

pytestmark = pytest.mark.anyio


def make_server() -> MCPServer:
    server = MCPServer("demo", version="1")

    @server.tool()
    async def query(
        region: Annotated[str, Meta(extra_json_schema={"x-mcp-header": "Region"})] = "",
        limit: Annotated[int, Meta(extra_json_schema={"x-mcp-header": "Limit"})] = 0,
    ) -> str:
        return f"{region} {limit}"

    return server


@asynccontextmanager
async def client(**options: Any) -> AsyncIterator[Raw]:
    with anyio.fail_after(20):
        async with serving(make_server(), **options) as base, raw(base) as one:
            yield one


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:1", 200),
        ("127.0.0.1:80", 200),
        ("[::1]:80", 200),
        ("evil.example.com", 421),
        ("localhost.evil.com", 421),
        ("127.0.0.1.evil.com:80", 421),
        ("evil.com#localhost", 421),
        ("user@localhost", 421),
        ("localhost:80:80", 421),
        ("[::1", 421),
        ("", 421),
    ],
)
async def test_hosts(host: str, status: int) -> None:
    async with client() as one:
        assert (await one.modern("tools/list", headers={"host": host})).status == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:3000", 200),
        ("http://127.0.0.1", 200),
        ("http://[::1]:1", 200),
        ("null", 403),
        ("http://evil.example.com", 403),
        ("http://localhost.evil.com", 403),
        ("http://localhost@evil.com", 403),
        ("file://", 403),
        ("", 403),
    ],
)
async def test_origins(origin: str, status: int) -> None:
    async with client() as one:
        answer = await one.modern("tools/list", headers={"origin": origin})
        assert answer.status == status
        assert "access-control-allow-origin" not in answer.headers
        for verb in ("GET", "DELETE"):
            assert status == 200 or (await one.send(verb, None, {"origin": origin})).status == 403


async def test_hosts_that_are_named() -> None:
    options = {"allowed_hosts": ["example.com"], "allowed_origins": ["https://app.example.com"]}
    async with client(**options) as one:
        for host, origin, status in (
            ("example.com", None, 200),
            ("Example.COM:8443", None, 200),
            ("sub.example.com", None, 421),
            ("localhost", None, 421),
            ("example.com", "https://app.example.com", 200),
            ("example.com", "http://app.example.com", 403),
            ("example.com", "https://app.example.com.evil.com", 403),
        ):
            headers = {"host": host, **({"origin": origin} if origin else {})}
            assert (await one.modern("tools/list", headers=headers)).status == status, headers


async def test_cors() -> None:
    async with client(cors=True) as one:
        origin = {"origin": "http://localhost:3000"}
        asked = {
            "access-control-request-method": "POST",
            "access-control-request-headers": "content-type,mcp-param-Region",
        }
        answer = await one.send("OPTIONS", None, {**origin, **asked})
        assert answer.status == 204
        assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
        assert "mcp-param-region" in answer.headers["access-control-allow-headers"]
        answer = await one.modern("tools/list", headers=origin)
        assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
        assert "mcp-session-id" in answer.headers["access-control-expose-headers"]
        assert (await one.send("OPTIONS", None, {"origin": "http://evil.com", **asked})).status == 403


async def test_bodies_have_a_bound() -> None:
    async with client(max_body=1000) as one:
        assert (await one.modern("tools/list", meta={"x/y": "x" * 2000})).status == 413

        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(20):
                yield b" " * 100

        headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
        async with one.session.post(one.url, data=chunks(), headers=headers) as answer:
            assert answer.status == 413
        assert (await one.send("POST", b"x", {"content-encoding": "gzip"})).status == 415


async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    async with client(body_deadline=0.2) as one:
        host, port = one.url.removeprefix("http://").removesuffix("/mcp").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        head = "POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n"
        writer.write(f"{head}accept: application/json, text/event-stream\r\n\r\n{{".encode())
        assert b"408" in await reader.readline()
        writer.close()
        await writer.wait_closed()


async def test_headers_that_come_twice_are_refused() -> None:
    async with client() as one:
        headers = [("accept", "*/*"), ("content-type", "application/json"), ("mcp-method", "x"), ("Mcp-Method", "y")]
        async with one.session.post(one.url, data=b"{}", headers=headers) as answer:
            assert answer.status == 400


@pytest.mark.parametrize(
    ("arguments", "headers", "status"),
    [
        ({"region": "eu"}, {"Mcp-Param-Region": "eu"}, 200),
        ({"region": "eu"}, {"MCP-PARAM-REGION": "eu"}, 200),
        ({"region": "eu"}, {}, 400),
        ({"region": "eu"}, {"Mcp-Param-Region": "us"}, 400),
        ({"region": "eu"}, {"Mcp-Param-Region": "EU"}, 400),
        ({}, {"Mcp-Param-Region": "eu"}, 400),
        ({}, {}, 200),
        ({"region": "Hello"}, {"Mcp-Param-Region": "=?base64?SGVsbG8=?="}, 200),
        ({"region": "Hello"}, {"Mcp-Param-Region": "=?base64?SGVsbG8?="}, 400),
        ({"region": "Hello"}, {"Mcp-Param-Region": "=?base64?SGVs bG8=?="}, 400),
        ({"region": "SGVsbG8="}, {"Mcp-Param-Region": "SGVsbG8="}, 200),
        ({"region": "=?base64?SGVsbG8="}, {"Mcp-Param-Region": "=?base64?SGVsbG8="}, 200),
        ({"limit": 42}, {"Mcp-Param-Limit": "42"}, 200),
        ({"limit": 42}, {"Mcp-Param-Limit": "42.0"}, 200),
        ({"limit": 42}, {"Mcp-Param-Limit": "43"}, 400),
        ({"limit": 42}, {"Mcp-Param-Limit": "forty-two"}, 400),
    ],
)
async def test_arguments_that_are_repeated_in_headers(arguments: Any, headers: Any, status: int) -> None:
    async with client() as one:
        answer = await one.modern("tools/call", {"name": "query", "arguments": arguments}, headers=headers)
        assert answer.status == status
        if status == 400:
            assert answer.json["error"]["code"] == -32020


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"mcp-name": None}, 400),
        ({"mcp-name": "other"}, 400),
        ({"mcp-name": "Query"}, 400),
        ({"mcp-name": "  query  "}, 200),
        ({"mcp-name": "=?base64?cXVlcnk=?="}, 200),
        ({"mcp-method": "TOOLS/CALL"}, 400),
        ({"mcp-method": None}, 400),
    ],
)
async def test_the_standard_headers(headers: Any, status: int) -> None:
    async with client() as one:
        answer = await one.modern("tools/call", {"name": "query", "arguments": {}}, headers=headers)
        assert answer.status == status
        assert "query" not in answer.body.decode() or status == 200


async def test_another_path_is_not_found() -> None:
    async with client() as one:
        for path in ("/", "/mcpx", "/mcp/x", "/sse"):
            async with one.session.post(one.url.removesuffix("/mcp") + path, json={}) as answer:
                assert answer.status == 404
        async with one.session.post(one.url + "/", json={"params": {"_meta": ENVELOPE}}) as answer:
            assert answer.status == 400
