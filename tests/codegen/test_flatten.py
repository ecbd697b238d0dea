"""Flatten: the spellings that schemas use for one thing become one spelling, and what has no rule is refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from mcpstruct_codegen.flatten import flatten
from mcpstruct_codegen.schemas import GeneratorError, NoRule, definitions_of
from tests.codegen.support import (
    FREE,
    INTEGER,
    NULL,
    TEXT,
    Node,
    array,
    bindings,
    const,
    decoded,
    fault,
    obj,
    one_of,
    ref,
    refused,
    round_trip,
)

CAT = obj({"kind": const("cat"), "lives": INTEGER})
DOG = obj({"kind": const("dog")}, trick=TEXT)
MAP: Node = {**FREE, "additionalProperties": TEXT}
PETS: Node = {"Cat": CAT, "Dog": DOG, "Pet": one_of("Cat", "Dog")}


# -- documents -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keyword", ["$defs", "definitions"])
def test_definitions_stand_under_either_keyword(keyword: str) -> None:
    point = {"$ref": f"#/{keyword}/Point"}
    document = {"$schema": "x", keyword: {"Point": obj({"x": INTEGER}), "Line": obj({"a": point}, b=array(point))}}
    assert definitions_of(document)["Line"] == obj({"a": ref("Point")}, b=array(ref("Point")))


def test_a_constant_that_looks_like_a_reference_stays_as_it_is() -> None:
    odd = {"type": "string", "const": "#/definitions/Point"}
    assert definitions_of({"definitions": {"A": obj(a=odd)}})["A"] == obj(a=odd)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ([1], "the document is not an object"),
        ({}, "neither `$defs` nor `definitions` has any"),
        ({"$defs": {}}, "neither `$defs` nor `definitions` has any"),
        ({"definitions": [obj()]}, "neither `$defs` nor `definitions` has any"),
    ],
    ids=["list", "nothing", "empty", "no-map"],
)
def test_what_defines_nothing_is_refused(document: Any, reason: str) -> None:
    with pytest.raises(GeneratorError, match=re.escape(reason)):
        definitions_of(document)


# -- allOf ------------------------------------------------------------------------------------------------------------


def test_an_intersection_of_objects_is_one_object_with_the_fields_of_all() -> None:
    flat = flatten({"Base": obj({"a": TEXT}, b=TEXT), "All": {"allOf": [ref("Base"), obj({"c": INTEGER})]}})
    assert flat["All"] == obj({"a": TEXT, "c": INTEGER}, b=TEXT) | {"properties": {"a": TEXT, "b": TEXT, "c": INTEGER}}


def test_what_stands_beside_an_intersection_is_part_of_it() -> None:
    flat = flatten({"Base": obj({"a": TEXT}), "All": {"allOf": [ref("Base")], **obj({"b": TEXT})}})
    assert flat["All"]["required"] == ["a", "b"]


def test_an_intersection_follows_references_to_references_and_intersections() -> None:
    flat = flatten({"A": obj({"a": TEXT}), "B": ref("A"), "C": {"allOf": [ref("B")]}, "D": {"allOf": [ref("C")]}})
    assert flat["D"]["properties"] == {"a": TEXT}


def test_an_intersection_with_a_closed_object_is_closed(tmp_path: Path) -> None:
    made = bindings(tmp_path, {"Box": {"allOf": [obj({"a": TEXT}), {**FREE, "additionalProperties": False}]}})
    assert decoded(made.types.Box, {"a": "x"}).a == "x"
    assert fault(made.types.Box, {"a": "x", "b": 1}).pointer == "/b"


@pytest.mark.parametrize("closed_first", [True, False])
def test_a_closed_object_stays_closed_beside_an_open_one(tmp_path: Path, closed_first: bool) -> None:
    parts = [{**obj({"a": TEXT}), "additionalProperties": False}, {**FREE, "additionalProperties": {}}]
    made = bindings(tmp_path, {"Box": {"allOf": parts if closed_first else parts[::-1]}})
    assert decoded(made.types.Box, {"a": "x"}).a == "x"
    assert fault(made.types.Box, {"a": "x", "b": 1}).pointer == "/b"


@pytest.mark.parametrize("beside", [MAP, FREE, {**FREE, "additionalProperties": {}}], ids=["equal", "bare", "open"])
def test_a_map_stays_one_beside_what_says_no_more(tmp_path: Path, beside: Node) -> None:
    made = bindings(tmp_path, {"A": obj(x={"allOf": [MAP, beside]}, y={"allOf": [beside, MAP]})})
    assert fault(made.types.A, {"x": {"k": 1}}).pointer == "/x/k"
    assert fault(made.types.A, {"y": {"k": 1}}).pointer == "/y/k"


def test_the_type_beside_an_intersection_of_objects_may_say_so(tmp_path: Path) -> None:
    made = bindings(tmp_path, {"A": {"type": "object", "allOf": [obj({"a": TEXT})]}})
    assert round_trip(made.types.A, {"a": "x"}) == {"a": "x"}


def test_an_intersection_with_a_union_is_a_union_of_intersections(tmp_path: Path) -> None:
    named: Node = {**PETS, "Tagged": {"allOf": [ref("Pet"), obj({"tag": TEXT})]}, "Owner": obj({"pet": ref("Tagged")})}
    made = bindings(tmp_path, named)
    cat = {"kind": "cat", "lives": 9, "tag": "t"}
    owner = decoded(made.types.Owner, {"pet": cat})
    assert type(owner.pet) is made.types.TaggedCat
    assert round_trip(made.types.Tagged, cat) == cat
    assert fault(made.types.Tagged, {"kind": "dog"}).pointer == "/tag"


def test_a_field_of_several_parts_is_an_intersection_too(tmp_path: Path) -> None:
    general = obj({"kind": TEXT, "params": obj(own=TEXT)}, any=True, same=INTEGER, pet=FREE)
    special = obj({"kind": const("x"), "params": obj({"id": TEXT})}, any=INTEGER, same=INTEGER, pet=ref("Pet"))
    made = bindings(tmp_path, {**PETS, "Special": {"allOf": [general, special]}})
    whole = {"kind": "x", "params": {"own": "o", "id": "i"}, "any": 1, "same": 2, "pet": {"kind": "dog"}}
    assert round_trip(made.types.Special, whole) == whole
    assert fault(made.types.Special, {**whole, "params": {}}).pointer == "/params/id"
    assert fault(made.types.Special, {**whole, "any": "x"}).pointer == "/any"


def test_a_free_field_may_become_its_own_definition(tmp_path: Path) -> None:
    made = bindings(tmp_path, {"Tree": {"allOf": [obj({"a": TEXT}, below=FREE), obj(below=ref("Tree"))]}})
    assert decoded(made.types.Tree, {"a": "x", "below": {"a": "y"}}).below.a == "y"


def test_an_intersection_may_contain_its_own_definition_in_a_field(tmp_path: Path) -> None:
    made = bindings(tmp_path, {"Tree": {"allOf": [obj({"a": TEXT}, below=array(ref("Tree")))]}})
    tree = {"a": "x", "below": [{"a": "y", "below": []}]}
    assert round_trip(made.types.Tree, tree) == tree


@pytest.mark.parametrize(
    ("definitions", "name", "reason"),
    [
        ({"A": {"allOf": [TEXT]}}, "A", "`allOf` of something else than objects"),
        ({"P": TEXT, "A": obj({"p": {"allOf": [ref("P")]}})}, "A.p", "`allOf` of something else than objects"),
        ({**PETS, "A": {"allOf": [one_of("Cat", NULL)]}}, "A", "`allOf` of something else than objects"),
        ({**PETS, "A": {"allOf": [ref("Pet"), ref("Pet")]}}, "A", "`allOf` of two unions"),
        ({"A": {"allOf": [obj(a=TEXT), obj(a=INTEGER)]}}, "A.a", "`allOf` of two types of one property"),
        ({"P": TEXT, "A": {"allOf": [obj(a=FREE), obj(a=ref("P"))]}}, "A.a", "`allOf` of two types of one property"),
        ({"A": {"allOf": [obj(a=FREE), obj(a=TEXT)]}}, "A.a", "`allOf` of two types of one property"),
        ({"A": {"allOf": [MAP, {**FREE, "additionalProperties": INTEGER}]}}, "A", "two types of further keys"),
        ({"A": {"allOf": [{**FREE, "additionalProperties": False}, MAP]}}, "A", "two types of further keys"),
        ({"A": {"type": "string", "allOf": [obj(a=TEXT)]}}, "A", "`allOf` of something else than objects"),
        ({"A": {"allOf": [ref("Nowhere")]}}, "A", "Nowhere"),
        ({"B": ref("B"), "A": {"allOf": [ref("B")]}}, "A", "refers to itself"),
        ({"A": {"allOf": [ref("A")]}}, "A", "refers to itself"),
        ({"A": {"allOf": [ref("B")]}, "B": {"allOf": [ref("A")]}}, "A", "refers to itself"),
    ],
    ids=[
        "scalar",
        "scalar-in-a-field",
        "null-arm",
        "two-unions",
        "disjoint",
        "free-and-named-text",
        "free-and-text",
        "two-maps",
        "closed-and-map",
        "beside-text",
        "missing",
        "loop",
        "itself",
        "each-other",
    ],
)
def test_intersections_without_a_rule_are_refused(definitions: Node, name: str, reason: str) -> None:
    refused(definitions, name, reason)


# -- anyOf and lists of types -----------------------------------------------------------------------------------------


def test_a_union_of_constants_is_an_enumeration(tmp_path: Path) -> None:
    made = bindings(tmp_path, {"Level": one_of(const("low"), const("high")), "Log": obj({"level": ref("Level")})})
    assert "Level: TypeAlias = Literal[" in made.source["types.py"]
    assert decoded(made.types.Log, {"level": "high"}).level == "high"
    assert fault(made.types.Log, {"level": "mid"}).expected == "'high' or 'low'"


def test_a_list_of_types_is_a_union() -> None:
    flat = flatten({"A": obj(a={"type": ["string", "integer"]})})
    assert flat["A"]["properties"]["a"] == one_of(TEXT, INTEGER)


@pytest.mark.parametrize("nullable", [{"type": ["string", "null"]}, one_of(TEXT, NULL)], ids=["list", "anyOf"])
def test_both_spellings_of_nullable_are_one(nullable: Node) -> None:
    assert flatten({"A": nullable}) == {"A": one_of(TEXT, NULL)}


@pytest.mark.parametrize(
    "beside",
    [{"properties": {"a": TEXT}, "type": "object"}, {"minLength": 1}, {"enum": ["a"]}],
    ids=["properties", "bounds", "enum"],
)
def test_a_union_beside_other_keywords_is_refused(beside: Node) -> None:
    refused({"A": obj({"a": {**one_of(TEXT, INTEGER), **beside}})}, "A.a", "`anyOf` beside other keywords")


def test_a_default_beside_a_union_changes_nothing() -> None:
    flat = flatten({"A": obj(a={**one_of(TEXT, INTEGER), "default": 1})})
    assert flat["A"]["properties"]["a"] == one_of(TEXT, INTEGER)


# -- openness, prose, references --------------------------------------------------------------------------------------


@pytest.mark.parametrize("nothing", [False, {"not": {}}], ids=["false", "not-anything"])
def test_both_spellings_of_closed_are_one(nothing: object) -> None:
    assert flatten({"A": {**FREE, "additionalProperties": nothing}})["A"]["additionalProperties"] is False


def test_true_is_the_schema_of_anything() -> None:
    flat = flatten({"A": {**FREE, "additionalProperties": True}, "B": obj(b=True)})
    assert flat["A"]["additionalProperties"] == {}
    assert flat["B"]["properties"]["b"] == {}


@pytest.mark.parametrize(
    "prose",
    [
        {"description": "d"},
        {"title": "t"},
        {"$comment": "c"},
        {"examples": ["e"]},
        {"deprecated": True},
        {"format": "uri"},
        {"propertyNames": {"type": "string"}},
    ],
    ids=lambda prose: next(iter(prose)),
)
def test_what_only_annotates_is_left_out(prose: Node) -> None:
    assert flatten({"A": obj(a={**TEXT, **prose})}) == {"A": obj(a=TEXT)}


def test_fields_may_be_named_like_keywords(tmp_path: Path) -> None:
    names = (
        "description",
        "title",
        "examples",
        "default",
        "properties",
        "required",
        "anyOf",
        "minimum",
        "oneOf",
        "not",
    )
    made = bindings(tmp_path, {"A": obj(dict.fromkeys(names, TEXT))})
    whole = dict.fromkeys(names, "x")
    assert round_trip(made.types.A, whole) == whole


def test_a_copy_of_a_definition_with_a_constant_is_a_reference_to_it(tmp_path: Path) -> None:
    copy = {**CAT, "required": ["lives", "kind"]}
    made = bindings(tmp_path, {"Cat": CAT, "Home": obj({"cat": copy}, cats=array(copy))})
    home = decoded(made.types.Home, {"cat": {"kind": "cat", "lives": 9}, "cats": [{"kind": "cat", "lives": 8}]})
    assert type(home.cat) is type(home.cats[0]) is made.types.Cat


def test_a_copy_without_a_constant_stays_an_object_of_its_own(tmp_path: Path) -> None:
    made = bindings(
        tmp_path, {"Size": obj({"n": INTEGER}), "Home": obj({"area": obj({"n": INTEGER}), "s": ref("Size")})}
    )
    assert type(decoded(made.types.Home, {"area": {"n": 1}, "s": {"n": 1}}).area) is made.types.HomeArea


def test_a_property_may_be_named_properties(tmp_path: Path) -> None:
    made = bindings(tmp_path, {"Form": obj({"properties": obj({"type": const("x")}), "type": TEXT})})
    form = {"properties": {"type": "x"}, "type": "y"}
    assert round_trip(made.types.Form, form) == form


KEYWORDS: Node = {
    "oneOf": [TEXT],
    "not": TEXT,
    "if": TEXT,
    "pattern": "^a",
    "patternProperties": {},
    "minProperties": 1,
    "uniqueItems": True,
    "multipleOf": 2,
    "prefixItems": [TEXT],
    "dependentRequired": {},
    "$dynamicRef": "#x",
    "x-ours": 1,
}


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_an_unknown_keyword_is_refused(keyword: str) -> None:
    refused({"A": obj(a={**TEXT, keyword: KEYWORDS[keyword]})}, "A.a", f"no rule for the keyword `{keyword}`")


@pytest.mark.parametrize(
    ("node", "name"),
    [
        (obj(a=array({**TEXT, "pattern": "x"})), "A.a[]"),
        (obj(a={**FREE, "additionalProperties": {**TEXT, "pattern": "x"}}), "A.a{}"),
        (one_of({**TEXT, "pattern": "x"}, INTEGER), "A"),
        ({"allOf": [obj(a={**TEXT, "pattern": "x"})]}, "A.a"),
    ],
    ids=["items", "values", "union", "intersection"],
)
def test_a_refusal_tells_the_way_from_the_definition(node: Node, name: str) -> None:
    refused({"A": node}, name, "`pattern`")


@pytest.mark.parametrize(
    ("node", "name", "reason"),
    [
        (obj(a=False), "A.a", "a schema that is False"),
        (obj(a={**FREE, "propertyNames": {"pattern": "x"}}), "A.a", "`propertyNames` that restrict"),
        (obj(a={"$ref": "https://example.com/s.json"}), "A.a", "of the same document"),
        (obj(a={"$ref": "other.json#/$defs/B"}), "A.a", "of the same document"),
        (obj(a={"$ref": "#"}), "A.a", "of the same document"),
        (obj(a={**ref("A"), "minLength": 1}), "A.a", "`$ref` beside other keywords"),
        (obj(a={**ref("A"), **obj(b=TEXT)}), "A.a", "`$ref` beside other keywords"),
    ],
    ids=["false", "names", "remote", "other-file", "root", "bounds-beside-ref", "properties-beside-ref"],
)
def test_nodes_without_a_rule_are_refused(node: Any, name: str, reason: str) -> None:
    refused({"A": node}, name, reason)


@pytest.mark.parametrize(
    ("node", "told"),
    [
        ({"allOf": [ref("Nowhere")]}, "A: `allOf` leads to Nowhere, which is missing"),
        ({"allOf": [ref("B")]}, "A: `allOf` leads to B, which is missing or refers to itself"),
        (obj(a={"$ref": "https://example.com/s.json"}), "only references to definitions of the same document"),
        ([1], re.escape("A: a schema that is [1]")),
    ],
    ids=["missing", "loop", "remote", "list"],
)
def test_the_phase_itself_refuses_what_no_importer_lets_in(node: Any, told: str) -> None:
    with pytest.raises(NoRule, match=told):
        flatten({"A": node, "B": ref("B")})
