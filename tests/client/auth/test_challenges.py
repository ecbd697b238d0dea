"""What `WWW-Authenticate` says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpstruct.client.auth.challenges import Challenge, challenge_of, challenges
from mcpstruct.client.auth.discovery import canonical, covers, resource_locations, server_locations

CASES: list[tuple[str, list[tuple[str, dict[str, str]]]]] = [
    ("", []),
    ("Bearer", [("bearer", {})]),
    ('Bearer realm="a, b", scope="x y"', [("bearer", {"realm": "a, b", "scope": "x y"})]),
    ("bearer  error=invalid_token ,scope = x", [("bearer", {"error": "invalid_token", "scope": "x"})]),
    ('Bearer realm="say \\"hi\\""', [("bearer", {"realm": 'say "hi"'})]),
    ('Basic realm="x", DPoP algs="ES256", Bearer scope="a"', [
        ("basic", {"realm": "x"}), ("dpop", {"algs": "ES256"}), ("bearer", {"scope": "a"}),
    ]),
    ("Negotiate abc==, Bearer", [("negotiate", {}), ("bearer", {})]),
    ("Negotiate, Bearer scope=a", [("negotiate", {}), ("bearer", {"scope": "a"})]),
    ('Bearer scope="a", scope="b"', [("bearer", {"scope": "a"})]),
    ('Bearer realm="open', [("bearer", {})]),
    ('Bearer error="x"\n   scope="y"', [("bearer", {"error": "x", "scope": "y"})]),
]  # fmt: skip


@pytest.mark.parametrize(("header", "found"), CASES)
def test_challenges(header: str, found: list[tuple[str, dict[str, str]]]) -> None:
    assert [(c.scheme, c.parameters) for c in challenges(header)][: len(found)] == found


def test_the_right_one_is_chosen() -> None:
    header = 'Basic realm="x", Bearer scope="a", DPoP scope="b"'
    assert challenge_of(header, ("dpop", "bearer")) == Challenge("dpop", {"scope": "b"})
    assert challenge_of(header, ("bearer", "dpop")) == Challenge("bearer", {"scope": "a"})
    assert challenge_of('Basic realm="x"', ("bearer", "dpop")) is None
    assert challenge_of(None, ("bearer",)) == Challenge("bearer")


@given(st.text(max_size=300) | st.text(alphabet='Bearer scope="a,\\ \t=', max_size=200))
def test_any_header_is_read(header: str) -> None:
    for challenge in challenges(header):
        assert challenge.scheme
        assert all(scope for scope in challenge.scopes)


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=60))
def test_what_is_quoted_comes_back(value: str) -> None:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    (found,) = challenges(f'Bearer realm="{quoted}"')
    assert found.parameters == {"realm": value}


def test_places() -> None:
    root = "https://a.example"
    well = f"{root}/.well-known"
    assert resource_locations(f"{root}/x/mcp") == [
        f"{well}/oauth-protected-resource/x/mcp",
        f"{well}/oauth-protected-resource",
    ]
    assert resource_locations(f"{root}/") == [f"{well}/oauth-protected-resource"]
    for issuer in (root, f"{root}/"):
        assert server_locations(issuer) == [f"{well}/oauth-authorization-server", f"{well}/openid-configuration"]
    assert server_locations(f"{root}/t/1/") == [
        f"{well}/oauth-authorization-server/t/1",
        f"{well}/openid-configuration/t/1",
        f"{root}/t/1/.well-known/openid-configuration",
    ]
    assert canonical(f"{root}/") == root
    assert canonical(f"{root}/mcp/#x") == f"{root}/mcp/"


@pytest.mark.parametrize(
    ("resource", "fine"),
    [
        ("https://a.example/x/mcp", True),
        ("https://a.example/x/", True),
        ("https://a.example", True),
        ("https://A.example:443/x", True),
        ("https://a.example/x/mc", False),
        ("https://a.example/x/mcp/more", False),
        ("https://a.example/y", False),
        ("https://a.example/x/mcp#f", False),
        ("https://a.example/x/mcp?q=1", False),
        ("http://a.example/x/mcp", False),
        ("https://a.example:444/x/mcp", False),
        ("https://b.example/x/mcp", False),
        ("https://a.example@b.example/x/mcp", False),
        ("x", False),
    ],
)
def test_what_is_of_a_server(resource: str, fine: bool) -> None:
    assert covers(resource, "https://a.example/x/mcp") is fine
