"""The ASGI application: what comes in is checked, and goes to the era that it belongs to."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct, field

from mcpstruct.base.errors import WrongEventLoop
from mcpstruct.session.loop import Loop, current_loop
from mcpstruct.wire.eras import PROTOCOL_VERSION, modern
from mcpstruct.wire.headers import PROTOCOL_VERSION_KEY, SESSION_ID_KEY

from .access import Door
from .asgi import WHOLE, Gone, Receive, Scope, Send, Whole, reply
from .by_uvicorn import offered
from .exchange import Exchange
from .expiry import Expiry
from .gate import Gate
from .http_sse import MESSAGES, STREAM, HttpSse
from .legacy import Legacy
from .modern import Modern
from .options import HttpOptions
from .request import HttpRequest, Refused, read_body
from .streams import EventStream
from .watching import Watch

if TYPE_CHECKING:
    from mcpstruct.server.base import Server

log = logging.getLogger("mcpstruct")
_ENDPOINT = "endpoint"
_METADATA = "metadata"
_DECLARED = PROTOCOL_VERSION.encode()
_NONE: Mapping[str, Any] = {}


class _Meta(Struct):
    declared: str | None = field(default=None, name=PROTOCOL_VERSION)


class _Params(Struct):
    meta: _Meta | None = field(default=None, name="_meta")


class _Message(Struct):
    params: _Params | None = None


def _declares(body: bytes) -> bool:
    """Whether a body names its version where modern ones do, and not in an argument; so does what is no message."""
    try:
        message = msgspec.json.decode(body, type=_Message)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return True
    return message.params is not None and message.params.meta is not None and message.params.meta.declared is not None


class _Running:
    """What there is of an application while it runs: made by its first request, on the event loop that serves it."""

    def __init__(self, server: Server, options: HttpOptions, leave: Callable[[], Awaitable[None]]) -> None:
        self.leave = leave
        self.loop: Loop = current_loop()
        self.watch = Watch(self.loop)
        self.modern = Modern(server, options)
        self.legacy = Legacy(server, options, self.modern.connection)
        self.http_sse = HttpSse(server, self.loop, options.keep_alive, options.max_sessions)


class HttpApp:
    """A server as an ASGI application, for clients of every revision that it speaks.

    It needs nothing of whatever it is mounted in: the first request starts it, `aclose` or the end of the ASGI lifespan
    ends it.
    """

    def __init__(self, server: Server, options: HttpOptions) -> None:
        self._server = server
        self._options = options
        self._gate = Gate(options)
        path = "/" + options.path.strip("/")
        self._places = dict.fromkeys((path, path.rstrip("/") + "/", path.rstrip("/")), _ENDPOINT)
        if options.http_sse:
            self._places.update({STREAM: STREAM, MESSAGES: MESSAGES})
        self._door: Door | None = None if options.auth is None else options.auth.door(options)
        if self._door is not None:
            self._places.update(dict.fromkeys(self._door.places, _METADATA))
        self._modern = frozenset(name.encode() for name in modern(server.revisions))
        self._only_modern = len(self._modern) == len(server.revisions)
        self._running: _Running | None = None
        self._closed = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI 3."""
        if scope["type"] != "http":
            await self._no_request(scope, receive, send)
            return
        headers: list[tuple[bytes, bytes]] = []
        try:
            request = HttpRequest.of(scope)
            place = self._places.get(request.path) or self._below_prefix(request)
            said, passed = self._gate.passed(request)
            headers = self._gate.check(request) if passed is None else passed
            if self._door is not None and (place == _METADATA or not self._door.recognizes(request)):
                if place == _METADATA:
                    await self._metadata(self._door, request, send, headers)
                    return
                headers = await self._admitted(self._door, request, headers)
            running = self._running
            if running is None or not running.loop.here:
                running = await self._begin()
            if place != _ENDPOINT or request.method != "POST":
                await self._other(running, place, request, receive, send, headers)
                return
            if passed is None:
                self._gate.check_post(request, said, headers)
            whole: Whole = scope.get("extensions", _NONE).get(WHOLE) or offered(send)
            body = whole.body(self._options.max_body) or await read_body(
                receive, request.headers, self._options, on_asyncio=running.loop.is_asyncio
            )
            exchange = self._take(running, request, body, headers)
            if not exchange.begin(whole):
                await exchange.respond(receive, send, running.watch)
        except Refused as refused:
            with suppress(Gone):
                await reply(send, refused.status, refused.body, [*headers, *refused.headers])
        except Gone:
            pass

    async def _no_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await self.start()
                except Exception as error:
                    log.exception("The server's lifespan did not begin")
                    await send({"type": "lifespan.startup.failed", "message": type(error).__name__})
                    return
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.aclose()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def start(self) -> None:
        """Set up what the server's lifespan sets up, unless that is done. Raises what that raises, and
        `WrongEventLoop` while the application serves another event loop.
        """
        self._closed = False
        await self._started()

    def _let_go(self) -> None:
        """Forget what ran on an event loop that has ended. Raises `WrongEventLoop` where that one still runs."""
        if self._running is None or self._running.loop.here:
            return
        if not self._running.loop.over:
            raise WrongEventLoop("the application serves another event loop; give each its own: server.http_app()")
        self._running = None
        for connection in [one for one in self._server.connections if one.core.loop.over]:
            self._server.connections.discard(connection)

    async def _started(self) -> _Running:
        self._let_go()
        if self._running is None:
            if self._closed:
                raise _stopped()
            leave = await self._server.lifespan.acquire()
            if self._closed:
                await leave()
                raise _stopped()
            if self._running is None:
                self._running = _Running(self._server, self._options, leave)
            else:  # another request was as early
                await leave()
        return self._running

    async def _begin(self) -> _Running:
        try:
            return await self._started()
        except (Refused, WrongEventLoop):
            raise
        except Exception:
            log.exception("The server's lifespan did not begin")
            raise Refused(503, "the server could not start") from None

    async def aclose(self) -> None:
        """End every stream and every session. Requests are refused until `start` is called again. Raises
        `WrongEventLoop` while the application serves another event loop.
        """
        self._let_go()
        self._closed = True
        running, self._running = self._running, None
        if running is not None:
            await running.http_sse.aclose()
            await running.legacy.aclose()
            await running.modern.aclose()
            await running.leave()

    # -- requests -----------------------------------------------------------------------------------------------------

    async def _admitted(
        self, door: Door, request: HttpRequest, headers: list[tuple[bytes, bytes]]
    ) -> list[tuple[bytes, bytes]]:
        """Let a request in, if it has a token that opens; gives the headers of the answer. Raises `Refused`."""
        return headers if request.method == "OPTIONS" else [*headers, *await door.admit(request)]

    async def _metadata(self, door: Door, request: HttpRequest, send: Send, headers: list[tuple[bytes, bytes]]) -> None:
        """Who authorizes requests: for everybody to know."""
        if request.method == "OPTIONS":
            await reply(send, 204, headers=[*headers, *self._gate.preflight(request)])
        elif request.method not in ("GET", "HEAD"):
            raise Refused(405, "no such method", [(b"allow", b"GET, HEAD")])
        else:
            told = [*headers, (b"cache-control", b"max-age=3600")]
            await reply(send, 200, door.metadata, told, head=request.method == "HEAD")

    async def _other(
        self,
        running: _Running,
        place: str,
        request: HttpRequest,
        receive: Receive,
        send: Send,
        headers: list[tuple[bytes, bytes]],
    ) -> None:
        """Whatever is no POST to the endpoint."""
        if place != _ENDPOINT:
            await self._http_sse(running, place, request, receive, send, headers)
        elif request.method == "GET":
            await self._get(running, request, receive, send, headers)
        elif request.method == "DELETE":
            await self._delete(running, request, send, headers)
        elif request.method == "OPTIONS":
            await reply(send, 204, headers=[*headers, *self._gate.preflight(request)])
        else:
            raise Refused(405, "no such method", [(b"allow", self._allowed)])

    def _below_prefix(self, request: HttpRequest) -> str:
        """What a path leads to below the prefix that the application is mounted at."""
        root = request.scope.get("root_path", "").rstrip("/")
        place = self._places.get(request.path[len(root) :]) if root and request.path.startswith(root) else None
        if place is None:
            raise Refused(404, "not found")
        return place

    @property
    def _allowed(self) -> bytes:
        return b"GET, POST, DELETE" if self._has_sessions else b"POST"

    @property
    def _has_sessions(self) -> bool:
        return self._options.sessions and not self._only_modern

    def _take(
        self, running: _Running, request: HttpRequest, body: bytes, headers: list[tuple[bytes, bytes]]
    ) -> Exchange:
        """Begin to answer a POST, in the era that it belongs to: its header says, or else its body."""
        if self._closed:  # meanwhile: nobody would answer
            raise _stopped()
        fields = request.headers
        if self._only_modern or fields.get(PROTOCOL_VERSION_KEY) in self._modern:
            era: Modern | Legacy = running.modern
        elif SESSION_ID_KEY in fields:  # there the words that tell a modern body may be anybody's
            era = running.legacy
        else:
            era = running.modern if self._is_modern(body) else running.legacy
        exchange = era.take(request, body)
        exchange.access = request.access
        if headers:
            exchange.headers.extend(headers)
        return exchange

    def _is_modern(self, body: bytes) -> bool:
        """Whether a POST belongs to the modern era whose header does not say so: if its body names a version."""
        return bool(self._modern) and _DECLARED in body and _declares(body)

    async def _get(
        self, running: _Running, request: HttpRequest, receive: Receive, send: Send, headers: list[tuple[bytes, bytes]]
    ) -> None:
        if not self._has_sessions:
            raise Refused(405, "there are no streams to GET", [(b"allow", self._allowed)])
        self._gate.check_get(request)

        def expired() -> None:
            stream.detach(events)  # first: what comes now is kept for when the client is back
            events.end()

        session, stream, after = running.legacy.listened(request)
        events = EventStream(running.loop, self._options.keep_alive, lambda: stream.detach(events))
        await stream.resume(events, after, primed=session.primed)
        watcher = running.loop.spawn(events.until_gone, receive)
        expiry = Expiry(running.loop, request.access, expired)
        try:
            await events.send_to(send, headers)
        finally:
            watcher.cancel()
            expiry.cancel()
            stream.detach(events)

    async def _delete(
        self, running: _Running, request: HttpRequest, send: Send, headers: list[tuple[bytes, bytes]]
    ) -> None:
        if not self._has_sessions:
            raise Refused(405, "there are no sessions", [(b"allow", self._allowed)])
        await running.legacy.sessions.close(running.legacy.ended(request))
        await reply(send, 204, headers=headers)

    async def _http_sse(
        self,
        running: _Running,
        place: str,
        request: HttpRequest,
        receive: Receive,
        send: Send,
        headers: list[tuple[bytes, bytes]],
    ) -> None:
        """The two places of the transport of 2024-11-05."""
        if request.method == "OPTIONS":
            await reply(send, 204, headers=[*headers, *self._gate.preflight(request)])
        elif request.method != ("GET" if place == STREAM else "POST"):
            raise Refused(405, "no such method", [(b"allow", b"GET" if place == STREAM else b"POST")])
        elif place == STREAM:
            self._gate.check_get(request)
            await running.http_sse.stream(request, receive, send, headers)
        else:
            self._gate.check_json(request)
            body = await read_body(receive, request.headers, self._options, on_asyncio=running.loop.is_asyncio)
            if self._closed:
                raise _stopped()
            running.http_sse.take(request, body)
            await reply(send, 202, headers=headers)


def _stopped() -> Refused:
    return Refused(503, "the server has stopped")


def http_app(server: Server, **options: Any) -> HttpApp:
    """A server as an ASGI application; see `HttpOptions` for what can be set."""
    return HttpApp(server, HttpOptions(**options))
