"""Tokens that end: renewed by one for all, in one process and in several."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import msgspec
import pytest

from mcpstruct.base.errors import AuthUnavailable, MissingExtra
from mcpstruct.client.auth import FileTokenStore, KeyringTokenStore, MemoryTokenStore
from mcpstruct.client.auth.tokens import Tokens, load, save
from tests.client.auth.support import Realm, User, client, oauth
from tests.transport.http.support import answer

pytestmark = pytest.mark.anyio


async def aged(store: Any, realm: Realm, **changes: Any) -> None:
    """Make the tokens that are stored older than they are."""
    name = f"tokens {realm.url}"
    tokens = await load(store, name, Tokens)
    assert tokens is not None
    await save(store, name, msgspec.structs.replace(tokens, **changes))


async def test_tokens_are_renewed_before_they_end(realm: Realm) -> None:
    user, store = User(), MemoryTokenStore()
    async with client(realm, oauth(user, store=store)):
        pass
    await aged(store, realm, obtained=time.time() - 3600, expires=time.time() + 30)
    async with client(realm, oauth(user, store=store)) as session, anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(session.list_tools)
    assert [form["grant_type"] for form in realm.forms] == ["authorization_code", "refresh_token"]
    assert len(user.urls) == 1


async def test_tokens_that_ended_are_renewed(realm: Realm) -> None:
    """Each refresh token is used once: the server gives another with each answer."""
    user, store = User(), MemoryTokenStore()
    for _ in range(3):
        async with client(realm, oauth(user, store=store)) as session:
            assert session.connected
        await aged(store, realm, expires=time.time() - 1)
        realm.good.clear()
    spent = [form["refresh_token"] for form in realm.forms[1:]]
    assert len(set(spent)) == len(spent) == 2
    assert len(user.urls) == 1


async def test_a_server_that_gives_no_other_refresh_token_keeps_the_old(realm: Realm) -> None:
    store = MemoryTokenStore()
    async with client(realm, oauth(store=store)):
        pass
    await aged(store, realm, expires=time.time() - 1)
    usual = realm.issue

    def issue(scopes: set[str]) -> dict[str, Any]:
        issued = usual(scopes)
        realm.refresh[realm.forms[-1]["refresh_token"]] = scopes
        return {**issued, "refresh_token": None}

    realm.issue = issue  # type: ignore[method-assign]
    for _ in range(2):
        async with client(realm, oauth(store=store)):
            pass
        await aged(store, realm, expires=time.time() - 1)
    assert [form["grant_type"] for form in realm.forms[1:]] == ["refresh_token"] * 2


async def test_a_token_that_the_server_took_back(realm: Realm) -> None:
    user = User()
    async with client(realm, oauth(user)) as session:
        realm.good.clear()
        await session.list_tools()
        assert len(user.urls) == 1
        assert realm.forms[-1]["grant_type"] == "refresh_token"
        realm.good.clear()
        realm.refresh.clear()  # now the user has to agree again
        await session.list_tools()
    assert len(user.urls) == 2
    assert realm.visits["/register"] == 1


async def test_a_token_that_is_still_good_is_used_while_none_can_be_had(realm: Realm) -> None:
    store = MemoryTokenStore()
    async with client(realm, oauth(store=store)):
        pass
    await aged(store, realm, obtained=time.time() - 3600, expires=time.time() + 30)
    realm.pages["/token"] = answer(503)
    before = realm.visits["/token"]
    async with client(realm, oauth(store=store)) as session:
        for _ in range(5):
            await session.list_tools()
        assert realm.visits["/token"] == before + 1
    await aged(store, realm, expires=time.time() - 1)
    with pytest.raises(AuthUnavailable):
        await client(realm, oauth(store=store)).connect()


PROGRAM = """
import sys, anyio
from mcpstruct import Client
from mcpstruct.client.auth import FileTokenStore, OAuth

async def main(url, folder):
    auth = OAuth(open_url=lambda url: sys.exit("asked the user"), store=FileTokenStore(folder))
    print("ready", flush=True)
    sys.stdin.readline()
    async with Client(url, auth=auth) as session:
        print([tool.name async for tool in session.tools()], flush=True)

anyio.run(main, *sys.argv[1:])
"""


def started(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


async def test_processes_take_turns(realm: Realm, tmp_path: Path) -> None:
    """A refresh token that two processes used would be taken for stolen."""
    store = FileTokenStore(tmp_path / "tokens")
    async with client(realm, oauth(store=store)):
        pass
    await aged(store, realm, expires=time.time() - 1)
    realm.good.clear()
    command = [sys.executable, "-c", PROGRAM, realm.url, str(tmp_path / "tokens")]
    programs = [started(command) for _ in range(3)]
    try:
        for program in programs:
            assert program.stdout is not None
            assert await anyio.to_thread.run_sync(program.stdout.readline) == "ready\n"
        for program in programs:
            assert program.stdin is not None
            program.stdin.write("go\n")
            program.stdin.flush()
        for program in programs:
            out, err = await anyio.to_thread.run_sync(program.communicate)
            assert (out, err, program.returncode) == ("['echo']\n", "", 0)
    finally:
        for program in programs:
            program.kill()
            program.communicate()
    assert [form["grant_type"] for form in realm.forms] == ["authorization_code", "refresh_token"]


async def test_files_are_the_users_alone(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "tokens"
    store = FileTokenStore(folder)
    assert await store.load("a") is None
    await store.save("a", b"1")
    await store.save("a", b"2")
    async with store.lock("a"):
        assert await store.load("a") == b"2"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = list(folder.iterdir())
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert len(files) == 2
    await store.save("a", None)
    await store.save("a", None)
    assert await store.load("a") is None


@pytest.mark.parametrize("kind", ["memory", "file"])
async def test_locks_exclude(tmp_path: Path, kind: str) -> None:
    store = MemoryTokenStore() if kind == "memory" else FileTokenStore(tmp_path)
    inside = most = 0

    async def enter() -> None:
        nonlocal inside, most
        async with store.lock("a"):
            inside += 1
            most = max(most, inside)
            await anyio.lowlevel.checkpoint()
            inside -= 1

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            for _ in range(10):
                group.start_soon(enter)
        async with store.lock("a"), store.lock("b"):
            pass
    assert most == 1


async def test_what_cannot_be_read_is_not_there(tmp_path: Path) -> None:
    store = FileTokenStore(tmp_path)
    for data in (b"", b"\xff", b"{}", b"[" * 10_000):
        await store.save("x", data)
        assert await load(store, "x", Tokens) is None


async def test_a_keyring_keeps_tokens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(MissingExtra, match=r"mcpstruct\[keyring\]"):
        KeyringTokenStore()

    class Ring:
        def __init__(self) -> None:
            self.kept: dict[tuple[str, str], str] = {}

        def get_password(self, service: str, name: str) -> str | None:
            return self.kept.get((service, name))

        def set_password(self, service: str, name: str, value: str) -> None:
            self.kept[service, name] = value

        def delete_password(self, service: str, name: str) -> None:
            del self.kept[service, name]

    monkeypatch.setitem(sys.modules, "keyring", Ring())  # type: ignore[arg-type]
    store = KeyringTokenStore(locks=tmp_path)
    async with store.lock("a"):
        await store.save("a", json.dumps({"a": 1}).encode())
    assert await store.load("a") == b'{"a": 1}'
    await store.save("a", None)
    await store.save("a", None)
    assert await store.load("a") is None
