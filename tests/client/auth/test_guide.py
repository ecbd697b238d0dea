"""What docs/authorization.md shows of clients, as it stands there but for the addresses."""

from __future__ import annotations

import json
import webbrowser
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from mcpstruct import AccessDenied, Client, HttpServer
from mcpstruct.client.auth import Bearer, OAuth
from tests.client.auth.support import Realm, User, client, visit
from tests.client.auth.test_grants import PEM, Machine
from tests.support.documents import run, shown
from tests.transport.http.support import BRISK, Seen, running, text_of

pytestmark = pytest.mark.anyio
GUIDE = "docs/authorization.md"
URL = "https://mcp.example.com/mcp"


@pytest.fixture
async def machine(anyio_backend: str) -> AsyncIterator[Machine]:
    machine = Machine()
    machine.metadata = {"token_endpoint_auth_methods_supported": None}
    async with running(machine):
        yield machine


def only(chapter: str) -> str:
    (code,) = shown(GUIDE, chapter)
    return code


async def test_on_behalf_of_a_user(
    realm: Realm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[str] = []

    def browse(url: str) -> bool:
        opened.append(url)
        visit(visit(url))
        return True

    monkeypatch.setenv("BROWSER", "one that is always there")
    monkeypatch.setattr(webbrowser, "open", browse)
    code = shown(GUIDE, "On behalf of a user")[0]
    for _ in range(2):
        await run(code, {}, **{URL: realm.url, "~/.config/my-program/tokens": str(tmp_path / "tokens")})
        assert "echo" in capsys.readouterr().out
    assert len(opened) == 1  # the second time, tokens were there
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "tokens").glob("*.json")} == {0o600}


async def test_the_browser_comes_back_to_a_place_of_ones_own(realm: Realm) -> None:
    async def register(seen: Seen) -> web.StreamResponse:
        assert json.loads(seen.body)["application_type"] == "web"
        realm.clients.add("chat")
        return seen.json({"client_id": "chat"}, status=201)

    realm.pages["/register"] = register
    user = User()
    names = {"OAuth": OAuth, "show_in_chat": user.show, "next_callback": user.receive}
    auth = (await run(shown(GUIDE, "On behalf of a user")[1], names))["auth"]
    async with client(realm, auth) as session:
        await session.list_tools()
    assert user.came_to.startswith("https://chat.example.com/callback?")


async def test_without_a_user(machine: Machine) -> None:
    fetched: list[str] = []

    def fetch_jwt() -> str:
        return "a.workload.jwt"

    async def fetch_id_token() -> str:
        return "an.id.token"

    async def fetch_token() -> str:
        fetched.append("token")
        token: str = machine.issue({"list", "call"})["access_token"]
        return token

    given = {"secret": "hush", "pem": PEM, "fetch_jwt": fetch_jwt, "fetch_id_token": fetch_id_token}
    given["fetch_token"] = fetch_token
    roots = dict.fromkeys(("https://auth.example.com", "https://idp.example.com"), machine.root)
    names = await run(only("Without a user"), given, **roots)
    for name in ("by_secret", "by_key", "workload", "managed", "bearer"):
        machine.forms.clear()
        async with client(machine, names[name]) as session:
            assert text_of(await session.call_tool("echo", {"a": 1})) == '{"a": 1}'
        assert bool(machine.forms) == (name != "bearer"), name
        assert "hush" not in repr(names[name])
    assert fetched == ["token"]


async def test_in_your_own_way(realm: Realm) -> None:
    keys = iter(["old", "new", "newer"])

    async def fetch() -> str:
        return next(keys)

    async def check(request: web.Request) -> web.StreamResponse | None:
        return None if request.headers.get("x-api-key") == good else web.Response(status=401)

    good = "new"
    realm.check = check  # type: ignore[method-assign]
    auth = (await run(only("In your own way"), {}))["ApiKey"](fetch)
    async with Client(realm.url, auth=auth, verdicts={}, deadlines=BRISK) as session:
        assert text_of(await session.call_tool("echo", {"a": 1})) == '{"a": 1}'
    good = "none of them"
    with pytest.raises(AccessDenied):
        await Client(realm.url, auth=auth, verdicts={}, deadlines=BRISK).connect()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"code": "", "error": "access_denied"}, "the user said no, or nothing"),
        ({"iss": "https://other.example"}, "401 None False"),
        ({}, "refused, although everything was done"),
    ],
)
async def test_errors(realm: Realm, capsys: pytest.CaptureFixture[str], said: Any, told: str) -> None:
    realm.answers = said
    user = User(comes_back=True)
    auth: Any = OAuth(open_url=user.show)
    if not said:
        auth = Bearer(realm.issue({"list"})["access_token"])
    await run(only("Errors"), {"Client": Client, "auth": auth}, **{URL: realm.url})
    assert told in capsys.readouterr().out


async def test_wherever_a_url_goes(realm: Realm) -> None:
    user = User(comes_back=True)
    async with Client(HttpServer(realm.url, auth=OAuth(open_url=user.show)), verdicts={}, deadlines=BRISK) as session:
        await session.list_tools()
    assert user.urls
