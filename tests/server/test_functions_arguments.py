"""Arguments: JSON becomes exactly the annotated types, and whatever is wrong is told at once, without the values."""

from __future__ import annotations

import datetime
import decimal
import json
import pathlib
import uuid
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from mcpstruct.server.arguments import BadArguments
from mcpstruct.server.functions import PromptFunction, ToolFunction
from mcpstruct_bindings.merged.types import Tool
from tests.server.samples import (
    Cat,
    Circle,
    Colour,
    Context,
    Dog,
    Level,
    Options,
    Pair,
    Person,
    Point,
    Square,
    decoded,
    named,
    refusal,
    taking,
)
from tests.support.profile import effort

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
    ids=named,
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


@effort(100)
@given(st.lists(typed_values(), min_size=1, max_size=4))
def test_arguments_round_trip(samples: list[tuple[Any, Any]]) -> None:
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
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text('ab1"[{'),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["value", "x", "name"]), inner),
)


@effort(100)
@given(st.sampled_from(list(SAMPLES)), JSON)
def test_anything_is_decoded_or_refused(tp: Any, given_: Any) -> None:
    tool = taking(tp)
    for arguments in (given_, {"value": given_}):
        try:
            tool.decode(arguments)
        except BadArguments:
            continue


# -- defaults ---------------------------------------------------------------------------------------------------------


def test_mutable_defaults_are_fresh_for_each_call() -> None:
    shared = Point(1, 2)

    def function(
        tags: list[list[str]] = [["a"]],  # noqa: B006
        place: Point = shared,
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


# -- strings alone ----------------------------------------------------------------------------------------------------


def prompt(annotation: Any) -> PromptFunction:
    def function(value):  # type: ignore[no-untyped-def]  # pyright: ignore
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
    ids=named,
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
    ids=named,
)
def test_a_prompts_bad_arguments(annotation: Any, arguments: Any, line: str) -> None:
    assert refusal(prompt(annotation), arguments) == [line]
