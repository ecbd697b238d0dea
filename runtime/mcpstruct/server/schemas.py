"""JSON Schemas (2020-12) of what functions take and give."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import PurePath
from types import NoneType
from typing import Any, Literal, TypeAlias, get_args, get_origin

import msgspec

from mcpstruct.base.annotations import Choice, foreign_class, is_union
from mcpstruct.base.bag import Bag
from mcpstruct.base.check import is_array, is_object
from mcpstruct.base.shapes import Shape, json_of
from mcpstruct.base.untagged import UntaggedUnion

from .parameters import REQUIRED, Parameter
from .wanted import JsonSchema

Mode: TypeAlias = Literal["validation", "serialization"]
_REF = "#/$defs/"
_BUILTIN = (str, int, float, bool, NoneType, list, dict, set, tuple)


def input_schema(parameters: Sequence[Parameter], shapes: Sequence[Shape]) -> JsonSchema:
    """The schema of a function's arguments: an object that has the parameters for keys, and no others.

    Raises `TypeError`, with the parameter's name, for a type that has no schema.
    """
    try:
        schemas, definitions = _schemas([shape.adapted for shape in shapes], "validation")
    except TypeError:
        for parameter, shape in zip(parameters, shapes, strict=True):
            _one(parameter, shape)
        raise
    for parameter, schema in zip(parameters, schemas, strict=True):
        if parameter.description:
            schema["description"] = parameter.description
        _show_default(parameter, schema)
    whole: JsonSchema = {
        "type": "object",
        "properties": {parameter.name: schema for parameter, schema in zip(parameters, schemas, strict=True)},
        "required": [parameter.name for parameter in parameters if parameter.required],
        "additionalProperties": False,
    }
    return _with_definitions(whole, definitions)


def output_schema(shape: Shape, mode: Mode = "serialization") -> JsonSchema:
    """The schema of what a function returns, an object at the top: its own, or one with the value as its `result`.

    Raises `TypeError` for a type that has no schema.
    """
    (schema,), definitions = _schemas([shape.adapted], mode)
    if not shape.is_object():
        wrapped = {"type": "object", "properties": {"result": schema}, "required": ["result"]}
        return _with_definitions(wrapped, definitions)
    while "$ref" in schema:
        named = definitions[schema.pop("$ref").removeprefix(_REF)]
        schema = {**named, **schema}
    return _with_definitions(schema, {name: definitions[name] for name in _reached(schema, definitions)})


def _one(parameter: Parameter, shape: Shape) -> None:
    try:
        _schemas([shape.adapted], "validation")
    except TypeError as error:
        raise TypeError(f"parameter {parameter.name!r}: {error}") from error


def _show_default(parameter: Parameter, schema: JsonSchema) -> None:
    default = parameter.shown_default()
    if default is REQUIRED:
        return
    try:
        schema["default"] = msgspec.json.decode(json_of(default))
    except (TypeError, ValueError):  # a sentinel, say, that means something to Python alone
        return


# -- types to schemas -------------------------------------------------------------------------------------------------


def _schemas(types: list[Any], mode: Mode) -> tuple[list[JsonSchema], JsonSchema]:
    """A schema for each type, and the definitions that these refer to."""
    simple = [_is_builtin(tp) for tp in types]
    others = [tp for tp, is_simple in zip(types, simple, strict=True) if not is_simple]
    found, definitions = _generated(others, mode) if others else (iter(()), {})
    return [
        dict(_kept(tp, repr(tp))) if is_simple else next(found) for tp, is_simple in zip(types, simple, strict=True)
    ], definitions


def _is_builtin(tp: Any) -> bool:
    """Whether a type is made of Python's own: most are, and the same few recur in tool after tool."""
    if tp in (*_BUILTIN, Any, ...):
        return True
    origin: Any = get_origin(tp)
    return (is_union(origin) or origin in _BUILTIN) and all(_is_builtin(part) for part in get_args(tp))


@lru_cache(maxsize=512)
def _kept(tp: Any, _order: str) -> JsonSchema:
    # Unions of the same types are equal in any order, but not their schemas.
    return next(_generated([tp], "validation")[0])


def _generated(types: list[Any], mode: Mode) -> tuple[Iterator[JsonSchema], JsonSchema]:
    asked = list(types)
    arms: dict[Any, slice] = {}
    while True:
        count = len(asked)
        hook = _Hook(asked, arms, mode)
        schemas, definitions = msgspec.json.schema_components(
            asked, schema_hook=hook.schema_of, ref_template=_REF + "{name}"
        )
        if len(asked) == count:  # no union was met whose arms had not been asked for
            break
    for name, definition in definitions.items():
        _tidy(name, definition)
    for blank, union in hook.blanks:
        blank.extend(schemas[arms[union]])
    names = hook.merge_into(definitions)
    if names:
        return iter(_renamed(list(schemas[: len(types)]), names)), _renamed(definitions, names)
    return iter(schemas), definitions


class _Hook:
    """Answers msgspec for the classes that it does not know."""

    def __init__(self, asked: list[Any], arms: dict[Any, slice], mode: Mode) -> None:
        self.asked = asked
        self.arms = arms
        self.mode: Mode = mode
        self.blanks: list[tuple[list[JsonSchema], Any]] = []
        self.foreign: list[tuple[str, JsonSchema]] = []

    def schema_of(self, cls: Any) -> JsonSchema:
        """The schema of a class; a union's arms are filled in when they are known."""
        if isinstance(cls, (Choice, UntaggedUnion)):
            if cls not in self.arms:
                members = cls.__members__()
                self.arms[cls] = slice(len(self.asked), len(self.asked) + len(members))
                self.asked.extend(members)
            blank: list[JsonSchema] = []
            self.blanks.append((blank, cls))
            return {"anyOf": blank}
        if issubclass(cls, Bag):
            return {"type": "object"}
        if issubclass(cls, PurePath):
            return {"type": "string"}
        foreign = foreign_class(cls)
        if foreign is None:
            raise TypeError(f"{cls.__module__}.{cls.__qualname__} has no form in JSON")
        prefix = f"{_REF}foreign:{len(self.foreign)}:"
        schema = foreign.schema(self.mode, prefix)
        self.foreign.append((prefix, schema.pop("$defs", {})))
        return schema

    def merge_into(self, definitions: JsonSchema) -> dict[str, str]:
        """Add the definitions that came from elsewhere, under names that are free; how each is now referred to."""
        texts: dict[str, bytes] = {}
        names: dict[str, str] = {}
        for prefix, found in self.foreign:
            for model, definition in found.items():
                text = msgspec.json.encode(definition).replace(prefix.encode(), b"")
                name, count = model, 1
                while name in definitions and texts.get(name) != text:
                    count += 1
                    name = f"{model}_{count}"
                definitions[name], texts[name], names[prefix + model] = definition, text, _REF + name
        return names


def _tidy(name: str, definition: JsonSchema) -> None:
    if definition.get("title") == name:
        del definition["title"]
    if "description" in definition:
        definition["description"] = inspect.cleandoc(definition["description"])


def _with_definitions(schema: JsonSchema, definitions: JsonSchema) -> JsonSchema:
    if not schema.get("required"):
        schema.pop("required", None)
    return {**schema, "$defs": definitions} if definitions else schema


def _renamed(tree: Any, names: dict[str, str]) -> Any:
    """A schema with its references renamed."""
    if is_object(tree):
        return {key: _renamed(value, names) for key, value in tree.items()}
    if is_array(tree):
        return [_renamed(item, names) for item in tree]
    return names.get(tree, tree) if isinstance(tree, str) else tree


def _reached(schema: JsonSchema, definitions: JsonSchema) -> list[str]:
    """The definitions that a schema refers to, directly or through others, in their order."""
    reached: set[str] = set()
    left: list[Any] = [schema]
    while left:
        tree = left.pop()
        if isinstance(tree, str):
            name = tree.removeprefix(_REF) if tree.startswith(_REF) else ""
            if name in definitions and name not in reached:
                reached.add(name)
                left.append(definitions[name])
        elif is_object(tree):
            left.extend(tree.values())
        elif is_array(tree):
            left.extend(tree)
    return [name for name in definitions if name in reached]
