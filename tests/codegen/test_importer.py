"""Schemas on their way in: read, refused or stripped, and written down with where they came from."""

from __future__ import annotations

import json
import threading
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from mcpstruct_codegen.importer import Import, incoming, parse, read_source, render, strip_prose
from mcpstruct_codegen.schemas import GeneratorError, load_all, schema_directory
from mcpstruct_codegen.wellformed import check_definitions, check_modules, check_names
from tests.codegen.support import TEXT, array, obj, one_of, ref

UPSTREAM = Path(__file__).parents[2].parent / "shared" / "upstream" / "schema"
SCHEMA = {"$defs": {"Note": obj({"text": TEXT})}}


def written(directory: Path, new: Import, *, draft: bool = False) -> None:
    """Put an import into the folder."""
    for name, text in new.files(draft=draft).items():
        (directory / name).write_text(text, "utf-8")


def schema_file(folder: Path, document: Any = SCHEMA) -> str:
    path = folder / "schema.json"
    path.write_text(json.dumps(document), "utf-8")
    return str(path)


# -- what is vendored -------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not UPSTREAM.exists(), reason="the upstream schemas are not here")
def test_the_vendored_schemas_are_the_imported_ones(tmp_path: Path) -> None:
    vendored = schema_directory()
    index = tomllib.loads((vendored / "revisions.toml").read_text("utf-8"))
    for revision, row in index.items():
        source = UPSTREAM / revision / "schema.json"
        written(tmp_path, incoming(tmp_path, revision, str(source), f"{row['source']}@{row['commit']}"))
    assert {path.name for path in tmp_path.iterdir()} == {"revisions.toml", *(f"{revision}.json" for revision in index)}
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (vendored / path.name).read_bytes(), path.name


def test_no_sentence_is_vendored() -> None:
    for schema in load_all(schema_directory()):
        assert strip_prose(schema.definitions) == schema.definitions


def test_prose_goes_and_names_stay() -> None:
    document = {
        "title": "T",
        "$comment": "c",
        "$defs": {
            "Note": {
                "description": "A note.",
                "properties": {
                    "title": {"type": "string", "description": "Its title.", "examples": ["a"]},
                    "description": {"type": "string", "default": "description"},
                },
                "enum": [{"description": "data"}],
                "required": ["title"],
            }
        },
    }
    assert strip_prose(document) == {
        "$defs": {
            "Note": {
                "properties": {
                    "title": {"type": "string"},
                    "description": {"type": "string", "default": "description"},
                },
                "enum": [{"description": "data"}],
                "required": ["title"],
            }
        }
    }


def test_one_schema_is_one_byte_sequence() -> None:
    assert render({"b": 1, "a": {"d": "ä", "c": []}}) == '{\n "a": {\n  "c": [],\n  "d": "ä"\n },\n "b": 1\n}\n'


def test_where_it_came_from_is_noted(tmp_path: Path) -> None:
    source = schema_file(tmp_path)
    written(tmp_path, incoming(tmp_path, "2030-01-01", source, "https://example.org/a@b/schema.json@abc"), draft=True)
    written(tmp_path, incoming(tmp_path, "2029-01-01", source))
    text = (tmp_path / "revisions.toml").read_text("utf-8")
    index = tomllib.loads(text)
    assert list(index) == ["2029-01-01", "2030-01-01"]
    assert index["2030-01-01"]["source"] == "https://example.org/a@b/schema.json"
    assert index["2030-01-01"]["commit"] == "abc"
    assert index["2030-01-01"]["draft"] is True
    assert (index["2029-01-01"]["source"], index["2029-01-01"]["era"]) == ("a local file", "modern")
    again = incoming(tmp_path, "2030-01-01", source)
    assert again.draft
    assert again.files(draft=True)["revisions.toml"] == text


def test_a_handshake_makes_the_era(tmp_path: Path) -> None:
    source = schema_file(tmp_path, {"definitions": {"InitializeRequest": obj()}})
    assert incoming(tmp_path, "2030-01-01", source).row["era"] == "legacy"


def test_another_schema_needs_force(tmp_path: Path) -> None:
    written(tmp_path, incoming(tmp_path, "2030-01-01", schema_file(tmp_path)))
    other = schema_file(tmp_path, {"$defs": {"Other": obj()}})
    with pytest.raises(GeneratorError, match=r"2030-01-01 is vendored already, from another schema .* FORCE=1"):
        incoming(tmp_path, "2030-01-01", other)
    assert "Other" in incoming(tmp_path, "2030-01-01", other, force=True).document["$defs"]


@pytest.mark.parametrize("revision", ["2030-1-1", "draft", "../2030-01-01", "2030-01-01\n", ""])
def test_revisions_are_dates(tmp_path: Path, revision: str) -> None:
    with pytest.raises(GeneratorError, match="is no revision"):
        incoming(tmp_path, revision, schema_file(tmp_path))


# -- reading ----------------------------------------------------------------------------------------------------------


class Site(BaseHTTPRequestHandler):
    """Serves one schema."""

    def do_GET(self) -> None:
        known = self.path == "/schema.json"
        self.send_response(200 if known else 404)
        self.end_headers()
        self.wfile.write(json.dumps(SCHEMA).encode() if known else b"no")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_from_a_url(site: str, tmp_path: Path) -> None:
    new = incoming(tmp_path, "2030-01-01", f"{site}/schema.json")
    assert new.row["source"] == f"{site}/schema.json"
    assert "Note" in new.document["$defs"]


def test_a_url_that_has_nothing(site: str) -> None:
    with pytest.raises(GeneratorError, match="/nowhere: the server answered 404"):
        read_source(f"{site}/nowhere")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("nowhere/schema.json", "No such file or directory"),
        (".", "Is a directory"),
        ("file:///etc/hostname", "only http and https URLs are fetched"),
        ("ftp://127.0.0.1/x", "only http and https URLs are fetched"),
        ("http://127.0.0.1:1/x", "Connection refused"),
        ("http:///x", "no host given"),
        ("http://127.0.0.1:x/", "nonnumeric port"),
        ("http://127.0.0.1/a b", "can't contain control characters"),
    ],
)
def test_what_cannot_be_read(source: str, reason: str) -> None:
    with pytest.raises(GeneratorError, match=reason) as refusal:
        read_source(source)
    assert str(refusal.value).startswith(f"{source}: ")
    assert "\n" not in str(refusal.value)


# -- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not JSON"),
        (b"<html>", "not JSON"),
        (b"\xff\xfe\xfa", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "the document is not an object"),
        (b"{}", "neither `\\$defs` nor `definitions` has any"),
        (b'{"$defs":{}}', "neither `\\$defs` nor `definitions` has any"),
        (b'{"definitions":[1]}', "neither `\\$defs` nor `definitions` has any"),
    ],
)
def test_no_schema(data: bytes, reason: str) -> None:
    with pytest.raises(GeneratorError, match=f"^upstream: .*{reason}"):
        parse(data, "upstream")


@pytest.mark.parametrize(
    ("node", "reason"),
    [
        (3, "Note: a schema has to be an object"),
        (True, "Note: a definition has to be an object"),
        ({"type": "text"}, "Note: `type` has to be one or several of"),
        ({"type": []}, "Note: `type` has to be one or several of"),
        ({"properties": {"a": []}}, "Note.a: a schema has to be an object"),
        ({"properties": {"a": {"items": {"items": 1}}}}, r"Note.a\[\]\[\]: a schema has to be an object"),
        ({"additionalProperties": {"enum": []}}, r"Note\{\}: `enum` has to be a list of scalars"),
        ({"enum": [[]]}, "Note: `enum` has to be a list of scalars"),
        ({"const": {}}, "Note: `const` has to be a scalar"),
        ({"required": "text"}, "Note: `required` has to be a list of strings"),
        ({"anyOf": []}, "Note: `anyOf` has to be a list that is not empty"),
        ({"allOf": {}}, "Note: `allOf` has to be a list that is not empty"),
        ({"minimum": "1"}, "Note: `minimum` has to be a number"),
        ({"maxItems": True}, "Note: `maxItems` has to be a number"),
        ({"$ref": 1}, r"Note: `\$ref` has to be a reference to a definition"),
        ({"$ref": "other.json#/$defs/A"}, r"Note: `\$ref` has to be a reference to a definition"),
        (ref("Nothing"), "Note: refers to Nothing, which is not defined"),
        (array(ref("Note")), "Note: refers to itself"),
        (one_of("Note", TEXT), "Note: refers to itself"),
        ({"additionalProperties": ref("Note")}, "Note: refers to itself"),
        ({"const": 'a"b'}, "Note: no rule for quotes"),
        (obj({"a\\b": TEXT}), "Note: no rule for quotes"),
        (obj({"a\nb": TEXT}), "Note: no rule for quotes"),
    ],
)
def test_no_definition(node: Any, reason: str) -> None:
    with pytest.raises(GeneratorError, match=f"^{reason}"):
        check_definitions({"Other": obj(), "Note": node})


def test_what_is_well_formed() -> None:
    tree = obj({"children": array(ref("Tree"))}, parent=one_of("Tree", {"type": "null"}))
    check_definitions({"Tree": tree, "Open": obj(any=True), "JSONValue": array(ref("JSONValue"))})


@pytest.mark.parametrize("name", ["note", "None", "My-Note", "My_Note", "Näme", "", "1Note", "A; import os"])
def test_names_of_definitions_become_names_of_classes(name: str) -> None:
    with pytest.raises(GeneratorError, match="a definition's name becomes that of a class"):
        check_definitions({name: obj()})


def test_names_that_the_modules_need_themselves() -> None:
    check_names(["Note"])
    with pytest.raises(GeneratorError, match=r"^Annotated: "):
        check_names(["Note", "Annotated"])


def test_modules_that_are_no_python() -> None:
    check_modules({"a.py": "x = 1"})
    with pytest.raises(GeneratorError, match=r"^b\.py: line 1: duplicate argument"):
        check_modules({"a.py": "", "b.py": "def f(a, a): ..."})
