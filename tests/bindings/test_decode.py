"""The one-pass decoders on bytes from a peer who may send anything: a typed message, or a typed error that says why."""

from __future__ import annotations

import json
import threading
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from mcpstruct.base.codec import from_json, to_dict, to_json
from mcpstruct.base.envelope import guess_id
from mcpstruct.base.errors import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    LimitExceeded,
)
from mcpstruct.base.messages import MessageDecoder
from mcpstruct.base.methods import MethodInfo
from tests.support.profile import effort
from tests.support.recording import PACKAGES, module_of, specimen, violation_of

SIDES = ("client", "server")


def decoder_of(package: str, side: str) -> Any:
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
every_decoder = pytest.mark.parametrize(
    "decode", [decoder_of(p, s) for p in PACKAGES for s in SIDES], ids=[f"{p}-{s}" for p in PACKAGES for s in SIDES]
)
current = decoder_of("v2025_11_25", "client")
CALL = b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"x"}}'


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


@pytest.mark.parametrize("decode", [decoder_of(package, "client") for package in PACKAGES], ids=PACKAGES)
@pytest.mark.parametrize("data", UNREADABLE.values(), ids=UNREADABLE)
def test_bytes_that_are_no_json_are_a_parse_error(decode: Any, data: bytes) -> None:
    violation = violation_of(decode, data)
    assert (violation.code, violation.pointer, violation.expected) == (PARSE_ERROR, "", "JSON")
    assert violation.got
    assert (violation.request_id, violation.method) == (None, None)
    assert violation.data is data


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


def call(**parts: bytes | None) -> bytes:
    """A valid call with some of its keys changed, or left out (None)."""
    whole = {"jsonrpc": b'"2.0"', "id": b"7", "method": b'"tools/call"', "params": b'{"name":"x"}', **parts}
    return b"{%b}" % b",".join(b'"%b":%b' % (k.encode(), v) for k, v in whole.items() if v is not None)


FLY, REF = b'"tools/fly"', b'{"argument":{"name":"a","value":""},"ref":{"type":"ref/tool"}}'
NEITHER = "-32600 at the top: expected `result` or `error`, got neither, and no `method`"
NO_ID = "-32600 at /id: expected string or integer, got"
NO_VERSION = "-32600 at /jsonrpc: expected '2.0', got"
NO_METHOD = "-32600 at /method: expected string, got"
UNKNOWN = "-32601 at /method: expected a method that the client may send, got"
NO_PARAMS = "-32602 at /params: expected object, got"
NO_NAME = "-32602 at /params/name: expected string, got"
LEVELS = "'alert' or 'critical' or 'debug' or 'emergency' or 'error' or 'info' or 'notice' or 'warning'"
FAULTS: dict[str, tuple[bytes, int | str | None, str | None, str]] = {
    "number": (b"1", None, None, "-32600 at the top: expected object, got integer"),
    "string": (b'"x"', None, None, "-32600 at the top: expected object, got string"),
    "null": (b"null", None, None, "-32600 at the top: expected object, got null"),
    "boolean": (b"true", None, None, "-32600 at the top: expected object, got boolean"),
    "batch": (b"[%b]" % CALL, None, None, "-32600 at the top: expected one message, got a batch"),
    "empty batch": (b"[]", None, None, "-32600 at the top: expected one message, got a batch"),
    "empty object": (b"{}", None, None, f"{NO_VERSION} nothing"),
    "no jsonrpc": (call(jsonrpc=None), 7, "tools/call", f"{NO_VERSION} nothing"),
    "jsonrpc 1.0": (call(jsonrpc=b'"1.0"'), 7, "tools/call", f"{NO_VERSION} '1.0'"),
    "jsonrpc a number": (call(jsonrpc=b"2.0"), 7, "tools/call", f"{NO_VERSION} 2.0"),
    "jsonrpc null": (call(jsonrpc=b"null"), 7, "tools/call", f"{NO_VERSION} null"),
    "no id": (call(id=None), None, "tools/call", f"{NO_ID} nothing"),
    "id null": (call(id=b"null"), None, "tools/call", f"{NO_ID} null"),
    "id 7.5": (call(id=b"7.5"), None, "tools/call", f"{NO_ID} 7.5"),
    "id 7.0": (call(id=b"7.0"), None, "tools/call", f"{NO_ID} 7.0"),
    "id a boolean": (call(id=b"true"), None, "tools/call", f"{NO_ID} boolean"),
    "id an object": (call(id=b"{}"), None, "tools/call", f"{NO_ID} object"),
    "id an array": (call(id=b"[7]"), None, "tools/call", f"{NO_ID} array"),
    "id twice, the last one bad": (call(id=b'8,"id":null'), None, "tools/call", f"{NO_ID} null"),
    "method a number": (call(method=b"5"), 7, None, f"{NO_METHOD} integer"),
    "method null": (call(method=b"null"), 7, None, f"{NO_METHOD} null"),
    "method an object": (call(method=b"{}"), 7, None, f"{NO_METHOD} object"),
    "no method": (call(method=None), 7, None, NEITHER),
    "method in another case": (CALL.replace(b"method", b"Method"), 7, None, NEITHER),
    "unknown method": (call(method=FLY), 7, "tools/fly", f"{UNKNOWN} 'tools/fly'"),
    "unknown notification": (call(method=FLY, id=None), None, "tools/fly", f"{UNKNOWN} 'tools/fly'"),
    "unknown method, wrong jsonrpc": (call(method=FLY, jsonrpc=b'"1"'), 7, "tools/fly", f"{NO_VERSION} '1'"),
    "no params": (call(params=None), 7, "tools/call", f"{NO_PARAMS} nothing"),
    "params null": (call(params=b"null"), 7, "tools/call", f"{NO_PARAMS} null"),
    "params an array": (call(params=b'["x"]'), 7, "tools/call", f"{NO_PARAMS} array"),
    "params a string": (call(params=b'"x"'), 7, "tools/call", f"{NO_PARAMS} string"),
    "a param missing": (call(params=b"{}"), 7, "tools/call", f"{NO_NAME} nothing"),
    "a param of the wrong type": (call(params=b'{"name":5}'), 7, "tools/call", f"{NO_NAME} integer"),
    "arguments an array": (
        call(params=b'{"name":"x","arguments":[1]}'),
        7,
        "tools/call",
        "-32602 at /params/arguments: expected object, got array",
    ),
    "a key that needs escaping": (
        call(method=b'"prompts/get"', params=b'{"name":"x","arguments":{"a/b~c":1}}'),
        7,
        "prompts/get",
        "-32602 at /params/arguments/a~1b~0c: expected string, got integer",
    ),
    "another value than an enum's": (
        call(method=b'"logging/setLevel"', params=b'{"level":"loud"}'),
        7,
        "logging/setLevel",
        f"-32602 at /params/level: expected {LEVELS}, got 'loud'",
    ),
    "an unknown kind of reference": (
        call(method=b'"completion/complete"', params=REF),
        7,
        "completion/complete",
        "-32602 at /params/ref/type: expected 'ref/prompt' or 'ref/resource', got 'ref/tool'",
    ),
    "id and params": (call(id=b"null", params=b"{}"), None, "tools/call", f"{NO_ID} null"),
    "version and params": (call(jsonrpc=b'"1.0"', params=b"[]"), 7, "tools/call", f"{NO_VERSION} '1.0'"),
    "params after id as a string": (call(id=b'"a"', params=b"{}"), "a", "tools/call", f"{NO_NAME} nothing"),
    "params after a negative id": (call(id=b"-1", params=b"{}"), -1, "tools/call", f"{NO_NAME} nothing"),
    "params after a big id": (call(id=b"%d" % 2**64, params=b"{}"), 2**64, "tools/call", f"{NO_NAME} nothing"),
}


@pytest.mark.parametrize(("data", "request_id", "method", "fault"), FAULTS.values(), ids=FAULTS)
def test_names_the_first_fault(data: bytes, request_id: int | str | None, method: str | None, fault: str) -> None:
    violation = violation_of(current, data)
    assert f"{violation.code} {violation.problem}" == fault
    assert (violation.request_id, violation.method) == (request_id, method)
    assert violation.data is data


def test_a_fault_reads_as_a_sentence() -> None:
    violation = violation_of(current, call(params=b"{}"))
    assert (violation.pointer, violation.expected, violation.got) == ("/params/name", "string", "nothing")
    assert str(violation) == "tools/call: at /params/name: expected string, got nothing"
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


# -- odds and ends ------------------------------------------------------------------------------------------------


def test_first_use_from_many_threads() -> None:
    methods = module_of("v2025_11_25", "methods")
    decoder = MessageDecoder(module_of("v2025_11_25", "decode").ClientMessage, "client", methods.METHODS)
    barrier = threading.Barrier(8)
    outcomes: list[Any] = []

    def work() -> None:
        barrier.wait()
        outcomes.append(decoder.decode(CALL).message)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [current(CALL).message] * 8


@effort(100)
@given(st.integers(-(10**18) + 1, 10**18 - 1) | st.text("abc-09_", min_size=1, max_size=100), st.booleans())
def test_the_guessed_id_is_the_id(request_id: int | str, first: bool) -> None:
    result = {"content": [{"type": "text", "text": '"id": 99'}]}
    head = {"jsonrpc": "2.0", "id": request_id}
    message = {**head, "result": result} if first else {"result": result, **head}
    assert guess_id(json.dumps(message).encode()) == request_id
    assert guess_id(msgspec.json.encode(message)) == request_id


@effort(100)
@given(st.binary(max_size=300))
def test_a_guess_never_fails(data: bytes) -> None:
    assert isinstance(guess_id(data), int | str | None)
