"""One HTTP request: its headers, and its body within bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Iterable
from types import coroutine
from typing import TYPE_CHECKING, Any

import anyio
from msgspec import Struct

from mcpstruct.base.envelope import ErrorObject
from mcpstruct.base.errors import INVALID_REQUEST
from mcpstruct.session.links import encoded_error
from mcpstruct.wire.headers import LAST_EVENT_ID_KEY, METHOD_KEY, NAME_KEY, PROTOCOL_VERSION_KEY, SESSION_ID_KEY

from .asgi import Event, Gone, Headers, Receive, Scope

if TYPE_CHECKING:
    from .access import Access
    from .options import HttpOptions

# Headers that say what a request is. Two of one kind may be read differently by whoever else reads them on the way.
_ONCE = frozenset((
    b"host", b"origin", b"content-type", b"content-length", b"content-encoding", b"authorization", b"dpop",
    LAST_EVENT_ID_KEY, PROTOCOL_VERSION_KEY, SESSION_ID_KEY, METHOD_KEY, NAME_KEY,
))  # fmt: skip
_PARAMETER = b"mcp-param-"
_ENDED = object()


class Refused(Exception):
    """A request that is answered by an HTTP status, and an error that has no id unless the request's was read."""

    def __init__(self, status: int, message: str, headers: Headers = (), *, body: bytes | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers
        self.body = encoded_error(None, ErrorObject(INVALID_REQUEST, message)) if body is None else body


class HttpRequest(Struct, eq=False):
    """A request as it came."""

    scope: Scope
    method: str
    path: str
    headers: dict[bytes, bytes]
    principal: str | None = None
    """Whom the request is made for, where that is known."""
    access: Access | None = None
    """What it may do, where not everybody may do everything."""

    @classmethod
    def of(cls, scope: Scope) -> HttpRequest:
        """A request to an ASGI application. Raises `Refused` where a header that says what it is comes twice."""
        fields = scope["headers"]
        headers = dict(fields)
        return cls(scope, scope["method"], scope["path"], headers if len(headers) == len(fields) else _joined(fields))

    def header(self, name: bytes) -> str | None:
        """The value of a header; None where there is none."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1").strip()


def _joined(fields: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Headers of which some come more than once, as lists are sent. Raises `Refused` for those that are no lists."""
    headers: dict[bytes, bytes] = {}
    for name, value in fields:
        if name not in headers:
            headers[name] = value
        elif name in _ONCE or name.startswith(_PARAMETER):
            raise Refused(400, "a header that may come once came twice")
        else:
            headers[name] += b", " + value
    return headers


async def read_body(receive: Receive, headers: dict[bytes, bytes], options: HttpOptions, *, on_asyncio: bool) -> bytes:
    """The whole body. Raises `Refused` for one that is too large, or too long in coming; `Gone`."""
    most, seconds = options.max_body, options.body_deadline
    if not on_asyncio:
        _check_length(headers, most)
        with anyio.move_on_after(seconds):
            return await _rest(receive, most, await receive())
        raise _too_late(seconds)
    # A deadline costs as much as all else here, and nearly every body is there already.
    came: list[Event] = []
    steps = _next(receive, came).__await__()
    awaited = next(steps, _ENDED)
    if awaited is _ENDED:
        message = came[0]
        body: bytes = message.get("body", b"")
        if message["type"] == "http.request" and not message.get("more_body") and len(body) <= most:
            return body
    try:
        _check_length(headers, most)
        # Not a scope of anyio's, which may not be entered within one that `receive` has yet to leave.
        async with asyncio.timeout(seconds):
            if awaited is not _ENDED:
                await _resumed(steps, awaited)
            return await _rest(receive, most, came[0])
    except TimeoutError:
        raise _too_late(seconds) from None


async def _next(receive: Receive, came: list[Event]) -> None:
    """The next message, in a list: what a coroutine returns comes as an exception, which takes 0.3 µs."""
    came.append(await receive())


@coroutine
def _resumed(steps: Generator[Any, Any, None], awaited: Any) -> Generator[Any, Any, None]:
    """A coroutine from where it first waits."""
    try:
        while True:
            try:
                yield awaited
            except BaseException as error:
                awaited = steps.throw(error)
            else:
                awaited = next(steps)
    except StopIteration:
        return


def _check_length(headers: dict[bytes, bytes], most: int) -> None:
    """Refuse what says that it is too large, rather than read it."""
    length = headers.get(b"content-length")
    if length is not None and (len(length) > 18 or not length.isdigit() or int(length) > most):
        raise _too_large(most)


def _too_late(seconds: float) -> Refused:
    return Refused(408, f"the request did not come within {seconds:g} s")


def _too_large(most: int) -> Refused:
    return Refused(413, f"a request has {most} bytes at most")


async def _rest(receive: Receive, most: int, message: Event) -> bytes:
    """The body that begins with this message."""
    parts: list[bytes] = []
    size = 0
    while message["type"] == "http.request":
        part = message.get("body", b"")
        parts.append(part)
        size += len(part)
        if size > most:
            raise _too_large(most)
        if not message.get("more_body"):
            return b"".join(parts)
        message = await receive()
    raise Gone
