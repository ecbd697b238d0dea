"""`mcpstruct.check`: every problem of a message, with its pointer."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from mcpstruct import LimitExceeded, Limits, Problem, UnknownRevision, check
from mcpstruct.base.errors import ProtocolViolation

MODERN = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}


def message(**keys: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", **keys}).encode()


def pointers(data: bytes, **about: Any) -> list[str]:
    return [problem.pointer for problem in check(data, **{"revision": "2025-11-25", **about})]


def test_a_valid_message_has_none() -> None:
    assert check(message(id=1, method="ping"), revision="2025-11-25") == []
    assert check(message(id=1, result={"anything": 1}), revision="2025-11-25") == []
    assert check(message(id=1, method="tools/list", params={"_meta": MODERN}), revision="2026-07-28") == []


def test_all_problems_are_listed() -> None:
    params = {"name": 1, "arguments": [], "task": {"ttl": "long"}, "_meta": {"progressToken": []}}
    data = json.dumps({"jsonrpc": "1.0", "id": True, "method": "tools/call", "params": params}).encode()
    assert sorted(pointers(data)) == [
        "/id",
        "/jsonrpc",
        "/params/_meta/progressToken",
        "/params/arguments",
        "/params/name",
        "/params/task/ttl",
    ]


def test_a_problem_says_what_is_wanted_and_what_is_there() -> None:
    data = message(id=1, method="logging/setLevel", params={"level": 3})
    levels = "'alert' or 'critical' or 'debug' or 'emergency' or 'error' or 'info' or 'notice' or 'warning'"
    assert list(map(str, check(data, revision="2025-11-25"))) == [f"at /params/level: expected {levels}, got 3"]


def test_the_side_decides_what_may_be_sent() -> None:
    sample = message(id=1, method="roots/list")
    assert pointers(sample) == pointers(sample, side="server") == []
    assert pointers(sample, side="client") == ["/method"]
    assert pointers(sample, revision="2026-07-28") == ["/method"]  # there it only stands within a result


def test_a_result_is_that_of_the_method() -> None:
    data = message(id=1, result={"content": [{"type": "text"}, {"type": "image", "data": "", "mimeType": 1}]})
    assert pointers(data, method="tools/call") == ["/result/content/0/text", "/result/content/1/mimeType"]
    assert pointers(data, method="notifications/message") == []
    assert pointers(message(id=1, result=3)) == ["/result"]


def test_responses() -> None:
    assert pointers(message(id=1)) == [""]
    assert pointers(message(id=1, result={}, error={"code": 1, "message": "m"})) == [""]
    assert pointers(message(id=1, error={"code": "1"})) == ["/error/code", "/error/message"]
    assert pointers(message(result={})) == ["/id"]
    assert pointers(message(id=1.5, result={})) == ["/id"]
    assert pointers(b'{"id":1,"result":{},"error":1}') == ["/jsonrpc", "", "/error"]


def test_messages_of_no_method() -> None:
    assert pointers(message(id=1, method=5)) == ["/method"]
    assert pointers(message(id=None, method="made/up")) == ["/method", "/id"]
    assert pointers(b"[1]") == pointers(b"[]") == pointers(b"3") == [""]


def test_batches() -> None:
    data = (
        b'[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"x"},7,{"jsonrpc":2,"jsonrpc":3}]'
    )
    assert pointers(data, revision="2025-03-26") == ["/3/jsonrpc", "/1/method", "/2", "/3/jsonrpc", "/3"]
    assert pointers(b"[]", revision="2025-03-26") == [""]


def test_duplicate_keys_at_every_depth() -> None:
    data = (
        b'{"jsonrpc":"2.0","id":1,"id":1,"method":"tools/call","params":{"name":"a","arguments":'
        b'{"list":[{"x":1,"y":2,"x":3}],"a~/b":1,"a~/b":2,"twice":{"gone":1,"gone":2},"twice":3}}}'
    )
    arguments = "/params/arguments"
    assert sorted(pointers(data)) == ["/id", f"{arguments}/a~0~1b", f"{arguments}/list/0/x", f"{arguments}/twice"]


@pytest.mark.parametrize("literal", [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999"])
def test_numbers_that_are_none(literal: bytes) -> None:
    data = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"x":[0,%b]}}}' % literal
    assert pointers(data) == ["/params/arguments/x/1"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"nothing",
        b'{"jsonrpc":"2.0"',
        b'\xef\xbb\xbf{"jsonrpc":"2.0","id":1,"method":"ping"}',
        b'{"jsonrpc":"2.0","id":1,"method":"\xff"}',
        b'{"jsonrpc":"2.0","id":"\\ud800","method":"ping"}',
        b'{"jsonrpc":"2.0","id":' + b"1" * 5000 + b',"method":"ping"}',
        b"[" * 100_000,
        b"\x00",
        "{}".encode("utf-16"),
    ],
)
def test_what_is_no_json_is_one_problem(data: bytes) -> None:
    (problem,) = check(data, revision="2025-11-25")
    assert problem.pointer == ""


def test_limits() -> None:
    (problem,) = check(message(id=1, method="ping"), revision="2025-11-25", limits=Limits(max_bytes=10))
    assert problem.expected == "at most 10 bytes"
    assert issubclass(LimitExceeded, ProtocolViolation)


def test_deep_nesting_on_a_small_stack() -> None:
    data = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"x":' + b"[" * 900
    data += b"]" * 900 + b"}}}"
    found: list[Problem] = []
    before = threading.stack_size(256 * 1024)
    try:
        thread = threading.Thread(target=lambda: found.extend(check(data, revision="2025-11-25")))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    assert [problem.pointer for problem in found] == [""]


def test_wrong_usage() -> None:
    with pytest.raises(UnknownRevision, match="there are 2024-11-05"):
        check(b"{}", revision="2024")
    with pytest.raises(ValueError, match="2025-11-25 has no method 'made/up'"):
        check(b"{}", revision="2025-11-25", method="made/up")
