"""What was sent on the streams of sessions, kept for clients that lose their connection and come back."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import Protocol

from mcpstruct.base.limits import MIB


class EventStore(Protocol):
    """Keeps events by stream; their numbers count up from 1 within each."""

    def append(self, stream: str, number: int, data: bytes) -> None:
        """Keep a message. Returns at once; one that is kept elsewhere is written later."""

    async def after(self, stream: str, number: int) -> Sequence[tuple[int, bytes]] | None:
        """The messages of a stream after a number, in order; None where some of them are gone."""
        ...

    def drop(self, stream: str) -> None:
        """Nobody will ask for a stream any more."""


class _Kept:
    __slots__ = ("events", "last", "size")

    def __init__(self) -> None:
        self.events: deque[tuple[int, bytes]] = deque()
        self.last = 0
        self.size = 0


class MemoryEvents:
    """Keeps events in memory: the latest of each stream, and those of the latest streams."""

    def __init__(self, *, max_bytes: int = 64 * MIB, max_stream_bytes: int = 4 * MIB) -> None:
        """`max_bytes` bounds all that is kept, `max_stream_bytes` what is kept of one stream."""
        self._max_bytes = max_bytes
        self._max_stream_bytes = max_stream_bytes
        self._streams: OrderedDict[str, _Kept] = OrderedDict()
        self._size = 0

    def append(self, stream: str, number: int, data: bytes) -> None:
        """See `EventStore`."""
        kept = self._streams.get(stream)
        if kept is None:
            kept = self._streams[stream] = _Kept()
        kept.events.append((number, data))
        kept.last = number
        self._grow(kept, len(data))
        while kept.size > self._max_stream_bytes:
            self._grow(kept, -len(kept.events.popleft()[1]))
        while self._size > self._max_bytes:
            self.drop(next(iter(self._streams)))

    def _grow(self, kept: _Kept, size: int) -> None:
        kept.size += size
        self._size += size

    async def after(self, stream: str, number: int) -> Sequence[tuple[int, bytes]] | None:
        """See `EventStore`."""
        kept = self._streams.get(stream)
        if kept is None:
            return None if number else []
        first = kept.events[0][0] if kept.events else kept.last + 1
        return [event for event in kept.events if event[0] > number] if first <= number + 1 else None

    def drop(self, stream: str) -> None:
        """See `EventStore`."""
        kept = self._streams.pop(stream, None)
        if kept is not None:
            self._size -= kept.size
