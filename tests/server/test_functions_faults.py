"""Bad arguments: what models get wrong is told all at once, by place and type and without values, or understood."""

from __future__ import annotations

import datetime
import json
import pathlib
import time
import uuid
from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta, Raw

from mcpstruct.base.errors import ProtocolViolation
from mcpstruct.server.functions import ToolFunction
from tests.server.samples import (
    Cat,
    Chain,
    Circle,
    Colour,
    Context,
    Dog,
    Even,
    Options,
    Point,
    Square,
    decoded,
    named,
    refusal,
    taking,
)

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
    ids=named,
)
def test_json_in_a_string_will_do_where_no_string_is_allowed(annotation: Any, sent: Any, value: Any) -> None:
    found = decoded(annotation, sent)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("annotation", "sent", "value"),
    [
        (str, "5", "5"),
        (str | int, "5", "5"),
        (Any, "[1]", "[1]"),
        (list[str], ["1"], ["1"]),
        (str | None, "null", "null"),
    ],
    ids=named,
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
    ids=named,
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
