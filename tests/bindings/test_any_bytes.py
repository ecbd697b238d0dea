"""Whatever the bytes, a decoder answers with a value or a `ProtocolViolation`: nothing else, ever."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from mcpstruct.base import messages
from mcpstruct.base.codec import from_json, to_dict
from mcpstruct.base.errors import ProtocolViolation
from tests.support.profile import effort
from tests.support.revisions import bindings, canonical, encoded, refusal, revisions

PACKAGES = [*(f"v{name.replace('-', '_')}" for name in revisions()), "merged"]
# Pieces that JSON, UTF-8 or the protocol gives a meaning, and some that none of them does.
TOKENS = [
    *(bytes([c]) for c in b'{}[],:"\\-+.0123456789eEtfn \x00\x1f\x7f\x80\xc3\xff'),
    *(b"null", b"true", b"NaN", b"-Infinity", b"1e999", b"-0.0", b"1.0", b"9" * 30, b"9" * 5000, b"01"),
    *(b"\\u0000", b"\\ud800", b"\\udc00", b"\\q", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xc0\x80"),
    *(b"[" * 3000, b'{"a":' * 3000, b'"id":', b'"id":1,', b'"method":"ping",', b'"result":{},', b'"error":{},', b"[]"),
]
HOPELESS = [
    b"",
    b" \n",
    b"null",
    b"[]",
    b"{}",
    b"[{}]",
    b'"a"',
    b"NaN",
    b"\xff",
    b"\xef\xbb\xbf{}",
    b'{"a":"\xed\xa0\x80"}',
    b'{"a":"\\ud800"}',
    b'{"jsonrpc":"2.0","id":' + b"9" * 5000 + b',"result":{}}',
    b"[" * 100_000,
    b"[" * 100_000 + b"]" * 100_000,
    b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
]


@st.composite
def battered(draw: st.DrawFn) -> bytes:
    """The bytes of a valid message of some revision, damaged in up to three places."""
    revision = draw(st.sampled_from(list(revisions().values())))
    info = draw(st.sampled_from(list(revision.methods.values())))
    result = info.result and draw(st.booleans())
    instance = draw(revision.valid((info.result if result else info.message).__name__))
    data = encoded({"jsonrpc": "2.0", "id": 1, "result": instance} if result else instance)
    chance = Random(draw(st.integers(0, 2**32)))  # noqa: S311
    for _ in range(chance.randint(1, 3)):
        start = chance.randrange(len(data) + 1)
        end = chance.choice([start, start, start + 1, start + chance.randint(0, 20), len(data)])
        data = data[:start] + chance.choice([b"", chance.choice(TOKENS), data[start:end] * 2]) + data[end:]
    return data


def decoders(package: str) -> Iterable[Callable[[bytes], Any]]:
    """Everything that reads bytes in a package."""
    types, decode, methods = bindings(package)
    for decoder in (decode.client_decoder, decode.server_decoder):
        yield decoder.decode
        yield decoder.split
    for info in methods.METHODS.values():
        yield lambda data, info=info: messages.response(info, data)
        yield lambda data, tp=info.message: from_json(tp, data)
        if info.result is not None:
            yield lambda data, tp=info.result: from_json(tp, data)
    for name in ("ContentBlock", "ResourceContentsUnion", "RequestId", "Tool"):
        if tp := getattr(types, name, None):
            yield lambda data, tp=tp: from_json(tp, data)


def assert_value_or_violation(decode: Callable[[bytes], Any], data: bytes) -> None:
    read: list[Any] = []
    violation = refusal(lambda raw: read.append(decode(raw)), data)
    if violation is not None:
        assert violation.expected
        assert str(violation)
        return
    message = getattr(read[0], "message", read[0])
    if isinstance(message, list) or isinstance(getattr(message, "result", None), Raw):
        return  # a batch, or a response to who knows what: the caller has yet to decode what is in it
    # What the decoder left as bytes is read here.
    assert repr(message)
    refusal(lambda _: canonical(to_dict(message)), data)


@pytest.mark.parametrize("package", PACKAGES)
@effort(60)
@given(data=st.binary(max_size=40) | st.lists(st.sampled_from(TOKENS), max_size=8).map(b"".join))
def test_random_bytes(package: str, data: bytes) -> None:
    for decode in decoders(package):
        assert_value_or_violation(decode, data)


@pytest.mark.parametrize("package", PACKAGES)
@effort(60)
@given(data=battered())
def test_battered_messages(package: str, data: bytes) -> None:
    for decode in decoders(package):
        assert_value_or_violation(decode, data)


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("data", HOPELESS, ids=lambda data: repr(data[:20]))
def test_bytes_that_are_no_message_of_any_kind(package: str, data: bytes) -> None:
    decode = bindings(package)[1]
    for decoder in (decode.client_message, decode.server_message):
        with pytest.raises(ProtocolViolation):
            decoder(data)
    for reader in decoders(package):
        assert_value_or_violation(reader, data)
