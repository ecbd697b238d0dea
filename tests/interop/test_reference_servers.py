"""Our client with the reference servers for time and for git, every tool of each."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcpstruct.transport.stdio import StdioServer
from tests.interop.peers import PEERS
from tests.interop.support import LEGACY, MODERN, Heard, text_of

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("revision", [MODERN, LEGACY])]
PYTHON = PEERS["servers"].python


def server(module: str, *args: str) -> StdioServer:
    """One of them."""
    return StdioServer(PYTHON, ["-m", module, *args], stderr=None)


async def test_time(revision: str) -> None:
    heard = Heard()
    with anyio.fail_after(20):
        target = server("mcp_server_time", "--local-timezone", "Europe/Paris")
        async with heard.client(target, revisions=revision) as client:
            assert client.protocol_version == revision
            assert {tool.name async for tool in client.tools()} == {"get_current_time", "convert_time"}
            now = json.loads(text_of(await client.call_tool("get_current_time", {"timezone": "Asia/Tokyo"})))
            assert now["timezone"] == "Asia/Tokyo"
            arguments = {"source_timezone": "Asia/Tokyo", "time": "16:30", "target_timezone": "Asia/Kolkata"}
            converted = json.loads(text_of(await client.call_tool("convert_time", arguments)))
            assert converted["time_difference"] == "-3.5h"
            wrong = await client.call_tool("get_current_time", {"timezone": "Mars/Olympus"})
            assert wrong.is_error
    assert heard.violations == []


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository with one commit, one staged change and one that is not."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.com",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.com",
    }
    folder = tmp_path / "repository"
    folder.mkdir()

    def git(*args: str) -> None:
        subprocess.run(["git", *args], cwd=folder, check=True, env=environment, capture_output=True)

    git("init", "-q", "-b", "main")
    git("config", "user.name", "Ada")
    git("config", "user.email", "ada@example.com")
    (folder / "poem.txt").write_text("Roses are red\n")
    git("add", "poem.txt")
    git("commit", "-q", "-m", "First line")
    (folder / "poem.txt").write_text("Roses are red\nViolets are blue\n")
    (folder / "staged.txt").write_text("staged\n")
    git("add", "staged.txt")
    return folder


GIT_CALLS: list[tuple[str, dict[str, Any], str]] = [
    ("git_status", {}, "modified:   poem.txt"),
    ("git_diff_unstaged", {}, "+Violets are blue"),
    ("git_diff_staged", {}, "+staged"),
    ("git_add", {"files": ["poem.txt"]}, "staged"),
    ("git_reset", {}, "reset"),
    ("git_add", {"files": ["poem.txt", "staged.txt"]}, "staged"),
    ("git_commit", {"message": "Second line"}, "committed"),
    ("git_log", {"max_count": 5}, "Second line"),
    ("git_show", {"revision": "HEAD"}, "+Violets are blue"),
    ("git_create_branch", {"branch_name": "other"}, "other"),
    ("git_checkout", {"branch_name": "other"}, "other"),
    ("git_branch", {"branch_type": "local"}, "* other"),
    ("git_diff", {"target": "HEAD~1"}, "+Violets are blue"),
]


async def test_git(revision: str, repository: Path) -> None:
    heard = Heard()
    with anyio.fail_after(30):
        target = server("mcp_server_git", "--repository", str(repository))
        async with heard.client(target, revisions=revision) as client:
            assert client.protocol_version == revision
            names = {tool.name async for tool in client.tools()}
            assert names == {name for name, _, _ in GIT_CALLS}
            for name, arguments, expected in GIT_CALLS:
                result = await client.call_tool(name, {"repo_path": str(repository), **arguments})
                assert not result.is_error, (name, text_of(result))
                assert expected in text_of(result), name
            wrong = await client.call_tool("git_show", {"repo_path": str(repository), "revision": "nothing"})
            assert wrong.is_error
    assert heard.violations == []
