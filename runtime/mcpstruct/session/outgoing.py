"""Requests of this side: sending them, waiting for the answers, and giving up."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

from msgspec import UNSET, Raw, Struct

from mcpstruct.base.check import is_object, shown
from mcpstruct.base.codec import to_json
from mcpstruct.base.envelope import RequestId
from mcpstruct.base.errors import ConnectionLost, Problem, ProtocolViolation, RequestTimeout
from mcpstruct.base.limits import Deadlines
from mcpstruct.base.methods import MethodInfo
from mcpstruct.base.session import ProgressCallback, Timeout
from mcpstruct.wire.eras import PROGRESS_TOKEN, SUBSCRIPTION_ID
from mcpstruct_bindings.merged.methods import METHODS, SUBSCRIPTIONS_LISTEN
from mcpstruct_bindings.merged.types import RequestMetaObject, RequestParams, SubscriptionsListenResultMetaObject

from .deadlines import NEVER, Watch
from .holding import Holding, resolve
from .inbox import Inbox, inside_callback
from .links import Link
from .loop import Future, Loop

_FINAL = (None, "complete")
_AGAIN = 0.05  # seconds after which a deadline that may not pass yet is looked at again, at the soonest


class Pending(Struct, eq=False):
    """A request that awaits its answer."""

    id: int
    method: MethodInfo[Any, Any]
    future: Future[Any]
    direct: bool
    """Whether a callback waits for it, which would wait for ever if the answer queued behind the callback."""
    on_progress: ProgressCallback | None = None
    timeout: float = NEVER
    """Seconds that it is given, and again whenever progress comes."""
    sent: float = 0.0
    due: float = NEVER
    """When it is given up, unless progress comes before."""


class Outgoing:
    """The requests in flight of one core."""

    __slots__ = (
        "_deadlines",
        "_holding",
        "_inbox",
        "_loop",
        "_next_id",
        "_on_abandoned",
        "_turns",
        "_watch",
        "held",
        "maximum",
        "owes",
        "pending",
        "told_types",
    )

    def __init__(
        self,
        loop: Loop,
        inbox: Inbox,
        deadlines: Deadlines,
        maximum: int,
        on_abandoned: Callable[[Pending, str], None],
    ) -> None:
        self._loop = loop
        self._inbox = inbox
        self._deadlines = deadlines
        self.maximum = maximum
        """Most requests that may be in flight; others wait for their `turn`."""
        self._on_abandoned = on_abandoned
        self._next_id = count(1).__next__
        self._turns: deque[Future[None]] | None = None  # an empty deque takes 760 bytes, and hardly any is needed
        self._holding: Holding | None = None
        self.pending: dict[RequestId, Pending] = {}
        """By their ids, which count up from 1 and are never used twice."""
        self.owes: Mapping[Any, Any] = {}
        """What the peer may be waiting for before it answers: no deadline passes meanwhile, but for the hard one."""
        self.held = 0
        """How many requests somebody has to agree to before they are sent: no deadline passes meanwhile, either."""
        self.told_types = False
        """Whether results say of what type they are, so that one of an unknown type is none: in the modern era."""
        self._watch: Watch | None = None  # there from the first request on: few servers send any

    @property
    def full(self) -> bool:
        """Whether another request has to wait for its `turn`."""
        return len(self.pending) >= self.maximum

    def send(
        self,
        link: Link,
        method: MethodInfo[Any, Any],
        params: Any,
        timeout: Timeout,
        on_progress: ProgressCallback | None,
    ) -> Pending:
        """Send a request; its future gets the outcome."""
        deadlines = self._deadlines
        seconds = deadlines.request if timeout is UNSET else timeout
        now, due = 0.0, NEVER
        if seconds is None:
            seconds = NEVER
        else:
            now = self._loop.time()
            due = now + seconds
        request_id = self._next_id()
        direct = inside_callback.get() is self._inbox
        pending = Pending(request_id, method, self._loop.future(), direct, on_progress, seconds, now, due)
        if on_progress is not None:
            params = _with_progress_token(method, params, request_id)
        self.pending[request_id] = pending
        try:
            if self._watch is None or due < self._watch.at:
                self._look_by(due)
            link.request(request_id, method, params)
        except BaseException:
            self._forget(pending)
            raise
        return pending

    def abandon(self, pending: Pending, reason: str) -> None:
        """Stop waiting for an answer."""
        if self._forget(pending):
            self._on_abandoned(pending, reason)

    def settle(self, pending: Pending, outcome: Any) -> None:
        """Give a request its outcome, once the callbacks of earlier notifications have been called; at its deadline
        anyway."""
        self.pending.pop(pending.id, None)
        if self._turns:
            self.pass_on()
        if self.told_types and getattr(outcome, "result_type", None) not in _FINAL:
            outcome = _of_known_type(pending, outcome)
        if self._inbox.busy and not pending.direct:
            if self._holding is None:
                self._holding = Holding(self._loop, self._inbox)
            self._holding.hold(pending.id, pending.future, outcome, pending.due)
        else:
            resolve(pending.future, outcome)

    def ended(self, request_id: RequestId | None) -> None:
        """The server says that a stream of notifications is over; it may not cancel any other request."""
        pending = None if request_id is None else self.pending.get(request_id)
        if pending is not None and pending.method.name == SUBSCRIPTIONS_LISTEN.name:
            meta = SubscriptionsListenResultMetaObject({SUBSCRIPTION_ID: pending.id})
            raw = pending.method.result is Raw
            over = (SUBSCRIPTIONS_LISTEN if raw else pending.method).result(meta=meta, result_type="complete")
            self.settle(pending, Raw(to_json(over)) if raw else over)

    def fail_all(self, error: ConnectionLost) -> None:
        """The peer is gone: nothing will be answered any more."""
        for pending in list(self.pending.values()):
            self._forget(pending)
            resolve(pending.future, another(error))
        if self._watch is not None:
            self._watch.stop()
        while self._turns:
            self.pass_on()

    def progressed(self, token: RequestId, progress: float, total: float | None, message: str | None) -> None:
        """A sign of life for a request."""
        pending = self.pending.get(token)
        if pending is not None:
            if pending.due < NEVER:
                pending.due = min(self._loop.time() + pending.timeout, self._end(pending))
            if pending.on_progress is not None:
                self._inbox.put(pending.on_progress, progress, total, message, key=token)

    def hold(self, requests: int) -> None:
        """So many requests more, or fewer, wait for somebody else to agree."""
        self.held += requests

    async def turn(self) -> None:
        """Wait until one of the requests in flight is over."""
        future = self._loop.future()
        if self._turns is None:
            self._turns = deque()
        self._turns.append(future)
        try:
            await future
        except self._loop.Cancelled:
            if future in self._turns:
                self._turns.remove(future)
            else:  # this was the one to be woken: pass it on
                self.pass_on()
            raise

    def pass_on(self) -> None:
        """Let the next one have its turn."""
        while self._turns:
            future = self._turns.popleft()
            if not future.done():
                future.set_result(None)
                return

    def _forget(self, pending: Pending) -> bool:
        found = self.pending.pop(pending.id, None) is not None
        if self._turns:
            self.pass_on()
        return found

    def _look_by(self, due: float) -> None:
        if self._watch is None:
            self._watch = Watch(self._loop, self.pending, self._expired)
        if due < NEVER:
            self._watch.by(due)

    def _end(self, pending: Pending) -> float:
        """When a request is given up in any case; a longer deadline that was asked for stands."""
        hard = self._deadlines.hard
        return NEVER if hard is None else pending.sent + max(hard, pending.timeout)

    def _expired(self, pending: Pending) -> None:
        end = self._end(pending)
        if (self.owes or self.held) and pending.due < end:
            pending.due = min(self._loop.time() + max(pending.timeout, _AGAIN), end)
            return
        seconds = end - pending.sent if pending.due == end else pending.timeout
        reason = f"no answer to {pending.method.name} within {seconds:g} s"
        self.abandon(pending, reason)
        resolve(pending.future, RequestTimeout(reason))


def _of_known_type(pending: Pending, result: Any) -> Any:
    """A result that is not the last word, if its method knows of such, or is nobody's here; else what is wrong."""
    method = pending.method
    known = any(getattr(tp, "result_type", None) == result.result_type for tp in method.alternatives)
    if known or method.name not in METHODS:
        return result
    problem = Problem("/result/resultType", f"a type that {method.name} may have", shown(result.result_type), "string")
    return ProtocolViolation(problem, request_id=pending.id, method=method.name)


def bare_params(method: MethodInfo[Any, Any]) -> Any:
    """Params with nothing in them but room for `_meta`."""
    return RequestParams() if method.params is None else method.params()


def _with_progress_token(method: MethodInfo[Any, Any], params: Any, token: RequestId) -> Any:
    if params is None:
        params = bare_params(method)
    if is_object(params):
        params["_meta"] = {**(params.get("_meta") or {}), PROGRESS_TOKEN: token}
    else:
        params.meta = RequestMetaObject({**(params.meta or {}), PROGRESS_TOKEN: token})
    result: Any = params
    return result


def another(error: ConnectionLost) -> ConnectionLost:
    """The same error for one more who is told: raised in many tasks, a single one would mix their tracebacks."""
    copy = type(error)(*error.args)
    copy.__cause__ = error.__cause__
    return copy
