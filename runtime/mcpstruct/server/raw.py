"""`RawServer`: whatever clients ask, as JSON that nobody has decoded."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from inspect import isawaitable
from typing import Any, TypeAlias, cast

from msgspec import UNSET, Raw

from mcpstruct.base.methods import MethodInfo
from mcpstruct.base.session import ProgressCallback, Timeout
from mcpstruct.session.links import drained
from mcpstruct.session.raw import (
    EveryMethod,
    RawJson,
    RawParams,
    as_raw,
    raw_notification,
    raw_request,
    read_raw,
    to_be_sent,
    undecoded,
)
from mcpstruct.session.request import ServerRequest
from mcpstruct.session.serving import Connection, Handler
from mcpstruct.wire.eras import Revision
from mcpstruct_bindings.merged.types import ClientCapabilities, Implementation, ServerCapabilities

from .base import Server
from .notices import notice
from .state import StateSealer


class RawPeer:
    """A client, as the one who made a request or sent a notification."""

    __slots__ = ("_request",)

    def __init__(self, request: ServerRequest) -> None:
        self._request = request

    @property
    def protocol_version(self) -> str:
        """The revision that it speaks."""
        return self._request.revision.name

    @property
    def info(self) -> Implementation | None:
        """The client, as it names itself."""
        return self._request.client_info

    @property
    def capabilities(self) -> ClientCapabilities:
        """What it can do."""
        return self._request.client_capabilities

    async def request(
        self,
        method: str,
        params: RawJson = None,
        *,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> Raw:
        """Send the client a request; gives the result as it came.

        Raises `RemoteError`, `RequestTimeout`, `ConnectionLost`, `MethodNotInRevision`, and `ValueError` for params
        that are no JSON object.
        """
        info = raw_request(method)
        self._request.allow(info)
        return await undecoded(self._request.ask(info, to_be_sent(params), timeout=timeout, on_progress=on_progress))

    async def notify(self, method: str, params: RawJson = None) -> None:
        """Send the client a notification. Raises what `request` does, but for the `RemoteError`."""
        info = raw_notification(method)
        self._request.allow(info)
        link = self._request.incoming.link
        link.notification(info, to_be_sent(params))
        await drained(link, info, self._request.connection.core.deadlines.request)


OnRequest: TypeAlias = Callable[[str, Raw, RawPeer], Any]
"""Gets method, params and who asks; gives the result, or an awaitable of it."""
OnNotification: TypeAlias = Callable[[str, Raw, RawPeer], Any]
"""Gets method, params and who sent it, in order of arrival."""


class RawServer(Server):
    """A server that decodes no more than it must: for gateways, which lose nothing of what they pass on.

    `on_request` gets every request but those that open a connection and `ping`. What it gives goes out as it is if it
    is JSON (`msgspec.Raw`, or bytes); else it is encoded, with what the client's revision wants on it. It may raise
    `RemoteError`, whose data may be JSON likewise; it is cancelled if the client calls the request off.
    `capabilities` are what clients are told that is offered. Options are those of `Server`.
    """

    def __init__(
        self,
        on_request: OnRequest,
        *,
        info: Implementation,
        capabilities: ServerCapabilities | None = None,
        on_notification: OnNotification | None = None,
        **options: Any,
    ) -> None:
        super().__init__(info, **options)
        self._sealer = StateSealer()
        self._offered = capabilities or ServerCapabilities()
        self._on_request = on_request
        self._on_raw_notification = on_notification
        self.handlers = cast("dict[str, Handler]", EveryMethod(lambda name: partial(self._asked, name)))

    def capabilities(self, row: Revision) -> ServerCapabilities:
        """See `Server`."""
        return self._offered

    def connection(self) -> Connection:
        """See `Server`."""
        connection = super().connection()
        read_raw(connection.core, self.decoder)
        return connection

    @property
    def clients(self) -> list[RawPeer]:
        """The clients that are connected, for what belongs to no request of theirs."""
        params = RawParams()
        return [
            RawPeer(notice(connection, link, raw_notification(""), params))
            for connection in self.connections
            if (link := connection.core.link) is not None and not connection.core.ended
        ]

    async def notify(self, method: str, params: RawJson = None) -> None:
        """Send every client a notification."""
        for client in self.clients:
            await client.notify(method, params)

    async def _asked(self, method: str, params: Any, request: ServerRequest) -> Any:
        answer = self._on_request(method, params.raw, RawPeer(request))
        return as_raw(await answer if isawaitable(answer) else answer)

    def notified(self, connection: Connection, method: MethodInfo[Any, Any], params: Any) -> None:
        """A client sent a notification."""
        link = connection.core.link
        if self._on_raw_notification is not None and link is not None and isinstance(params, RawParams):
            peer = RawPeer(notice(connection, link, method, params))
            connection.core.inbox.put(self._on_raw_notification, method.name, params.raw, peer)
