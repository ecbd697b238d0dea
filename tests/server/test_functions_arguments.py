"""Arguments: JSON becomes exactly the annotated types, and whatever is wrong is told at once, without the values."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import json
import pathlib
import time
import uuid
from collections.abc import Callable
from typing import Annotated, Any, Literal, NamedTuple, TypedDict

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Raw

from mcpstruct.base.errors import ProtocolViolation
from mcpstruct.server.arguments import BadArguments
from mcpstruct.server.functions import PromptFunction, ToolFunction
from mcpstruct_bindings.merged.types import Tool
from tests.support.profile import effort


class Context:
    pass


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

    def function(value):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pyright: ignore
        return value

    function.__annotations__["value"] = annotation
    return ToolFunction(function, context_type=Context, **options)


def decoded(annotation: Any, value: Any) -> Any:
    return taking(annotation).decode({"value": value})["value"]


def refusal(function: ToolFunction | PromptFunction, arguments: Any) -> list[str]:
    """The lines of what is wrong with some arguments."""
    with pytest.raises(BadArguments) as caught:
        function.decode(arguments)
    assert str(caught.value).splitlines() == ["Invalid arguments:", *(f"- {p}" for p in caught.value.problems)]
    return [str(problem) for problem in caught.value.problems]


# -- values -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("annotation", "plain", "value"),
    [
        (bytes, "aGk=", b"hi"),
        (datetime.datetime, "2024-05-06T07:08:09Z", datetime.datetime(2024, 5, 6, 7, 8, 9, tzinfo=datetime.UTC)),
        (datetime.date, "2024-05-06", datetime.date(2024, 5, 6)),
        (datetime.timedelta, "PT5S", datetime.timedelta(seconds=5)),
        (uuid.UUID, "12345678-1234-5678-1234-567812345678", uuid.UUID("12345678-1234-5678-1234-567812345678")),
        (decimal.Decimal, "1.50", decimal.Decimal("1.50")),
        (pathlib.Path, "a/b", pathlib.Path("a/b")),
        (list[pathlib.PurePosixPath | None], ["a", None], [pathlib.PurePosixPath("a"), None]),
        (Colour, "red", Colour.RED),
        (Level, 2, Level.HIGH),
        (Point, {"x": 1}, Point(1)),
        (Point | None, None, None),
        (list[Point], [{"x": 1}, {"x": 2, "y": 3}], [Point(1), Point(2, 3)]),
        (dict[str, Person], {"a": {"name": "A"}}, {"a": Person("A")}),
        (dict[int, str], {"1": "a"}, {1: "a"}),
        (Options, {"colour": "blue"}, {"colour": Colour.BLUE}),
        (Pair, [1, "a"], Pair(1, "a")),
        (tuple[int, str], [1, "a"], (1, "a")),
        (set[int], [1, 2], {1, 2}),
        (Literal["a", 1], 1, 1),
        (int | str, "1", "1"),
        (float, 1, 1.0),
        (Circle | Square, {"type": "Square", "side": 1}, Square(1.0)),
        (Cat | Dog, {"name": "Rex", "breed": "collie"}, Dog("Rex", "collie")),
        (Dog | Cat, {"name": "Tom"}, Cat("Tom")),
        (list[Cat | Dog | None], [{"name": "Tom"}, None], [Cat("Tom"), None]),
        (dict[str, Cat | int], {"a": 1, "b": {"name": "Tom"}}, {"a": 1, "b": Cat("Tom")}),
        (datetime.date | str, "2024-05-06", datetime.date(2024, 5, 6)),
        (datetime.date | str, "tomorrow", "tomorrow"),
        (list[int] | list[str], ["a"], ["a"]),
        (Any, {"a": [1, None]}, {"a": [1, None]}),
    ],
    ids=str,
)
def test_values_get_their_types(annotation: Any, plain: Any, value: Any) -> None:
    for given_ in ({"value": plain}, json.dumps({"value": plain}).encode(), Raw(json.dumps({"value": plain}).encode())):
        found = taking(annotation).decode(given_)["value"]
        assert found == value
        assert type(found) is type(value)


def test_types_that_keep_their_bytes_can_be_arguments() -> None:
    tool = {"name": "t", "inputSchema": {"type": "object"}}
    found = decoded(Tool, tool)
    assert found.input_schema == {"type": "object"}
    assert decoded(list[Tool], [tool])[0].name == "t"


SAMPLES: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(st.characters(codec="utf-8")),
    int: st.integers(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    bytes: st.binary(),
    datetime.date: st.dates(),
    datetime.datetime: st.datetimes(timezones=st.just(datetime.UTC)),
    uuid.UUID: st.uuids(),
    decimal.Decimal: st.decimals(allow_nan=False, allow_infinity=False),
    Colour: st.sampled_from(Colour),
    Level: st.sampled_from(Level),
    Point: st.builds(Point, st.integers(), st.integers()),
    Person: st.builds(Person, st.text(st.characters(codec="utf-8")), st.dates() | st.none()),
    Pair: st.builds(Pair, st.integers(), st.text(st.characters(codec="utf-8"))),
    Circle | Square: st.builds(Circle, st.floats(0, 9)) | st.builds(Square, st.floats(0, 9)),
    int | str | None: st.integers() | st.text(st.characters(codec="utf-8")) | st.none(),
}


@st.composite
def typed_values(draw: st.DrawFn) -> tuple[Any, Any]:
    """A type, made of the ones above, and a value of it."""
    tp = draw(st.sampled_from(list(SAMPLES)))
    values = SAMPLES[tp]
    for wrap in draw(st.lists(st.sampled_from("ldo"), max_size=2)):
        if wrap == "l":
            tp, values = list[tp], st.lists(values, max_size=3)
        elif wrap == "d":
            tp, values = dict[str, tp], st.dictionaries(st.text("abc"), values, max_size=3)
        else:
            tp, values = tp | None, values | st.none()
    return tp, draw(values)


@effort(300)
@given(st.lists(typed_values(), min_size=1, max_size=4))
def test_arguments_round_trip(samples: list[tuple[Any, Any]]) -> None:
    def function(**values: Any) -> None: ...

    namespace: dict[str, Any] = {}
    names = [f"p{i}" for i in range(len(samples))]
    exec(f"def function({', '.join(names)}): ...", namespace)  # noqa: S102
    function = namespace["function"]
    function.__annotations__ = dict(zip(names, (tp for tp, _ in samples), strict=True))
    values = dict(zip(names, (value for _, value in samples), strict=True))
    tool = ToolFunction(function, context_type=Context)
    data = msgspec.json.encode(values)
    assert tool.decode(data) == values
    assert tool.decode(json.loads(data)) == values


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text("ab1\"[{"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["value", "x", "name"]), inner),
)


@effort(300)
@given(st.sampled_from(list(SAMPLES)), JSON)
def test_anything_is_decoded_or_refused(tp: Any, given_: Any) -> None:
    tool = taking(tp)
    for arguments in (given_, {"value": given_}):
        try:
            tool.decode(arguments)
        except BadArguments as error:
            assert error.problems
            assert str(error)


# -- defaults ---------------------------------------------------------------------------------------------------------


def test_mutable_defaults_are_fresh_for_each_call() -> None:
    shared = Point(1, 2)

    def function(
        tags: list[list[str]] = [["a"]],  # noqa: B006
        place: Point = shared,  # noqa: B008
        options: dict[str, int] = {},  # noqa: B006
    ) -> None: ...

    tool = ToolFunction(function, context_type=Context)
    first = tool.decode({})
    first["tags"][0].append("b")
    first["place"].x = 5
    first["options"]["a"] = 1
    assert tool.decode(None) == {"tags": [["a"]], "place": Point(1, 2), "options": {}}
    assert shared == Point(1, 2)
    lenient = tool.decode({"options": '{"b": 2}'})  # by way of the second look
    lenient["tags"][0].append("b")
    assert tool.decode({})["tags"] == [["a"]]


def test_other_defaults_are_the_very_object() -> None:
    missing = object()

    def function(value: Any = missing) -> None: ...

    assert ToolFunction(function, context_type=Context).decode({})["value"] is missing


# -- what models get wrong --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("annotation", "sent", "value"),
    [
        (int, "5", 5),
        (bool, "true", True),
        (float, "1.5", 1.5),
        (list[str], '["a", "b"]', ["a", "b"]),
        (Point, '{"x": 1}', Point(1)),
        (Point | None, "null", None),
        (dict[str, int], ' {"a": 1} ', {"a": 1}),
        (list[Cat | Dog], '[{"name": "Tom"}]', [Cat("Tom")]),
        (int, 3.0, 3),
        (int | None, 3.0, 3),
    ],
    ids=str,
)
def test_json_in_a_string_will_do_where_no_string_is_allowed(annotation: Any, sent: Any, value: Any) -> None:
    found = decoded(annotation, sent)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("annotation", "sent", "value"),
    [(str, "5", "5"), (str | int, "5", "5"), (Any, "[1]", "[1]"), (list[str], ["1"], ["1"]), (str | None, "null", "null")],
    ids=str,
)
def test_a_string_stays_one_where_it_is_allowed(annotation: Any, sent: Any, value: Any) -> None:
    assert decoded(annotation, sent) == value


@pytest.mark.parametrize(
    ("annotation", "sent", "line"),
    [
        (int, "five", "at /value: expected integer, got string"),
        (int, "5.5", "at /value: expected integer, got string"),
        (int, 5.5, "at /value: expected integer, got number"),
        (int, True, "at /value: expected integer, got boolean"),
        (Annotated[str, Meta(max_length=2)] | int, "12345", "at /value: expected string of length <= 2, got string"),
        (Colour, '"red"', "at /value: expected 'blue' or 'red', got string"),
        (str, 5, "at /value: expected string, got integer"),
        (str, None, "at /value: expected string, got null"),
        (str | list[int] | None, 5, "at /value: expected string or array or null, got integer"),
        (Literal["a", "b"], "secret", "at /value: expected 'a' or 'b', got string"),
        (list[Colour], ["red", "secret"], "at /value/1: expected 'blue' or 'red', got string"),
        (Options, {"colour": "secret"}, "at /value/colour: expected 'blue' or 'red', got string"),
        (dict[str, Colour], {"secret": "secret"}, "at /value/*: expected 'blue' or 'red', got something else"),
        (Point, {"x": "secret"}, "at /value/x: expected integer, got string"),
        (Point, {}, "at /value/x: expected integer, got nothing"),
        (list[Point], [{"x": 1}, {"x": [5]}], "at /value/1/x: expected integer, got array"),
        (tuple[int, str], [1], "at /value: expected array of length 2, got 1"),
        (Annotated[int, Meta(ge=1)], 0, "at /value: expected integer >= 1, got integer"),
        (uuid.UUID, "secret", "at /value: expected UUID, got string"),
        (datetime.date, "secret", "at /value: expected RFC3339 encoded date, got string"),
        (bytes, "sécret", "at /value: expected base64 encoded string, got string"),
        (pathlib.Path, 5, "at /value: expected string, got integer"),
        (Circle | Square, {"type": "secret"}, "at /value/type: expected 'Circle' or 'Square', got string"),
        (Cat | Dog, {"name": 5}, "at /value/name: expected string, got integer"),
        (Cat | Dog, "secret", "at /value: expected object, got string"),
        (Cat | int, [], "at /value: expected integer or object, got array"),
        (list[Cat | Dog], [{"name": "Tom"}, {"breed": "x"}], "at /value/1/name: expected string, got nothing"),
        (Even, {"number": 3}, "at /value: expected a valid value (the number must be even), got object"),
    ],
    ids=str,
)
def test_a_fault_is_named_by_place_and_type_without_the_value(annotation: Any, sent: Any, line: str) -> None:
    (found,) = refusal(taking(annotation), {"value": sent})
    assert found == line
    assert "secret" not in found


def test_all_faults_are_told_at_once() -> None:
    def search(query: str, limit: int = 10, tags: list[str] | None = None, colour: Colour = Colour.RED) -> None: ...

    tool = ToolFunction(search, context_type=Context, namespace=globals())
    arguments = {"limit": "many", "tags": ["a", 1], "color": "red", "zzz": 1}
    expected = [
        "at /query: expected string, got nothing",
        "at /limit: expected integer, got string",
        "at /tags/1: expected string, got integer",
        "at /color: there is no such argument; did you mean 'colour'?",
        "at /zzz: there is no such argument",
    ]
    assert refusal(tool, arguments) == expected
    assert refusal(tool, json.dumps(arguments).encode()) == expected


@pytest.mark.parametrize("arguments", [[], "a", 5, b"[]", Raw(b"5")])
def test_arguments_that_are_no_object(arguments: Any) -> None:
    (line,) = refusal(taking(int), arguments)
    assert line.startswith("at the top: expected object, got ")


def test_bytes_that_are_no_json() -> None:
    with pytest.raises(ProtocolViolation):
        taking(int).decode(b"{")


def test_floods_of_unknown_arguments_cost_little_and_say_little() -> None:
    def function(some_argument: int = 0, another_argument: int = 0) -> None: ...

    tool = ToolFunction(function, context_type=Context)
    flood = {"some_argument" * 9_000 + str(i): 1 for i in range(500)}
    started = time.process_time()
    lines = refusal(tool, flood)
    assert time.process_time() - started < 1
    assert len("".join(lines)) < 2_000


def test_nesting_is_no_way_in() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    assert decoded(Any, deep) is deep
    (line,) = refusal(taking(list[list[int]]), {"value": "[" * 100_000})
    assert line == "at /value: expected array, got string"
    chain: Any = {"name": "leaf"}
    for _ in range(100_000):
        chain = {"name": "a", "inner": chain}
    (line,) = refusal(taking(Chain), {"value": chain})
    assert line == "at /value: expected less nesting, got more"


# -- strings alone ----------------------------------------------------------------------------------------------------


def prompt(annotation: Any) -> PromptFunction:
    def function(value):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pyright: ignore
        return value

    function.__annotations__["value"] = annotation
    return PromptFunction(function, context_type=Context)


@pytest.mark.parametrize(
    ("annotation", "sent", "value"),
    [
        (str, "5", "5"),
        (str, "", ""),
        (int, "5", 5),
        (float, "1", 1.0),
        (bool, "true", True),
        (bool, "False", False),
        (Colour, "red", Colour.RED),
        (Level, "2", Level.HIGH),
        (Literal["a"], "a", "a"),
        (datetime.date, "2024-05-06", datetime.date(2024, 5, 6)),
        (list[int], "[1, 2]", [1, 2]),
        (Point, '{"x": 1}', Point(1)),
        (int | None, "null", None),
        (int | str, "5", "5"),
        (Any, "5", "5"),
    ],
    ids=str,
)
def test_a_prompts_arguments_are_read_from_strings(annotation: Any, sent: str, value: Any) -> None:
    found = prompt(annotation).decode({"value": sent})["value"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("annotation", "arguments", "line"),
    [
        (int, {"value": "five"}, "at /value: expected integer, got string"),
        (Colour, {"value": "green"}, "at /value: expected 'blue' or 'red', got string"),
        (str, None, "at /value: expected string, got nothing"),
        (str, {"value": "x", "valeu": "y"}, "at /valeu: there is no such argument; did you mean 'value'?"),
    ],
    ids=str,
)
def test_a_prompts_bad_arguments(annotation: Any, arguments: Any, line: str) -> None:
    assert refusal(prompt(annotation), arguments) == [line]


