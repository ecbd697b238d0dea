"""Overrides: every row states what it replaces and why, and a row without effect is an error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mcpstruct_codegen import outputs
from mcpstruct_codegen.overrides import Overrides, locate
from mcpstruct_codegen.schemas import GeneratorError, schema_directory
from tests.codegen.support import INTEGER, TEXT, Node, obj, row, schema, schema_folder, table

SMALL: Node = {"A": obj({"a": TEXT})}
FIELD = "/A/properties/a/type"


def correction(path: str = FIELD, old: object = "string", new: object = "integer", **more: Any) -> str:
    """A row that corrects the schema."""
    return row("correct", path=path, old=json.dumps(old), new=json.dumps(new), **more)


def corrected(folder: Path, text: str, **of_schema: Any) -> Node:
    """The definitions after the corrections."""
    return table(folder, text).correct(schema(SMALL, **of_schema))


# -- the table --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (row("corect", path="/A"), r"unknown table \[\[corect\]\]"),
        (row("keep", definition="A", reason=""), r"\[\[keep\]\] needs \['definition'\] and a reason"),
        ('[[keep]]\ndefinition = "A"\n', r"\[\[keep\]\] needs \['definition'\] and a reason"),
        (row("keep"), r"\[\[keep\]\] needs \['definition'\]"),
        (row("keep", definition="A", also="B"), r"\[\[keep\]\] needs \['definition'\]"),
        ('[keep]\ndefinition = "A"\nreason = "r"\n', r"overrides\.toml: .*keep"),
        ("[[keep\n", r"overrides\.toml"),
        (row("correct", path=FIELD, old="string", new='"integer"'), r"overrides\.toml: \[\[correct\]\].*JSON"),
    ],
    ids=["unknown-table", "empty-reason", "no-reason", "missing-key", "extra-key", "one-bracket", "no-toml", "no-json"],
)
def test_a_malformed_table_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(GeneratorError, match=reason):
        corrected(tmp_path, text)


def test_a_row_applies_from_since_until_until(tmp_path: Path) -> None:
    (only,) = table(tmp_path, row("keep", definition="A", since="2031-01-01", until="2032-01-01")).rows
    assert [y for y in range(2030, 2034) if only.applies(f"{y}-01-01")] == [2031, 2032]


def test_a_row_without_dates_applies_always(tmp_path: Path) -> None:
    (only,) = table(tmp_path, row("keep", definition="A")).rows
    assert only.applies("1999-01-01")
    assert only.applies("2999-01-01")


# -- corrections ------------------------------------------------------------------------------------------------------


def test_a_correction_replaces_the_value_it_names(tmp_path: Path) -> None:
    assert corrected(tmp_path, correction())["A"] == obj({"a": INTEGER})
    assert SMALL["A"] == obj({"a": TEXT})  # the schema itself stays as it is


@pytest.mark.parametrize(
    ("row_text", "found"),
    [
        (correction(old="number"), '2030-01-01 has "string" there; the old value moved'),
        (correction("/A/properties/b/type"), "2030-01-01 has nothing there"),
        (correction("/A/required/7"), "2030-01-01 has nothing there"),
        (correction("/A/required/x"), "2030-01-01 has nothing there"),
        (correction("/A/properties/a/type/deep"), "2030-01-01 has nothing there"),
        (correction("/A/properties/a/type/str"), "2030-01-01 has nothing there"),
        (correction(""), "2030-01-01 has nothing there"),
        (correction(new="string"), "changes nothing"),
    ],
    ids=["moved", "no-such-key", "beyond-the-list", "no-index", "through-text", "into-text", "nowhere", "same"],
)
def test_a_correction_that_does_not_fit_is_refused_and_named(tmp_path: Path, row_text: str, found: str) -> None:
    with pytest.raises(GeneratorError) as caught:
        corrected(tmp_path, row_text)
    assert str(caught.value).startswith("overrides.toml: [[correct]]")
    assert found in str(caught.value)


def test_a_correction_skips_revisions_it_does_not_speak_of(tmp_path: Path) -> None:
    assert corrected(tmp_path, correction(old="moved", since="2031-01-01"))["A"] == SMALL["A"]


def test_a_draft_revision_skips_corrections_whose_old_value_moved(tmp_path: Path) -> None:
    assert corrected(tmp_path, correction(old="moved"), draft=True)["A"] == SMALL["A"]
    assert corrected(tmp_path, correction(), draft=True)["A"] == obj({"a": INTEGER})


@pytest.mark.parametrize(
    ("path", "value"),
    [("/A/required/0", "a"), ("/A/x~1y/z~0", 1), ("/A/items/1/t", 2)],
    ids=["index", "escapes", "object-in-a-list"],
)
def test_paths_are_json_pointers(path: str, value: object) -> None:
    parent, key = locate({"A": {"required": ["a"], "x/y": {"z~": 1}, "items": [0, {"t": 2}]}}, path)
    assert parent[key] == value


# -- rows without effect ----------------------------------------------------------------------------------------------


INLINE: Node = {"A": obj({"a": TEXT, "part": obj({"x": TEXT})}), "B": obj({"b": TEXT, "part": obj({"x": TEXT})})}


WITHOUT_EFFECT = {
    "a name for nothing": row("name", path="/A/properties/nowhere", name="Part"),
    "a name in no definition": row("name", path="/Nowhere/properties/part", name="Part"),
    "a name for a scalar": row("name", path="/A/properties/a", name="Part"),
    "a second name for equals": row("name", path="/A/properties/part", name="Part")
    + row("name", path="/B/properties/part", name="Other"),
    "keeping nothing": row("keep", definition="Nowhere"),
    "keeping what is no base": row("keep", definition="A"),
    "a new name for nothing": row("same", definition="Nowhere", **{"as": "A"}),
    "a new name that is the old": row("same", definition="A", **{"as": "A"}),
    "a signature of nothing": row("signature", method="nowhere", positional=["a"]),
}


def test_a_row_for_revisions_that_are_not_vendored_yet_waits_for_them(tmp_path: Path) -> None:
    later = row("alternative", methods=["ping"], result="A", since="2031-01-01")
    assert outputs.models(schema_folder(tmp_path, INLINE, overrides=later))


@pytest.mark.parametrize("text", WITHOUT_EFFECT.values(), ids=WITHOUT_EFFECT)
def test_a_row_without_effect_in_any_revision_is_refused(tmp_path: Path, text: str) -> None:
    folder = schema_folder(tmp_path, INLINE, overrides=text)
    with pytest.raises(GeneratorError, match=r"overrides\.toml: \[\[\w+\]\].*has no effect in any revision"):
        outputs.models(folder)


def test_a_row_is_in_effect_if_it_is_in_any_revision(tmp_path: Path) -> None:
    folder = schema_folder(
        tmp_path, {"B": obj({"b": TEXT})}, INLINE, overrides=row("name", path="/A/properties/part", name="Part")
    )
    assert "Part" in {d.name for d in outputs.models(folder)[-1].definitions}


# -- the real table ---------------------------------------------------------------------------------------------------


def test_every_row_of_the_real_table_says_why_in_a_sentence() -> None:
    text = (schema_directory() / "overrides.toml").read_text("utf-8")
    assert text.count("\nreason = ") == len(Overrides.load(schema_directory() / "overrides.toml").rows)
    for line in text.splitlines():
        if line.startswith("reason = "):
            assert line.endswith('."'), line
