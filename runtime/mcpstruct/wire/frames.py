"""Messages as lines: cuts a stream of bytes at its line breaks, whatever pieces it comes in.

Each byte is searched for a line break once and copied once, so that the work is linear in the length of the stream,
even where a message of 64 MiB comes in crumbs.
"""

from __future__ import annotations

import io
from typing import TypeAlias

from mcpstruct.base.errors import PARSE_ERROR, LimitExceeded, Problem, ProtocolViolation
from mcpstruct.base.limits import DEFAULT_LIMITS

HEAD = 1024
"""How much of a line that is too long its violation shows, in bytes: enough to tell which request it answers."""

Line: TypeAlias = bytes | ProtocolViolation
"""A line without its break, or what is wrong with the one that stood there."""


class LineSplitter:
    """Cuts chunks of a stream into lines of at most `max_bytes`, the line break not counted.

    Lines end with LF or CR LF. Blank ones are skipped. A longer one is reported as soon as it is too long, and the
    rest of it skipped without being kept; the stream goes on after its line break.
    """

    __slots__ = ("_held", "_max_bytes", "_skipping")

    def __init__(self, max_bytes: int = DEFAULT_LIMITS.max_bytes) -> None:
        self._max_bytes = max_bytes
        self._held = io.BytesIO()  # a line of which no end is in sight; `getvalue` hands its buffer over uncopied
        self._skipping = False

    def feed(self, chunk: bytes) -> list[Line]:
        """Every line that ends in this chunk, and a `LimitExceeded` in the place of each that is too long."""
        if not (self._skipping or self._held.tell()):
            return self._cut(chunk)
        piece, found, rest = chunk.partition(b"\n")
        return self._end_of_held(piece) + self._cut(rest) if found else self._hold(piece)

    def _cut(self, chunk: bytes) -> list[Line]:
        """The lines of a chunk that begins with one."""
        lines = chunk.split(b"\n")
        tail = lines.pop()
        if 13 in chunk:
            lines = [line.removesuffix(b"\r") for line in lines]
        whole: list[Line] = [line for line in lines if line and not line.isspace()]
        if len(chunk) > self._max_bytes:
            whole = [self._judged(line) for line in lines if line and not line.isspace()]
        return whole + self._hold(tail) if tail else whole

    def eof(self) -> ProtocolViolation | None:
        """What is wrong with the end of the stream: half a line. None where it ends with a line break."""
        half = self._held.getvalue()
        self._held = io.BytesIO()
        if not half.strip():
            return None
        return ProtocolViolation(Problem("", "a line break", "the end of the stream"), code=PARSE_ERROR, data=half)

    def _hold(self, piece: bytes) -> list[Line]:
        """Keep the beginning of a line, unless it is too long already."""
        if self._skipping or not piece:
            return []
        # One byte more than allowed may turn out to be the CR of the line break.
        if self._held.tell() + len(piece) > self._max_bytes + 1:
            self._held.write(piece[:HEAD])
            self._skipping = True
            return [self._too_long(self._take())]
        self._held.write(piece)
        return []

    def _end_of_held(self, piece: bytes) -> list[Line]:
        """The line whose last piece this is, if one was begun."""
        if self._skipping:
            self._skipping = False
            return []
        if not self._held.tell():
            return []
        too_long = self._hold(piece)
        if too_long:
            self._skipping = False
            return too_long
        line = self._take().removesuffix(b"\r")
        return [self._judged(line)] if line and not line.isspace() else []

    def _take(self) -> bytes:
        line = self._held.getvalue()
        self._held = io.BytesIO()
        return line

    def _judged(self, line: bytes) -> Line:
        return line if len(line) <= self._max_bytes else self._too_long(line)

    def _too_long(self, line: bytes) -> LimitExceeded:
        return LimitExceeded(Problem("", f"a line of at most {self._max_bytes} bytes", "more"), data=line[:HEAD])


def stray(line: bytes) -> ProtocolViolation | None:
    """What is wrong with a line that cannot be a message, such as a banner; None where it may be one.

    A message is a JSON object, a batch of them an array; whether the line is either is for the decoder to say.
    """
    if line.lstrip()[:1] in (b"{", b"["):
        return None
    return ProtocolViolation(Problem("", "a JSON object", "something else"), code=PARSE_ERROR, data=line)
