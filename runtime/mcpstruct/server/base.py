"""What every server is: something that a client can connect to, over any transport or none."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from mcpstruct.base.errors import MethodNotFound, ProtocolViolation
from mcpstruct.base.limits import DEFAULT_DEADLINES, DEFAULT_LIMITS, Deadlines, Limits
from mcpstruct.base.messages import MessageDecoder
from mcpstruct.base.methods import MethodInfo
from mcpstruct.session.freshness import STALE, Freshness
from mcpstruct.session.loop import Future, current_loop
from mcpstruct.session.serving import Connection, Handler
from mcpstruct.transport.base import Transport
from mcpstruct.transport.memory import MemoryLink, MemoryTransport
from mcpstruct.wire.eras import Revision, spoken
from mcpstruct.wire.headers import Annotation
from mcpstruct_bindings.merged.decode import client_decoder
from mcpstruct_bindings.merged.types import Implementation, ReadResourceResult, ServerCapabilities

from .context import Context
from .lifespan import Lifespan
from .notices import notice
from .state import StateSealer

if TYPE_CHECKING:
    from .http import HttpApp

NotificationHandler: TypeAlias = Callable[[Any, Context[Any]], object]
"""Gets the params of a notification and a context: who sent it, and how to talk to them."""
NotificationCallback: TypeAlias = Callable[[MethodInfo[Any, Any], Any, Context[Any]], object]
"""Gets every notification of clients: its method, its params and a context."""
DRAIN = 5.0
"""Seconds that requests in progress are given when a server is told to stop."""


class Server:
    """A server of any kind; subclasses say what it answers."""

    decoder: MessageDecoder[Any] = client_decoder
    discover_freshness: Freshness = STALE
    """For how long clients may remember what is offered."""
    mirrors = True
    """Whether clients may have to repeat arguments of some tool in HTTP headers."""
    guarded = True
    """Whether anything may take scopes: only then is it looked up what a request is about."""
    _sealer: StateSealer

    def __init__(
        self,
        info: Implementation,
        *,
        instructions: str | None = None,
        revisions: Iterable[str] | str | None = None,
        lifespan: Callable[[Any], AbstractAsyncContextManager[Any]] | None = None,
        on_notification: NotificationCallback | None = None,
        limits: Limits = DEFAULT_LIMITS,
        deadlines: Deadlines = DEFAULT_DEADLINES,
    ) -> None:
        self.info = info
        self.instructions = instructions
        self.revisions = spoken(revisions)
        self.handlers: dict[str, Handler] = {}
        self.custom: dict[str, MethodInfo[Any, Any]] = {}
        self.notification_handlers: dict[str, NotificationHandler] = {}
        self.lifespan = Lifespan(None if lifespan is None else lambda: lifespan(self))
        self.connections: set[Connection] = set()
        """Every client that is connected."""
        self._on_notification = on_notification
        self._limits = limits
        self._deadlines = deadlines
        self._ended: dict[Connection, Future[None]] = {}

    def capabilities(self, row: Revision) -> ServerCapabilities:
        """What the server offers to a client of a revision."""
        raise NotImplementedError

    # -- being connected to -------------------------------------------------------------------------------------------

    def connection(self) -> Connection:
        """The server's end of one more connection, yet to be opened."""
        connection = Connection(self, limits=self._limits, deadlines=self._deadlines)
        self.connections.add(connection)
        return connection

    def transport(self) -> Transport:
        """A way to this server within the process: `Client(server)`."""

        def accept(back: MemoryLink) -> Any:
            connection = self.connection()
            connection.core.attach(back)
            return connection.core

        return MemoryTransport(accept, self.lifespan.acquire)

    async def serve(self, transport: Transport) -> None:
        """Serve one client over a transport, until it leaves. Raises `ConnectFailed`."""
        leave = await self.lifespan.acquire()
        try:
            connection = self.connection()
            ended = self._ended[connection] = current_loop().future()
            try:
                await connection.core.open(transport)
                await ended
            finally:
                self._ended.pop(connection, None)
                self.connections.discard(connection)
                await connection.aclose()
        finally:
            await leave()

    async def stop(self, seconds: float = DRAIN) -> None:
        """Take no more requests, let those in progress finish for so long, and end every connection."""
        from .draining import drain

        for connection in list(self.connections):
            connection.stopping = True
            connection.subscriptions.close()
        await drain([connection.core for connection in self.connections], seconds)
        for connection in list(self.connections):
            await connection.aclose()

    def http_app(self, path: str = "/mcp", **options: Any) -> HttpApp:
        """This server as an ASGI application, for any ASGI server, alone or mounted in another application.

        `HttpOptions` (`mcpstruct.server.http`) says what else can be set. Without `allowed_hosts`, only requests to
        this machine's own names (`localhost`, `127.0.0.1`, `[::1]`) are let in.
        """
        from .http import HttpApp, HttpOptions

        return HttpApp(self, HttpOptions(path=path, **options))

    def run(self, transport: Literal["stdio", "streamable-http"] = "stdio", **options: Any) -> None:
        """Serve until SIGINT or SIGTERM comes, on an event loop of its own; over stdio, until the client leaves.

        `"streamable-http"` listens at `host="127.0.0.1"` and `port=8000`, with `path="/mcp"` and `workers=1`;
        `HttpServing` (`mcpstruct.server.http.running`) and `HttpOptions` say what else can be set. Raises `ValueError`
        for what does not go together, `OSError` where the address can't be had, `MissingExtra`.
        """
        from .running import run

        run(self, transport, **options)

    def share_key(self, key: bytes) -> None:
        """Seal the state of requests with this key, if the server was given none: for processes that share its work."""
        self._sealer.adopt(key)

    async def read(self, uri: str, context: Any) -> ReadResourceResult:
        """Read one of the server's own resources, on behalf of another request."""
        raise MethodNotFound("resources/read")

    def mirrored(self, tool: str) -> tuple[Annotation, ...] | None:
        """Which arguments of a tool clients repeat in HTTP headers; None for a tool that is not known."""
        return None

    def scopes(self, method: MethodInfo[Any, Any], params: Any) -> Iterable[str]:
        """What a token has to be good for, over HTTP, for a request to be served."""
        return ()

    # -- told by connections ------------------------------------------------------------------------------------------

    def notified(self, connection: Connection, method: MethodInfo[Any, Any], params: Any) -> None:
        """A client sent a notification: queue whoever wants to know."""
        handler, link = self.notification_handlers.get(method.name), connection.core.link
        if link is None or (handler is None and self._on_notification is None):
            return
        try:
            context: Context[Any] = Context(notice(connection, link, method, params), self, self._sealer)
        except ProtocolViolation as violation:  # `_meta` is decoded when it is first read
            connection.violation(violation)
            return
        if handler is not None:
            connection.core.inbox.put(handler, params, context)
        if self._on_notification is not None:
            connection.core.inbox.put(self._on_notification, method, params, context)

    def ended(self, connection: Connection) -> None:
        """A connection is over."""
        self.connections.discard(connection)
        ended = self._ended.get(connection)
        if ended is not None and not ended.done():
            ended.set_result(None)
