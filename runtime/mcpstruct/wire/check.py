"""Every problem of a message: those that decoders stop at, and those that they let pass.

A decoder takes the last of duplicate keys and an explicit null for absence; here both are reported. It gives up at a
literal that is no JSON (`NaN`); here that has a pointer.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Any, TypeAlias

from msgspec import UNSET

from mcpstruct.base.check import child, is_array, is_object, problems_of, unlike
from mcpstruct.base.codec import guard, parse
from mcpstruct.base.envelope import ErrorObject, RawMessage
from mcpstruct.base.errors import Problem, ProtocolViolation, json_type
from mcpstruct.base.limits import DEFAULT_LIMITS, Limits
from mcpstruct.base.messages import message_problems, response_decoder, response_problem, version_problem
from mcpstruct.base.methods import MethodInfo, Side

from .revisions import Bindings, bindings

JsonObject: TypeAlias = dict[str, Any]


def check(
    data: bytes,
    *,
    revision: str,
    side: Side | None = None,
    method: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> list[Problem]:
    """Every problem of a message (or batch) of a revision; an empty list if it is valid.

    `side` is who sent it; None allows what either may send. `method` is what a response answers; without it the
    result of one may be anything. Slow and thorough: decode first, and call this when that fails.
    Raises `UnknownRevision`, and `ValueError` for a method that the revision does not have.
    """
    revised = bindings(revision)
    if method is not None and method not in revised.methods:
        raise ValueError(f"{revision} has no method {method!r}")
    answered = None if method is None else revised.methods[method]
    try:
        value, problems = read(data, limits)
    except ProtocolViolation as violation:
        return [violation.problem]
    if not is_array(value):
        return problems + faults(value, revised, side, answered)
    problems += batch_faults(value, revised)
    for i, message in enumerate(value if revised.batches else ()):
        problems += below(i, faults(message, revised, side, answered))
    return problems


def batch_faults(messages: list[Any], revised: Bindings) -> list[Problem]:
    """What is wrong with a batch as such."""
    if not revised.batches:
        return [Problem("", "one message", "a batch, which this revision does not have")]
    return [] if messages else [Problem("", "at least one message", "an empty batch")]


def below(index: int, problems: list[Problem]) -> list[Problem]:
    """The problems of a message as those of the batch that it is in."""
    return [p.below(f"/{index}") for p in problems]


def faults(
    message: Any, revised: Bindings, side: Side | None = None, answered: MethodInfo[Any, Any] | None = None
) -> list[Problem]:
    """Every fault of one decoded message."""
    if not is_object(message):
        return [Problem("", "object", json_type(message))]
    envelope = envelope_of(message)
    if envelope.method is UNSET:
        return response_faults(message, envelope, answered)
    info = revised.methods.get(envelope.method) if isinstance(envelope.method, str) else None
    if info is not None and (info.sent_by(side) if side else info.direction != "input"):
        return message_problems(message, info)
    if isinstance(envelope.method, str):
        sender = side or "client or server"
        method = unlike("/method", f"a method that the {sender} may send", envelope.method)
    else:
        method = Problem("/method", "string", json_type(envelope.method))
    found = [version_problem(envelope), method]
    if envelope.id is not UNSET and type(envelope.id) not in (int, str):
        found.append(Problem("/id", "string or integer", json_type(envelope.id)))
    return [problem for problem in found if problem is not None]


def envelope_of(message: JsonObject) -> RawMessage:
    """The outermost keys of a decoded message."""
    return RawMessage(**{key: message[key] for key in RawMessage.__struct_fields__ if key in message})


def response_faults(message: JsonObject, envelope: RawMessage, answered: MethodInfo[Any, Any] | None) -> list[Problem]:
    """Every fault of a message without a method."""
    found = [version_problem(envelope)]
    envelope.jsonrpc = "2.0"
    found.append(response_problem(envelope))
    problems = [problem for problem in found if problem is not None]
    if "error" in message:
        problems += problems_of(message["error"], ErrorObject, "/error")
    if "result" in message and "error" not in message:
        problems += result_faults(message["result"], answered)
    return problems


def result_faults(result: Any, answered: MethodInfo[Any, Any] | None) -> list[Problem]:
    """Every fault of a result of a method; of any result where the method is not known."""
    if answered is not None and answered.kind == "request":
        return problems_of(result, response_decoder(answered).choose(result), "/result")
    return [] if is_object(result) else [Problem("/result", "object", json_type(result))]


# -- reading ----------------------------------------------------------------------------------------------------------


def read(data: bytes, limits: Limits = DEFAULT_LIMITS) -> tuple[Any, list[Problem]]:
    """Any JSON as plain values, and what is wrong with it as JSON that can still be read.

    Raises `ProtocolViolation` for what cannot, `LimitExceeded` for what is too large or nested too deeply.
    """
    guard(data, limits)
    reader = _Reader()
    try:
        value = json.loads(data.decode(), object_pairs_hook=reader.object)
    except (ValueError, RecursionError):
        return parse(data), []  # says, in its own words, why this is no JSON
    try:
        parse(data)
    except ProtocolViolation:  # the stricter of the two readers
        problems = reader.problems(value)
        if not any(problem.expected == _NUMBER for problem in problems):
            raise
        return value, problems
    return value, reader.problems(value) if reader.duplicates else []


_NUMBER = "a number that JSON can write and a double can hold"


class _Reader:
    """Notes objects with duplicate keys while they are read; where they stand is only known afterwards."""

    def __init__(self) -> None:
        self.duplicates: dict[int, tuple[JsonObject, list[str]]] = {}

    def object(self, pairs: list[tuple[str, Any]]) -> JsonObject:
        built = dict(pairs)
        if len(built) != len(pairs):
            twice = [key for key, times in Counter(key for key, _ in pairs).items() if times > 1]
            self.duplicates[id(built)] = (built, twice)  # kept, so that no other object gets its identity
        return built

    def problems(self, value: Any) -> list[Problem]:
        """Duplicate keys, and numbers that are none to JSON, with their pointers."""
        problems: list[Problem] = []
        left: list[tuple[str, Any]] = [("", value)]
        while left:
            pointer, item = left.pop()
            if is_object(item):
                _, twice = self.duplicates.get(id(item), (item, ()))
                problems += [Problem(child(pointer, key), "a key once", "a duplicate") for key in twice]
                left += [(child(pointer, key), part) for key, part in reversed(item.items())]
            elif is_array(item):
                left += [(child(pointer, i), item[i]) for i in range(len(item) - 1, -1, -1)]
            elif isinstance(item, float) and not math.isfinite(item):
                problems.append(Problem(pointer, _NUMBER, str(item)))
        return problems
