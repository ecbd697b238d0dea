"""Sessions of clients that opened with a handshake, and the streams that belong to them."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from typing import Any

from mcpstruct.base.envelope import ErrorObject, RequestId
from mcpstruct.base.methods import MethodInfo
from mcpstruct.session.links import encoded_error, encoded_notification, encoded_request, encoded_result
from mcpstruct.session.serving import Connection
from mcpstruct.wire.sse import encode_event

from .events import EventStore
from .options import HttpOptions
from .streams import EventStream

STANDALONE = 0
"""The number of the stream for whatever belongs to no request."""


class SessionStream:
    """One stream of a session: its messages are kept, so that a client that lost its connection gets them still."""

    __slots__ = ("_key", "_live", "_store", "last", "number", "over", "sent")

    def __init__(self, session_id: str, number: int, store: EventStore) -> None:
        self.number = number
        self._key = f"{session_id}/{number}"
        self._store = store
        self._live: EventStream | None = None
        self.last = 0
        """The number of the last message."""
        self.sent = 0
        """The number of the last message that went out to some client's connection."""
        self.over = False

    @property
    def live(self) -> bool:
        """Whether somebody reads it now."""
        return self._live is not None

    def push(self, message: bytes) -> None:
        """Send a message, or keep it for when the client comes back."""
        self.last += 1
        self._store.append(self._key, self.last, message)
        if self._live is not None:
            self.sent = self.last
            self._live.push(encode_event(message, id=self._id(self.last)))

    def end(self) -> None:
        """Nothing follows."""
        self.over = True
        if self._live is not None:
            self._live.end()
            self._live = None

    def attach(self, events: EventStream, *, primed: bool) -> None:
        """Send over this connection from now on; `primed` tells the client at once what to come back with."""
        if self._live is not None:
            self._live.end()
        self._live = events
        if primed:
            events.push(encode_event(b"", id=self._id(self.last)))

    def detach(self, events: EventStream) -> None:
        """This connection is no more."""
        if self._live is events:
            self._live = None

    async def resume(self, events: EventStream, after: int, *, primed: bool) -> None:
        """Send what came after a message over this connection, and go on from there."""
        if primed:
            events.push(encode_event(b"", id=self._id(after)))
        while after < self.last:
            missed = await self._store.after(self._key, after)
            if not missed:
                break  # they are gone
            # At once, or those that wait for their turn would look like those of a client that does not read.
            events.push(b"".join(encode_event(message, id=self._id(number)) for number, message in missed))
            after = missed[-1][0]
        self.sent = self.last
        self.attach(events, primed=False)
        if self.over:
            events.end()

    def drop(self) -> None:
        """Forget what was kept."""
        self._store.drop(self._key)

    def _id(self, number: int) -> str:
        return f"{self.number}-{number}"


class Session:
    """One client, from its `initialize` on. As a `Link`, it is the way out for what belongs to no request."""

    __slots__ = ("_last_stream", "_options", "_store", "connection", "id", "on_close", "principal", "streams", "used")
    as_bytes = True
    congested = False

    def __init__(self, connection: Connection, options: HttpOptions, store: EventStore, principal: str | None) -> None:
        self.id = secrets.token_urlsafe(24)
        self.connection = connection
        self.principal = principal
        self._options = options
        self._store = store
        self._last_stream = STANDALONE
        self.streams: dict[int, SessionStream] = {}
        self.used = connection.core.loop.time()
        """When it was used last, on the loop's clock."""
        self.on_close: Callable[[Session], object] | None = None
        connection.core.attach(self)

    @property
    def busy(self) -> bool:
        """Whether a request is in progress, or a stream is open."""
        return bool(self.connection.core.received_requests) or any(s.live for s in self.streams.values())

    @property
    def primed(self) -> bool:
        """Whether the client knows what an event with an id and no data is for."""
        row = self.connection.session
        return row is not None and row.polling

    def new_stream(self) -> SessionStream:
        """A stream for the answer to a POST. Those that are over go when there are many."""
        self._last_stream += 1
        for number in [n for n, s in self.streams.items() if s.over and n <= self._last_stream - _KEPT]:
            self.streams.pop(number).drop()
        stream = self.streams[self._last_stream] = SessionStream(self.id, self._last_stream, self._store)
        return stream

    @property
    def standalone(self) -> SessionStream:
        """The stream for whatever belongs to no request."""
        stream = self.streams.get(STANDALONE)
        if stream is None:
            stream = self.streams[STANDALONE] = SessionStream(self.id, STANDALONE, self._store)
        return stream

    # -- see `Link` ---------------------------------------------------------------------------------------------------

    def request(self, request_id: RequestId, method: MethodInfo[Any, Any], params: Any) -> None:
        """See `Link`."""
        self.standalone.push(encoded_request(request_id, method, params))

    def notification(self, method: MethodInfo[Any, Any], params: Any) -> None:
        """See `Link`."""
        self.standalone.push(encoded_notification(method, params))

    def result(self, request_id: RequestId, result: Any) -> None:
        """See `Link`: answers go out with their POSTs."""
        raise AssertionError(encoded_result(request_id, result))

    def error(self, request_id: RequestId | None, error: ErrorObject) -> None:
        """See `Link`: answers go out with their POSTs."""
        raise AssertionError(encoded_error(request_id, error))

    def called_off(self, request_id: RequestId) -> None:
        """See `Link`."""

    async def drain(self) -> None:
        """See `Link`."""

    def pause(self) -> None:
        """See `Link`."""

    def resume(self) -> None:
        """See `Link`."""

    async def aclose(self) -> None:
        """See `Link`."""
        for stream in self.streams.values():
            stream.end()
            stream.drop()
        self.streams.clear()
        if self.on_close is not None:
            self.on_close(self)


_KEPT = 32
"""Streams that are over, but may be asked for by a client that lost its connection at the end."""
_LOOKED_AT = 64
"""Sessions among which one is looked for that is not busy, where there are too many: to look at all takes long."""


class Sessions:
    """Every session of a server, by id."""

    def __init__(self, options: HttpOptions, store: EventStore) -> None:
        self._options = options
        self._store = store
        self._sessions: OrderedDict[str, Session] = OrderedDict()  # that was used last which stands last
        self._sweeping = False

    def __len__(self) -> int:
        return len(self._sessions)

    def new(self, connection: Connection, principal: str | None) -> Session:
        """A session that nobody knows yet."""
        return Session(connection, self._options, self._store, principal)

    def add(self, session: Session) -> None:
        """Let it be used; the one that was idle longest gives way if there are too many."""
        loop = session.connection.core.loop
        if len(self._sessions) >= self._options.max_sessions:
            first = list(islice(self._sessions.values(), _LOOKED_AT))
            oldest = next((session for session in first if not session.busy), first[0])
            self._forget(oldest)
            loop.spawn(self.close, oldest)
        self._sessions[session.id] = session
        session.on_close = self._forget
        if not self._sweeping:
            self._sweeping = True
            loop.call_later(self._period, self._sweep, loop)

    def get(self, session_id: str, principal: str | None) -> Session | None:
        """The session of a client; None for one that there is not (any more), or that is somebody else's."""
        session = self._sessions.get(session_id)
        if session is None or session.principal != principal:
            return None
        session.used = session.connection.core.loop.time()
        self._sessions.move_to_end(session_id)
        return session

    async def close(self, session: Session) -> None:
        """End a session."""
        self._forget(session)
        await session.connection.aclose()

    async def aclose(self) -> None:
        """End all of them."""
        while self._sessions:
            await self.close(next(iter(self._sessions.values())))

    def _forget(self, session: Session) -> None:
        self._sessions.pop(session.id, None)

    @property
    def _period(self) -> float:
        return max(self._options.session_idle / 10, 0.01)

    def _sweep(self, loop: Any) -> None:
        """End those that nobody has used for long."""
        now = loop.time()
        for session in list(self._sessions.values()):
            if session.busy:
                session.used = now
                self._sessions.move_to_end(session.id)
            elif now - session.used > self._options.session_idle:
                with suppress(KeyError):
                    del self._sessions[session.id]
                loop.spawn(session.connection.aclose)
        self._sweeping = bool(self._sessions)
        if self._sweeping:
            loop.call_later(self._period, self._sweep, loop)
