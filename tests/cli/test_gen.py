"""`mcpstruct gen`: a third party's schema becomes a package that type checkers have nothing to say about."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.support import ROOT, UPSTREAM, mcpstruct, refused
from tests.codegen.support import INTEGER, TEXT, message, obj, ref

TASKS = UPSTREAM / "extensions" / "tasks" / "schema.json"
MODULES = {"__init__.py", "client.py", "decode.py", "methods.py", "py.typed", "server.py", "types.py"}
NOTES: dict[str, Any] = {
    "Note": {**obj({"noteId": TEXT}, stars=INTEGER), "description": "A note. With more to say."},
    "GetNoteRequest": message("notes/get", obj({"noteId": TEXT})),
    "GetNoteResult": {**obj({"note": ref("Note")}), "description": "The note that was asked for."},
    "NoteChangedNotification": message("notifications/notes/changed", obj({"noteId": TEXT}), notification=True),
}


def write(folder: Path, definitions: dict[str, Any], **more: Any) -> Path:
    path = folder / "notes.json"
    path.write_text(json.dumps({"title": "Notes", **more, "$defs": definitions}))
    return path


def python(folder: Path, code: str) -> str:
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the generated packages `notes` and, where its schema is at hand, `tasks_ext`."""
    folder = tmp_path_factory.mktemp("packages")
    done = mcpstruct("gen", "--schema", write(folder, NOTES), "--out", "notes", cwd=folder)
    assert done.returncode == 0, done.stderr
    if TASKS.exists():
        done = mcpstruct("gen", "--schema", TASKS, "--out", folder / "tasks_ext")
        assert done.returncode == 0, done.stderr
    return folder


def test_a_small_extension(packages: Path) -> None:
    assert {path.name for path in (packages / "notes").iterdir()} - {"__pycache__"} == MODULES
    shown = python(
        packages,
        "from notes import client, methods, server, types as t\n"
        "print(t.Note.__doc__, t.Note(note_id='a', stars=1))\n"
        "print(methods.GET_NOTE, client.ClientSession.get_note.__doc__)\n"
        "print(server.ServerSession.notify_note_changed.__name__, server.ServerHandlers.handled())",
    )
    assert shown.splitlines() == [
        "A note. Note(note_id='a', stars=1)",
        "<MethodInfo notes/get> Get note request.",
        "notify_note_changed frozenset()",
    ]


@pytest.mark.skipif(not TASKS.exists(), reason="the upstream schemas are not here")
def test_the_tasks_extension(packages: Path) -> None:
    assert {path.name for path in (packages / "tasks_ext").iterdir()} - {"__pycache__"} == MODULES
    assert b"MCP Tasks Extension" in (packages / "tasks_ext" / "types.py").read_bytes()
    shown = python(
        packages,
        "from tasks_ext import client, decode, methods, server, types as t\n"
        'data = b\'{"jsonrpc":"2.0","id":1,"method":"tasks/get","params":{"taskId":"x"}}\'\n'
        "print(decode.client_message(data).message.params.task_id, sorted(methods.METHODS))\n"
        'task = b\'{"taskId":"x","status":"failed","createdAt":"a","lastUpdatedAt":"b","ttlMs":null,'
        '"error":{"code":1,"message":"m"},"resultType":"complete"}\'\n'
        'answer = decode.response(methods.GET_TASK, b\'{"jsonrpc":"2.0","id":1,"result":\' + task + b"}")\n'
        "print(type(answer.message.result).__name__, answer.message.result.error.message)",
    )
    assert shown.splitlines() == [
        "x ['elicitation/create', 'notifications/tasks', 'roots/list', 'sampling/createMessage', 'tasks/cancel', "
        "'tasks/get', 'tasks/update']",
        "GetTaskResultFailed m",
    ]


@pytest.mark.timeout(180)
@pytest.mark.once
def test_type_checkers_have_nothing_to_say(packages: Path) -> None:
    sources = [str(ROOT / name) for name in ("runtime", "generated", "codegen")]
    names = [name for name in ("notes", "tasks_ext") if (packages / name).exists()]
    settings = {"include": names, "extraPaths": sources, "typeCheckingMode": "strict", "pythonVersion": "3.11"}
    (packages / "pyrightconfig.json").write_text(json.dumps(settings))
    checks = (
        [sys.executable, "-m", "pyright", "--pythonpath", sys.executable],
        [sys.executable, "-m", "mypy", "--strict", *(word for name in names for word in ("-p", name))],
    )
    for command in checks:
        environment = {**os.environ, "MYPYPATH": os.pathsep.join(sources)}
        done = subprocess.run(command, capture_output=True, text=True, cwd=packages, env=environment, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_it_may_be_made_again(tmp_path: Path) -> None:
    schema = write(tmp_path, NOTES)
    assert mcpstruct("gen", "--schema", schema, "--out", tmp_path / "notes").returncode == 0
    (tmp_path / "notes" / "mine.py").write_text("MINE = 1\n")
    before = (tmp_path / "notes" / "types.py").read_text()
    assert mcpstruct("gen", "--schema", schema, "--out", tmp_path / "notes").returncode == 0
    assert (tmp_path / "notes" / "types.py").read_text() == before
    assert (tmp_path / "notes" / "mine.py").read_text() == "MINE = 1\n"


def test_what_somebody_else_wrote_is_not_overwritten(tmp_path: Path) -> None:
    schema = write(tmp_path, NOTES)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "client.py").write_text("MINE = 1\n")
    assert "client.py stands in the way" in refused(mcpstruct("gen", "--schema", schema, "--out", tmp_path / "notes"))
    assert [path.name for path in (tmp_path / "notes").iterdir()] == ["client.py"]


@pytest.mark.parametrize("left_out", ["GetNoteRequest", "NoteChangedNotification"])
def test_one_side_may_have_nothing_to_say(tmp_path: Path, left_out: str) -> None:
    schema = write(tmp_path, {name: node for name, node in NOTES.items() if name != left_out})
    assert mcpstruct("gen", "--schema", schema, "--out", tmp_path / "notes").returncode == 0


@pytest.mark.parametrize("name", ["timeout", "onProgress", "self"])
def test_parameters_that_a_session_has_itself(tmp_path: Path, name: str) -> None:
    schema = write(tmp_path, {**NOTES, "GetNoteRequest": message("notes/get", obj({"noteId": TEXT}, **{name: TEXT}))})
    assert mcpstruct("gen", "--schema", schema, "--out", tmp_path / "notes").returncode == 0


def test_overrides(tmp_path: Path) -> None:
    schema = write(tmp_path, NOTES)
    rows = tmp_path / "rows.toml"
    row = """
[[correct]]
path = "/Note/properties/stars/type"
old = '"{}"'
new = '"number"'
reason = "Half stars."
"""
    rows.write_text(row.format("integer"))
    out = tmp_path / "notes"
    assert mcpstruct("gen", "--schema", schema, "--out", out, "--overrides", rows).returncode == 0
    assert "stars: int | float | None" in (out / "types.py").read_text()
    rows.write_text(row.format("string"))
    assert "the old value moved" in refused(mcpstruct("gen", "--schema", schema, "--out", out, "--overrides", rows))


def test_a_schema_cannot_smuggle_in_code(tmp_path: Path) -> None:
    evil = '"""\nimport sys; sys.exit("caught")\n"""\\'
    definitions = {**NOTES, "Note": {**obj({"noteId": {**TEXT, "description": evil}}), "description": evil}}
    schema = write(tmp_path, definitions, title=evil)
    assert mcpstruct("gen", "--schema", schema, "--out", tmp_path / "notes").returncode == 0
    assert "caught" in python(tmp_path, "from notes import types, client, server; print(types.Note.__doc__)")


@pytest.mark.parametrize(
    ("definitions", "reason"),
    [
        ({"Note": obj({'a": int; import os #': TEXT})}, "Note: no rule for quotes"),
        ({"Note": obj({"a": {**TEXT, "const": '"]'}})}, "Note.a: no rule for quotes"),
        ({"note": obj()}, "'note': a definition's name becomes that of a class"),
        ({"Literal": obj()}, "Literal: the generated modules use this name themselves"),
        ({"Note": {"oneOf": [TEXT]}}, "Note: no rule for the keyword `oneOf`"),
        ({"Note": obj({"a": ref("Nothing")})}, "Note: refers to Nothing, which is not defined"),
        ({"Note": obj({"a": {"$ref": "https://example.org/x"}})}, "Note.a: `$ref` has to be a reference"),
        ({"Note": {"properties": []}}, "Note: `properties` has to be an object"),
        ({"Note": {"type": "text"}}, "Note: `type` has to be one or several of array, boolean"),
        ({"Note": True}, "Note: a definition has to be an object"),
        ({"Note": obj({"a": 3})}, "Note.a: a schema has to be an object"),
        ({"A": {"anyOf": [ref("A"), TEXT]}}, "A: refers to itself"),
        ({"A": {"type": "array", "items": ref("B")}, "B": {"anyOf": [ref("A"), TEXT]}}, "A: refers to itself"),
        ({"NoteError": obj()}, "no definition becomes a type"),
        ({}, "neither `$defs` nor `definitions` has any"),
    ],
)
def test_refusals_name_the_definition_and_write_nothing(tmp_path: Path, definitions: Any, reason: str) -> None:
    speaking = {"GetNoteRequest": NOTES["GetNoteRequest"], "GetNoteResult": obj(), **definitions}
    schema = write(tmp_path, definitions if "NoteError" in definitions or not definitions else speaking)
    assert reason in refused(mcpstruct("gen", "--schema", schema, "--out", tmp_path / "notes"))
    assert not (tmp_path / "notes").exists()


def test_no_such_file(tmp_path: Path) -> None:
    done = mcpstruct("gen", "--schema", tmp_path / "nowhere.json", "--out", tmp_path / "notes")
    assert "nowhere.json: No such file or directory" in refused(done)


def test_a_folder_that_cannot_be_a_package(tmp_path: Path) -> None:
    schema = write(tmp_path, NOTES)
    assert "has to be a Python name" in refused(mcpstruct("gen", "--schema", schema, "--out", tmp_path / "my-notes"))


@pytest.mark.parametrize("missing", ["jinja2", "datamodel_code_generator"])
def test_without_the_extra(tmp_path: Path, missing: str) -> None:
    schema = write(tmp_path, NOTES)
    code = f"import sys; sys.modules[{missing!r}] = None; from mcpstruct.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "gen", "--schema", str(schema), "--out", str(tmp_path / "notes")]
    line = refused(subprocess.run(command, capture_output=True, check=False))
    assert "mcpstruct[codegen]" in line
    assert not (tmp_path / "notes").exists()
