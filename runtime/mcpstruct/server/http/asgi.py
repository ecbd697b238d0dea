"""The little of ASGI that is used, and the answers that are no messages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Protocol, TypeAlias

Scope: TypeAlias = MutableMapping[str, Any]
Event: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Event]]
Send: TypeAlias = Callable[[Event], Awaitable[None]]
Headers: TypeAlias = Iterable[tuple[bytes, bytes]]

JSON: tuple[tuple[bytes, bytes], ...] = ((b"content-type", b"application/json"),)

WHOLE = "mcpstruct.whole"
"""The key in a scope's extensions of what a server may offer beside `receive` and `send`: a `Whole`."""


class Whole(Protocol):
    """A body that is there already, and an answer that is: without a coroutine, since there is nothing to wait for."""

    def body(self, most: int) -> bytes | None:
        """All of the body, if it is in, is not empty, and has no more bytes than this. It is given once: `receive` has
        no more but the end.
        """
        ...

    def answer(self, status: int, kind: tuple[tuple[bytes, bytes], ...], body: bytes) -> bool:
        """Send an answer, whose headers are of few kinds; False where it has to be sent by `send`."""
        ...


class Piecemeal:
    """A server that offers `receive` and `send` alone."""

    def body(self, most: int) -> bytes | None:
        """See `Whole`."""
        return None

    def answer(self, status: int, kind: tuple[tuple[bytes, bytes], ...], body: bytes) -> bool:
        """See `Whole`."""
        return False


class Gone(Exception):
    """The client has left: before it had said what it wants, or before it had its answer."""


async def reply(
    send: Send, status: int, body: bytes = b"", headers: Headers = (), *, kind: Headers = JSON, head: bool = False
) -> None:
    """Answer with a body of this kind, or none; with `head`, only with the headers that go with it. Raises `Gone`."""
    length = () if status == 204 else ((b"content-length", b"%d" % len(body)),)  # which has no body, nor a length
    fields = [*kind, *length, *headers] if body else [*length, *headers]
    try:
        await send({"type": "http.response.start", "status": status, "headers": fields})
        await send({"type": "http.response.body", "body": b"" if head else body})
    except OSError:  # by which some servers say so
        raise Gone from None
