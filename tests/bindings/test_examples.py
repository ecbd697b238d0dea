"""The examples that the specification publishes for 2026-07-28: each decodes and encodes again as the same JSON."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mcpstruct.base import messages
from mcpstruct.base.codec import from_json, to_dict
from mcpstruct.base.envelope import ErrorObject, Response
from mcpstruct.base.errors import ProtocolViolation
from tests.support.revisions import bindings, canonical

EXAMPLES = Path(__file__).parents[2].parent / "shared" / "upstream" / "schema" / "2026-07-28" / "examples"
PACKAGES = ("v2026_07_28", "merged")
RESPONSE = re.compile(r"(\w+)ResultResponse")
ERROR = re.compile(r"\w+Error")

# Examples that break their own schema, and how.
WITHOUT_CACHE_FIELDS = "ReadResourceResultResponse/read-resource-result-response.json"
WITH_UNDEFINED_ID = "ListRootsRequest/list-roots-request.json"
FAULTY = {
    WITHOUT_CACHE_FIELDS: "lacks `cacheScope` and `ttlMs`, which every cacheable result of this revision must have",
    WITH_UNDEFINED_ID: "carries an `id`, which a request within an input-required result does not have",
}

pytestmark = pytest.mark.skipif(not EXAMPLES.is_dir(), reason="needs the upstream examples beside the repository")


@cache
def examples() -> dict[str, str]:
    """Which kind of test claims each example."""
    types = bindings("v2026_07_28")[0]
    claims: dict[str, str] = {}
    for path in sorted(EXAMPLES.glob("*/*.json")):
        name = path.parent.name
        claim = [
            kind
            for kind, claimed in {
                "response": RESPONSE.fullmatch(name),
                "error": ERROR.fullmatch(name),
                "definition": hasattr(types, name),
            }.items()
            if claimed
        ]
        assert len(claim) == 1, f"{path.parent.name} is claimed by {claim or 'no test'}"
        claims[f"{name}/{path.name}"] = claim[0]
    return claims


def claimed(kind: str) -> list[str]:
    return [example for example, claim in examples().items() if claim == kind and example not in FAULTY]


def read(example: str) -> bytes:
    return (EXAMPLES / example).read_bytes()


def answer(package: str, example: str) -> Response[Any]:
    """A `*ResultResponse`, decoded as the answer to its method."""
    found = RESPONSE.fullmatch(example.split("/", maxsplit=1)[0])
    assert found
    methods = bindings(package)[2]
    info = next(m for m in methods.METHODS.values() if m.message.__name__ == f"{found[1]}Request")
    return messages.response(info, read(example)).message


def assert_round_trip(value: Any, example: str) -> None:
    assert canonical(to_dict(value)) == canonical(json.loads(read(example)))


def test_every_example_is_claimed_by_one_test() -> None:
    assert len(examples()) == 129
    assert sum(len(claimed(kind)) for kind in ("definition", "response", "error")) == 127
    assert examples().keys() >= FAULTY.keys()


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("example", claimed("definition"))
def test_a_definition_round_trips(package: str, example: str) -> None:
    tp = getattr(bindings(package)[0], example.split("/", maxsplit=1)[0])
    assert_round_trip(from_json(tp, read(example)), example)


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("example", claimed("response"))
def test_a_response_round_trips_with_its_result_typed(package: str, example: str) -> None:
    response = answer(package, example)
    assert isinstance(response.result, msgspec.Struct)
    assert_round_trip(response, example)


@pytest.mark.parametrize("example", claimed("error"))
def test_an_error_round_trips(example: str) -> None:
    plain = json.loads(read(example))
    if "jsonrpc" in plain:
        methods = bindings("merged")[2]
        response = messages.response(methods.CALL_TOOL, read(example)).message
        assert isinstance(response.error, ErrorObject)
        assert response.error.code == plain["error"]["code"]
        assert_round_trip(response, example)
    else:
        error = from_json(ErrorObject, read(example))
        assert error.code == plain["code"]
        assert_round_trip(error, example)


def test_a_result_without_its_cache_fields_is_refused_by_its_revision_alone() -> None:
    with pytest.raises(ProtocolViolation) as refusal:
        answer("v2026_07_28", WITHOUT_CACHE_FIELDS)
    assert refusal.value.pointer in ("/result/cacheScope", "/result/ttlMs")
    assert_round_trip(answer("merged", WITHOUT_CACHE_FIELDS), WITHOUT_CACHE_FIELDS)  # older revisions have none


def test_an_undefined_id_is_ignored_by_its_revision_alone() -> None:
    tp = "ListRootsRequest"
    request = from_json(getattr(bindings("v2026_07_28")[0], tp), read(WITH_UNDEFINED_ID))
    assert to_dict(request) == {"method": "roots/list"}
    merged = from_json(getattr(bindings("merged")[0], tp), read(WITH_UNDEFINED_ID))
    assert_round_trip(merged, WITH_UNDEFINED_ID)  # in older revisions it is a message of its own, with an id
