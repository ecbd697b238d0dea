"""A `Whole` under uvicorn's own HTTP by httptools, which is what `uvicorn weather:app` has.

Its `receive` and `send` take 25 of the 150 µs of CPU of a small call. What is used instead is not promised to anybody:
with versions of uvicorn that this has not been tried with, calls go as ASGI has it.
"""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from typing import Any

from msgspec import Struct

from .asgi import Piecemeal, Send, Whole
from .call import JOINED, STATUS, line, lines

TRIED = ((0, 30), (0, 54))
"""The first and the last version that this has been tried with."""
_PIECEMEAL = Piecemeal()
_FRAMING = (b"connection", b"content-length", b"transfer-encoding")


class UvicornCycle(Struct, eq=False):
    """A request to uvicorn, and the answer to it. See `Whole`."""

    _cycle: Any

    def body(self, most: int) -> bytes | None:
        """See `Whole`."""
        cycle = self._cycle
        if cycle.more_body or cycle.disconnected or not 0 < len(cycle.body) <= most:
            return None
        body = bytes(cycle.body)
        cycle.body = bytearray()
        cycle.message_event.clear()
        return body

    def answer(self, status: int, kind: tuple[tuple[bytes, bytes], ...], body: bytes) -> bool:
        """See `Whole`."""
        cycle = self._cycle
        given, common = _common.last
        if given is not cycle.default_headers:
            common = _common.of(cycle.default_headers)
        if cycle.disconnected or cycle.access_log or not cycle.keep_alive or cycle.flow.write_paused:
            return False
        if common is None or len(body) > JOINED:
            return False
        cycle.response_started = cycle.response_complete = True
        fields = (STATUS[status], common, lines(kind), len(body), body)
        cycle.transport.write(b"%b%b%bcontent-length: %d\r\n\r\n%b" % fields)
        cycle.message_event.set()
        cycle.on_response()
        return True


class _Common:
    """The lines that the head of every answer has: they change once a second."""

    def __init__(self) -> None:
        self.last: tuple[Any, bytes | None] = None, b""

    def of(self, headers: list[tuple[bytes, bytes]]) -> bytes | None:
        """These headers as lines; None where they say how an answer is sent, which uvicorn heeds."""
        framed = any(name.lower() in _FRAMING for name, _ in headers)
        found = None if framed else b"".join([line(name.lower(), value) for name, value in headers])
        self.last = headers, found
        return found


_common = _Common()


def offered(send: Send) -> Whole:
    """What a server offers beside `receive` and `send`, where that is known."""
    cycle: object = getattr(send, "__self__", None)
    kind: Any = type(cycle)
    return UvicornCycle(cycle) if _known(kind) else _PIECEMEAL


@lru_cache(maxsize=16)
def _known(kind: type) -> bool:
    if (kind.__module__, kind.__qualname__) != ("uvicorn.protocols.http.httptools_impl", "RequestResponseCycle"):
        return False
    version = re.match(r"(\d+)\.(\d+)", getattr(sys.modules.get("uvicorn"), "__version__", ""))
    return version is not None and TRIED[0] <= (int(version[1]), int(version[2])) <= TRIED[1]
