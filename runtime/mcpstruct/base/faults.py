"""What a decoder's error says, as problems: where, what is wanted, what stands there. Values are never repeated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Any

import msgspec

from .check import child, is_array, is_object
from .errors import Problem, ProtocolViolation, json_type

A_VALUE = "a value"
"""What is expected where a key is missing; who knows the schema can say more."""
AN_OPTION = "one of the values allowed"
"""What is expected where an enumeration lacks the value; who knows the schema can say more."""

_PLACE = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")
_NAMES = {
    "int": "integer",
    "str": "string",
    "bool": "boolean",
    "float": "number",
    "bytes": "string",
    "object": "object",
    "array": "array",
    "null": "null",
}
_ELSE = "something else"


class Refused(ValueError):
    """A hook of ours found a value wanting: what is wrong with it, with pointers from there."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


def problems_of_error(error: Exception, value: Any, pointer: str = "") -> list[Problem]:
    """The faults that an error raised while reading `value` tells of; `pointer` is where the value stands.

    msgspec stops at the first fault, and so there is mostly one.
    """
    if isinstance(error, ProtocolViolation):
        return [error.problem.discreet.below(pointer)]
    if isinstance(error, RecursionError):
        return [Problem(pointer, "less nesting", "more")]
    message, steps = _split(str(error))
    base = reduce(child, steps, pointer)
    refused = error if isinstance(error, Refused) else error.__cause__
    if isinstance(refused, Refused):
        return [p.below(base) for p in refused.problems]
    if not isinstance(error, msgspec.MsgspecError):
        return [Problem(base, "a valid value", _got(value, steps))]
    if refused is not None:  # a type's own check, in its author's words
        return [Problem(base, f"a valid value ({message})", _got(value, steps))]
    return [_problem(message, base, _got(value, steps))]


def without_repeats(failures: Iterable[Iterable[Problem]]) -> list[str]:
    """What several failed attempts expected, each once."""
    return list(dict.fromkeys(problem.expected for found in failures for problem in found))


def _split(message: str) -> tuple[str, list[str]]:
    """msgspec's message without the place, and the steps to the place."""
    text, _, place = message.rpartition(" - at `")
    if not text:
        return message, []
    _, within, outer = place.partition("` in `")
    path = outer if within else place  # `key` in `$.x`: a key of that object
    steps = [name or index for name, index in _PLACE.findall(path.rstrip("`").removeprefix("$"))]
    return text, ["*" if step == "..." else step for step in [*steps, *(["*"] if within else [])]]


def _problem(message: str, base: str, got: str) -> Problem:
    """One of msgspec's messages, in the terms of JSON."""
    if message.startswith(("Invalid enum value", "Invalid value")):
        return Problem(base, AN_OPTION, got)  # the message goes on with the value
    names = re.findall(r"`([^`]*)`", message)
    if message.startswith("Object missing required field"):
        return Problem(f"{base}/{names[0]}", A_VALUE, "nothing")
    if message.startswith("Object contains unknown field"):
        return Problem(child(base, names[0]), "nothing", "a value", free=(base.count("/"),))
    if not message.startswith("Expected "):
        return Problem(base, message.removeprefix("Invalid "), got)
    wanted, _, found = message.removeprefix("Expected ").rpartition(", got ")
    if not wanted:
        return Problem(base, _in_json(found), got)
    return Problem(base, _in_json(wanted), _in_json(found))


def _in_json(words: str) -> str:
    """Words of msgspec's with the types called as JSON calls them: "`int | null`" is "integer or null"."""

    def named(match: re.Match[str]) -> str:
        return " or ".join(_NAMES.get(name, name) for name in match.group(1).split(" | "))

    return re.sub(r"`([^`]*)`", named, words)


def _got(value: Any, steps: list[str]) -> str:
    """The type of what stands some steps into a value."""
    for step in steps:
        if is_object(value) and step in value:
            value = value[step]
        elif is_array(value) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return _ELSE
    return json_type(value)
