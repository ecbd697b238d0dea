"""Outcomes of requests that wait for the callbacks of earlier notifications, though not for ever."""

from __future__ import annotations

from typing import Any

from mcpstruct.base.envelope import RequestId

from .deadlines import NEVER, Watch
from .inbox import Inbox
from .loop import Future, Loop


class _Held:
    __slots__ = ("due", "future", "id", "outcome")

    def __init__(self, request_id: RequestId, future: Future[Any], outcome: Any, due: float) -> None:
        self.id = request_id
        self.future = future
        self.outcome = outcome
        self.due = due


class Holding:
    """Outcomes that have come, and are let out when callbacks are through, or the deadline of the request passes."""

    __slots__ = ("_entries", "_inbox", "_watch")

    def __init__(self, loop: Loop, inbox: Inbox) -> None:
        self._inbox = inbox
        self._entries: dict[RequestId, _Held] = {}
        self._watch = Watch(loop, self._entries, self._let_out)

    def hold(self, request_id: RequestId, future: Future[Any], outcome: Any, due: float) -> None:
        """Keep an outcome until then."""
        held = self._entries[request_id] = _Held(request_id, future, outcome, due)
        self._inbox.after_all(self._let_out, held)
        if due < NEVER:
            self._watch.by(due)

    def _let_out(self, held: _Held) -> None:
        if self._entries.pop(held.id, None) is not None:
            resolve(held.future, held.outcome)
        if not self._entries:
            self._watch.stop()


def resolve(future: Future[Any], outcome: Any) -> None:
    """Give the outcome of a request to who waits, if somebody does."""
    if future.done():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
