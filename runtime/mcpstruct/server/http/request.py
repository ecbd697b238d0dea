"""One HTTP request: its headers, and its body within bounds."""

from __future__ import annotations

import asyncio

import anyio

from mcpstruct.base.envelope import ErrorObject
from mcpstruct.base.errors import INVALID_REQUEST
from mcpstruct.session.links import encoded_error
from mcpstruct.session.loop import Loop

from .asgi import Headers, Receive, Scope

# Headers that say what a request is. Two of one kind may be read differently by whoever else reads them on the way.
_ONCE = frozenset((
    b"host", b"origin", b"content-type", b"content-length", b"content-encoding", b"authorization", b"last-event-id",
    b"mcp-protocol-version", b"mcp-session-id", b"mcp-method", b"mcp-name",
))  # fmt: skip
_PARAMETER = b"mcp-param-"


class Refused(Exception):
    """A request that is answered by an HTTP status, and an error that has no id unless the request's was read."""

    def __init__(self, status: int, message: str, headers: Headers = (), *, body: bytes | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers
        self.body = encoded_error(None, ErrorObject(INVALID_REQUEST, message)) if body is None else body


class Gone(Exception):
    """The client left before it had said what it wants."""


class HttpRequest:
    """A request as it came. Raises `Refused` where a header that says what it is comes twice."""

    __slots__ = ("headers", "method", "path", "principal", "scope")

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        fields = scope["headers"]
        self.headers: dict[bytes, bytes] = dict(fields)
        self.principal: str | None = None
        """Whom the request is made for, where that is known."""
        if len(self.headers) != len(fields):
            _refuse_twins([name for name, _ in fields])

    def header(self, name: bytes) -> str | None:
        """The value of a header; None where there is none."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1").strip()


def _refuse_twins(names: list[bytes]) -> None:
    twins = {name for name in names if names.count(name) > 1}
    if any(name in _ONCE or name.startswith(_PARAMETER) for name in twins):
        raise Refused(400, "a header that may come once came twice")


async def read_body(receive: Receive, headers: dict[bytes, bytes], most: int, seconds: float, loop: Loop) -> bytes:
    """The whole body. Raises `Refused` for one that is too large, or too long in coming; `Gone`."""
    length = headers.get(b"content-length")
    if length is not None and (len(length) > 18 or not length.isdigit() or int(length) > most):
        raise _too_large(most)
    if not loop.is_asyncio:
        with anyio.move_on_after(seconds):
            return await _read(receive, most)
        raise _too_late(seconds)
    # A timer costs a tenth of what a cancel scope does, and nearly every body is there already.
    deadline = _Deadline(asyncio.current_task())
    timer = loop.call_later(seconds, deadline.pass_)
    try:
        return await _read(receive, most)
    except asyncio.CancelledError:
        if deadline.passed and deadline.task is not None and deadline.task.uncancel() == 0:
            raise _too_late(seconds) from None
        raise
    finally:
        timer.cancel()


class _Deadline:
    """Cancels a task, and remembers that it did."""

    __slots__ = ("passed", "task")

    def __init__(self, task: asyncio.Task[object] | None) -> None:
        self.task = task
        self.passed = False

    def pass_(self) -> None:
        self.passed = True
        if self.task is not None:
            self.task.cancel()


def _too_late(seconds: float) -> Refused:
    return Refused(408, f"the request did not come within {seconds:g} s")


def _too_large(most: int) -> Refused:
    return Refused(413, f"a request has {most} bytes at most")


async def _read(receive: Receive, most: int) -> bytes:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Gone
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        if len(body) > most:
            raise _too_large(most)
        return body
    parts, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        part = message.get("body", b"")
        parts.append(part)
        size += len(part)
        if size > most:
            raise _too_large(most)
    return b"".join(parts)
