"""What a sender is told of a message that is refused names places, types and what is wanted, and repeats no value."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from enum import Enum
from typing import Annotated, Any

import msgspec
import pytest

from mcpstruct.base.codec import from_json
from mcpstruct.base.errors import ProtocolViolation
from mcpstruct.base.structs import StructBase
from tests.bindings.test_decode import Message, decoder_of, every_message
from tests.support.recording import violation_of

SECRET = "s3cr3t/~word"  # noqa: S105 - the very point
NUMBER = 918273645
VALUES: list[Any] = [SECRET, -NUMBER, NUMBER + 0.5, [SECRET], {SECRET: {SECRET: NUMBER}}]


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a JSON value: the object or array, and the key."""
    for key in list(node) if isinstance(node, dict) else range(len(node) if isinstance(node, list) else 0):
        yield node, key
        yield from places(node[key])


def spoiled(value: Any) -> Iterator[bytes]:
    """A message with each of its values in turn put in place of a secret, and with secrets for keys."""
    for node, key in places(value):
        kept = node[key]
        for other in VALUES:
            node[key] = other
            yield json.dumps(value).encode()
        node[key] = kept
        if isinstance(node, dict):
            # Of a key given twice the last counts, but decoders trip over the first.
            marked = json.dumps({**copy.copy(node), "twice": 0})
            whole = json.dumps(value)
            yield whole.replace(json.dumps(node), marked.replace('"twice"', json.dumps(key)), 1).encode()
            first = f"{{{json.dumps(key)}: {json.dumps(SECRET)}, {json.dumps(node)[1:]}"
            yield whole.replace(json.dumps(node), first, 1).encode()


def assert_discreet(violation: ProtocolViolation) -> None:
    for told in (violation.message, str(violation.problem.discreet)):
        assert "s3cr3t" not in told
        assert str(NUMBER) not in told


@every_message
def test_no_message_is_quoted(message: Message) -> None:
    refused = 0
    for data in spoiled(message.value()):
        try:
            decoder_of(message.package, message.side)(data)
        except ProtocolViolation as violation:
            refused += 1
            assert_discreet(violation)
    assert refused


def test_the_whole_is_told_to_this_side() -> None:
    data = b'{"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{"level":"s3cr3t"}}'
    violation = violation_of(decoder_of("v2025_11_25", "client"), data)
    assert str(violation).endswith("got 's3cr3t'")
    assert violation.message.startswith("logging/setLevel: at /params/level: expected 'alert' or 'critical' or")
    assert violation.message.endswith(", got another string")


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"name": "x", "arguments": {SECRET: 1}}, "prompts/get: at /params/arguments/*: expected string, got integer"),
        (
            {"name": "x", "arguments": {"a": SECRET, "0": {}}},
            "prompts/get: at /params/arguments/*: expected string, got object",
        ),
        ({"name": 5}, "prompts/get: at /params/name: expected string, got integer"),
    ],
)
def test_keys_of_the_sender_s_are_stars(params: Any, told: str) -> None:
    data = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "prompts/get", "params": params}).encode()
    violation = violation_of(decoder_of("merged", "client"), data)
    assert violation.message == told
    assert violation.pointer.startswith("/params/")


def test_an_unknown_method_is_not_quoted() -> None:
    data = json.dumps({"jsonrpc": "2.0", "id": 1, "method": SECRET}).encode()
    violation = violation_of(decoder_of("merged", "client"), data)
    assert violation.message == "at /method: expected a method that the client may send, got another string"
    assert violation.method == SECRET


class Colour(Enum):
    RED = "red"


class Closed(StructBase, forbid_unknown_fields=True):
    colour: Colour | None = None
    few: Annotated[list[int], msgspec.Meta(max_length=1)] | None = None
    small: Annotated[int, msgspec.Meta(le=5)] = 0
    short: Annotated[str, msgspec.Meta(max_length=3)] = ""
    either: int | list[int] = 0
    inner: dict[str, Closed] | None = None


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"colour": SECRET}, "at /colour: expected one of the values allowed, got string"),
        ({"colour": "red", SECRET: 1}, "at /*: expected nothing, got a value"),
        ({SECRET: 1}, "at /*: expected nothing, got integer"),
        ({"small": NUMBER}, "at /small: expected at most 5, got another number"),
        ({"short": SECRET}, "at /short: expected a length of at most 3, got another length"),
        ({"either": SECRET}, "at /either: expected integer or array, got string"),
        (
            {"inner": {SECRET: {"few": [NUMBER, 2]}}},
            "at /inner/*/few: expected a length of at most 1, got another length",
        ),
        ({"inner": {SECRET: {SECRET: 2}}}, "at /inner/*/*: expected nothing, got integer"),
    ],
)
def test_types_of_the_user_s_own(value: Any, told: str) -> None:
    violation = violation_of(lambda data: from_json(Closed, data), json.dumps(value).encode())
    assert violation.message == told


def test_problems_of_something_larger() -> None:
    problem = violation_of(lambda data: from_json(dict[str, int], data), b'{"s3cr3t": "x"}').problem
    assert str(problem.below("/a/b").discreet) == "at /a/b/*: expected integer, got string"
    assert problem.below("/a").pointer == "/a/s3cr3t"
