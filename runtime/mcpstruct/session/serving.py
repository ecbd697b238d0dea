"""The server's side of one connection, in both eras at once: a request that names its revision is served on its own,
and `initialize` opens a session for those that do not.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from msgspec import Raw

from mcpstruct.base.check import is_object
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
from mcpstruct.wire.eras import CLIENT_CAPABILITIES, SEVERITY, Revision, declared_revision, legacy, modern, revision
from mcpstruct_bindings.merged import methods
from mcpstruct_bindings.merged.types import (
    DiscoverResult,
    EmptyResult,
    Implementation,
    InitializeRequestParams,
    InitializeResult,
    ServerCapabilities,
)

from .core import Core
from .incoming import Incoming
from .request import ServerRequest
from .stamping import stamp
from .subscriptions import Subscriptions

log = logging.getLogger("mcpstruct")
Handler = Callable[[Any, ServerRequest], Awaitable[Any]]


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

    def capabilities(self, row: Revision) -> ServerCapabilities:
        """What the server offers to a client of a revision."""
        ...

    def notified(self, connection: Connection, method: MethodInfo[Any, Any], params: Any) -> None:
        """A client sent a notification."""

    def ended(self, connection: Connection) -> None:
        """A connection is over."""


class Connection:
    """One client, as long as it is connected."""

    def __init__(
        self, service: Service, *, limits: Limits = DEFAULT_LIMITS, deadlines: Deadlines = DEFAULT_DEADLINES
    ) -> None:
        self.service = service
        self.custom = service.custom
        self.core = Core(self, service.decoder, limits=limits, deadlines=deadlines)
        self.core.serves = self.core.nameless_errors = True
        self.core.grace = 0.1
        self.subscriptions = Subscriptions(self)
        self.session: Revision | None = None
        """The revision that a handshake settled."""
        self.initialized = False
        self.client: InitializeRequestParams | None = None
        """What the client said of itself in its handshake."""
        self.stopping = False
        """Whether no more requests are taken."""
        self._modern_ones = frozenset(modern(service.revisions))
        self._last_meta: tuple[bytes, Mapping[str, Any], Revision | None] = (b"", {}, None)
        self.log_severity = 0
        """The least severe log messages that a client of a handshake wants."""
        self._builtin: dict[str, Callable[[Incoming, ServerRequest], None]] = {
            methods.PING.name: _ping,
            methods.DISCOVER.name: _discover,
            methods.SET_LEVEL.name: self._set_level,
            methods.SUBSCRIPTIONS_LISTEN.name: self.subscriptions.listen,
            methods.SUBSCRIBE.name: self.subscriptions.subscribe,
            methods.UNSUBSCRIBE.name: self.subscriptions.unsubscribe,
        }

    # -- see `Router` -------------------------------------------------------------------------------------------------

    def request(self, incoming: Incoming) -> None:
        """Begin to answer a request, if it may be sent now."""
        if self.stopping:
            incoming.fail(INTERNAL_ERROR, "the server is stopping")
            return
        meta, row = self._meta(incoming.params)
        if row is None:
            row = self._row(incoming, meta)
        if row is not None:
            self._serve(incoming, ServerRequest(self, incoming, row, meta))

    def notification(self, method: MethodInfo[Any, Any], params: Any) -> None:
        """Take note of a notification."""
        if method.name == methods.INITIALIZED.name:
            self.initialized = self.session is not None
        self.service.notified(self, method, params)

    def violation(self, violation: ProtocolViolation) -> None:
        """The client sent something that is no message."""
        log.warning("A client broke the protocol: %s", violation)

    def lost(self, error: ConnectionLost) -> None:
        """The client is gone."""
        self.service.ended(self)

    def _meta(self, params: Any) -> tuple[Mapping[str, Any], Revision | None]:
        """The `_meta` of a request, and the revision that it names if that is known to be served.

        Most of a client's modern requests have the same: the bytes are compared, and only looked into when they differ
        from the last, which spares 4 µs a call.
        """
        if is_object(params):  # those of a custom method
            found = params.get("_meta")
            return (found if is_object(found) else {}), None
        raw: Any = getattr(params, "__watched__", None)
        if raw.__class__ is not Raw or "meta" not in params.__lazy__:
            return getattr(params, "meta", None) or {}, None
        encoded = bytes(raw)
        if encoded != self._last_meta[0]:
            self._last_meta = (encoded, params.meta or {}, None)
        return self._last_meta[1:]

    # -- which revision a request is served in ------------------------------------------------------------------------

    def _row(self, incoming: Incoming, meta: Mapping[str, Any]) -> Revision | None:
        """The revision; None where the request has been answered here."""
        declared = declared_revision(meta)
        if declared is not None:
            row = self._modern(incoming, declared, meta)
            if row is not None and row.era == "modern" and meta is self._last_meta[1]:
                self._last_meta = (*self._last_meta[:2], row)
            return row
        if incoming.method.name == methods.INITIALIZE.name:
            self._initialize(incoming)
            return None
        return self._legacy(incoming)

    def _modern(self, incoming: Incoming, declared: str, meta: Mapping[str, Any]) -> Revision | None:
        if not self._modern_ones:
            return self._legacy(incoming)  # a modern error would be taken for that of a modern server
        if declared not in self._modern_ones:
            self._unsupported(incoming, declared)
            return None
        if CLIENT_CAPABILITIES not in meta:
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
        incoming.answer(
            InitializeResult(
                protocol_version=row.name,
                capabilities=self.service.capabilities(row),
                server_info=self.service.info,
                instructions=self.service.instructions,
            )
        )

    # -- serving ------------------------------------------------------------------------------------------------------

    def _serve(self, incoming: Incoming, request: ServerRequest) -> None:
        name = incoming.method.name
        if request.revision.has(incoming.method) or name in self.custom:
            handler = self.service.handlers.get(name)
            if handler is not None:
                request.begin(handler)
                return
            builtin = self._builtin.get(name)
            if builtin is not None:
                builtin(incoming, request)
                return
        incoming.fail(METHOD_NOT_FOUND, f"Method not found: {name}")

    def _set_level(self, incoming: Incoming, request: ServerRequest) -> None:
        if self.service.capabilities(request.revision).logging is None:
            incoming.fail(METHOD_NOT_FOUND, "this server sends no log messages")
            return
        self.log_severity = SEVERITY[incoming.params.level]
        incoming.answer(EmptyResult())

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
        ttl_ms=0,
        cache_scope="private",
    )
    incoming.answer(stamp(result, request.revision, service.info))
