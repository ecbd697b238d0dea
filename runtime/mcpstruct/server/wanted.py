"""What a JSON Schema wants at some place, in words for whoever made a mistake there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

JsonSchema: TypeAlias = dict[str, Any]
_MOST_OPTIONS = 20


def expected_at(schema: JsonSchema, steps: Sequence[str]) -> str:
    """What the schema wants some steps into a value: types, or the values of an enumeration."""
    words = dict.fromkeys(word for leaf in _leaves_at(schema, steps) for word in _words(leaf))
    return " or ".join(words) or "a value"


def admits_strings(schema: JsonSchema, steps: Sequence[str]) -> bool:
    """Whether a string, be it of a certain form, may stand some steps into a value."""
    for leaf in _leaves_at(schema, steps):
        options = leaf.get("enum")
        if leaf.get("type", "string") == "string" if options is None else any(type(o) is str for o in options):
            return True
    return False


def _leaves_at(schema: JsonSchema, steps: Sequence[str]) -> list[JsonSchema]:
    definitions: JsonSchema = schema.get("$defs", {})
    here = list(_leaves(schema, definitions))
    for step in steps:
        here = [leaf for outer in here for inner in _into(outer, step) for leaf in _leaves(inner, definitions)]
    return here


def _leaves(schema: JsonSchema, definitions: JsonSchema) -> Iterator[JsonSchema]:
    """The schemas that a schema stands for, references followed and unions taken apart."""
    if "$ref" in schema:
        yield from _leaves(definitions[schema["$ref"].rpartition("/")[2]], definitions)
        return
    arms: list[JsonSchema] = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf") or []
    for arm in arms:
        yield from _leaves(arm, definitions)
    if not arms:
        yield schema


def _into(schema: JsonSchema, step: str) -> Iterator[JsonSchema]:
    """The schemas one step further in; `*` is any key or place."""
    properties: JsonSchema = schema.get("properties", {})
    prefix: list[JsonSchema] = schema.get("prefixItems", [])
    if step in properties:
        yield properties[step]
    elif step.isdecimal() and int(step) < len(prefix):
        yield prefix[int(step)]
    else:
        rest = schema.get("additionalProperties", schema.get("items"))
        if isinstance(rest, dict):
            yield rest


def _words(schema: JsonSchema) -> list[str]:
    options = [schema["const"]] if "const" in schema else schema.get("enum")
    if options is None:
        return [schema["type"]] if isinstance(schema.get("type"), str) else []
    if len(options) > _MOST_OPTIONS:
        return [f"one of {len(options)} values"]
    return [repr(option) for option in options]
