"""Requests that stand alone: each POST says for itself which revision it follows, and who sends it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from mcpstruct.base.envelope import ErrorObject
from mcpstruct.base.errors import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    ProtocolViolation,
)
from mcpstruct.session.incoming import Incoming
from mcpstruct.session.reading import Arrived
from mcpstruct.wire.eras import PROTOCOL_VERSION, revision
from mcpstruct.wire.headers import METHOD_KEY, NAME_KEY, PROTOCOL_VERSION_KEY, mismatch
from mcpstruct_bindings.merged.methods import CALL_TOOL, METHODS, SUBSCRIPTIONS_LISTEN

from .access import demand, principal_of
from .exchange import Exchange
from .nobody import Nobody
from .options import HttpOptions

if TYPE_CHECKING:
    from mcpstruct.server.base import Server

    from .request import HttpRequest

_MOST_MATCHING = 1024
_LONGEST_MATCHING = 256


class Modern:
    """All that modern clients ask; one connection carries them, since none has anything that lasts but its streams."""

    def __init__(self, server: Server, options: HttpOptions) -> None:
        self._server = server
        self._options = options
        self.connection = server.connection()
        self._core = self.connection.core
        self._core.attach(Nobody())
        # Streams that stay open have a connection of their own: they would take the places of calls.
        self._listeners = server.connection()
        self._listeners.core.attach(Nobody())
        limits = replace(self._core.limits, max_in_flight=options.max_listeners, max_queue=0)
        self._listeners.core.limits = limits
        self._matching: set[tuple[object, ...]] = set()
        """Headers and what of a body they repeat, found to match."""

    def take(self, request: HttpRequest, body: bytes) -> Exchange:
        """Begin to answer a POST."""
        exchange = Exchange(self._core.loop, self._options)
        try:
            arrived = self._core.reader.read(body)
            if arrived is None:
                exchange.error(None, ErrorObject(INVALID_REQUEST, "clients send requests and notifications alone"))
                return exchange
            known = self.connection.meta(arrived.params)
            fault = None if arrived.id is None else self._fault(request, arrived, known[0])
        except ProtocolViolation as violation:
            exchange.error(violation.request_id, self._refusal(request, violation))
            return exchange
        if fault is not None:
            exchange.error(arrived.id, fault)
            return exchange
        if self._server.guarded:
            demand(self._server, request, arrived)
        if arrived.id is None:
            self.connection.principal = principal_of(request)
            self._core.take_notification(arrived.method, arrived.params)
            self.connection.principal = None
            exchange.accept()
        else:
            core = self._listeners.core if arrived.method is SUBSCRIPTIONS_LISTEN else self._core
            exchange.incoming = incoming = Incoming(
                core,
                arrived.id,
                arrived.method,
                arrived.params,
                exchange,
                exchange,
                principal_of(request),
                exchange.start,
                known,
            )
            core.take(incoming)
        return exchange

    def _refusal(self, request: HttpRequest, violation: ProtocolViolation) -> ErrorObject:
        """What a client is told of a message that could not be read."""
        known = METHODS.get(violation.method or "")
        version = request.header(PROTOCOL_VERSION_KEY)
        if violation.code == METHOD_NOT_FOUND or (
            known is not None and version in self._server.revisions and not revision(version).has(known)
        ):
            return ErrorObject(METHOD_NOT_FOUND, f"Method not found: {violation.method}")
        self.connection.violation(violation)
        return ErrorObject(violation.code, violation.message)

    def _fault(self, request: HttpRequest, arrived: Arrived, meta: Mapping[str, Any]) -> ErrorObject | None:
        """Why headers and body can't be of one request."""
        declared = meta.get(PROTOCOL_VERSION)
        if not isinstance(declared, str):
            spoken = ", ".join(self._server.revisions)  # may be all that the user of an old client gets to see
            return ErrorObject(INVALID_PARAMS, f"_meta lacks {PROTOCOL_VERSION}; this server speaks {spoken}")
        get, method, params = request.headers.get, arrived.method, arrived.params
        version = get(PROTOCOL_VERSION_KEY)
        name: Any = getattr(params, "name", None)
        annotated = self._server.mirrored(name) if self._server.mirrors and method is CALL_TOOL else None
        # Most requests say what others said before: to compare it all again takes 2 µs.
        said = (version, get(METHOD_KEY), get(NAME_KEY), declared, method.name, name)
        if said in self._matching and not annotated:
            return None
        if version is None or version.strip() != declared.encode():
            what = "is missing" if version is None else "does not match the body"
            return ErrorObject(HEADER_MISMATCH, f"Header mismatch: MCP-Protocol-Version {what}")
        reason = mismatch(request.headers, method.name, params, annotated)
        if reason is not None:
            return ErrorObject(HEADER_MISMATCH, f"Header mismatch: {reason}")
        if name is not None and all(part is None or len(part) <= _LONGEST_MATCHING for part in said):
            if len(self._matching) >= _MOST_MATCHING:
                self._matching.clear()
            self._matching.add(said)
        return None

    async def aclose(self) -> None:
        """End every request; streams of subscriptions in good order."""
        await self._listeners.aclose()
        await self.connection.aclose()
