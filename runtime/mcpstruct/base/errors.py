"""The tree of errors. "The peer erred" (`ProtocolViolation`) and "you erred" (`TypeError`, `ValueError`) stay apart."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603


class Problem(Struct, frozen=True):
    """One fault of a message: where (JSON Pointer, RFC 6901), what the schema wants there, what stands there."""

    pointer: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"at {self.pointer or 'the top'}: expected {self.expected}, got {self.got}"


_JSON_TYPES: dict[type[Any], str] = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    type(None): "null",
}


def json_type_of(tp: type[Any]) -> str:
    """What JSON calls values of a Python type."""
    return _JSON_TYPES.get(tp, tp.__name__)


def json_type(value: object) -> str:
    """What JSON calls a value's type."""
    return json_type_of(type(value))


class McpError(Exception):
    """Root of every error that mcpstruct raises on account of a peer, a connection or the protocol."""


class ProtocolViolation(McpError):
    """A message from the peer breaks the protocol.

    `pointer`, `expected` and `got` name the first fault; `code` is the JSON-RPC error code that answers it
    (-32700 not JSON, -32600 not a message, -32601 unknown method, -32602 wrong params); `request_id` and `method`
    are those of the message, where it had any; `data` is the message, byte for byte.
    """

    def __init__(
        self,
        problem: Problem,
        *,
        code: int = INVALID_REQUEST,
        request_id: int | str | None = None,
        method: str | None = None,
        data: bytes = b"",
    ) -> None:
        super().__init__(problem, code, request_id, method, data)
        self.problem = problem
        self.code = code
        self.request_id = request_id
        self.method = method
        self.data = data

    @property
    def pointer(self) -> str:
        """Where the fault stands: a JSON Pointer into the message; empty for the whole of it."""
        return self.problem.pointer

    @property
    def expected(self) -> str:
        """What the schema wants there."""
        return self.problem.expected

    @property
    def got(self) -> str:
        """What stands there instead."""
        return self.problem.got

    def __str__(self) -> str:
        return f"{self.method}: {self.problem}" if self.method else str(self.problem)

    def __reduce__(self) -> Any:
        return _rebuild, (type(self), *self.args)


class LimitExceeded(ProtocolViolation):
    """A message is larger or nested deeper than the limits allow (see `mcpstruct.base.limits`)."""


class RemoteError(McpError):
    """The peer answered a request with a JSON-RPC error: its `code`, `message` and, where sent, `data`."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(code, message, data)
        self.code = code
        self.message = message
        self.data = data

    def __str__(self) -> str:
        return f"{self.message} ({self.code})"


class MethodNotFound(RemoteError):
    """There is no such method here (-32601)."""

    def __init__(self, method: str) -> None:
        super().__init__(METHOD_NOT_FOUND, f"Method not found: {method}")
        self.method = method

    def __reduce__(self) -> Any:
        return type(self), (self.method,)


class UnknownRevision(ValueError):
    """No bindings exist for a revision of that name."""


class MissingExtra(ImportError):
    """A feature needs an optional dependency; the message names the extra to install."""


def _rebuild(cls: type[ProtocolViolation], problem: Problem, code: int, *rest: Any) -> ProtocolViolation:
    return cls(problem, code=code, request_id=rest[0], method=rest[1], data=rest[2])
