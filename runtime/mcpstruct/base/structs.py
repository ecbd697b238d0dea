"""Struct bases of generated types, and JSON documents inside them that stay bytes until somebody looks."""

from __future__ import annotations

from collections.abc import Callable
from types import NoneType
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, TypeVar

import msgspec
from msgspec import Raw, Struct

from .errors import Problem, ProtocolViolation

if TYPE_CHECKING:
    JsonDocument: TypeAlias = dict[str, Any]
    OptionalJsonDocument: TypeAlias = dict[str, Any] | None
else:
    JsonDocument = OptionalJsonDocument = (
        Raw  # what the decoder fills in; `lazy` shows it to Python as the dict it holds
    )


class StructBase(Struct, omit_defaults=True, rename="camel", kw_only=True):
    """Base of every message part: camelCase on the wire; an absent optional is None here and omitted there."""


class MessageBase(Struct, omit_defaults=True, rename="camel", kw_only=True):
    """Base of every request and notification: a whole JSON-RPC message, told apart by its `method`."""


class LazyStruct(StructBase, kw_only=True):
    """A Struct some of whose fields are JSON documents, decoded when first read (see `lazy`).

    Equality, repr, copies and pickles see plain dicts.
    """

    __lazy__: ClassVar[dict[str, str]] = {}

    def _decoded(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self.__struct_fields__)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, LazyStruct) and type(other) is type(self):
            return self._decoded() == other._decoded()
        return NotImplemented

    def __repr__(self) -> str:
        self._decoded()
        return super().__repr__()

    def __copy__(self) -> Any:
        self._decoded()
        return super().__copy__()  # type: ignore[misc]  # msgspec's stub omits it

    def __reduce__(self) -> Any:
        self._decoded()
        return super().__reduce__()


L = TypeVar("L", bound=type[LazyStruct])


def lazy(**fields: str) -> Callable[[L], L]:
    """Make `JsonDocument` fields decode on first read; `fields` maps attribute to wire name.

    The C decoder and encoder reach a field by its offset, Python by its attribute. So the slot may hold the very
    bytes of the document while a property in front of it shows the dict: a list of 50 tools then decodes in 0.4 of
    the time, and encodes again at the speed of a copy.
    """

    def decorate(cls: L) -> L:
        for attribute, wire in fields.items():
            setattr(cls, attribute, _lazy_property(cls.__dict__[attribute], wire))
        cls.__lazy__ = fields
        return cls

    return decorate


def _lazy_property(slot: Any, wire: str) -> property:
    def get(self: Any) -> Any:
        value: Any = slot.__get__(self)
        if type(value) is not Raw:
            return value
        document: Any = msgspec.json.decode(value)
        if document.__class__ not in (dict, NoneType):
            got = str(document.__class__.__name__)
            raise ProtocolViolation(Problem(f"/{wire}", "object", got), data=bytes(value))
        slot.__set__(self, document)
        return document

    return property(get, slot.__set__)
