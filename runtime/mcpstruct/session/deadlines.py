"""The deadlines of requests in flight, under one timer: to set and cancel one for each costs 4 µs of a call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from mcpstruct.base.envelope import RequestId

from .loop import Cancellable, Loop

NEVER = float("inf")


class Awaiting(Protocol):
    """A request with a deadline."""

    due: float
    """When it is to be given up, on the loop's clock."""


class Watch:
    """Calls back for requests whose time is up. The timer runs only while there are any."""

    __slots__ = ("_expired", "_loop", "_pending", "_timer", "at")

    def __init__(self, loop: Loop, pending: Mapping[RequestId, Any], expired: Callable[[Any], None]) -> None:
        self._loop = loop
        self._pending = pending
        self._expired = expired
        self._timer: Cancellable | None = None
        self.at = NEVER
        """When it looks again."""

    def by(self, due: float) -> None:
        """Look again at this time, if not before."""
        if due < self.at:
            self.stop()
            self.at = due
            self._timer = self._loop.call_later(due - self._loop.time(), self._look)

    def stop(self) -> None:
        """Look no more, until there is another deadline."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self.at = NEVER

    def _look(self) -> None:
        """Find what is due. Deadlines that progress has moved in the meantime are only found to be later here."""
        self._timer, self.at = None, NEVER
        now = self._loop.time() + 0.001  # a timer may be early by the clock's resolution
        for request in list(self._pending.values()):
            if request.due <= now:
                self._expired(request)
        next_due = min((request.due for request in self._pending.values()), default=NEVER)
        if next_due < NEVER:
            self.by(next_due)
