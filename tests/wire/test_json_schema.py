"""Values judged by JSON Schemas, some of which mean harm."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpstruct.base.errors import MissingExtra, Problem
from mcpstruct.wire import json_schema
from mcpstruct.wire.json_schema import BadSchema, Validator, compiled

OBJECT = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "size/unit": {"items": {"enum": [1, 2]}},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "age": {"minimum": 0},
    },
    "required": ["name"],
    "additionalProperties": False,
}
HARMLESS = 3.0
"""Seconds of CPU that nothing may take."""


def of(schema: Any) -> Validator:
    return compiled(json.dumps(schema).encode())


def refused(schema: Any) -> Problem:
    with pytest.raises(BadSchema) as caught:
        of(schema)
    return caught.value.problem


@pytest.mark.parametrize(
    ("value", "pointer", "expected", "got"),
    [
        ({"name": 3}, "/x/name", "string", "integer"),
        ({}, "/x/name", "a value", "nothing"),
        ({"name": "n", "more": 1}, "/x/more", "nothing", "a value"),
        ({"name": "n", "size/unit": [1, "k"]}, "/x/size~1unit/1", "what /properties/size~1unit/items/enum", "string"),
        ({"name": "n", "note": 5}, "/x/note", "what /properties/note/anyOf", "integer"),
        ({"name": "n", "age": -1}, "/x/age", "what /properties/age/minimum", "integer"),
        ([], "/x", "object", "array"),
        (None, "/x", "object", "null"),
    ],
)
def test_a_fault_is_named_by_where_it_stands(value: Any, pointer: str, expected: str, got: str) -> None:
    problem = of(OBJECT).problem(value, "/x")
    assert problem is not None
    assert (problem.pointer, problem.got) == (pointer, got)
    assert problem.expected.startswith(expected)


@pytest.mark.parametrize("value", [{"name": "n"}, {"name": "", "note": None, "age": 0, "size/unit": []}])
def test_what_fits_has_no_fault(value: Any) -> None:
    assert of(OBJECT).problem(value) is None


def test_values_are_not_repeated() -> None:
    schema = {"properties": {"a": {"const": "secret1"}, "b": {"pattern": "^x$"}, "c": {"maxLength": 1}}}
    for value in ({"a": "secret2"}, {"b": "secret2"}, {"c": "secret2"}):
        assert "secret" not in str(of(schema).problem(value))


def test_what_is_no_json_fits_nothing() -> None:
    problem = of({"properties": {"a": {"type": "object"}}}).problem({"a": {1, 2}})
    assert problem is not None
    assert problem.expected.startswith("JSON")


# -- dialects ---------------------------------------------------------------------------------------------------------


def test_2020_12_is_the_default() -> None:
    validator = of({"prefixItems": [{"type": "string"}], "items": False})
    assert validator.problem(["a"]) is None
    assert validator.problem([1]) is not None
    assert validator.problem(["a", "b"]) is not None


@pytest.mark.parametrize("end", ["", "#"])
@pytest.mark.parametrize("dialect", json_schema.DIALECTS)
def test_a_dialect_is_honoured(dialect: str, end: str) -> None:
    scheme = "https" if "draft/" in dialect else "http"
    older = {"$schema": f"{scheme}://{dialect}{end}", "items": [{"type": "string"}], "additionalItems": False}
    if "2020" in dialect:
        assert refused(older).pointer.startswith("/items")
        return
    assert of(older).problem(["a", "b"]) is not None
    assert of(older).problem(["a"]) is None


def test_draft_4_has_its_own_bounds() -> None:
    schema = {"$schema": "http://json-schema.org/draft-04/schema#", "maximum": 3, "exclusiveMaximum": True}
    assert of(schema).problem(3) is not None
    assert of(schema).problem(2) is None


@pytest.mark.parametrize("dialect", ["http://json-schema.org/draft-03/schema#", "https://example.com/mine", "", "#"])
def test_another_dialect_is_refused(dialect: str) -> None:
    assert refused({"$schema": dialect, "type": "object"}).pointer == "/$schema"


@pytest.mark.parametrize(
    ("schema", "pointer"),
    [
        ({"type": "text"}, "/type"),
        ({"properties": {"a": {"pattern": "("}}}, "/properties/a/pattern"),
        ({"$schema": 5}, "/$schema"),
        ({"required": "a"}, "/required"),
        ([], ""),
        ("object", ""),
        (None, ""),
    ],
)
def test_an_invalid_schema_is_refused(schema: Any, pointer: str) -> None:
    assert refused(schema).pointer == pointer


def test_bytes_that_are_no_json_are_refused() -> None:
    for data in (b"", b"{", b"\xff", b"{" * 5000):
        with pytest.raises(BadSchema):
            compiled(data)


def test_formats_are_notes() -> None:
    assert of({"type": "string", "format": "email"}).problem("nobody") is None


# -- references -------------------------------------------------------------------------------------------------------


def test_no_reference_is_fetched_from_the_network() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/schema.json"
        for schema in ({"$ref": url}, {"$id": url, "$ref": "other.json"}, {"properties": {"a": {"$ref": f"{url}#/b"}}}):
            assert "references" in refused(schema).expected
        refused({"$schema": url})
        with pytest.raises(BlockingIOError):
            server.accept()


def test_no_reference_is_fetched_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text("{}")
    for reference in ((tmp_path / "schema.json").as_uri(), "schema.json", "./schema.json", "//schema.json"):
        assert "references" in refused({"$ref": reference}).expected


@pytest.mark.parametrize("reference", ["#/$defs/none", "#none", "#/%24defs/none"])
def test_a_reference_to_nothing_is_refused(reference: str) -> None:
    assert "references" in refused({"$ref": reference}).expected


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/$defs/a", "$defs": {"a": {"type": "string"}}},
        {"$ref": "#/%24defs/a", "$defs": {"a": {"type": "string"}}},
        {"$ref": "#a", "$defs": {"b": {"$anchor": "a", "type": "string"}}},
        {"$id": "https://example.com/s", "$ref": "#/$defs/a", "$defs": {"a": {"type": "string"}}},
        {"$id": "https://example.com/s", "$ref": "s#/$defs/a", "$defs": {"a": {"type": "string"}}},
        {"$id": "https://example.com/s", "$ref": "t", "$defs": {"a": {"$id": "t", "type": "string"}}},
        {"allOf": [{"type": "string"}], "$ref": "#/allOf/0"},
        {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "$ref": "#/definitions/a",
            "definitions": {"a": {"type": "string"}},
        },
    ],
)
def test_references_within_a_schema_are_followed(schema: Any) -> None:
    assert of(schema).problem("text") is None
    problem = of(schema).problem(5)
    assert problem is not None
    assert problem.expected == "string"


ANYTHING = {
    "$ref": "#/$defs/json",
    "$defs": {
        "json": {
            "anyOf": [
                {"type": ["string", "null"]},
                {"type": "array", "items": {"$ref": "#/$defs/json"}},
                {"type": "object", "additionalProperties": {"$ref": "#/$defs/json"}},
            ]
        }
    },
}


def test_schemas_may_refer_to_themselves() -> None:
    validator = of(ANYTHING)
    assert validator.problem({"a": [[], {"b": ["c", None]}]}) is None
    assert validator.problem({"a": [[], {"b": ["c", 1]}]}) is not None
    assert of({"$ref": "#"}).problem(1) is None


def test_a_metaschema_may_be_what_is_wanted() -> None:
    validator = of({"$ref": "https://json-schema.org/draft/2020-12/schema"})
    assert validator.problem({"type": "object"}) is None
    assert validator.problem({"type": "text"}) is not None


# -- bounds -----------------------------------------------------------------------------------------------------------


def doubling(levels: int, keyword: str, leaf: Any) -> dict[str, Any]:
    """A schema that stands for twice as many subschemas on each level."""
    definitions: dict[str, Any] = {f"s{n}": {keyword: [{"$ref": f"#/$defs/s{n + 1}"}] * 2} for n in range(levels)}
    return {"$ref": "#/$defs/s0", "$defs": {**definitions, f"s{levels}": leaf}}


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
@pytest.mark.parametrize("levels", [10, 12, 14, 40, 90])
def test_references_to_references_cost_little(levels: int, keyword: str) -> None:
    start = time.process_time()
    for leaf in ({"type": "object"}, {"type": "string"}):
        schema = doubling(levels, keyword, leaf)
        if levels > 12:
            assert "at most" in refused(schema).expected
        else:
            of(schema).problem({})
    assert time.process_time() - start < HARMLESS


def test_references_are_counted_however_they_are_written() -> None:
    for reference in ("#/%24defs/s{}", "s#/$defs/s{}", "#s{}"):
        schema = doubling(30, "allOf", {})
        text = json.dumps({**schema, "$id": "https://example.com/s"})
        for n in range(31):
            text = text.replace(f'"#/$defs/s{n}"', json.dumps(reference.format(n)))
            text = text.replace(f'"s{n}": {{', f'"s{n}": {{"$anchor": "s{n}", ')
        text = text.replace(", }", "}")
        with pytest.raises(BadSchema, match="at most"):
            compiled(text.encode())


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
def test_to_say_where_a_fault_is_costs_little(keyword: str) -> None:
    inner = {"$ref": "#/$defs/a"}
    twice = {
        **inner,
        "$defs": {"a": {"type": "object", "properties": {"x": {keyword: [inner, inner]}}, "required": ["x"]}},
    }
    deep: Any = {}
    for _ in range(60):
        deep = {"x": deep}
    start = time.process_time()
    assert of(twice).problem(deep) is not None
    lists = of({keyword: [{"items": {"type": "string"}}] * 50})
    assert lists.problem([1] * 100_000) is not None
    assert time.process_time() - start < HARMLESS


def test_a_fault_in_much_data_is_found() -> None:
    rows = of({"items": {"properties": {"a": {"type": "string"}, "b": {"anyOf": [{"type": "null"}, {"minimum": 0}]}}}})
    problem = rows.problem([{"a": "x", "b": None}] * 50_000 + [{"a": 5}])
    assert problem == Problem("/50000/a", "string", "integer")


def test_size_and_depth_have_bounds() -> None:
    assert "bytes" in refused({"description": "x" * json_schema.MAX_BYTES}).expected
    deep: Any = {}
    for _ in range(json_schema.MAX_DEPTH + 1):
        deep = {"not": deep}
    assert "levels" in refused(deep).expected
    noted: Any = {}
    for _ in range(400):
        noted = {"default": noted}
    assert "nesting" in refused(noted).expected
    wide = {"anyOf": [{"not": {}}] * (json_schema.MAX_SUBSCHEMAS // 2)}
    assert "subschemas" in refused(wide).expected


@pytest.mark.parametrize("pattern", [r"^(a*)*\1b$", r"^(?:(?=a)a|a(?!b))*c$", "^(a+)+$", "(x+x+)+y"])
def test_patterns_cost_little(pattern: str) -> None:
    start = time.process_time()
    of({"items": {"pattern": pattern}}).problem(["a" * 5000, "x" * 5000])
    assert time.process_time() - start < HARMLESS


JUDGE = """
import json, sys, threading
from mcpstruct.wire.json_schema import BadSchema, compiled

levels, stack = int(sys.argv[1]), int(sys.argv[2])
values = []  # kept: Python 3.13 itself overruns a small stack where it frees a dict that nests so deeply

for depth in (1, 10, 20, 60, 100, 126, 300, 900, 5000):
    for value in (5, {}):
        for _ in range(depth):
            value = {"x": value}
        values.append(value)

def judge():
    for keyword in ("anyOf", "oneOf", "allOf"):
        inner = {"$ref": "#"}
        for _ in range(levels):
            inner = {keyword: [{"type": "string"}, inner]}
        noted = {"$defs": {"unused": inner}}
        for _ in range(levels):
            noted = {"properties": {"p": noted}, "unevaluatedProperties": False}
        compiled(json.dumps(noted).encode())
        validator = compiled(json.dumps({"type": "object", "properties": {"x": inner}}).encode())
        for value in values:
            validator.problem(value)
    print("judged")

if stack:
    threading.stack_size(stack * 1024)
    thread = threading.Thread(target=judge)
    thread.start()
    thread.join()
else:
    judge()
"""


@pytest.mark.parametrize("stack", [0, 128, 4096], ids=lambda kib: f"{kib}-KiB")
@pytest.mark.parametrize("levels", [0, 4, 55])
def test_no_stack_is_overrun(levels: int, stack: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", JUDGE, str(levels), str(stack)], capture_output=True, text=True, check=False, timeout=30
    )
    assert (done.returncode, done.stdout) == (0, "judged\n"), done.stderr


def test_values_that_nest_too_deeply_for_a_schema_that_does_are_refused() -> None:
    deep: Any = {}
    for _ in range(50_000):
        deep = {"x": deep}
    problem = of({"properties": {"x": {"$ref": "#"}}}).problem(deep)
    assert problem is not None
    assert "levels of nesting" in problem.expected
    assert of({"properties": {"x": {"type": "object"}}}).problem(deep) is None
    problem = of({"uniqueItems": True}).problem([deep, deep])
    assert problem is not None
    assert problem.pointer == ""


SCHEMAS = st.recursive(
    st.booleans() | st.dictionaries(st.sampled_from(["type", "enum", "$ref", "minimum"]), st.text("#/$a", max_size=4)),
    lambda inner: st.dictionaries(
        st.sampled_from(["properties", "items", "not", "anyOf", "$defs", "$id", "$anchor", "if", "then", "a"]),
        inner | st.lists(inner, max_size=3) | st.dictionaries(st.text("a/~%2", max_size=3), inner, max_size=3),
        max_size=4,
    ),
    max_leaves=20,
)


@given(schema=SCHEMAS, value=st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_any_schema_is_refused_or_judges(schema: Any, value: Any) -> None:
    try:
        validator = of(schema)
    except BadSchema as error:
        assert error.problem.pointer == "" or error.problem.pointer.startswith("/")  # noqa: PT017
        return
    problem = validator.problem(value)
    assert problem is None or isinstance(problem, Problem)


# -- one of each ------------------------------------------------------------------------------------------------------


def test_a_schema_is_compiled_once() -> None:
    assert of(OBJECT) is of(json.loads(json.dumps(OBJECT)))
    for number in range(json_schema._MOST_COMPILED):
        of({"minimum": number})
    assert compiled.cache_info().currsize <= json_schema._MOST_COMPILED


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_schema, "available", lambda: False)
    compiled.cache_clear()
    with pytest.raises(MissingExtra, match=r"mcpstruct\[schema\]"):
        of(OBJECT)
