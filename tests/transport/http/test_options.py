"""What can be said of a server at a URL: headers, who calls, proxies, certificates, and what sends the requests."""

from __future__ import annotations

import gc
import ssl
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
import pytest
from aiohttp import web

from mcpstruct.base.errors import AccessDenied, ConnectFailed, ConnectionLost, HttpError
from mcpstruct.client import Client, connect
from mcpstruct.session.loop import current_loop
from mcpstruct.transport.http import HttpClient, HttpRequest, HttpServer
from mcpstruct.transport.http.clients import default_client, environment_proxy
from mcpstruct_bindings import v2025_11_25
from tests.transport.http.support import (
    BRISK,
    LEGACY,
    MODERN,
    SOON,
    Legacy,
    Modern,
    Peer,
    Seen,
    answer,
    connected,
    running,
    text_of,
)

pytestmark = pytest.mark.anyio


# -- URLs -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "url", "key"),
    [
        ("http://example.com", "http://example.com/", "http://example.com/"),
        ("https://Example.COM:8443/mcp?a=b#c", "https://example.com:8443/mcp?a=b", "https://example.com:8443/mcp"),
        ("http://[::1]:80/mcp", "http://[::1]:80/mcp", "http://[::1]:80/mcp"),
        ("https://user:pass@example.com/mcp", "https://example.com/mcp", "https://example.com/mcp"),
    ],
)
def test_urls(given: str, url: str, key: str) -> None:
    server = HttpServer(given)
    assert (server.url, server.key) == (url, key)
    assert "pass" not in repr(server)


@pytest.mark.parametrize("url", ["example.com/mcp", "ftp://example.com", "http://", "file:///x", "http://x:99999/", ""])
def test_what_is_no_url_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match=r"http|URL"):
        HttpServer(url)
    with pytest.raises(ValueError, match=r"http|URL"):
        Client(url)


def test_the_client_imports_no_http_library_before_it_sends() -> None:
    code = "import sys, mcpstruct; from mcpstruct.transport.http import HttpServer; mcpstruct.Client('http://x/mcp');"
    code += "assert not {'aiohttp', 'httpx2', 'yarl', 'trio'} & {*sys.modules}, sorted(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


async def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from mcpstruct.base.errors import MissingExtra

    for name in ("aiohttp", "httpx2", "mcpstruct.transport.http.by_httptools"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtra, match=r"mcpstruct\[http"):
        await Client("http://127.0.0.1:1/mcp").connect()


# -- headers and addresses --------------------------------------------------------------------------------------------


async def test_own_headers_go_with_every_request_but_never_in_the_place_of_the_protocols() -> None:
    peer = Legacy(session="s-1")
    async with running(peer):
        own = {"Authorization": "Bearer x", "User-Agent": "me", "MCP-Session-Id": "evil", "content-type": "text/evil"}
        async with Client(HttpServer(peer.url, headers=own), verdicts={}, deadlines=BRISK) as client:
            await client.list_tools()
    for seen in peer.seen:
        assert seen.headers["Authorization"] == "Bearer x"
        assert seen.headers["User-Agent"] == "me"
        assert seen.headers.getall("MCP-Session-Id", ["s-1"]) == ["s-1"]
        assert seen.headers.get("content-type", "application/json") == "application/json"


async def test_a_name_and_password_in_the_url_become_a_header() -> None:
    peer = Modern()
    async with running(peer):
        url = peer.url.replace("http://", "http://us%40er:p%3Ass@")
        async with Client(url, verdicts={}, deadlines=BRISK):
            pass
    assert peer.seen[0].headers["Authorization"] == "Basic dXNAZXI6cDpzcw=="


async def test_what_stands_behind_the_path_is_kept() -> None:
    peer = Modern()
    async with running(peer), Client(f"{peer.url}/a%20b?x=1&y=%2F", verdicts={}, deadlines=BRISK):
        pass
    assert peer.seen[0].raw.raw_path == "/mcp/a%20b?x=1&y=%2F"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_within_the_origin_is_followed_and_remembered(status: int) -> None:
    peer = Modern()
    usual = dict(peer.on)

    async def redirect(seen: Seen) -> web.StreamResponse:
        if seen.raw.path == "/mcp":
            return seen.status(status, Location="/mcp/")
        return await usual[seen.method](seen)

    peer.on = {"*": redirect}
    async with connected(peer) as client:
        await client.call_tool("echo", {"a": 1})
    assert [seen.raw.path for seen in peer.seen] == ["/mcp", "/mcp/", "/mcp/"]
    assert peer.seen[1].body == peer.seen[0].body


@pytest.mark.parametrize("location", ["http://127.0.0.1:1/mcp", "https://127.0.0.1/mcp", "//localhost/mcp", "http://["])
async def test_a_redirect_to_another_origin_is_not(location: str) -> None:
    peer = Peer()
    peer.on["*"] = answer(307, Location=location)
    async with running(peer):
        with anyio.fail_after(SOON), pytest.raises(ConnectFailed) as caught:
            await Client(peer.url, verdicts={}).connect()
        assert isinstance(caught.value.__cause__, HttpError)
        assert caught.value.__cause__.status == 307
    assert len(peer.seen) == 1


async def test_redirects_in_circles_end() -> None:
    peer = Peer()
    peer.on["*"] = answer(307, Location="/mcp")
    async with running(peer):
        with anyio.fail_after(SOON), pytest.raises(ConnectFailed):
            await Client(peer.url, verdicts={}).connect()
    assert len(peer.seen) < 10


# -- who calls --------------------------------------------------------------------------------------------------------


class Tokens:
    """Lets in after as many refusals as there are tokens."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens)
        self.refusals: list[tuple[int, str]] = []

    async def authorize(self, request: HttpRequest) -> None:
        request.headers["authorization"] = f"Bearer {self.tokens[0]}"

    async def refused(self, request: HttpRequest, status: int, headers: Mapping[str, str]) -> bool:
        self.refusals.append((status, headers["www-authenticate"]))
        if len(self.tokens) > 1:
            self.tokens.pop(0)
            return True
        return False


def guarded(peer: Peer) -> None:
    """Let in who has the good token."""
    usual = dict(peer.on)

    async def check(seen: Seen) -> web.StreamResponse:
        if seen.headers.get("Authorization") != "Bearer good":
            return seen.status(401, "no", WWW_Authenticate="Bearer")
        return await usual[seen.method or seen.raw.method](seen)

    peer.on = {"*": check}


async def test_a_request_that_is_refused_is_sent_again_with_another_right() -> None:
    for peer in (Modern(), Legacy(session="s-1")):
        guarded(peer)
        async with running(peer):
            auth = Tokens("old", "good")
            async with Client(HttpServer(peer.url, auth=auth), verdicts={}, deadlines=BRISK) as client:
                assert text_of(await client.call_tool("echo", {})) == "{}"
        assert auth.refusals == [(401, "Bearer")]
        assert [seen.headers["Authorization"] for seen in peer.seen[:3]] == ["Bearer old", "Bearer good", "Bearer good"]


async def test_who_has_no_other_right_is_told() -> None:
    peer = Modern()
    guarded(peer)
    async with running(peer):
        auth = Tokens("bad", "worse")
        with pytest.raises(AccessDenied):
            await Client(HttpServer(peer.url, auth=auth), verdicts={}, deadlines=BRISK).connect()
        assert len(auth.refusals) == 2
        auth = Tokens(*["bad"] * 50)
        with pytest.raises((AccessDenied, ConnectFailed)):
            await Client(HttpServer(peer.url, auth=auth), verdicts={}, deadlines=BRISK).connect()
        assert len(auth.refusals) < 10


async def test_a_call_may_be_refused_later() -> None:
    peer = Modern()
    async with connected(peer) as client:
        peer.on["tools/call"] = answer(403, "not this one")
        with pytest.raises(AccessDenied, match="not this one"):
            await client.call_tool("echo")
        await client.list_tools()


# -- what sends -------------------------------------------------------------------------------------------------------


class Own:
    """A client of the user's own."""

    def __init__(self, inner: HttpClient) -> None:
        self.inner = inner
        self.sent: list[tuple[str, bool]] = []

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None = None, *, stays: bool = False
    ) -> Any:
        self.sent.append((method, stays))
        return await self.inner.request(method, url, headers, content, stays=stays)


async def test_requests_go_by_the_users_own_client() -> None:
    peer = Legacy(session="s-1")
    async with running(peer):
        inner: Any = default_client(current_loop(), HttpServer(peer.url))
        own = Own(inner)
        async with Client(HttpServer(peer.url, http=own), verdicts={}, deadlines=BRISK) as client:
            await client.list_tools()
        assert own.sent == [
            ("POST", False), ("POST", False), ("POST", True), ("GET", True), ("POST", False), ("DELETE", True),
        ]  # fmt: skip
        await inner.request("GET", peer.url, {})  # it has not been closed
        await inner.aclose()


async def test_clients_share_connections_and_the_last_one_closes_them() -> None:
    peer = Modern()
    async with running(peer):
        one = Client(peer.url, verdicts={}, deadlines=BRISK)
        two = Client(peer.url, verdicts={}, deadlines=BRISK)
        await one.connect()
        await two.connect()
        await one.aclose()
        await two.list_tools()
        assert len(peer.connections) == 1
        await two.aclose()
        await one.aclose()
        async with Client(peer.url, verdicts={}, deadlines=BRISK) as three:
            await three.list_tools()
        assert len(peer.connections) == 2


async def test_a_strict_session_over_http() -> None:
    peer = Legacy()
    async with running(peer), connect(peer.url, session=v2025_11_25.ClientSession, deadlines=BRISK) as session:
        assert type(await session.list_tools()).__module__.startswith("mcpstruct_bindings.v2025_11_25")


async def test_a_proxy_gets_the_whole_url() -> None:
    peer = Modern()
    async with running(peer):
        proxy = peer.url.removesuffix("/mcp")
        target = HttpServer("http://server.invalid/mcp", proxy=proxy)
        async with Client(target, verdicts={}, deadlines=BRISK) as client:
            await client.list_tools()
    assert peer.seen[0].headers["Host"] == "server.invalid"


async def test_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.invalid:3128")
    monkeypatch.setenv("NO_PROXY", "inside.example,10.0.0.1")
    assert environment_proxy("http://example.com/mcp") == "http://proxy.invalid:3128"
    for own in ("http://localhost:1/", "http://127.0.0.2/", "http://[::1]/", "http://a.localhost/"):
        assert environment_proxy(own) is None
    assert environment_proxy("http://inside.example/") is None
    assert environment_proxy("http://10.0.0.1/") is None
    assert environment_proxy("https://example.com/") is None
    monkeypatch.setenv("ALL_PROXY", "socks5://proxy.invalid")
    assert environment_proxy("https://example.com/") is None
    peer = Modern()
    async with running(peer):
        monkeypatch.setenv("HTTP_PROXY", peer.url.removesuffix("/mcp"))
        async with Client("http://server.invalid/mcp", verdicts={}, deadlines=BRISK):
            pass
        without = HttpServer("http://server.invalid/mcp", trust_env=False)
        with pytest.raises(ConnectFailed):
            await Client(without, verdicts={}, deadlines=BRISK).connect()


# -- TLS --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("tls")
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(home / "key.pem")]
    subprocess.run(
        ["openssl", "req", "-x509", *key, "-out", str(home / "cert.pem"), "-days", "2", *subject],
        check=True,
        capture_output=True,
    )
    return home


async def test_certificates_are_checked(certificate: Path) -> None:
    there = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    there.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    here = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
    peer = Modern()
    async with running(peer, ssl_context=there):
        with anyio.fail_after(SOON), pytest.raises(ConnectFailed, match=r"(?i)certificate"):
            await Client(peer.url, verdicts={}).connect()
        async with Client(HttpServer(peer.url, ssl=here), verdicts={}, deadlines=BRISK) as client:
            assert client.protocol_version == MODERN
            await client.list_tools()
    gc.collect()


# -- faults -----------------------------------------------------------------------------------------------------------


async def test_a_server_that_is_killed_and_comes_back() -> None:
    peer = Modern()
    started = anyio.Event()

    async def hang(seen: Seen) -> web.StreamResponse:
        return await (await seen.stream()).until_gone()

    peer.on["tools/call"] = hang
    async with running(peer) as server:
        client = Client(peer.url, verdicts={}, deadlines=BRISK)
        await client.connect()
        async with anyio.create_task_group() as group:

            async def call() -> None:
                started.set()
                with pytest.raises(ConnectionLost):
                    await client.call_tool("echo")

            for _ in range(5):
                group.start_soon(call)
            await peer.take("tools/call", 5)
            with anyio.fail_after(1):
                await server.cut()
        await client.list_tools()
    with anyio.fail_after(SOON), pytest.raises(ConnectionLost):
        await client.list_tools()
    async with running(peer, port=server.port):
        await client.list_tools()
        await client.aclose()


async def test_closing_leaves_nothing_behind() -> None:
    from tests.session.support import running as tasks

    for peer in (Modern(), Legacy(session="s-1")):

        async def hang(seen: Seen) -> web.StreamResponse:
            return await (await seen.stream()).until_gone()

        peer.on |= {"tools/call": hang, "GET": hang}
        async with running(peer):
            client = Client(peer.url, verdicts={}, deadlines=BRISK)
            await client.connect()
            assert client.protocol_version in (MODERN, LEGACY)
            async with anyio.create_task_group() as group:

                async def call(client: Client = client) -> None:
                    with pytest.raises(ConnectionLost):
                        await client.call_tool("echo", {})

                for _ in range(3):
                    group.start_soon(call)
                await peer.take("tools/call", 3)
                with anyio.fail_after(2):
                    await client.aclose()
                    await client.aclose()
            for seen in peer.of("tools/call"):
                await seen.gone.wait()
            assert await tasks() == []
        gc.collect()
