"""What was sent on the streams of sessions, kept for clients that lose their connection and come back."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import Protocol

from mcpstruct.base.limits import MIB

_EVENT = 144
"""Bytes that an event takes besides its data: its number, and the objects that hold both."""
_STREAM = 1024
"""Bytes that a stream takes without any event."""
_ROOMY = 0.9
"""How full the memory is after room was made in it: to look at all streams takes long, and is not done each time."""


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
        self.size = _STREAM


class MemoryEvents:
    """Keeps events in memory: the latest of each stream.

    Where there is no room for all, the streams that have most lose their oldest, down to an equal share; of those that
    have as much as each other, the ones that nothing was added to for longest.
    """

    def __init__(self, *, max_bytes: int = 64 * MIB, max_stream_bytes: int = 16 * MIB) -> None:
        """`max_bytes` bounds the memory for all that is kept, `max_stream_bytes` that for one stream. An event counts
        with some 150 bytes besides its data, a stream with 1,024.
        """
        self._max_bytes = max_bytes
        self._max_stream_bytes = max_stream_bytes
        self._streams: OrderedDict[str, _Kept] = OrderedDict()  # the one that was added to last stands last
        self._size = 0

    def append(self, stream: str, number: int, data: bytes) -> None:
        """See `EventStore`."""
        kept = self._streams.get(stream)
        if kept is None:
            kept = self._streams[stream] = _Kept()
            self._size += kept.size
        else:
            self._streams.move_to_end(stream)
        kept.events.append((number, data))
        kept.last = number
        kept.size += _EVENT + len(data)
        self._size += _EVENT + len(data)
        self._trim(kept, self._max_stream_bytes)
        if self._size > self._max_bytes:
            self._make_room(self._max_bytes * _ROOMY)

    def _trim(self, kept: _Kept, size: float) -> None:
        """Forget the oldest events of a stream until it has no more than this."""
        while kept.size > size and kept.events:
            cost = _EVENT + len(kept.events.popleft()[1])
            kept.size -= cost
            self._size -= cost

    def _make_room(self, wanted: float) -> None:
        """Take from those that have more than their share until there is no more than this in all."""
        share, rest = 0.0, wanted
        sizes = sorted(kept.size for kept in self._streams.values())
        for place, size in enumerate(sizes):
            share = rest / (len(sizes) - place)
            if size > share:
                break
            rest -= size  # what these do not need of theirs, the others may have
        for stream, kept in list(self._streams.items()):
            if self._size <= wanted:
                break
            if kept.size > share:
                self._trim(kept, share)
                if not kept.events:
                    self.drop(stream)

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
