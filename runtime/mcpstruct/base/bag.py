"""Open JSON objects: dicts that keep every key and give typed access to the keys their schema names."""

from __future__ import annotations

from typing import Any, ClassVar, Generic, Self, TypeVar, cast, get_args, get_type_hints, overload

import msgspec
from msgspec import Struct

from .hooks import convert, expect_object

T = TypeVar("T")


class Known(Generic[T]):
    """A key that the schema of a `Bag` names: reads and writes it as a `T`; None when it is absent."""

    __slots__ = ("attribute", "key", "required")

    def __init__(self, key: str, *, required: bool = False) -> None:
        self.key = key
        self.required = required
        self.attribute = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.attribute = name

    @overload
    def __get__(self, bag: None, owner: type[Bag]) -> Known[T]: ...
    @overload
    def __get__(self, bag: Bag, owner: type[Bag]) -> T: ...
    def __get__(self, bag: Bag | None, owner: type[Bag]) -> Known[T] | T:
        if bag is None:
            return self
        value = bag.get(self.key)
        return cast("T", None if value is None else convert(value, owner.__hints__()[self.attribute]))

    def __set__(self, bag: Bag, value: T) -> None:
        if value is None:
            bag.pop(self.key, None)
        else:
            bag[self.key] = value


class Bag(dict[str, Any]):
    """An open object: a dict of everything that was sent, with typed attributes for the known keys.

    Known keys are validated when a message is decoded; what else the peer put in is kept as it came.
    """

    __slots__ = ()
    __shape__: ClassVar[type[Struct] | None] = None
    __attributes__: ClassVar[dict[str, Any]]

    @classmethod
    def __hints__(cls) -> dict[str, Any]:
        """The type of each known key, by attribute; resolved once, when first needed."""
        if "__attributes__" not in cls.__dict__:
            hints = get_type_hints(cls)
            cls.__attributes__ = {k: get_args(hints[k])[0] for k, v in vars(cls).items() if isinstance(v, Known)}
        return cls.__attributes__

    @classmethod
    def __known__(cls) -> type[Struct]:
        """A Struct of the known keys alone: it validates all of them in one C call."""
        shape = cls.__dict__.get("__shape__")
        if shape is None:
            fields: list[Any] = []
            for attribute, hint in cls.__hints__().items():
                known = cls.__dict__[attribute]
                default = {} if known.required else {"default": None}
                fields.append((attribute, hint, msgspec.field(name=known.key, **default)))
            shape = cls.__shape__ = msgspec.defstruct(cls.__name__, fields, kw_only=True, module=cls.__module__)
        return cast("type[Struct]", shape)

    @classmethod
    def __from_plain__(cls, obj: Any) -> Bag:
        plain = expect_object(obj)
        convert(plain, cls.__known__())
        return cls(plain)

    def copy(self) -> Self:
        """A shallow copy, of the same type."""
        return type(self)(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({super().__repr__()})"

    def __reduce__(self) -> Any:
        return type(self), (dict(self),)
