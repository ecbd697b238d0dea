"""The merged bindings read every valid message of every revision, and tell the same method and result from it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpstruct.base import messages
from mcpstruct.base.check import problems_of
from mcpstruct.base.codec import from_json, to_dict
from mcpstruct.base.methods import MethodInfo
from tests.support.instances import mutants
from tests.support.profile import effort
from tests.support.revisions import (
    Revision,
    bindings,
    canonical,
    encoded,
    message_cases,
    refusal,
    result_cases,
    revisions,
)

_, decode, _methods = bindings("merged")
METHODS: dict[str, MethodInfo[Any, Any]] = _methods.METHODS
# Free-form objects of older revisions in which a later one names the keys: the merged types keep only those.
NARROWED = ("elicitation", "sampling", "tasks")


def without_narrowed(message: Any) -> Any:
    """A message as plain JSON, less what stands in the capabilities that later revisions closed."""
    plain = to_dict(message)
    capabilities = plain.get("params", {}).get("capabilities", {})
    for key in NARROWED:
        if key in capabilities:
            capabilities[key] = {}
    return plain


@pytest.mark.parametrize(("revision", "side", "info"), message_cases())
@effort(4)
@given(data=st.data())
def test_a_message_of_any_revision_is_the_same_message(
    revision: Revision, side: Any, info: MethodInfo[Any, Any], data: st.DataObject
) -> None:
    instance = data.draw(revision.valid(info.message.__name__))
    message = getattr(decode, f"{side}_message")(encoded(instance)).message
    assert type(message) is METHODS[info.name].message
    assert message.method == info.name
    assert canonical(without_narrowed(message)) == canonical(without_narrowed(instance))


@pytest.mark.parametrize(("revision", "info", "tp"), result_cases())
@effort(4)
@given(data=st.data())
def test_a_result_of_any_revision_is_the_same_result(
    revision: Revision, info: MethodInfo[Any, Any], tp: Any, data: st.DataObject
) -> None:
    instance = data.draw(revision.valid(tp.__name__))
    envelope = {"jsonrpc": "2.0", "id": 1, "result": instance}
    message = messages.response(METHODS[info.name], encoded(envelope)).message
    assert canonical(to_dict(message)) == canonical(envelope)


@pytest.mark.parametrize("revision", revisions().values(), ids=str)
@effort(40)
@given(data=st.data())
def test_whatever_is_refused_is_explained(revision: Revision, data: st.DataObject) -> None:
    info = data.draw(st.sampled_from(list(revision.methods.values())))
    instance, seed = data.draw(revision.valid(info.message.__name__)), data.draw(st.integers(0, 2**32))
    tp = METHODS[info.name].message
    for mutant in mutants(instance, revision.vocabulary, seed):
        violation = refusal(lambda raw: from_json(tp, raw), encoded(mutant.value))
        assert violation is None or [violation.problem] == problems_of(mutant.value, tp)[:1]


def test_every_method_of_every_revision_is_there_with_its_kind_and_first_revision() -> None:
    first: dict[str, str] = {}
    for revision in revisions().values():
        for name, info in revision.methods.items():
            first.setdefault(name, revision.name)
            assert METHODS[name].kind == info.kind
    assert {name: info.since for name, info in METHODS.items()} == first
