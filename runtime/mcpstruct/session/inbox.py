"""Callbacks for notifications, called one after the other in the order of arrival, by a task that lives while there
are any.

The receive loop only puts them in: a callback may wait as long as it likes, and nothing else does. What arrives faster
than callbacks can take is bounded: progress is condensed to its latest, old log messages go, and it is counted.
"""

from __future__ import annotations

import inspect
import logging
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from .loop import Loop

log = logging.getLogger("mcpstruct")
inside_callback: ContextVar[Inbox | None] = ContextVar("mcpstruct_inside_callback", default=None)
"""Whose callback this is, or what was started by one: its calls must not wait for the callbacks queued behind it."""

_EVERY = 1000


class _Entry:
    __slots__ = ("args", "callback", "key")

    def __init__(self, callback: Callable[..., object] | None, args: tuple[Any, ...], key: object) -> None:
        self.callback = callback
        self.args = args
        self.key = key


class Inbox:
    """The queue of one session."""

    __slots__ = ("_by_key", "_logs", "_loop", "_maximum", "_queue", "_task", "_waiting", "busy", "dropped")

    def __init__(self, loop: Loop, maximum: int) -> None:
        self._loop = loop
        self._maximum = maximum
        # An empty deque takes 760 bytes, and few sessions have any.
        self._queue: deque[_Entry] | None = None
        self._by_key: dict[object, _Entry] = {}
        self._logs: deque[_Entry] | None = None
        self._waiting = 0
        self._task: Any = None
        self.busy = False
        """Whether callbacks are being called, or wait to be."""
        self.dropped = 0
        """Notifications that no callback saw, since too many came at once."""

    def put(self, callback: Callable[..., object], *args: Any, key: object = None, log_message: bool = False) -> None:
        """Queue a callback. Of entries with the same key, one will do when there are too many."""
        entry = _Entry(callback, args, key)
        if self._waiting >= self._maximum and not self._make_room(entry):
            return
        self._waiting += 1
        if key is not None:
            self._by_key[key] = entry
        if log_message:
            if self._logs is None:
                self._logs = deque()
            self._logs.append(entry)
        self._append(entry)
        if not self.busy:
            self._start()

    def after_all(self, callback: Callable[..., object], *args: Any) -> None:
        """Call back once everything queued so far has been called; never dropped."""
        self._append(_Entry(callback, args, self))

    def _append(self, entry: _Entry) -> None:
        if self._queue is None:
            self._queue = deque()
        self._queue.append(entry)

    def _make_room(self, entry: _Entry) -> bool:
        """Make room for an entry; False where an older one has taken it in."""
        self.dropped += 1
        if self.dropped % _EVERY == 1:
            log.warning("%d notifications dropped: callbacks are too slow", self.dropped)
        older = self._by_key.get(entry.key) if entry.key is not None else None
        if older is not None and older.callback is not None:
            older.args = entry.args
            return False
        while self._logs:
            oldest = self._logs.popleft()
            if oldest.callback is not None:
                oldest.callback = None
                self._waiting -= 1
                return True
        return False

    def _start(self) -> None:
        self.busy = True
        self._task = self._loop.spawn(self._drain)

    async def _drain(self) -> None:
        inside_callback.set(self)
        try:
            while self._queue:
                entry = self._queue.popleft()
                callback, entry.callback = entry.callback, None
                if callback is None:
                    continue
                if entry.key is self:
                    callback(*entry.args)
                    continue
                self._called(entry)
                try:
                    outcome = callback(*entry.args)
                    if inspect.isawaitable(outcome):
                        await outcome
                except Exception:
                    log.exception("A notification callback failed")
        finally:
            self._task, self.busy = None, False
            if self._queue:  # cancelled in the middle of a callback: what else there is goes on
                self._start()

    def _called(self, entry: _Entry) -> None:
        self._waiting -= 1
        if entry.key is not None and self._by_key.get(entry.key) is entry:
            del self._by_key[entry.key]
        if self._logs and self._logs[0] is entry:
            self._logs.popleft()

    def close(self) -> None:
        """Call no callback any more, but let out at once the results that waited for them."""
        queue, self._queue = self._queue, None
        self._by_key.clear()
        self._logs = None
        self._waiting = 0
        if self._task is not None and inside_callback.get() is not self:  # a callback may close its session and finish
            self._task.cancel()
        for entry in queue or ():
            if entry.key is self and entry.callback is not None:
                entry.callback(*entry.args)
