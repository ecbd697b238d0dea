"""What is left of a result that is refused: what is no reason to refuse it, and what a tolerant session overlooks."""

from __future__ import annotations

import re
from typing import Any

from msgspec import UNSET

from mcpstruct.base.check import problems_of, unlike
from mcpstruct.base.codec import parse, to_json
from mcpstruct.base.errors import Problem, ProtocolViolation
from mcpstruct.base.messages import ResponseDecoder, raw_envelope

_ITEM = re.compile(r"/result/([^/]+)/(\d+)(?:/|\Z)")
_WHOLE = re.compile(r"[0-9]{1,18}").fullmatch


def without_negative_ttl(decoder: ResponseDecoder[Any], violation: ProtocolViolation) -> Any:
    """The result of an answer that was refused over a negative `ttlMs`, which stands for none; None for any other."""
    if violation.pointer != "/result/ttlMs":
        return None
    answer = parse(violation.data)
    ttl = answer["result"].get("ttlMs")
    if type(ttl) is not int or ttl >= 0:
        return None
    answer["result"]["ttlMs"] = 0
    try:
        return decoder.decode(to_json(answer)).message.result
    except ProtocolViolation:  # that was not all
        return None


def without_odd_items(
    decoder: ResponseDecoder[Any], violation: ProtocolViolation
) -> tuple[Any, list[ProtocolViolation]] | None:
    """The result of a refused answer without the items of its lists that are at fault, and what is wrong with those.

    None where something else is wrong.
    """
    answer = parse(violation.data)
    result = answer.get("result")
    tp = decoder.choose(result)
    problems = problems_of(result, tp, "/result")
    found = [(problem, _ITEM.match(problem.pointer)) for problem in problems]
    if not found or any(match is None for _, match in found):
        return None
    odd: dict[str, dict[int, Problem]] = {}
    for problem, match in found:
        if match is not None:
            odd.setdefault(match[1], {}).setdefault(int(match[2]), problem)
    for key, items in odd.items():
        result[key] = [item for index, item in enumerate(result[key]) if index not in items]
    faults = [
        ProtocolViolation(problem, method=violation.method, data=violation.data)
        for items in odd.values()
        for problem in items.values()
    ]
    try:
        return decoder.decode(to_json(answer)).message.result, faults
    except ProtocolViolation:  # that was not all
        return None


def under_whole_id(data: bytes) -> tuple[int, bytes, Problem] | None:
    """The whole number that the id of a response is as text or as a fraction (`"1"`, `1.0`), the response under that
    id, and what is wrong with its own; None for any other message.
    """
    envelope = raw_envelope(data)
    given = envelope.id
    whole = given.is_integer() if type(given) is float else type(given) is str and _WHOLE(given) is not None
    if not whole or envelope.method is not UNSET:
        return None
    envelope.id = number = int(given)
    return number, to_json(envelope), unlike("/id", str(number), given)
