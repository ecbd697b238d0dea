"""Hosts and origins: what is on the list gets in, and nothing that only looks like it."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpstruct.wire.origins import LOCAL_HOSTS, LOCAL_ORIGINS, AllowedHosts

LOCAL = AllowedHosts()
LISTED = AllowedHosts(
    ["example.com", "api.example.org:8443", "[2001:db8::1]:9000", "*.tenants.example.net", "web.example.org:443"],
    [
        "https://example.com", "http://localhost:5173", "https://*.example.net", "http://127.0.0.1:*",
        "vscode-webview://0a1b-2c", "https://[2001:DB8::1]",
    ],
)  # fmt: skip

NO_HOSTS = [
    "",
    " ",
    "localhost ",
    " localhost",
    "localhost\t",
    "localhost.",
    ".localhost",
    "localhost..",
    "localhost:",
    "localhost:*",
    "localhost:0",
    "localhost:65536",
    "localhost:080808",
    "localhost:-1",
    "localhost:+1",
    "localhost:1_0",
    "localhost:80:80",
    "localhost:80@evil.example.com",
    "localhost:٨٠",
    "user@localhost",
    "user:pass@localhost",
    "localhost@evil.example.com",
    "evil.example.com@localhost",
    "localhost, evil.example.com",
    "localhost,localhost",
    "localhost localhost",
    "localhost/",
    "localhost/mcp",
    "localhost?x",
    "localhost#x",
    "localhost\\",
    "localhost%00",
    "localhost\0",
    "localhost\nx: y",
    "localhost\r\n",
    "http://localhost",
    "//localhost",
    "evil.example.com",
    "localhost.evil.example.com",
    "127.0.0.1.evil.example.com",
    "evil-localhost",
    "localhost-evil",
    "xlocalhost",
    "sub.localhost",
    "localhoſt",
    "ﬁlocalhost",
    "127.1",
    "127.0.0.01",
    "127.0.0.1.",
    "127.0.0.2",
    "0127.0.0.1",
    "0x7f.0.0.1",
    "0x7f000001",
    "2130706433",
    "0.0.0.0:80",
    "0",
    "::1",
    "[::1",
    "::1]",
    "[::1]]",
    "[[::1]]",
    "[::1]x",
    "[::1]80",
    "[::1]:",
    "[::1]:x",
    "[::1%lo]",
    "[::1%25lo]",
    "[::]",
    "[::2]",
    "[]",
    "[localhost]",
    "[127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::1].evil.example.com",
    "*",
    "*.localhost",
    "null",
    "a" * 300,
    "[" + ":" * 300,
]


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LocalHost",
        "localhost:80",
        "localhost:3000",
        "LOCALHOST:65535",
        "127.0.0.1",
        "127.0.0.1:8000",
        "[::1]",
        "[::1]:8000",
        "[0:0:0:0:0:0:0:1]",
        "[0000::0001]:80",
    ],
)
def test_a_machine_answers_to_its_own_names_at_any_port(host: str) -> None:
    assert LOCAL.host_allowed(host)


@pytest.mark.parametrize("host", NO_HOSTS)
def test_and_to_nothing_else(host: str) -> None:
    assert not LOCAL.host_allowed(host)
    assert not LOCAL.host_allowed(host), "nor the second time"


@pytest.mark.parametrize("host", NO_HOSTS)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_page_from_there_does_not_come_from_this_machine(scheme: str, host: str) -> None:
    assert not LOCAL.origin_allowed(f"{scheme}://{host}")


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost",
        "http://localhost:3000",
        "https://localhost:8443",
        "HTTP://LOCALHOST:3000",
        "http://127.0.0.1:5000",
        "http://[::1]:5000",
    ],
)
def test_pages_of_this_machine_are_let_in(origin: str) -> None:
    assert LOCAL.origin_allowed(origin)


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "localhost",
        "localhost:3000",
        "//localhost",
        "://localhost",
        "http:localhost",
        "http:/localhost",
        "http:///localhost",
        "http://",
        "http://localhost/",
        "http://localhost:3000/",
        "http://localhost http://localhost",
        "http://localhost, http://localhost",
        "http://http://localhost",
        "ftp://localhost",
        "file://",
        "file://localhost",
        "javascript://localhost",
        "ws://localhost",
        "http ://localhost",
        "http\0://localhost",
        "httр://localhost",
        "http://user@localhost",
        "http://localhost@evil.example.com",
        "http://evil.example.com",
        "http://localhost.evil.example.com",
        "http://evil.example.com:80#http://localhost",
    ],
)
def test_other_pages_are_not(origin: str) -> None:
    assert not LOCAL.origin_allowed(origin)


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("example.com", True),
        ("EXAMPLE.com:1234", True),
        ("www.example.com", False),
        ("example.com.", False),
        ("badexample.com", False),
        ("example.com.evil.org", False),
        ("api.example.org:8443", True),
        ("api.example.org", False),
        ("api.example.org:8444", False),
        ("api.example.org:08443", True),
        ("web.example.org:443", True),
        ("web.example.org", True),  # over https, nobody writes the port
        ("web.example.org:80", False),
        ("[2001:db8::1]:9000", True),
        ("[2001:DB8:0:0::1]:9000", True),
        ("[2001:db8::1]", False),
        ("a.tenants.example.net", True),
        ("b.a.tenants.example.net:81", True),
        ("tenants.example.net", False),
        (".tenants.example.net", False),
        ("a..tenants.example.net", False),
        ("a-tenants.example.net", False),
        ("atenants.example.net", False),
        ("a.tenants.example.net.evil.org", False),
        ("localhost", False),
        ("127.0.0.1", False),
    ],
)
def test_hosts_that_are_listed(host: str, allowed: bool) -> None:
    assert LISTED.host_allowed(host) is allowed


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://example.com", True),
        ("https://example.com:443", True),
        ("https://example.com:8443", False),
        ("http://example.com", False),
        ("http://example.com:443", False),
        ("https://www.example.com", False),
        ("http://localhost:5173", True),
        ("http://localhost", False),
        ("http://localhost:5174", False),
        ("https://a.example.net", True),
        ("https://a.b.example.net:443", True),
        ("https://a.example.net:444", False),
        ("https://example.net", False),
        ("http://127.0.0.1", True),
        ("http://127.0.0.1:1", True),
        ("https://127.0.0.1", False),
        ("vscode-webview://0a1b-2c", True),
        ("vscode-webview://0a1b-2d", False),
        ("vscode-webview://0a1b-2c:80", False),
        ("https://[2001:db8::1]", True),
        ("null", False),
    ],
)
def test_origins_that_are_listed(origin: str, allowed: bool) -> None:
    assert LISTED.origin_allowed(origin) is allowed


def test_a_list_of_hosts_alone_lets_no_page_in() -> None:
    allowed = AllowedHosts(["localhost", "example.com"])
    assert not allowed.origin_allowed("http://localhost")
    assert not allowed.origin_allowed("https://example.com")


def test_a_list_of_origins_alone_leaves_the_hosts_alone() -> None:
    allowed = AllowedHosts(origins=["https://example.com"])
    assert allowed.host_allowed("localhost:8000")
    assert not allowed.origin_allowed("http://localhost:8000")
    assert allowed.origin_allowed("https://example.com")


def test_an_empty_list_lets_nothing_in() -> None:
    allowed = AllowedHosts([], [])
    assert not allowed.host_allowed("localhost")
    assert not allowed.origin_allowed("http://localhost")


def test_a_star_lets_everything_in() -> None:
    allowed = AllowedHosts(["*"], ["*"])
    assert allowed.host_allowed("evil.example.com")
    assert allowed.origin_allowed("null")


def test_ports_of_one_name_add_up() -> None:
    allowed = AllowedHosts(["a.org:1", "a.org:2", "b.org:1", "b.org", "c.org:*", "c.org:1"])
    assert [p for p in (1, 2, 3) if allowed.host_allowed(f"a.org:{p}")] == [1, 2]
    assert [p for p in (1, 2, 3) if allowed.host_allowed(f"b.org:{p}")] == [1, 2, 3]
    assert [p for p in (1, 2, 3) if allowed.host_allowed(f"c.org:{p}")] == [1, 2, 3]


def test_the_defaults_can_be_written_down() -> None:
    allowed = AllowedHosts([*LOCAL_HOSTS, "example.com"], [*LOCAL_ORIGINS, "https://example.com"])
    assert allowed.host_allowed("[::1]:80")
    assert allowed.origin_allowed("http://localhost:1")


@pytest.mark.parametrize(
    "entry", ["", "http://a.org", "a.org/", "a.org:0", "a.org:80:*", "a b", "*.", "*a.org", "a.*.org", "*.[::1]",
              "bücher.example", "[::1%1]", "a.org:x", "user@a.org", "**"],
)  # fmt: skip
def test_what_is_no_host_cannot_be_listed(entry: str) -> None:
    with pytest.raises(ValueError, match="is no host"):
        AllowedHosts([entry])


@pytest.mark.parametrize(
    "entry", ["", "null", "a.org", "https://", "https://a.org/", "https://a.org:x", "*://a.org", "*.a.org", "https://*"]
)
def test_what_is_no_origin_cannot_be_listed(entry: str) -> None:
    with pytest.raises(ValueError, match="is no origin"):
        AllowedHosts(["*"], [entry])


def test_a_string_is_no_list() -> None:
    with pytest.raises(TypeError, match=r"write \['localhost'\]"):
        AllowedHosts("localhost")


@given(st.text(), st.integers(0, 99999))
def test_any_text_gets_a_verdict(text: str, port: int) -> None:
    for value in (text, f"{text}:{port}", f"{text}localhost", f"localhost{text}", f"localhost:{port}{text}"):
        if LOCAL.host_allowed(value):
            assert value.isascii()
            assert value.partition(":")[0].lower() == "localhost" or value.lower().startswith(("127.0.0.1", "["))
        assert LOCAL.origin_allowed(f"http://{value}") == LOCAL.host_allowed(value)


def test_verdicts_are_not_kept_for_ever() -> None:
    allowed = AllowedHosts(["*.example.com"])
    for i in range(1000):
        assert allowed.host_allowed(f"h{i}.example.com")
        assert not allowed.host_allowed(f"h{i}.example.org" + "x" * 10_000)
    kept = allowed._hosts._verdicts
    assert len(kept) <= 256
    assert sum(map(sys.getsizeof, kept)) < 100_000
