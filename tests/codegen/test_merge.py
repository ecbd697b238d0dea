"""Merge: one neutral set of types that accepts what every revision sends."""

from __future__ import annotations

import typing
from pathlib import Path
from typing import Any

import pytest

from mcpstruct_codegen import outputs
from mcpstruct_codegen.schemas import GeneratorError
from tests.codegen.support import (
    FREE,
    INTEGER,
    NULL,
    NUMBER,
    TEXT,
    Bindings,
    Node,
    array,
    const,
    decoded,
    fault,
    imported,
    message,
    obj,
    one_of,
    ref,
    round_trip,
    row,
    schema_folder,
)

TOLD: Node = {"ToldNotification": message("told", notification=True), "EmptyResult": FREE}


def merged(folder: Path, *revisions: Node, overrides: str = "") -> Bindings:
    """The merged bindings of tiny revisions, oldest first."""
    built = outputs.models(schema_folder(folder / "schema", *revisions, overrides=overrides))
    assert built[-1].package == "merged"
    return imported(folder, built[-1])


def hint(made: Bindings, name: str = "A", field: str = "a") -> Any:
    """The type hint of a field."""
    return typing.get_type_hints(getattr(made.types, name))[field]


def of_field(*nodes: Node) -> list[Node]:
    """One revision for each node: the type of one required field."""
    return [{"A": obj({"a": node})} for node in nodes]


# -- objects ----------------------------------------------------------------------------------------------------------


def test_fields_are_the_union_and_required_is_the_intersection(tmp_path: Path) -> None:
    old, new = obj({"a": TEXT, "b": TEXT}, c=TEXT), obj({"a": TEXT, "d": TEXT}, b=TEXT)
    made = merged(tmp_path, {"A": old}, {"A": new})
    for whole in ({"a": "1", "b": "2", "c": "3"}, {"a": "1", "d": "4"}, {"a": "1"}):
        assert round_trip(made.types.A, whole) == whole
    assert fault(made.types.A, {"b": "2"}).pointer == "/a"


def test_definitions_of_every_revision_are_there(tmp_path: Path) -> None:
    made = merged(tmp_path, {"Gone": obj({"a": TEXT})}, {"Kept": obj({"b": ref("New")}), "New": obj({"c": TEXT})})
    assert round_trip(made.types.Gone, {"a": "x"}) == {"a": "x"}
    assert round_trip(made.types.Kept, {"b": {"c": "x"}}) == {"b": {"c": "x"}}


def test_two_types_in_one_place_become_one_named_by_the_place(tmp_path: Path) -> None:
    old = {"A": obj({"a": ref("B")}), "B": obj({"x": TEXT, "old": TEXT})}
    new = {"A": obj({"a": ref("C")}), "C": obj({"x": TEXT, "new": TEXT})}
    made = merged(tmp_path, old, new)
    for whole in ({"a": {"x": "1", "old": "2"}}, {"a": {"x": "1", "new": "3"}}):
        assert type(decoded(made.types.A, whole).a) is made.types.AA
        assert round_trip(made.types.A, whole) == whole


def test_an_inline_object_and_a_named_one_become_one(tmp_path: Path) -> None:
    old, new = {"A": obj({"a": obj({"x": TEXT})})}, {"A": obj({"a": ref("B")}), "B": obj({"x": TEXT}, y=TEXT)}
    made = merged(tmp_path, old, new)
    for whole in ({"a": {"x": "1"}}, {"a": {"x": "1", "y": "2"}}):
        assert round_trip(made.types.A, whole) == whole


@pytest.mark.parametrize("closed_first", [True, False])
def test_what_is_closed_in_some_revisions_only_is_not_closed(tmp_path: Path, closed_first: bool) -> None:
    revisions = [{"A": {**obj({"a": TEXT}), "additionalProperties": False}}, {"A": obj({"a": TEXT})}]
    made = merged(tmp_path, *(revisions if closed_first else revisions[::-1]))
    assert decoded(made.types.A, {"a": "x", "other": 1}).a == "x"


def test_what_is_closed_in_all_revisions_is_closed(tmp_path: Path) -> None:
    closed = {"additionalProperties": False}
    made = merged(tmp_path, {"A": {**obj({"a": TEXT}), **closed}}, {"A": {**obj({"a": TEXT, "b": TEXT}), **closed}})
    assert fault(made.types.A, {"a": "x", "other": 1}).pointer == "/other"


@pytest.mark.parametrize("free_first", [True, False])
@pytest.mark.parametrize("named", [True, False])
def test_a_free_object_that_a_revision_gives_keys_accepts_both(tmp_path: Path, free_first: bool, named: bool) -> None:
    keyed = {"A": obj({"a": ref("B")}), "B": obj({"x": TEXT})} if named else {"A": obj({"a": obj({"x": TEXT})})}
    revisions = [{"A": obj({"a": FREE})}, keyed]
    made = merged(tmp_path, *(revisions if free_first else revisions[::-1]))
    assert decoded(made.types.A, {"a": {"x": "1"}}).a.x == "1"
    assert decoded(made.types.A, {"a": {"own": 1}}).a.x is None


def test_a_bag_stays_a_bag(tmp_path: Path) -> None:
    result = {**obj(_meta=FREE), "additionalProperties": {}}
    typed = {**obj({"resultType": TEXT}, _meta=FREE), "additionalProperties": {}}
    made = merged(tmp_path, {"Result": result, "A": obj(r=ref("Result"))}, {"Result": typed, "A": obj(r=ref("Result"))})
    whole = {"r": {"own": 1, "_meta": {"k": 2}}}
    assert round_trip(made.types.A, whole) == whole
    assert decoded(made.types.A, {"r": {"resultType": "t"}}).r.result_type == "t"


def test_a_lazy_document_stays_lazy(tmp_path: Path) -> None:
    def tool(**more: Node) -> Node:
        return {"Tool": obj({"inputSchema": obj({"type": const("object")}, **more)})}

    made = merged(tmp_path, tool(), tool(properties={**FREE, "additionalProperties": {}}))
    assert decoded(made.types.Tool, {"inputSchema": {"type": "object", "x": 1}}).input_schema["x"] == 1


# -- types ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "widened"),
    [
        (TEXT, INTEGER, str | int),
        (INTEGER, NUMBER, int | float),
        (TEXT, one_of(TEXT, NULL), str | None),
        (TEXT, array(TEXT), str | list[str]),
        (TEXT, {}, Any),
        (const("x"), TEXT, str),
        (const("x"), const("y"), str),
        ({"type": "string", "enum": ["a"]}, TEXT, str),
        ({"type": "integer", "minimum": 0}, {"type": "integer", "minimum": 1}, int),
        (array(TEXT, maxItems=1), array(INTEGER), list[str | int]),
        (array(TEXT, maxItems=1), array(TEXT), list[str]),
        ({**FREE, "additionalProperties": TEXT}, {**FREE, "additionalProperties": INTEGER}, dict[str, str | int]),
        ({**FREE, "additionalProperties": TEXT}, FREE, dict[str, Any]),
    ],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_types_are_widened(tmp_path: Path, old: Node, new: Node, widened: Any, swapped: bool) -> None:
    assert hint(merged(tmp_path, *of_field(*((new, old) if swapped else (old, new))))) == widened


def test_enumerations_are_joined(tmp_path: Path) -> None:
    low, high = ({"type": "string", "enum": values} for values in (["a", "b"], ["b", "c"]))
    made = merged(tmp_path, *of_field(low, high))
    assert {round_trip(made.types.A, {"a": value})["a"] for value in "abc"} == {"a", "b", "c"}
    assert fault(made.types.A, {"a": "d"}).expected == "'a' or 'b' or 'c'"


def test_a_named_union_absorbs_what_it_holds(tmp_path: Path) -> None:
    old, new = {"A": obj({"a": TEXT})}, {"A": obj({"a": ref("Id")}), "Id": {"type": ["string", "integer"]}}
    assert hint(merged(tmp_path / "1", old, new)) == str | int
    assert hint(merged(tmp_path / "2", new, old)) == str | int


def test_a_union_grows(tmp_path: Path) -> None:
    b, c = {"B": obj({"t": const("b")})}, {"C": obj({"t": const("c")})}
    made = merged(tmp_path, {**b, "A": obj({"a": ref("B")})}, {**b, **c, "A": obj({"a": one_of("B", "C")})})
    assert type(decoded(made.types.A, {"a": {"t": "b"}}).a) is made.types.B
    assert type(decoded(made.types.A, {"a": {"t": "c"}}).a) is made.types.C


MAP = {**FREE, "additionalProperties": TEXT}


@pytest.mark.parametrize(
    ("old", "new", "name", "reason"),
    [
        ({"A": MAP}, {"A": obj({"a": TEXT})}, "A", "no rule to merge an object and a map"),
        (
            *of_field(one_of(TEXT, array(TEXT)), one_of(INTEGER, array(INTEGER))),
            "A",
            "no rule to merge unions that both hold arrays",
        ),
        ({"B": TEXT, "A": obj({"a": ref("B")})}, {"B": obj({"b": TEXT}), "A": obj({"a": ref("B")})}, "B", "no rule"),
        (*of_field(MAP, obj({"b": TEXT})), "A", "no rule"),
        ({"A": obj({"a": MAP})}, {"A": obj({"a": ref("B")}), "B": obj({"b": TEXT})}, "A", "no rule"),
    ],
    ids=["map-and-object", "two-lists", "text-and-object", "map-and-inline-object", "map-and-named-object"],
)
def test_types_that_cannot_be_merged_are_refused(tmp_path: Path, old: Node, new: Node, name: str, reason: str) -> None:
    with pytest.raises(GeneratorError) as caught:
        merged(tmp_path, old, new)
    assert str(caught.value).startswith(name)
    assert reason in str(caught.value)


# -- names ------------------------------------------------------------------------------------------------------------

OLD_NAME = row("same", until="2030-01-01", definition="Old", **{"as": "New"})


def test_a_definition_under_a_new_name_is_one_type_with_an_alias(tmp_path: Path) -> None:
    old = {"Old": obj({"a": TEXT, "b": TEXT}), "A": obj({"x": ref("Old")}, xs=array(ref("Old")))}
    new = {"New": obj({"a": TEXT}, c=TEXT), "A": obj({"x": ref("New")})}
    made = merged(tmp_path, old, new, overrides=OLD_NAME)
    assert made.types.Old is made.types.New
    whole = {"x": {"a": "1", "c": "2"}, "xs": [{"a": "1", "b": "2"}]}
    assert type(decoded(made.types.A, whole).xs[0]) is made.types.New
    assert round_trip(made.types.A, whole) == whole


def test_a_name_that_lives_on_as_something_else_is_no_alias(tmp_path: Path) -> None:
    old = {"Old": obj({"kind": const("a"), "x": TEXT})}
    new = {"New": obj({"kind": const("a"), "x": TEXT}), "More": obj({"kind": const("b")}), "Old": one_of("New", "More")}
    made = merged(tmp_path, old, new, overrides=OLD_NAME)
    assert type(decoded(made.types.Old, {"kind": "a", "x": "1"})) is made.types.New
    assert type(decoded(made.types.Old, {"kind": "b"})) is made.types.More


def test_a_new_name_that_the_old_revision_has_already_is_refused(tmp_path: Path) -> None:
    old = {"Old": obj({"a": TEXT}), "New": obj({"z": INTEGER}), "A": obj(o=ref("Old"), n=ref("New"))}
    with pytest.raises(GeneratorError, match="New"):
        merged(tmp_path, old, {"New": obj({"a": TEXT}), "A": obj(n=ref("New"))}, overrides=OLD_NAME)


def test_one_new_name_for_two_definitions_is_refused(tmp_path: Path) -> None:
    old = {"Old": obj({"a": TEXT}), "Older": obj({"b": TEXT}), "A": obj(o=ref("Old"), p=ref("Older"))}
    rows = OLD_NAME + row("same", until="2030-01-01", definition="Older", **{"as": "New"})
    with pytest.raises(GeneratorError, match="New: would be the name of 2 definitions of 2030-01-01"):
        merged(tmp_path, old, {"New": obj({"a": TEXT}), "A": obj(o=ref("New"))}, overrides=rows)


@pytest.mark.parametrize("since", [0, 1])
def test_a_place_whose_name_is_that_of_an_unrelated_definition_is_refused(tmp_path: Path, since: int) -> None:
    revisions: list[Node] = [
        {"A": obj({"a": ref("B")}), "B": obj({"x": TEXT})},
        {"A": obj({"a": ref("C")}), "C": obj({"y": TEXT})},
    ]
    revisions[since] |= {"AA": obj({"z": INTEGER}), "Other": obj({"aa": ref("AA")})}
    with pytest.raises(GeneratorError, match=r"AA: .* the name of another definition"):
        merged(tmp_path, *revisions)


def test_a_place_may_change_its_type_again_and_again(tmp_path: Path) -> None:
    made = merged(tmp_path, *({"A": obj({"a": ref(n)}), n: obj({n.lower(): TEXT})} for n in ("B", "C", "D")))
    for whole in ({"a": {"b": "1"}}, {"a": {"c": "2"}}, {"a": {"d": "3"}}):
        assert round_trip(made.types.A, whole) == whole


# -- methods ----------------------------------------------------------------------------------------------------------


def test_methods_tell_since_when_and_until_when(tmp_path: Path) -> None:
    def speaking(*methods: str) -> Node:
        return {**TOLD, **{f"{m.capitalize()}Request": message(m) for m in methods}}

    folder = schema_folder(
        tmp_path, speaking("a", "b"), speaking("a", "c"), speaking("a", "b", "c"), speaking("b", "c")
    )
    *strict, neutral = outputs.models(folder)
    lives = {m.name: (m.since, m.removed) for m in neutral.methods}
    assert lives == {
        "a": ("2030-01-01", "2033-01-01"),
        "b": ("2030-01-01", None),
        "c": ("2031-01-01", None),
        "told": ("2030-01-01", None),
    }
    for built in strict:
        assert all(lives[m.name] == (m.since, m.removed) for m in built.methods)


def test_directions_results_and_alternatives_are_joined(tmp_path: Path) -> None:
    call = {"CallRequest": message("call"), **TOLD, "Later": obj({"w": TEXT}), "Never": obj({"n": TEXT})}
    sides: Node = {"ServerNotification": one_of("ToldNotification")}
    old = {**call, **sides, "ClientRequest": one_of("CallRequest")}
    new = {**call, **sides, "CallResult": obj({"x": TEXT}), "ServerRequest": one_of("CallRequest")}
    rows = row("alternative", methods=["call"], result="Later", until="2030-01-01")
    rows += row("alternative", methods=["call"], result="Never", since="2031-01-01")
    made = merged(tmp_path, old, new, overrides=rows)
    assert made.methods.CALL.direction == "both"
    assert made.methods.CALL.result is made.types.CallResult
    assert set(made.methods.CALL.alternatives) == {made.types.Later, made.types.Never}


@pytest.mark.parametrize("message_first", [True, False])
def test_a_request_that_is_a_message_in_some_revision_stays_one(tmp_path: Path, message_first: bool) -> None:
    ask = {**TOLD, "ServerNotification": one_of("ToldNotification"), "AskRequest": message("ask", obj({"q": TEXT}))}
    ask |= {"PingRequest": message("ping"), "ClientRequest": one_of("PingRequest")}
    inner = {
        **ask,
        "AskRequest": obj({"method": const("ask"), "params": obj({"q": TEXT})}),
        "InputRequest": one_of("AskRequest"),
    }
    revisions = [{**ask, "ServerRequest": one_of("AskRequest")}, inner]
    made = merged(tmp_path, *(revisions if message_first else revisions[::-1]))
    assert made.methods.ASK.direction == "server"
    bare = {"method": "ask", "params": {"q": "?"}}
    assert round_trip(made.types.AskRequest, bare) == bare


def test_merged_bindings_know_batches_and_name_their_span(tmp_path: Path) -> None:
    made = merged(tmp_path, {"A": obj({"a": TEXT})}, {"A": obj({"a": TEXT})})
    assert made.decode.client_decoder.batches
    assert "From the schemas of 2030-01-01 to 2031-01-01." in made.source["types.py"]
