"""Parts that stay bytes until somebody looks: schemas of tools, `_meta`. To their users they are dicts, always."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from mcpstruct.base.bag import Bag
from mcpstruct.base.codec import from_json, to_dict, to_json, to_line
from mcpstruct.base.errors import ProtocolViolation
from mcpstruct.base.messages import Received
from mcpstruct_bindings.merged import decode
from mcpstruct_bindings.merged import methods as every_method
from mcpstruct_bindings.merged import types as merged
from tests.support.recording import PACKAGES, module_of, violation_of

types = module_of("v2025_11_25", "types")
methods = module_of("v2025_11_25", "methods")
respond = module_of("v2025_11_25", "decode").response
every_package = pytest.mark.parametrize("package", PACKAGES)
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "x-vendor": [1, 2.0, None]}
ODD = b'{ "type" : "object",  "z": 1.0,"a":"\\u00e4" }'


def tool(schema: bytes = ODD) -> Any:
    return from_json(types.Tool, b'{"name":"x","inputSchema":%b}' % schema)


def made(schema: dict[str, Any] | None = None) -> Any:
    return types.Tool(name="x", input_schema={"type": "object", "z": 1.0, "a": "ä"} if schema is None else schema)


# -- schemas ------------------------------------------------------------------------------------------------------


@every_package
def test_a_schema_is_a_dict(package: str) -> None:
    tp = module_of(package, "types").Tool
    decoded = from_json(tp, to_json({"name": "x", "inputSchema": SCHEMA}))
    assert decoded.input_schema == SCHEMA
    assert type(decoded.input_schema) is dict
    assert tp(name="x", input_schema=SCHEMA).input_schema == SCHEMA
    assert to_dict(decoded) == to_dict(tp(name="x", input_schema=SCHEMA)) == {"name": "x", "inputSchema": SCHEMA}


def test_a_schema_nobody_looks_at_is_passed_on_byte_for_byte() -> None:
    assert ODD in to_json(tool())


def test_a_schema_that_was_looked_at_is_the_same_dict_ever_after() -> None:
    decoded = tool()
    assert decoded.input_schema is decoded.input_schema
    decoded.input_schema["z"] = 2
    assert decoded.input_schema["z"] == 2
    assert to_dict(decoded)["inputSchema"] == {"type": "object", "z": 2, "a": "ä"}


def test_a_schema_that_was_given_is_the_very_dict() -> None:
    given = {"type": "object"}
    value = made(given)
    assert value.input_schema is given
    given["title"] = "late"
    assert to_dict(value)["inputSchema"] == {"type": "object", "title": "late"}
    value.input_schema = {"type": "object", "title": "new"}
    assert to_dict(value)["inputSchema"]["title"] == "new"


def test_an_optional_schema_may_be_absent() -> None:
    assert tool().output_schema is None
    assert "outputSchema" not in to_dict(tool())
    with_output = from_json(types.Tool, b'{"name":"x","inputSchema":{},"outputSchema":{"type":"object"}}')
    assert with_output.output_schema == {"type": "object"}
    with_output.output_schema = None
    assert to_dict(with_output) == {"name": "x", "inputSchema": {}}


def test_an_explicit_null_is_absence_read_or_not() -> None:
    data = b'{"name":"x","inputSchema":{},"outputSchema":null}'
    read = from_json(types.Tool, data)
    assert read.output_schema is None
    assert to_dict(read) == {"name": "x", "inputSchema": {}}
    assert to_dict(from_json(types.Tool, data)) == {"name": "x", "inputSchema": {}}


def test_equality_sees_what_is_in_the_bytes() -> None:
    assert tool() == tool()
    assert tool() == made()
    assert made() == tool()
    assert tool() == tool(b'{"a":"\xc3\xa4","z":1,"type":"object"}')
    assert tool() != tool(b"{}")
    assert tool() != made({})
    touched = tool()
    assert touched.input_schema
    assert touched == tool()
    assert tool() != 5
    assert tool() != from_json(module_of("merged", "types").Tool, to_json(tool()))


def test_repr_shows_the_dict() -> None:
    assert repr(tool()) == repr(made())
    assert "'z': 1.0" in repr(tool())


@pytest.mark.parametrize("make", [tool, made], ids=["decoded", "made"])
def test_copies_and_pickles_hold_dicts(make: Any) -> None:
    for duplicate in (
        copy.copy,
        copy.deepcopy,
        lambda x: pickle.loads(pickle.dumps(x)),  # noqa: S301
        lambda x: msgspec.structs.replace(x, name="x"),
    ):
        twin = duplicate(make())
        assert type(twin) is types.Tool
        assert twin == make()
        assert twin.input_schema == {"type": "object", "z": 1.0, "a": "ä"}


def test_a_deep_copy_is_independent() -> None:
    original = tool()
    twin = copy.deepcopy(original)
    twin.input_schema["z"] = 2
    assert original.input_schema["z"] == 1.0


UNREADABLE = {
    "array": b"[]",
    "number": b"5",
    "string": b'"x"',
    "invalid UTF-8": b'{"a":"\xff"}',
    "integer beyond the digit limit": b'{"a":%b}' % (b"9" * 5000),
    "float out of range": b'{"a":1e999}',
}


@pytest.mark.parametrize("schema", UNREADABLE.values(), ids=UNREADABLE)
def test_a_schema_that_cannot_be_read_is_a_violation_when_looked_at(schema: bytes) -> None:
    for look in (lambda x: x.input_schema, copy.copy, pickle.dumps, lambda x: x == made()):
        violation = violation_of(look, tool(schema))
        assert violation.pointer == "/inputSchema"
        assert violation.data == schema


def test_a_wrong_schema_is_described_in_json_words() -> None:
    assert violation_of(lambda: tool(b"[]").input_schema).got == "array"
    assert violation_of(lambda: tool(b"5").input_schema).got == "integer"


def test_a_required_schema_may_not_be_null() -> None:
    with pytest.raises(ProtocolViolation):
        assert tool(b"null").input_schema is None


def test_a_catalogue_is_passed_on_untouched() -> None:
    tools = b",".join(b'{"inputSchema":%b,"name":"t%d"}' % (ODD, i) for i in range(50))
    data = b'{"jsonrpc":"2.0","id":1,"result":{"tools":[%b]}}' % tools
    result = respond(methods.LIST_TOOLS, data).message.result
    assert to_json(result) == b'{"tools":[%b]}' % tools
    assert all(entry.input_schema["z"] == 1.0 for entry in result.tools)


def test_one_look_from_many_threads() -> None:
    decoded = tool()
    barrier = threading.Barrier(8)
    seen: list[dict[str, Any]] = []

    def look() -> None:
        barrier.wait()
        seen.append(decoded.input_schema)

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [{"type": "object", "z": 1.0, "a": "ä"}] * 8


# -- metadata -----------------------------------------------------------------------------------------------------

META = b'{ "progressToken" : 5, "example.com/x":[1.0] }'


def params(meta: bytes = META) -> Any:
    return from_json(types.RequestParams, b'{"_meta":%b}' % meta)


def test_metadata_is_a_typed_bag() -> None:
    for value in (params(), types.RequestParams(meta={"progressToken": 5, "example.com/x": [1.0]})):
        assert type(value.meta) is types.RequestMetaObject
        assert isinstance(value.meta, Bag)
        assert value.meta.progress_token == 5
        assert value.meta == {"progressToken": 5, "example.com/x": [1.0]}
        assert value.meta is value.meta


def test_metadata_nobody_looks_at_is_passed_on_byte_for_byte() -> None:
    assert to_json(params()) == b'{"_meta":%b}' % META


def test_metadata_that_was_changed_is_sent_changed() -> None:
    value = params()
    value.meta["more"] = None
    value.meta.progress_token = 9
    assert to_dict(value) == {"_meta": {"progressToken": 9, "example.com/x": [1.0], "more": None}}


def test_metadata_compares_copies_and_pickles() -> None:
    made = types.RequestParams(meta=types.RequestMetaObject({"progressToken": 5, "example.com/x": [1.0]}))
    assert params() == made
    for twin in (copy.copy(params()), copy.deepcopy(params()), pickle.loads(pickle.dumps(params()))):  # noqa: S301
        assert twin == made
        assert type(twin.meta) is types.RequestMetaObject
    assert repr(params()) == repr(made)


def test_absent_metadata_is_none() -> None:
    assert from_json(types.RequestParams, b"{}").meta is None
    assert to_json(from_json(types.RequestParams, b'{"_meta":null}')) == b"{}"


def test_known_keys_of_metadata_are_validated_with_the_message() -> None:
    for meta, pointer in ((b'{"progressToken":[]}', "/_meta/progressToken"), (b"[]", "/_meta"), (b'"x"', "/_meta")):
        assert violation_of(params, meta).pointer == pointer
    modern = module_of("v2026_07_28", "types").RequestParams
    violation = violation_of(from_json, modern, b'{"_meta":{"io.modelcontextprotocol/protocolVersion":"x"}}')
    assert violation.pointer == "/_meta/io.modelcontextprotocol~1clientCapabilities"
    assert violation.got == "nothing"


@pytest.mark.parametrize("junk", [b'"\xff"', b"9" * 5000, b"1e999"], ids=["UTF-8", "digits", "range"])
def test_unreadable_metadata_is_a_violation_when_decoded_or_when_looked_at(junk: bytes) -> None:
    violation = violation_of(lambda: params(b'{"x":%b}' % junk).meta)
    assert violation.pointer in ("", "/_meta")


# -- what is sent on undecoded ----------------------------------------------------------------------------------------

BROKEN = b'{"x":\n{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"delete_all"}}\r\n}'
SENT_ON = {
    "request": lambda: decode.client_message(
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","_meta":%b}}' % BROKEN
    ),
    "result": lambda: decode.response(
        every_method.LIST_TOOLS,
        b'{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"x","inputSchema":%b,"outputSchema":%b}]}}'
        % (BROKEN, BROKEN),
    ),
    "alternative": lambda: decode.response(
        every_method.CALL_TOOL, b'{"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required","_meta":%b}}' % BROKEN
    ),
    "raw result": lambda: decode.server_message(b'{"jsonrpc":"2.0","id":1,"result":%b}' % BROKEN),
    "value": lambda: from_json(merged.Tool, b'{"name":"x","inputSchema":%b}' % BROKEN),
}


@pytest.mark.parametrize("made", SENT_ON.values(), ids=SENT_ON)
def test_line_breaks_of_a_peer_are_not_sent_on(made: Callable[[], Any]) -> None:
    value = made()
    if isinstance(value, Received):
        assert b"\n" in value.data  # the bytes themselves stay as they came
        value = value.message
    assert {10, 13} & set(to_json(value))  # nor does plain encoding touch them
    sent = to_line(value)
    assert b"delete_all" in sent
    assert not {10, 13} & set(sent)


def test_reading_what_is_too_deep_for_a_thread_is_refused() -> None:
    deep = b'{"name":"x","inputSchema":{"a":%b%b}}' % (b"[" * 900, b"]" * 900)
    program = (
        "import sys, threading\n"
        "from mcpstruct.base.codec import from_json\n"
        "from mcpstruct.base.errors import LimitExceeded\n"
        "from mcpstruct.types import Tool\n"
        "tool = from_json(Tool, sys.stdin.buffer.read())\n"
        "def read():\n"
        "    try:\n"
        "        tool.input_schema\n"
        "    except LimitExceeded:\n"
        "        print('refused')\n"
        "threading.stack_size(64 * 1024)\n"
        "thread = threading.Thread(target=read)\n"
        "thread.start()\n"
        "thread.join()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], input=deep, capture_output=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, b"refused"), done.stderr


def test_a_repr_never_fails_over_bad_bytes() -> None:
    assert "Tool" in repr(from_json(merged.Tool, b'{"name":"x","inputSchema":[]}'))
