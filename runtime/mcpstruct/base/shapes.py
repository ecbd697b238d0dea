"""An annotation of a user's, made ready to read plain JSON values into and to write values from."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, cast

import msgspec

from .annotations import Foreign, adapt, foreign_class, from_plain, to_plain
from .bag import Bag
from .errors import ProtocolViolation
from .untagged import holds_raw

READ_ERRORS = (msgspec.MsgspecError, ValueError, RecursionError, ProtocolViolation)
"""What reading a value that does not fit may raise; `problems_of_error` tells what is wrong."""


class Shape:
    """What values of an annotation look like in JSON. `adapted` is the annotation as msgspec takes it.

    Raises `TypeError` for an alias that refers to itself; other annotations that have no form in JSON are found out
    when they are used.
    """

    __slots__ = ("_foreign", "_instances", "_object", "_raw", "adapted", "annotation")

    def __init__(self, annotation: Any) -> None:
        self.annotation = annotation
        try:
            self.adapted = adapt(annotation)
        except RecursionError:
            raise TypeError("an alias that refers to itself has no form here: use a class in its place") from None
        self._foreign = self.adapted if isinstance(self.adapted, Foreign) else None
        self._instances = annotation if isinstance(annotation, type) and _checks_itself(annotation) else ()
        self._raw: bool | None = None
        self._object: bool | None = None

    def read(self, value: Any, *, strict: bool = True) -> Any:
        """A plain JSON value as the annotation has it.

        With `strict=False` numbers and booleans may be written as strings. Raises one of `READ_ERRORS` for a value that
        does not fit, `TypeError` for an annotation that has no form in JSON.
        """
        try:
            if self._holds_raw():
                return msgspec.json.decode(msgspec.json.encode(value), type=self.adapted, dec_hook=from_plain)
            return msgspec.convert(value, self.adapted, strict=strict, str_keys=True, dec_hook=from_plain)
        except NotImplementedError as error:
            raise TypeError(str(error)) from None

    def write(self, value: Any) -> bytes:
        """A value as JSON, checked where it is not simply an instance of the annotated class.

        Raises one of `READ_ERRORS` if it does not fit, `TypeError` if it holds what JSON cannot.
        """
        if self._foreign is not None:
            return json_of(self._foreign.write(value))
        data = json_of(value)
        if not isinstance(value, self._instances):
            msgspec.json.decode(data, type=self.adapted, dec_hook=from_plain)
        return data

    def is_object(self) -> bool:
        """Whether all values are JSON objects. MCP wants an object as a tool's structured result."""
        if self._object is None:
            self._object = self._find_out()
        return self._object

    def _find_out(self) -> bool:
        from msgspec import inspect

        node = inspect.type_info(self.adapted)
        while isinstance(node, inspect.Metadata):
            node = node.type
        if isinstance(node, inspect.CustomType):
            foreign = foreign_class(node.cls)
            return issubclass(node.cls, Bag) if foreign is None else _is_object_schema(foreign.adapter.json_schema())
        if isinstance(node, inspect.StructType):
            return not node.array_like
        return isinstance(node, (inspect.DataclassType, inspect.TypedDictType, inspect.DictType))

    def _holds_raw(self) -> bool:
        if self._raw is None:
            try:
                self._raw = holds_raw(self.adapted)
            except TypeError:  # an annotation with an unhashable piece
                self._raw = False
        return self._raw


def json_of(value: Any) -> bytes:
    """Any value as JSON. Raises `TypeError`, `ValueError` or `RecursionError` for what JSON cannot hold."""
    try:
        return msgspec.json.encode(value, enc_hook=to_plain)
    except NotImplementedError as error:
        raise TypeError(str(error)) from None


def shape_of(annotation: Any) -> Shape:
    """The shape of an annotation; those of the latest few are kept."""
    try:
        return _kept(annotation, repr(annotation))
    except TypeError:
        return Shape(annotation)  # unhashable, or no shape at all, which this says again


@lru_cache(maxsize=256)
def _kept(annotation: Any, _order: str) -> Shape:
    # Unions of the same types are equal in any order, and the order decides between types that both fit.
    return Shape(annotation)


def _checks_itself(cls: type[Any]) -> bool:
    """Whether instances of a class are taken at their word. Those of a TypedDict are any dicts, of a list any list."""
    return issubclass(cls, msgspec.Struct) or hasattr(cls, "__dataclass_fields__")


def _is_object_schema(schema: dict[str, Any]) -> bool:
    while "$ref" in schema:
        schema = cast("dict[str, Any]", schema["$defs"])[schema["$ref"].rpartition("/")[2]]
    return schema.get("type") == "object"
