"""Well-formed: what every incoming schema must satisfy before a phase reads it, and before its names become source.

The phases may then take the shape of a schema for granted: what is refused here is no JSON Schema at all, or holds a
name that cannot stand in a Python module.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

from .model import BOUNDS
from .normalise import ANYTHING
from .schemas import Definitions, Node, NoRule

TYPES = {"string", "integer", "number", "boolean", "null", "array", "object"}
# Names that the generated modules import or define, or that their type hints use.
TAKEN = {
    "Annotated", "Any", "Bag", "BaseHandlers", "BaseSession", "ClassVar", "ClientSession", "ContextT", "ErrorObject",
    "JsonDocument", "Known", "LazyStruct", "Literal", "MessageBase", "Meta", "MethodInfo", "MethodNotFound",
    "OptionalJsonDocument", "ProgressCallback", "Raw", "Rule", "ServerHandlers", "ServerSession", "StructBase",
    "Timeout", "TypeAlias", "UnsetType", "UNSET", "TYPE_CHECKING",
}  # fmt: skip
CLASS_NAME = re.compile(r"[A-Z][A-Za-z0-9]*\Z")
UNPRINTABLE = re.compile(r'["\\\x00-\x1f\x7f\u2028\u2029]')


def check_definitions(definitions: Definitions) -> None:
    """Refuse, by name, the first definition that no phase could read."""
    for name, node in definitions.items():
        if not CLASS_NAME.match(name) or keyword.iskeyword(name):
            raise NoRule(repr(name), "a definition's name becomes that of a class: a capital letter, then letters and digits")
        if isinstance(node, bool):
            raise NoRule(name, "a definition has to be an object")
        _check(node, name)
    _check_cycles(definitions)


def check_names(names: Iterable[str]) -> None:
    """Refuse a type whose name would hide one that the generated modules use."""
    for name in names:
        if name in TAKEN:
            raise NoRule(name, "the generated modules use this name themselves")


def check_modules(files: dict[str, str]) -> None:
    """Refuse output that is no Python: a name of the schema and one of ours met where no rule foresaw it."""
    for path, text in files.items():
        try:
            compile(text, path, "exec", dont_inherit=True)
        except SyntaxError as error:
            raise NoRule(path, f"{error.msg} in `{(error.text or '').strip()}`") from None


def _check(node: Any, where: str) -> None:
    if isinstance(node, bool):
        return
    if not isinstance(node, dict):
        raise NoRule(where, "a schema has to be an object")
    schema = cast("Node", node)
    for key, (holds, words) in FORMS.items():
        if key in schema and not holds(schema[key]):
            raise NoRule(where, f"`{key}` has to be {words}")
    for text in (schema.get("const"), *schema.get("properties", ())):
        _check_text(text, where)
    for place, child in _children(schema):
        _check(child, where + place)


def _children(schema: Node) -> Iterator[tuple[str, Any]]:
    yield from ((f".{name}", child) for name, child in schema.get("properties", {}).items())
    yield from ((mark, schema[key]) for key, mark in (("items", "[]"), ("additionalProperties", "{}")) if key in schema)
    yield from (("", arm) for key in ("anyOf", "allOf") for arm in schema.get(key, ()))


def _check_cycles(definitions: Definitions) -> None:
    """Refuse a type made of itself with no object in between: neither Python nor msgspec has a name for it."""
    open_ends = {name: _parts(node) & definitions.keys() for name, node in definitions.items() if name != ANYTHING}
    while leaves := [name for name, parts in open_ends.items() if not parts & open_ends.keys()]:
        for name in leaves:
            del open_ends[name]
    if open_ends:
        raise NoRule(min(open_ends), "refers to itself, with no object of its own in between")


def _parts(node: Any) -> set[str]:
    """The definitions that a type is made of, as far as the next object."""
    if not isinstance(node, dict) or "properties" in node:
        return set()
    schema = cast("Node", node)
    own = {schema["$ref"].rsplit("/", 1)[-1]} if "$ref" in schema else set[str]()
    return own.union(*(_parts(child) for _, child in _children(schema)))


def _check_text(text: Any, where: str) -> None:
    if isinstance(text, str) and UNPRINTABLE.search(text):
        raise NoRule(where, f"no rule for quotes, backslashes and control characters in a name: {text!r}")


def _strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(x, str) for x in cast("list[Any]", value))


def _scalar(value: Any) -> bool:
    return value is None or isinstance(value, (str, int, float))


def _type(value: Any) -> bool:
    names = cast("list[Any]", value if isinstance(value, list) else [value])
    return bool(names) and all(isinstance(x, str) and x in TYPES for x in names)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _filled(value: Any) -> bool:
    return isinstance(value, list) and bool(cast("list[Any]", value))


def _object(value: Any) -> bool:
    return isinstance(value, dict)


FORMS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "$ref": (lambda value: isinstance(value, str), "a string"),
    "type": (_type, f"one or several of {', '.join(sorted(TYPES))}"),
    "const": (_scalar, "a scalar"),
    "enum": (lambda value: _filled(value) and all(map(_scalar, value)), "a list of scalars that is not empty"),
    "properties": (_object, "an object"),
    "required": (_strings, "a list of strings"),
    "anyOf": (_filled, "a list that is not empty"),
    "allOf": (_filled, "a list that is not empty"),
    **dict.fromkeys(BOUNDS, (_number, "a number")),
}
