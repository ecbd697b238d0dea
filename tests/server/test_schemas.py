"""Schemas of what functions take and give: valid by the metaschema, the same each time, and true of what is taken."""

from __future__ import annotations

import datetime
import decimal
import json
import pathlib
import subprocess
import sys
import uuid
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Generic, Literal, NewType, TypeVar

import jsonschema_rs
import msgspec
import pytest
from msgspec import Meta

from mcpstruct.base.shapes import Shape
from mcpstruct.server.functions import ToolFunction
from mcpstruct.server.schemas import output_schema
from mcpstruct_bindings.merged.types import ElicitRequestParams, Tool
from tests.server.samples import Cat, Circle, Colour, Context, Dog, Options, Pair, Person, Square, named, taking

T = TypeVar("T")


class Point(msgspec.Struct):
    """A point.

    On a plane.
    """

    x: int
    y: int = 0


class Tree(msgspec.Struct):
    name: str
    children: list[Tree] = []


class Box(msgspec.Struct, Generic[T]):
    content: T


HOME = Point(1, 2)
Name = NewType("Name", str)
TYPES: list[Any] = [
    str, int, float, bool, None, Any, bytes, list, dict, tuple, set, datetime.datetime, datetime.date, datetime.time,
    datetime.timedelta, uuid.UUID, decimal.Decimal, pathlib.Path, Colour, Point, Tree, Person, Options, Pair, Name,
    Box[int], Box[Point], Circle | Square, Cat | Dog, list[Cat | Dog | None], dict[str, Cat | list[Dog]], Point | None,
    Literal["a", "b"], Literal[1, None], list[Point], dict[str, Person], tuple[int, str], tuple[int, ...], set[int],
    frozenset[str], Sequence[int], Mapping[str, Tree], int | str | None, datetime.datetime | str | None,
    list[int] | list[str], Annotated[int, Meta(ge=1, le=9, description="A digit.")], dict[int, str],
    Annotated[str, Meta(pattern="^a", min_length=1, examples=["a"])], list[Annotated[str, Meta(max_length=3)]],
    Annotated[Cat | Dog, Meta(description="A pet.")], Tool, ElicitRequestParams, Box[Cat | Dog], msgspec.Raw,
]  # fmt: skip


def schema_of(annotation: Any) -> dict[str, Any]:
    """The input schema of a function with one parameter."""
    return taking(annotation).input_schema


@pytest.mark.parametrize("annotation", TYPES, ids=named)
def test_schemas_are_valid_and_whole(annotation: Any) -> None:
    for schema in (schema_of(annotation), output_schema(Shape(annotation))):
        jsonschema_rs.meta.validate(schema)
        jsonschema_rs.Draft202012Validator(schema)  # finds every `$ref`
        assert schema["type"] == "object"
        assert json.loads(json.dumps(schema)) == schema


def test_the_whole_of_a_schema() -> None:
    def search(
        query: str,
        where: Point,
        limit: Annotated[int, Meta(ge=1, description="At most so many.")] = 10,
        *,
        colours: list[Colour] | None = None,
        home: Point = HOME,
    ) -> None:
        """Search.

        Args:
            query: What to look for.
            where: Around there.
            limit: Not read, as the annotation says it too.
        """

    search.__annotations__.update(
        query=str,
        where=Point,
        limit=Annotated[int, Meta(ge=1, description="At most so many.")],
        colours=list[Colour] | None,
        home=Point,
    )
    assert ToolFunction(search, context_type=Context).input_schema == {
        "type": "object",
        "properties": {
            "query": {"type": "string", "description": "What to look for."},
            "where": {"$ref": "#/$defs/Point", "description": "Around there."},
            "limit": {"type": "integer", "minimum": 1, "description": "At most so many.", "default": 10},
            "colours": {
                "anyOf": [{"type": "array", "items": {"$ref": "#/$defs/Colour"}}, {"type": "null"}],
                "default": None,
            },
            "home": {"$ref": "#/$defs/Point", "default": {"x": 1, "y": 2}},
        },
        "required": ["query", "where"],
        "additionalProperties": False,
        "$defs": {
            "Point": {
                "description": "A point.\n\nOn a plane.",
                "type": "object",
                "properties": {"x": {"type": "integer"}, "y": {"type": "integer", "default": 0}},
                "required": ["x"],
            },
            "Colour": {"enum": ["blue", "red"]},
        },
    }


def test_a_union_without_a_tag_is_any_of_its_arms() -> None:
    schema = schema_of(list[Cat | Dog])
    assert schema["properties"]["value"] == {
        "type": "array",
        "items": {"anyOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}]},
    }
    assert list(schema["$defs"]) == ["Cat", "Dog"]


def test_unions_keep_their_order() -> None:
    def types(schema: dict[str, Any]) -> list[str]:
        return [arm["type"] for arm in schema["properties"]["value"]["anyOf"]]

    assert types(schema_of(int | str)) == ["integer", "string"]
    assert types(schema_of(str | int)) == ["string", "integer"]


def test_defaults_that_json_cannot_hold_are_not_shown() -> None:
    missing = object()

    def function(value: Any = missing) -> None: ...

    assert ToolFunction(function, context_type=Context).input_schema["properties"] == {"value": {}}


def test_a_string_in_an_annotation_describes() -> None:
    assert schema_of(Annotated[int, "How many."])["properties"]["value"] == {
        "type": "integer",
        "description": "How many.",
    }


def test_types_of_one_name_stay_apart() -> None:
    first = msgspec.defstruct("Same", [("x", int)], module="one")
    second = msgspec.defstruct("Same", [("y", str)], module="two")

    def function(a: first, b: second) -> None: ...  # type: ignore[valid-type]  # pyright: ignore

    function.__annotations__.update(a=first, b=second)
    schema = ToolFunction(function, context_type=Context).input_schema
    assert list(schema["$defs"]) == ["one.Same", "two.Same"]


# -- outputs ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "annotation", [Point, Tree, Person, Options, dict[str, int], dict, Box[int], Mapping[str, int]]
)
def test_objects_are_themselves(annotation: Any) -> None:
    schema = output_schema(Shape(annotation))
    assert schema["type"] == "object"
    assert "result" not in schema.get("properties", {})


@pytest.mark.parametrize("annotation", [int, list[Point], Colour, Point | None, Pair, Circle | Square, Cat | Dog])
def test_anything_else_is_the_result_of_an_object(annotation: Any) -> None:
    schema = output_schema(Shape(annotation))
    assert schema["required"] == ["result"]
    assert list(schema["properties"]) == ["result"]


def test_only_what_is_referred_to_is_defined() -> None:
    assert output_schema(Shape(Point)) == {
        "description": "A point.\n\nOn a plane.",
        "type": "object",
        "properties": {"x": {"type": "integer"}, "y": {"type": "integer", "default": 0}},
        "required": ["x"],
    }
    assert list(output_schema(Shape(Tree))["$defs"]) == ["Tree"]


# -- determinism ------------------------------------------------------------------------------------------------------

_PRINT = """
import json
from tests.server.test_schemas import TYPES, schema_of
print(json.dumps([schema_of(tp) for tp in TYPES]))
"""


def test_schemas_are_the_same_in_every_process() -> None:
    outputs = {
        subprocess.run(
            [sys.executable, "-c", _PRINT],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(filter(None, [".", *sys.path]))},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
