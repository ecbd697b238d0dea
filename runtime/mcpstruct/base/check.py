"""The slow, thorough look at a value: every problem, where it stands, what is wanted there.

It walks the same type annotations that the decoders were built from, so that the two cannot drift apart.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, TypeAlias, TypeGuard, cast

from msgspec import inspect as mi
from msgspec import structs

from .bag import Bag
from .errors import Problem, json_type, json_type_of
from .untagged import UntaggedUnion

Walk: TypeAlias = Iterator[Problem]
_LONGEST_SHOWN = 40


def problems_of(value: Any, tp: Any, pointer: str = "") -> list[Problem]:
    """Every fault of a decoded JSON value as a `tp`."""
    return list(_walk(value, _type_info(tp), pointer))


@lru_cache(maxsize=1024)
def _type_info(tp: Any) -> mi.Type:
    return mi.type_info(tp)


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether a decoded JSON value is an object."""
    return type(value) is dict


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Whether a decoded JSON value is an array."""
    return type(value) is list


def shown(value: Any) -> str:
    """A scalar as text, shortened; anything else by its type."""
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        text = repr(value)
        return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
    return json_type(value)


def unlike(pointer: str, expected: str, value: Any) -> Problem:
    """A value that is none of those `expected`."""
    return Problem(pointer, expected, shown(value), "another string" if isinstance(value, str) else json_type(value))


def child(pointer: str, key: str | int) -> str:
    """The pointer one step further down."""
    return f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"


def _walk(value: Any, node: mi.Type, pointer: str) -> Walk:
    walker = _WALKERS.get(type(node))
    if walker is None:  # pragma: no cover - a type that no template writes
        raise NotImplementedError(type(node).__name__)
    return walker(value, node, pointer)


def _any(value: Any, node: mi.Type, pointer: str) -> Walk:
    return iter(())


def _scalar(*types: type) -> Callable[[Any, Any, str], Walk]:
    def walk(value: Any, node: Any, pointer: str) -> Walk:
        if type(value) not in types:
            yield Problem(pointer, json_type_of(types[0]), json_type(value))
            return
        yield from _bounds(value, node, pointer)

    return walk


def _bounds(value: Any, node: Any, pointer: str) -> Walk:
    size: Any = value if isinstance(value, (int, float)) else len(value)
    for attribute, words, holds in _BOUNDS:
        bound = getattr(node, attribute, None)
        if bound is not None and not holds(size, bound):
            yield Problem(pointer, f"{words} {bound}", str(size), f"another {'number' if size is value else 'length'}")


_BOUNDS: tuple[tuple[str, str, Callable[[Any, Any], bool]], ...] = (
    ("ge", "at least", operator.ge),
    ("gt", "more than", operator.gt),
    ("le", "at most", operator.le),
    ("lt", "less than", operator.lt),
    ("min_length", "a length of at least", operator.ge),
    ("max_length", "a length of at most", operator.le),
)


def _literal(value: Any, node: mi.LiteralType, pointer: str) -> Walk:
    if value not in node.values or isinstance(value, bool):
        yield unlike(pointer, _options(node.values), value)


def _list(value: Any, node: mi.ListType, pointer: str) -> Walk:
    if not is_array(value):
        yield Problem(pointer, "array", json_type(value))
        return
    yield from _bounds(value, node, pointer)
    for i, item in enumerate(value):
        yield from _walk(item, node.item_type, child(pointer, i))


def _dict(value: Any, node: mi.DictType, pointer: str) -> Walk:
    if not is_object(value):
        yield Problem(pointer, "object", json_type(value))
        return
    step = pointer.count("/")
    for key, item in value.items():
        for problem in _walk(item, node.value_type, child(pointer, key)):
            yield structs.replace(problem, free=(step, *problem.free))


def _struct(value: Any, node: mi.StructType, pointer: str) -> Walk:
    if not is_object(value):
        yield Problem(pointer, "object", json_type(value))
        return
    if node.tag_field is not None:
        if node.tag_field not in value:
            yield Problem(child(pointer, node.tag_field), repr(node.tag), "nothing")
        elif value[node.tag_field] != node.tag:
            yield unlike(child(pointer, node.tag_field), repr(node.tag), value[node.tag_field])
    for f in node.fields:
        yield from _field(value, f, pointer, getattr(node.cls, "__lazy__", {}))
    if node.forbid_unknown_fields:
        for key in value.keys() - {f.encode_name for f in node.fields}:
            yield Problem(child(pointer, key), "nothing", json_type(value[key]), free=(pointer.count("/"),))


def _field(obj: dict[str, Any], f: mi.Field, pointer: str, lazy: dict[str, Any]) -> Walk:
    here = child(pointer, f.encode_name)
    if f.encode_name not in obj:
        if f.required:
            yield Problem(here, _expected(f.type), "nothing")
        return
    value = obj[f.encode_name]
    if f.name in lazy:
        # The annotation that msgspec sees is of bytes; this is what they are to hold.
        yield from _walk(value, _type_info(lazy[f.name]), here)
    elif value is None and f.default is None:
        # The decoder reads an explicit null as absence; the schema has no null here.
        yield Problem(here, _expected(f.type), "null")
    else:
        yield from _walk(value, f.type, here)


def _union(value: Any, node: mi.UnionType, pointer: str) -> Walk:
    arms = [arm for arm in node.types if not isinstance(arm, mi.NoneType)]
    if value is None:
        if len(arms) == len(node.types) and not any(isinstance(arm, mi.AnyType) for arm in arms):
            yield Problem(pointer, _expected(node), "null")
        return
    tagged = [arm for arm in arms if isinstance(arm, mi.StructType)]
    if is_object(value) and tagged:
        yield from _tagged(value, tagged, pointer)
        return
    # Of several arms the one that comes closest tells what is wrong.
    found = [list(_walk(value, arm, pointer)) for arm in arms]
    if not any(not problems for problems in found):
        kind = json_type(value)
        fitting = [problems for problems in found if not any(p.pointer == pointer and p.got == kind for p in problems)]
        yield from min(fitting, key=len) if fitting else [Problem(pointer, _expected(node), shown(value), kind)]


def _tagged(obj: dict[str, Any], arms: list[mi.StructType], pointer: str) -> Walk:
    if len(arms) == 1:
        yield from _struct(obj, arms[0], pointer)
        return
    tag_field = cast("str", arms[0].tag_field)
    tag = obj.get(tag_field)
    for arm in arms:
        if arm.tag == tag:
            yield from _struct(obj, arm, pointer)
            return
    here, options = child(pointer, tag_field), _options(arm.tag for arm in arms)
    yield unlike(here, options, tag) if tag_field in obj else Problem(here, options, "nothing")


def _custom(value: Any, node: mi.CustomType, pointer: str) -> Walk:
    if not is_object(value):
        yield Problem(pointer, "object", json_type(value))
        return
    cls: Any = node.cls
    if isinstance(cls, UntaggedUnion):
        chosen = cls.__choose__(value)
        problems = problems_of(value, chosen, pointer)
        if problems and any(not problems_of(value, m, pointer) for m in cls.__members__() if m is not chosen):
            return
        yield from problems
    elif issubclass(cls, Bag):
        yield from _struct(value, cast("mi.StructType", _type_info(cls.__known__())), pointer)


def _options(values: Iterable[Any]) -> str:
    return " or ".join(sorted(repr(v) for v in values))


def _expected(node: mi.Type) -> str:
    """What a type wants, in a word or two."""
    if isinstance(node, mi.UnionType):
        arms = [a for a in node.types if not isinstance(a, mi.NoneType)]
        return " or ".join(dict.fromkeys(_expected(arm) for arm in arms))
    if isinstance(node, mi.LiteralType):
        return _options(node.values)
    return _EXPECTED.get(type(node), "object")


_EXPECTED: dict[type[Any], str] = {
    mi.StrType: "string",
    mi.IntType: "integer",
    mi.FloatType: "number",
    mi.BoolType: "boolean",
    mi.ListType: "array",
    mi.AnyType: "any value",
    mi.NoneType: "null",
}
_WALKERS: dict[type[Any], Callable[[Any, Any, str], Walk]] = {
    mi.AnyType: _any,
    mi.StrType: _scalar(str),
    mi.IntType: _scalar(int),
    mi.FloatType: _scalar(float, int),
    mi.BoolType: _scalar(bool),
    mi.NoneType: _scalar(type(None)),
    mi.LiteralType: _literal,
    mi.ListType: _list,
    mi.DictType: _dict,
    mi.StructType: _struct,
    mi.UnionType: _union,
    mi.CustomType: _custom,
}
