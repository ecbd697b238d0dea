"""Struct bases of generated types, and the parts of them that stay bytes until somebody looks.

A tool's schemas and the `_meta` of a message are seldom read by who passes the message on, yet to decode and encode
them costs most of the time of a message. So the decoder leaves their very bytes in the field, and a property in front
of it shows Python the dict: decoded when first read, and then kept. The C decoder and encoder reach a field by its
offset, not by its attribute, so they never notice. 50 tools decode in a third of the time and encode again at the
speed of a copy; a modern request, whose `_meta` is most of it, decodes in less time than a plain dict of it takes.
"""

from __future__ import annotations

from collections.abc import Callable
from types import NoneType
from typing import Any, ClassVar, TypeVar

import msgspec
from msgspec import Raw, Struct

from .bag import Bag
from .errors import Problem, ProtocolViolation
from .hooks import dec_hook


class StructBase(Struct, omit_defaults=True, rename="camel", kw_only=True):
    """Base of every message part: camelCase on the wire; an absent optional is None here and omitted there."""


class MessageBase(Struct, omit_defaults=True, rename="camel", kw_only=True):
    """Base of every request and notification: a whole JSON-RPC message, told apart by its `method`."""


class LazyStruct(StructBase, kw_only=True):
    """A Struct some of whose fields are decoded when first read (see `lazy`).

    Equality, repr, copies and pickles see the decoded values.
    """

    __lazy__: ClassVar[dict[str, type[dict[str, Any]]]] = {}

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


def lazy(*documents: str, **bags: type[Bag]) -> Callable[[L], L]:
    """Make fields of a `LazyStruct` decode on first read.

    `documents` are fields that hold any JSON object and are not looked into before that. `bags` maps a field to the
    open object that it holds: its known keys are validated when the message is decoded, without building the rest.
    """

    def decorate(cls: L) -> L:
        wires = dict(zip(cls.__struct_fields__, cls.__struct_encode_fields__, strict=True))
        cls.__lazy__ = {**dict.fromkeys(documents, dict[str, Any]), **bags}
        for name, view in cls.__lazy__.items():
            slot = cls.__dict__[name]
            # msgspec reads the annotations when the first decoder is built; what it is to see there is bytes.
            cls.__annotations__[name] = Raw
            setattr(cls, name, _property(slot, view, wires[name]))
            if name in bags:
                cls.__post_init__ = _validator(slot, bags[name])  # type: ignore[attr-defined]  # looked up by msgspec
        return cls

    return decorate


def _property(slot: Any, view: Any, wire: str) -> property:
    plain = view is dict[str, Any]

    def get(self: Any) -> Any:
        value: Any = slot.__get__(self)
        if type(value) is Raw:
            value = decoded(value, wire)
        elif plain or value.__class__ is not dict:
            return value
        shown = value if plain or value is None else view(value)
        slot.__set__(self, shown)
        return shown

    return property(get, slot.__set__)


def decoded(raw: Raw, wire: str) -> dict[str, Any] | None:
    """The object that the bytes of a field hold; None for an explicit null."""
    document: Any = msgspec.json.decode(raw)
    if document.__class__ not in (dict, NoneType):
        raise ProtocolViolation(Problem(f"/{wire}", "object", str(document.__class__.__name__)), data=bytes(raw))
    return document  # pyright: ignore[reportUnknownVariableType]


def _validator(slot: Any, bag: type[Bag]) -> Any:
    """A `__post_init__` that validates the known keys of a bag which has just been decoded."""
    read = slot.__get__
    decode: Any = None

    def validate(self: Any) -> None:
        nonlocal decode
        value = read(self)
        if type(value) is Raw:
            if decode is None:
                decode = msgspec.json.Decoder(bag.__known__() | None, dec_hook=dec_hook).decode
            if decode(value) is None:  # an explicit null is absence
                slot.__set__(self, None)

    return validate
