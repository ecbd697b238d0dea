"""Documentation: every public name has a line of ours, and every line a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcpstruct_codegen import outputs
from mcpstruct_codegen.docs import Docs, first_sentence, words
from mcpstruct_codegen.schemas import load_all, schema_directory
from tests.codegen.support import TEXT, Node, message, obj, schema_folder

LONGEST_LINE = 120


@pytest.fixture(scope="module")
def real() -> Docs:
    """The committed table, after every revision and the merged bindings asked for what they need."""
    docs = Docs.load(schema_directory() / "docs.toml")
    outputs.models(schema_directory(), docs)
    return docs


# -- the committed table ----------------------------------------------------------------------------------------------


def test_every_definition_method_and_field_of_every_revision_is_documented(real: Docs) -> None:
    assert sorted(real.missing) == [], "write a line for each in schema/docs.toml"


def test_every_line_is_of_use_to_some_revision(real: Docs) -> None:
    assert sorted(real.unknown()) == [], "remove these from schema/docs.toml"


def test_draft_lines_stand_only_while_a_revision_is_a_draft(real: Docs) -> None:
    if not any(schema.draft for schema in load_all(schema_directory())):
        assert sorted(real.drafts) == [], "write these lines of schema/docs.toml, then drop their `draft`"


def test_lines_are_one_line_each_and_end_on_a_full_stop(real: Docs) -> None:
    for table in (real.definitions, real.methods, real.fields):
        for key, row in table.items():
            line = row["text"] if isinstance(row, dict) else row
            assert line == " ".join(line.split()), key
            assert line.endswith("."), key
            assert len(line) <= LONGEST_LINE, key
            assert '"""' not in line, key
            assert "\\" not in line, key


def test_self_explanatory_names_are_used_and_have_no_line(real: Docs) -> None:
    used = {f.wire for m in outputs.models(schema_directory(), real) for d in m.definitions for f in d.fields}
    for wire in real.self_explanatory:
        assert wire in used
        assert f"*.{wire}" not in real.fields


# -- how lines are looked up ------------------------------------------------------------------------------------------


def asked(folder: Path, docs: str, definitions: Node | None = None) -> Docs:
    """A table after the bindings of a tiny schema asked for what they need."""
    folder = schema_folder(folder, definitions or {"A": obj({"a": TEXT, "b": TEXT})}, docs=docs)
    found = Docs.load(folder / "docs.toml")
    outputs.models(folder, found)
    return found


def table(definitions: str = "", fields: str = "", head: str = "") -> str:
    """A docs.toml in which everything that every tiny schema has is documented."""
    spoken = 'PingRequest = "P."\nPongNotification = "N."\nEmptyResult = "E."\n'
    methods = '[methods]\nping = "P."\npong = "N."\n'
    return f"{head}\n[definitions]\n{spoken}{definitions}\n{methods}[fields]\n{fields}\n"


COMPLETE = table('A = "An a."', '"A.a" = "One."\n"*.b" = "Two."')


def test_a_complete_table_misses_nothing_and_knows_nothing_else(tmp_path: Path) -> None:
    docs = asked(tmp_path, COMPLETE)
    assert (docs.missing, docs.unknown(), docs.drafts) == (set(), set(), set())


def test_a_fields_own_line_goes_before_the_one_of_all_fields_of_its_name(tmp_path: Path) -> None:
    docs = asked(tmp_path, table('A = "An a."', '"A.a" = "One."\n"*.b" = "Two."\n"*.a" = "Any."'))
    assert docs.of_field("A", "a") == "One."
    assert docs.unknown() == {("fields", "*.a")}


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        (table("", '"A.a" = "One."\n"*.b" = "Two."'), ("definitions", "A")),
        (table('A = "An a."', '"A.a" = "One."'), ("fields", "A.b")),
        (COMPLETE.replace('ping = "P."\n', ""), ("methods", "ping")),
    ],
    ids=["definition", "field", "method"],
)
def test_what_has_no_line_is_missing_and_gets_one_from_its_name(
    tmp_path: Path, text: str, missing: tuple[str, str]
) -> None:
    assert asked(tmp_path, text).missing == {missing}


def test_a_name_that_explains_itself_needs_no_line(tmp_path: Path) -> None:
    docs = asked(tmp_path, table('A = "An a."', '"A.a" = "One."', head='self_explanatory = ["b"]'))
    assert docs.missing == set()


@pytest.mark.parametrize(
    ("more", "unknown"),
    [
        (table('A = "An a."\nGone = "G."', '"A.a" = "One."\n"*.b" = "Two."'), ("definitions", "Gone")),
        (COMPLETE.replace("[fields]", 'gone = "G."\n[fields]'), ("methods", "gone")),
        (COMPLETE + '"A.gone" = "G."\n', ("fields", "A.gone")),
        (COMPLETE + '"*.gone" = "G."\n', ("fields", "*.gone")),
    ],
    ids=["definition", "method", "field", "fields"],
)
def test_a_line_that_nothing_asks_for_is_unknown(tmp_path: Path, more: str, unknown: tuple[str, str]) -> None:
    assert asked(tmp_path, more).unknown() == {unknown}


def test_drafts_are_known_and_used(tmp_path: Path) -> None:
    docs = asked(tmp_path, table('A = {text = "Words.", draft = true}', '"A.a" = "One."\n"*.b" = "Two."'))
    assert docs.drafts == {("definitions", "A")}
    assert docs.definition("A") == "Words."
    assert docs.missing == set()


def test_messages_need_no_lines_for_their_envelopes(tmp_path: Path) -> None:
    speaking = {
        "CallRequest": message("call", obj({"a": TEXT})),
        "PongNotification": message("pong", notification=True),
    }
    docs = asked(tmp_path, table(), {**speaking, "EmptyResult": {"type": "object"}})
    assert ("fields", "CallRequest.id") not in docs.missing
    assert ("fields", "CallRequestParams.a") in docs.missing


# -- a third party's own words ----------------------------------------------------------------------------------------


def test_a_schemas_own_descriptions_serve_a_third_party() -> None:
    thing = obj({"a": {**TEXT, "description": "Where it\n is. More follows."}, "b": TEXT})
    docs = Docs.of_descriptions({"$defs": {"Thing": {**thing, "description": "A thing. Of old."}, "BareThing": TEXT}})
    assert docs.definition("Thing") == "A thing."
    assert docs.definition("BareThing") == "Bare thing."
    assert docs.of_field("Thing", "a") == "Where it is."
    assert docs.of_field("Thing", "b") is None


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("One. Two.", "One."),
        ("One,\n  e.g. this. Two.", "One, e.g. this."),
        ("No stop", "No stop"),
        ("Is it? Yes.", "Is it?"),
        (None, ""),
    ],
)
def test_first_sentence(text: str | None, first: str) -> None:
    assert first_sentence(text) == first


@pytest.mark.parametrize(
    ("name", "line"), [("TaskStatusNotification", "Task status notification."), ("_meta", "Meta."), ("a.b", "A b.")]
)
def test_words(name: str, line: str) -> None:
    assert words(name) == line
