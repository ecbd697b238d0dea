"""What annotations may hold beyond msgspec's own types: unions that JSON gives no tag for, paths, and pydantic's types.

msgspec hands a class that it does not know to a hook. So a stand-in class takes the place of such a piece of an
annotation, and the hook asks the stand-in. pydantic is used only where somebody else has imported it.
"""

from __future__ import annotations

import sys
import types
from functools import lru_cache, reduce
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

import msgspec

from .check import child
from .errors import Problem, json_type
from .faults import A_VALUE, Refused, problems_of_error, without_repeats


class Choice(type):
    """Stands for a union that msgspec refuses: takes the first arm that fits, and of objects the one that knows most
    of the keys that were sent.
    """

    arms: tuple[Any, ...]
    keys: tuple[frozenset[str], ...] | None

    def __instancecheck__(cls, instance: object) -> bool:
        return True  # whatever the hook returned

    def __members__(cls) -> tuple[Any, ...]:
        """The types of the union."""
        return cls.arms

    def __from_plain__(cls, value: Any) -> Any:
        """Read a plain JSON value as the arm that it fits."""
        failures: list[list[Problem]] = []
        for arm in cls._ordered(value):
            try:
                return msgspec.convert(value, arm, str_keys=True, dec_hook=from_plain)
            except (msgspec.ValidationError, ValueError) as error:
                failures.append(problems_of_error(error, value))
        # An arm that fails further down is the one that was meant.
        deeper = [found for found in failures if all(problem.pointer for problem in found)]
        if deeper:
            raise Refused(min(deeper, key=len))
        raise Refused([Problem("", " or ".join(without_repeats(failures)), json_type(value))])

    def _ordered(cls, value: Any) -> tuple[Any, ...]:
        if type(value) is not dict:
            return cls.arms
        sent = cast("dict[str, Any]", value).keys()
        if cls.keys is None:
            cls.keys = tuple(_keys(arm) for arm in cls.arms)
        by_strangers = sorted(range(len(cls.arms)), key=lambda i: len(sent - cast("Any", cls.keys)[i]))
        return tuple(cls.arms[i] for i in by_strangers)


class Foreign(type):
    """Stands for an annotation that is pydantic's: a `TypeAdapter` reads, writes and describes it."""

    adapter: Any

    def __instancecheck__(cls, instance: object) -> bool:
        return True

    def __from_plain__(cls, value: Any) -> Any:
        """Read a plain JSON value, by pydantic's rules for JSON."""
        try:
            return cls.adapter.validate_json(msgspec.json.encode(value))
        except ValueError as error:
            raise Refused(_pydantic_problems(error)) from None

    def write(cls, value: Any) -> Any:
        """A value as plain JSON values. Raises `Refused` for one that does not fit."""
        try:
            return cls.adapter.dump_python(cls.adapter.validate_python(value), mode="json", by_alias=True)
        except ValueError as error:
            raise Refused(_pydantic_problems(error)) from None

    def schema(cls, mode: str, references: str) -> dict[str, Any]:
        """The JSON Schema, for reading ("validation") or writing ("serialization"); `references` begins a `$ref`.

        Raises `TypeError` where there is none.
        """
        try:
            schema: dict[str, Any] = cls.adapter.json_schema(mode=mode, ref_template=references + "{model}")
        except sys.modules["pydantic"].PydanticUserError as error:
            raise TypeError(str(error)) from error
        return schema


def adapt(annotation: Any) -> Any:
    """The annotation as msgspec takes it: the same, wherever it takes that."""
    if annotation.__class__ is type and annotation.__module__ == "builtins":
        return annotation
    if is_foreign(annotation):
        return _adapt_foreign(annotation)
    return annotation if accepted(annotation) else _adapt_parts(annotation)


def accepted(annotation: Any) -> bool:
    """Whether msgspec can build a decoder for an annotation."""
    try:
        msgspec.json.Decoder(annotation)
    except TypeError:
        return False
    return True


def _adapt_parts(annotation: Any) -> Any:
    """A refused annotation with its parts adapted; a union that is refused even so becomes a choice."""
    alias = getattr(annotation, "__supertype__", None) or getattr(annotation, "__value__", None)
    if alias is not None:  # a NewType, or an alias made by a `type` statement
        return adapt(alias)
    origin = get_origin(annotation)
    if origin is None or origin is Literal:
        return annotation
    if origin is Annotated:
        return Annotated[(adapt(annotation.__origin__), *annotation.__metadata__)]  # pyright: ignore[reportReturnType]
    arms = tuple(adapt(arm) for arm in get_args(annotation))
    if not is_union(origin):
        return origin[arms]
    union = cast("Any", Union)[arms]
    return union if accepted(union) else Choice("Choice", (), {"arms": arms, "keys": None})


def _adapt_foreign(annotation: Any) -> Any:
    metas: list[Any] = []
    if get_origin(annotation) is Annotated:  # what msgspec is told of it stays outside the stand-in
        metas = [m for m in annotation.__metadata__ if isinstance(m, msgspec.Meta)]
        rest = [m for m in annotation.__metadata__ if not isinstance(m, msgspec.Meta)]
        annotation = Annotated[(annotation.__origin__, *rest)] if rest else annotation.__origin__
    pydantic = sys.modules["pydantic"]
    try:
        stand_in = Foreign("Foreign", (), {"adapter": pydantic.TypeAdapter(annotation)})
    except pydantic.PydanticUserError:
        # A type of msgspec's beside one of pydantic's: the hook sees to the latter.
        return annotation if accepted(annotation) else _adapt_parts(annotation)
    return Annotated[(stand_in, *metas)] if metas else stand_in


def is_union(origin: Any) -> bool:
    """Whether the origin of an annotation is that of a union."""
    return origin is Union or origin is types.UnionType


def is_foreign(annotation: Any) -> bool:
    """Whether an annotation names something of pydantic's, at any depth."""
    if "pydantic" not in sys.modules or get_origin(annotation) is Literal:
        return False
    if hasattr(annotation, "__get_pydantic_core_schema__") or hasattr(annotation, "__pydantic_validator__"):
        return True
    if type(annotation).__module__.partition(".")[0] == "pydantic":
        return True
    inner = getattr(annotation, "__supertype__", None)
    return (inner is not None and is_foreign(inner)) or any(is_foreign(part) for part in get_args(annotation))


@lru_cache(maxsize=256)
def foreign_class(cls: type[Any]) -> Foreign | None:
    """The stand-in of a class of pydantic's that stands within a type of msgspec's; None for any other class."""
    stand_in: Any = cls
    if not isinstance(cls, Foreign):
        stand_in = _adapt_foreign(cls) if is_foreign(cls) else None
    return stand_in if isinstance(stand_in, Foreign) else None


def from_plain(tp: Any, value: Any) -> Any:
    """msgspec's hook for decoding: what a class that it does not know makes of a plain value."""
    reader = getattr(tp, "__from_plain__", None)
    if reader is not None:
        return reader(value)
    from pathlib import PurePath  # hardly anybody wants it, and it takes 2 % of importing the client

    if issubclass(tp, PurePath):
        if type(value) is not str:
            raise Refused([Problem("", "string", json_type(value))])
        return tp(value)
    foreign = foreign_class(tp)
    if foreign is not None:
        return foreign.__from_plain__(value)
    raise NotImplementedError(f"values of {tp.__name__} cannot be read from JSON")


def to_plain(value: Any) -> Any:
    """msgspec's hook for encoding: a value of a class that it does not know, made of ones that it does."""
    from pathlib import PurePath

    if isinstance(value, PurePath):
        return str(value)
    dump = getattr(value, "model_dump", None)
    if dump is not None:
        return dump(mode="json", by_alias=True)
    raise NotImplementedError(f"values of {type(value).__name__} cannot be written as JSON")


def _keys(arm: Any) -> frozenset[str]:
    """The keys that an object type knows."""
    from msgspec import inspect

    while get_origin(arm) is Annotated:
        arm = arm.__origin__
    fields = getattr(inspect.type_info(arm), "fields", ())
    return frozenset(f.encode_name for f in fields)


def _pydantic_problems(error: Any) -> list[Problem]:
    if not hasattr(error, "errors"):
        return [Problem("", "a valid value", "another")]
    found: list[Problem] = []
    for fault in error.errors(include_url=False, include_context=False):
        pointer = reduce(child, fault["loc"], "")
        expected = fault["msg"].removeprefix("Input should ").removeprefix("be ")
        missing = fault["type"] == "missing"
        found.append(
            Problem(pointer, A_VALUE if missing else expected, "nothing" if missing else json_type(fault["input"]))
        )
    return found
