"""Extension: a package of bindings from a third party's own schema, the same phases with their words as docs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, cast

from .docs import Docs
from .importer import parse, read_source
from .model import Model, build
from .outputs import formatted, package_files, positional, prepare
from .overrides import Overrides
from .schemas import GeneratorError, Schema, definitions_of, digest, is_array, is_node
from .wellformed import check_modules, check_names, foreseen

MADE_BY = "Made by `mcpstruct gen`; never edited."


def generate(source: str, out: Path, overrides: Path | None = None) -> list[str]:
    """Make the folder `out` a package of bindings of the schema at `source`, a path or URL; the files written.

    Raises `GeneratorError`, and writes nothing, if the schema cannot become bindings or if a file that is not ours
    stands in the way.
    """
    name = out.resolve().name
    if not name.isidentifier():
        raise GeneratorError(f"{out}: the folder becomes a package, so its name has to be a Python name")
    files = {path.removeprefix(f"{name}/"): text for path, text in package(source, name, overrides).items()}
    for path, text in files.items():
        there = out / path
        if there.exists() and text and MADE_BY not in there.read_text("utf-8", "replace"):
            raise GeneratorError(f"{there} stands in the way, and was not made by `mcpstruct gen`")
    out.mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        (out / path).write_text(text, "utf-8")
    return list(files)


def package(source: str, name: str, overrides: Path | None = None) -> dict[str, str]:
    """The files of the package, formatted: path → text."""
    data = read_source(source)
    stripped = parse(data, source)
    table = Overrides.load(overrides) if overrides else Overrides()
    with foreseen(source):
        model = model_of(data, stripped, source, name, table)
        if unused := table.unused():
            raise GeneratorError(f"{unused[0]}: has no effect")
        files = formatted({**package_files(model, name), f"{name}/py.typed": ""})
    check_modules(files)
    return files


def model_of(data: bytes, stripped: dict[str, Any], source: str, name: str, overrides: Overrides) -> Model:
    """The model of the package."""
    document = cast("dict[str, Any]", harmless(json.loads(data)))
    title = str(document.get("title") or Path(source).stem)
    sha256 = digest(data)
    schema = Schema("", "", draft=False, sha256=sha256, source=source, definitions=definitions_of(stripped))
    definitions, methods = prepare(schema, overrides)
    docs = Docs.of_descriptions(document)
    docs.methods = {m.name: docs.definition(m.definition) for m in methods}
    model = build(
        definitions,
        methods,
        docs,
        title=title,
        package=name,
        header=(f"Schema {harmless(Path(source).name)}, sha256 {sha256}.", MADE_BY),
        revision=None,
        batches=False,
        positional=positional(overrides, methods, schema.revision),
        aliases={},
    )
    if not model.definitions:
        raise GeneratorError(f"{source}: no definition becomes a type")
    check_names(d.name for d in model.definitions)
    return model


def harmless(node: Any) -> Any:
    """The document with every sentence such that it can stand in a docstring: a quote could end it, a backslash
    turn into something else."""
    if isinstance(node, str):
        return re.sub(r"\s+", " ", node).replace("\\", "/").replace('"', "'")
    if is_array(node):
        return [harmless(x) for x in node]
    if is_node(node):
        return {key: harmless(value) for key, value in node.items()}
    return node
