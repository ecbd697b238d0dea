"""Unions that JSON gives no tag for, told apart by an ordered decision list that the generator derived."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from .hooks import convert, dec_hook, expect_object


class Rule(Struct, frozen=True):
    """If the object has `key` (and, where `values` are given, one of them under it) it is a `member`."""

    member: str
    key: str | None = None
    inner: str | None = None
    values: tuple[str, ...] = ()

    def predicate(self) -> Callable[[dict[str, Any]], bool]:
        """The rule as a function of the object."""
        key, inner, values = self.key, self.inner, self.values
        if key is None:
            return lambda o: True
        if values:
            return lambda o: o.get(key) in values
        if inner is None:
            return lambda o: key in o
        return lambda o: isinstance(o.get(key), dict) and inner in o[key]


class UntaggedUnion(type):
    """Stands for the union at run time: decoded by `dec_hook`, checked by membership."""

    module: str
    rules: tuple[Rule, ...]
    table: tuple[tuple[Callable[[dict[str, Any]], bool], Any], ...]

    def __members__(cls) -> tuple[Any, ...]:
        """The types of the union, most telling first; resolved once, when first needed."""
        if not cls.table:
            namespace = vars(sys.modules[cls.module])
            cls.table = tuple((rule.predicate(), namespace[rule.member]) for rule in cls.rules)
        return tuple(member for _, member in cls.table)

    def __choose__(cls, obj: dict[str, Any]) -> Any:
        """The member that the decision list picks for a JSON object."""
        cls.__members__()
        return next(member for test, member in cls.table if test(obj))

    def __instancecheck__(cls, instance: object) -> bool:
        return type(instance) in cls.__members__()

    def __from_plain__(cls, obj: Any) -> Any:
        plain = expect_object(obj)
        chosen = cls.__choose__(plain)
        try:
            return decode_member(plain, chosen)
        except msgspec.ValidationError:
            # An object may carry a key that tells of another member and still be valid as this one.
            for member in cls.__members__():
                if member is not chosen:
                    try:
                        return decode_member(plain, member)
                    except msgspec.ValidationError:
                        continue
            raise


def decode_member(plain: dict[str, Any], member: Any) -> Any:
    """Convert to one member; its constant, which msgspec alone would let be absent, must be there."""
    tag_field = member.__struct_config__.tag_field
    if tag_field is not None and tag_field not in plain:
        raise msgspec.ValidationError(f"Object missing required field `{tag_field}`")
    if holds_raw(member):
        # msgspec can make Raw fields of bytes alone.
        return msgspec.json.decode(msgspec.json.encode(plain), type=member, dec_hook=dec_hook)
    return convert(plain, member)


_holding: dict[Any, bool] = {}


def holds_raw(tp: Any) -> bool:
    """Whether a type has, at any depth, a field that stays undecoded."""
    known = _holding.get(tp)
    if known is None:
        known = _holding[tp] = _search_raw(tp)
    return known


def _search_raw(tp: Any) -> bool:
    from msgspec import inspect  # 3 ms that importing the types alone need not pay

    seen: set[Any] = set()

    def search(node: Any) -> bool:
        if isinstance(node, inspect.RawType):
            return True
        if isinstance(node, inspect.StructType):
            if node.cls in seen:
                return False
            seen.add(node.cls)
            return any(search(f.type) for f in node.fields)
        if isinstance(node, inspect.UnionType):
            return any(search(arm) for arm in node.types)
        if isinstance(node, inspect.CustomType) and isinstance(node.cls, UntaggedUnion):
            return any(holds_raw(m) for m in node.cls.__members__())
        if isinstance(node, inspect.ListType):
            return search(node.item_type)
        return isinstance(node, inspect.DictType) and search(node.value_type)

    return search(inspect.type_info(tp))


def untagged(name: str, module: str, *rules: Rule) -> Any:
    """The run-time stand-in of the union `name`, whose members live in `module`."""
    return UntaggedUnion(name, (), {"module": module, "rules": rules, "table": ()})
