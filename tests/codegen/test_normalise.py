"""Normalise: which definitions become types, what inline objects are called, what stays open."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from mcpstruct.base.codec import to_json
from mcpstruct_codegen.flatten import flatten
from mcpstruct_codegen.normalise import normalise
from mcpstruct_codegen.overrides import Overrides
from mcpstruct_codegen.schemas import NoRule
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
    message,
    model,
    obj,
    one_of,
    ref,
    refused,
    round_trip,
    row,
    table,
)

BARE: Node = {
    "EmptyResult": FREE,
    "PingRequest": obj({"method": const("ping")}),
    "ToldNotification": obj({"method": const("told")}),
    "ClientRequest": one_of("PingRequest"),
    "ServerRequest": one_of("PingRequest"),
    "ServerNotification": one_of("ToldNotification"),
}


def names(definitions: Node, **values: Any) -> set[str]:
    """The types that definitions become."""
    return {d.name for d in model(definitions, **values).definitions} - {
        "EmptyResult",
        "PingRequest",
        "PongNotification",
    }


# -- which definitions ------------------------------------------------------------------------------------------------


def test_envelopes_root_unions_and_errors_become_no_types() -> None:
    definitions: Node = {
        "JSONRPCRequest": obj({"jsonrpc": const("2.0")}),
        "ClientRequest": one_of("PingRequest"),
        "ServerResult": one_of("EmptyResult"),
        "PingRequest": message("ping"),
        "EmptyResult": FREE,
        "PingResultResponse": obj({"id": TEXT, "result": ref("EmptyResult")}),
        "ParseError": obj({"code": INTEGER}),
        "Thing": obj({"a": TEXT}),
    }
    assert names(definitions) == {"Thing"}


def test_pure_bases_become_no_types() -> None:
    assert names({"Base": obj({"a": TEXT}), "Thing": obj({"a": TEXT, "b": TEXT})}) == {"Thing"}


def test_what_is_referred_to_is_no_pure_base() -> None:
    assert names({"Base": obj({"a": TEXT}), "Thing": obj({"a": TEXT, "b": ref("Base")})}) == {"Base", "Thing"}


def test_two_definitions_with_the_same_keys_are_not_each_others_bases() -> None:
    assert names({"Inch": obj({"n": INTEGER}), "Word": obj({"n": TEXT})}) == {"Inch", "Word"}


@pytest.mark.parametrize("narrower", [{**TEXT, "minLength": 1}, TEXT], ids=["bounds", "equal"])
def test_a_base_with_the_same_keys_lacks_a_constant(narrower: Node) -> None:
    assert names({"Word": obj({"n": TEXT}), "Name": obj({"n": narrower})}) == {"Word", "Name"}
    assert names({"Word": obj({"n": TEXT, "m": narrower}), "Name": obj({"n": const("x"), "m": TEXT})}) == {"Name"}


def test_the_table_of_overrides_keeps_what_looks_like_a_base(tmp_path: Path) -> None:
    rows = table(tmp_path, row("keep", definition="Base"))
    assert names({"Base": obj({"a": TEXT}), "Thing": obj({"a": TEXT, "b": TEXT})}, overrides=rows) == {"Base", "Thing"}
    assert rows.unused() == []


def test_keeping_what_would_stay_anyway_has_no_effect(tmp_path: Path) -> None:
    rows = table(tmp_path, row("keep", definition="Thing"))
    model({"Thing": obj({"a": TEXT})}, rows)
    assert len(rows.unused()) == 1


def test_the_error_object_is_the_runtimes_own(tmp_path: Path) -> None:
    made = bindings(
        tmp_path, {"Error": obj({"code": INTEGER, "message": TEXT}, data={}), "Task": obj(error=ref("Error"))}
    )
    task = {"error": {"code": 1, "message": "m", "data": None}}
    assert decoded(made.types.Task, task).error.code == 1
    assert round_trip(made.types.Task, task) == task


def test_messages_are_whole_even_where_the_schema_leaves_the_envelope_out(tmp_path: Path) -> None:
    made = bindings(tmp_path, BARE)
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    assert round_trip(made.types.PingRequest, ping) == ping
    assert fault(made.types.PingRequest, {"method": "ping", "id": 1}).pointer == "/jsonrpc"
    assert fault(made.types.PingRequest, {"method": "ping", "jsonrpc": "2.0"}).pointer == "/id"


def test_ids_keep_their_type(tmp_path: Path) -> None:
    made = bindings(tmp_path, BARE)
    for wire in (b'{"jsonrpc":"2.0","id":7,"method":"ping"}', b'{"jsonrpc":"2.0","id":"7","method":"ping"}'):
        typed = made.decode.client_message(wire).message
        assert repr(typed.id).encode() in (b"7", b"'7'")
        assert (b'"id":7' in to_json(typed)) == (b'"id":7' in wire)


# -- inline objects ---------------------------------------------------------------------------------------------------


def test_inline_objects_are_named_by_their_path(tmp_path: Path) -> None:
    small = obj({"n": INTEGER})
    made = bindings(
        tmp_path,
        {
            "Tool": obj(
                size=small, rows=array(array(small)), cells={**FREE, "additionalProperties": small}, deep=obj(er=small)
            )
        },
    )
    value = {"size": {"n": 1}, "rows": [[{"n": 2}]], "cells": {"a": {"n": 3}}, "deep": {"er": {"n": 4}}}
    tool = decoded(made.types.Tool, value)
    assert type(tool.size) is made.types.ToolSize
    assert type(tool.rows[0][0]) is made.types.ToolRowsItemItem
    assert type(tool.cells["a"]) is made.types.ToolCellsValue
    assert type(tool.deep.er) is made.types.ToolDeepEr
    assert round_trip(made.types.Tool, value) == value


def test_params_are_named_after_their_message(tmp_path: Path) -> None:
    made = bindings(
        tmp_path,
        {
            "CallRequest": message("call", obj({"a": TEXT})),
            "EmptyResult": FREE,
            "ToldNotification": message("told", notification=True),
        },
    )
    assert made.methods.CALL.params is made.types.CallRequestParams


def test_equal_inline_objects_under_one_key_share_the_name_that_the_table_gives(tmp_path: Path) -> None:
    notes = obj(text=TEXT)
    definitions: Node = {
        "A": obj({"a": TEXT}, notes=notes),
        "B": obj({"b": TEXT}, notes=notes),
        "C": obj({"c": TEXT}, notes=obj(n=TEXT)),
    }
    made = bindings(
        tmp_path, definitions, overrides=table(tmp_path, row("name", path="/A/properties/notes", name="Notes"))
    )
    assert type(decoded(made.types.A, {"a": "x", "notes": {}}).notes) is made.types.Notes
    assert type(decoded(made.types.B, {"b": "x", "notes": {}}).notes) is made.types.Notes
    assert type(decoded(made.types.C, {"c": "x", "notes": {}}).notes) is made.types.CNotes


def test_a_row_may_give_an_inline_object_the_name_of_its_equal(tmp_path: Path) -> None:
    definitions: Node = {"Notes": obj(text=TEXT), "A": obj(notes=obj(text=TEXT)), "B": obj({"n": ref("Notes")})}
    made = bindings(
        tmp_path, definitions, overrides=table(tmp_path, row("name", path="/A/properties/notes", name="Notes"))
    )
    assert type(decoded(made.types.A, {"notes": {}}).notes) is made.types.Notes


def test_a_row_may_not_give_an_inline_object_the_name_of_another(tmp_path: Path) -> None:
    definitions: Node = {
        "Notes": obj({"other": INTEGER}),
        "A": obj(notes=obj(text=TEXT)),
        "B": obj({"n": ref("Notes")}),
    }
    rows = table(tmp_path, row("name", path="/A/properties/notes", name="Notes"))
    refused(definitions, "Notes", "the name of another definition", overrides=rows)


@pytest.mark.parametrize(
    ("definitions", "name"),
    [
        ({"A": obj(x=obj({"q": TEXT}), y=ref("AX")), "AX": obj({"q": INTEGER})}, "AX"),
        ({"A": obj(fooBar=obj({"q": TEXT}), foo=obj(bar=obj({"z": TEXT})))}, "AFooBar"),
        ({"A": obj(_meta=obj({"q": TEXT}), x=ref("AMeta")), "AMeta": obj({"q": INTEGER})}, "AMeta"),
        ({"A": obj(meta=obj({"q": INTEGER}), _meta=obj({"q": TEXT}))}, "AMeta"),
        (
            {
                "EmptyResult": FREE,
                "ToldNotification": message("told", notification=True),
                "AskRequest": message("ask", {**FREE, "additionalProperties": TEXT}),
                "AskRequestParams": obj({"q": TEXT}),
            },
            "AskRequestParams",
        ),
    ],
    ids=["definition", "other-inline-object", "meta", "meta-and-other-inline-object", "params"],
)
def test_a_name_by_path_that_is_taken_is_refused(definitions: Node, name: str) -> None:
    refused(definitions, name, "an inline object would take the name of another definition")


# -- open objects -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "free",
    [FREE, {**FREE, "additionalProperties": {}}, {**FREE, "additionalProperties": True}, {**FREE, "properties": {}}],
    ids=["bare", "braces", "true", "no-properties"],
)
def test_every_spelling_of_a_free_object_keeps_every_key(tmp_path: Path, free: Node) -> None:
    made = bindings(tmp_path, {"Free": free, "A": obj(x=free, y=ref("Free"), z=array(free))})
    whole = {"x": {"a": [1, None]}, "y": {"b": {"c": 1.5}}, "z": [{}, {"d": True}]}
    assert round_trip(made.types.A, whole) == whole
    assert fault(made.types.A, {"x": []}).pointer == "/x"


def test_a_map_keeps_its_keys_and_checks_its_values(tmp_path: Path) -> None:
    map_of_integers = {**FREE, "additionalProperties": INTEGER}
    made = bindings(tmp_path, {"A": obj(x=map_of_integers, y={**map_of_integers, "properties": {}})})
    whole = {"x": {"a": 1}, "y": {"b": 2}}
    assert round_trip(made.types.A, whole) == whole
    assert fault(made.types.A, {"x": {"a": "1"}}).pointer == "/x/a"


def test_known_keys_beside_typed_ones_have_no_rule() -> None:
    refused({"A": {**obj({"a": TEXT}), "additionalProperties": INTEGER}}, "A", "additionalProperties")


def test_any_json_value_is_any(tmp_path: Path) -> None:
    recursive: Node = {
        "JSONValue": one_of(TEXT, "JSONObject", array(ref("JSONValue"))),
        "JSONObject": {**FREE, "additionalProperties": ref("JSONValue")},
        "A": obj(x=ref("JSONValue"), y=ref("JSONObject"), z=array(ref("JSONValue"))),
    }
    made = bindings(tmp_path, recursive)
    whole = {"x": None, "y": {"a": None, "b": [1.5]}, "z": [None, {"c": {}}]}
    assert round_trip(made.types.A, whole) == whole
    assert round_trip(made.types.A, {}) == {}


def test_a_closed_object_refuses_other_keys(tmp_path: Path) -> None:
    closed = {"additionalProperties": False}
    made = bindings(
        tmp_path, {"Nothing": {**FREE, **closed}, "A": {**obj({"a": TEXT}), **closed}, "B": obj(no={**FREE, **closed})}
    )
    assert fault(made.types.A, {"a": "x", "b": 1}).pointer == "/b"
    assert fault(made.types.Nothing, {"b": 1}).pointer == "/b"
    assert fault(made.types.B, {"no": {"b": 1}}).pointer == "/no/b"
    assert round_trip(made.types.B, {"no": {}}) == {"no": {}}


def test_an_object_that_says_nothing_of_openness_drops_other_keys(tmp_path: Path) -> None:
    made = bindings(tmp_path, {"A": obj({"a": TEXT})})
    assert round_trip(made.types.A, {"a": "x", "b": 1}) == {"a": "x"}


# -- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("definitions", "name", "reason"),
    [
        ({"A": obj(x=ref("Nowhere"))}, "A", "refers to Nowhere, which is not defined"),
        ({"A": one_of("Nowhere", TEXT)}, "A", "refers to Nowhere, which is not defined"),
        ({"A": obj(_meta=ref("Nowhere"))}, "A", "refers to Nowhere, which is not defined"),
        ({"A": obj(x={"$ref": "#/$defs/B/properties/b"}), "B": obj(b=TEXT)}, "A", "which is not defined"),
        ({"JSONRPCRequest": obj({"q": TEXT}), "A": obj(x=ref("JSONRPCRequest"))}, "A", "the envelope JSONRPCRequest"),
        ({"A": obj(x={"const": "c"})}, "A", 'no rule for {"const": "c"}'),
        ({"A": obj(x={"enum": ["c"]})}, "A", "no rule for"),
        ({"A": obj(x=one_of(obj({"a": TEXT}), obj({"b": TEXT})))}, "A", "that no constant tells apart"),
        ({"A": obj(x=one_of(obj({"a": TEXT}), NULL))}, "A", "that no constant tells apart"),
        ({"A": {**FREE, "required": ["a"]}}, "A", "keys that a free object or map must have"),
        ({"A": obj(_meta={**FREE, "required": ["a"]})}, "A", "keys that a free object or map must have"),
        ({"A": {**FREE, "additionalProperties": TEXT, "required": ["a"]}}, "A", "free object or map must have"),
        ({"A": obj(x={**FREE, "additionalProperties": False, "required": ["a"]})}, "A", "free object or map must have"),
    ],
    ids=[
        "field",
        "union",
        "meta",
        "deep",
        "envelope",
        "bare-constant",
        "bare-enum",
        "inline-union",
        "inline-nullable",
        "free-with-required",
        "meta-with-required",
        "map-with-required",
        "nothing-with-required",
    ],
)
def test_nodes_without_a_rule_are_refused(definitions: Node, name: str, reason: str) -> None:
    refused(definitions, name, reason)


def test_dict_in_dict_out() -> None:
    flat = flatten({"A": obj({"a": obj({"b": TEXT})})})
    before = copy.deepcopy(flat)
    out = normalise(flat, (), Overrides(), "2030-01-01")
    assert flat == before
    assert out == {
        "A": {"type": "object", "properties": {"a": ref("AA")}, "required": ["a"]},
        "AA": {"type": "object", "properties": {"b": TEXT}, "required": ["b"], "x-inline": "AA"},
    }


@pytest.mark.parametrize("node", [obj(x=ref("Nowhere")), one_of("Nowhere", TEXT)], ids=["field", "union"])
def test_the_phase_itself_refuses_references_to_nothing(node: Node) -> None:
    with pytest.raises(NoRule, match=r"A.*: refers to Nowhere, which is not defined"):
        normalise(flatten({"A": node}), (), Overrides(), "2030-01-01")
