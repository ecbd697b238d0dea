"""One request as the server's side sees it: who asks, in which revision, and how to tell them things on the way."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import UNSET, Raw, Struct

from mcpstruct.base.codec import to_json
from mcpstruct.base.envelope import RequestId
from mcpstruct.base.errors import MethodNotInRevision
from mcpstruct.base.hooks import convert
from mcpstruct.base.methods import MethodInfo
from mcpstruct.base.session import ProgressCallback, Timeout
from mcpstruct.wire.eras import CLIENT_CAPABILITIES, CLIENT_INFO, LOG_LEVEL, PROGRESS_TOKEN, SEVERITY, Revision
from mcpstruct_bindings.merged import methods
from mcpstruct_bindings.merged.types import (
    ClientCapabilities,
    Implementation,
    LoggingLevel,
    LoggingMessageNotificationParams,
    ProgressNotificationParams,
)

from .incoming import Incoming
from .principal import Principal
from .stamping import complete, stamp

if TYPE_CHECKING:
    from .serving import Connection

R = TypeVar("R")
SILENT = len(SEVERITY)
"""More severe than any log message."""
_NONE = ClientCapabilities()
_FRAME = 200  # bytes around what a report says
_ON_THE_WAY = (methods.PROGRESS, methods.LOGGING_MESSAGE)


class ServerRequest(Struct, eq=False):
    """A request in progress."""

    connection: Connection
    incoming: Incoming
    revision: Revision
    """The revision that it is served in."""
    meta: Mapping[str, Any]
    """What the client put into `_meta`."""
    made: Any = None
    """The result of a tool, where it was made for this request: nobody else's, and without `_meta`."""
    _progress: float | None = None
    _capabilities: ClientCapabilities | None = None

    def stamped(self, result: Any) -> Any:
        """A result with what the client's revision wants on it, when it is next to be sent."""
        connection = self.connection
        if connection.backlog.behind:
            connection.backlog.flush(self.incoming.link)
        server, as_bytes = connection.service.info, connection.core.as_bytes
        if result is not None and result is self.made and self.revision.era == "modern":
            return complete(result, server, as_bytes=as_bytes)
        return stamp(result, self.revision, server, as_bytes=as_bytes)

    @property
    def in_progress(self) -> bool:
        """Whether it is yet to be answered, and has not been called off."""
        return self.connection.core.received_requests.get(self.incoming.key) is self.incoming

    @property
    def principal(self) -> Principal | None:
        """On whose behalf it is made, where the transport knows."""
        return self.incoming.principal or self.connection.principal

    @property
    def id(self) -> RequestId:
        """The id that the client gave it."""
        return self.incoming.id

    @property
    def client_capabilities(self) -> ClientCapabilities:
        """What the client can do."""
        if self._capabilities is not None:
            return self._capabilities
        client = self.connection.client
        capabilities = _NONE if client is None else client.capabilities
        if self.revision.era == "modern":
            capabilities = convert(self.meta.get(CLIENT_CAPABILITIES, {}), ClientCapabilities)
        self._capabilities = capabilities
        return capabilities

    @property
    def client_info(self) -> Implementation | None:
        """The client, as it names itself."""
        if self.revision.era == "modern":
            info = self.meta.get(CLIENT_INFO)
            return None if info is None else convert(info, Implementation)
        client = self.connection.client
        return client.client_info if client is not None else None

    def allow(self, method: MethodInfo[Any, Any]) -> None:
        """Raise `MethodNotInRevision` unless the server may send this to the client."""
        known = methods.METHODS.get(method.name)
        if known is None:
            return
        if not self.revision.has(known) or (known.kind == "request" and self.revision.era == "modern"):
            raise MethodNotInRevision(method.name, self.revision.name)
        if self.revision.era == "modern" and known not in _ON_THE_WAY:  # changes are told to those who listen
            raise MethodNotInRevision(method.name, f"the answers of {self.revision.name}")

    # -- on the way ---------------------------------------------------------------------------------------------------

    @property
    def log_severity(self) -> int:
        """The least severe log messages that the client wants to have, and has been told that there are."""
        if self.revision.era == "legacy":
            return self.connection.log_severity
        level = self.meta.get(LOG_LEVEL)
        if level is None or self.connection.service.capabilities(self.revision).logging is None:
            return SILENT
        return SEVERITY[level]

    def log(self, level: LoggingLevel, data: Any, logger: str | None = None) -> None:
        """Send a log message, if the client wants any so slight."""
        if SEVERITY[level] >= self.log_severity:
            params = LoggingMessageNotificationParams(level=level, data=data, logger=logger)
            self._report(None, _size(data), methods.LOGGING_MESSAGE, params)

    def progress(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        """Report progress, if the client asked for reports. What does not go forward is not sent."""
        token = self.meta.get(PROGRESS_TOKEN)
        if token is None or (self._progress is not None and progress <= self._progress):
            return
        self._progress = progress
        params = ProgressNotificationParams(progress=progress, total=total, message=message, progress_token=token)
        self._report(self.incoming, len(message or ""), methods.PROGRESS, params)

    def _report(self, key: Incoming | None, size: int, method: MethodInfo[Any, None], params: Any) -> None:
        """Send a notification that belongs to this request; nothing follows its answer."""
        self.connection.backlog.report(self.incoming.link, key, size + _FRAME, self._send, method, params)

    def _send(self, method: MethodInfo[Any, None], params: Any) -> None:
        if self.in_progress:
            self.incoming.link.notification(method, params)

    def ask(
        self,
        method: MethodInfo[Any, R],
        params: Any,
        *,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> Awaitable[R]:
        """Send the client a request that belongs to this one. Raises what `Core.request` raises."""
        return self.connection.core.request(
            method, params, timeout=timeout, on_progress=on_progress, link=self.incoming.link
        )


def _size(data: Any) -> int:
    if isinstance(data, str):
        return len(data)
    return len(memoryview(data) if isinstance(data, Raw) else to_json(data))
