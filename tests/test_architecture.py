"""The floors: imports only ever point down, IO stays with the drivers, modules and functions stay small."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[1]
SOURCE_ROOTS = ("runtime", "generated", "codegen")
HAND_WRITTEN = ("runtime", "codegen", "tests", "benchmarks", "examples")
TEXT_SUFFIXES = {
    ".py",
    ".md",
    ".toml",
    ".json",
    ".jsonl",
    ".jinja2",
    ".txt",
    ".yml",
    ".yaml",
    ".cfg",
    ".sh",
    ".svg",
    "",
}
LONGEST_MODULE = 420
LONGEST_FUNCTION = 60

# Floor by package or module; an import may lead to the same floor or one below. A new part of mcpstruct needs a row.
FLOORS = {
    "mcpstruct.base": 0,
    "mcpstruct_bindings": 1,
    "mcpstruct.types": 2,
    "mcpstruct.wire": 2,
    "mcpstruct.transport": 3,
    "mcpstruct.session": 3,
    "mcpstruct.client": 4,
    "mcpstruct.server": 4,
    "mcpstruct.extensions": 4,
    "mcpstruct.cli": 5,
    "mcpstruct.testing": 5,
    "mcpstruct.__main__": 6,
}
OURS = ("mcpstruct", "mcpstruct_bindings", "mcpstruct_codegen")
# What the pure floors (base, wire, generated code) may not import: whatever waits, spawns, or touches a socket.
IO = {
    "aiohttp", "anyio", "asyncio", "concurrent", "curio", "ftplib", "h11", "http", "httptools", "httpx", "httpx2",
    "multiprocessing", "niquests", "requests", "select", "selectors", "smtplib", "socket", "socketserver", "ssl",
    "starlette", "subprocess", "trio", "urllib", "urllib3", "uvicorn", "uvloop", "websockets", "xmlrpc",
}  # fmt: skip
PURE = ("mcpstruct.base", "mcpstruct.wire", "mcpstruct_bindings")
GENERATED_MAY_IMPORT = ("__future__", "typing", "msgspec", "mcpstruct.base")


class Import(NamedTuple):
    """One imported module, and whether the import waits in a function, or is only for type checkers."""

    module: str
    line: int
    lazy: bool


def imports_of(source: str, module: str, *, package: bool) -> Iterator[Import]:
    """Every import of a module, relative ones resolved; `from x import y` may mean the module `x.y`: both are given."""

    def visit(node: ast.AST, lazy: bool) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno, lazy) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            home = module.split(".")[: None if package else -1]
            base = home[: len(home) - node.level + 1] if node.level else []
            whole = ".".join([*base, *([node.module] if node.module else [])])
            yield Import(whole, node.lineno, lazy)
            yield from (Import(f"{whole}.{alias.name}", node.lineno, lazy) for alias in node.names)
        typing_only = isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        inside = lazy or typing_only or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        for child in ast.iter_child_nodes(node):
            yield from visit(child, inside)

    return visit(ast.parse(source), lazy=False)


def floor_of(module: str) -> int | None:
    """The floor that a module of ours stands on; None where it has no row, or is none of ours."""
    return next((floor for part, floor in FLOORS.items() if within(module, part)), None)


def within(module: str, *packages: str) -> bool:
    """Whether a module is one of these packages or a part of it."""
    return any(module == p or module.startswith(f"{p}.") for p in packages)


def complaints(source: str, module: str, *, package: bool = False) -> list[str]:
    """What is wrong with a module's imports, a line each."""
    return [
        f"{module}:{imported.line} imports {imported.module}: {reason}"
        for imported in imports_of(source, module, package=package)
        if (reason := objection(module, imported))
    ]


def objection(module: str, imported: Import) -> str | None:
    """Why a module may not import another; None where it may."""
    target = imported.module
    if within(module, "mcpstruct_codegen"):
        return "the generator imports nothing of ours" if within(target, "mcpstruct", "mcpstruct_bindings") else None
    if within(module, *PURE) and target.split(".")[0] in IO:
        return "no IO on a pure floor"
    if within(module, "mcpstruct_bindings"):
        own = ".".join(module.split(".")[:2])
        return (
            None
            if within(target, own, *GENERATED_MAY_IMPORT)
            else "generated code imports the base and its own package"
        )
    if within(target, "mcpstruct_codegen"):
        if not within(module, "mcpstruct.cli"):
            return "only the command line reaches for the generator"
        return None if imported.lazy else "the command line imports the generator inside functions"
    return upward(module, imported) if within(target, *OURS) else None


def upward(module: str, imported: Import) -> str | None:
    """Why an import from one module of ours to another points up; None where it does not."""
    if module == "mcpstruct":  # the face of the package, which loads what it shows when that is first asked for
        return None if imported.lazy or floor_of(imported.module) == 0 else "the package itself imports lazily"
    here, there = floor_of(module), floor_of(imported.module)
    if here is None:
        return f"{module} has no floor: give it a row in FLOORS"
    if there is None:
        face = imported.module in ("mcpstruct", "mcpstruct.__version__")
        return None if face else "the face of the package is for its users: import this from where it is defined"
    return "the arrow points up" if there > here else None


def modules() -> list[tuple[str, Path]]:
    """Every module of the three source roots: dotted name and file."""
    found: list[tuple[str, Path]] = []
    for root in SOURCE_ROOTS:
        for path in sorted((ROOT / root).rglob("*.py")):
            parts = path.relative_to(ROOT / root).with_suffix("").parts
            found.append((".".join(parts[:-1] if parts[-1] == "__init__" else parts), path))
    return found


def files(*folders: str) -> list[Path]:
    """The hand-written Python files under some folders, none of them made by a tool."""
    return [p for f in folders for p in sorted((ROOT / f).rglob("*.py")) if not {".venv", "node_modules"} & {*p.parts}]


# -- the project ------------------------------------------------------------------------------------------------------


def test_imports_only_point_down_and_io_stays_with_the_drivers() -> None:
    found = modules()
    assert len(found) > 50
    wrong = [
        line
        for name, path in found
        for line in complaints(path.read_text("utf-8"), name, package=path.stem == "__init__")
    ]
    assert not wrong, "\n".join(wrong)


def test_every_part_of_the_runtime_has_a_floor() -> None:
    parts = {
        ".".join(name.split(".")[:2]) for name, _ in modules() if within(name, "mcpstruct") and name != "mcpstruct"
    }
    assert sorted(part for part in parts if part not in FLOORS) == []


def test_hand_written_modules_stay_small() -> None:
    long = {
        str(p.relative_to(ROOT)): n
        for p in files(*HAND_WRITTEN)
        if (n := len(p.read_text("utf-8").splitlines())) > LONGEST_MODULE
    }
    assert not long


def test_functions_stay_small() -> None:
    long: dict[str, int] = {}
    for path in files(*HAND_WRITTEN):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    long[f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"] = lines
    assert not long


def test_no_text_holds_a_path_of_some_machine() -> None:
    here = [re.escape(str(ROOT))] if len(ROOT.parts) > 2 else []  # a checkout at `/src` or the like says nothing
    homes = [r"(?<![\w.}>])/(?:home|Users|root|work|builds)/\w", r"[A-Z]:\\Users"]
    somewhere = re.compile("|".join([*here, *homes]))
    found: list[str] = []
    for path in tracked_texts():
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
            if match := somewhere.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {match.group()}")
    assert not found, "\n".join(found)


def tracked_texts() -> Iterator[Path]:
    """The project's own text files: everything but what tools leave behind in dotted and cache folders."""
    tops = [top for top in sorted(ROOT.iterdir()) if not top.name.startswith(".") or top.name == ".ci"]
    for path in [inner for top in tops for inner in ([top] if top.is_file() else sorted(top.rglob("*")))]:
        parts = path.relative_to(ROOT).parts
        left_behind = any(p.startswith(".") and p != ".ci" for p in parts) or {
            "__pycache__",
            "node_modules",
            "dist",
            "build",
        } & {*parts}
        if path.is_file() and path.suffix in TEXT_SUFFIXES and not left_behind and path != Path(__file__):
            yield path


# -- the rules themselves ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "source", "reason"),
    [
        ("mcpstruct.base.codec", "import mcpstruct_bindings.merged", "points up"),
        ("mcpstruct.base.codec", "from ..wire import frames", "points up"),
        ("mcpstruct.base.codec", "from mcpstruct import wire", "points up"),
        ("mcpstruct.base.codec", "def f():\n    from mcpstruct.cli import main", "points up"),
        ("mcpstruct.wire.frames", "if TYPE_CHECKING:\n    from mcpstruct.client import Client", "points up"),
        ("mcpstruct.session.loop", "from mcpstruct.server.context import Context", "points up"),
        ("mcpstruct.base.codec", "import asyncio", "no IO"),
        ("mcpstruct.wire.sse", "from urllib.parse import urlsplit", "no IO"),
        ("mcpstruct_bindings.v1.types", "import socket", "no IO"),
        ("mcpstruct_bindings.v1.types", "import json", "generated code"),
        ("mcpstruct_bindings.v1.types", "from mcpstruct.wire import x", "generated code"),
        ("mcpstruct_bindings.v1.types", "from ..v2 import types", "generated code"),
        ("mcpstruct_codegen.model", "from mcpstruct.base import check", "nothing of ours"),
        ("mcpstruct_codegen.model", "def f():\n    import mcpstruct_bindings", "nothing of ours"),
        ("mcpstruct.cli.gen", "import mcpstruct_codegen", "inside functions"),
        ("mcpstruct.client.client", "def f():\n    import mcpstruct_codegen", "only the command line"),
        ("mcpstruct.novelty", "from mcpstruct.base import x", "has no floor"),
        ("mcpstruct.base.codec", "from mcpstruct import check", "face of the package"),
        ("mcpstruct", "from .client import Client", "imports lazily"),
    ],
)
def test_an_import_that_points_up_is_found(module: str, source: str, reason: str) -> None:
    found = complaints(source, module, package=module == "mcpstruct")
    assert found
    assert all(reason in line for line in found)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("mcpstruct.base.codec", "import msgspec\nfrom .errors import Problem\nfrom mcpstruct.base import hooks"),
        ("mcpstruct.wire.frames", "from mcpstruct_bindings import merged\nfrom ..base.errors import Problem"),
        ("mcpstruct.session.loop", "import asyncio\nfrom mcpstruct.transport.base import Transport"),
        ("mcpstruct.client.client", "from ..session.loop import run\nimport mcpstruct_bindings.merged.client"),
        (
            "mcpstruct_bindings.v1.types",
            "from __future__ import annotations\nfrom msgspec import Meta\nfrom . import methods",
        ),
        ("mcpstruct_codegen.model", "import subprocess\nfrom .schemas import Node\nimport msgspec"),
        ("mcpstruct.cli.gen", "def f():\n    from mcpstruct_codegen import outputs"),
        ("mcpstruct", "def __getattr__(name):\n    from .client import Client"),
        ("mcpstruct", "if TYPE_CHECKING:\n    from .client import Client"),
        ("mcpstruct.cli", "from mcpstruct import __version__"),
    ],
)
def test_an_import_that_points_down_is_fine(module: str, source: str) -> None:
    assert complaints(source, module, package=module == "mcpstruct") == []
