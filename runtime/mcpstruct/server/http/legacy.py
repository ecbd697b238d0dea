"""Requests of clients with a handshake: in their sessions, or alone where the server keeps none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import UNSET, field

from mcpstruct.base.envelope import ErrorObject, RequestId
from mcpstruct.base.errors import ConnectionLost, ProtocolViolation
from mcpstruct.base.messages import raw_envelope
from mcpstruct.base.methods import MethodInfo
from mcpstruct.session.core import Core
from mcpstruct.session.incoming import Incoming
from mcpstruct.session.links import encoded_error, encoded_request
from mcpstruct.session.reading import Arrived
from mcpstruct.session.serving import Connection
from mcpstruct.wire.eras import WITHOUT_HEADER, legacy, revision
from mcpstruct.wire.headers import LAST_EVENT_ID_KEY, PROTOCOL_VERSION_KEY, SESSION_ID_KEY
from mcpstruct.wire.sse import encode_event
from mcpstruct_bindings.merged import methods

from .access import demand, principal_of
from .events import EventStore, MemoryEvents
from .exchange import Exchange
from .nobody import Nobody
from .options import HttpOptions
from .request import HttpRequest, Refused
from .sessions import STANDALONE, Session, Sessions, SessionStream
from .streams import EventStream

if TYPE_CHECKING:
    from mcpstruct.server.base import Server


class SessionExchange(Exchange, kw_only=True):
    """One POST in a session. A client that leaves calls nothing off, and may come back for the rest of a stream."""

    session: Session
    batch: bool = False
    """Whether several messages came, so that the answers go out as an array."""
    _stream: SessionStream | None = None
    _expected: int = 0
    _answers: list[bytes] = field(default_factory=list[bytes])

    def expect(self, answers: int) -> None:
        """How many requests there are to be answered; with none, all is said."""
        self._expected = answers
        if answers == 0:
            self._finish()

    def request(self, request_id: RequestId, method: MethodInfo[Any, Any], params: Any) -> None:
        """See `Link`."""
        self._push(encoded_request(request_id, method, params))

    def called_off(self, request_id: RequestId) -> None:
        """See `Link`: one answer less to wait for."""
        if self.session.connection.core.ended:
            self._status = 503
        self._expected -= 1
        self._finish_if_complete()

    def hang_up(self, retry: int | None) -> None:
        """Let the client go; it comes back for the rest after `retry` milliseconds, if it knows how to."""
        if self._done or not self.session.primed:
            return
        stream = self._streaming()
        if self.events is not None and not self.events.over:
            self.events.push(encode_event(b"", retry=self.options.retry if retry is None else retry))
            stream.detach(self.events)
            self.events.end()

    def expired(self) -> None:
        """The token has ended: the client comes back for the rest with another, if it knows how to."""
        self.hang_up(None)

    def _streaming(self) -> SessionStream:
        if self._stream is None:
            if self._done:
                raise ConnectionLost("the client is gone")
            self._stream = self.session.new_stream()
            self.events = EventStream(self.loop, self.options.keep_alive, self.left)
            self._stream.attach(self.events, primed=self.session.primed)
            self._settle()
        return self._stream

    def _open_stream(self) -> EventStream:
        self._streaming()
        return super()._open_stream()

    def _push(self, message: bytes) -> None:
        self._streaming().push(message)
        self._send_meanwhile()

    def _answer(self, message: bytes, status: int) -> None:
        self._expected -= 1
        if self._stream is not None or (self.options.always_stream and not self._done):
            self._streaming().push(message)
        elif self._done:
            raise ConnectionLost("the client is gone")
        else:
            self._answers.append(message)
        self._finish_if_complete()

    def _finish_if_complete(self) -> None:
        if self._expected > 0:
            return
        if self._answers and self._stream is not None:  # the first ones were ready before there was a stream
            for message in self._answers:
                self._stream.push(message)
        elif self._answers:
            self._status = 200
            self._body = b"[" + b",".join(self._answers) + b"]" if self.batch else self._answers[0]
        self._answers = []
        if self._stream is not None:
            self._stream.end()
        self._finish()

    def left(self) -> None:
        """The client is gone, which by itself calls nothing off."""
        if self.events is not None and self._stream is not None:
            self._stream.detach(self.events)
            self.events.discard()
        self._finish()


class Legacy:
    """All that clients with a handshake ask."""

    def __init__(self, server: Server, options: HttpOptions, reader: Connection) -> None:
        """`reader` reads what belongs to no session (yet)."""
        self._server = server
        self._options = options
        self._reader = reader
        self._store: EventStore = options.events or MemoryEvents()
        self.sessions = Sessions(options, self._store)
        self._revisions = legacy(server.revisions)
        self._alone = not options.always_stream  # or else each answer is an event of a stream, which may be resumed
        self._spoken = frozenset((None, *(name.encode() for name in self._revisions)))
        self._sessionless: dict[str, Connection] = {}

    def take(self, request: HttpRequest, body: bytes) -> Exchange:
        """Begin to answer a POST. Raises `Refused`."""
        if request.headers.get(PROTOCOL_VERSION_KEY) not in self._spoken:  # most say it as it is written there
            self._version(request)
        session_id = request.header(SESSION_ID_KEY)
        if session_id is not None and self._options.sessions:
            return self._within(self._found(session_id, request), request, body)
        try:
            arrived = self._reader.core.reader.read(body)
        except ProtocolViolation as violation:
            raise _unreadable(self._reader, violation) from None
        if arrived is not None and arrived.method is methods.INITIALIZE and arrived.id is not None:
            return self._open(arrived, arrived.id, request)
        if self._options.sessions:
            raise Refused(400, "Mcp-Session-Id is missing: begin with initialize")
        return self._outside(self._version(request) or WITHOUT_HEADER, request, arrived)

    def _version(self, request: HttpRequest) -> str | None:
        version = request.header(PROTOCOL_VERSION_KEY)
        if version is not None and version not in self._revisions:
            raise Refused(400, "MCP-Protocol-Version names a revision that this server does not speak")
        return version

    # -- with sessions ------------------------------------------------------------------------------------------------

    def _found(self, session_id: str, request: HttpRequest) -> Session:
        session = self.sessions.get(session_id, request.principal)
        if session is None:
            raise Refused(404, "there is no such session")
        return session

    def _open(self, arrived: Arrived, request_id: RequestId, request: HttpRequest) -> Exchange:
        connection = self._server.connection()
        core = connection.core
        session = self.sessions.new(connection, request.principal)
        exchange = SessionExchange(core.loop, self._options, alone=self._alone, session=session)
        exchange.expect(1)
        core.take(Incoming(core, request_id, arrived.method, arrived.params, exchange, request_id))
        if connection.session is None or not self._options.sessions:
            core.lost(None)
        else:
            self.sessions.add(session)
            exchange.headers.append((SESSION_ID_KEY, session.id.encode()))
        return exchange

    def _within(self, session: Session, request: HttpRequest, body: bytes) -> Exchange:
        """What one POST in a session brings."""
        core = session.connection.core
        if core.batches and body.lstrip()[:1] == b"[":
            return self._batch(session, request, body)
        exchange = SessionExchange(core.loop, self._options, alone=self._alone, session=session)
        try:
            arrived = core.reader.read(body)
        except ProtocolViolation as violation:
            raise _unreadable(session.connection, violation) from None
        if self._server.guarded:
            demand(self._server, request, arrived or body)
        principal = session.connection.principal = principal_of(request)
        if arrived is not None and arrived.id is not None:
            exchange.expect(1)
            key = arrived.id
            core.take(Incoming(core, key, arrived.method, arrived.params, exchange, key, principal, exchange.start))
        else:
            exchange.expect(0)
            if arrived is None:
                core.received(body)
            else:
                core.take_notification(arrived.method, arrived.params)
        return exchange

    def _batch(self, session: Session, request: HttpRequest, body: bytes) -> Exchange:
        """Several messages, whose answers go out as an array."""
        core = session.connection.core
        try:
            arrived = [_member(core, part) for part in core.reader.split(body)]
        except ProtocolViolation as violation:
            raise _unreadable(session.connection, violation) from None
        if not arrived:
            raise Refused(400, "an empty batch")
        if self._server.guarded:
            for one in arrived:
                demand(self._server, request, one)
        principal = session.connection.principal = principal_of(request)
        exchange = SessionExchange(core.loop, self._options, alone=False, session=session, batch=True)
        exchange.expect(sum(isinstance(one, ProtocolViolation) or _is_request(one) for one in arrived))
        for one in arrived:
            if isinstance(one, bytes):
                core.received(one)
            elif isinstance(one, ProtocolViolation):
                exchange.error(one.request_id, ErrorObject(one.code, one.message))
            elif one.id is not None:
                core.take(Incoming(core, one.id, one.method, one.params, exchange, one.id, principal, exchange.start))
            else:
                core.take_notification(one.method, one.params)
        return exchange

    # -- without ------------------------------------------------------------------------------------------------------

    def _outside(self, version: str, request: HttpRequest, arrived: Arrived | None) -> Exchange:
        """A request in no session, where the server keeps none."""
        if version not in self._revisions:
            raise Refused(400, "MCP-Protocol-Version is missing")
        connection = self._sessionless.get(version)
        if connection is None:
            connection = self._sessionless[version] = self._server.connection()
            connection.session = revision(version)
            connection.core.attach(Nobody())
        core = connection.core
        exchange = Exchange(core.loop, self._options, statuses={})
        if arrived is None:
            raise Refused(400, "nobody waits for this answer")
        if self._server.guarded:
            demand(self._server, request, arrived)
        if arrived.id is None:
            exchange.accept()
        else:
            principal = principal_of(request)
            core.take(
                Incoming(
                    core, arrived.id, arrived.method, arrived.params, exchange, exchange, principal, exchange.start
                )
            )
            connection.forget()
        return exchange

    # -- other methods than POST --------------------------------------------------------------------------------------

    def listened(self, request: HttpRequest) -> tuple[Session, SessionStream, int]:
        """The stream that a GET asks for, and the number of the last message that the client has. Raises `Refused`."""
        session = self._required(request)
        last = request.header(LAST_EVENT_ID_KEY)
        if last is None:
            return session, session.standalone, session.standalone.sent
        number, _, after = last.partition("-")
        if not (number.isdecimal() and after.isdecimal() and len(last) < 40):
            raise Refused(400, "Last-Event-ID is none of this server's")
        stream = session.standalone if int(number) == STANDALONE else session.streams.get(int(number))
        if stream is None or int(after) > stream.last:
            # Not 404, by which a client is told to open another session.
            raise Refused(400, "there is no such stream (any more)")
        return session, stream, int(after)

    def ended(self, request: HttpRequest) -> Session:
        """The session that a DELETE ends. Raises `Refused`."""
        return self._required(request)

    def _required(self, request: HttpRequest) -> Session:
        self._version(request)
        session_id = request.header(SESSION_ID_KEY)
        if session_id is None:
            raise Refused(400, "Mcp-Session-Id is missing")
        return self._found(session_id, request)

    async def aclose(self) -> None:
        """End every session."""
        await self.sessions.aclose()
        for connection in self._sessionless.values():
            await connection.aclose()
        self._sessionless.clear()


def _is_request(one: Any) -> bool:
    return isinstance(one, Arrived) and one.id is not None


def _member(core: Core, part: bytes) -> Arrived | bytes | ProtocolViolation:
    """One member of a batch; a response as it came."""
    try:
        return core.reader.read(part) or part
    except ProtocolViolation as violation:
        return violation


def _unreadable(connection: Connection, violation: ProtocolViolation) -> Refused:
    """The answer to what is no message; one with an id and a method is answered as the request that it was meant to
    be.
    """
    connection.violation(violation)
    request_id = violation.request_id
    if request_id is not None and raw_envelope(violation.data).method is UNSET:
        request_id = None  # no request, but a response that is none
    error = encoded_error(request_id, ErrorObject(violation.code, violation.message))
    return Refused(200 if request_id is not None else 400, "", body=error)
