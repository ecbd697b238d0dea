"""`mcpstruct run`: a program's server object, served by a real process."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcpstruct import Client, ConnectFailed, StdioServer
from tests.cli.serving import HEAD, PLAIN, Running, served, written
from tests.cli.support import ROOT, mcpstruct, refused

pytestmark = pytest.mark.timeout(60)
ANALYZE = ROOT / "examples" / "servers" / "analyze.py"
REVISIONS = ["2024-11-05", "2025-11-25", "2026-07-28"]


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


# -- the program that there is to start with ---------------------------------------------------------------------------


@pytest.mark.anyio
@pytest.mark.parametrize("revision", REVISIONS)
async def test_the_example_shows_progress_and_logs(revision: str, tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("one two\nthree\n\nfour\n", encoding="utf-8")
    logs: list[Any] = []
    progress: list[Any] = []
    async with Client(
        served(ANALYZE), revisions=revision, on_log=lambda log: logs.append((log.level, log.data))
    ) as client:
        assert client.protocol_version == revision
        assert client.server_info is not None
        assert client.server_info.name == "analyzer"
        (tool,) = (await client.list_tools()).tools
        assert (tool.name, list(tool.input_schema["properties"])) == ("analyze_file", ["file_path"])
        result = await client.call_tool(
            "analyze_file",
            {"file_path": str(text)},
            into=dict[str, int],
            on_progress=lambda done, total, message: progress.append((done, total)),
        )
    assert result == {"lines": 4, "words": 4}
    assert progress == [(n, 4) for n in range(1, 5)]
    assert logs == [("info", f"Reading {text}"), ("info", f"Done with {text}")]


@pytest.mark.anyio
async def test_a_program_written_for_another_framework(tmp_path: Path) -> None:
    """Positional name and instructions, a description of its own, reports that nobody awaits, and some that are."""
    program = written(
        tmp_path,
        """
        from mcpstruct.server.fastmcp import FastMCP, Context, Image
        import time

        mcp = FastMCP("Old friend", "Be nice.")

        @mcp.tool(name="count", description="Counts.")
        def count_up(to: int, ctx: Context) -> str:
            '''Not this.'''
            ctx.info(f"to {to}")
            for i in range(to):
                ctx.report_progress(i + 1, to)
            return "done"

        @mcp.tool()
        async def wait(ctx: Context) -> str:
            await ctx.info("waiting")
            await ctx.report_progress(1, 1)
            return mcp.name

        @mcp.resource("greeting://{name}")
        def greeting(name: str) -> str:
            return f"Hello, {name}!"

        @mcp.prompt()
        def review(code: str) -> str:
            return f"Review: {code}"

        if __name__ == "__main__":
            mcp.run(transport="stdio")
        """,
    )
    logs: list[Any] = []
    progress: list[Any] = []
    async with Client(served(program), on_log=lambda log: logs.append(log.data)) as client:
        assert client.instructions == "Be nice."
        assert (await client.list_tools()).tools[0].description == "Counts."
        for name, arguments in (("count", {"to": 2}), ("wait", {})):
            await client.call_tool(name, arguments, on_progress=lambda done, total, message: progress.append(done))
        contents: Any = (await client.read_resource("greeting://Ann")).contents[0]
        assert contents.text == "Hello, Ann!"
        assert len((await client.get_prompt("review", {"code": "x"})).messages) == 1
    assert logs == ["to 2", "waiting"]
    assert progress == [1, 2, 1]


@pytest.mark.anyio
async def test_a_program_may_run_itself(tmp_path: Path) -> None:
    program = written(tmp_path, PLAIN + "\nif __name__ == '__main__':\n    server.run()\n")
    async with Client(StdioServer(sys.executable, [str(program)])) as client:
        assert await client.call_tool("add", {"a": 1, "b": 2}, into=int) == 3


# -- which object ------------------------------------------------------------------------------------------------------


@pytest.mark.anyio
async def test_which_server_of_several(tmp_path: Path, anyio_backend: str) -> None:
    if anyio_backend == "trio":
        pytest.skip("the client's event loop makes no difference")
    program = written(
        tmp_path, "from mcpstruct import MCPServer\none = MCPServer('one')\nmcp = MCPServer('two')\nalias = one\n"
    )
    for target, name in ((f"{program}:one", "one"), (f"{program}:alias", "one"), (str(program), "two")):
        async with Client(served(target)) as client:
            assert client.server_info is not None
            assert client.server_info.name == name


def test_what_can_not_be_served(tmp_path: Path) -> None:
    assert "nosuch.py: no such Python file" in refused(mcpstruct("run", tmp_path / "nosuch.py"))
    assert "no such Python file" in refused(mcpstruct("run", tmp_path))
    empty = written(tmp_path, "x = 1\n", "empty.py")
    assert "empty has no server object" in refused(mcpstruct("run", empty))
    two = written(tmp_path, "from mcpstruct import MCPServer\na, b = MCPServer(), MCPServer()\n", "two.py")
    assert "two has several server objects: a, b; say FILE.py:name" in refused(mcpstruct("run", two))
    assert "two has no server object called c" in refused(mcpstruct("run", f"{two}:c"))
    text = written(tmp_path, "x", "notes.txt")
    assert "notes.txt: no such Python file" in refused(mcpstruct("run", text))


def test_other_transports_are_wrong_usage(tmp_path: Path) -> None:
    done = mcpstruct("run", written(tmp_path, PLAIN), "--transport", "pigeon")
    assert done.returncode == 2
    assert b"pigeon" in done.stderr


def test_a_program_that_fails_to_load(tmp_path: Path) -> None:
    done = mcpstruct("run", written(tmp_path, "import sys\nprint('hello')\nraise KeyError('which')\n"))
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"KeyError: 'which'" in done.stderr
    assert b"program.py" in done.stderr
    assert b"hello" in done.stderr


def test_a_program_that_ends_itself(tmp_path: Path) -> None:
    done = mcpstruct("run", written(tmp_path, "import sys\nsys.exit(7)\n"))
    assert (done.returncode, done.stdout) == (7, b"")


@pytest.mark.anyio
async def test_the_client_learns_why_a_program_did_not_load(tmp_path: Path) -> None:
    program = written(tmp_path, "raise KeyError('which')\n")
    with anyio.fail_after(10), pytest.raises(ConnectFailed, match="KeyError: 'which'"):
        async with Client(served(program, stderr=lambda line: None)):
            pytest.fail("connected")


@pytest.mark.anyio
async def test_a_program_with_the_name_of_another_module(tmp_path: Path, anyio_backend: str) -> None:
    if anyio_backend == "trio":
        pytest.skip("the client's event loop makes no difference")
    program = written(
        tmp_path,
        """
        from __future__ import annotations
        from dataclasses import dataclass
        from typing import TypedDict
        from msgspec import Struct
        from mcpstruct import MCPServer
        from helper import TWICE

        server = MCPServer()

        @dataclass
        class Span:
            start: int
            end: int

        class Factor(Struct):
            value: Number

        class Number(TypedDict):
            number: int

        @server.tool()
        def length(span: Span, factor: Factor) -> int:
            return (span.end - span.start) * TWICE * factor.value["number"]
        """,
        "time.py",
    )
    written(tmp_path, "TWICE = 2\n", "helper.py")
    async with Client(served(program)) as client:
        arguments = {"span": {"start": 1, "end": 3}, "factor": {"value": {"number": 5}}}
        assert await client.call_tool("length", arguments, into=int) == 20


# -- what is printed ---------------------------------------------------------------------------------------------------


def test_what_a_program_prints_is_no_message(tmp_path: Path) -> None:
    program = written(
        tmp_path,
        HEAD
        + """
import subprocess

def shout(when):
    print(when, "print")
    os.write(1, f"{when} write\\n".encode())
    sys.__stdout__.write(f"{when} original\\n")
    subprocess.run([sys.executable, "-c", f"print('{when} child')"], check=True)

shout("loading")

@server.tool()
def loud() -> str:
    shout("serving")
    return "quiet"

@server.tool()
def reads() -> str:
    return repr(sys.stdin.read())
""",
    )
    with Running(program) as server:
        for name, said in (("loud", "quiet"), ("reads", "''")):
            number = server.call(name)
            answer = server.line()
            assert (answer["id"], answer["result"]["content"][0]["text"]) == (number, said)
        server.leave()
        status, out, errors = server.end()
    assert (status, out) == (0, b"")
    for when in ("loading", "serving"):
        for how in ("print", "write", "original", "child"):
            assert f"{when} {how}" in errors
