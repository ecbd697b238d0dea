"""URI templates (RFC 6570), read both ways: a URI made of values, and the values found in a URI.

Matching is made for URIs that a stranger sends:

- It is one scan. The literal that follows a variable ends it, and nothing is tried twice.
- It is not fooled by encodings: `%2F` is no slash while the URI is taken apart, and one afterwards, when the values
  are looked at.
- It keeps paths where they belong: no value has a segment `.` or `..`, and that of a plain `{x}` no slash.

In a query, names may come in any order; every other variable must be there, and must not be empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias, cast

Value: TypeAlias = str | int | float | list[str] | tuple[str, ...] | None
"""What a variable may stand for; None leaves it out."""
Match: TypeAlias = dict[str, str | list[str]]
"""The values by name: a list where the variable is exploded (`*`), a string elsewhere."""


class TemplateError(ValueError):
    """A text is no URI template, or one that could be matched in more ways than one; `position` is where."""

    def __init__(self, reason: str, position: int) -> None:
        super().__init__(reason, position)
        self.position = position

    def __str__(self) -> str:
        return f"{self.args[0]}, at position {self.position}"


_LONE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_ENCODED = re.compile("(?:%[0-9A-Fa-f]{2})+")
_RESERVED = re.compile("[^0-9A-Za-z._~-]+")
_ILLEGAL = re.compile(r"[^0-9A-Za-z._~:/?#\[\]@!$&'()*+,;=%-]+")  # in no place of a URI
_ILLEGAL_OR_LONE_PERCENT = re.compile(f"{_ILLEGAL.pattern}|{_LONE_PERCENT.pattern}")


class _Operator(NamedTuple):
    """A row of the table in RFC 6570, appendix A."""

    lead: str = ""
    separator: str = ","
    named: bool = False
    if_empty: str = ""
    escaped: re.Pattern[str] = _RESERVED


_OPERATORS = {
    "": _Operator(),
    "+": _Operator(escaped=_ILLEGAL_OR_LONE_PERCENT),
    "#": _Operator("#", escaped=_ILLEGAL_OR_LONE_PERCENT),
    ".": _Operator(".", "."),
    "/": _Operator("/", "/"),
    ";": _Operator(";", ";", named=True),
    "?": _Operator("?", "&", named=True, if_empty="="),
    "&": _Operator("&", "&", named=True, if_empty="="),
}
_EXPLODED = ("/", "?", "&")
_ONE_SEGMENT = ("", ".", "/", ";")


class _Variable(NamedTuple):
    """A variable as it stands in an expression."""

    name: str
    operator: str
    position: int
    longest: int | None
    exploded: bool

    @property
    def wide(self) -> bool:
        """Whether it goes on past a slash."""
        return self.operator in ("+", "#") or self.path

    @property
    def path(self) -> bool:
        """Whether it stands for any number of segments, each with a slash before it."""
        return self.operator == "/" and self.exploded

    def read(self, text: str, traversal: bool) -> str | list[str] | None:
        """The value of a piece of a path or a fragment; None where the variable can't have that value."""
        if not self.path:
            return None if not text or ("/" in text and not self.wide) else self.values([text], traversal)
        if text[:1] not in ("", "/"):
            return None
        segments = text.split("/")[1:]
        return None if "" in segments else self.values(segments, traversal)

    def values(self, texts: list[str], traversal: bool) -> str | list[str] | None:
        """The value or, exploded, values of encoded texts."""
        values = [value for text in texts if (value := self._value(text, traversal)) is not None]
        if len(values) != len(texts):
            return None
        if self.exploded:
            return values
        return values[0] if len(values) == 1 else None

    def _value(self, text: str, traversal: bool) -> str | None:
        value = _decoded(text)
        if value is None or "\0" in value or (self.longest is not None and len(value) > self.longest):
            return None
        if traversal:
            return value
        segments = value.replace("\\", "/").split("/")
        if len(segments) > 1 and self.operator in _ONE_SEGMENT:
            return None
        return None if "." in segments or ".." in segments else value


class _Expression(NamedTuple):
    """What stands between two braces."""

    operator: str
    variables: tuple[_Variable, ...]

    def expand(self, values: Mapping[str, Value]) -> str:
        """The expression with the values in place of its variables."""
        row = _OPERATORS[self.operator]
        pieces = [piece for variable in self.variables for piece in _pieces(variable, row, values.get(variable.name))]
        return row.lead + row.separator.join(pieces) if pieces else ""


def _pieces(variable: _Variable, row: _Operator, value: Value) -> list[str]:
    pieces = [row.escaped.sub(_percent, text[: variable.longest]) for text in _texts(variable.name, value)]
    if pieces and not variable.exploded:
        pieces = [",".join(pieces)]
    if row.named:
        pieces = [f"{variable.name}={piece}" if piece else variable.name + row.if_empty for piece in pieces]
    return pieces


def _texts(name: str, value: Value) -> list[str]:
    if value is None:
        return []
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return [str(value)]
    if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in cast("list[object]", value)):
        return list(value)
    raise TypeError(f"{name} must be a string, a number or a list of strings, not {type(value).__name__}")


_BRACES = re.compile(r"\{[^{}]*\}|[{}]")
_VARIABLE = re.compile(r"((?:\w|%[0-9A-Fa-f]{2})+(?:\.(?:\w|%[0-9A-Fa-f]{2})+)*)(?::([1-9]\d{0,3})|(\*))?", re.ASCII)


def _parse(text: str, position: int, stop: int) -> Iterator[tuple[str | _Expression, int]]:
    """The literals, encoded, and expressions of a part of the text, each with its position."""
    for match in _BRACES.finditer(text, position, stop):
        start = match.start()
        if match[0] in ("{", "}"):
            raise TemplateError(f"a lone {match[0]!r}", start)
        yield _literal(text, position, start), position
        yield _expression(match[0][1:-1], start), start
        position = match.end()
    yield _literal(text, position, stop), position


def _literal(text: str, start: int, stop: int) -> str:
    lone = _LONE_PERCENT.search(text, start, stop)
    if lone:
        raise TemplateError("'%' without two hexadecimal digits", lone.start())
    return _ILLEGAL.sub(_percent, text[start:stop])


def _expression(body: str, start: int) -> _Expression:
    operator = body[:1] if body[:1] in _OPERATORS else ""
    position = start + 1 + len(operator)
    variables: list[_Variable] = []
    for text in body[len(operator) :].split(","):
        match = _VARIABLE.fullmatch(text)
        if match is None:
            raise TemplateError(f"{text!r} is no variable", position)
        name, longest, exploded = match.groups()
        if exploded and operator not in _EXPLODED:
            raise TemplateError("'*' is for variables of a path or a query", position)
        variables.append(_Variable(name, operator, position, int(longest) if longest else None, bool(exploded)))
        position += len(text) + 1
    return _Expression(operator, tuple(variables))


class _Scan:
    """A path or a fragment: literals, and the variables between them.

    The last variable that goes past slashes, or else the last of all, gets what the others leave. Those after it are
    read from the right and those before it from the left, and each takes as little as it can.
    """

    def __init__(self, text: str, start: int, stop: int) -> None:
        self.literals = [""]
        self.variables: list[_Variable] = []
        for part, position in _parse(text, start, stop):
            if isinstance(part, str):
                self.literals[-1] += part
            elif part.operator in ("?", "&") or (part.operator == "#" and position != start):
                raise TemplateError(f"'{{{part.operator}...}}' can't stand here", position)
            else:
                self._add(part)
        self._pivot = max((i for i, v in enumerate(self.variables) if v.wide), default=len(self.variables) - 1)

    def _add(self, expression: _Expression) -> None:
        row = _OPERATORS[expression.operator]
        literal = row.lead
        for variable in expression.variables:
            if not variable.path:  # whose slashes are its own
                self.literals[-1] += f"{literal}{variable.name}=" if row.named else literal
            if self.variables and not self.literals[-1] and (self.variables[-1].wide or not variable.path):
                raise TemplateError(f"nothing tells where {variable.name!r} begins", variable.position)
            self.variables.append(variable)
            self.literals.append("")
            literal = row.separator

    def match(self, text: str, traversal: bool) -> Match | None:
        """The values of the variables that make this text."""
        pieces = self._pieces(text)
        values: Match = {}
        for variable, piece in zip(self.variables, pieces or (), strict=pieces is not None):
            value = variable.read(piece, traversal)
            if value is None:
                return None
            values[variable.name] = value
        return None if pieces is None else values

    def _pieces(self, text: str) -> list[str] | None:
        literals = self.literals
        if not self.variables:
            return [] if text == literals[0] else None
        if not text.startswith(literals[0]) or not text.endswith(literals[-1]):
            return None
        low, high = len(literals[0]), len(text) - len(literals[-1])
        right: list[str] = []
        for i in range(len(self.variables) - 1, self._pivot, -1):
            start = text.rfind(literals[i], low, max(high - 1, 0))
            if start < 0:
                return None
            right.append(text[start + len(literals[i]) : high])
            high = start
        left: list[str] = []
        for i in range(self._pivot):
            literal = literals[i + 1]
            end = text.find(literal or "/", low if self.variables[i].path else low + 1, high)
            if end < 0:
                if literal:
                    return None
                end = high  # the path that follows is empty
            left.append(text[low:end])
            low = end + len(literal)
        return [*left, text[low:high], *reversed(right)] if low <= high else None


_PARAMETER = re.compile(
    r"\{(?P<optional>[?&])[^{}]*\}"
    r"|(?P<sign>[?&])(?P<name>[^&={}]*)(?:=(?:\{(?P<variable>[^{}]*)\}|(?P<value>[^&{}]*)))?(?=[&{]|\Z)"
)


def _given(text: str, match: re.Match[str]) -> str | _Variable:
    """What stands behind the `=` of a parameter."""
    if match["variable"] is None:
        return _literal(text, *match.span("value")) if match["value"] else ""
    operator, variables = _expression(match["variable"], match.start("variable") - 1)
    if operator or len(variables) != 1:
        raise TemplateError("a parameter has one variable, without an operator", match.start("variable"))
    return variables[0]._replace(operator="?")


class _Query:
    """A query: each parameter's value, or its variable. Parameters that are written out (`?a=1&b={b}`) are required."""

    def __init__(self, text: str, start: int, stop: int) -> None:
        self.parameters: dict[str, str | _Variable] = {}
        self.required: set[str] = set()
        parameters: Mapping[str, str | _Variable]
        position = start
        while position < stop:
            match = _PARAMETER.match(text, position, stop)
            begins = match and "?" in (match["optional"], match["sign"])
            if match is None or begins != (position == start) or (match["optional"] == "?" and match.end() != stop):
                raise TemplateError("a query is '{?...}', or '?name=value&name={variable}' and '{&...}'", position)
            if match["optional"]:
                parameters = {v.name: v for v in _expression(match[0][1:-1], position).variables}
            else:
                name = _literal(text, *match.span("name"))
                parameters = {name: _given(text, match)} if len(match[0]) > 1 else {}
                self.required |= parameters.keys()
            if self.parameters.keys() & parameters.keys():
                raise TemplateError("a name stands twice in the query", position)
            self.parameters |= parameters
            position = match.end()

    def match(self, query: str, traversal: bool) -> Match | None:
        """The values of a query; None where it lacks a parameter, or has one that the template lacks."""
        found: dict[str, list[str]] = {}
        for text in query.split("&") if query else ():
            name, _, encoded = text.partition("=")
            found.setdefault(name, []).append(encoded)
        values: Match = {}
        for name, texts in found.items():
            parameter = self.parameters.get(name)
            if isinstance(parameter, _Variable):
                value = parameter.values(texts, traversal)
                if value is None:
                    return None
                values[parameter.name] = value
            elif texts != [parameter]:
                return None
        return values if self.required <= found.keys() else None


class UriTemplate:
    """A URI template, parsed once; `names` are its variables, in order.

    All operators of RFC 6570 are known, `*` in paths and queries, and the prefix `:n`. Raises `TemplateError`, a
    `ValueError`, for what is none, and for one that could be matched in more ways than one: two variables with nothing
    between them, a name that stands twice.

    `max_length` bounds the URIs that match, in characters. With `allow_traversal` a value may hold any slash and any
    segment: who uses it checks it. The value of a `{+x}` may begin with a slash in either case; it ends before a `?`
    or `#`, and what it encoded itself (`%41`) is read back decoded.
    """

    def __init__(self, text: str, *, allow_traversal: bool = False, max_length: int = 8192) -> None:
        self.text = text
        self.allow_traversal = allow_traversal
        self.max_length = max_length
        self._parts = tuple(part for part, _ in _parse(text, 0, len(text)))
        variables = [v for part in self._parts if isinstance(part, _Expression) for v in part.variables]
        self.names = tuple(variable.name for variable in variables)
        for i, variable in enumerate(variables):
            if variable.name in self.names[:i]:
                raise TemplateError(f"{variable.name!r} stands twice", variable.position)
        fragment = _beginning("#", text, len(text))
        query = _beginning("?", text, fragment)
        self._path = _Scan(text, 0, query)
        self._query = _Query(text, query, fragment)
        self._fragment = _Scan(text, fragment, len(text))

    def match(self, uri: str) -> Match | None:
        """The values that make this URI, decoded; None where there are none. Never raises, whatever the text.

        Names of a `{?x}` or `{&x}` that the URI lacks are absent. A path `{/x*}` may be empty: an empty list.
        """
        legal = _legal(uri) if len(uri) <= self.max_length else None
        if legal is None:
            return None
        text, sign, fragment = legal.partition("#")
        path, _, query = text.partition("?")
        values: Match = {}
        for part, piece in ((self._path, path), (self._query, query), (self._fragment, sign + fragment)):
            found = part.match(piece, self.allow_traversal)
            if found is None:
                return None
            values |= found
        return values

    def expand(self, values: Mapping[str, Value]) -> str:
        """The URI that these values make; names that are missing or None, and empty lists, are left out.

        Raises `TypeError` for a value that is no string, number or list of strings, `ValueError` for a lone surrogate.
        """
        return "".join(part if isinstance(part, str) else part.expand(values) for part in self._parts)

    def __repr__(self) -> str:
        return f"UriTemplate({self.text!r})"


def _beginning(sign: str, text: str, stop: int) -> int:
    """Where the query or the fragment begins, by its sign or by an expression that brings it; else `stop`."""
    found = text.find(sign, 0, stop)
    if found < 0:
        return stop
    return found - 1 if text[found - 1 : found] == "{" else found


def _percent(match: re.Match[str]) -> str:
    return "%" + match[0].encode().hex("%").upper()


def _legal(uri: str) -> str | None:
    """The URI with what no URI holds as it is (spaces, other alphabets) encoded; None where it can't be."""
    if _LONE_PERCENT.search(uri):
        return None
    try:
        return _ILLEGAL.sub(_percent, uri)
    except UnicodeEncodeError:
        return None


def _decoded(text: str) -> str | None:
    if "%" not in text:
        return text
    try:
        return _ENCODED.sub(lambda match: bytes.fromhex(match[0].replace("%", "")).decode(), text)
    except UnicodeDecodeError:
        return None
