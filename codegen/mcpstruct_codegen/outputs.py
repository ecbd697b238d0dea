"""`outputs()`: every generated file as path → text, pure; writing, checking and listing all stand on it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from .docs import Docs
from .flatten import flatten
from .merge import merge, merge_methods
from .methods import Method, inherit_meta, method_table
from .model import Model, build
from .normalise import normalise
from .overrides import Overrides
from .schemas import Definitions, GeneratorError, Schema, load_all
from .sessions import session_modules
from .structs import types_module

PACKAGE = "mcpstruct_bindings"
MADE_BY = "Made by `make gen`; never edited."
RUFF_RULES = "F401,F811,I"
LINE_LENGTH = 120
FIRST_PARTY = 'lint.isort.known-first-party = ["mcpstruct", "mcpstruct_bindings"]'


def outputs(schema_dir: Path) -> dict[str, str]:
    """Every file under `generated/`, formatted: path relative to it → text. Same input, same bytes."""
    built = models(schema_dir)
    files = {f"{PACKAGE}/__init__.py": root_module(built), f"{PACKAGE}/py.typed": ""}
    for model in built:
        files |= package_files(model, f"{PACKAGE}/{model.package}")
    return formatted(files)


def root_module(built: list[Model]) -> str:
    """The package that holds all others: what there is, and nothing imported."""
    revisions = ", ".join(f'"{r}"' for r in built[-1].revisions)
    return f'''"""Typed bindings of every published MCP revision, and of all at once in `merged`.

{MADE_BY}
"""

REVISIONS: tuple[str, ...] = ({revisions},)
"""Every revision with a package of its own, oldest first."""
'''


def package_files(model: Model, root: str) -> dict[str, str]:
    """The unformatted files of one package."""
    types_source = types_module(model)
    modules = {"types.py": types_source, **session_modules(model, types_source)}
    return {f"{root}/{name}": source for name, source in modules.items()}


def models(schema_dir: Path, docs: Docs | None = None) -> list[Model]:
    """The model of every revision, and of the merged bindings."""
    schemas = load_all(schema_dir)
    overrides = Overrides.load(schema_dir / "overrides.toml")
    docs = docs or Docs.load(schema_dir / "docs.toml")
    prepared = [(s, *prepare(s, overrides)) for s in schemas]
    tables = merge_methods([(s.revision, table) for s, _, table in prepared])
    lives = {m.name: m for m in tables}
    built = [revision_model(s, definitions, table, lives, docs, overrides) for s, definitions, table in prepared]
    definitions, aliases = merge([(s.revision, d) for s, d, _ in prepared], overrides)
    newest = schemas[-1].revision
    built.append(
        build(
            definitions,
            tables,
            docs,
            title="every MCP revision at once",
            package="merged",
            header=(f"From the schemas of {schemas[0].revision} to {newest}.", MADE_BY),
            revision=None,
            batches=True,
            positional=positional(overrides, tables, newest),
            aliases=aliases,
            revisions=tuple(s.revision for s in schemas),
            homes={name: s.revision for s, definitions, _ in prepared for name in definitions},
        )
    )
    # A row for revisions that are not vendored (yet) has nothing to have an effect on.
    if unused := [row for row in overrides.unused() if any(row.applies(s.revision) for s in schemas)]:
        raise GeneratorError(f"{unused[0]}: has no effect in any revision")
    return built


def prepare(schema: Schema, overrides: Overrides) -> tuple[Definitions, tuple[Method, ...]]:
    """One revision's normalised definitions and method table."""
    flat = flatten(inherit_meta(overrides.correct(schema)))
    table = method_table(flat, overrides, schema.revision)
    return normalise(flat, table, overrides, schema.revision), table


def revision_model(
    schema: Schema,
    definitions: Definitions,
    table: tuple[Method, ...],
    lives: dict[str, Method],
    docs: Docs,
    overrides: Overrides,
) -> Model:
    """The model of one strict package."""
    dated = tuple(replace(m, since=lives[m.name].since, removed=lives[m.name].removed) for m in table)
    return build(
        definitions,
        dated,
        docs,
        title=f"MCP {schema.revision}",
        package=schema.package,
        header=(f"Schema {schema.revision}, sha256 {schema.sha256}.", MADE_BY),
        revision=schema.revision,
        batches="JSONRPCBatchRequest" in schema.definitions,
        positional=positional(overrides, dated, schema.revision),
        aliases={},
        revisions=(schema.revision,),
    )


def positional(overrides: Overrides, table: Iterable[Method], revision: str) -> dict[str, tuple[str, ...]]:
    """Parameters that may be given by position, by wire method."""
    names = {m.name for m in table}
    rows = [row for row in overrides.of("signature", revision) if row.values["method"] in names]
    if len({row.values["method"] for row in rows}) != len(rows):
        raise GeneratorError("overrides.toml: two [[signature]] rows for one method of one revision")
    for row in rows:
        overrides.touch(row)
    return {row.values["method"]: tuple(row.values["positional"]) for row in rows}


def formatted(files: dict[str, str]) -> dict[str, str]:
    """The files as ruff lays them out, unused imports gone. Ruff runs on a scratch folder; nothing else is touched."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        for path, text in files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8")
        ruff("check", "--fix-only", "--select", RUFF_RULES, root=root)
        ruff("format", root=root)
        return {path: (root / path).read_text("utf-8") for path in files}


def ruff(*arguments: str, root: Path) -> None:
    """Run ruff in isolation from any configuration."""
    beside = Path(sys.executable).with_name("ruff")
    command = str(beside) if beside.exists() else shutil.which("ruff")
    if command is None:
        raise GeneratorError("ruff is not installed; install mcpstruct[codegen]")
    style = ["--line-length", str(LINE_LENGTH), "--target-version", "py311", "--config", FIRST_PARTY]
    run = subprocess.run(  # noqa: S603 - our own command line
        [command, *arguments, "--isolated", *style, "."],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        said = " ".join((run.stderr or run.stdout).split())
        raise GeneratorError(f"ruff {arguments[0]} failed: {said[:2000]}")


def write(files: dict[str, str], root: Path) -> list[str]:
    """Bring a folder to exactly these files; the paths that changed. Packages of ours that are stray are removed."""
    changed: list[str] = []
    for path in stray(files, root):
        (root / path).unlink()
        changed.append(path)
    for path, text in files.items():
        target = root / path
        if not target.exists() or target.read_text("utf-8") != text:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8")
            changed.append(path)
    return changed


def stray(files: dict[str, str], root: Path) -> list[str]:
    """Files under the generated packages that nothing generates."""
    tops = {path.split("/")[0] for path in files}
    there = (p for top in sorted(tops) for p in sorted((root / top).rglob("*")) if p.is_file())
    names = (p.relative_to(root).as_posix() for p in there if "__pycache__" not in p.parts)
    return [name for name in names if name not in files]


def differences(files: dict[str, str], root: Path) -> list[str]:
    """What is stale, missing or stray in a folder, a line each."""
    lines: list[str] = []
    for path, text in files.items():
        target = root / path
        if not target.exists():
            lines.append(f"missing: {path}")
        elif target.read_text("utf-8") != text:
            lines.append(f"stale: {path}")
    return lines + [f"stray: {path}" for path in stray(files, root)]
