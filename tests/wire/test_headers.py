"""Values in headers and out of them, and headers against the body that they repeat."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpstruct.base.errors import HEADER_MISMATCH, ProtocolViolation
from mcpstruct.types import CallToolRequestParams, ReadResourceRequestParams
from mcpstruct.wire.headers import (
    LARGEST_INTEGER,
    Annotation,
    annotations_of,
    decode_value,
    encode_value,
    mirrored,
    mismatch,
    request_headers,
)

TEXT = st.text(st.characters(codec="utf-8"), max_size=20) | st.sampled_from(
    ["=?base64?eA==?=", "=?base64?=", " x", "\t"]
)


# -- values -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "header"),
    [
        ("us-west1", "us-west1"),
        ("us west 1", "us west 1"),
        ("", ""),
        ("Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="),
        (" padded ", "=?base64?IHBhZGRlZCA=?="),
        (" us-west1", "=?base64?IHVzLXdlc3Qx?="),
        ("us-west1 ", "=?base64?dXMtd2VzdDEg?="),
        ("line1\nline2", "=?base64?bGluZTEKbGluZTI=?="),
        ("line1\r\nline2", "=?base64?bGluZTENCmxpbmUy?="),
        ("\tindented", "=?base64?CWluZGVudGVk?="),
        ("a\tb", "=?base64?YQli?="),
        ("\x7f", "=?base64?fw==?="),
        ("=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="),
        ("=?base64?=", "=?base64?PT9iYXNlNjQ/PQ==?="),
        ("=?base64?open", "=?base64?open"),
        ("=?BASE64?eA==?=", "=?BASE64?eA==?="),
        ("file:///path/to/file%20name.txt", "file:///path/to/file%20name.txt"),
        (True, "true"),
        (False, "false"),
        (42, "42"),
        (-7, "-7"),
        (42.0, "42"),
        (3.14159, "3.14159"),
        (1e300, "1e+300"),
        (LARGEST_INTEGER, "9007199254740991"),
    ],
)
def test_values_are_written_as_the_specification_says(value: str | int | float | bool, header: str) -> None:
    assert encode_value(value) == header
    if isinstance(value, str):
        assert decode_value(header) == value


@pytest.mark.parametrize("value", [2**53, -(2**53), float("inf"), float("nan"), "\ud800"])
def test_what_cannot_be_written_exactly_is_not(value: Any) -> None:
    with pytest.raises(ValueError, match=r"header|encode"):
        encode_value(value)


@pytest.mark.parametrize("value", [None, [], {}, b"x"])
def test_what_is_no_scalar_is_not_written(value: Any) -> None:
    with pytest.raises(TypeError, match="a header can hold"):
        encode_value(value)


@given(TEXT)
def test_what_is_written_is_read_and_safe_on_the_way(text: str) -> None:
    header = encode_value(text)
    assert re.fullmatch(r"[!-~]?|[!-~][ -~]*[!-~]", header)
    assert decode_value(header) == text
    assert decode_value(f" \t{header}\t ") == text


@pytest.mark.parametrize(
    "text",
    ["SGVsbG8=", "=?base64?SGVsbG8=", "=?BASE64?SGVsbG8=?=", "=?base64?=", "SGVsbG8=?=", "a\tb", "=?base32?NA======?="],
)
def test_without_both_marks_a_value_is_what_it_says(text: str) -> None:
    assert decode_value(text) == text


def test_base64_of_nothing_is_nothing() -> None:
    assert decode_value("=?base64??=") == ""


@pytest.mark.parametrize(
    "body",
    [
        "SGVsbG8", "SGVs!!!bG8=", "SGVsbG8==", "SGVsbG8=SGVsbG8=", "SGVsbG9=", "SGVs bG8=", " SGVsbG8=", "=", "====",
        "A", "AA", "A===", "_-8=", "/w==", "SGVsbG8=?", "w6k", "7aCA",
    ],
)  # fmt: skip
def test_base64_is_read_strictly(body: str) -> None:
    with pytest.raises(ProtocolViolation) as caught:
        decode_value(f"=?base64?{body}?=")
    assert caught.value.code == HEADER_MISMATCH
    assert body not in str(caught.value)


@pytest.mark.parametrize("text", ["é", "a\nb", "a\rb", "a\0b", "a\x7fb", "\x80", "=?base64?é?="])
def test_characters_that_a_header_cannot_hold_are_refused(text: str) -> None:
    with pytest.raises(ProtocolViolation, match="visible ASCII"):
        decode_value(text)


@given(TEXT)
def test_a_second_decoder_agrees(text: str) -> None:
    match = re.fullmatch(r"=\?base64\?(.*)\?=", encode_value(text), re.DOTALL)
    assert (base64.b64decode(match[1], validate=True).decode() if match else encode_value(text)) == text


# -- what a client sends ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "params", "headers"),
    [
        ("tools/list", {}, {}),
        ("tools/call", {"name": "get_weather"}, {"Mcp-Name": "get_weather"}),
        ("tools/call", CallToolRequestParams(name="get_weather"), {"Mcp-Name": "get_weather"}),
        ("tools/call", {"name": "wetter für"}, {"Mcp-Name": "=?base64?d2V0dGVyIGbDvHI=?="}),
        ("prompts/get", {"name": "review"}, {"Mcp-Name": "review"}),
        ("resources/read", {"uri": "file:///a%20b?c=1"}, {"Mcp-Name": "file:///a%20b?c=1"}),
        ("resources/read", ReadResourceRequestParams(uri="x:y"), {"Mcp-Name": "x:y"}),
        ("tasks/get", {"taskId": "7"}, {"Mcp-Name": "7"}),
        ("tasks/update", {"taskId": "7"}, {"Mcp-Name": "7"}),
        ("tasks/cancel", {"taskId": "7"}, {"Mcp-Name": "7"}),
        ("tasks/list", {"taskId": "7", "name": "x"}, {}),
        ("example.com/custom", {"name": "x"}, {}),
        ("resources/subscribe", {"uri": "x:y"}, {}),
        ("server/discover", None, {}),
    ],
)
def test_a_request_names_its_method_and_what_it_is_about(method: str, params: Any, headers: dict[str, str]) -> None:
    sent = request_headers(method, params)
    assert sent == {"Mcp-Method": method, **headers}
    assert mismatch(as_received(sent), method, params) is None


@pytest.mark.parametrize("method", ["", "a\r\nX: y", "é", " a", "a ", "=?base64?eA==?="])
def test_a_method_that_a_header_cannot_hold_is_refused(method: str) -> None:
    with pytest.raises(ValueError, match="cannot hold the method"):
        request_headers(method, {})


SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "region": {"type": "string", "x-mcp-header": "Region"},
        "priority": {"type": "integer", "x-mcp-header": "Priority"},
        "verbose": {"type": "boolean", "x-mcp-header": "VERBOSE"},
        "query": {"type": "string"},
        "where": {"type": "object", "properties": {"tenant.id": {"type": "string", "x-mcp-header": "Tenant-Id"}}},
    },
}
ANNOTATED = annotations_of(SCHEMA)


def as_received(headers: dict[str, str]) -> dict[bytes, bytes]:
    return {name.lower().encode(): value.encode("latin-1") for name, value in headers.items()}


def test_annotated_arguments_are_sent_and_no_others() -> None:
    arguments = {"region": "us-west1", "priority": 42, "verbose": False, "query": "q", "where": {"tenant.id": "é"}}
    assert mirrored(ANNOTATED, arguments) == {
        "Mcp-Param-Region": "us-west1",
        "Mcp-Param-Priority": "42",
        "Mcp-Param-VERBOSE": "false",
        "Mcp-Param-Tenant-Id": "=?base64?w6k=?=",
    }


@pytest.mark.parametrize(
    "arguments",
    [None, {}, {"region": None, "where": None}, {"where": {"tenant.id": None}}, {"where": "x"}, {"where": {}}],
)
def test_what_is_null_or_absent_is_not_sent(arguments: dict[str, Any] | None) -> None:
    assert mirrored(ANNOTATED, arguments) == {}


def test_an_empty_text_is_a_value() -> None:
    assert mirrored(ANNOTATED, {"region": ""}) == {"Mcp-Param-Region": ""}


@pytest.mark.parametrize("value", [{}, [], 2**60])
def test_what_cannot_be_sent_is_named(value: Any) -> None:
    with pytest.raises(ValueError, match=r"the argument where\.tenant\.id goes into Mcp-Param-Tenant-Id: a header can"):
        mirrored(ANNOTATED, {"where": {"tenant.id": value}})


# -- what a server compares -------------------------------------------------------------------------------------------


def call(headers: dict[str, str | bytes], arguments: dict[str, Any] | None = None, name: str = "t") -> str | None:
    """What is wrong with a call of a tool that says so in its headers."""
    received = {
        key.lower().encode(): value if isinstance(value, bytes) else value.encode()
        for key, value in {"Mcp-Method": "tools/call", "Mcp-Name": name, **headers}.items()
        if value != b"absent"
    }
    as_dict = mismatch(received, "tools/call", {"name": name, "arguments": arguments}, ANNOTATED)
    assert mismatch(received, "tools/call", CallToolRequestParams(name=name, arguments=arguments), ANNOTATED) == as_dict
    return as_dict


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, None),
        ({"Mcp-Method": " tools/call\t"}, None),
        ({"Mcp-Method": "TOOLS/CALL"}, "Mcp-Method does not match the body"),
        ({"Mcp-Method": "tools/list"}, "Mcp-Method does not match the body"),
        ({"Mcp-Method": "=?base64?dG9vbHMvY2FsbA==?="}, "Mcp-Method does not match the body"),
        ({"Mcp-Method": b"tools/call\xff"}, "Mcp-Method does not match the body"),
        ({"Mcp-Method": ""}, "Mcp-Method does not match the body"),
        ({"Mcp-Method": b"absent"}, "Mcp-Method is missing"),
        ({"Mcp-Name": "  t "}, None),
        ({"Mcp-Name": "=?base64?dA==?="}, None),
        ({"Mcp-Name": "T"}, "Mcp-Name does not match the body"),
        ({"Mcp-Name": ""}, "Mcp-Name does not match the body"),
        ({"Mcp-Name": "t, t"}, "Mcp-Name does not match the body"),
        ({"Mcp-Name": b"absent"}, "Mcp-Name is missing"),
        ({"Mcp-Name": b"t\xe9"}, "Mcp-Name is malformed: expected visible ASCII characters, blanks and tabs"),
        ({"Mcp-Name": "=?base64?dA?="}, "Mcp-Name is malformed: expected Base64 (RFC 4648, section 4) of UTF-8"),
        ({"Mcp-Param-Other": "x", "Mcp-Param-": "y", "Mcp-Session-Id": "z"}, None),
    ],
)
def test_method_and_name(headers: dict[str, str | bytes], reason: str | None) -> None:
    assert call(headers) == reason


def test_a_name_is_not_taken_for_its_own_encoding() -> None:
    assert call({"Mcp-Name": "=?base64?dA==?="}, name="=?base64?dA==?=") == "Mcp-Name does not match the body"
    assert call({"Mcp-Name": encode_value("=?base64?dA==?=")}, name="=?base64?dA==?=") is None
    assert call({"Mcp-Name": "é".encode()}, name="é") is not None


@pytest.mark.parametrize(
    ("header", "value", "fits"),
    [
        ("us-west1", "us-west1", True),
        ("  us-west1 ", "us-west1", True),
        ("US-WEST1", "us-west1", False),
        ("=?base64?SGVsbG8=?=", "Hello", True),
        ("=?base64?SGVsbG8?=", "Hello", False),
        ("=?base64?SGVs!!!bG8=?=", "Hello", False),
        ("SGVsbG8=", "SGVsbG8=", True),
        ("=?base64?SGVsbG8=", "=?base64?SGVsbG8=", True),
        ("", "", True),
        ("=?base64??=", "", True),
        ("", " ", False),
        ("42.0", "42", False),
        ("a\tb", "a\tb", True),
        (None, "", False),
        (None, None, True),
        ("", None, False),
        ("null", None, False),
        (None, {}, False),
        ("x", ["x"], False),
        ("{}", {}, False),
    ],
)
def test_a_text(header: str | None, value: Any, fits: bool) -> None:
    sent: dict[str, str | bytes] = {} if header is None else {"Mcp-Param-Region": header}
    assert (call(sent, {"region": value}) is None) is fits


@pytest.mark.parametrize(
    ("header", "value", "fits"),
    [
        ("42", 42, True),
        ("42.0", 42, True),
        ("42", 42.0, True),
        ("4.2e1", 42, True),
        ("=?base64?NDI=?=", 42, True),
        ("-7", -7, True),
        ("0", 0, True),
        ("-0", 0, True),
        ("3.5", 3.5, True),
        ("3.50", 3.5, True),
        ("43", 42, False),
        ("042", 42, False),
        ("+42", 42, False),
        ("0x2a", 42, False),
        ("4_2", 42, False),
        ("٤٢".encode(), 42, False),
        ('"42"', 42, False),
        ("", 0, False),
        ("false", 0, False),
        ("true", 1, False),
        ("1e999999999", 42, False),
        ("1e99999999999999999999", 42, False),
        ("9" * 6000, 42, False),
        ("nan", 42, False),
        ("9007199254740991", 2**53 - 1, True),
        ("9007199254740991.3", 2**53 - 1, False),
        ("9007199254740992", 2**53 + 1, False),
        ("9007199254740993", 2**53 + 1, True),
    ],
)
def test_a_number(header: str | bytes, value: float, fits: bool) -> None:
    assert (call({"Mcp-Param-Priority": header}, {"priority": value}) is None) is fits


@pytest.mark.parametrize(
    ("header", "value", "fits"),
    [("true", True, True), ("false", False, True), ("True", True, False), ("1", True, False), ("0", False, False)],
)
def test_a_boolean(header: str, value: bool, fits: bool) -> None:
    assert (call({"Mcp-Param-Verbose": header}, {"verbose": value}) is None) is fits


@pytest.mark.parametrize("arguments", [None, {}, {"where": None}, {"where": {}}, {"where": []}])
def test_a_nested_argument_that_is_not_there(arguments: dict[str, Any] | None) -> None:
    assert call({}, arguments) is None
    assert call({"Mcp-Param-Tenant-Id": "x"}, arguments) == "Mcp-Param-Tenant-Id repeats what is not in the body"


def test_no_reason_tells_a_value() -> None:
    secret = "hunter2"  # noqa: S105 - what must not be told
    for header in (secret, f"=?base64?{secret}?=", f"é{secret}", secret + "\x01"):
        for arguments in ({"region": "x"}, {"region": secret + "!"}, {"region": None}, {"region": [secret]}):
            for headers in ({"Mcp-Param-Region": header}, {"Mcp-Name": header}, {"Mcp-Method": header}):
                reason = call(dict(headers), arguments)
                assert reason is not None
                assert secret not in reason


def test_a_method_without_a_name_may_have_the_header_all_the_same() -> None:
    headers = {b"mcp-method": b"example.com/do", b"mcp-name": b"x"}
    assert mismatch(headers, "example.com/do", {"name": "y"}) is None


@given(
    st.dictionaries(
        st.sampled_from(["region", "priority", "verbose", "where"]),
        st.none()
        | TEXT
        | st.booleans()
        | st.integers(-LARGEST_INTEGER, LARGEST_INTEGER)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.dictionaries(st.just("tenant.id"), TEXT | st.none()),
    ),
    TEXT,
)
def test_what_a_client_sends_fits_and_says_all_there_is(arguments: dict[str, Any], name: str) -> None:
    params = {"name": name, "arguments": arguments}
    scalars = {key: None if isinstance(v, dict) and key != "where" else v for key, v in arguments.items()}
    params["arguments"] = scalars
    headers = request_headers("tools/call", params) | mirrored(ANNOTATED, scalars)
    received = as_received(headers)
    assert mismatch(received, "tools/call", params, ANNOTATED) is None
    for header in received:
        assert mismatch({k: v for k, v in received.items() if k != header}, "tools/call", params, ANNOTATED)
        assert mismatch({**received, header: b"something else"}, "tools/call", params, ANNOTATED)


# -- annotations ------------------------------------------------------------------------------------------------------


def test_annotations_are_found_in_order() -> None:
    assert list(ANNOTATED) == [
        Annotation("Mcp-Param-Region", b"mcp-param-region", ("region",)),
        Annotation("Mcp-Param-Priority", b"mcp-param-priority", ("priority",)),
        Annotation("Mcp-Param-VERBOSE", b"mcp-param-verbose", ("verbose",)),
        Annotation("Mcp-Param-Tenant-Id", b"mcp-param-tenant-id", ("where", "tenant.id")),
    ]
