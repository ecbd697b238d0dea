"""The tree of errors. "The peer erred" (`ProtocolViolation`) and "you erred" (`TypeError`, `ValueError`) stay apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from msgspec import Struct

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
HEADER_MISMATCH = -32020
MISSING_CAPABILITY = -32021
UNSUPPORTED_VERSION = -32022


class Problem(Struct, frozen=True):
    """One fault of a message: where (JSON Pointer, RFC 6901), what the schema wants there, what stands there."""

    pointer: str
    expected: str
    got: str
    kind: str | None = None
    """What sort of thing stands there, where `got` shows the value itself."""
    free: tuple[int, ...] = ()
    """Which steps of the pointer, counted from 0, are keys that the message's author was free to choose."""

    def __str__(self) -> str:
        return f"at {self.pointer or 'the top'}: expected {self.expected}, got {self.got}"

    @property
    def discreet(self) -> Problem:
        """The same, repeating nothing that the message's author wrote: fit for error messages and logs."""
        if self.kind is None and not self.free:
            return self
        steps = self.pointer.split("/")
        for step in self.free:
            steps[step + 1] = "*"
        return Problem("/".join(steps), self.expected, self.got if self.kind is None else self.kind)

    def below(self, pointer: str) -> Problem:
        """The same fault, of a value that itself stands at `pointer` of something larger."""
        depth = pointer.count("/")
        free = tuple(step + depth for step in self.free)
        return Problem(pointer + self.pointer, self.expected, self.got, self.kind, free)


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

    retryable: ClassVar[bool] = False
    """Whether the same call, made again, on a new connection if need be, may succeed without anybody changing it."""


class ConnectFailed(McpError):
    """No connection came about: the peer could not be reached or started, or did not open in time."""

    retryable = True


class ConnectionLost(McpError):
    """The connection ended, by this side or the other, before the call was answered."""

    retryable = True


class SessionLost(ConnectionLost):
    """The server no longer knows the session; nothing that the session held is left."""


class HttpError(McpError):
    """An HTTP server refused a request without a JSON-RPC error: its `status`, and the beginning of what it said.

    `headers` are those of the answer, by lower-case name.
    """

    def __init__(self, status: int, message: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, message, headers)
        self.status = status
        self.message = message
        self.headers: Mapping[str, str] = headers or {}

    def __str__(self) -> str:
        return f"HTTP {self.status}: {self.message}" if self.message else f"HTTP {self.status}"


class AccessDenied(HttpError):
    """The server wants to know who calls (401), or lets them not (403)."""


class AuthError(AccessDenied):
    """The right to call was not to be had. `status` is what the server refused the call with, or else the
    authorization server its part; `error` is the OAuth error code, where there was one.
    """

    def __init__(
        self, status: int, message: str = "", headers: Mapping[str, str] | None = None, error: str | None = None
    ) -> None:
        super().__init__(status, message, headers)
        self.args = (status, message, headers, error)
        self.error = error

    def __str__(self) -> str:
        return f"{self.message} ({self.error})" if self.error else self.message


class DiscoveryFailed(AuthError):
    """Who authorizes calls of the server was not to be found out, or what was found is not to be trusted."""


class AuthUnavailable(AuthError):
    """Who authorizes calls of the server does not answer now; `status` is 503 where no answer came at all."""

    retryable = True


class UnsafeUrl(AuthError):
    """A server named a URL that must not be gone to."""


class RegistrationFailed(AuthError):
    """The authorization server does not know this client, and there is no way to make it known."""


class AuthorizationFailed(AuthError):
    """The user, or the authorization server, said no, or nothing in time."""


class ResponseForged(AuthError):
    """A response to an authorization request came that no trusted authorization server sent to this request."""


class TokenRefused(AuthError):
    """A token endpoint gave no token, or none that can be used."""


class Unavailable(HttpError):
    """The server is not able to answer now: 408, 425, 429, or any status from 500 on."""

    retryable = True


class RequestTimeout(McpError, TimeoutError):
    """No answer came within the deadline of a request, and the peer has been told to stop; or the connection has been
    congested for as long, and what was to be sent waits.
    """

    retryable = True


class RequestCancelled(McpError):
    """A request was called off before it was answered."""


class NotConnected(McpError):
    """A session was used before it was connected, or after it was closed."""


class WrongEventLoop(McpError, RuntimeError):
    """What belongs to an event loop that still runs was used on another."""


class MethodNotInRevision(McpError):
    """The negotiated revision has no such method; nothing was sent."""

    def __init__(self, method: str, revision: str) -> None:
        super().__init__(method, revision)
        self.method = method
        self.revision = revision

    def __str__(self) -> str:
        return f"{self.method} is not in {self.revision}"


class NoCommonRevision(McpError):
    """Client and server have no revision in common; `supported` are the peer's, where it named them."""

    def __init__(self, message: str, supported: tuple[str, ...] = ()) -> None:
        super().__init__(message, supported)
        self.supported = supported

    def __str__(self) -> str:
        return str(self.args[0])


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

    @property
    def message(self) -> str:
        """The JSON-RPC error message that answers it. Unlike `str()`, it repeats nothing that the peer wrote."""
        # Params are only ever judged where the method is known, and its name therefore is not of the peer's making.
        told = str(self.problem.discreet)
        return f"{self.method}: {told}" if self.method and self.code == INVALID_PARAMS else told

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


def remote_error(method: str, code: int, message: str, data: Any = None) -> RemoteError:
    """The peer's error as an exception: `MethodNotFound` for -32601."""
    if code != METHOD_NOT_FOUND:
        return RemoteError(code, message, data)
    error = MethodNotFound(method)
    error.message, error.data = message, data
    return error


def http_error(status: int, message: str = "", headers: Mapping[str, str] | None = None) -> HttpError:
    """The error for a status that is no success."""
    if status in (401, 403):
        return AccessDenied(status, message, headers)
    passing = status in (408, 425, 429) or status >= 500
    return (Unavailable if passing else HttpError)(status, message, headers)


class UnknownRevision(ValueError):
    """No bindings exist for a revision of that name."""


class MissingExtra(ImportError):
    """A feature needs an optional dependency; the message names the extra to install."""


def _rebuild(cls: type[ProtocolViolation], problem: Problem, code: int, *rest: Any) -> ProtocolViolation:
    return cls(problem, code=code, request_id=rest[0], method=rest[1], data=rest[2])
