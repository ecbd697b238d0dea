"""Requests that stand alone: each POST says for itself which revision it follows, and who sends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcpstruct.base.envelope import ErrorObject, RequestId
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
from mcpstruct.wire.headers import mismatch
from mcpstruct_bindings.merged.methods import CALL_TOOL, METHODS

from .access import demand
from .exchange import Exchange
from .nobody import Nobody
from .options import HttpOptions

if TYPE_CHECKING:
    from mcpstruct.server.base import Server

    from .request import HttpRequest

_MOST_MATCHING = 1024
_LONGEST_MATCHING = 256


class Modern:
    """All that modern clients ask; one connection carries them, since none has anything that lasts."""

    def __init__(self, server: Server, options: HttpOptions) -> None:
        self._server = server
        self._options = options
        self.connection = server.connection()
        self._core = self.connection.core
        self._core.attach(Nobody())
        self._matching: set[tuple[object, ...]] = set()
        """Headers and what of a body they repeat, found to match."""

    def take(self, request: HttpRequest, body: bytes) -> Exchange:
        """Begin to answer a POST."""
        exchange = Exchange(self._core.loop, self._options)
        try:
            arrived = self._core.read(body)
            if arrived is None:
                exchange.error(None, ErrorObject(INVALID_REQUEST, "clients send requests and notifications alone"))
                return exchange
            fault = self._fault(request, arrived)
        except ProtocolViolation as violation:
            exchange.error(violation.request_id, self._refusal(request, violation))
            return exchange
        if fault is not None:
            exchange.error(arrived.id, fault)
            return exchange
        demand(self._server, request, arrived)
        if arrived.id is None:
            self._core.take_notification(arrived.method, arrived.params)
            exchange.accept()
        else:
            self._begin(exchange, arrived.id, arrived, request)
        return exchange

    def _begin(self, exchange: Exchange, request_id: RequestId, arrived: Arrived, request: HttpRequest) -> None:
        incoming = Incoming(self._core, request_id, arrived.method, arrived.params, exchange, key=exchange)
        if request.access is not None:
            incoming.principal = request.access.principal
        exchange.incoming = incoming
        self._core.take(incoming)

    def _refusal(self, request: HttpRequest, violation: ProtocolViolation) -> ErrorObject:
        """What a client is told of a message that could not be read."""
        known = METHODS.get(violation.method or "")
        version = request.header(b"mcp-protocol-version")
        if violation.code == METHOD_NOT_FOUND or (
            known is not None and version in self._server.revisions and not revision(version).has(known)
        ):
            return ErrorObject(METHOD_NOT_FOUND, f"Method not found: {violation.method}")
        self.connection.violation(violation)
        return ErrorObject(violation.code, violation.message)

    def _fault(self, request: HttpRequest, arrived: Arrived) -> ErrorObject | None:
        """Why headers and body can't be of one request."""
        if arrived.id is None:
            return None
        declared = self.connection.meta_of(arrived.params).get(PROTOCOL_VERSION)
        if not isinstance(declared, str):
            spoken = ", ".join(self._server.revisions)  # may be all that the user of an old client gets to see
            return ErrorObject(INVALID_PARAMS, f"_meta lacks {PROTOCOL_VERSION}; this server speaks {spoken}")
        headers, method = request.headers, arrived.method.name
        version = headers.get(b"mcp-protocol-version")
        annotated = self._server.mirrored(arrived.params.name) if method == CALL_TOOL.name else None
        name = getattr(arrived.params, "name", None)
        # Most requests say what others said before: to compare it all again takes 2 µs.
        said = (version, headers.get(b"mcp-method"), headers.get(b"mcp-name"), declared, method, name)
        if name is not None and not annotated and said in self._matching:
            return None
        if version is None or version.strip() != declared.encode():
            what = "is missing" if version is None else "does not match the body"
            return ErrorObject(HEADER_MISMATCH, f"Header mismatch: MCP-Protocol-Version {what}")
        reason = mismatch(headers, method, arrived.params, annotated)
        if reason is not None:
            return ErrorObject(HEADER_MISMATCH, f"Header mismatch: {reason}")
        if name is not None and all(part is None or len(part) <= _LONGEST_MATCHING for part in said):
            if len(self._matching) >= _MOST_MATCHING:
                self._matching.clear()
            self._matching.add(said)
        return None

    async def aclose(self) -> None:
        """End every request; streams of subscriptions in good order."""
        await self.connection.aclose()
