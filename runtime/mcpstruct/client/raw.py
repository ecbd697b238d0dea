"""`RawClient`: a client that passes JSON on as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from inspect import isawaitable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeAlias, cast

from msgspec import UNSET, Raw

from mcpstruct.base.errors import METHOD_NOT_FOUND, NotConnected, ProtocolViolation, RemoteError
from mcpstruct.base.limits import DEFAULT_DEADLINES, DEFAULT_LIMITS, Deadlines, Limits
from mcpstruct.base.methods import MethodInfo
from mcpstruct.base.session import ProgressCallback, Timeout
from mcpstruct.session.raw import (
    EveryMethod,
    RawJson,
    RawParams,
    as_raw,
    raw_notification,
    raw_request,
    to_be_sent,
    undecoded,
)
from mcpstruct.transport.base import Target, Transport
from mcpstruct_bindings.merged.methods import LOGGING_MESSAGE, PROGRESS
from mcpstruct_bindings.merged.types import ClientCapabilities, Implementation, LoggingLevel, ServerCapabilities

from .callbacks import Callbacks
from .host import Host

if TYPE_CHECKING:
    from mcpstruct.transport.http import HttpAuth

OnRequest: TypeAlias = Callable[[str, Raw], Any]
"""Gets the method and the params of each request of the server; gives the result, or an awaitable of it."""
OnNotification: TypeAlias = Callable[[str, Raw], Any]
"""Gets the method and the params of each notification, in order of arrival."""


class RawClient:
    """A client of one server that decodes no more than it must: for gateways, which lose nothing of what they pass on.

    Results come as the JSON that was sent, and so do the params of requests and notifications, which `on_request` and
    `on_notification` get (both may be set later). The data of a `RemoteError` are undecoded, too. What opens the
    connection, `ping` and `notifications/cancelled` are seen to here; to call a request off, cancel its caller.

    `target` and the rest are as for `Client`; `capabilities` are what the server is told that this side can do.
    """

    def __init__(
        self,
        target: Target | Transport | str,
        *,
        auth: HttpAuth | None = None,
        on_request: OnRequest | None = None,
        on_notification: OnNotification | None = None,
        on_violation: Callable[[ProtocolViolation], object] | None = None,
        info: Implementation | None = None,
        capabilities: ClientCapabilities | None = None,
        revisions: Iterable[str] | str | None = None,
        log_level: LoggingLevel | None = None,
        limits: Limits = DEFAULT_LIMITS,
        deadlines: Deadlines = DEFAULT_DEADLINES,
    ) -> None:
        self.on_request = on_request
        self.on_notification = on_notification
        self._host = Host(
            target,
            auth=auth,
            info=info or Implementation(name="mcpstruct", version="0"),
            callbacks=Callbacks(),
            capabilities=capabilities or ClientCapabilities(),
            handlers=cast("Any", EveryMethod(lambda name: partial(self._asked, name))),
            raw=True,
            revisions=revisions,
            on_notification=self._notified,
            on_violation=on_violation,
            log_level=log_level,
            limits=limits,
            deadlines=deadlines,
        )

    async def connect(self) -> Self:
        """Connect, unless connected. Raises `ConnectFailed`, `NoCommonRevision`."""
        await self._host.connect()
        return self

    async def aclose(self) -> None:
        """End the connection; calls in progress fail with `ConnectionLost`."""
        await self._host.aclose()

    async def __aenter__(self) -> Self:
        return await self.connect()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    @property
    def protocol_version(self) -> str:
        """The negotiated revision. Raises `NotConnected`."""
        row = self._host.connection.revision
        if row is None:
            raise NotConnected("connect first")
        return row.name

    @property
    def server_info(self) -> Implementation | None:
        """The server, as it names itself."""
        return self._host.connection.server_info

    @property
    def capabilities(self) -> ServerCapabilities:
        """What the server offers."""
        return self._host.connection.capabilities

    @property
    def instructions(self) -> str | None:
        """How to use the server, in its own words for the model."""
        return self._host.connection.instructions

    async def request(
        self,
        method: str,
        params: RawJson = None,
        *,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> Raw:
        """Send a request; gives the result as it came.

        In the modern era `_meta` says for this client what `params` do not. With `on_progress` it gets a progress token
        of this client's; without, one that is there goes along, and `on_notification` gets what is reported then.

        Raises `RemoteError`, `RequestTimeout`, `ConnectionLost`, `MethodNotInRevision`, and `ValueError` for params
        that are no JSON object.
        """
        connection = self._host.connection
        info = raw_request(method)
        prepared = connection.prepared(info, to_be_sent(params))
        return await undecoded(connection.core.request(info, prepared, timeout=timeout, on_progress=on_progress))

    async def notify(self, method: str, params: RawJson = None) -> None:
        """Send a notification. Raises what `request` does, but for the `RemoteError`."""
        await self._host.connection.notify(raw_notification(method), to_be_sent(params))

    async def _asked(self, method: str, params: Any) -> Any:
        if self.on_request is None:
            raise RemoteError(METHOD_NOT_FOUND, "Method not found")
        answer = self.on_request(method, params.raw)
        return as_raw(await answer if isawaitable(answer) else answer)

    def _notified(self, method: MethodInfo[Any, Any], params: Any) -> None:
        if self.on_notification is None or not isinstance(params, RawParams) or self._reported(method, params):
            return
        is_log = method.name == LOGGING_MESSAGE.name
        self._host.inbox.put(self.on_notification, method.name, params.raw, log_message=is_log)

    def _reported(self, method: MethodInfo[Any, Any], params: RawParams) -> bool:
        """Whether this is progress that a callback of its own gets."""
        if method.name != PROGRESS.name or self._host.current is None:
            return False
        pending = self._host.current.core.outgoing.pending.get(params.progress_token)
        return pending is not None and pending.on_progress is not None
