"""A recording of both sides: which request a response answers, and what decoders let pass."""

from __future__ import annotations

import json
import random
from functools import cache
from typing import Any

import pytest

from mcpstruct import REVISIONS
from mcpstruct.wire.check import check
from mcpstruct.wire.traffic import Recording
from tests.cli.support import TRAFFIC


def request(method: str, request_id: Any = 1, **params: Any) -> Any:
    return {"jsonrpc": "2.0", "id": request_id, "method": method, **({"params": params} if params else {})}


def result(request_id: Any = 1, **values: Any) -> Any:
    return {"jsonrpc": "2.0", "id": request_id, "result": values}


def faults(revision: str, *messages: Any) -> list[tuple[int, str]]:
    """Number of the message and pointer of every problem; the spelling of the JSON makes no difference."""
    found: list[list[tuple[int, str]]] = []
    for separators in ((",", ":"), (", ", ": ")):
        recording = Recording(revision)
        encoded = [json.dumps(message, separators=separators).encode() for message in messages]
        found.append([(n, p.pointer) for n, data in enumerate(encoded, 1) for p in recording.feed(data)])
    assert found[0] == found[1]
    return found[0]


# -- which request a response answers ---------------------------------------------------------------------------------

TEXT = {"content": [{"type": "text", "text": "hi"}]}
SAMPLED = {"role": "assistant", "content": {"type": "text", "text": "hi"}, "model": "m"}
SAMPLE = request("sampling/createMessage", messages=[], maxTokens=1)


def test_a_result_is_judged_by_its_request() -> None:
    assert faults("2025-11-25", request("tools/list"), result(tools=[])) == []
    assert faults("2025-11-25", request("tools/list"), result(prompts=[])) == [(2, "/result/tools")]


@pytest.mark.parametrize("first", [result(**TEXT), result(**SAMPLED)])
def test_both_sides_count_their_ids_alike(first: Any) -> None:
    second = result(**SAMPLED) if "content" in first["result"] and "role" not in first["result"] else result(**TEXT)
    assert faults("2025-11-25", request("tools/call", name="a"), SAMPLE, first, second) == []
    assert faults("2025-11-25", SAMPLE, request("tools/call", name="a"), first, second) == []
    assert faults("2025-11-25", SAMPLE, request("tools/call", name="a"), first, first)[0][0] == 4


def test_a_result_that_anything_would_do_for_goes_to_whom_it_tells_more() -> None:
    assert faults("2025-11-25", request("tools/call", name="a"), request("ping"), result(**TEXT), result()) == []


def test_an_id_keeps_its_type() -> None:
    assert faults("2025-11-25", request("ping", "1"), result(1)) == [(2, "/id")]


def test_an_answer_comes_once() -> None:
    assert faults("2025-11-25", request("ping"), result(), result()) == [(3, "/id")]


def test_errors_answer_too() -> None:
    error = {"jsonrpc": "2.0", "id": 1, "error": {"code": -32601, "message": "no"}}
    assert faults("2025-11-25", request("tools/list"), error) == []
    nameless = {**error, "id": None, "error": {"code": "x", "message": "no"}}
    assert faults("2025-11-25", nameless) == [(1, "/error/code")]


def test_an_unknown_or_broken_request_may_still_be_answered() -> None:
    assert faults("2025-11-25", request("made/up"), result(x=1)) == [(1, "/method")]
    assert faults("2025-11-25", request("tools/call", name=1), result(**TEXT)) == [(1, "/params/name")]


def test_a_new_session_may_count_from_one_again() -> None:
    assert faults("2025-11-25", request("tools/call", name="a"), request("tools/list"), result(tools=[])) == []


def test_alternatives() -> None:
    task = {"taskId": "t", "status": "working", "createdAt": "a", "lastUpdatedAt": "b", "ttl": None}
    call = request("tools/call", name="a", task={})
    assert faults("2025-11-25", call, result(task=task)) == []
    assert faults("2025-06-18", call, result(task=task)) == [(2, "/result/content")]


def test_batches_where_the_revision_has_them() -> None:
    batch = [request("ping", "a"), request("tools/list", "b")]
    answers = [result("b", tools=[]), result("a"), result("c")]
    assert faults("2025-03-26", batch, answers) == [(2, "/2/id")]
    assert faults("2025-03-26", []) == [(1, "")]
    assert faults("2025-03-26", [[]]) == [(1, "/0")]
    assert faults("2025-06-18", batch) == [(1, "")]


# -- what decoders let pass -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "pointer"),
    [
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":null}}', "/params/cursor"),
        (b'{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', "/id"),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"_meta": {"a": 1, "a": 1}}}', "/params/_meta/a"),
        (b'{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1e999}}',
         "/params/progress"),
        (b'{"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{"message":"m","requestedSchema":'
         b'{"properties":{}}}}', "/params/requestedSchema/type"),
    ],
)  # fmt: skip
def test_lenient_decoding_is_told(line: bytes, pointer: str) -> None:
    assert [problem.pointer for problem in Recording("2025-11-25").feed(line)] == [pointer]
    assert [problem.pointer for problem in check(line, revision="2025-11-25")] == [pointer]


def test_a_document_that_is_none() -> None:
    tools = {"tools": [{"name": "a", "inputSchema": [1]}]}
    assert faults("2025-11-25", request("tools/list"), result(**tools)) == [(2, "/result/tools/0/inputSchema")]


# -- anything else ----------------------------------------------------------------------------------------------------


def test_a_recording_holds_only_what_awaits_an_answer() -> None:
    recording = Recording("2025-11-25")
    for number in range(100):
        recording.feed(json.dumps(request("ping", number)).encode())
    assert recording.unanswered == 100
    for number in range(100):
        recording.feed(json.dumps(result(number)).encode())
    assert recording.unanswered == 0
    assert recording.awaited == {}


def test_the_same_id_again_replaces_what_was_never_answered() -> None:
    recording = Recording("2025-11-25")
    for _ in range(100):
        recording.feed(json.dumps(request("tools/list")).encode())
        recording.feed(json.dumps(request("ping")).encode())
        recording.feed(json.dumps(request("roots/list")).encode())
        recording.feed(json.dumps(request("made/up")).encode())
    assert recording.unanswered == 4


class Thorough(Recording):
    """Takes no short cut."""

    def _survives(self, *_: Any) -> bool:
        return False


@cache
def recorded() -> list[tuple[str, bytes]]:
    return [(r, line) for r in REVISIONS for line in (TRAFFIC / f"{r}.jsonl").read_bytes().split(b"\n") if line]


INSERTS = (b"null", b"NaN", b"{", b"[", b'"', b"\\ud800", b"\xff", b"1e999", b'"id":1,', b"[[", b"true", b" ", b"0")


def mutated(line: bytes, rng: random.Random) -> bytes:
    data = bytearray(line)
    for _ in range(rng.choice((0, 1, 1, 2, 5))):
        place = rng.randrange(len(data) + 1)
        match rng.randrange(4):
            case 0:
                data[place : place + 1] = bytes([rng.randrange(256)])
            case 1:
                del data[place : place + rng.randrange(1, 20)]
            case 2:
                data[place:place] = rng.choice(INSERTS)
            case _:
                data[place:place] = rng.choice(recorded())[1][place : place + 30]
    return bytes(data)


@pytest.mark.parametrize("seed", range(4))
def test_no_bytes_break_it_and_the_short_cut_changes_nothing(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - nothing secret
    quick = {revision: Recording(revision) for revision in REVISIONS}
    thorough = {revision: Thorough(revision) for revision in REVISIONS}
    for _ in range(1500):
        revision, line = rng.choice(recorded())
        data = mutated(line, rng).strip()
        found = quick[revision].feed(data)
        assert found == thorough[revision].feed(data), data
        assert found or not check(data, revision=revision), data


@pytest.mark.parametrize("depth", [100, *range(850, 1001, 10), 5000, 200_000])
def test_no_depth_breaks_it(depth: int) -> None:
    recording = Recording("2025-11-25")
    for inner in (b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth):
        data = b'{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":' + inner + b"}}"
        problems = recording.feed(data)
        # Between the two it is the interpreter's version that decides.
        assert not problems if depth == 100 else len(problems) == 1 if depth > 100_000 else len(problems) < 2
