"""The committed bindings: fresh, the same on every machine, and holding everything that the schemas say."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
import typing
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from msgspec import UnsetType

from mcpstruct.base.bag import Bag
from mcpstruct_codegen import outputs
from mcpstruct_codegen.flatten import flatten
from mcpstruct_codegen.methods import method_of
from mcpstruct_codegen.overrides import Overrides
from mcpstruct_codegen.schemas import GeneratorError, load_all, schema_directory
from tests.codegen.support import TEXT, Node, obj, schema_folder

GENERATED = Path(__file__).parents[2] / "generated"
ROOTS = {"ClientRequest", "ClientNotification", "ClientResult", "ServerRequest", "ServerNotification", "ServerResult"}
SCHEMAS = {schema.revision: schema for schema in load_all(schema_directory())}
# Definitions that become no type of their own: envelopes of JSON-RPC, and bases that only lend others their fields.
ENVELOPES = {"JSONRPCMessage", "JSONRPCNotification", "JSONRPCRequest", "JSONRPCResponse"}
BASES = {"Notification", "PaginatedRequest", "PaginatedResult", "Request", "ResourceContents"}
EXCLUDED = {
    "2024-11-05": ROOTS | ENVELOPES | BASES | {"JSONRPCError", "Annotated"},
    "2025-03-26": ROOTS | ENVELOPES | BASES | {"JSONRPCError", "JSONRPCBatchRequest", "JSONRPCBatchResponse"},
    "2025-06-18": ROOTS | ENVELOPES | BASES | {"JSONRPCError", "BaseMetadata"},
    "2025-11-25": ROOTS | ENVELOPES | BASES | {
        "JSONRPCErrorResponse", "JSONRPCResultResponse", "Error", "URLElicitationRequiredError",
        "BaseMetadata", "Icons", "ResourceRequestParams", "TaskAugmentedRequestParams",
    },
    "2026-07-28": (ROOTS - {"ServerRequest"}) | ENVELOPES | BASES | {
        "JSONRPCErrorResponse", "JSONRPCResultResponse",
        "CallToolResultResponse", "CompleteResultResponse", "DiscoverResultResponse", "GetPromptResultResponse",
        "ListPromptsResultResponse", "ListResourceTemplatesResultResponse", "ListResourcesResultResponse",
        "ListToolsResultResponse", "ReadResourceResultResponse", "SubscriptionsListenResultResponse",
        "Error", "HeaderMismatchError", "InternalError", "InvalidParamsError", "InvalidRequestError",
        "MethodNotFoundError", "MissingRequiredClientCapabilityError", "ParseError",
        "UnsupportedProtocolVersionError",
        "BaseMetadata", "CacheableResult", "Icons", "InputResponseRequestParams", "ResourceRequestParams",
    },
}  # fmt: skip


@cache
def fresh() -> dict[str, str]:
    """What the generator writes now."""
    return outputs.outputs(schema_directory())


@cache
def flat(revision: str) -> Node:
    """A revision's definitions, corrected and flat."""
    return flatten(Overrides.load(schema_directory() / "overrides.toml").correct(SCHEMAS[revision]))


def committed(revision: str, module: str) -> ModuleType:
    """A module of the committed bindings."""
    return importlib.import_module(f"mcpstruct_bindings.{SCHEMAS[revision].package}.{module}")


def declared(types_source: str) -> set[str]:
    """The names that a `types.py` declares."""
    found = re.findall(r"^(?:class (\w+)|(\w+): TypeAlias|    (\w+): TypeAlias)", types_source, re.MULTILINE)
    return {name for groups in found for name in groups if name}


every_revision = pytest.mark.parametrize("revision", SCHEMAS)


# -- freshness --------------------------------------------------------------------------------------------------------


@pytest.mark.timeout(180)
def test_the_committed_bindings_are_what_the_generator_writes() -> None:
    differing = outputs.differences(fresh(), GENERATED)
    assert not differing, "\n".join(["generated/ is not what `make gen` writes; run it:", *differing])


@pytest.mark.timeout(180)
def test_generating_again_elsewhere_gives_the_same_bytes(tmp_path: Path) -> None:
    program = (
        "import json; from mcpstruct_codegen import outputs, schemas\n"
        "print(json.dumps(outputs.outputs(schemas.schema_directory())))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, check=True
    )
    assert json.loads(run.stdout) == fresh()


def test_six_packages_with_the_same_modules() -> None:
    packages = [*(schema.package for schema in SCHEMAS.values()), "merged"]
    modules = ("__init__", "types", "methods", "client", "server", "decode")
    expected = {f"mcpstruct_bindings/{p}/{m}.py" for p in packages for m in modules}
    assert set(fresh()) == expected | {"mcpstruct_bindings/__init__.py", "mcpstruct_bindings/py.typed"}


def test_nothing_of_the_machine_or_the_day_is_written() -> None:
    for path, text in fresh().items():
        assert not re.search(r"/(home|Users|root|tmp|var|work)/|[A-Z]:\\", text), path
        assert not re.search(r"\d\d:\d\d(:\d\d)?|timestamp:", text), path
        assert set(re.findall(r"\b\d{4}-\d{2}-\d{2}\b", text)) <= SCHEMAS.keys(), path


def test_every_file_says_what_it_was_made_from_and_by() -> None:
    for path, text in fresh().items():
        if path.endswith(".py"):
            docstring = text.split('"""')[1]
            assert "Made by `make gen`; never edited." in docstring, path
            for schema in SCHEMAS.values():
                if f"/{schema.package}/" in path:
                    assert f"Schema {schema.revision}, sha256 {schema.sha256}." in docstring, path


def test_differences_name_what_is_stale_missing_and_stray(tmp_path: Path) -> None:
    files = {"pkg/a.py": "a", "pkg/b.py": "b", "pkg/c.py": "c"}
    assert outputs.write(files, tmp_path) == list(files)
    assert outputs.differences(files, tmp_path) == []
    (tmp_path / "pkg/a.py").write_text("edited")
    (tmp_path / "pkg/b.py").unlink()
    (tmp_path / "pkg/deep").mkdir()
    (tmp_path / "pkg/deep/d.py").write_text("d")
    (tmp_path / "other.txt").write_text("not ours")
    assert outputs.differences(files, tmp_path) == ["stale: pkg/a.py", "missing: pkg/b.py", "stray: pkg/deep/d.py"]


def test_writing_mends_what_differs_and_touches_nothing_else(tmp_path: Path) -> None:
    files = {"pkg/a.py": "a", "pkg/b.py": "b"}
    outputs.write(files, tmp_path)
    (tmp_path / "pkg/a.py").write_text("edited")
    (tmp_path / "pkg/stray.py").write_text("d")
    (tmp_path / "other.txt").write_text("not ours")
    before = (tmp_path / "pkg/b.py").stat().st_mtime_ns
    assert sorted(outputs.write(files, tmp_path)) == ["pkg/a.py", "pkg/stray.py"]
    assert outputs.differences(files, tmp_path) == []
    assert outputs.write(files, tmp_path) == []
    assert (tmp_path / "pkg/b.py").stat().st_mtime_ns == before
    assert (tmp_path / "other.txt").read_text() == "not ours"


def test_text_that_is_no_python_is_refused_with_what_ruff_says() -> None:
    with pytest.raises(GeneratorError, match=r"ruff \w+ failed: .*bad\.py"):
        outputs.formatted({"pkg/bad.py": "def ("})


def test_without_ruff_the_message_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GeneratorError, match=r"install mcpstruct\[codegen\]"):
        outputs.formatted({"pkg/a.py": ""})


# -- completeness -----------------------------------------------------------------------------------------------------


@every_revision
def test_every_method_bearing_definition_is_in_exactly_one_row(revision: str) -> None:
    bearing = {
        name: method for name, node in flat(revision).items() if name not in ROOTS and (method := method_of(node))
    }
    methods = committed(revision, "methods").METHODS
    assert sorted((info.message.__name__, name) for name, info in methods.items()) == sorted(bearing.items())
    assert all(info.name == name for name, info in methods.items())


@every_revision
def test_every_definition_is_there_under_its_name(revision: str) -> None:
    schema = SCHEMAS[revision]
    there = declared(fresh()[f"mcpstruct_bindings/{schema.package}/types.py"])
    assert schema.definitions.keys() - there == EXCLUDED[revision]


def test_every_name_of_every_revision_is_in_the_merged_bindings() -> None:
    there = declared(fresh()["mcpstruct_bindings/merged/types.py"])
    for schema in SCHEMAS.values():
        assert declared(fresh()[f"mcpstruct_bindings/{schema.package}/types.py"]) <= there


def test_no_name_ends_in_a_counter() -> None:
    for path, text in fresh().items():
        if path.endswith("types.py"):
            assert [name for name in sorted(declared(text)) if name[-1].isdigit()] == [], path


@every_revision
def test_every_property_of_every_object_is_a_field(revision: str) -> None:
    types = committed(revision, "types")
    kept = {name: node for name, node in flat(revision).items() if name not in EXCLUDED[revision]}
    assert [lost for name, node in kept.items() for lost in lost_properties(node, getattr(types, name), name)] == []


@every_revision
def test_the_look_for_lost_properties_finds_one_at_any_depth(revision: str) -> None:
    types = committed(revision, "types")
    node = flat(revision)["ServerCapabilities"]
    deep = {**node["properties"]["prompts"], "properties": {"lost": TEXT}}
    more = {**node, "properties": {**node["properties"], "lost": TEXT, "prompts": deep}}
    found = lost_properties(more, types.ServerCapabilities, "It")
    assert sorted(found) == ["It.lost", "It.prompts.lost"]


@every_revision
def test_params_that_a_message_has_are_parameters_of_its_method(revision: str) -> None:
    for name, info in committed(revision, "methods").METHODS.items():
        assert ("params" in (fields(info.message) or {})) == (info.params is not None), name


def lost_properties(node: Node, tp: Any, where: str) -> Iterator[str]:
    """The properties under a schema node that the type made of it does not have."""
    known = [found for arm in arms(tp) if (found := fields(arm)) is not None]
    keeps_all = any(typing.get_origin(arm) is dict for arm in arms(tp))
    for wire, child in node.get("properties", {}).items():
        hint = next((found[wire] for found in known if wire in found), None)
        if hint is not None:
            yield from lost_properties(child, hint, f"{where}.{wire}")
        elif not keeps_all:
            yield f"{where}.{wire}"
    for child, container in ((node.get("items"), list), (node.get("additionalProperties"), dict)):
        for arm in arms(tp):
            if isinstance(child, dict) and typing.get_origin(arm) is container:
                yield from lost_properties(child, typing.get_args(arm)[-1], f"{where}[]")
    for child in node.get("anyOf", ()):
        yield from lost_properties(child, tp, where)


def arms(tp: Any) -> list[Any]:
    """The members of a union, annotations and absence taken off; a type that is none is its own only member."""
    if hasattr(tp, "__metadata__"):
        return arms(tp.__origin__)
    parts = typing.get_args(tp) if typing.get_origin(tp) in (typing.Union, type(int | str)) else (tp,)
    if parts == (tp,):
        return [tp]
    return [arm for part in parts for arm in arms(part) if arm not in (type(None), UnsetType)]


def fields(tp: Any) -> dict[str, Any] | None:
    """Wire name → type, of a Struct (its tag and its undecoded documents included) or of the known keys of a bag."""
    if isinstance(tp, type) and issubclass(tp, Bag):
        tp = tp.__known__()
    if not hasattr(tp, "__struct_fields__"):
        return None
    hints = typing.get_type_hints(tp, include_extras=True)
    found = dict(zip(tp.__struct_encode_fields__, (hints[name] for name in tp.__struct_fields__), strict=True))
    if tag := tp.__struct_config__.tag_field:
        found[tag] = str
    for name, view in getattr(tp, "__lazy__", {}).items():
        found[tp.__struct_encode_fields__[tp.__struct_fields__.index(name)]] = view
    return found


def test_a_tiny_schema_goes_the_same_way(tmp_path: Path) -> None:
    files = outputs.outputs(schema_folder(tmp_path, {"A": obj({"a": TEXT})}))
    assert {path.split("/")[1] for path in files} == {"__init__.py", "py.typed", "v2030_01_01", "merged"}
    assert "class A(StructBase" in files["mcpstruct_bindings/merged/types.py"]
