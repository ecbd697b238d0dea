"""Sealed state: it opens for whom, for what and while it was meant to, and for nobody else."""

from __future__ import annotations

import base64
import pickle
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpstruct.base.codec import from_json
from mcpstruct.base.errors import LimitExceeded, McpError
from mcpstruct.server.state import Round, StateRefused, StateSealer, StateTooLarge, digest_of
from mcpstruct_bindings.merged import types
from tests.support.profile import effort

OLD, NEW = bytes(range(32)), bytes(range(32, 96))
DIGEST = digest_of("tools/call", {"name": "book", "arguments": {"nights": 2}})
ALICE: dict[str, Any] = {"principal": "alice", "method": "tools/call", "digest": DIGEST}


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def refusal(sealer: StateSealer, state: str, **changes: Any) -> str:
    with pytest.raises(StateRefused) as caught:
        sealer.open(state, **ALICE | changes)
    assert isinstance(caught.value, (McpError, ValueError))
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value.reason


# -- sealing -----------------------------------------------------------------------------------------------------------


@effort(100)
@given(payload=st.binary(), principal=st.none() | st.text(), method=st.text(st.characters(codec="utf-8")))
def test_what_was_sealed_opens(payload: bytes, principal: str | None, method: str) -> None:
    sealer = StateSealer()
    state = sealer.seal(payload, principal=principal, method=method, digest=DIGEST)
    assert set(state) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert sealer.open(state, principal=principal, method=method, digest=DIGEST) == payload


def test_a_state_opens_until_it_expires() -> None:
    clock = Clock()
    sealer = StateSealer(ttl=60, clock=clock)
    state = sealer.seal(b"x", **ALICE)
    clock.now += 59.9
    assert sealer.open(state, **ALICE) == b"x"
    clock.now += 0.1
    assert refusal(sealer, state) == "expired"


@pytest.mark.parametrize("other", [None, "", "Alice", "alice ", "bob", "\udcff"])
def test_a_state_opens_for_its_principal_alone(other: str | None) -> None:
    sealer = StateSealer()
    assert refusal(sealer, sealer.seal(b"x", **ALICE), principal=other) == "principal"
    state = sealer.seal(b"x", **ALICE | {"principal": other})
    assert refusal(sealer, state) == "principal"
    assert sealer.open(state, **ALICE | {"principal": other}) == b"x"


def test_nobody_is_not_somebody_without_a_name() -> None:
    sealer = StateSealer()
    assert refusal(sealer, sealer.seal(b"x", **ALICE | {"principal": None}), principal="") == "principal"


def test_a_state_opens_on_its_request_alone() -> None:
    sealer = StateSealer()
    state = sealer.seal(b"x", **ALICE)
    assert refusal(sealer, state, method="prompts/get") == "request"
    assert refusal(sealer, state, digest=digest_of("tools/call", {"name": "cancel"})) == "request"


@effort(200)
@given(st.data())
def test_no_altered_state_opens(data: st.DataObject) -> None:
    sealer = StateSealer([OLD])
    state = sealer.seal(b'{"admin":false}', **ALICE)
    at = data.draw(st.integers(0, len(state) - 1))
    change = data.draw(st.sampled_from(["replace", "insert", "delete", "cut"]))
    character = data.draw(st.sampled_from("AZaz09-_+/= \n\0é\ud800") | st.characters())
    altered = {
        "replace": state[:at] + character + state[at + 1 :],
        "insert": state[:at] + character + state[at:],
        "delete": state[:at] + state[at + 1 :],
        "cut": state[:at],
    }[change]
    if altered != state:
        assert refusal(sealer, altered) in ("malformed", "forged")


@effort(100)
@given(st.text() | st.binary().map(lambda data: base64.urlsafe_b64encode(data).decode().rstrip("=")))
def test_any_text_is_refused(text: str) -> None:
    assert refusal(StateSealer([OLD]), text) in ("malformed", "forged")


def test_no_byte_of_a_state_may_change() -> None:
    sealer = StateSealer([OLD])
    state = sealer.seal(b"{}", **ALICE)
    whole = base64.urlsafe_b64decode(state + "=" * (-len(state) % 4))
    for i in range(len(whole)):
        forged = whole[:i] + bytes([whole[i] ^ 1]) + whole[i + 1 :]
        text = base64.urlsafe_b64encode(forged).decode().rstrip("=")
        assert refusal(sealer, text) == ("malformed" if i == 0 else "forged")


def test_a_state_has_one_spelling() -> None:
    sealer = StateSealer([OLD])
    state = next(s for n in range(3) if len(s := sealer.seal(b"x" * n, **ALICE)) % 4)
    assert refusal(sealer, state + "=") == "malformed"
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert refusal(sealer, state[:-1] + alphabet[alphabet.index(state[-1]) + 1]) == "malformed"  # bits no byte has


# -- keys --------------------------------------------------------------------------------------------------------------


def test_keys_rotate() -> None:
    before, between, after = StateSealer([OLD]), StateSealer([NEW, OLD]), StateSealer([NEW])
    assert between.open(before.seal(b"x", **ALICE), **ALICE) == b"x"
    assert after.open(between.seal(b"x", **ALICE), **ALICE) == b"x"
    assert refusal(after, before.seal(b"x", **ALICE)) == "forged"
    assert refusal(between, before.seal(b"x", **ALICE), principal="bob") == "principal"


def test_without_keys_every_sealer_has_its_own() -> None:
    assert refusal(StateSealer(), StateSealer().seal(b"x", **ALICE)) == "forged"


@pytest.mark.parametrize(
    ("keys", "reason"), [([], "no keys"), ([b"x" * 31], "at least 32"), ([OLD, b"secret"], "at least 32")]
)
def test_weak_keys_are_refused_and_not_shown(keys: list[bytes], reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        StateSealer(keys)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("ttl", [0, -1, float("nan"), float("inf")])
def test_a_state_lives_for_a_time(ttl: float) -> None:
    with pytest.raises(ValueError, match="ttl"):
        StateSealer(ttl=ttl)


# -- limits and errors -------------------------------------------------------------------------------------------------


def test_a_state_has_a_limit() -> None:
    sealer = StateSealer(max_bytes=1000)
    with pytest.raises(StateTooLarge, match="takes 1431 bytes when sealed, and the limit is 1000") as caught:
        sealer.seal(b"x" * 1000, **ALICE)
    assert caught.value.limit == 1000
    assert refusal(sealer, StateSealer().seal(b"x" * 1000, **ALICE)) == "malformed"
    assert len(StateSealer().seal(b"x" * 49_000, **ALICE)) < 64 * 1024
    with pytest.raises(StateTooLarge):
        StateSealer().seal(b"x" * 49_152, **ALICE)


def test_a_refusal_says_why_and_nothing_else() -> None:
    sealer = StateSealer()
    state = sealer.seal(b"hidden", **ALICE)
    with pytest.raises(StateRefused) as caught:
        sealer.open(state, **ALICE | {"principal": "mallory"})
    assert str(caught.value) == "requestState refused: it was given to somebody else"
    shown = repr(caught.value) + str(caught.value)
    assert not any(secret in shown for secret in ("hidden", "alice", "mallory", state))
    assert pickle.loads(pickle.dumps(caught.value)).reason == "principal"  # noqa: S301
    assert "principal" not in repr(sealer)


def test_a_state_does_not_name_its_principal() -> None:
    state = StateSealer().seal(b"x", **ALICE)
    assert b"alice" not in base64.urlsafe_b64decode(state + "==")


# -- digests -----------------------------------------------------------------------------------------------------------


def call(arguments: str, rest: str = "") -> types.CallToolRequestParams:
    data = f'{{"name":"book","arguments":{arguments}{rest}}}'
    return from_json(types.CallToolRequestParams, data.encode())


def test_a_retry_has_the_digest_of_its_request() -> None:
    first = call('{"a":1,"b":{"x":[1.5,null],"y":"é"}}', ',"_meta":{"progressToken":1}')
    retry = call(
        '{"b":{"y":"\\u00e9","x":[1.5,null]},"a":1}',
        ',"_meta":{"progressToken":2},"requestState":"s","inputResponses":{"k":{"action":"decline"}}',
    )
    assert digest_of("tools/call", first) == digest_of("tools/call", retry)
    plain = {"arguments": {"a": 1, "b": {"y": "é", "x": [1.5, None]}}, "name": "book", "requestState": None}
    assert digest_of("tools/call", first) == digest_of("tools/call", plain)


def test_another_request_has_another_digest() -> None:
    digests = [
        digest_of("tools/call", call('{"a":1}')),
        digest_of("tools/call", call('{"a":"1"}')),
        digest_of("tools/call", call('{"a":[1]}')),
        digest_of("tools/call", call('{"a":1,"b":null}')),
        digest_of("tools/call", call("{}")),
        digest_of("tools/call", call('{"a":123456789012345678901234567890}')),
        digest_of("tools/call", {"name": "other", "arguments": {"a": 1}}),
        digest_of("prompts/get", {"name": "book", "arguments": {"a": 1}}),
        digest_of("resources/read", types.ReadResourceRequestParams(uri="x://a")),
        digest_of("resources/read", types.ReadResourceRequestParams(uri="x://b")),
        digest_of("resources/read", None),
    ]
    assert len(set(digests)) == len(digests)
    assert {len(digest) for digest in digests} == {32}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@effort(100)
@given(st.dictionaries(st.text(), json_values))
def test_digests_outlive_the_wire(arguments: dict[str, Any]) -> None:
    params = {"name": "book", "arguments": arguments}
    echoed = msgspec.json.decode(msgspec.json.encode(params))
    echoed["arguments"] = dict(reversed(echoed["arguments"].items()))
    assert digest_of("tools/call", params) == digest_of("tools/call", echoed)


def test_nesting_beyond_the_interpreter_is_a_typed_error() -> None:
    deep: Any = 0
    for _ in range(200_000):
        deep = [deep]
    with pytest.raises(LimitExceeded, match="tools/call"):
        digest_of("tools/call", {"name": "book", "arguments": {"deep": deep}})


# -- rounds ------------------------------------------------------------------------------------------------------------


def test_a_round_keeps_answers_and_state_as_they_came() -> None:
    answer, own = b'{ "action":"accept","content":{"n":1.0}}', b'{"step":"pay","seen":[1,2]}'
    first = Round(number=3, answers={"login": msgspec.Raw(answer)}, state=msgspec.Raw(own))
    again = Round.decode(first.encode())
    assert again == first
    assert bytes(again.answers["login"]) == answer
    assert bytes(again.state) == own


def test_an_empty_round_takes_no_room() -> None:
    assert Round().encode() == b"{}"
    assert Round.decode(b"{}") == Round()
    assert bytes(Round().state) == b""


def test_rounds_share_no_answers() -> None:
    Round().answers["x"] = msgspec.Raw(b"1")
    assert Round().answers == {}


def test_a_round_passes_through_a_sealed_state() -> None:
    sealer = StateSealer()
    sent = Round(number=2, answers={"k": msgspec.Raw(b'"\xc3\xa9"')})
    assert Round.decode(sealer.open(sealer.seal(sent.encode(), **ALICE), **ALICE)) == sent


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b'{"number":"1"}', b'{"answers":[]}', b"\xff", b'{"state":' + b"[" * 9999]
)
def test_a_payload_of_another_shape_is_malformed(payload: bytes) -> None:
    with pytest.raises(StateRefused) as caught:
        Round.decode(payload)
    assert caught.value.reason == "malformed"
