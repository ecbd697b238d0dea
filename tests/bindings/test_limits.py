"""Size and depth are bounded, and no nesting crashes the interpreter, whatever the stack it meets."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mcpstruct.base.codec import from_json, to_dict, to_json
from mcpstruct.base.errors import INVALID_REQUEST, LimitExceeded
from mcpstruct.base.limits import DEFAULT_LIMITS, Limits, too_deep
from mcpstruct.base.messages import ResponseDecoder
from tests.support.nesting import DEEP, SHAPES
from tests.support.profile import effort
from tests.support.recording import PACKAGES, module_of, violation_of

ROOT = Path(__file__).parents[2]
KIB = 1024
CALL = b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"x"}}'
ANSWER = b'{"jsonrpc":"2.0","id":7,"result":{"content":[]}}'

# -- size ---------------------------------------------------------------------------------------------------------


def assert_limit(violation: Any, data: bytes, most: int) -> None:
    assert isinstance(violation, LimitExceeded)
    assert (violation.code, violation.pointer) == (INVALID_REQUEST, "")
    assert (violation.expected, violation.got) == (f"at most {most} bytes", f"{len(data)} bytes")
    assert violation.data is data


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("side", ["client", "server"])
def test_a_message_may_be_as_large_as_the_limit_and_no_larger(package: str, side: str) -> None:
    whole = getattr(module_of(package, "decode"), f"{side}_decoder")
    exact = whole.with_limits(Limits(max_bytes=len(ANSWER)))
    assert exact.decode(ANSWER).message.id == 7
    for data in (ANSWER + b" ", b" " * 1000, b"[" * 1000):
        assert_limit(violation_of(exact.decode, data), data, len(ANSWER))
        assert_limit(violation_of(exact.split, data), data, len(ANSWER))


def test_a_response_may_be_as_large_as_the_limit_and_no_larger() -> None:
    info = module_of("v2025_11_25", "methods").CALL_TOOL
    exact = ResponseDecoder(info, Limits(max_bytes=len(ANSWER)))
    assert exact.decode(ANSWER).message.result.content == []
    data = ANSWER + b" "
    assert_limit(violation_of(exact.decode, data), data, len(ANSWER))


def test_a_value_may_be_as_large_as_the_limit_and_no_larger() -> None:
    tight = Limits(max_bytes=4)
    assert from_json(str, b'"ab"', limits=tight) == "ab"
    data = b'"abc"'
    assert_limit(violation_of(lambda x: from_json(str, x, limits=tight), data), data, 4)


def test_other_limits_leave_the_decoder_they_came_from_alone() -> None:
    whole = module_of("v2025_11_25", "decode").client_decoder
    whole.with_limits(Limits(max_bytes=1))
    assert whole.decode(CALL).message.id == 7
    assert whole.limits is DEFAULT_LIMITS
    assert DEFAULT_LIMITS.max_bytes == 64 * KIB * KIB


# -- depth --------------------------------------------------------------------------------------------------------


def nested(*arguments: str) -> dict[str, str]:
    """What became of each case of `tests.support.nesting`."""
    child = [sys.executable, "-W", "error", "-m", "tests.support.nesting", *arguments]
    done = subprocess.run(child, cwd=ROOT, capture_output=True, text=True, timeout=50, check=False)
    lines = [line.partition("\t") for line in done.stdout.splitlines()]
    assert done.returncode == 0, f"{done.stdout.splitlines()[-1:]} then exit {done.returncode}: {done.stderr[-500:]}"
    return {case: outcome for case, _, outcome in lines}


def assert_bounded(outcomes: dict[str, str]) -> None:
    assert "end" in outcomes
    for case, outcome in outcomes.items():
        place, _, nesting = case.partition(" | ")
        if nesting.startswith("deep"):
            assert (place, nesting, outcome) == (place, nesting, "limit")
        elif nesting and place not in ("message", "batch", "faulty arguments", "faulty method", "type"):
            assert (place, nesting, outcome) == (place, nesting, "decoded")


@pytest.mark.parametrize("stack", [0, 64 * KIB, 128 * KIB, 256 * KIB, 512 * KIB, 1024 * KIB])
def test_nesting_never_crashes(stack: int) -> None:
    outcomes = nested(str(stack))
    assert_bounded(outcomes)
    assert outcomes.get("setting", str(stack)) == str(stack), "the guard changed the setting it looked at"


@pytest.mark.parametrize("stack", [64 * KIB, 256 * KIB])
def test_nesting_never_crashes_a_thread_that_was_made_under_another_setting(stack: int) -> None:
    assert_bounded(nested(str(stack), "reset"))


def test_a_value_too_deep_to_encode_is_a_recursion_error() -> None:
    deep: Any = 1
    for _ in range(DEEP):
        deep = {"a": deep}
    for encode in (to_json, to_dict):
        with pytest.raises(RecursionError, match="maximum recursion depth exceeded"):
            encode({"arguments": deep})


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('[]{}"\\:, a\n', max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('[]{}"\\a', max_size=4), inner, max_size=4),
    max_leaves=30,
)


def depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@effort(300)
@given(JSON_VALUES, st.integers(0, 8), st.sampled_from([None, 1]))
@example(["\\", ["\\\\", ['"', ['\\"', []]]]], 4, None)
def test_too_deep_counts_what_is_nested(value: Any, limit: int, indent: int | None) -> None:
    for ascii_only in (True, False):
        data = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()
        assert too_deep(data, limit) is (depth(value) > limit)


def deepest(data: bytes) -> int:
    """How deep the brackets outside of strings go, one byte at a time."""
    level = most = 0
    in_string = escaped = False
    for byte in data.decode("latin-1"):
        if in_string:
            in_string = escaped or byte != '"'
            escaped = byte == "\\" and not escaped
        elif byte == '"':
            in_string = True
        elif byte in "[{":
            level += 1
            most = max(most, level)
        elif byte in "]}":
            level -= 1
    return most


@effort(300)
@given(st.text('[]{}"\\a', max_size=60), st.integers(0, 6))
@example('"\\', 0)
@example('"\\"[[[', 1)
@example('"\\\\"[[[', 1)
@example("]]]][[[", 2)
def test_too_deep_reads_any_bytes(text: str, limit: int) -> None:
    assert too_deep(text.encode(), limit) is (deepest(text.encode()) > limit)


@pytest.mark.parametrize("build", SHAPES.values(), ids=SHAPES)
def test_too_deep_looks_no_further_than_it_must(build: Any) -> None:
    data = build(DEEP)
    assert too_deep(data, 128)
    assert not too_deep(b'"%b"' % data.replace(b'"', b""), 128)
