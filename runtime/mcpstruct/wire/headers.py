"""HTTP headers that repeat what the body says, so that whoever stands between need not read the body.

Since 2026-07-28 a request names its method, what it is about (`Mcp-Name`), and those arguments of a tool whose schema
asks for it with `x-mcp-header`; a server refuses a request whose headers and body differ. Values that a header cannot
hold as they are go as Base64 between `=?base64?` and `?=`.
"""

from __future__ import annotations

import binascii
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
from msgspec import Struct

from mcpstruct.base.check import child, is_array, is_object, shown
from mcpstruct.base.errors import HEADER_MISMATCH, Problem, ProtocolViolation, json_type

if TYPE_CHECKING:
    from decimal import Decimal

MCP_METHOD = "Mcp-Method"
MCP_NAME = "Mcp-Name"
MCP_PARAM = "Mcp-Param-"
"""What the header of an argument begins with; the rest is what `x-mcp-header` says."""
PROTOCOL_VERSION_KEY = b"mcp-protocol-version"
SESSION_ID_KEY = b"mcp-session-id"
METHOD_KEY = MCP_METHOD.lower().encode()
NAME_KEY = MCP_NAME.lower().encode()
LAST_EVENT_ID_KEY = b"last-event-id"
"""Headers as servers find them: in lower case."""
X_MCP_HEADER = "x-mcp-header"
"""The keyword of JSON Schema that asks for an argument to be repeated in a header."""

NAMED: Mapping[str, str] = {
    "tools/call": "name",
    "prompts/get": "name",
    "resources/read": "uri",
    "tasks/get": "taskId",
    "tasks/update": "taskId",
    "tasks/cancel": "taskId",
}
"""The parameter that `Mcp-Name` repeats, for each method that has the header."""

LARGEST_INTEGER = 2**53 - 1
"""The largest integer that every reader of JSON keeps exactly, and the largest that a header may repeat."""
MOST_ANNOTATIONS = 128
"""The most arguments of one tool that may be repeated; hardly a server takes more headers than these."""

Scalar: TypeAlias = str | int | float | bool
_Trail: TypeAlias = "tuple[_Trail, str | int] | None"

_BLANKS = b" \t"
_PREFIX, _SUFFIX = "=?base64?", "?="


# -- values -----------------------------------------------------------------------------------------------------------


def encode_value(value: Scalar) -> str:
    """A value as a header holds it. Raises `ValueError` for an integer beyond ±(2^53 - 1), for a number that is none
    or infinite, and for text that is not Unicode; `TypeError` for any other type.
    """
    text = value if isinstance(value, str) else _text_of(value)
    if text.isascii() and text.isprintable() and text == text.strip(" ") and not _is_encoded(text):
        return text
    return f"{_PREFIX}{binascii.b2a_base64(text.encode(), newline=False).decode()}{_SUFFIX}"


def decode_value(text: str) -> str:
    """What a header says, blanks around it aside. Raises `ProtocolViolation` (-32020) where it holds characters that
    a header may not, or Base64 that is not exactly that of a text.
    """
    text = text.strip(" \t")
    if not (text.isascii() and text.replace("\t", " ").isprintable()):
        raise _malformed("visible ASCII characters, blanks and tabs")
    if len(text) < len(_PREFIX) + len(_SUFFIX) or not _is_encoded(text):
        return text
    body = text[len(_PREFIX) : -len(_SUFFIX)].encode()
    try:
        data = binascii.a2b_base64(body, strict_mode=True)
        if binascii.b2a_base64(data, newline=False) == body:  # even strict mode overlooks bits that are left over
            return data.decode()
    except ValueError:
        pass
    raise _malformed("Base64 (RFC 4648, section 4) of UTF-8")


def _is_encoded(text: str) -> bool:
    return text.startswith(_PREFIX) and text.endswith(_SUFFIX)


def _text_of(value: object) -> str:
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"a header can hold no number such as {value}")
        if not value.is_integer() or abs(value) > LARGEST_INTEGER:
            return repr(value)
        value = int(value)
    if not isinstance(value, int):
        raise TypeError(f"a header can hold a string, a number or a boolean, and no {json_type(value)}")
    if abs(value) > LARGEST_INTEGER:
        raise ValueError("a header can hold no integer beyond ±(2^53 - 1), which not every reader would keep exactly")
    return str(value)


def _malformed(expected: str) -> ProtocolViolation:
    return ProtocolViolation(Problem("", expected, "something else"), code=HEADER_MISMATCH)


# -- annotations of tools ---------------------------------------------------------------------------------------------


class Annotation(Struct, frozen=True):
    """An argument of a tool that is repeated in a header."""

    header: str
    """The header's whole name, written as the tool's schema has it."""
    key: bytes
    """The same in lower case, as servers see it."""
    path: tuple[str, ...]
    """The keys that lead to the value, from the arguments down."""


class InvalidAnnotation(ValueError):
    """A tool's schema has an `x-mcp-header` that it may not have; `problem` says where, and what is wrong."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return str(self.problem)


_TYPES = ("string", "integer", "boolean")
_TOKEN = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"  # noqa: S105 - RFC 9110's word
_NAMED_SCHEMAS = frozenset(
    ("properties", "patternProperties", "dependentSchemas", "dependencies", "$defs", "definitions")
)
_SCHEMAS = frozenset((
    "items", "prefixItems", "additionalItems", "unevaluatedItems", "contains", "additionalProperties", "propertyNames",
    "unevaluatedProperties", "contentSchema", "allOf", "anyOf", "oneOf", "not", "if", "then", "else",
))  # fmt: skip


def annotations_of(input_schema: Mapping[str, Any]) -> tuple[Annotation, ...]:
    """The arguments that a tool wants repeated, in the order of its schema. Raises `InvalidAnnotation`.

    An annotation stands on a property that nothing but `properties` leads to, whose `type` is string, integer or
    boolean; its value is a token of HTTP, and no other annotation of the tool has the same, whatever the case.
    References are not followed.
    """
    found: dict[bytes, Annotation] = {}
    todo: list[tuple[Mapping[str, Any], _Trail, bool]] = [(input_schema, None, True)]
    while todo:
        schema, trail, reachable = todo.pop()
        if X_MCP_HEADER in schema:
            one = _annotation(schema, trail, reachable)
            if one.key in found:
                raise _invalid(trail, "a name that no other argument has, whatever the case", schema)
            if len(found) == MOST_ANNOTATIONS:
                raise _invalid(trail, f"at most {MOST_ANNOTATIONS} annotations", schema)
            found[one.key] = one
        todo += _below(schema, trail, reachable)
    return tuple(reversed(found.values()))


def _below(
    schema: Mapping[str, Any], trail: _Trail, reachable: bool
) -> Iterator[tuple[Mapping[str, Any], _Trail, bool]]:
    """The schemas within a schema. What stands under other keywords is data."""
    for keyword, value in schema.items():
        if keyword in _NAMED_SCHEMAS:
            still = reachable and keyword == "properties"
            parts: Any = value.items() if is_object(value) else ()
        elif keyword in _SCHEMAS:
            if is_object(value):
                yield value, (trail, keyword), False
                continue
            still = False
            parts = enumerate(value) if is_array(value) else ()
        else:
            continue
        for name, part in parts:
            if is_object(part):
                yield part, ((trail, keyword), name), still


def _annotation(schema: Mapping[str, Any], trail: _Trail, reachable: bool) -> Annotation:
    """The annotation of one schema."""
    if not reachable or trail is None:
        raise _invalid(trail, "an annotation on a property that `properties` alone lead to", schema)
    name, kind = schema[X_MCP_HEADER], schema.get("type")
    if not isinstance(name, str) or not name or name.strip(_TOKEN):
        raise _invalid(trail, "a token (RFC 9110, section 5.6.2)", schema)
    if kind not in _TYPES:
        got = shown(kind) if kind is not None else "none"
        raise InvalidAnnotation(Problem(_pointer((trail, "type")), "string, integer or boolean, for a header", got))
    header = MCP_PARAM + name
    return Annotation(header, header.lower().encode(), tuple(str(key) for key in _keys(trail)[1::2]))


def _invalid(trail: _Trail, expected: str, schema: Mapping[str, Any]) -> InvalidAnnotation:
    return InvalidAnnotation(Problem(_pointer((trail, X_MCP_HEADER)), expected, shown(schema[X_MCP_HEADER])))


def _pointer(trail: _Trail) -> str:
    pointer = ""
    for key in _keys(trail):
        pointer = child(pointer, key)
    return pointer


def _keys(trail: _Trail) -> list[str | int]:
    """The keys that lead to a schema, from the top down."""
    keys: list[str | int] = []
    while trail is not None:
        trail, key = trail
        keys.append(key)
    return keys[::-1]


# -- what a client sends ----------------------------------------------------------------------------------------------


def request_headers(method: str, params: object) -> dict[str, str]:
    """`Mcp-Method` and, where the method has it, `Mcp-Name`. `params` are a dict or a generated type.

    Raises `ValueError` for a method that a header cannot hold as it is.
    """
    if not method or encode_value(method) != method:
        raise ValueError(f"a header cannot hold the method {shown(method)}")
    headers = {MCP_METHOD: method}
    name = _name(method, params)
    if isinstance(name, str):
        headers[MCP_NAME] = encode_value(name)
    return headers


def mirrored(annotated: Sequence[Annotation], arguments: Mapping[str, Any] | None) -> dict[str, str]:
    """The headers of a tool's arguments; those that are null or absent have none.

    Raises `ValueError` for an argument that a header cannot hold: an object, an array, an integer beyond ±(2^53 - 1).
    """
    headers: dict[str, str] = {}
    for one in annotated:
        value = _at(arguments, one.path)
        if value is not None:
            try:
                headers[one.header] = encode_value(value)
            except (TypeError, ValueError) as error:
                raise ValueError(f"the argument {'.'.join(one.path)} goes into {one.header}: {error}") from None
    return headers


# -- what a server compares -------------------------------------------------------------------------------------------


def mismatch(
    headers: Mapping[bytes, bytes], method: str, params: object, annotated: Sequence[Annotation] | None = None
) -> str | None:
    """Why the headers of a request are not those of its body; None where they are. Names no value of either.

    `headers` have lower-case names. A header that should be there and is not differs, and so does one whose argument is
    null or absent. Headers that nothing asks for are nobody's business.
    """
    sent = headers.get(METHOD_KEY)
    if sent is None:
        return f"{MCP_METHOD} is missing"
    wanted = method.encode()
    if sent != wanted and (not sent.isascii() or sent.strip(_BLANKS) != wanted):
        return f"{MCP_METHOD} does not match the body"
    if method in NAMED:
        reason = _difference(headers.get(NAME_KEY), MCP_NAME, _name(method, params))
        if reason is not None:
            return reason
    if annotated:
        arguments = _field(params, "arguments")
        for one in annotated:
            reason = _difference(headers.get(one.key), one.header, _at(arguments, one.path))
            if reason is not None:
                return reason
    return None


def _difference(sent: bytes | None, header: str, value: object) -> str | None:
    """How one header differs from the value that it repeats."""
    if sent is None:
        return None if value is None else f"{header} is missing"
    if value is None:
        return f"{header} repeats what is not in the body"
    if isinstance(value, str) and value.isidentifier() and sent.isascii() and sent.decode() == value:
        return None  # nearly every name: half the time of what follows
    try:
        text = decode_value(sent.decode("latin-1"))
    except ProtocolViolation as violation:
        return f"{header} is malformed: expected {violation.expected}"
    return None if _same(text, value) else f"{header} does not match the body"


def _same(text: str, value: object) -> bool:
    if isinstance(value, str):
        return text == value
    if value is True or value is False:
        return text == ("true" if value else "false")
    if not isinstance(value, (int, float)):
        return False
    return text == str(value) or _number(text, exact=isinstance(value, int)) == value


def _number(text: str, *, exact: bool) -> Decimal | float | None:
    """A number as JSON writes it; None where the text is none."""
    from decimal import Decimal  # only for the few that write 42 as 42.0

    if text.startswith('"'):
        return None
    try:
        return msgspec.json.decode(text, type=Decimal) if exact else msgspec.json.decode(text, type=float)
    except (msgspec.MsgspecError, ValueError):
        return None


def _name(method: str, params: object) -> object:
    field = NAMED.get(method)
    return None if field is None else _field(params, field)


def _field(params: object, name: str) -> Any:
    """A parameter of a request, by its name on the wire."""
    if is_object(params):
        return params.get(name)
    return getattr(params, "task_id" if name == "taskId" else name, None)


def _at(arguments: object, path: tuple[str, ...]) -> Any:
    for key in path:
        if not is_object(arguments):
            return None
        arguments = arguments.get(key)
    return arguments
