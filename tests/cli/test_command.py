"""The command as such, and what `import mcpstruct` offers and costs."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest

import mcpstruct as package
from mcpstruct_bindings.merged import types as merged
from tests.cli.support import mcpstruct, refused


def test_the_version() -> None:
    assert mcpstruct("--version").stdout.decode().strip() == f"mcpstruct {version('mcpstruct')}"


def test_no_command_is_wrong_usage() -> None:
    done = mcpstruct()
    assert done.returncode == 2
    assert b"usage: mcpstruct" in done.stderr


@pytest.mark.parametrize("command", ["validate", "diff", "gen", "revisions"])
def test_every_command_has_help(command: str) -> None:
    done = mcpstruct(command, "--help")
    assert done.returncode == 0
    assert f"usage: mcpstruct {command}".encode() in done.stdout


def test_the_table_of_revisions() -> None:
    done = mcpstruct("revisions")
    assert done.returncode == 0
    head, *rows = (line.split() for line in done.stdout.decode().splitlines())
    assert head == ["revision", "era", "definitions", "methods", "generated", "lines"]
    assert [row[:3] for row in rows[:5]] == [
        ["2024-11-05", "legacy", "79"],
        ["2025-03-26", "legacy", "83"],
        ["2025-06-18", "legacy", "91"],
        ["2025-11-25", "legacy", "145"],
        ["2026-07-28", "modern", "155"],
    ]
    assert rows[-1][0] == "merged"
    assert all(int(row[3]) > 20 and int(row[4]) > 1000 for row in rows)


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    command = [sys.executable, "-m", "mcpstruct", "diff", "2025-11-25", "2026-07-28", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() in (0, 1)


def test_a_refusal_is_one_line() -> None:
    assert refused(mcpstruct("diff", "2024-11-05", "2000-01-01")).startswith("mcpstruct: no revision '2000-01-01'")


def test_everything_offered_is_there() -> None:
    for name in package.__all__:
        assert getattr(package, name) is not None
    assert package.__version__ == version("mcpstruct")
    assert package.types.Tool is merged.Tool
    assert set(package.__all__) <= set(dir(package))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = package.nothing


def test_importing_the_package_imports_nothing_else() -> None:
    code = "import sys, mcpstruct; print([m for m in sys.modules if m.startswith(('msgspec', 'anyio', 'mcpstruct.'))])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
