"""`python -m mcpstruct_codegen`: a schema comes in and everything follows, or nothing does."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from mcpstruct_codegen.__main__ import main
from mcpstruct_codegen.bump import bump, with_drafts
from mcpstruct_codegen.outputs import differences, outputs, write
from mcpstruct_codegen.schemas import GeneratorError, schema_directory
from tests.codegen.support import INTEGER, NUMBER, SPEAKING, TEXT, const, message, obj, one_of, ref, schema_folder

ROOT = Path(__file__).parents[2]
UPSTREAM = ROOT.parent / "shared" / "upstream" / "schema"
OLD: dict[str, Any] = {**SPEAKING, "Note": obj({"text": TEXT}, size=INTEGER)}
NEW: dict[str, Any] = {**SPEAKING, "Note": obj({"text": TEXT}, stars=INTEGER)}
DOCS = """# Ours.
self_explanatory = ["text"]

[definitions]
EmptyResult = "Nothing more to say."
Note = "What somebody wrote down."
PingRequest = "Asks for a sign of life."
PongNotification = "Gives a sign of life."

[methods]
ping = "Asks for a sign of life."
pong = "Gives a sign of life."

[fields]
"Note.size" = "How long it is, in bytes."
"""
CORRECTION = """
[[correct]]
path = "/Note/properties/size/type"
old = '"integer"'
new = '"number"'
reason = "It is no integer."
"""


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with one tiny revision, 2030-01-01, and its bindings."""
    folder = tmp_path_factory.mktemp("checkout")
    write(outputs(schema_folder(folder / "schema", OLD, docs=DOCS)), folder / "generated")
    return folder


@pytest.fixture
def root(fresh: Path, tmp_path: Path) -> Path:
    """A copy of that checkout, to be changed."""
    return Path(shutil.copytree(fresh, tmp_path / "checkout"))


def codegen(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "mcpstruct_codegen", "--root", str(root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def upstream(root: Path, definitions: dict[str, Any]) -> str:
    """A schema as somebody else publishes it."""
    path = root / "upstream.json"
    path.write_text(json.dumps({"description": "Prose.", "$defs": definitions}), "utf-8")
    return str(path)


def everything(root: Path) -> dict[str, bytes]:
    """Every file of the checkout, and its bytes."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for folder in ("schema", "generated")
        for path in (root / folder).rglob("*")
        if path.is_file()
    }


# -- bump -------------------------------------------------------------------------------------------------------------


def test_a_new_revision(root: Path) -> None:
    done = bump(root, "2031-01-01", upstream(root, NEW), "https://example.org/schema.json@abc")
    assert done.draft
    assert done.drafted == ("Note.stars",)
    assert {"schema/2031-01-01.json", "schema/docs.toml", "schema/revisions.toml"} <= set(done.written)
    assert "generated/mcpstruct_bindings/v2031_01_01/types.py" in done.written
    assert "generated/mcpstruct_bindings/v2030_01_01/types.py" not in done.written
    assert done.report is not None
    assert [(c.name, c.change) for c in done.report.fields] == [("Note.size", "removed"), ("Note.stars", "added")]
    index = tomllib.loads((root / "schema" / "revisions.toml").read_text("utf-8"))
    assert index["2031-01-01"]["draft"] is True
    assert index["2031-01-01"]["source"] == "https://example.org/schema.json"
    assert differences(outputs(root / "schema"), root / "generated") == []


def test_the_same_again_changes_nothing(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = upstream(root, NEW)
    bump(root, "2031-01-01", source)
    before = everything(root)
    assert bump(root, "2031-01-01", source).written == ()
    assert everything(root) == before
    assert main(["--root", str(root), "bump", "2031-01-01", source]) == 0
    assert "nothing changed" in capsys.readouterr().out


def test_a_revision_that_leaves_nothing_to_write_is_no_draft(root: Path) -> None:
    done = bump(root, "2031-01-01", upstream(root, {**SPEAKING, "Note": obj({"text": TEXT})}))
    assert not done.draft
    assert "schema/docs.toml" not in done.written


def test_a_correction_that_upstream_made_too_leaves_a_draft(root: Path) -> None:
    (root / "schema" / "overrides.toml").write_text(CORRECTION)
    done = bump(root, "2031-01-01", upstream(root, {**SPEAKING, "Note": obj({"text": TEXT}, size=NUMBER)}))
    assert done.draft
    assert done.drafted == ()
    assert done.report is not None
    assert done.report.fields == ()


def test_revisions_may_come_one_by_one(root: Path) -> None:
    row = CORRECTION.replace("path", 'since = "2031-01-01"\npath', 1)
    (root / "schema" / "overrides.toml").write_text(row)
    bump(root, "2029-01-01", upstream(root, OLD))
    bump(root, "2031-01-01", upstream(root, OLD))


def test_force_replaces_a_revision(root: Path) -> None:
    before = everything(root)
    source = upstream(root, NEW)
    with pytest.raises(GeneratorError, match="2030-01-01 is vendored already"):
        bump(root, "2030-01-01", source)
    assert everything(root) == before
    done = bump(root, "2030-01-01", source, force=True)
    assert done.report is None
    assert "stars" in (root / "generated" / "mcpstruct_bindings" / "v2030_01_01" / "types.py").read_text("utf-8")


@pytest.mark.parametrize(
    ("definitions", "reason"),
    [
        ({"Note": {"type": "string", "pattern": "a+"}}, "Note: no rule for the keyword `pattern`"),
        ({"Note": obj({"a": {"oneOf": [TEXT]}})}, "Note.a: no rule for the keyword `oneOf`"),
        ({"Note": obj({"a": ref("Nothing")})}, "Note: refers to Nothing, which is not defined"),
        ({"Annotated": obj({"a": TEXT})}, "Annotated: the generated modules use this name themselves"),
        ({"Note": obj({"aB": TEXT, "a_b": TEXT})}, "Note: two fields would get the same Python name"),
        ({"A": obj({"x": TEXT}), "B": obj({"x": TEXT}), "Note": one_of("A", "B")}, "Note: nothing tells A from B"),
        ({"PingRequest": message("pong")}, "two definitions bear the same method"),
    ],
)
def test_a_definition_without_a_rule_is_named_and_nothing_is_touched(
    root: Path, definitions: dict[str, Any], reason: str
) -> None:
    before = everything(root)
    with pytest.raises(GeneratorError) as refusal:
        bump(root, "2031-01-01", upstream(root, {**SPEAKING, **definitions}))
    assert reason in str(refusal.value)
    assert everything(root) == before


@pytest.mark.parametrize(
    ("text", "reason"),
    [("<html>", "not JSON"), ("{}", "neither `$defs` nor `definitions` has any")],
)
def test_a_refusal_is_one_line_and_touches_nothing(root: Path, text: str, reason: str) -> None:
    (root / "upstream.json").write_text(text)
    before = everything(root)
    done = codegen(root, "bump", "2031-01-01", str(root / "upstream.json"))
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("bump: ")
    assert reason in done.stderr
    assert everything(root) == before


def test_the_report_on_the_command_line(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(root), "bump", "2031-01-01", upstream(root, NEW)]) == 0
    shown = capsys.readouterr().out
    assert "schema/2031-01-01.json\n" in shown
    assert "Draft lines in schema/docs.toml" in shown
    assert "\n  Note.stars\n" in shown
    assert "2030-01-01 → 2031-01-01" in shown
    assert "~ Note" in shown


def test_drafts_stand_where_the_sorted_tables_want_them() -> None:
    missing = [("definitions", "Zoo"), ("definitions", "Pan"), ("methods", "a/list"), ("fields", "Note.a-b/cD")]
    text = with_drafts(DOCS, missing)
    assert text.splitlines() == [
        "# Ours.",
        'self_explanatory = ["text"]',
        "",
        "[definitions]",
        'EmptyResult = "Nothing more to say."',
        'Note = "What somebody wrote down."',
        'Pan = { text = "Pan.", draft = true }',
        'PingRequest = "Asks for a sign of life."',
        'PongNotification = "Gives a sign of life."',
        'Zoo = { text = "Zoo.", draft = true }',
        "",
        "[methods]",
        '"a/list" = { text = "A list.", draft = true }',
        'ping = "Asks for a sign of life."',
        'pong = "Gives a sign of life."',
        "",
        "[fields]",
        '"Note.a-b/cD" = { text = "C d.", draft = true }',
        '"Note.size" = "How long it is, in bytes."',
    ]
    assert tomllib.loads(text)["fields"]["Note.a-b/cD"]["draft"] is True
    assert with_drafts(text, []) == text


# -- gen --------------------------------------------------------------------------------------------------------------


def test_check_names_what_is_wrong_and_what_mends_it(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    package = root / "generated" / "mcpstruct_bindings"
    assert main(["--root", str(root), "gen", "--check"]) == 0
    (package / "v2030_01_01" / "types.py").write_text("")
    (package / "merged" / "client.py").unlink()
    (package / "stray.py").write_text("")
    capsys.readouterr()
    assert main(["--root", str(root), "gen", "--check"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "stale: mcpstruct_bindings/v2030_01_01/types.py",
        "missing: mcpstruct_bindings/merged/client.py",
        "stray: mcpstruct_bindings/stray.py",
        "run `make gen`",
    ]
    assert main(["--root", str(root), "gen"]) == 0
    assert main(["--root", str(root), "gen", "--check"]) == 0
    assert not (package / "stray.py").exists()


def test_list_and_out(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(root), "gen", "--list"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert "mcpstruct_bindings/merged/types.py" in listed
    assert main(["--root", str(root), "gen", "--out", str(tmp_path / "elsewhere")]) == 0
    assert all((tmp_path / "elsewhere" / path).exists() for path in listed)


# -- the real thing ---------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not UPSTREAM.exists(), reason="the upstream schemas are not here")
@pytest.mark.timeout(180)
@pytest.mark.once
def test_an_unseen_revision_is_usable_at_once(tmp_path: Path) -> None:
    shutil.copytree(schema_directory(), tmp_path / "schema")
    shutil.copytree(ROOT / "generated", tmp_path / "generated", ignore=shutil.ignore_patterns("__pycache__"))
    document = json.loads((UPSTREAM / "2026-07-28" / "schema.json").read_bytes())
    (tmp_path / "schema.json").write_text(json.dumps(invented(document)), "utf-8")
    done = codegen(tmp_path, "bump", "2027-01-15", str(tmp_path / "schema.json"))
    assert done.returncode == 0, done.stderr
    assert "+ notes/list " in done.stdout
    assert "- Tool.icons " in done.stdout
    assert "string, optional → integer, optional" in done.stdout
    code = """
from mcpstruct_bindings.v2027_01_15 import client, decode, methods, server, types as t
answer = b'{"jsonrpc":"2.0","id":1,"result":{"notes":[{"noteId":"a"}],"resultType":"complete","ttlMs":1,' \\
    b'"cacheScope":"public"}}'
print(decode.response(methods.LIST_NOTES, answer).message.result.notes)
print("icons" in t.Tool.__struct_fields__, client.ClientSession.list_notes.__name__)
from mcpstruct_bindings import merged
from mcpstruct_bindings.merged import methods, types
print(methods.LIST_NOTES.since, types.ProgressNotificationParams.__annotations__["message"])
"""
    environment = {"PYTHONPATH": str(tmp_path / "generated")}
    used = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert used.stdout.splitlines() == [
        "[Note(note_id='a', stars=None)]",
        "False list_notes",
        "2027-01-15 str | int | None",
    ], used.stderr
    settings = {
        "include": ["generated/mcpstruct_bindings/v2027_01_15", "generated/mcpstruct_bindings/merged"],
        "extraPaths": ["generated", str(ROOT / "runtime")],
        "typeCheckingMode": "strict",
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings), "utf-8")
    checked = subprocess.run(
        [sys.executable, "-m", "pyright", "--pythonpath", sys.executable],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def invented(document: dict[str, Any]) -> dict[str, Any]:
    """The newest schema with a new method, a new definition, a field less and a type changed."""

    def copy(name: str, **properties: Any) -> Any:
        node = json.loads(json.dumps(definitions[name]))
        node["properties"].update(properties)
        return node

    definitions = document["$defs"]
    definitions["Note"] = {**obj({"noteId": TEXT}, stars={**INTEGER, "minimum": 0}), "description": "A note."}
    definitions["ListNotesRequest"] = copy("ListToolsRequest", method=const("notes/list"))
    found = copy("ListToolsResult", notes={"type": "array", "items": ref("Note")})
    del found["properties"]["tools"]
    found["required"] = [*(key for key in found["required"] if key != "tools"), "notes"]
    definitions["ListNotesResult"] = found
    definitions["ListNotesResultResponse"] = copy("ListToolsResultResponse", result=ref("ListNotesResult"))
    definitions["ClientRequest"]["anyOf"].append(ref("ListNotesRequest"))
    del definitions["Tool"]["properties"]["icons"]
    definitions["ProgressNotificationParams"]["properties"]["message"] = INTEGER
    return document
