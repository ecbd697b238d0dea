"""`client_fixture` in the test suites of others: under anyio's plugin, under pytest-asyncio, or with both installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pytest_asyncio")

SUITE = """
import pytest
from contextlib import asynccontextmanager

import anyio
from mcpstruct import MCPServer
from mcpstruct.testing import client_fixture

events = []


@asynccontextmanager
async def lifespan(server):
    async with anyio.create_task_group() as group:
        group.start_soon(anyio.sleep, 60)
        events.append("up")
        yield None
        events.append("down")
        group.cancel_scope.cancel()


server = MCPServer(lifespan=lifespan)


@server.tool()
def add(a: int, b: int) -> int:
    return a + b


client = client_fixture(server)
other = client_fixture(server, as_bytes=False, revisions="2025-11-25")
"""
TESTS = """
{mark}
async def test_one(client, other):
    assert await client.call_tool("add", {{"a": 1, "b": 2}}, into=int) == 3
    assert await other.call_tool("add", {{"a": 1, "b": 2}}, into=int) == 3


{mark}
async def test_two(client):
    with anyio.fail_after(5):
        assert await client.call_tool("add", {{"a": 1, "b": 2}}, into=int) == 3


class TestThree:
    {mark}
    async def test_three(self, client):
        assert await client.call_tool("add", {{"a": 1, "b": 2}}, into=int) == 3


def test_all_is_down():
    assert events and len(events) % 2 == 0 and events == ["up", "down"] * (len(events) // 2)
"""
BACKENDS = """
@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param
"""
STRICT = ["-o", "asyncio_default_fixture_loop_scope=function"]


def run(folder: Path, program: str, *options: str) -> str:
    """Run pytest over a test module, as its author would; warnings are errors."""
    (folder / "test_it.py").write_text(program, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-W",
        "error",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        *options,
    ]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_under_anyio_alone(tmp_path: Path) -> None:
    program = SUITE + BACKENDS + TESTS.format(mark="@pytest.mark.anyio")
    assert "7 passed" in run(tmp_path, program, "-p", "no:asyncio")


def test_under_pytest_asyncio_in_its_strict_mode(tmp_path: Path) -> None:
    program = SUITE + TESTS.format(mark="@pytest.mark.asyncio")
    assert "4 passed" in run(tmp_path, program, *STRICT)


def test_under_pytest_asyncio_in_its_auto_mode(tmp_path: Path) -> None:
    program = SUITE + TESTS.format(mark="")
    assert "4 passed" in run(tmp_path, program, *STRICT, "-o", "asyncio_mode=auto")


def test_under_anyio_where_pytest_asyncio_is_installed_too(tmp_path: Path) -> None:
    program = SUITE + BACKENDS + TESTS.format(mark="@pytest.mark.anyio")
    for early in ("anyio", "asyncio"):  # whichever is asked first
        assert "7 passed" in run(tmp_path, program, *STRICT, "-p", early)


def test_under_both_in_one_module(tmp_path: Path) -> None:
    program = (
        SUITE
        + TESTS.format(mark="@pytest.mark.asyncio")
        + """
@pytest.mark.anyio
async def test_with_anyio(client, anyio_backend):
    assert await client.call_tool("add", {"a": 1, "b": 2}, into=int) == 3
"""
    )
    for early in ("anyio", "asyncio"):
        assert "6 passed" in run(tmp_path, program, *STRICT, "-p", early)
