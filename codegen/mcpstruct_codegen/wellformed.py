"""Well-formed: what every incoming schema must satisfy before a phase reads it, and before its names become source.

The phases may then take the shape of a schema for granted: what is refused here is no JSON Schema at all, or holds a
name that cannot stand in a Python module.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from .model import BOUNDS
from .normalise import ANYTHING, references
from .schemas import Definitions, GeneratorError, Node, NoRule, is_array, is_node, ref_name

TYPES = {"string", "integer", "number", "boolean", "null", "array", "object"}
# Names that the generated modules import or define, or that their type hints use.
TAKEN = {
    "Annotated", "Any", "Bag", "BaseHandlers", "BaseSession", "ClassVar", "ClientSession", "ContextT", "ErrorObject",
    "JsonDocument", "Known", "LazyStruct", "Literal", "MessageBase", "Meta", "MethodInfo", "MethodNotFound",
    "OptionalJsonDocument", "ProgressCallback", "Raw", "Rule", "ServerHandlers", "ServerSession", "StructBase",
    "Timeout", "TypeAlias", "UnsetType", "UNSET", "TYPE_CHECKING",
}  # fmt: skip
CLASS_NAME = re.compile(r"[A-Z][A-Za-z0-9]*\Z")
UNQUOTABLE = re.compile(r'["\\\x00-\x1f\x7f\u2028\u2029]')


def check_definitions(definitions: dict[str, Any]) -> None:
    """Refuse, by name, the first definition that no phase could read."""
    for name, node in definitions.items():
        if not CLASS_NAME.match(name) or keyword.iskeyword(name):
            raise NoRule(
                repr(name), "a definition's name becomes that of a class: a capital letter, then letters and digits"
            )
        _check(node, name)
        if node in (True, False):
            raise NoRule(name, "a definition has to be an object")
        for target in sorted(references(node) - definitions.keys()):
            raise NoRule(name, f"refers to {target}, which is not defined")
    _check_cycles(definitions)


def check_names(names: Iterable[str]) -> None:
    """Refuse a type whose name would hide one that the generated modules use."""
    for name in names:
        if name in TAKEN:
            raise NoRule(name, "the generated modules use this name themselves")


@contextmanager
def foreseen(name: str) -> Generator[None]:
    """Turn whatever a phase stumbles over in a schema into a refusal of that schema."""
    try:
        yield
    except (GeneratorError, ImportError, OSError):
        raise
    except Exception as error:
        raise GeneratorError(f"{name}: no rule foresees this schema ({type(error).__name__}: {error})") from error


def check_modules(files: dict[str, str]) -> None:
    """Refuse output that is no Python: a name of the schema and one of ours met where no rule foresaw it."""
    for path, text in files.items():
        try:
            compile(text, path, "exec", dont_inherit=True)
        except SyntaxError as error:
            raise NoRule(path, f"line {error.lineno}: {error.msg}") from None


def _check(node: Any, where: str) -> None:
    if isinstance(node, bool):
        return
    if not is_node(node):
        raise NoRule(where, "a schema has to be an object")
    for key, (holds, words) in FORMS.items():
        if key in node and not holds(node[key]):
            raise NoRule(where, f"`{key}` has to be {words}")
    for text in (node.get("const"), *node.get("properties", ())):
        _check_text(text, where)
    for place, child in _children(node):
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
    if not is_node(node) or "properties" in node:
        return set()
    return {ref_name(node) or ""}.union(*(_parts(child) for _, child in _children(node)))


def _check_text(text: Any, where: str) -> None:
    if isinstance(text, str) and UNQUOTABLE.search(text):
        raise NoRule(where, f"no rule for quotes, backslashes and control characters in a name: {text!r}")


def _strings(value: Any) -> bool:
    return is_array(value) and all(isinstance(x, str) for x in value)


def _scalar(value: Any) -> bool:
    return value is None or isinstance(value, (str, int, float))


def _type(value: Any) -> bool:
    names = value if is_array(value) else [value]
    return bool(names) and all(isinstance(x, str) and x in TYPES for x in names)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _filled(value: Any) -> bool:
    return is_array(value) and bool(value)


FORMS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "$ref": (lambda value: str(value).startswith("#/$defs/"), "a reference to a definition of the same document"),
    "type": (_type, f"one or several of {', '.join(sorted(TYPES))}"),
    "const": (_scalar, "a scalar"),
    "enum": (lambda value: _filled(value) and all(map(_scalar, value)), "a list of scalars that is not empty"),
    "properties": (is_node, "an object"),
    "required": (_strings, "a list of strings"),
    "anyOf": (_filled, "a list that is not empty"),
    "allOf": (_filled, "a list that is not empty"),
    **dict.fromkeys(BOUNDS, (_number, "a number")),
}
