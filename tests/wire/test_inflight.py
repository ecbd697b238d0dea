"""Ids of requests in progress, both ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpstruct.wire.inflight import DuplicateId, Received, Sent
from tests.support.profile import effort

IDS = st.one_of(st.integers(-3, 3), st.sampled_from(["", "1", "-1", "a"]))


def test_ids_count_up_and_are_never_used_twice() -> None:
    sent: Sent[str] = Sent()
    first = sent.next_id()
    sent.entries[first] = "a"
    del sent.entries[first]
    assert [first, sent.next_id(), sent.next_id()] == [1, 2, 3]


def test_taking_all_leaves_none() -> None:
    sent: Sent[str] = Sent()
    for name in "abc":
        sent.entries[sent.next_id()] = name
    assert sent.take_all() == ["a", "b", "c"]
    assert sent.take_all() == []
    assert sent.next_id() == 4


def test_an_id_in_progress_is_refused_and_the_first_stays() -> None:
    received: Received[str] = Received()
    received.open(1, "first")
    with pytest.raises(DuplicateId):
        received.open(1, "second")
    assert received.entries == {1: "first"}


def test_a_number_and_its_digits_are_two_ids() -> None:
    received: Received[str] = Received()
    received.open(1, "number")
    received.open("1", "text")
    assert received.entries == {1: "number", "1": "text"}


@effort(200)
@given(st.lists(st.tuples(st.booleans(), IDS)))
def test_requests_come_and_go_as_in_a_plain_dict(steps: list[tuple[bool, int | str]]) -> None:
    received: Received[int] = Received()
    model: dict[int | str, int] = {}
    for number, (opens, request_id) in enumerate(steps):
        if not opens:
            assert received.entries.pop(request_id, None) == model.pop(request_id, None)
        elif request_id in model:
            with pytest.raises(DuplicateId):
                received.open(request_id, number)
        else:
            received.open(request_id, number)
            model[request_id] = number
        assert received.entries == model
