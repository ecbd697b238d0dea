"""The bindings against the schemas they were generated from, by instances and mutants made from those schemas.

Whatever the schema allows decodes and encodes again as the same JSON; what it forbids is refused. `DISAGREEMENTS` lists
all the exceptions. The verdict of the schema is that of an independent validator, which takes `format` as it is meant
in these schemas: as an annotation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpstruct.base import messages
from mcpstruct.base.check import problems_of
from mcpstruct.base.codec import from_json, to_dict
from mcpstruct.base.methods import MethodInfo
from tests.support.instances import DOCUMENTS, Mutant, mutants, replaced, walk
from tests.support.profile import effort
from tests.support.revisions import Revision, canonical, encoded, message_cases, refusal, result_cases, revisions

seeds = st.integers(0, 2**32)
LONE_TAGS = {("requestedSchema", "type"), ("items", "type")}
Valid = Callable[[Any], bool]


def null_is_absence(mutant: Mutant, decodes: bool, valid: Valid) -> bool:
    return decodes and mutant.kind == "null" and valid(mutant.without)


def whole_float(mutant: Mutant, decodes: bool, valid: Valid) -> bool:
    return not decodes and mutant.value == mutant.instance  # `1 == 1.0`


def unread_document(mutant: Mutant, decodes: bool, valid: Valid) -> bool:
    plain = mutant.value
    for path, _ in walk(mutant.value):
        if path and path[-1] in DOCUMENTS and DOCUMENTS.isdisjoint(path[:-1]):
            plain = replaced(plain, path, {"type": "object"})
    return decodes and valid(plain)


def lone_tag(mutant: Mutant, decodes: bool, valid: Valid) -> bool:
    return decodes and mutant.kind == "key removed" and mutant.path[-2:] in LONE_TAGS


# Where we and the schema disagree, and why; the examples (definition of 2025-11-25, instance) show that it is so.
DISAGREEMENTS: dict[str, tuple[Callable[[Mutant, bool, Valid], bool], str, Any]] = {
    "An explicit null in an optional field reads as the field's absence; peers send it.": (
        null_is_absence,
        "Annotations",
        {"priority": None},
    ),
    "An integer must be written as one: `1.0` is a number, and an id keeps its type.": (
        whole_float,
        "TaskMetadata",
        {"ttl": 1.0},
    ),
    "A JSON Schema document within a message is not looked into before it is read.": (
        unread_document,
        "Tool",
        {"name": "a", "inputSchema": {"type": 1}},
    ),
    "The constant of an object that needs none to be told from others may be missing.": (
        lone_tag,
        "UntitledMultiSelectEnumSchema",
        {"type": "array", "items": {"enum": []}},
    ),
}


def assert_same_verdict(mutant: Mutant, decodes: bool, valid: Valid) -> None:
    if decodes != valid(mutant.value):
        assert any(excuse(mutant, decodes, valid) for excuse, _, _ in DISAGREEMENTS.values()), (decodes, mutant)


def definition_cases() -> list[Any]:
    return [pytest.param(r, name, id=f"{r}-{name}") for r in revisions().values() for name in r.generated]


@pytest.mark.parametrize(("revision", "name"), definition_cases())
@effort(10)
@given(data=st.data())
def test_a_definition_is_what_its_schema_says(revision: Revision, name: str, data: st.DataObject) -> None:
    tp, valid = getattr(revision.types, name), revision.validator(name).is_valid
    instance, seed = data.draw(revision.valid(name)), data.draw(seeds)
    assert valid(instance)
    assert canonical(to_dict(from_json(tp, encoded(instance)))) == canonical(instance)
    assert problems_of(instance, tp) == []

    for mutant in mutants(instance, revision.vocabulary, seed):
        decodes = refusal(lambda raw: from_json(tp, raw), encoded(mutant.value)) is None
        assert_same_verdict(mutant, decodes, valid)
        problems = problems_of(mutant.value, tp)
        assert problems or decodes
        # `check` is strict where decoding is lenient, and for the same reasons.
        if problems and decodes:
            assert any(excuse(mutant, decodes, valid) for excuse, _, _ in DISAGREEMENTS.values()), (problems, mutant)


@pytest.mark.parametrize(("revision", "side", "info"), message_cases())
@effort(5)
@given(data=st.data())
def test_a_message_is_what_its_schema_says(
    revision: Revision, side: Any, info: MethodInfo[Any, Any], data: st.DataObject
) -> None:
    decode = getattr(revision.decode, f"{side}_message")
    sent = [m.message.__name__ for m in revision.sent_by(side)]
    instance, seed = data.draw(revision.valid(info.message.__name__)), data.draw(seeds)
    raw = encoded(instance)
    received = decode(raw)
    assert type(received.message) is info.message
    assert received.data is raw
    assert canonical(to_dict(received.message)) == canonical(instance)

    valid = revision.validator(*sent).is_valid
    for mutant in mutants(instance, revision.vocabulary, seed):
        assert_same_verdict(mutant, refusal(decode, encoded(mutant.value)) is None, valid)


@pytest.mark.parametrize(("revision", "info", "tp"), result_cases())
@effort(5)
@given(data=st.data(), request_id=st.sampled_from([0, -1, 2**53, "", "a", "7"]))
def test_a_result_is_what_its_schema_says(
    revision: Revision, info: MethodInfo[Any, Any], tp: Any, data: st.DataObject, request_id: int | str
) -> None:
    instance, seed = data.draw(revision.valid(tp.__name__)), data.draw(seeds)
    envelope = {"jsonrpc": "2.0", "id": request_id, "result": instance}
    message = messages.response(info, encoded(envelope)).message
    assert type(message.result) is tp
    assert canonical(to_dict(message)) == canonical(envelope)

    valid = revision.validator(*(t.__name__ for t in (info.result, *info.alternatives))).is_valid
    for mutant in mutants(instance, revision.vocabulary, seed):
        answer = encoded({**envelope, "result": mutant.value})
        assert_same_verdict(mutant, refusal(lambda raw: messages.response(info, raw), answer) is None, valid)


@pytest.mark.parametrize(("name", "value"), [(n, v) for _, n, v in DISAGREEMENTS.values()], ids=DISAGREEMENTS)
def test_every_disagreement_is_real(name: str, value: Any) -> None:
    revision = revisions()["2025-11-25"]
    refused = refusal(lambda raw: from_json(getattr(revision.types, name), raw), encoded(value))
    assert (refused is None) != revision.validator(name).is_valid(value)
