"""The server's side of one connection, in both eras at once: a request that names its revision is served on its own,
and `initialize` opens a session for those that do not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, Protocol

from msgspec import Raw

from mcpstruct.base.check import is_object
from mcpstruct.base.envelope import ErrorObject
from mcpstruct.base.errors import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    UNSUPPORTED_VERSION,
    ConnectionLost,
    ProtocolViolation,
)
from mcpstruct.base.limits import DEFAULT_DEADLINES, DEFAULT_LIMITS, Deadlines, Limits
from mcpstruct.base.messages import MessageDecoder
from mcpstruct.base.methods import MethodInfo
from mcpstruct.wire.eras import (
    CLIENT_CAPABILITIES,
    PROTOCOL_VERSION,
    SEVERITY,
    Revision,
    declared_revision,
    legacy,
    modern,
    revision,
)
from mcpstruct_bindings.merged import methods
from mcpstruct_bindings.merged.types import (
    DiscoverResult,
    EmptyResult,
    Implementation,
    InitializeRequestParams,
    InitializeResult,
    ServerCapabilities,
)

from .backlog import Backlog
from .complaints import Complaints
from .core import Core
from .freshness import Freshness
from .incoming import Incoming
from .principal import Principal
from .request import SILENT, ServerRequest
from .stamping import stamp
from .subscriptions import Subscriptions

Handler = Callable[[Any, ServerRequest], Awaitable[Any]]
_NO_META: tuple[Mapping[str, Any], Revision | None] = ({}, None)


class Service(Protocol):
    """What is served: by a framework, or by generated handlers that somebody filled in."""

    @property
    def info(self) -> Implementation:
        """The server's name and version."""
        ...

    @property
    def instructions(self) -> str | None:
        """How to use the server, for the model."""
        ...

    @property
    def revisions(self) -> tuple[str, ...]:
        """The revisions that are spoken, newest first."""
        ...

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """Who answers a request, by the method's name on the wire."""
        ...

    @property
    def custom(self) -> Mapping[str, MethodInfo[Any, Any]]:
        """Methods that are none of the protocol's."""
        ...

    @property
    def decoder(self) -> MessageDecoder[Any]:
        """Decodes what clients send."""
        ...

    @property
    def discover_freshness(self) -> Freshness:
        """For how long clients may remember what is offered."""
        ...

    def capabilities(self, row: Revision) -> ServerCapabilities:
        """What the server offers to a client of a revision."""
        ...

    def notified(self, connection: Connection, method: MethodInfo[Any, Any], params: Any) -> None:
        """A client sent a notification."""

    def ended(self, connection: Connection) -> None:
        """A connection is over."""


class Connection:
    """One client, as long as it is connected."""

    __slots__ = (
        "_complaints", "_last_meta", "_last_raw", "_modern_ones", "backlog", "client", "core", "custom",
        "initialized", "log_severity", "principal", "service", "session", "stopping", "subscriptions",
    )  # fmt: skip

    def __init__(
        self, service: Service, *, limits: Limits = DEFAULT_LIMITS, deadlines: Deadlines = DEFAULT_DEADLINES
    ) -> None:
        self.service = service
        self.custom = service.custom
        self.core = Core(self, service.decoder, limits=limits, deadlines=deadlines)
        self.core.serves = self.core.nameless_errors = True
        self.core.grace = 0.05
        self.backlog = Backlog(self.core)
        self.subscriptions = Subscriptions(self)
        self._complaints = Complaints("A client")
        self.session: Revision | None = None
        """The revision that a handshake settled."""
        self.initialized = False
        self.client: InitializeRequestParams | None = None
        """What the client said of itself in its handshake."""
        self.principal: Principal | None = None
        """Who the client is, where the transport knows of a whole connection."""
        self.stopping = False
        """Whether no more requests are taken."""
        self._modern_ones = modern(service.revisions)
        self._last_raw = Raw()
        self._last_meta = _NO_META
        self.log_severity = 0
        """The least severe log messages that a client of a handshake wants."""

    # -- see `Router` -------------------------------------------------------------------------------------------------

    def request(self, incoming: Incoming) -> None:
        """Begin to answer a request, if it may be sent now."""
        if self.stopping:
            incoming.fail(INTERNAL_ERROR, "the server is stopping")
            return
        method = incoming.method
        meta, row = incoming.known_meta or self.meta(incoming.params)
        if row is None:
            settled = not meta and method is not methods.INITIALIZE
            row = (self.session if settled else None) or self._row(incoming, meta)
            if row is None:
                return
        request = ServerRequest(self, incoming, row, meta)
        if not (method in row.methods or row.has(method) or method.name in self.custom):
            incoming.fail(METHOD_NOT_FOUND, f"Method not found: {method.name}")
        elif (handler := self.service.handlers.get(method.name)) is not None:
            incoming.run(handler, incoming.params, request, finish=request.stamped)
        else:
            self._serve(incoming, request)

    def notification(self, method: MethodInfo[Any, Any], params: Any) -> None:
        """Take note of a notification."""
        if method.name == methods.INITIALIZED.name:
            self.initialized = self.session is not None
        self.service.notified(self, method, params)

    def violation(self, violation: ProtocolViolation) -> None:
        """The client sent something that is no message."""
        self._complaints.add("broke the protocol: %s", violation.message)

    def unread(self, error: ErrorObject) -> None:
        """The client could not read a message."""
        self._complaints.add("could not read a message: %.200r (%d)", error.message, error.code)

    def lost(self, error: ConnectionLost) -> None:
        """The client is gone."""
        self._complaints.end()
        self.service.ended(self)

    def meta(self, params: Any) -> tuple[Mapping[str, Any], Revision | None]:
        """The `_meta` of a request, and the revision that it names if that is known to be served.

        Most of a client's modern requests have the same: the bytes are compared, and only looked into when they differ
        from the last, which spares 4 µs a call.
        """
        raw: Any = getattr(params, "__watched__", params)  # the field itself, past the property that decodes it
        if raw is not params and "meta" in params.__lazy__:
            if raw is None:
                return _NO_META
            if raw.__class__ is Raw:
                if raw != self._last_raw:
                    found: Any = params.meta or {}
                    self._last_raw, self._last_meta = raw.copy(), (found, None)
                return self._last_meta
        if is_object(params):  # those of a custom method
            found = params.get("_meta")
            return (found if is_object(found) else {}), None
        return getattr(params, "meta", None) or {}, None

    # -- which revision a request is served in ------------------------------------------------------------------------

    def _row(self, incoming: Incoming, meta: Mapping[str, Any]) -> Revision | None:
        """The revision; None where the request has been answered here."""
        declared = declared_revision(meta)
        if declared is not None:
            row = self._modern(incoming, declared, meta)
            if row is not None and row.era == "modern" and meta is self._last_meta[0]:
                self._last_meta = (meta, row)
            return row
        if incoming.method.name == methods.INITIALIZE.name:
            self._initialize(incoming)
            return None
        if self.session is None and self._modern_ones and CLIENT_CAPABILITIES in meta:
            incoming.fail(INVALID_PARAMS, f"_meta lacks {PROTOCOL_VERSION}")
            return None
        return self._legacy(incoming)

    def _modern(self, incoming: Incoming, declared: str, meta: Mapping[str, Any]) -> Revision | None:
        if not self._modern_ones:
            return self._legacy(incoming)  # a modern error would be taken for that of a modern server
        if declared not in self._modern_ones:
            self._unsupported(incoming, declared)
            return None
        if meta.get(CLIENT_CAPABILITIES) is None:
            incoming.fail(INVALID_PARAMS, f"_meta lacks {CLIENT_CAPABILITIES}")
            return None
        return revision(declared)

    def _legacy(self, incoming: Incoming) -> Revision | None:
        if self.session is not None:
            return self.session
        spoken = legacy(self.service.revisions)
        if not spoken:
            versions = ", ".join(self.service.revisions)
            incoming.fail(INVALID_PARAMS, f"_meta must name the protocol version; this server speaks {versions}")
        elif incoming.method.name == methods.PING.name:
            return revision(spoken[0])
        else:
            incoming.fail(INVALID_REQUEST, "the first request must be initialize")
        return None

    def _unsupported(self, incoming: Incoming, requested: str) -> None:
        data = {"supported": list(self.service.revisions), "requested": requested}
        incoming.fail(UNSUPPORTED_VERSION, "Unsupported protocol version", data)

    def _initialize(self, incoming: Incoming) -> None:
        params = incoming.params
        spoken = legacy(self.service.revisions)
        if not spoken:
            self._unsupported(incoming, params.protocol_version)
            return
        if self.session is not None:
            incoming.fail(INVALID_REQUEST, "this session is initialized already")
            return
        row = revision(params.protocol_version if params.protocol_version in spoken else spoken[0])
        self.session, self.client = row, params
        self.core.batches = row.batches
        self.core.nameless_errors = row.nameless_errors
        offered = self.service.capabilities(row)
        if offered.logging is None:
            self.log_severity = SILENT
        incoming.answer(
            InitializeResult(
                protocol_version=row.name,
                capabilities=offered,
                server_info=self.service.info,
                instructions=self.service.instructions,
            )
        )

    # -- serving ------------------------------------------------------------------------------------------------------

    def _serve(self, incoming: Incoming, request: ServerRequest) -> None:
        """Answer what nobody else does."""
        builtin = _BUILTIN.get(incoming.method.name)
        if builtin is not None:
            builtin(incoming, request)
        else:
            incoming.fail(METHOD_NOT_FOUND, f"Method not found: {incoming.method.name}")

    def forget(self) -> None:
        """Forget what a client has set, where the connection carries the requests of several that have no session."""
        self.log_severity = 0
        self.subscriptions.forget()

    async def aclose(self) -> None:
        """End the connection, streams of subscriptions first."""
        self.subscriptions.close()
        await self.core.aclose()


def _ping(incoming: Incoming, request: ServerRequest) -> None:
    incoming.answer(stamp(EmptyResult(), request.revision, request.connection.service.info))


def _discover(incoming: Incoming, request: ServerRequest) -> None:
    service = request.connection.service
    result = DiscoverResult(
        supported_versions=list(service.revisions),
        capabilities=service.capabilities(request.revision),
        instructions=service.instructions,
        result_type="complete",
        ttl_ms=service.discover_freshness.ttl_ms,
        cache_scope=service.discover_freshness.cache_scope,
    )
    incoming.answer(stamp(result, request.revision, service.info))


def _set_level(incoming: Incoming, request: ServerRequest) -> None:
    connection = request.connection
    if connection.service.capabilities(request.revision).logging is None:
        incoming.fail(METHOD_NOT_FOUND, "this server sends no log messages")
        return
    connection.log_severity = SEVERITY[incoming.params.level]
    incoming.answer(EmptyResult())


_BUILTIN: Mapping[str, Callable[[Incoming, ServerRequest], None]] = MappingProxyType(
    {
        methods.PING.name: _ping,
        methods.DISCOVER.name: _discover,
        methods.SET_LEVEL.name: _set_level,
        methods.SUBSCRIPTIONS_LISTEN.name: lambda incoming, r: r.connection.subscriptions.listen(incoming, r),
        methods.SUBSCRIBE.name: lambda incoming, r: r.connection.subscriptions.subscribe(incoming, r),
        methods.UNSUBSCRIBE.name: lambda incoming, r: r.connection.subscriptions.unsubscribe(incoming, r),
    }
)
