"""Who takes long: most requests are over before it is worth to watch their connection."""

from __future__ import annotations

from typing import Protocol

from mcpstruct.session.loop import Loop

from .asgi import Receive

_LONG = 0.03
"""Seconds; a task that waits for the client to leave costs a tenth of a short request."""


class Lingering(Protocol):
    """Something that is told when it takes long."""

    def linger(self, receive: Receive) -> None:
        """This takes long."""


class Watch:
    """One timer for all requests in progress, which runs only while there are any."""

    __slots__ = ("_entries", "_loop", "_old", "_running")

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._entries: dict[Lingering, Receive] = {}
        self._old: dict[Lingering, Receive] = {}
        self._running = False

    def add(self, entry: Lingering, receive: Receive) -> None:
        """Tell it, unless it is removed within a few hundredths of a second."""
        self._entries[entry] = receive
        if not self._running:
            self._running = True
            self._loop.call_later(_LONG, self._tick)

    def remove(self, entry: Lingering) -> None:
        """It is over."""
        if self._entries.pop(entry, None) is None:
            self._old.pop(entry, None)

    def _tick(self) -> None:
        """Those that were there at the last tick take long."""
        old, self._old, self._entries = self._old, self._entries, {}
        for entry, receive in old.items():
            entry.linger(receive)
        self._running = bool(self._old)
        if self._running:
            self._loop.call_later(_LONG, self._tick)
