"""The core of a session: requests and their answers, both ways, over any link.

Everything that comes in is handled by plain callbacks, which never wait for anybody's code; a request of this side
waits on a future. There is no task, stream or cancel scope a message, only a task for each request that is answered.
"""

from __future__ import annotations

import logging
from _thread import get_ident
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import Any, TypeVar

import anyio
from msgspec import UNSET, UnsetType

from mcpstruct.base.envelope import ErrorObject, RequestId
from mcpstruct.base.errors import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    ConnectionLost,
    NotConnected,
    ProtocolViolation,
    RequestTimeout,
    remote_error,
)
from mcpstruct.base.limits import DEFAULT_DEADLINES, DEFAULT_LIMITS, Deadlines, Limits
from mcpstruct.base.messages import MessageDecoder
from mcpstruct.base.methods import MethodInfo
from mcpstruct.base.session import ProgressCallback, Timeout
from mcpstruct.transport.base import Transport
from mcpstruct_bindings.merged import methods
from mcpstruct_bindings.merged.types import CancelledNotificationParams

from .inbox import Inbox
from .incoming import Incoming
from .links import ByteLink, Joining, Link, drained
from .loop import Cancellable, Future, current_loop
from .outgoing import Outgoing, Pending, another
from .reading import Reader
from .router import Router

R = TypeVar("R")
log = logging.getLogger("mcpstruct")
_NOT_WAITING = "the caller no longer waits"
_OPENING = (methods.INITIALIZE.name, methods.DISCOVER.name)


class Core:
    """One end of a connection. `open` it once; `aclose` it from any task, as often as you like."""

    __slots__ = (
        "_closed", "_end", "_idle", "_leaving", "_parked", "_paused", "_unparking", "as_bytes", "batches",
        "deadlines", "ended", "grace", "inbox", "limits", "link", "loop", "mute", "nameless_errors",
        "outgoing", "reader", "received", "received_requests", "refused", "router", "serves", "thread",
        "tolerant",
    )  # fmt: skip

    def __init__(
        self,
        router: Router,
        decoder: MessageDecoder[Any],
        *,
        limits: Limits = DEFAULT_LIMITS,
        deadlines: Deadlines = DEFAULT_DEADLINES,
    ) -> None:
        self.router = router
        self.limits = limits
        self.deadlines = deadlines
        self.loop = current_loop()
        self.inbox = Inbox(self.loop, limits.max_queue)
        self.outgoing = Outgoing(self.loop, self.inbox, deadlines, limits.max_in_flight, self._abandoned)
        self.received_requests: dict[Hashable, Incoming] = {}
        self.batches = False
        """Whether the peer may send batches: the negotiated revision says."""
        self.serves = False
        """Whether this is the server's end."""
        self.mute = False
        """Whether requests get no answers: clients of the modern era send none."""
        self.nameless_errors = False
        """Whether a message that could not be read is answered, without an id; only servers do."""
        self.reader = Reader(self, decoder)
        self.received, self.refused = self.reader.received, self.reader.refused
        self.as_bytes = False
        """Whether messages leave as bytes, and not as objects."""
        self.tolerant = False
        """Whether a result may do without the items of its lists that are at fault."""
        self.grace = 0.0
        """Seconds that requests in progress are given when the peer has said all it will; it may still read."""
        self._leaving: Cancellable | None = None
        self._parked: dict[Hashable, Incoming] = {}
        self._unparking = False
        self.link: Link | None = None
        self._end: ConnectionLost | None = None
        self.ended = False
        """Whether the connection is over."""
        self._closed: Future[None] | None = None
        self._idle: Future[None] | None = None
        self.thread = get_ident()
        """The thread of its event loop."""
        self._paused = False

    # -- lifecycle ----------------------------------------------------------------------------------------------------

    async def open(self, transport: Transport) -> None:
        """Connect. Raises `ConnectFailed`."""
        if isinstance(transport, Joining):
            self.attach(await transport.join(self))
            return
        self.attach(ByteLink(transport))
        await transport.open(self)

    def attach(self, link: Link) -> None:
        """Use this way out."""
        self.link = link
        self.as_bytes = link.as_bytes

    @property
    def connected(self) -> bool:
        """Whether messages can be sent."""
        return self.link is not None and self._end is None

    async def aclose(self) -> None:
        """End the connection; calls in progress fail with `ConnectionLost`, callbacks are called no more."""
        self.inbox.close()
        self.lost(ConnectionLost("the session was closed"))
        if self.link is None:
            return
        if self._closed is None:
            self._closed = self.loop.future()
            self.loop.spawn(self._close, self.link, self._closed)  # goes on even where the caller is cancelled
        await self.loop.shield(self._closed)

    async def _close(self, link: Link, closed: Future[None]) -> None:
        try:
            await link.aclose()
        except Exception as error:  # of the server's lifespan, where that is in this process
            closed.set_exception(error)
        finally:
            if not closed.done():
                closed.set_result(None)

    def lost(self, error: Exception | None) -> None:
        """See `Receiver`: fail whatever awaits the peer, and stop what works for it."""
        if self._end is not None:
            return
        if error is None and self.grace and self.received_requests and self._leaving is None:
            self._leaving = self.loop.call_later(self.grace, self.lost, None)
            return
        if not isinstance(error, ConnectionLost):
            cause, error = error, ConnectionLost("the peer closed the connection")
            error.__cause__ = cause
        self._end, self.ended = error, True
        self.outgoing.fail_all(error)
        self._parked.clear()
        for incoming in list(self.received_requests.values()):
            incoming.cancel("the connection is lost")
        self.router.lost(error)

    async def idle(self) -> None:
        """Wait until no request of the peer is in progress."""
        while self.received_requests and self._end is None:
            if self._idle is None or self._idle.done():
                self._idle = self.loop.future()
            await self.loop.shield(self._idle)

    # -- requests and notifications of this side ----------------------------------------------------------------------

    async def request(
        self,
        method: MethodInfo[Any, R],
        params: Any,
        *,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
        link: Link | None = None,
    ) -> R:
        """Send a request, as it stands but for the progress token, and wait for its result.

        It goes out by `link`, where that is given: a stream that it belongs to. Raises `RemoteError`, `RequestTimeout`,
        `ConnectionLost`, `NotConnected`, and `ProtocolViolation` where the answer is not what the method's should be.
        """
        if link is None:
            link = self.link
        if link is None or self._end is not None:
            link = self._usable()
        outgoing = self.outgoing
        if link.congested or len(outgoing.pending) >= outgoing.maximum:
            pending = await self.start(method, params, timeout=timeout, on_progress=on_progress, link=link)
        else:
            pending = outgoing.send(link, method, params, timeout, on_progress)
        try:  # as in `finish`; a coroutine within this one takes 0.2 µs
            result: R = await pending.future
        except self.loop.Cancelled:
            outgoing.abandon(pending, _NOT_WAITING)
            raise
        return result

    async def start(
        self,
        method: MethodInfo[Any, Any],
        params: Any,
        *,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
        link: Link | None = None,
    ) -> Pending:
        """Send a request, once there is room for it."""
        seconds = self.deadlines.request if isinstance(timeout, UnsetType) else timeout
        with anyio.move_on_after(seconds):
            link = await self._room(link)
            return self.outgoing.send(link, method, params, timeout, on_progress)
        raise RequestTimeout(f"{method.name} could not be sent within {seconds:g} s")

    async def _room(self, wanted: Link | None) -> Link:
        """The way out, once another request may take it."""
        while True:
            usable = self._usable()
            link = wanted or usable
            if self.outgoing.full:
                await self.outgoing.turn()
            elif link.congested:
                try:
                    await link.drain()
                except self.loop.Cancelled:
                    self.outgoing.pass_on()
                    raise
            else:
                return link

    async def finish(self, pending: Pending) -> Any:
        """Wait for the result of a request; cancelling the wait cancels the request."""
        try:
            return await pending.future
        except self.loop.Cancelled:
            self.outgoing.abandon(pending, _NOT_WAITING)
            raise

    def _usable(self) -> Link:
        if self._end is not None:
            raise another(self._end)
        if self.link is None:
            raise NotConnected("connect first")
        return self.link

    def _abandoned(self, pending: Pending, reason: str) -> None:
        """Tell the peer that nobody waits any more. `initialize` may not be cancelled, what comes before need not."""
        if pending.method.name not in _OPENING and self.link is not None and self._end is None:
            params = CancelledNotificationParams(request_id=pending.id, reason=reason)
            with suppress(ConnectionLost):
                self.link.notification(methods.CANCELLED, params)

    async def notify(self, method: MethodInfo[Any, None], params: Any) -> None:
        """Send a notification. Raises `RequestTimeout` where the connection stays congested."""
        self.notify_soon(method, params)
        await drained(self._usable(), method, self.deadlines.request)

    def notify_soon(self, method: MethodInfo[Any, None], params: Any) -> None:
        """Send a notification without waiting for anything."""
        self._usable().notification(method, params)

    def run(self, callback: Callable[..., object], *args: Any) -> None:
        """Call back on the thread of the session: at once, where that is this one."""
        if get_ident() == self.thread:
            callback(*args)
        else:
            self.loop.call_soon_threadsafe(callback, *args)

    @property
    def congested(self) -> bool:
        """Whether who can wait should `drain` before sending more."""
        return self.link is not None and self._end is None and self.link.congested

    async def drain(self) -> None:
        """Wait while the connection is congested."""
        if self.link is not None and self.congested:
            await self.link.drain()

    # -- what comes in, decoded ---------------------------------------------------------------------------------------

    def awaits(self, request_id: RequestId) -> MethodInfo[Any, Any] | None:
        """The method of a request in flight."""
        pending = self.outgoing.pending.get(request_id)
        return None if pending is None else pending.method

    def take_request(self, request_id: RequestId, method: MethodInfo[Any, Any], params: Any) -> None:
        """A request of the peer."""
        if self.link is not None:
            self.take(Incoming(self, request_id, method, params, self.link, request_id))

    def take(self, incoming: Incoming) -> None:
        """A request of the peer, with a way out of its own perhaps."""
        entries, limits = self.received_requests, self.limits
        if (full := len(entries) >= limits.max_in_flight) and len(entries) >= limits.max_in_flight + limits.max_queue:
            self._send_error(incoming.link, incoming.id, ErrorObject(INTERNAL_ERROR, "too many requests in progress"))
            return
        if entries.setdefault(incoming.key, incoming) is not incoming:
            error = ErrorObject(INVALID_REQUEST, "a request with this id is in progress")
            self._send_error(incoming.link, incoming.id, error)
            return
        if full:
            self._parked[incoming.key] = incoming
        else:
            self._route(incoming)

    def _route(self, incoming: Incoming) -> None:
        try:
            self.router.request(incoming)
        except ProtocolViolation as violation:  # `_meta` is decoded when it is first read
            incoming.fail(INVALID_PARAMS, violation.message)
        except Exception:
            log.exception("%s could not be routed", incoming.method.name)
            incoming.fail(INTERNAL_ERROR, "internal error")

    def take_notification(self, method: MethodInfo[Any, Any], params: Any) -> None:
        """A notification of the peer."""
        if method.name == methods.CANCELLED.name:
            incoming = self.received_requests.get(params.request_id)
            if incoming is not None:
                incoming.cancel(params.reason)
                return
            self.outgoing.ended(params.request_id)
        elif method.name == methods.PROGRESS.name:
            self.outgoing.progressed(params.progress_token, params.progress, params.total, params.message)
        self.router.notification(method, params)

    def take_result(self, request_id: RequestId, result: Any) -> None:
        """The result of a request of this side."""
        pending = self.outgoing.pending.get(request_id)
        if pending is not None:
            self.outgoing.settle(pending, result)

    def take_error(self, request_id: RequestId | None, error: ErrorObject) -> None:
        """The refusal of a request of this side."""
        pending = None if request_id is None else self.outgoing.pending.get(request_id)
        if pending is not None:
            data = None if error.data is UNSET else error.data
            self.outgoing.settle(pending, remote_error(pending.method.name, error.code, error.message, data))

    # -- answers ------------------------------------------------------------------------------------------------------

    def answer(self, incoming: Incoming, result: Any) -> None:
        """Send a result, unless the request is over."""
        if self.forget(incoming):
            link = incoming.link
            try:
                link.result(incoming.id, result)
            except ConnectionLost:
                return
            except Exception:  # the result holds something that is no JSON
                log.exception("The result of %s can't be sent", incoming.method.name)
                self._send_error(link, incoming.id, ErrorObject(INTERNAL_ERROR, "internal error"))
            if self.serves and link.congested:
                self._relieve(link)

    def refuse(self, incoming: Incoming, error: ErrorObject) -> None:
        """Send an error, unless the request is over."""
        if self.forget(incoming):
            self._send_error(incoming.link, incoming.id, error)

    def answer_error(self, request_id: RequestId | None, error: ErrorObject) -> None:
        """Refuse a message that is no request in progress, if there is still somebody to tell."""
        if self.link is not None:
            self._send_error(self.link, request_id, error)

    def _send_error(self, link: Link, request_id: RequestId | None, error: ErrorObject) -> None:
        if self._end is not None or self.mute:
            return
        try:
            link.error(request_id, error)
        except ConnectionLost:
            return
        except Exception:
            log.exception("The data of an error can't be sent")
            link.error(request_id, ErrorObject(error.code, error.message))
        if self.serves and link.congested:
            self._relieve(link)

    def forget(self, incoming: Incoming) -> bool:
        """End a request; False if it was over already."""
        entries = self.received_requests
        if entries.get(incoming.key) is not incoming:
            return False
        del entries[incoming.key]
        if not entries and (self._leaving is not None or self._idle is not None):
            self._emptied()
        if self._parked and self._parked.pop(incoming.key, None) is None and not self._unparking:
            self._unpark()
        return self._end is None

    def _unpark(self) -> None:
        """Let those begin that waited for their turn; what is answered at once makes room for the next."""
        entries, self._unparking = self.received_requests, True
        try:
            while self._parked and len(entries) - len(self._parked) < self.limits.max_in_flight:
                self._route(self._parked.pop(next(iter(self._parked))))
        finally:
            self._unparking = False

    def _emptied(self) -> None:
        """No request of the peer is in progress any more: tell whoever waits for that."""
        if self._leaving is not None:
            self._leaving.cancel()
            self.loop.call_soon(self.lost, None)
        if self._idle is not None and not self._idle.done():
            self._idle.set_result(None)

    def _relieve(self, link: Link) -> None:
        """Take nothing in while answers pile up. Only servers may: a client may be what the server waits for."""
        if not self._paused:
            self._paused = True
            link.pause()
            self.loop.spawn(self._resume_when_drained, link)

    async def _resume_when_drained(self, link: Link) -> None:
        await link.drain()
        self._paused = False
        link.resume()
