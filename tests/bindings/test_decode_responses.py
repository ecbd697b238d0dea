"""Answers to requests, decoded for the method they answer; and batches."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec import UNSET, Raw

from mcpstruct.base.codec import to_dict
from mcpstruct.base.errors import INVALID_REQUEST, PARSE_ERROR
from mcpstruct.base.messages import MessageDecoder
from tests.support.recording import PACKAGES, module_of, specimen, violation_of

SIDES = ("client", "server")
BATCHES = ("v2025_03_26", "merged")
every_decoder = pytest.mark.parametrize(("package", "side"), [(p, s) for p in PACKAGES for s in SIDES])
every_package = pytest.mark.parametrize("package", PACKAGES)
CALL = b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"x"}}'


def decoder_of(package: str, side: str) -> MessageDecoder[Any]:
    return getattr(module_of(package, "decode"), f"{side}_decoder")


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
def test_a_response_comes_with_its_result_undecoded(package: str, side: str) -> None:
    received = decoder_of(package, side).decode(b'{"jsonrpc":"2.0","id":"a","result":{"x":[1]}}').message
    assert (received.id, received.error) == ("a", UNSET)
    assert type(received.result) is Raw
    assert bytes(received.result) == b'{"x":[1]}'


@every_package
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
    ("v2025_11_25", {"content": [{"type": "text", "text": ""}, 5]}, "/result/content/1", "5"),
]


@pytest.mark.parametrize(("package", "result", "pointer", "got"), BAD_RESULTS)
def test_bad_results(package: str, result: Any, pointer: str, got: str) -> None:
    violation = violation_of(respond, package, "tools/call", result)
    assert (violation.pointer, violation.got) == (pointer, got)
    assert (violation.code, violation.request_id, violation.method) == (INVALID_REQUEST, 7, "tools/call")


@every_package
def test_an_unknown_kind_of_content_is_named(package: str) -> None:
    result = {"resultType": "complete", "content": [{"type": "text", "text": "x"}, {"type": "hologram", "data": "…"}]}
    violation = violation_of(respond, package, "tools/call", result)
    assert (violation.pointer, violation.got) == ("/result/content/1/type", "'hologram'")
    assert "'text'" in violation.expected
    assert "'image'" in violation.expected


@every_package
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
    decoder = decoder_of(package, "client")
    decode = decoder.decode
    first, second, third = decoder.split(BATCH)
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
