"""Struct bases of generated types, and the parts of them that stay bytes until somebody looks.

A tool's schemas and the `_meta` of a message are seldom read by who passes the message on, yet to decode and encode
them costs most of the time of a message. So the decoder leaves their very bytes in the field, and a property in front
of it shows Python the dict: decoded when first read, and then kept. The C decoder and encoder reach a field by its
offset, not by its attribute, so they never notice. 50 tools decode in a third of the time that plain dicts of them take
and encode again at the speed of a copy; a modern request, half of which is `_meta`, decodes in 1.4 times orjson's time
to a dict instead of 2.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar, TypeVar

import msgspec
from msgspec import Raw, Struct

from .bag import Bag
from .hooks import dec_hook


class _WireNames(dict[str, str]):
    """Each attribute's name on the wire: camelCase, worked out once for all types that have it.

    It also spares most classes a `field(name="_meta")`; together that makes a class in 19 µs instead of 22.
    """

    def __missing__(self, attribute: str) -> str:
        head, *words = attribute.split("_")
        self[attribute] = head + "".join(word[:1].upper() + word[1:] for word in words)
        return self[attribute]


_WIRE_NAMES = _WireNames(meta="_meta")


class StructBase(Struct, omit_defaults=True, rename=_WIRE_NAMES, kw_only=True):
    """Base of every message part: camelCase on the wire; an absent optional is None here and omitted there."""


class MessageBase(Struct, omit_defaults=True, rename=_WIRE_NAMES, kw_only=True):
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
        self._shown()
        return super().__repr__()

    def __rich_repr__(self) -> Any:
        self._shown()
        return super().__rich_repr__()

    def _shown(self) -> None:
        """Decode what can be: a log line must not fail over a peer's bad bytes."""
        with suppress(Exception):
            self._decoded()

    def __copy__(self) -> Any:
        for name in self.__lazy__:
            getattr(self, name)
        return super().__copy__()  # type: ignore[misc]  # msgspec's stub omits it

    def __reduce__(self) -> Any:
        self._decoded()
        return super().__reduce__()


class WatchedStruct(LazyStruct, kw_only=True):
    """A `LazyStruct` one of whose lazy fields is looked at as soon as it is decoded: a bag, whose known keys are
    validated, or an optional document, which may turn out to be an explicit null.
    """

    # The field's slot under a second name, past the property, and a look at its bytes: both set by `lazy`.
    __watched__: ClassVar[Any]
    __look__: ClassVar[Any]
    # Bytes that have just passed a look: a peer's messages mostly have the same `_meta`, and to compare it takes a
    # sixth of the time. In a list, since to set a class's attribute makes the interpreter forget what it knows of it.
    __passed__: ClassVar[list[Raw]]

    def __post_init__(self) -> None:
        # Runs for nearly every message, and mostly finds nothing: 0.1 µs as it stands.
        value = self.__watched__
        if value is None or value.__class__ is not Raw or value == self.__passed__[0]:
            return
        if self.__look__(value) is None:
            type(self).__watched__.__set__(self, None)  # an explicit null is absence


L = TypeVar("L", bound=type[LazyStruct])


def lazy(*documents: str, **bags: type[Bag]) -> Callable[[L], L]:
    """Make fields of a `LazyStruct` decode on first read.

    `documents` are fields that hold any JSON object and are not looked into before that; `bags` maps a field to the
    type of the bag that it holds. A `WatchedStruct` has one bag, or else one optional document.
    """

    def decorate(cls: L) -> L:
        cls.__lazy__ = {**dict.fromkeys(documents, dict[str, Any]), **bags}
        for name in cls.__lazy__:
            slot = cls.__dict__[name]
            # msgspec reads the annotations when the first decoder is built; what it is to see there is bytes.
            cls.__annotations__[name] = Raw
            setattr(cls, name, _property(slot, bags.get(name)))
            if name in bags:
                _watch(cls, slot, _look_at_bag(cls, bags[name], name))
            elif not _required(cls, name):
                _watch(cls, slot, _look_at_document)
        return cls

    return decorate


def _required(cls: type[LazyStruct], name: str) -> bool:
    """Whether a field has no default; msgspec keeps the defaults of the last so many fields."""
    from_end = cls.__struct_fields__.index(name) - len(cls.__struct_fields__)
    defaults = cls.__struct_defaults__
    return -from_end > len(defaults) or defaults[from_end] is msgspec.NODEFAULT


def _watch(cls: Any, slot: Any, look: Any) -> None:
    cls.__watched__ = slot
    cls.__look__ = staticmethod(look)
    cls.__passed__ = [Raw()]


def _look_at_document(raw: Raw) -> Raw | None:
    return None if bytes(raw) == b"null" else raw


def _look_at_bag(cls: Any, bag: type[Bag], name: str) -> Callable[[Raw], Any]:
    """Validates the known keys of a bag with a C decoder, made when the first message needs it."""

    def first(raw: Raw) -> Any:
        tp: Any = bag.__known__() if _required(cls, name) else bag.__known__() | None
        decode = msgspec.json.Decoder(tp, dec_hook=dec_hook).decode
        passed = cls.__passed__

        def look(raw: Raw) -> Any:
            found = decode(raw)
            if found is not None and len(memoryview(raw)) <= _MOST_REMEMBERED:
                passed[0] = raw.copy()  # or it would keep the message that it is a part of
            return found

        cls.__look__ = staticmethod(look)
        return look(raw)

    return first


_MOST_REMEMBERED = 4096


def _property(slot: Any, bag: type[Bag] | None) -> property:
    def get(self: Any) -> Any:
        value: Any = slot.__get__(self)
        if type(value) is Raw:
            value = _decoded(value, self.__class__, slot.__name__)
        elif bag is None or value.__class__ is not dict:
            return value
        shown = value if bag is None or value is None else bag(value)
        slot.__set__(self, shown)
        return shown

    return property(get, slot.__set__)


def _decoded(raw: Raw, cls: type[LazyStruct], name: str) -> dict[str, Any] | None:
    """The object that the bytes of a field hold; None for an explicit null where the field is optional."""
    # Here rather than above: 5 % of importing the types.
    from .codec import unparsable
    from .errors import LimitExceeded, Problem, ProtocolViolation, json_type
    from .limits import DEFAULT_LIMITS, thread_depth, too_deep

    wire = cls.__struct_encode_fields__[cls.__struct_fields__.index(name)]
    depth = thread_depth(DEFAULT_LIMITS)
    if depth is not None and too_deep(bytes(raw), depth):
        raise LimitExceeded(Problem(f"/{wire}", f"at most {depth} levels of nesting", "more"), data=bytes(raw))
    try:
        document: Any = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        violation = unparsable(bytes(raw), error)
        raise ProtocolViolation(violation.problem.below(f"/{wire}"), data=bytes(raw)) from None
    if document.__class__ is dict or (document is None and not _required(cls, name)):
        return document  # pyright: ignore[reportUnknownVariableType]
    raise ProtocolViolation(Problem(f"/{wire}", "object", json_type(document)), data=bytes(raw))
