"""The report of what changed: on tiny schemas, every kind of change, and the words it is told in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mcpstruct_codegen.diff import Change, Report, compare, spelled
from mcpstruct_codegen.overrides import Overrides, Row
from mcpstruct_codegen.report import as_json, as_markdown, as_text
from mcpstruct_codegen.schemas import GeneratorError
from tests.codegen.support import INTEGER, NULL, NUMBER, SPEAKING, TEXT, array, const, message, obj, one_of, ref, schema

ROOTS = {"ClientRequest": one_of("PingRequest"), "ServerNotification": one_of("PongNotification")}


def speaking(**definitions: Any) -> dict[str, Any]:
    return {**SPEAKING, **definitions}


def report(*revisions: dict[str, Any], overrides: Overrides | None = None, old: int = -2, new: int = -1) -> Report:
    """The changes between two of several revisions, by default the last two; they are called 2001, 2002, …"""
    schemas = [schema(definitions, revision=f"{2001 + i}-01-01") for i, definitions in enumerate(revisions)]
    return compare(schemas, overrides or Overrides(), schemas[old].revision, schemas[new].revision)


def by_name(changes: tuple[Change, ...]) -> dict[str, Change]:
    return {change.name: change for change in changes}


def test_nothing_changed() -> None:
    same = speaking(Note=obj({"text": TEXT}))
    assert report(same, same) == Report("2001-01-01", "2002-01-01", (), (), ())


def test_fields() -> None:
    found = report(
        speaking(Note=obj({"text": TEXT, "size": INTEGER}, stars=INTEGER)),
        speaking(Note=obj({"text": TEXT, "stars": INTEGER}, size=TEXT, tags=array(TEXT))),
    )
    (note,) = found.definitions
    assert (note.name, note.change) == ("Note", "changed")
    fields = by_name(found.fields)
    assert {name: change.change for name, change in fields.items()} == {
        "Note.size": "changed",
        "Note.stars": "changed",
        "Note.tags": "added",
    }
    assert fields["Note.size"].before == {"type": "integer", "required": True}
    assert fields["Note.size"].after == {"type": "string", "required": False}
    assert fields["Note.tags"].after == {"type": "string[]", "required": False}


def test_definitions() -> None:
    found = report(
        speaking(Old=obj({"a": TEXT}), Kind=one_of(TEXT, INTEGER)),
        speaking(New=obj({"b": TEXT}), Kind=one_of(TEXT, NULL)),
    )
    definitions = by_name(found.definitions)
    assert {name: change.change for name, change in definitions.items()} == {
        "Kind": "changed",
        "New": "added",
        "Old": "removed",
    }
    assert definitions["Kind"].before == {"type": "integer | string"}
    assert definitions["New"].after == {"type": "object", "fields": {"b": "string"}}
    assert set(by_name(found.fields)) == {"New.b", "Old.a"}


def test_methods() -> None:
    params = obj(size=INTEGER)
    found = report(
        {**SPEAKING, **ROOTS},
        {
            **SPEAKING,
            **ROOTS,
            "PingRequest": message("ping", params),
            "PingResult": obj({"at": TEXT}),
            "ServerRequest": one_of("PingRequest"),
            "GoneNotification": message("gone", notification=True),
            "ServerNotification": one_of("PongNotification", "GoneNotification"),
        },
    )
    methods = by_name(found.methods)
    assert {name: change.change for name, change in methods.items()} == {"gone": "added", "ping": "changed"}
    assert methods["ping"].before == {
        "kind": "request",
        "direction": "client",
        "params": None,
        "results": ["EmptyResult"],
    }
    assert methods["ping"].after == {
        "kind": "request",
        "direction": "both",
        "params": {"name": "PingRequestParams", "required": True, "type": "object", "fields": {"size": "integer?"}},
        "results": ["PingResult"],
    }


def test_params_under_another_name_are_no_change_of_the_method() -> None:
    params = obj({"size": INTEGER})
    found = report(
        speaking(PingRequest=message("ping", params)),
        speaking(PingRequest=message("ping", ref("Params")), Params=params),
    )
    assert found.methods == ()
    assert {c.name: c.change for c in found.definitions} == {"Params": "added", "PingRequestParams": "removed"}


def test_the_order_of_a_union_is_no_change() -> None:
    first, second = obj({"kind": const("a")}), obj({"kind": const("b")})
    members = {"First": first, "Second": second}
    found = report(
        speaking(**members, Either=one_of("First", "Second")),
        speaking(**members, Either=one_of("Second", "First")),
    )
    assert found.definitions == ()


def test_since_and_removed_look_at_every_revision() -> None:
    without, with_note = speaking(), speaking(Note=obj({"text": TEXT}))
    with_size = speaking(Note=obj({"text": TEXT}, size=INTEGER))
    found = report(without, with_note, with_size, with_note, without, old=1, new=2)
    (size,) = found.fields
    assert (size.since, size.removed) == ("2003-01-01", "2004-01-01")
    (note,) = found.definitions
    assert (note.since, note.removed) == ("2002-01-01", "2005-01-01")
    (gone, text) = report(without, with_note, without, with_note).fields + report(with_note, without).fields
    assert (gone.since, gone.removed) == ("2002-01-01", None)  # it came back
    assert (text.since, text.removed) == ("2001-01-01", "2002-01-01")


def test_corrections_are_part_of_the_truth() -> None:
    values = {"path": "/Note/properties/size/type", "old": '"integer"', "new": '"number"'}
    overrides = Overrides([Row("correct", values, until="2001-01-01")])
    found = report(speaking(Note=obj(size=INTEGER)), speaking(Note=obj(size=NUMBER)), overrides=overrides)
    assert found.fields == ()


def test_an_unknown_revision() -> None:
    with pytest.raises(GeneratorError, match="no revision '1999'; there are 2030-01-01"):
        compare([schema(SPEAKING)], Overrides(), "1999", "2030-01-01")


@pytest.mark.parametrize(
    ("node", "text"),
    [
        ({}, "any"),
        (TEXT, "string"),
        (ref("Note"), "Note"),
        (const("a"), '"a"'),
        ({"type": "string", "enum": ["b", "a"]}, '"b" | "a"'),
        (array(TEXT, minItems=1), "string[] (length ≥ 1)"),
        (array(one_of(TEXT, INTEGER)), "(integer | string)[]"),
        ({**INTEGER, "minimum": 0, "exclusiveMaximum": 9}, "integer (≥ 0, < 9)"),
        ({"type": "object", "additionalProperties": TEXT}, "{[key]: string}"),
        ({"type": "object", "additionalProperties": {}}, "object"),
        ({"x-lazy": {}}, "JSON Schema"),
        ({"x-error": True}, "Error"),
    ],
)
def test_types_in_words(node: dict[str, Any], text: str) -> None:
    assert spelled(node) == text


CHANGED = report(
    speaking(
        Note=obj({"text": TEXT, "size": INTEGER}),
        Gone=obj({"a": TEXT}, b=TEXT),
        PingRequest=message("ping", obj(a=TEXT), optional=True),
    ),
    speaking(
        Note=obj({"text": one_of(TEXT, NULL)}, tags=array(TEXT)),
        PingRequest=message("ping", obj(b=TEXT)),
        PingResult=obj(),
        LateRequest=message("late"),
        LateResult=obj(),
    ),
)


def test_text() -> None:
    assert as_text(CHANGED).splitlines() == [
        "2001-01-01 → 2002-01-01",
        "",
        "Methods: 1 added, 1 changed",
        "    name  since       removed     what",
        "  + late  2002-01-01              client request, result LateResult",
        "  ~ ping  2001-01-01              result +PingResult -EmptyResult; params now required; params +b -a",
        "",
        "Definitions: 3 added, 1 removed, 2 changed",
        "    name               since       removed     what",
        "  - Gone               2001-01-01  2002-01-01  object: a, b?",
        "  + LateRequest        2002-01-01              request",
        "  + LateResult         2002-01-01              object",
        "  ~ Note               2001-01-01              +tags -size ~text",
        "  ~ PingRequestParams  2001-01-01              +b -a",
        "  + PingResult         2002-01-01              object",
        "",
        "Fields of definitions in both: 2 added, 2 removed, 1 changed",
        "    name                 since       removed     what",
        "  - Note.size            2001-01-01  2002-01-01  integer, required",
        "  + Note.tags            2002-01-01              string[], optional",
        "  ~ Note.text            2001-01-01              string, required → null | string, required",
        "  - PingRequestParams.a  2001-01-01  2002-01-01  string, optional",
        "  + PingRequestParams.b  2002-01-01              string, optional",
    ]


def test_markdown() -> None:
    text = as_markdown(CHANGED)
    assert "## Methods: 1 added, 1 changed\n\n|  | name | since | removed | what |\n|---|---|---|---|---|\n" in text
    assert "| ~ | `Note.text` | 2001-01-01 |  | string, required → null \\| string, required |\n" in text


def test_json_holds_everything() -> None:
    found = json.loads(as_json(CHANGED))
    assert (found["old"], found["new"]) == ("2001-01-01", "2002-01-01")
    assert {change["name"] for change in found["fields"]} >= {"Gone.a", "Gone.b", "Note.size"}
    assert found["methods"][0] == {
        "kind": "method",
        "name": "late",
        "change": "added",
        "before": None,
        "after": {"kind": "request", "direction": "client", "params": None, "results": ["LateResult"]},
        "since": "2002-01-01",
        "removed": None,
    }


def test_nothing_to_say() -> None:
    same = report(SPEAKING, SPEAKING)
    assert as_text(same).splitlines()[2:] == [
        "Methods: no change",
        "",
        "Definitions: no change",
        "",
        "Fields of definitions in both: no change",
    ]
    assert "|" not in as_markdown(same)
