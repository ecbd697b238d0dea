"""What the HTTP transport asks of an HTTP library, and of whoever has the right to call: two small seams."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f]").search


class HttpResponse(Protocol):
    """The answer to one request: its head has come, its body is read as it comes."""

    @property
    def status(self) -> int:
        """Its status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Its headers, which are looked up by their lower-case names."""
        ...

    async def read(self, limit: int) -> bytes | None:
        """The whole body, decompressed; None where it has more than `limit` bytes. Raises `ConnectionLost`."""
        ...

    async def chunk(self) -> bytes:
        """The next piece of the body, decompressed; empty at its end. Raises `ConnectionLost` where it breaks off."""
        ...

    async def aclose(self) -> None:
        """Give the connection up, unless the body has been read to its end. May be called twice."""


class HttpClient(Protocol):
    """Sends requests. One object serves many at a time, of many clients."""

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None = None, *, stays: bool = False
    ) -> HttpResponse:
        """Send a request, follow no redirect, and give the answer when its head has come, whatever its status.

        `stays` says that the answer is a stream that stays open, or that somebody on the other side waits for this
        request: it is not to wait for others to end. There is no deadline but that for connecting.
        Raises `ConnectFailed` where nothing was sent, `ConnectionLost` where the connection broke.
        """
        ...


@dataclass(slots=True)
class HttpRequest:
    """One request, over all the times that it is sent."""

    server: str
    """The URL of the MCP server, as the user gave it."""
    method: str
    url: str
    """Where it goes now: a redirect within the origin changes it."""
    headers: dict[str, str] = field(repr=False)
    """Those that it is sent with; anew each time."""
    notes: dict[str, Any] = field(default_factory=dict[str, Any], repr=False)
    """Whatever `HttpAuth` wants to know when the same request comes again."""


class HttpAuth(Protocol):
    """Says who calls. Errors that either method raises are those of the call; `AuthError` is made for that."""

    async def authorize(self, request: HttpRequest) -> None:
        """Put on a request what it takes to be let in, as headers. Called each time before it is sent.

        A DELETE says that a session is over: it gets what there is at hand, and nobody is asked for its sake.
        """

    async def refused(self, request: HttpRequest, status: int, headers: Mapping[str, str]) -> bool:
        """A request was refused, with 401 or 403 and these headers: whether to send it again. Not called any more once
        the connection is being closed.
        """
        ...


def sound(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers that every library sends: some repeat others, secrets and all, in their errors. Raises `ValueError`."""
    values = {name: value.strip(" \t") for name, value in headers.items()}
    if _CONTROLS("".join(values.values())):
        raise ValueError("a header may not have line breaks in it")
    return values
