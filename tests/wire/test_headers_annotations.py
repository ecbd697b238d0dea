"""Which `x-mcp-header` annotations a tool may have: one that it may not have costs it its place on the list."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from mcpstruct.wire.headers import MOST_ANNOTATIONS, InvalidAnnotation, annotations_of

GOOD = {"type": "string", "x-mcp-header": "Good"}


def schema(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def paths(document: dict[str, Any]) -> list[tuple[str, ...]]:
    return [one.path for one in annotations_of(document)]


@pytest.mark.parametrize("kind", ["string", "integer", "boolean"])
def test_these_types_may_be_annotated(kind: str) -> None:
    (one,) = annotations_of(schema(a={"type": kind, "x-mcp-header": "Method"}))
    assert one.header == "Mcp-Param-Method"


@pytest.mark.parametrize(
    "kind", ["number", "object", "array", "null", "any", ["string"], ["string", "null"], None, 1, {}]
)
def test_others_may_not(kind: Any) -> None:
    with pytest.raises(InvalidAnnotation, match="/properties/a/type: expected string, integer or boolean"):
        annotations_of(schema(a={"type": kind, "x-mcp-header": "A"}))


def test_nor_may_what_has_no_type() -> None:
    with pytest.raises(InvalidAnnotation, match="got none"):
        annotations_of(schema(a={"enum": ["x"], "x-mcp-header": "A"}))


@pytest.mark.parametrize("name", ["A", "a-b", "X_y.z", "!#$%&'*+-.^_`|~", "0", "Method"])
def test_names_are_tokens(name: str) -> None:
    (one,) = annotations_of(schema(a={"type": "string", "x-mcp-header": name}))
    assert one.header == f"Mcp-Param-{name}"
    assert one.key == f"mcp-param-{name}".lower().encode()


@pytest.mark.parametrize(
    "name",
    ["", " ", "My Region", " A", "A ", "Region:Primary", "Région", "Region\t1", "a\r\nX: y", "a\0", "a\x7f", "(a)",
     "a,b", 'a"', "a/b", "a@b", "a[b]", "a{b}", "a\\b", "a;b", "a<b>", "a=b", "a?b", "\u212a", None, 1, True, ["A"],
     {}],
)  # fmt: skip
def test_nothing_else_is(name: Any) -> None:
    with pytest.raises(InvalidAnnotation) as caught:
        annotations_of(schema(a={"type": "string", "x-mcp-header": name}))
    assert caught.value.problem.pointer == "/properties/a/x-mcp-header"
    assert caught.value.problem.expected == "a token (RFC 9110, section 5.6.2)"
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("first", "second"), [("Region", "Region"), ("MyField", "myfield"), ("A", "a")])
def test_no_two_may_be_the_same(first: str, second: str) -> None:
    one, other = {"type": "string", "x-mcp-header": first}, {"type": "integer", "x-mcp-header": second}
    with pytest.raises(InvalidAnnotation, match="whatever the case"):
        annotations_of(schema(a=one, b=other))
    with pytest.raises(InvalidAnnotation, match="whatever the case"):
        annotations_of(schema(a=one, b={"properties": {"c": other}}))


def test_annotations_may_stand_at_any_depth() -> None:
    document = schema(a={"type": "object", "properties": {"properties": {"properties": {"x-mcp-header": GOOD}}}}, b={})
    assert paths(document) == [("a", "properties", "x-mcp-header")]


@pytest.mark.parametrize(
    "document",
    [
        {"type": "string", "x-mcp-header": "Root"},
        {"items": GOOD},
        {"items": [GOOD]},
        {"prefixItems": [{}, GOOD]},
        {"additionalItems": GOOD},
        {"unevaluatedItems": GOOD},
        {"contains": GOOD},
        {"additionalProperties": GOOD},
        {"unevaluatedProperties": GOOD},
        {"propertyNames": GOOD},
        {"patternProperties": {".": GOOD}},
        {"dependentSchemas": {"a": GOOD}},
        {"dependencies": {"a": GOOD, "b": ["a"]}},
        {"$defs": {"a": GOOD}},
        {"definitions": {"a": GOOD}},
        {"contentSchema": GOOD},
        {"oneOf": [GOOD]},
        {"anyOf": [GOOD]},
        {"allOf": [GOOD]},
        {"not": GOOD},
        {"if": GOOD},
        {"then": GOOD},
        {"else": GOOD},
        {"allOf": [{"properties": {"a": GOOD}}]},
        {"$defs": {"a": {"properties": {"b": GOOD}}}, "properties": {"a": {"$ref": "#/$defs/a"}}},
        {"properties": {"a": {"items": {"properties": {"b": GOOD}}}}},
        {"properties": {"a": {"anyOf": [GOOD, {"type": "null"}]}}},
    ],
)
def test_but_nothing_except_properties_may_lead_there(document: dict[str, Any]) -> None:
    with pytest.raises(InvalidAnnotation, match="properties` alone lead to"):
        annotations_of(document)


def test_one_bad_annotation_is_enough() -> None:
    with pytest.raises(InvalidAnnotation, match="/properties/b/items/x-mcp-header"):
        annotations_of(schema(a=GOOD, b={"type": "array", "items": {"type": "string", "x-mcp-header": "B"}}))


@pytest.mark.parametrize(
    "document",
    [
        {},
        schema(**{"x-mcp-header": {"type": "string"}}),
        schema(a={"default": GOOD, "const": GOOD, "enum": [GOOD], "examples": [GOOD]}),
        schema(a={"x-other": GOOD, "description": "x-mcp-header"}),
        schema(a=True, b=False, c=None, d=[GOOD], e="x-mcp-header"),
        {
            "properties": [GOOD],
            "$defs": [GOOD],
            "items": "x",
            "allOf": None,
            "anyOf": ["x", None, 1],
            "required": ["a"],
        },
    ],
)
def test_data_is_not_taken_for_an_annotation(document: dict[str, Any]) -> None:
    assert paths(document) == []


def test_references_beside_it_do_not_matter() -> None:
    assert paths(schema(a={**GOOD, "$ref": "#/$defs/x"})) == [("a",)]


def test_deep_and_wide_schemas_are_only_looked_through() -> None:
    deep: dict[str, Any] = GOOD
    for _ in range(5000):
        deep = {"properties": {"a": deep, "b": {"type": "string"}}}
    (one,) = annotations_of(deep)
    assert one.path == ("a",) * 5000
    assert paths(schema(**{f"p{i}": {"type": "string"} for i in range(50_000)})) == []


def test_there_is_a_limit_to_headers() -> None:
    many = {f"p{i}": {"type": "string", "x-mcp-header": f"P{i}"} for i in range(MOST_ANNOTATIONS)}
    assert len(annotations_of(schema(**many))) == MOST_ANNOTATIONS
    with pytest.raises(InvalidAnnotation, match="at most 128 annotations"):
        annotations_of(schema(**many, q=GOOD))


def test_what_is_wrong_survives_a_pickle_and_is_short() -> None:
    with pytest.raises(InvalidAnnotation) as caught:
        annotations_of(schema(**{"a/b": {"type": "string", "x-mcp-header": "ä" * 10_000}}))
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own
    assert again.problem == caught.value.problem
    assert str(again).startswith("at /properties/a~1b/x-mcp-header: expected a token")
    assert len(str(again)) < 200
