"""Normalise: bags, which keep every key, and JSON Schema documents, which stay undecoded."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest

from mcpstruct.base.codec import to_json
from mcpstruct.base.errors import ProtocolViolation
from mcpstruct_codegen.schemas import NoRule
from tests.codegen.support import (
    FREE,
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

# -- bags -------------------------------------------------------------------------------------------------------------


def test_an_open_result_is_a_bag(tmp_path: Path) -> None:
    result = {**obj({"resultType": TEXT}, _meta=FREE), "additionalProperties": {}}
    made = bindings(tmp_path, {"Result": result, "A": obj(r=ref("Result"))})
    whole = {"r": {"resultType": "complete", "_meta": {"a": 1}, "other": [None]}}
    bag = decoded(made.types.A, whole).r
    assert (bag.result_type, bag.meta, bag["other"]) == ("complete", {"a": 1}, [None])
    assert round_trip(made.types.A, whole) == whole
    assert fault(made.types.A, {"r": {}}).pointer == "/r/resultType"
    assert fault(made.types.A, {"r": {"resultType": "c", "_meta": 1}}).pointer == "/r/_meta"


@pytest.mark.parametrize("where", ["inline", "named", "named-before"])
def test_meta_keeps_every_key_and_knows_some(tmp_path: Path, where: str) -> None:
    meta = obj({"progressToken": TEXT}, **{"vendor.example/clientInfo": TEXT})
    name = {"inline": "ToolMeta", "named": "ZMeta", "named-before": "AMeta"}[where]
    tool = obj(_meta=meta if where == "inline" else ref(name))
    made = bindings(
        tmp_path,
        dict(sorted({"Tool": tool, "Home": obj(t=ref("Tool")), **({} if where == "inline" else {name: meta})}.items())),
    )
    whole = {"_meta": {"progressToken": "p", "vendor.example/clientInfo": "c", "own": [1]}}
    bag = decoded(made.types.Tool, whole).meta
    assert type(bag) is getattr(made.types, name)
    assert (bag.progress_token, bag.client_info, bag["own"]) == ("p", "c", [1])
    assert round_trip(made.types.Tool, whole) == whole
    assert fault(made.types.Tool, {"_meta": {}}).pointer == "/_meta/progressToken"


def test_a_bag_can_be_made_and_changed_by_attribute(tmp_path: Path) -> None:
    made = bindings(tmp_path, {"Tool": obj({"a": TEXT}, _meta=obj(progressToken=TEXT))})
    bag = made.types.ToolMeta(other=1)
    bag.progress_token = "p"  # noqa: S105 - no secret
    assert bag == {"other": 1, "progressToken": "p"}
    bag.progress_token = None
    assert bag == {"other": 1}
    assert repr(bag) == "ToolMeta({'other': 1})"
    assert pickle.loads(pickle.dumps(bag)) == bag  # noqa: S301 - our own bytes


def test_keys_of_a_bag_that_are_methods_of_dict_get_an_underscore(tmp_path: Path) -> None:
    keys = dict.fromkeys(("keys", "items", "get", "copy", "class", "plain"), TEXT)
    made = bindings(tmp_path, {"Tool": obj({"a": TEXT}, _meta=obj(**keys))})
    bag = decoded(made.types.Tool, {"a": "x", "_meta": dict.fromkeys(keys, "v")}).meta
    assert (bag.keys_, bag.items_, bag.get_, bag.copy_, bag.class_, bag.plain) == ("v",) * 6
    assert bag.keys() == keys.keys()


def test_meta_without_known_keys_is_a_dict(tmp_path: Path) -> None:
    made = bindings(
        tmp_path,
        {"MetaObject": FREE, "A": obj({"a": TEXT}, _meta=FREE), "B": obj({"b": TEXT}, _meta=ref("MetaObject"))},
    )
    assert type(decoded(made.types.A, {"a": "x", "_meta": {"k": 1}}).meta) is dict
    assert type(decoded(made.types.B, {"b": "x", "_meta": {"k": 1}}).meta) is dict


@pytest.mark.parametrize(
    "meta",
    [
        TEXT,
        {},
        {**FREE, "additionalProperties": TEXT},
        {**FREE, "additionalProperties": False},
        one_of(FREE, NULL),
        ref("Alias"),
    ],
    ids=["text", "anything", "map", "closed", "union", "alias"],
)
def test_meta_that_is_neither_free_nor_has_known_keys_is_refused(meta: Node) -> None:
    definitions: Node = {"A": obj(_meta=meta), "Alias": ref("Meta"), "Meta": obj({"a": TEXT})}
    refused(definitions, "AMeta", "no rule for `_meta`")


# -- JSON Schema documents --------------------------------------------------------------------------------------------

DOCUMENT = obj({"type": const("object")}, properties={**FREE, "additionalProperties": {}}, required=array(TEXT))


def test_json_schema_documents_stay_as_they_came_until_somebody_looks(tmp_path: Path) -> None:
    made = bindings(tmp_path, {"Tool": obj({"name": TEXT, "inputSchema": DOCUMENT}, outputSchema=DOCUMENT)})
    wire = b'{"name":"n","inputSchema":{"type" : "object","x":[1, 2],"type":"object"}}'
    tool = decoded_bytes(made.types.Tool, wire)
    assert to_json(tool) == wire
    assert tool.input_schema == {"type": "object", "x": [1, 2]}
    assert tool.output_schema is None


def decoded_bytes(tp: Any, data: bytes) -> Any:
    from mcpstruct.base.codec import from_json

    return from_json(tp, data)


def test_lazy_documents_look_like_dicts_everywhere(tmp_path: Path) -> None:
    made = bindings(tmp_path, {"Tool": obj({"name": TEXT, "inputSchema": DOCUMENT})})
    schema = {"type": "object", "x": 1}
    ours = made.types.Tool(name="n", input_schema=schema)
    theirs = decoded(made.types.Tool, {"name": "n", "inputSchema": schema})
    assert repr(theirs) == "Tool(name='n', input_schema={'type': 'object', 'x': 1})"
    assert ours == theirs == copy.copy(theirs) == copy.deepcopy(theirs) == pickle.loads(pickle.dumps(theirs))  # noqa: S301


def test_a_lazy_document_that_is_no_object_is_a_violation_once_read(tmp_path: Path) -> None:
    made = bindings(tmp_path, {"Tool": obj({"name": TEXT, "inputSchema": DOCUMENT})})
    tool = decoded(made.types.Tool, {"name": "n", "inputSchema": 7})
    with pytest.raises(ProtocolViolation, match="/inputSchema"):
        _ = tool.input_schema


def test_a_schema_whose_properties_are_typed_is_an_object_like_any_other(tmp_path: Path) -> None:
    form = obj({"type": const("object"), "properties": {**FREE, "additionalProperties": ref("Entry")}})
    made = bindings(tmp_path, {"Form": obj({"requestedSchema": form}), "Entry": obj({"kind": TEXT})})
    whole = {"requestedSchema": {"type": "object", "properties": {"a": {"kind": "k"}}}}
    assert decoded(made.types.Form, whole).requested_schema.properties["a"].kind == "k"
    assert round_trip(made.types.Form, whole) == whole


def test_two_fields_that_need_a_look_after_decoding_are_refused(tmp_path: Path) -> None:
    tool = obj({"name": TEXT}, outputSchema=DOCUMENT, _meta=obj(progressToken=TEXT))
    with pytest.raises(NoRule, match="Tool: no rule for two lazy fields"):
        bindings(tmp_path, {"Tool": tool})
