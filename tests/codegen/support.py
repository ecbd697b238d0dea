"""Tiny schemas, generated all the way: written to a folder, imported, and used as a program would."""

from __future__ import annotations

import importlib
import json
import sys
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mcpstruct.base.codec import from_json, to_dict
from mcpstruct.base.errors import Problem, ProtocolViolation
from mcpstruct_codegen import outputs
from mcpstruct_codegen.docs import Docs
from mcpstruct_codegen.methods import method_of
from mcpstruct_codegen.model import Model
from mcpstruct_codegen.overrides import Overrides
from mcpstruct_codegen.schemas import GeneratorError, Schema, definitions_of
from mcpstruct_codegen.wellformed import check_definitions, check_names

Node = dict[str, Any]
REVISION = "2030-01-01"
NO_DOCS = "[definitions]\n[methods]\n[fields]\n"
TEXT: Node = {"type": "string"}
INTEGER: Node = {"type": "integer"}
NUMBER: Node = {"type": "number"}
NULL: Node = {"type": "null"}
FREE: Node = {"type": "object"}
"""An object that may hold anything."""


def ref(name: str) -> Node:
    """A reference to a definition."""
    return {"$ref": f"#/$defs/{name}"}


def const(value: str) -> Node:
    """A string constant."""
    return {"type": "string", "const": value}


def array(items: Node, **bounds: int) -> Node:
    """A list."""
    return {"type": "array", "items": items, **bounds}


def one_of(*arms: Node | str) -> Node:
    """A union, its members given as nodes or as names of definitions."""
    return {"anyOf": [ref(arm) if isinstance(arm, str) else arm for arm in arms]}


def obj(required: Node | None = None, /, **optional: Any) -> Node:
    """An object: its required properties as a dict, the optional ones by name."""
    return {"type": "object", "properties": {**(required or {}), **optional}, "required": sorted(required or {})}


def message(method: str, params: Node | None = None, *, notification: bool = False, optional: bool = False) -> Node:
    """A request or notification; `optional` says that it may come without its params."""
    head: Node = {"jsonrpc": const("2.0"), "method": const(method), **({} if notification else {"id": TEXT})}
    node = obj(head)
    if params is not None:
        node["properties"]["params"] = params
        node["required"] += [] if optional else ["params"]
    return node


SPEAKING: Node = {
    "EmptyResult": {"type": "object", "additionalProperties": {}},
    "PingRequest": message("ping"),
    "PongNotification": message("pong", notification=True),
}
"""One request and one notification: what a schema of mere types is given so that both sides have something to say."""


def schema(definitions: Node, *, revision: str = REVISION, draft: bool = False, speaking: bool = True) -> Schema:
    """Definitions as a vendored schema, as well-formed as the importer wants them.

    `speaking` gives it a request and a notification if it has none.
    """
    mute = not any(isinstance(node, dict) and method_of(node) for node in definitions.values())
    whole = definitions_of({"$defs": {**SPEAKING, **definitions} if speaking and mute else definitions})
    check_definitions(whole)
    return Schema(revision, "modern", draft, "0" * 64, "a test", whole)


def model(definitions: Node, overrides: Overrides | None = None, docs: Docs | None = None, **of_schema: Any) -> Model:
    """The model of one revision."""
    source, rows = schema(definitions, **of_schema), overrides or Overrides()
    normal, table = outputs.prepare(source, rows)
    built = outputs.revision_model(source, normal, table, {m.name: m for m in table}, docs or Docs(), rows)
    check_names(d.name for d in built.definitions)
    return built


@dataclass(frozen=True)
class Bindings:
    """A generated package, imported, and the text that it was read from."""

    types: ModuleType
    methods: ModuleType
    client: ModuleType
    server: ModuleType
    decode: ModuleType
    source: dict[str, str]


def bindings(folder: Path, definitions: Node, **values: Any) -> Bindings:
    """The package of one tiny revision; `values` go to `model`."""
    return imported(folder, model(definitions, **values))


def imported(folder: Path, built: Model) -> Bindings:
    """Generate the package of a model into a folder, and import it from there."""
    name = f"{built.package}_{abs(hash(folder)):x}"
    files = outputs.formatted(outputs.package_files(built, name))
    outputs.write(files, folder)
    importlib.invalidate_caches()
    init = folder / name / "__init__.py"
    spec = spec_from_file_location(name, init, submodule_search_locations=[str(init.parent)])
    assert spec is not None
    assert spec.loader is not None
    package = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(package)
    parts = ("types", "methods", "client", "server", "decode")
    modules = {part: importlib.import_module(f"{name}.{part}") for part in parts}
    return Bindings(**modules, source={Path(path).name: text for path, text in files.items()})


def decoded(tp: Any, value: Any) -> Any:
    """A JSON value as a generated type."""
    return from_json(tp, json.dumps(value).encode())


def round_trip(tp: Any, value: Any) -> Any:
    """A JSON value after it went through a generated type."""
    return to_dict(decoded(tp, value))


def fault(tp: Any, value: Any) -> Problem:
    """The first fault that decoding finds; fails where it finds none."""
    with pytest.raises(ProtocolViolation) as caught:
        decoded(tp, value)
    return caught.value.problem


def refused(definitions: Node, name: str, reason: str, **values: Any) -> None:
    """Assert that the generator refuses a schema, with the name of the definition at fault and the reason."""
    with pytest.raises(GeneratorError) as caught:
        model(definitions, **values)
    told = str(caught.value)
    assert told.startswith(name), told
    assert reason in told, told
    assert "\n" not in told


def table(folder: Path, text: str) -> Overrides:
    """`overrides.toml` with this text."""
    path = folder / "overrides.toml"
    path.write_text(text, "utf-8")
    return Overrides.load(path)


def row(kind: str, **values: Any) -> str:
    """One row of `overrides.toml`; a reason is added unless it is given."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in {"reason": "Because.", **values}.items()]
    return "\n".join([f"[[{kind}]]", *lines, ""])


def schema_folder(
    folder: Path, *revisions: Node, overrides: str = "", docs: str = NO_DOCS, draft: tuple[str, ...] = ()
) -> Path:
    """A whole `schema/` of tiny revisions, dated 2030-01-01, 2031-01-01, …"""
    folder.mkdir(parents=True, exist_ok=True)
    index: list[str] = []
    for year, definitions in enumerate(revisions, 2030):
        vendored = schema(definitions, revision=f"{year}-01-01")
        (folder / f"{vendored.revision}.json").write_text(json.dumps({"$defs": vendored.definitions}), "utf-8")
        facts = [f'["{vendored.revision}"]', 'era = "modern"', 'source = "a test"', f'sha256 = "{vendored.sha256}"']
        index += facts + (["draft = true"] if vendored.revision in draft else [])
    (folder / "revisions.toml").write_text("\n".join(index), "utf-8")
    (folder / "overrides.toml").write_text(overrides, "utf-8")
    (folder / "docs.toml").write_text(docs, "utf-8")
    return folder
