"""Server-sent events: out of a stream of bytes, whatever pieces it comes in, and into one.

The rules are those of the HTML standard (section 9.2.6), but for one: an event whose data is empty is not reported,
since it holds no message. Such a one tells the client what to come back with, and that is noted as with any other.

Each byte is searched for a line break once (twice where an event does not look like most) and copied a few times at
most, so that the work is linear in the length of the stream, even where an event of 64 MiB comes in crumbs.
"""

from __future__ import annotations

import io
from typing import TypeAlias

from msgspec import Struct

from mcpstruct.base.errors import LimitExceeded, Problem
from mcpstruct.base.limits import DEFAULT_LIMITS

from .frames import HEAD

KEEP_ALIVE = b":\n\n"
"""A comment, for streams that have nothing to say: it shows everybody on the way that they are alive."""

_BOM = b"\xef\xbb\xbf"
_COLON = 58
_LONGEST_RETRY = 15  # digits; more of them would be 30,000 years


class SseEvent(Struct, frozen=True, gc=False):
    """One event. The data is not decoded."""

    data: bytes
    """Its lines, with LF between them."""
    event: str = "message"
    """Its type."""
    id: str | None = None
    """What to send as `Last-Event-ID` to go on after it: its own id, or else that of the last event that had one."""
    retry: int | None = None
    """Milliseconds to wait before coming back, where this event says so."""


Parsed: TypeAlias = SseEvent | LimitExceeded
"""An event, or what is wrong with the one that stood there."""


class SseParser:
    """Cuts chunks of a stream into events of at most `max_event` bytes, comments and line breaks not counted.

    A longer one is reported as soon as it is too long, and the rest of it skipped without being kept; the stream goes
    on after it. An event that is cut off by the end of the stream is none.
    """

    __slots__ = (
        "_after_cr", "_data", "_event", "_held", "_id", "_max", "_more", "_retry", "_size", "_skipping", "_start",
        "last_event_id", "retry",
    )  # fmt: skip

    def __init__(self, max_event: int = DEFAULT_LIMITS.max_bytes, *, last_event_id: str | None = None) -> None:
        """`last_event_id` is where the last connection to the same stream stopped."""
        self.last_event_id = last_event_id
        """What to send as `Last-Event-ID` when the stream breaks off here; None where there is nothing to send."""
        self.retry: int | None = None
        """Milliseconds to wait before coming back, as the stream said last."""
        self._max = max_event
        self._start: bytes | None = b""  # a stream that has begun with nothing but a piece of a byte order mark
        self._after_cr = False  # a LF would belong to the line break before it
        self._held = io.BytesIO()  # a line of which no end is in sight
        self._skipping = False  # within a line that is not kept: a comment, or part of an event that is too long
        self._size = 0  # bytes of the event so far; more than `_max` once it is known to be too long
        self._data: bytes | None = None
        self._more = io.BytesIO()  # the second line of data, and those after it
        self._event = ""
        self._id = last_event_id
        self._retry: int | None = None

    def feed(self, chunk: bytes) -> list[Parsed]:
        """Every event that ends in this chunk, and a `LimitExceeded` in the place of each that is too long."""
        if self._start is not None:
            chunk = self._without_bom(chunk)
        if self._after_cr or 13 in chunk:
            chunk = self._with_lf_only(chunk)
        found: list[Parsed] = []
        at = 0
        while (end := chunk.find(b"\n", at)) >= 0:
            if self._skipping or self._held.tell():
                self._end_of_held(chunk[at:end], found)
            elif end == at:
                self._end(found)
            elif (
                not self._size
                and chunk.startswith(b"\n\n", end)
                and chunk.startswith(b"data: ", at)
                and 6 < end - at <= self._max
            ):
                # What nearly every event looks like: one line of data, and nothing else.
                found.append(SseEvent(chunk[at + 6 : end], "message", self._id))
                end += 1
            elif chunk[at] != _COLON:
                line = chunk[at:end]
                if self._grow(line, found):
                    self._take(line)
            at = end + 1
        if at < len(chunk):
            self._hold(chunk[at:], found)
        return found

    def _without_bom(self, chunk: bytes) -> bytes:
        """The chunk without the byte order mark that a stream may begin with, which may come in pieces."""
        assert self._start is not None  # noqa: S101 - for type checkers
        head = self._start + chunk
        if len(head) < len(_BOM) and _BOM.startswith(head):
            self._start = head
            return b""
        self._start = None
        return head.removeprefix(_BOM)

    def _with_lf_only(self, chunk: bytes) -> bytes:
        """The chunk with LF for every line break. A CR at its end is one already; a LF that follows is no other."""
        if not chunk:
            return chunk
        if self._after_cr:
            chunk = chunk.removeprefix(b"\n")
        self._after_cr = chunk.endswith(b"\r")
        first, *rest = chunk.split(b"\r")  # 50 times faster than to look for two bytes at once
        return b"\n".join((first, *[part.removeprefix(b"\n") for part in rest]))

    def _end_of_held(self, piece: bytes, found: list[Parsed]) -> None:
        """The last piece of a line whose beginning came before."""
        self._hold(piece, found)
        if not self._skipping:
            self._take(self._held.getvalue())
            self._held = io.BytesIO()
        self._skipping = False

    def _hold(self, piece: bytes, found: list[Parsed]) -> None:
        """Keep a piece of a line, unless nobody wants it."""
        if self._skipping or not piece:
            return
        if (self._held.tell() or piece[0] != _COLON) and self._grow(piece, found):
            self._held.write(piece)
        else:
            self._skipping = True

    def _grow(self, piece: bytes, found: list[Parsed]) -> bool:
        """Count a piece of a line; False where the event is too long."""
        if self._size > self._max:
            return False
        self._size += len(piece)
        if self._size <= self._max:
            return True
        line = self._held.getvalue() + piece[: HEAD + len(b"data: ")]
        if line.startswith(b"data:"):
            self._take(line)
        problem = Problem("", f"an event of at most {self._max} bytes", "more")
        found.append(LimitExceeded(problem, data=self._taken()[:HEAD]))
        self._held = io.BytesIO()
        return False

    def _take(self, line: bytes) -> None:
        """Read one line that is neither blank nor a comment."""
        if line.startswith(b"data:"):
            value = line[6:] if line.startswith(b" ", 5) else line[5:]
            if self._data is None:
                self._data = value
            else:
                self._more.write(b"\n")
                self._more.write(value)
            return
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"event":
            self._event = value.decode("utf-8", "replace")
        elif name == b"id":
            if 0 not in value:
                self._id = value.decode("utf-8", "replace") or None
        elif name == b"retry":
            if value.isdigit() and len(value) <= _LONGEST_RETRY:
                self.retry = self._retry = int(value)
        elif line == b"data":
            self._take(b"data:")

    def _taken(self) -> bytes:
        """The data of the event, which is none any more."""
        data, self._data = self._data or b"", None
        if self._more.tell():
            data += self._more.getvalue()
            self._more = io.BytesIO()
        return data

    def _end(self, found: list[Parsed]) -> None:
        """A blank line: what there is of an event is all of it."""
        if not self._size:
            return
        self.last_event_id = self._id
        data = self._taken()
        if data and self._size <= self._max:
            found.append(SseEvent(data, self._event or "message", self._id, self._retry))
        self._size = 0
        self._event = ""
        self._retry = None


def encode_event(data: bytes, *, id: str | None = None, event: str | None = None, retry: int | None = None) -> bytes:  # noqa: A002 - its name
    """One event as bytes; its data may have line breaks, of which a reader will see LF.

    Without data it says no more than what to come back with (`id`), and after how many milliseconds (`retry`).
    Raises `ValueError` for an id or a type that cannot be written, and for a negative `retry`.
    """
    if id is None and event is None and retry is None and 10 not in data and 13 not in data:
        return b"".join((b"data: ", data, b"\n\n"))
    parts: list[bytes] = []
    if event is not None:
        parts.append(b"event: %b\n" % _encoded("event", event))
    if id is not None:
        parts.append(b"id: %b\n" % _encoded("id", id))
    if retry is not None:
        if retry < 0:
            raise ValueError(f"retry is a number of milliseconds, not {retry}")
        parts.append(b"retry: %d\n" % retry)
    if 13 in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if 10 in data:
        data = data.replace(b"\n", b"\ndata: ")
    return b"".join((*parts, b"data: ", data, b"\n\n"))


def _encoded(field: str, text: str) -> bytes:
    if "\n" in text or "\r" in text or "\0" in text:
        raise ValueError(f"{field} may hold neither line breaks nor NUL")
    return text.encode()
