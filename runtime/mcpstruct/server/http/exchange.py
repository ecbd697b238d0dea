"""One POST and its answer: a JSON body, or a stream of events once anything is sent before the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextvars import Context, copy_context
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from mcpstruct.base.envelope import ErrorObject, RequestId
from mcpstruct.base.errors import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    MISSING_CAPABILITY,
    PARSE_ERROR,
    UNSUPPORTED_VERSION,
    ConnectionLost,
    MethodNotInRevision,
)
from mcpstruct.base.methods import MethodInfo
from mcpstruct.session.links import encoded_error, encoded_notification, encoded_result
from mcpstruct.session.loop import Cancellable, Future, Loop
from mcpstruct.session.turns import Guest, Work
from mcpstruct.wire.sse import KEEP_ALIVE, encode_event

from .asgi import JSON, Gone, Receive, Send, Whole, reply
from .expiry import Expiry
from .options import HttpOptions
from .streams import EVENTS, EventStream

if TYPE_CHECKING:
    from mcpstruct.session.incoming import Incoming

    from .access import Access
    from .watching import Watch

MODERN_STATUSES: Mapping[int, int] = MappingProxyType(
    {
        PARSE_ERROR: 400,
        INVALID_REQUEST: 400,
        INVALID_PARAMS: 400,
        METHOD_NOT_FOUND: 404,
        HEADER_MISMATCH: 400,
        MISSING_CAPABILITY: 400,
        UNSUPPORTED_VERSION: 400,
    }
)


class Exchange(Struct, eq=False):
    """A `Link` for one request: whatever belongs to it goes out with its answer, and nothing else does."""

    as_bytes = True

    loop: Loop
    options: HttpOptions
    statuses: Mapping[int, int] = MODERN_STATUSES
    headers: list[tuple[bytes, bytes]] = []
    """More headers for the answer."""
    alone: bool = True
    """Whether the answer is one message that may go out by itself."""
    events: EventStream | None = None
    """The stream, if it has come to that."""
    incoming: Incoming | None = None
    """The request, while it is in progress."""
    access: Access | None = None
    """What the request was let in by."""
    _done: bool = False
    _body: bytes = b""
    _kind: tuple[tuple[bytes, bytes], ...] = JSON
    _status: int = 202
    _outcome: Future[None] | None = None
    _guest: Guest | None = None
    _send: Send | None = None
    _context: Context | None = None
    _sending: asyncio.Task[None] | None = None
    _watcher: Cancellable | None = None
    _patience: Cancellable | None = None
    _expiry: Cancellable | None = None

    # -- see `Link` ---------------------------------------------------------------------------------------------------

    def request(self, request_id: RequestId, method: MethodInfo[Any, Any], params: Any) -> None:
        """See `Link`: there are none in this era."""
        raise MethodNotInRevision(method.name, "streams of the modern era")

    def notification(self, method: MethodInfo[Any, Any], params: Any) -> None:
        """See `Link`."""
        self._push(encoded_notification(method, params))

    def result(self, request_id: RequestId, result: Any) -> None:
        """See `Link`."""
        message = encoded_result(request_id, result)
        if self.events is not None or self._done or not self.alone:
            self._answer(message, 200)
            return
        # What `_answer` does then, in three calls fewer.
        if self.options.always_stream:
            message, self._kind = encode_event(message), EVENTS
        self._body, self._status = message, 200
        self._done, self.incoming = True, None
        if self._outcome is not None:
            self._settle()

    def error(self, request_id: RequestId | None, error: ErrorObject) -> None:
        """See `Link`."""
        self._answer(encoded_error(request_id, error), self.statuses.get(error.code, 200))

    def called_off(self, request_id: RequestId) -> None:
        """See `Link`: there is no answer, since the client is gone, or the server is about to be."""
        self._status = 503
        self._finish()

    def accept(self) -> None:
        """What came wants no answer."""
        self._finish()

    @property
    def congested(self) -> bool:
        """See `Link`."""
        return self.events is not None and self.events.congested

    async def drain(self) -> None:
        """See `Link`."""
        if self.events is not None:
            await self.events.drain()

    def pause(self) -> None:
        """See `Link`: there is nothing more to come."""

    def resume(self) -> None:
        """See `Link`."""

    async def aclose(self) -> None:
        """See `Link`."""
        self._finish()

    # -- what goes out ------------------------------------------------------------------------------------------------

    def start(self, work: Work, args: tuple[Any, ...], name: str) -> Cancellable:
        """Begin what answers the request: in the task that is about to wait for the answer, if there is such a task.

        See `Loop.start`.
        """
        if self._outcome is not None or self._guest is not None or not self.loop.is_asyncio:
            return self.loop.start(work, args, name)
        self._guest = Guest(work, args)
        return self._guest

    def _push(self, message: bytes) -> None:
        if self._done:
            raise ConnectionLost("the request has been answered")
        self._open_stream().push(encode_event(message))
        self._send_meanwhile()

    def _send_meanwhile(self) -> None:
        """Send events while the task that would is at work on the answer."""
        if self.events is not None and self._sending is None and self._guest is not None and self._send is not None:
            # Not with the context variables of the handler: an ASGI server's timers would keep them for a while.
            coroutine = self.events.send_to(self._send, self.headers)
            self._sending = asyncio.create_task(coroutine, context=self._context)
            self._sending.add_done_callback(self._sent)

    def _sent(self, sending: asyncio.Task[None]) -> None:
        if (sending.cancelled() or sending.exception() is not None) and not self._done:
            self.left()

    def _open_stream(self) -> EventStream:
        if self.events is None:
            self.events = EventStream(self.loop, self.options.keep_alive, self.left)
            self._settle()
        return self.events

    def _answer(self, message: bytes, status: int) -> None:
        if self._done:
            raise ConnectionLost("the client is gone")
        if self.events is not None:
            self.events.push(encode_event(message))
        elif self.options.always_stream and status == 200:  # one that is over as it begins
            self._body, self._status, self._kind = encode_event(message), status, EVENTS
        else:
            self._body, self._status = message, status
        self._finish()

    def _finish(self) -> None:
        self._done = True
        self.incoming = None  # which refers back: no cycle is left for the garbage collector
        if self.events is not None:
            self.events.end()
        self._settle()

    def _settle(self) -> None:
        if self._outcome is not None and not self._outcome.done():
            self._outcome.set_result(None)

    # -- the client's end ---------------------------------------------------------------------------------------------

    def begin(self, whole: Whole) -> bool:
        """Do what needs no waiting; whether the answer was there then, and has been sent."""
        guest = self._guest
        if guest is not None and guest.begin():
            self._guest = None  # which refers back, as above
        if self._body and not self.headers:
            return whole.answer(self._status, self._kind, self._body)
        return False

    async def respond(self, receive: Receive, send: Send, watch: Watch) -> None:
        """Send the answer, once it begins to come; a client that leaves before that calls the request off. Raises
        `Gone`.
        """
        if not self._body or self.headers:
            await self._respond_later(receive, send, watch)
            return
        # The hot path of other servers than our own: nothing to wait for, and nobody to watch meanwhile.
        length = (b"content-length", b"%d" % len(self._body))
        try:
            await send({"type": "http.response.start", "status": self._status, "headers": [*self._kind, length]})
            await send({"type": "http.response.body", "body": self._body})
        except OSError:
            raise Gone from None

    async def _respond_later(self, receive: Receive, send: Send, watch: Watch) -> None:
        guest = self._guest
        watch.add(self, receive)
        try:
            if guest is not None:
                self._send, self._context = send, copy_context()
                self._send_meanwhile()
                await guest.rest()
            self._guest = None
            if not self._done and self.events is None:
                self._outcome = self.loop.future()
                await self._outcome
            if self._sending is not None:
                await self._sending
            elif self.events is not None:
                await self.events.send_to(send, self.headers)
            else:
                await reply(send, self._status, self._body, self.headers, kind=self._kind)
        finally:
            watch.remove(self)
            for work in (self._watcher, self._patience, self._expiry, self._sending):
                if work is not None:
                    work.cancel()
            if not self._done:
                self.left()

    def linger(self, receive: Receive) -> None:
        """The answer takes its time: notice from now on if the client leaves, and do not leave it in silence."""
        self._watcher = self.loop.spawn(self._notice, receive)
        self._patience = self.loop.call_later(self.options.keep_alive, self._show_life)
        self._expiry = Expiry(self.loop, self.access, self.expired)

    def _show_life(self) -> None:
        """Somebody on the way may take silence for the end: the answer will be a stream, which is never silent long."""
        if not self._done and self.events is None:
            self._open_stream().push(KEEP_ALIVE)
            self._send_meanwhile()

    def expired(self) -> None:
        """The token has ended. What was let in is answered; what would go on for ever ends."""
        if self.incoming is not None and self.incoming.close is not None:
            self.incoming.close()

    async def _notice(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._watcher = None
        if not self._done:
            self.left()

    def left(self) -> None:
        """The client is gone, and that calls the request off."""
        if self.events is not None:
            self.events.discard()
        if self.incoming is not None:
            self.incoming.cancel("the client closed the stream")
        self._finish()
