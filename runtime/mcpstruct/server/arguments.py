"""A call's arguments: from JSON to what the function wants, or all that is wrong with them at once."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import msgspec
from msgspec import Raw

from mcpstruct.base.annotations import from_plain
from mcpstruct.base.codec import parse
from mcpstruct.base.errors import Problem, json_type
from mcpstruct.base.faults import A_VALUE, AN_OPTION, problems_of_error
from mcpstruct.base.shapes import READ_ERRORS, Shape, shape_of
from mcpstruct.base.untagged import holds_raw

from .parameters import Parameter
from .schemas import input_schema
from .wanted import JsonSchema, admits_strings, expected_at

_MOST_UNKNOWN = 10
_LONGEST_NAME = 64
_SCALARS = (str, int, float, bool)


class BadArguments(Exception):
    """Arguments that a function cannot be called with; `problems` are all that is wrong with them.

    The message names places and types, and repeats no value.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(tuple(problems))
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join(["Invalid arguments:", *(f"- {problem}" for problem in self.problems)])


class UnknownArgument(Problem, frozen=True):
    """An argument that the function does not take; `meant` is the one most like it by name, if any is."""

    meant: str | None = None

    def __str__(self) -> str:
        hint = f"; did you mean {self.meant!r}?" if self.meant else ""
        return f"at {self.pointer}: there is no such argument{hint}"


class Arguments:
    """How to make a function's arguments out of JSON. `schema` is the JSON Schema of them.

    Types must be those of the schema, with one allowance, as models often do it: where no string is allowed, a string
    that holds fitting JSON will do, and so will a number like `3.0` for an integer.

    Raises `TypeError`, with the parameter's name, for a type that has no form in JSON.
    """

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        self.parameters = {parameter.name: parameter for parameter in parameters}
        self.shapes = {parameter.name: _shape(parameter) for parameter in parameters}
        self.schema: JsonSchema = input_schema(parameters, list(self.shapes.values()))
        self._struct: Any = None
        self._by_bytes = False
        self._scalar = all(shape.adapted in _SCALARS for shape in self.shapes.values())

    def decode(self, given: Mapping[str, Any] | bytes | Raw | None) -> dict[str, Any]:
        """The keyword arguments for a call: every parameter's, with defaults where nothing was given.

        Raises `BadArguments`; `ProtocolViolation` for bytes that are no JSON.
        """
        if self._struct is None:
            self._prepare()
        given = {} if given is None else given
        try:
            if self._scalar and type(given) is dict:  # without options, which take msgspec twice as long again
                return msgspec.structs.asdict(msgspec.convert(given, self._struct))
            if isinstance(given, (bytes, Raw)):
                decoded = msgspec.json.decode(given, type=self._struct, dec_hook=from_plain)
            elif self._by_bytes:
                decoded = msgspec.json.decode(msgspec.json.encode(given), type=self._struct, dec_hook=from_plain)
            else:
                decoded = msgspec.convert(given, self._struct, str_keys=True, dec_hook=from_plain)
        except READ_ERRORS:
            return self._second_look(parse(bytes(given)) if isinstance(given, (bytes, Raw)) else given)
        return msgspec.structs.asdict(decoded)

    def _prepare(self) -> None:
        """Make the type that one call of msgspec fills; not before the first call, as most tools are never called."""
        fields = [_field(parameter, self.shapes[name].adapted) for name, parameter in self.parameters.items()]
        struct = msgspec.defstruct("Arguments", fields, kw_only=True, forbid_unknown_fields=True)
        self._by_bytes = holds_raw(struct)
        self._struct = struct

    def _second_look(self, given: Any) -> dict[str, Any]:
        """Each argument by itself: what is wrong with each, or what can be made of it after all."""
        if not isinstance(given, dict):
            raise BadArguments([Problem("", "object", json_type(given))])
        arguments = cast("dict[str, Any]", given)
        problems: list[Problem] = []
        found: dict[str, Any] = {}
        for name, parameter in self.parameters.items():
            if name in arguments:
                found[name] = self._one(name, arguments[name], problems)
            elif parameter.required:
                problems.append(Problem(f"/{name}", expected_at(self.schema, [name]), "nothing"))
            else:
                found[name] = parameter.fresh_default()
        problems.extend(self._unknown(arguments))
        if problems:
            raise BadArguments(problems)
        return found

    def _one(self, name: str, value: Any, problems: list[Problem]) -> Any:
        refusals: list[Exception] = []
        for reading in self._readings(name, value):
            try:
                return reading()
            except READ_ERRORS as error:
                refusals.append(error)
        # The value as it came is what there is to complain of.
        problems.extend(self._explained(problem) for problem in problems_of_error(refusals[0], value, f"/{name}"))
        return None

    def _readings(self, name: str, value: Any) -> Iterator[Callable[[], Any]]:
        """The ways to read an argument, to be tried in turn."""
        shape = self.shapes[name]
        yield lambda: shape.read(value)
        if type(value) is str and not admits_strings(self.schema, [name]):
            yield lambda: shape.read(parse(value.encode()))
        elif type(value) is float and value.is_integer():
            yield lambda: shape.read(int(value))

    def _explained(self, problem: Problem) -> Problem:
        """A problem with the schema's own words for what the decoder had none for."""
        if problem.expected not in (A_VALUE, AN_OPTION):
            return problem
        options = expected_at(self.schema, problem.pointer.split("/")[1:])
        return Problem(problem.pointer, options, problem.got)

    def _unknown(self, arguments: dict[str, Any]) -> list[Problem]:
        """The arguments that there are no parameters for: the first few of them, as a caller may send very many."""
        names = [name for name in arguments if name not in self.parameters]
        return [
            UnknownArgument(f"/{_shortened(name)}", "nothing", json_type(arguments[name]), meant=self._like(name))
            for name in names[:_MOST_UNKNOWN]
        ]

    def _like(self, name: str) -> str | None:
        close = difflib.get_close_matches(name[:_LONGEST_NAME], self.parameters, n=1)
        return close[0] if close else None


class TextArguments(Arguments):
    """How to make a function's arguments out of strings, which is all that prompts and URIs have.

    A parameter that is no string is read from its JSON (`3`, `true`, `[1, 2]`), or from what its type is written as in
    a JSON string (a date, a member of an enumeration). A list may come as a list of strings.
    """

    def decode(self, given: Mapping[str, Any] | bytes | Raw | None) -> dict[str, Any]:
        """The keyword arguments for a call: every parameter's, with defaults where nothing was given.

        Raises `BadArguments`; `ProtocolViolation` for bytes that are no JSON.
        """
        if isinstance(given, (bytes, Raw)):
            given = parse(bytes(given))
        return self._second_look({} if given is None else given)

    def _readings(self, name: str, value: Any) -> Iterator[Callable[[], Any]]:
        shape = self.shapes[name]
        yield lambda: shape.read(value)
        if type(value) is str:
            yield lambda: shape.read(parse(value.encode()))
        yield lambda: shape.read(value, strict=False)


def _shape(parameter: Parameter) -> Shape:
    try:
        return shape_of(parameter.annotation)
    except TypeError as error:
        raise TypeError(f"parameter {parameter.name!r}: {error}") from error


def _field(parameter: Parameter, adapted: Any) -> Any:
    if parameter.required:
        return parameter.name, adapted
    if parameter.constant_default:
        return parameter.name, adapted, parameter.default
    return parameter.name, adapted, msgspec.field(default_factory=parameter.fresh_default)


def _shortened(name: str) -> str:
    name = name if len(name) <= _LONGEST_NAME else name[:_LONGEST_NAME] + "…"
    return name.replace("~", "~0").replace("/", "~1")
