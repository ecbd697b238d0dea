"""Fields: their Python names, what absence looks like, their bounds; and that what is accepted is honoured."""

from __future__ import annotations

import typing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from mcpstruct.base.codec import to_json
from mcpstruct_codegen.docs import Docs
from mcpstruct_codegen.schemas import NoRule
from tests.codegen.support import (
    FREE,
    INTEGER,
    NULL,
    NUMBER,
    SPEAKING,
    TEXT,
    Node,
    array,
    bindings,
    const,
    decoded,
    fault,
    imported,
    message,
    model,
    obj,
    one_of,
    ref,
    refused,
    round_trip,
)

# -- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wire", "attribute"),
    [
        ("mimeType", "mime_type"),
        ("_meta", "meta"),
        ("$schema", "schema"),
        ("vendor.example/clientInfo", "client_info"),
        ("x-y", "x_y"),
        ("URL", "url"),
        ("snake_case", "snake_case"),
        ("from", "from_"),
        ("class", "class_"),
        ("None", "none"),
        ("match", "match"),
        ("self", "self"),
        ("type", "type"),
        ("x1Y2", "x1_y2"),
    ],
)
def test_attributes_are_snake_case_and_wire_names_exact(tmp_path: Path, wire: str, attribute: str) -> None:
    made = bindings(tmp_path, {"A": obj({wire: FREE, "other": TEXT})})
    whole = {wire: {"k": 1}, "other": "x"}
    a = decoded(made.types.A, whole)
    assert attribute in a.__struct_fields__
    assert getattr(a, attribute) == {"k": 1}
    assert round_trip(made.types.A, whole) == whole


@pytest.mark.parametrize(
    "builtin", ["str", "int", "float", "bool", "list", "dict", "field", "lazy", "Any", "Literal", "UNSET"]
)
def test_a_field_may_be_named_like_something_the_module_uses(tmp_path: Path, builtin: str) -> None:
    others = {
        "text": TEXT,
        "many": array(TEXT),
        "free": FREE,
        "count": INTEGER,
        "kindOf": one_of(const("a"), const("b")),
    }
    made = bindings(tmp_path, {"A": obj({builtin: TEXT, **others}, maybe=one_of(TEXT, NULL), flag={"type": "boolean"})})
    whole = {builtin: "x", "text": "t", "many": ["m"], "free": {"f": 1}, "count": 1, "kindOf": "a", "flag": True}
    assert round_trip(made.types.A, whole) == whole


@pytest.mark.parametrize("wire", ["1st", "_", "$", "/", "é"])
def test_a_field_that_no_python_name_can_be_made_of_is_refused(wire: str) -> None:
    refused({"A": obj({wire: TEXT})}, f"A.{wire}", "no Python name can be made of it")


@pytest.mark.parametrize(
    "fields",
    [
        {"fooBar": TEXT, "foo_bar": TEXT},
        {"_meta": FREE, "meta": TEXT},
        {"kindOf": const("a"), "kind_of": TEXT},
        {"class": TEXT, "class_": TEXT},
    ],
    ids=["words", "meta", "tag", "keyword"],
)
def test_two_fields_of_one_python_name_are_refused(fields: Node) -> None:
    refused({"A": obj(fields)}, "A", "two fields would get the same Python name")


def test_a_tag_may_be_named_like_a_keyword(tmp_path: Path) -> None:
    made = bindings(tmp_path, {"A": obj({"class": const("a")}), "B": obj({"class": const("b")}), "U": one_of("A", "B")})
    assert made.types.A().class_ == "a"
    assert round_trip(made.types.U, {"class": "b"}) == {"class": "b"}


# -- absence and null -------------------------------------------------------------------------------------------------


def test_an_absent_optional_is_none_and_stays_absent(tmp_path: Path) -> None:
    made = bindings(
        tmp_path, {"A": obj({"a": TEXT}, b=TEXT, c=array(TEXT), d=FREE, e={"type": "boolean", "default": True})}
    )
    a = decoded(made.types.A, {"a": "x"})
    assert (a.b, a.c, a.d, a.e) == (None, None, None, None)
    assert to_json(a) == b'{"a":"x"}'
    assert a == made.types.A(a="x")
    assert repr(a) == "A(a='x', b=None, c=None, d=None, e=None)"


def test_an_explicit_null_for_an_optional_is_read_as_absence(tmp_path: Path) -> None:
    made = bindings(tmp_path, {"A": obj({"a": TEXT}, b=TEXT)})
    assert round_trip(made.types.A, {"a": "x", "b": None}) == {"a": "x"}


def test_where_null_is_a_value_absence_is_unset(tmp_path: Path) -> None:
    made = bindings(tmp_path, {"A": obj({"a": TEXT}, n=one_of(TEXT, NULL), v={})})
    absent = decoded(made.types.A, {"a": "x"})
    assert (absent.n, absent.v) == (UNSET, UNSET)
    assert to_json(absent) == b'{"a":"x"}'
    null = decoded(made.types.A, {"a": "x", "n": None, "v": None})
    assert (null.n, null.v) == (None, None)
    assert to_json(null) == b'{"a":"x","n":null,"v":null}'


@pytest.mark.parametrize(
    "nullable", [one_of(TEXT, NULL), {}, one_of("Text", NULL), ref("Text")], ids=["nullable", "any", "nested", "chain"]
)
def test_where_a_name_stands_for_null_too_absence_is_unset(tmp_path: Path, nullable: Node) -> None:
    made = bindings(tmp_path, {"Text": {}, "Maybe": nullable, "A": obj({"a": TEXT}, m=ref("Maybe"))})
    for whole in ({"a": "x"}, {"a": "x", "m": None}, {"a": "x", "m": "t"}):
        assert round_trip(made.types.A, whole) == whole


def test_a_required_nullable_has_to_be_there(tmp_path: Path) -> None:
    made = bindings(tmp_path, {"A": obj({"n": one_of(TEXT, NULL)})})
    assert round_trip(made.types.A, {"n": None}) == {"n": None}
    assert fault(made.types.A, {}).pointer == "/n"


def test_fields_are_given_by_keyword_only(tmp_path: Path) -> None:
    made = bindings(tmp_path, {"A": obj({"a": TEXT})})
    with pytest.raises(TypeError):
        made.types.A("x")


# -- numbers and bounds -----------------------------------------------------------------------------------------------


def test_numbers_keep_3_apart_from_3_0(tmp_path: Path) -> None:
    numbers = {
        "n": NUMBER,
        "l": array(NUMBER),
        "m": {**FREE, "additionalProperties": NUMBER},
        "u": {"type": ["number", "string"]},
    }
    made = bindings(tmp_path, {"A": obj(numbers), "N": NUMBER})
    wire = b'{"n":3,"l":[3,3.0],"m":{"a":3},"u":3}'
    assert to_json(msgspec.json.decode(wire, type=made.types.A)) == wire
    assert typing.get_type_hints(made.types.A)["n"] == int | float
    assert int | float == made.types.N


BOUNDED: Node = {
    "i": {"type": "integer", "minimum": 0, "maximum": 10},
    "n": {"type": "number", "minimum": 0, "maximum": 1},
    "x": {"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 5},
    "f": {"type": "number", "minimum": 0.5, "exclusiveMaximum": 2.5},
    "s": {"type": "string", "minLength": 1, "maxLength": 3},
    "l": array(TEXT, minItems=1, maxItems=2),
    "o": {"anyOf": [{"type": "integer", "minimum": 0}, NULL]},
    "t": {"type": ["integer", "null"], "minimum": 0},
}


@pytest.mark.parametrize(
    ("field", "inside", "outside"),
    [
        ("i", [0, 10], [-1, 11]),
        ("n", [0, 1, 0.5], [-0.5, 2, 1.5]),
        ("x", [1, 4], [0, 5]),
        ("f", [0.5, 1, 2, 2.25], [0, 0.25, 2.5, 3]),
        ("s", ["a", "abc"], ["", "abcd"]),
        ("l", [["a"], ["a", "b"]], [[], ["a", "b", "c"]]),
        ("o", [0, None], [-1]),
        ("t", [0, None], [-1]),
    ],
    ids=BOUNDED,
)
def test_bounds_of_fields_bind(tmp_path: Path, field: str, inside: list[Any], outside: list[Any]) -> None:
    made = bindings(tmp_path, {"A": obj({field: BOUNDED[field]})})
    for value in inside:
        assert round_trip(made.types.A, {field: value}) == {field: value}
    for value in outside:
        assert fault(made.types.A, {field: value}).pointer == f"/{field}"


def test_bounds_do_not_stand_in_the_parameters_of_stubs(tmp_path: Path) -> None:
    bounded = obj({name: BOUNDED[name] for name in ("i", "n", "l")})
    made = bindings(tmp_path, {**SPEAKING, "CallRequest": message("call", bounded)})
    hints = made.client.ClientSession.call.__annotations__
    assert (hints["i"], hints["n"], hints["l"]) == ("int", "int | float", "list[str]")


BOUND = {"type": "integer", "minimum": 0}


@pytest.mark.parametrize(
    "part",
    [array(BOUND), one_of(BOUND, TEXT), {**FREE, "additionalProperties": BOUND}],
    ids=["items", "union", "values"],
)
def test_bounds_on_a_part_of_a_field_are_refused(part: Node) -> None:
    refused({"A": obj({"part": part})}, "A.part", "no rule for bounds on a part of a field")


def test_a_field_may_be_named_like_a_bound(tmp_path: Path) -> None:
    made = bindings(
        tmp_path, {"A": obj({"part": obj({"minimum": INTEGER}), "parts": array(obj({"maxItems": INTEGER}))})}
    )
    whole = {"part": {"minimum": 1}, "parts": [{"maxItems": 1}]}
    assert round_trip(made.types.A, whole) == whole


# -- recursion --------------------------------------------------------------------------------------------------------


def test_objects_may_contain_themselves(tmp_path: Path) -> None:
    made = bindings(
        tmp_path,
        {
            "Tree": obj(
                {"v": TEXT, "next": one_of("Tree", NULL)},
                below=array(ref("Tree")),
                named={**FREE, "additionalProperties": ref("Leaf")},
            ),
            "Leaf": obj({"n": INTEGER}, tree=ref("Tree")),
        },
    )
    end = {"v": "c", "next": None}
    whole = {"v": "a", "next": end, "below": [end], "named": {"l": {"n": 1, "tree": end}}}
    assert round_trip(made.types.Tree, whole) == whole
    assert fault(made.types.Tree, {**whole, "below": [{"v": 1, "next": None}]}).pointer == "/below/0/v"


@pytest.mark.parametrize(
    "definitions",
    [
        {"A": ref("A")},
        {"A": ref("B"), "B": ref("A")},
        {"A": one_of("A", TEXT)},
        {"A": one_of(TEXT, array(ref("A")))},
        {"A": {**FREE, "additionalProperties": ref("A")}},
        {"A": array(ref("B")), "B": one_of("A", TEXT)},
    ],
    ids=["itself", "each-other", "union", "list", "map", "list-and-union"],
)
def test_types_that_are_made_of_themselves_are_refused(definitions: Node) -> None:
    refused(definitions, "A", "refers to itself")


# -- what is accepted is honoured -------------------------------------------------------------------------------------


ALIASED: Node = {"A": obj({"a": ref("Part")})}
NARROWED: Node = {"allOf": [obj({"a": const("x")}), obj({"a": TEXT})]}


def typed(kind: str, **more: Any) -> Node:
    """A definition with one field of this type."""
    return {"A": obj({"a": {"type": kind, **more}})}


# A schema, an instance that it allows, and one that it does not.
CONSTRUCTS: dict[str, tuple[Node, Any, Any]] = {
    "bound of an alias": ({**ALIASED, "Part": {"type": "integer", "minimum": 0}}, {"a": 0}, {"a": -1}),
    "bound of a list alias": ({**ALIASED, "Part": array(TEXT, maxItems=1)}, {"a": ["x"]}, {"a": ["x", "y"]}),
    "integer constant": (typed("integer", const=1), {"a": 1}, {"a": 2}),
    "boolean constant": (typed("boolean", const=True), {"a": True}, {"a": False}),
    "number constant": (typed("number", const=1.5), {"a": 1.5}, {"a": 2.5}),
    "integer enum": (typed("integer", enum=[1, 2]), {"a": 2}, {"a": 3}),
    "number enum": (typed("number", enum=[1, 2.5]), {"a": 2.5}, {"a": 3.5}),
    "odd enum": (typed("string", enum=['"', "\\", "\n", "é"]), {"a": '"'}, {"a": "x"}),
    "bounded constant": (typed("integer", const=1, minimum=0), {"a": 1}, {"a": 2}),
    "bounded enum": (typed("string", enum=["aa", "b"], minLength=2), {"a": "aa"}, {"a": "b"}),
    "length of an integer": (typed("integer", minLength=2), {"a": 1}, {"a": "x"}),
    "huge bound": (typed("integer", maximum=2**64), {"a": 1}, {"a": 2**64 + 1}),
    "null": ({"A": obj({"a": NULL}, b=NULL)}, {"a": None, "b": None}, {"a": 1}),
    "unknown required": ({"A": {**obj({"a": TEXT}), "required": ["a", "b"]}}, {"a": "x", "b": 1}, {"a": "x"}),
    "required in a free object": (typed("object", required=["x"]), {"a": {"x": 1}}, {"a": {}}),
    "type beside a union": (typed("string", anyOf=[TEXT, INTEGER]), {"a": "x"}, {"a": 1}),
    "narrowed and widened": ({"A": NARROWED}, {"a": "x"}, {"a": "y"}),
    "anything in a union": ({"A": obj(a=one_of(TEXT, {}))}, {"a": None}, 1),
}


@pytest.mark.parametrize(("definitions", "valid", "invalid"), CONSTRUCTS.values(), ids=CONSTRUCTS)
def test_a_construct_is_refused_or_honoured(tmp_path: Path, definitions: Node, valid: Any, invalid: Any) -> None:
    try:
        built = model(definitions)
    except NoRule as refusal:
        refused(definitions, "Part" if refusal.where.startswith("Part") else "A", "no rule")
    else:
        made = imported(tmp_path, built)
        assert round_trip(made.types.A, valid) == valid
        fault(made.types.A, invalid)


# -- documentation ----------------------------------------------------------------------------------------------------


def test_our_lines_are_the_docstrings_with_a_link_to_the_specification() -> None:
    docs = Docs({"A": "Says a."}, {}, {"A.a": "Where it is.", "*.b": "Any b."}, frozenset({"c"}))
    built = model({"A": obj({"a": TEXT, "b": TEXT, "c": TEXT, "size": obj({"n": INTEGER})})}, docs=docs)
    a = built.definition("A")
    assert (a.doc, a.link) == ("Says a.", "https://modelcontextprotocol.io/specification/2030-01-01/schema#a")
    assert [f.doc for f in a.fields[:3]] == ["Where it is.", "Any b.", None]
    assert built.definition("ASize").link == a.link  # an inline object stands in its owner's section


def test_old_revisions_have_no_page_for_their_schema() -> None:
    built = model({"A": obj({"a": TEXT})}, revision="2024-11-05")
    assert built.definition("A").link == "https://modelcontextprotocol.io/specification/2024-11-05"


def test_docstrings_reach_the_generated_code(tmp_path: Path) -> None:
    docs = Docs({"A": "Says a."}, {"ping": "Asks."}, {"A.a": "Where it is."})
    made = bindings(tmp_path, {"A": obj({"a": TEXT})}, docs=docs)
    assert made.types.A.__doc__.startswith("Says a.\n")
    assert made.client.ClientSession.ping.__doc__.startswith("Asks.\n")
    assert '    a: str\n    """Where it is."""\n' in made.source["types.py"]


def test_every_file_names_the_revision_the_hash_and_what_made_it(tmp_path: Path) -> None:
    made = bindings(tmp_path, {"A": obj({"a": TEXT})})
    for text in made.source.values():
        docstring = text.split('"""')[1]
        assert "2030-01-01" in docstring
        assert f"sha256 {'0' * 64}." in docstring
        assert "Made by `make gen`; never edited." in docstring
