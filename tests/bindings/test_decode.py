"""The one-pass decoders on bytes from a peer who may send anything: a typed message, or a typed error that says why."""

from __future__ import annotations

import importlib
import json
import threading
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Raw
from tests.support.recording import specimen

from mcpstruct.base.codec import from_json, to_dict, to_json
from mcpstruct.base.envelope import guess_id
from mcpstruct.base.errors import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    LimitExceeded,
    ProtocolViolation,
)
from mcpstruct.base.messages import MessageDecoder, ResponseDecoder
from mcpstruct.base.methods import MethodInfo

PACKAGES = ("v2024_11_05", "v2025_03_26", "v2025_06_18", "v2025_11_25", "v2026_07_28", "merged")
BATCHES = ("v2025_03_26", "merged")
SIDES = ("client", "server")


def module_of(package: str, name: str) -> Any:
    return importlib.import_module(f"mcpstruct_bindings.{package}.{name}")


def decoder_of(package: str, side: str) -> MessageDecoder[Any]:
    return getattr(module_of(package, "decode"), f"{side}_message")


class Message(NamedTuple):
    """A kind of message that a side may send."""

    package: str
    side: str
    info: MethodInfo[Any, Any]

    def value(self, *, full: bool = True) -> dict[str, Any]:
        message = {**specimen(self.info.message, full=full), "jsonrpc": "2.0"}
        return {**message, "id": 7} if self.info.kind == "request" else message

    def decode(self, value: Any) -> Any:
        return decoder_of(self.package, self.side)(json.dumps(value).encode())


MESSAGES = [
    Message(package, side, info)
    for package in PACKAGES
    for side in SIDES
    for info in module_of(package, "methods").METHODS.values()
    if info.sent_by(side)
]
every_message = pytest.mark.parametrize(
    "message", MESSAGES, ids=lambda m: f"{m.package}-{m.side}-{m.info.name.replace('/', '.')}"
)
every_decoder = pytest.mark.parametrize("decode", [decoder_of(p, s) for p in PACKAGES for s in SIDES])
current = decoder_of("v2025_11_25", "client")
CALL = b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"x"}}'


def violation_of(decode: Any, *arguments: Any) -> ProtocolViolation:
    with pytest.raises(ProtocolViolation) as caught:
        decode(*arguments)
    return caught.value


# -- messages that are right ---------------------------------------------------------------------------------------


@every_message
def test_decodes_every_message_to_its_own_type(message: Message) -> None:
    for full in (True, False):
        value = message.value(full=full)
        received = message.decode(value)
        assert type(received.message) is message.info.message
        assert to_dict(received.message) == value


@every_decoder
def test_keeps_the_very_bytes(decode: Any) -> None:
    data = b'{"jsonrpc":"2.0","id":7,"result":{}}'
    assert decode(data).data is data


@every_message
def test_reads_unknown_keys_past(message: Message) -> None:
    value = message.value()
    extra = {"vendor": {"deep": [1, None, "x"]}}
    received = message.decode({**value, "params": {**value["params"], **extra}, **extra})
    assert to_dict(received.message) == value


def test_whitespace_around_a_message_does_not_matter() -> None:
    assert current(b" \r\n\t" + CALL + b"\r\n").message == current(CALL).message


def test_a_request_for_which_the_peer_is_on_the_other_side_is_unknown() -> None:
    data = b'{"jsonrpc":"2.0","id":7,"method":"sampling/createMessage","params":{"maxTokens":1,"messages":[]}}'
    assert violation_of(current, data).code == METHOD_NOT_FOUND
    assert decoder_of("v2025_11_25", "server")(data).message.params.max_tokens == 1


# -- bytes that are no JSON ----------------------------------------------------------------------------------------

UNREADABLE = {
    "nothing": b"",
    "only whitespace": b" \n",
    "byte order mark": b"\xef\xbb\xbf" + CALL,
    "UTF-16": CALL.decode().encode("utf-16"),
    "invalid UTF-8 before the message": b"\xff" + CALL,
    "invalid UTF-8 in a string": CALL.replace(b'"x"', b'"\xff"'),
    "invalid UTF-8 in a key": CALL.replace(b'"name"', b'"n\xffame"'),
    "overlong UTF-8": CALL.replace(b'"x"', b'"\xc0\xaf"'),
    "surrogate in UTF-8": CALL.replace(b'"x"', b'"\xed\xa0\x80"'),
    "high surrogate alone": CALL.replace(b'"x"', b'"\\ud800"'),
    "high surrogate alone, in the middle": CALL.replace(b'"x"', b'"\\ud800 and more"'),
    "low surrogate alone": CALL.replace(b'"x"', b'"\\udc00"'),
    "control character": CALL.replace(b'"x"', b'"\n"'),
    "NUL": CALL.replace(b'"x"', b'"\x00"'),
    "NaN": CALL.replace(b'"x"', b'"x","arguments":{"n":NaN}'),
    "Infinity": CALL.replace(b'"x"', b'"x","arguments":{"n":-Infinity}'),
    "float out of range": CALL.replace(b'"x"', b'"x","arguments":{"n":1e999}'),
    "integer beyond the digit limit": CALL.replace(b'"x"', b'"x","arguments":{"n":%b}' % (b"9" * 5000)),
    "id beyond the digit limit": CALL.replace(b"7", b"9" * 5000),
    "leading zero": CALL.replace(b"7", b"07"),
    "truncated": CALL[:-1],
    "trailing garbage": CALL + b"x",
    "two messages": CALL + CALL,
    "trailing comma": CALL[:-1] + b",}",
    "single quotes": CALL.replace(b'"', b"'"),
    "comment": b"/* hello */" + CALL,
    "broken batch": b"[" + CALL,
    "not JSON at all": b"GET / HTTP/1.1\r\n\r\n",
}


@every_decoder
@pytest.mark.parametrize("data", UNREADABLE.values(), ids=UNREADABLE)
def test_bytes_that_are_no_json_are_a_parse_error(decode: Any, data: bytes) -> None:
    violation = violation_of(decode, data)
    assert (violation.code, violation.pointer, violation.expected) == (PARSE_ERROR, "", "JSON")
    assert violation.got
    assert (violation.request_id, violation.method) == (None, None)
    assert violation.data is data


@pytest.mark.parametrize("data", UNREADABLE.values(), ids=UNREADABLE)
def test_bytes_that_are_no_json_are_a_parse_error_as_a_response_too(data: bytes) -> None:
    response = data.replace(b'"method":"tools/call","params":{"name":"x"', b'"result":{"content":[]')
    response = response.replace(b'"method":"tools/call","params"', b'"result"')
    methods = module_of("v2025_11_25", "methods")
    violation = violation_of(module_of("v2025_11_25", "decode").response, methods.LIST_TOOLS, response)
    assert violation.data is response
    assert violation.code in (PARSE_ERROR, INVALID_REQUEST)


@pytest.mark.parametrize("junk", [b'"\xff"', b"9" * 5000, b"1e999"], ids=["UTF-8", "digits", "range"])
@pytest.mark.parametrize("where", ["jsonrpc", "id", "method", "params"])
def test_no_place_in_a_message_makes_another_error(where: str, junk: bytes) -> None:
    message = {"jsonrpc": b'"2.0"', "id": b"7", "method": b'"tools/call"', "params": b'{"name":"x"}', where: junk}
    data = b"{%b}" % b",".join(b'"%b":%b' % (k.encode(), v) for k, v in message.items())
    assert violation_of(current, data).data is data


def test_invalid_utf8_is_located_in_the_message() -> None:
    data = CALL.replace(b'"x"', b'"ab\xff"')
    assert violation_of(current, data).got == f"invalid UTF-8 at byte {data.index(0xFF)}"


def test_deep_nesting_is_a_limit_exceeded() -> None:
    for data in (b"[" * 100_000, CALL.replace(b'"x"', b'"x","arguments":{"n":%b}' % (b"[" * 100_000))):
        violation = violation_of(current, data)
        assert isinstance(violation, LimitExceeded)
        assert violation.data is data


# -- JSON that is no message ---------------------------------------------------------------------------------------


class Bad(NamedTuple):
    """A faulty message and the first thing wrong with it."""

    data: bytes
    code: int
    pointer: str
    expected: str
    got: str
    request_id: int | str | None = 7
    method: str | None = "tools/call"


def call(**parts: bytes | None) -> bytes:
    """A valid call with some of its keys changed, or left out (None)."""
    whole = {"jsonrpc": b'"2.0"', "id": b"7", "method": b'"tools/call"', "params": b'{"name":"x"}', **parts}
    return b"{%b}" % b",".join(b'"%b":%b' % (k.encode(), v) for k, v in whole.items() if v is not None)


FAULTS = {
    "number": Bad(b"1", INVALID_REQUEST, "", "object", "integer", None, None),
    "string": Bad(b'"x"', INVALID_REQUEST, "", "object", "string", None, None),
    "null": Bad(b"null", INVALID_REQUEST, "", "object", "null", None, None),
    "boolean": Bad(b"true", INVALID_REQUEST, "", "object", "boolean", None, None),
    "batch": Bad(b"[%b]" % CALL, INVALID_REQUEST, "", "one message", "a batch", None, None),
    "empty batch": Bad(b"[]", INVALID_REQUEST, "", "one message", "a batch", None, None),
    "empty object": Bad(b"{}", INVALID_REQUEST, "/jsonrpc", "'2.0'", "nothing", None, None),
    "no jsonrpc": Bad(call(jsonrpc=None), INVALID_REQUEST, "/jsonrpc", "'2.0'", "nothing"),
    "jsonrpc 1.0": Bad(call(jsonrpc=b'"1.0"'), INVALID_REQUEST, "/jsonrpc", "'2.0'", "'1.0'"),
    "jsonrpc as a number": Bad(call(jsonrpc=b"2.0"), INVALID_REQUEST, "/jsonrpc", "'2.0'", "2.0"),
    "jsonrpc null": Bad(call(jsonrpc=b"null"), INVALID_REQUEST, "/jsonrpc", "'2.0'", "null"),
    "no id": Bad(call(id=None), INVALID_REQUEST, "/id", "string or integer", "nothing", None),
    "id null": Bad(call(id=b"null"), INVALID_REQUEST, "/id", "string or integer", "null", None),
    "id 7.5": Bad(call(id=b"7.5"), INVALID_REQUEST, "/id", "string or integer", "7.5", None),
    "id 7.0": Bad(call(id=b"7.0"), INVALID_REQUEST, "/id", "string or integer", "7.0", None),
    "id boolean": Bad(call(id=b"true"), INVALID_REQUEST, "/id", "string or integer", "boolean", None),
    "id object": Bad(call(id=b"{}"), INVALID_REQUEST, "/id", "string or integer", "object", None),
    "id array": Bad(call(id=b"[7]"), INVALID_REQUEST, "/id", "string or integer", "array", None),
    "method number": Bad(call(method=b"5"), INVALID_REQUEST, "/method", "string", "integer", 7, None),
    "method null": Bad(call(method=b"null"), INVALID_REQUEST, "/method", "string", "null", 7, None),
    "method object": Bad(call(method=b"{}"), INVALID_REQUEST, "/method", "string", "object", 7, None),
    "no method": Bad(
        call(method=None), INVALID_REQUEST, "", "`result` or `error`", "neither, and no `method`", 7, None
    ),
    "method in another case": Bad(
        CALL.replace(b"method", b"Method"),
        INVALID_REQUEST,
        "",
        "`result` or `error`",
        "neither, and no `method`",
        7,
        None,
    ),
    "unknown method": Bad(
        call(method=b'"tools/fly"'),
        METHOD_NOT_FOUND,
        "/method",
        "a method that the client may send",
        "'tools/fly'",
        7,
        "tools/fly",
    ),
    "unknown notification": Bad(
        call(method=b'"notifications/fly"', id=None),
        METHOD_NOT_FOUND,
        "/method",
        "a method that the client may send",
        "'notifications/fly'",
        None,
        "notifications/fly",
    ),
    "unknown method, wrong jsonrpc": Bad(
        call(method=b'"tools/fly"', jsonrpc=b'"1.0"'), INVALID_REQUEST, "/jsonrpc", "'2.0'", "'1.0'", 7, "tools/fly"
    ),
    "no params": Bad(call(params=None), INVALID_PARAMS, "/params", "object", "nothing"),
    "params null": Bad(call(params=b"null"), INVALID_PARAMS, "/params", "object", "null"),
    "params array": Bad(call(params=b'["x"]'), INVALID_PARAMS, "/params", "object", "array"),
    "params string": Bad(call(params=b'"x"'), INVALID_PARAMS, "/params", "object", "string"),
    "a param missing": Bad(call(params=b"{}"), INVALID_PARAMS, "/params/name", "string", "nothing"),
    "a param of the wrong type": Bad(call(params=b'{"name":5}'), INVALID_PARAMS, "/params/name", "string", "integer"),
    "arguments array": Bad(
        call(params=b'{"name":"x","arguments":[1]}'), INVALID_PARAMS, "/params/arguments", "object", "array"
    ),
    "a key that needs escaping": Bad(
        call(method=b'"prompts/get"', params=b'{"name":"x","arguments":{"a/b~c":1}}'),
        INVALID_PARAMS,
        "/params/arguments/a~1b~0c",
        "string",
        "integer",
        7,
        "prompts/get",
    ),
    "an enum with another value": Bad(
        call(method=b'"logging/setLevel"', params=b'{"level":"loud"}'),
        INVALID_PARAMS,
        "/params/level",
        "'alert' or 'critical' or 'debug' or 'emergency' or 'error' or 'info' or 'notice' or 'warning'",
        "'loud'",
        7,
        "logging/setLevel",
    ),
    "an unknown kind of reference": Bad(
        call(
            method=b'"completion/complete"', params=b'{"argument":{"name":"a","value":"b"},"ref":{"type":"ref/tool"}}'
        ),
        INVALID_PARAMS,
        "/params/ref/type",
        "'ref/prompt' or 'ref/resource'",
        "'ref/tool'",
        7,
        "completion/complete",
    ),
    "faults of params and envelope": Bad(
        call(id=b"null", params=b"{}"), INVALID_REQUEST, "/id", "string or integer", "null", None
    ),
    "faults of params and version": Bad(
        call(jsonrpc=b'"1.0"', params=b"[]"), INVALID_REQUEST, "/jsonrpc", "'2.0'", "'1.0'"
    ),
    "id twice, the last one bad": Bad(
        call(id=b'8,"id":null'), INVALID_REQUEST, "/id", "string or integer", "null", None
    ),
    "id a string": Bad(call(id=b'"a"', params=b"{}"), INVALID_PARAMS, "/params/name", "string", "nothing", "a"),
    "id negative": Bad(call(id=b"-1", params=b"{}"), INVALID_PARAMS, "/params/name", "string", "nothing", -1),
    "id beyond 64 bits": Bad(
        call(id=b"18446744073709551616", params=b"{}"), INVALID_PARAMS, "/params/name", "string", "nothing", 2**64
    ),
}


@pytest.mark.parametrize("bad", FAULTS.values(), ids=FAULTS)
def test_names_the_first_fault(bad: Bad) -> None:
    violation = violation_of(current, bad.data)
    found = (violation.code, violation.pointer, violation.expected, violation.got)
    assert found == (bad.code, bad.pointer, bad.expected, bad.got)
    assert (violation.request_id, violation.method) == (bad.request_id, bad.method)
    assert type(violation.request_id) is type(bad.request_id)
    assert violation.data is bad.data
    assert violation.__cause__ is None


def test_a_fault_reads_as_a_sentence() -> None:
    assert str(violation_of(current, call(params=b"{}"))) == (
        "tools/call: at /params/name: expected string, got nothing"
    )
    assert str(violation_of(current, b"")) == "at the top: expected JSON, got nothing"


@pytest.mark.parametrize(
    ("data", "request_id", "method"),
    [
        (call(id=b'null,"id":8'), 8, "tools/call"),
        (CALL.replace(b'"id":7', b'"method":"ping","id":7'), 7, "tools/call"),
        (CALL.replace(b'"name":"x"', b'"name":5,"name":"x"'), 7, "tools/call"),
    ],
    ids=["id", "method", "param"],
)
def test_a_bad_duplicate_that_a_good_one_follows_keeps_the_address(data: bytes, request_id: Any, method: str) -> None:
    violation = violation_of(current, data)
    assert (violation.request_id, violation.method) == (request_id, method)
    assert violation.data is data


def test_of_good_duplicates_the_last_counts() -> None:
    assert current(call(id=b'1,"id":2')).message.id == 2


@every_message
def test_every_message_insists_on_its_envelope(message: Message) -> None:
    value = message.value()
    name = message.info.name
    without = {k: v for k, v in value.items() if k != "jsonrpc"}
    for broken in (without, {**value, "jsonrpc": "1.0"}, {**value, "jsonrpc": None}):
        violation = violation_of(message.decode, broken)
        assert (violation.code, violation.pointer) == (INVALID_REQUEST, "/jsonrpc")
        assert (violation.request_id, violation.method) == (value.get("id"), name)
    if message.info.kind == "request":
        nameless = {k: v for k, v in value.items() if k != "id"}
        for broken in (nameless, *({**value, "id": bad} for bad in (None, 1.5, True, [], {}))):
            violation = violation_of(message.decode, broken)
            assert (violation.code, violation.pointer) == (INVALID_REQUEST, "/id")
            assert (violation.request_id, violation.method) == (None, name)


@every_message
def test_every_message_insists_on_params_that_are_an_object(message: Message) -> None:
    value = message.value()
    for params in ([], "x", 5, True):
        violation = violation_of(message.decode, {**value, "params": params})
        assert (violation.code, violation.pointer, violation.expected) == (INVALID_PARAMS, "/params", "object")
        assert (violation.request_id, violation.method) == (value.get("id"), message.info.name)


@every_message
def test_every_message_insists_on_its_required_params(message: Message) -> None:
    value = message.value(full=False)
    for key in value.get("params", ()):
        rest = {k: v for k, v in value["params"].items() if k != key}
        violation = violation_of(message.decode, {**value, "params": rest})
        assert violation.code == INVALID_PARAMS
        assert violation.pointer.startswith("/params/")
        assert (violation.request_id, violation.method) == (value.get("id"), message.info.name)


def test_a_modern_request_insists_on_what_its_metadata_must_hold() -> None:
    decode = decoder_of("v2026_07_28", "client")
    methods = module_of("v2026_07_28", "methods").METHODS
    value = Message("v2026_07_28", "client", methods["tools/list"]).value(full=False)
    for key in value["params"]["_meta"]:
        rest = {k: v for k, v in value["params"]["_meta"].items() if k != key}
        violation = violation_of(decode, json.dumps({**value, "params": {"_meta": rest}}).encode())
        assert (violation.code, violation.pointer) == (INVALID_PARAMS, f"/params/_meta/{key.replace('/', '~1')}")
        assert violation.got == "nothing"


# -- null and absence ----------------------------------------------------------------------------------------------


def test_null_in_an_optional_place_is_absence() -> None:
    received = current(call(params=b'{"name":"x","arguments":null,"_meta":null}')).message
    assert (received.params.arguments, received.params.meta) == (None, None)
    assert to_json(received.params) == b'{"name":"x"}'
    assert current(b'{"jsonrpc":"2.0","id":1,"method":"ping","params":null}').message.params is None


def test_null_in_an_open_place_is_a_value() -> None:
    types = module_of("v2026_07_28", "types")
    plain = {"content": [], "resultType": "complete"}
    assert from_json(types.CallToolResult, to_json(plain)).structured_content is UNSET
    null = {**plain, "structuredContent": None}
    assert from_json(types.CallToolResult, to_json(null)).structured_content is None
    assert to_dict(from_json(types.CallToolResult, to_json(null))) == null


# -- responses ----------------------------------------------------------------------------------------------------

ERROR = b'{"code":-32000,"message":"no"}'
BAD_RESPONSES = {
    "result and error": (b'"id":7,"result":{},"error":%b' % ERROR, "", "both", 7),
    "result null and error": (b'"id":7,"result":null,"error":%b' % ERROR, "", "both", 7),
    "result and error null": (b'"id":7,"result":{},"error":null', "", "both", 7),
    "neither": (b'"id":7', "", "neither, and no `method`", 7),
    "result without id": (b'"result":{}', "/id", "nothing", None),
    "result with id null": (b'"id":null,"result":{}', "/id", "null", None),
    "id a float": (b'"id":1.5,"result":{}', "/id", "number", None),
    "id a boolean": (b'"id":true,"result":{}', "/id", "boolean", None),
    "id of an error a float": (b'"id":1.5,"error":%b' % ERROR, "/id", "number", None),
    "error an integer": (b'"id":7,"error":1', "/error", "integer", 7),
    "error null": (b'"id":7,"error":null', "/error", "null", 7),
    "code a float": (b'"id":7,"error":{"code":1.5,"message":"x"}', "/error/code", "number", 7),
    "code a boolean": (b'"id":7,"error":{"code":true,"message":"x"}', "/error/code", "boolean", 7),
    "no code": (b'"id":7,"error":{"message":"x"}', "/error/code", "nothing", 7),
    "no message": (b'"id":7,"error":{"code":1}', "/error/message", "nothing", 7),
    "message null": (b'"id":7,"error":{"code":1,"message":null}', "/error/message", "null", 7),
}


@pytest.mark.parametrize(("body", "pointer", "got", "request_id"), BAD_RESPONSES.values(), ids=BAD_RESPONSES)
def test_bad_responses(body: bytes, pointer: str, got: str, request_id: int | None) -> None:
    data = b'{"jsonrpc":"2.0",%b}' % body
    decode, methods = module_of("v2025_11_25", "decode"), module_of("v2025_11_25", "methods")
    for found in (violation_of(decode.server_message, data), violation_of(decode.response, methods.PING, data)):
        assert (found.code, found.pointer, found.got) == (INVALID_REQUEST, pointer, got)
        assert found.request_id == request_id
        assert found.data is data


@every_decoder
def test_a_response_comes_with_its_result_undecoded(decode: Any) -> None:
    received = decode(b'{"jsonrpc":"2.0","id":"a","result":{"x":[1]}}').message
    assert (received.id, received.error) == ("a", UNSET)
    assert type(received.result) is Raw
    assert bytes(received.result) == b'{"x":[1]}'


@pytest.mark.parametrize("package", PACKAGES)
def test_an_error_response_is_an_error_of_any_method(package: str) -> None:
    decode, methods = module_of(package, "decode"), module_of(package, "methods")
    data = b'{"jsonrpc":"2.0","id":"a","error":{"code":-32000,"message":"no","data":null,"more":1}}'
    for info in methods.METHODS.values():
        if info.kind == "request":
            received = decode.response(info, data)
            assert (received.message.id, received.message.result) == ("a", UNSET)
            error = received.message.error
            assert (error.code, error.message, error.data) == (-32000, "no", None)
            assert received.data is data


@pytest.mark.parametrize("id_part", [b"", b'"id":null,'], ids=["absent", "null"])
def test_an_error_may_answer_what_could_not_be_read(id_part: bytes) -> None:
    data = b'{"jsonrpc":"2.0",%b"error":%b}' % (id_part, ERROR)
    decode, methods = module_of("v2025_11_25", "decode"), module_of("v2025_11_25", "methods")
    assert decode.server_message(data).message.id is None
    assert decode.response(methods.PING, data).message.id is None


def respond(package: str, method: str, result: Any) -> Any:
    methods = module_of(package, "methods").METHODS
    data = json.dumps({"jsonrpc": "2.0", "id": 7, "result": result}).encode()
    return module_of(package, "decode").response(methods[method], data)


TASK = {"taskId": "t", "status": "working", "createdAt": "x", "lastUpdatedAt": "y", "ttl": None}


@pytest.mark.parametrize(
    ("package", "result", "wanted"),
    [
        ("v2026_07_28", {"resultType": "complete", "content": []}, "CallToolResult"),
        ("v2026_07_28", {"resultType": "input_required"}, "InputRequiredResult"),
        ("v2026_07_28", {"resultType": "input_required", "content": []}, "InputRequiredResult"),
        (
            "v2026_07_28",
            {"resultType": "input_required", "inputRequests": {"r": {"method": "roots/list"}}, "requestState": "s"},
            "InputRequiredResult",
        ),
        ("v2026_07_28", {"resultType": "postponed", "content": []}, "CallToolResult"),
        ("v2025_11_25", {"content": []}, "CallToolResult"),
        ("v2025_11_25", {"task": TASK}, "CreateTaskResult"),
        ("v2025_11_25", {"content": [], "task": TASK}, "CallToolResult"),
        ("merged", {"content": []}, "CallToolResult"),
        ("merged", {"content": [], "resultType": "complete"}, "CallToolResult"),
        ("merged", {"task": TASK}, "CreateTaskResult"),
        ("merged", {"resultType": "input_required"}, "InputRequiredResult"),
        ("merged", {"resultType": "postponed", "content": []}, "CallToolResult"),
    ],
)
def test_a_result_has_the_type_that_it_shows(package: str, result: dict[str, Any], wanted: str) -> None:
    received = respond(package, "tools/call", result).message.result
    assert type(received) is getattr(module_of(package, "types"), wanted)
    for key in result.keys() & {"resultType", "requestState"}:
        assert to_dict(received)[key] == result[key]


BAD_RESULTS = [
    ("v2026_07_28", {"content": []}, "/result/resultType", "nothing"),
    ("v2026_07_28", {"content": [], "resultType": 5}, "/result/resultType", "integer"),
    ("v2026_07_28", {"resultType": "postponed"}, "/result/content", "nothing"),
    (
        "v2026_07_28",
        {"resultType": "input_required", "inputRequests": {"r": {"method": "roots/plant"}}},
        "/result/inputRequests/r/method",
        "'roots/plant'",
    ),
    ("v2025_11_25", {"task": {}}, "/result/content", "nothing"),
    ("v2025_11_25", None, "/result", "null"),
    ("v2025_11_25", [], "/result", "array"),
    ("v2025_11_25", "x", "/result", "string"),
    ("v2025_11_25", {"content": {}}, "/result/content", "object"),
    ("v2025_11_25", {"content": [{}]}, "/result/content/0/type", "nothing"),
    ("v2025_11_25", {"content": [{"type": 5}]}, "/result/content/0/type", "5"),
    ("v2025_11_25", {"content": [{"type": "text"}]}, "/result/content/0/text", "nothing"),
    ("v2025_11_25", {"content": [{"type": "text", "text": ""}, 5]}, "/result/content/1", "integer"),
]


@pytest.mark.parametrize(("package", "result", "pointer", "got"), BAD_RESULTS)
def test_bad_results(package: str, result: Any, pointer: str, got: str) -> None:
    violation = violation_of(respond, package, "tools/call", result)
    assert (violation.pointer, violation.got) == (pointer, got)
    assert (violation.code, violation.request_id, violation.method) == (INVALID_REQUEST, 7, "tools/call")


@pytest.mark.parametrize("package", PACKAGES)
def test_an_unknown_kind_of_content_is_named(package: str) -> None:
    result = {"resultType": "complete", "content": [{"type": "text", "text": "x"}, {"type": "hologram", "data": "…"}]}
    violation = violation_of(respond, package, "tools/call", result)
    assert (violation.pointer, violation.got) == ("/result/content/1/type", "'hologram'")
    assert "'text'" in violation.expected
    assert "'image'" in violation.expected


@pytest.mark.parametrize("package", PACKAGES)
def test_an_open_result_keeps_every_key(package: str) -> None:
    methods = module_of(package, "methods").METHODS
    for info in methods.values():
        if isinstance(info.result, type) and issubclass(info.result, dict):
            result = {**specimen(info.result), "vendor": {"x": [None]}}
            assert to_dict(respond(package, info.name, result).message.result) == result


def test_a_result_beyond_what_its_type_names_is_read_past() -> None:
    result = {"content": [{"type": "text", "text": "x", "vendor": 1}], "vendor": 1}
    assert to_dict(respond("v2025_11_25", "tools/call", result).message.result) == {
        "content": [{"type": "text", "text": "x"}]
    }


# -- batches ------------------------------------------------------------------------------------------------------

BATCH = b'[%b, {"jsonrpc":"2.0","method":"notifications/initialized"},5]' % CALL


@pytest.mark.parametrize("package", BATCHES)
def test_a_batch_is_split_into_its_messages(package: str) -> None:
    decode = decoder_of(package, "client")
    first, second, third = decode.split(BATCH)
    assert bytes(first) == CALL
    assert decode(bytes(first)).message.params.name == "x"
    assert decode(first).message == decode(CALL).message
    assert decode(second).message.method == "notifications/initialized"
    assert violation_of(decode, third).expected == "object"


@pytest.mark.parametrize("package", BATCHES)
@pytest.mark.parametrize(
    ("data", "code", "got"),
    [
        (b"[]", INVALID_REQUEST, "an empty batch"),
        (b"{}", INVALID_REQUEST, "object"),
        (b"5", INVALID_REQUEST, "integer"),
        (b"", PARSE_ERROR, "nothing"),
    ],
)
def test_what_is_no_batch_is_not_split(package: str, data: bytes, code: int, got: str) -> None:
    violation = violation_of(decoder_of(package, "client").split, data)
    assert (violation.code, violation.pointer, violation.got) == (code, "", got)
    assert violation.data is data


@pytest.mark.parametrize("package", BATCHES)
def test_bytes_that_are_no_json_are_not_split(package: str) -> None:
    for data in (b"[", b"[1,]", b"[NaN]", b"\xff", b"[" * 100_000):
        assert violation_of(decoder_of(package, "client").split, data).data is data


@pytest.mark.parametrize("package", sorted(set(PACKAGES) - set(BATCHES)))
@pytest.mark.parametrize("side", SIDES)
def test_revisions_without_batches_refuse_them(package: str, side: str) -> None:
    violation = violation_of(decoder_of(package, side).split, BATCH)
    assert (violation.code, violation.got) == (INVALID_REQUEST, "a batch, which this revision does not have")


# -- odds and ends ------------------------------------------------------------------------------------------------


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_any_bytes_are_a_message_or_a_violation(data: bytes) -> None:
    methods = module_of("merged", "methods")
    for decode in (current, decoder_of("merged", "server"), ResponseDecoder(methods.CALL_TOOL)):
        try:
            assert decode(data).data is data
        except ProtocolViolation as violation:
            assert violation.data is data


@given(st.data())
def test_any_damage_to_a_message_is_a_message_or_a_violation(data: st.DataObject) -> None:
    message = data.draw(st.sampled_from(MESSAGES))
    whole = bytearray(json.dumps(message.value()).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(whole)))
        whole[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    damaged = bytes(whole)
    try:
        assert decoder_of(message.package, message.side)(damaged).data is damaged
    except ProtocolViolation as violation:
        assert violation.data is damaged


def test_first_use_from_many_threads() -> None:
    methods = module_of("v2025_11_25", "methods")
    decode = MessageDecoder(module_of("v2025_11_25", "decode").ClientMessage, "client", methods.METHODS)
    barrier = threading.Barrier(8)
    outcomes: list[Any] = []

    def work() -> None:
        barrier.wait()
        outcomes.append(decode(CALL).message)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [current(CALL).message] * 8


@given(st.integers(-(10**18) + 1, 10**18 - 1) | st.text("abc-09_", min_size=1, max_size=100), st.booleans())
def test_the_guessed_id_is_the_id(request_id: int | str, first: bool) -> None:
    result = {"content": [{"type": "text", "text": '"id": 99'}]}
    head = {"jsonrpc": "2.0", "id": request_id}
    message = {**head, "result": result} if first else {"result": result, **head}
    assert guess_id(json.dumps(message).encode()) == request_id
    assert guess_id(msgspec.json.encode(message)) == request_id


@given(st.binary(max_size=300))
def test_a_guess_never_fails(data: bytes) -> None:
    assert isinstance(guess_id(data), int | str | None)
