"""Every revision twice: as its vendored schema says it, and as the bindings generated from it."""

from __future__ import annotations

import importlib
import json
import typing
from collections.abc import Callable
from functools import cache, cached_property
from types import ModuleType
from typing import Any, Literal

import jsonschema_rs
import pytest
from hypothesis.strategies import SearchStrategy

from mcpstruct.base.errors import ProtocolViolation
from mcpstruct.base.methods import MethodInfo
from mcpstruct_codegen.methods import inherit_meta
from mcpstruct_codegen.overrides import Overrides
from mcpstruct_codegen.schemas import Schema, load_all, schema_directory
from tests.support.instances import Instances, Vocabulary

Side = Literal["client", "server"]
Node = dict[str, Any]


class Revision:
    """One revision's corrected schema, and the modules generated from it."""

    def __init__(self, schema: Schema, overrides: Overrides) -> None:
        self.name = schema.revision
        self.types, self.decode, methods = bindings(schema.package)
        self.methods: dict[str, MethodInfo[Any, Any]] = methods.METHODS
        self.definitions = whole_messages(inherit_meta(overrides.correct(schema)), self.methods)

    def __repr__(self) -> str:
        return self.name

    @cached_property
    def instances(self) -> Instances:
        """Strategies of valid instances of this schema."""
        return Instances(self.definitions)

    @cached_property
    def generated(self) -> tuple[str, ...]:
        """The definitions that are both in the schema and in the bindings."""
        # A base type of 2024-11-05 is called `Annotated`, which the module knows as something else.
        return tuple(n for n in self.definitions if getattr(self.types, n, None) is not getattr(typing, n, None))

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """What mutants of this revision's instances are made with."""
        return Vocabulary.of(self.definitions)

    def sent_by(self, side: Side) -> list[MethodInfo[Any, Any]]:
        """The methods that a side may send as messages."""
        return [info for info in self.methods.values() if info.sent_by(side)]

    def schema(self, *names: str) -> Node:
        """The schema of a definition, or of a choice among several."""
        refs = [{"$ref": f"#/$defs/{name}"} for name in names]
        return refs[0] if len(refs) == 1 else {"anyOf": refs}

    @cache  # noqa: B019 - there are five revisions, and they live as long as the tests
    def validator(self, *names: str) -> jsonschema_rs.Draft202012Validator:
        """What decides, by the schema alone, whether a value is one of these definitions; formats are annotations."""
        document = {**self.schema(*names), "$defs": self.definitions}
        return jsonschema_rs.Draft202012Validator(document, validate_formats=False)

    def valid(self, *names: str) -> SearchStrategy[Any]:
        """Valid instances of any of these definitions."""
        return self.instances.of(self.schema(*names))


@cache
def revisions() -> dict[str, Revision]:
    """Every vendored revision, oldest first."""
    overrides = Overrides.load(schema_directory() / "overrides.toml")
    return {schema.revision: Revision(schema, overrides) for schema in load_all(schema_directory())}


def bindings(package: str) -> tuple[ModuleType, ModuleType, ModuleType]:
    """The generated modules `types`, `decode` and `methods` of a package."""
    types, decode, methods = (
        importlib.import_module(f"mcpstruct_bindings.{package}.{name}") for name in ("types", "decode", "methods")
    )
    return types, decode, methods


def whole_messages(definitions: dict[str, Node], methods: dict[str, MethodInfo[Any, Any]]) -> dict[str, Node]:
    """The definitions, with the JSON-RPC envelope on the requests and notifications that the older schemas spell bare.

    Our types of them are whole messages, save those that only ever travel inside a result.
    """
    whole = dict(definitions)
    for info in methods.values():
        name = info.message.__name__
        if info.direction == "input":
            continue
        head: Node = {"jsonrpc": {"type": "string", "const": "2.0"}}
        if info.kind == "request":
            head["id"] = {"$ref": "#/$defs/RequestId"}
        node = whole[name]
        required = sorted({*node["required"], *head})
        whole[name] = {**node, "properties": {**head, **node["properties"]}, "required": required}
    return whole


def canonical(value: Any) -> str:
    """Text that is the same for the same JSON: order of keys aside, with `3` not `3.0` and `true` not `1`."""
    return json.dumps(value, sort_keys=True)


def encoded(value: Any) -> bytes:
    """A plain JSON value as bytes."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


def refusal(decode: Callable[[bytes], Any], data: bytes) -> ProtocolViolation | None:
    """Why a decoder refuses the bytes; None where it takes them. It may refuse them in one way only."""
    try:
        decode(data)
    except ProtocolViolation as violation:
        return violation
    return None


def message_cases() -> list[Any]:
    """Every revision, side and method that the side may send, as test parameters."""
    return [
        pytest.param(r, side, info, id=f"{r}-{side}-{info.name}")
        for r in revisions().values()
        for side in ("client", "server")
        for info in r.sent_by(side)
    ]


def result_cases() -> list[Any]:
    """Every revision, request and type that its result may have, as test parameters."""
    return [
        pytest.param(r, info, tp, id=f"{r}-{info.name}-{tp.__name__}")
        for r in revisions().values()
        for info in r.methods.values()
        if info.kind == "request"
        for tp in (info.result, *info.alternatives)
    ]
