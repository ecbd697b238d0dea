"""Types and functions that the tests of tools share."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import re
from typing import Any, NamedTuple, TypedDict

import msgspec
import pytest

from mcpstruct.server.arguments import BadArguments
from mcpstruct.server.functions import PromptFunction, ToolFunction


def named(value: object) -> str:
    """A value as part of a test's name: the same in every process."""
    return re.sub(r" at 0x[0-9a-f]+", "", str(value))


class Context:
    """Stands for the context that servers pass."""


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Point(msgspec.Struct):
    x: int
    y: int = 0


class Cat(msgspec.Struct):
    name: str


class Dog(msgspec.Struct):
    name: str
    breed: str


class Circle(msgspec.Struct, tag=True):
    radius: float


class Square(msgspec.Struct, tag=True):
    side: float


class Chain(msgspec.Struct):
    name: str
    inner: Chain | None = None


class Even(msgspec.Struct):
    number: int

    def __post_init__(self) -> None:
        if self.number % 2:
            raise ValueError("the number must be even")


@dataclasses.dataclass
class Person:
    name: str
    born: datetime.date | None = None


class Options(TypedDict, total=False):
    deep: bool
    colour: Colour


class Pair(NamedTuple):
    left: int
    right: str


def taking(annotation: Any, **options: Any) -> ToolFunction:
    """A tool with one parameter, `value`."""

    def function(value):  # type: ignore[no-untyped-def]  # pyright: ignore
        return value

    function.__annotations__["value"] = annotation
    return ToolFunction(function, context_type=Context, **options)


def decoded(annotation: Any, value: Any) -> Any:
    """The value of that one parameter, decoded."""
    return taking(annotation).decode({"value": value})["value"]


def refusal(function: ToolFunction | PromptFunction, arguments: Any) -> list[str]:
    """The lines of what is wrong with some arguments."""
    with pytest.raises(BadArguments) as caught:
        function.decode(arguments)
    assert str(caught.value).splitlines() == ["Invalid arguments:", *(f"- {p}" for p in caught.value.problems)]
    return [str(problem) for problem in caught.value.problems]
