"""Who is told of what: the streams of modern clients, and the subscriptions of sessions with a handshake."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from mcpstruct.base.errors import INVALID_PARAMS, METHOD_NOT_FOUND, ConnectionLost
from mcpstruct.base.methods import MethodInfo
from mcpstruct.wire.eras import SUBSCRIPTION_ID
from mcpstruct_bindings.merged import methods
from mcpstruct_bindings.merged.types import (
    CancelledNotificationParams,
    EmptyResult,
    NotificationMetaObject,
    ResourceUpdatedNotificationParams,
    ServerCapabilities,
    SubscriptionFilter,
    SubscriptionsAcknowledgedNotificationParams,
    SubscriptionsListenResult,
    SubscriptionsListenResultMetaObject,
)

from .incoming import Incoming
from .links import Link
from .request import ServerRequest

if TYPE_CHECKING:
    from .serving import Connection

Kind: TypeAlias = Literal["tools", "prompts", "resources"]
_CHANGED: dict[Kind, MethodInfo[Any, None]] = {
    "tools": methods.TOOL_LIST_CHANGED,
    "prompts": methods.PROMPT_LIST_CHANGED,
    "resources": methods.RESOURCE_LIST_CHANGED,
}


class Subscriptions:
    """What one client wants to be told."""

    __slots__ = ("_connection", "_streams", "_uris")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._streams: dict[Incoming, SubscriptionFilter] = {}
        self._uris: dict[str, None] = {}  # a set: an empty one of its own kind takes 216 bytes

    def listen(self, incoming: Incoming, request: ServerRequest) -> None:
        """Open a stream: it is the request itself, answered when it ends."""
        granted = _granted(incoming.params.notifications, self._connection.service.capabilities(request.revision))
        if not self._room(incoming, _count(granted) + self._streamed(incoming.link)):
            return
        incoming.on_cancel = lambda: self._streams.pop(incoming, None)
        incoming.close = lambda: self._end(incoming)
        self._streams[incoming] = granted
        _tell(
            incoming,
            methods.SUBSCRIPTIONS_ACKNOWLEDGED,
            SubscriptionsAcknowledgedNotificationParams(notifications=granted, meta=_meta(incoming)),
        )

    def subscribe(self, incoming: Incoming, request: ServerRequest) -> None:
        """Tell of changes to one resource, for as long as the session lasts."""
        resources = self._connection.service.capabilities(request.revision).resources
        if resources is None or not resources.subscribe:
            incoming.fail(METHOD_NOT_FOUND, "this server takes no subscriptions")
            return
        if incoming.params.uri in self._uris or self._room(incoming, len(self._uris) + 1):
            self._uris[incoming.params.uri] = None
            incoming.answer(EmptyResult())

    def unsubscribe(self, incoming: Incoming, request: ServerRequest) -> None:
        """Tell of one resource no more."""
        self._uris.pop(incoming.params.uri, None)
        incoming.answer(EmptyResult())

    def _streamed(self, link: Link) -> int:
        """How many resources are told of on streams that share a way out: that of their connection."""
        return sum(map(_count, self._streams.values())) if link is self._connection.core.link else 0

    def _room(self, incoming: Incoming, count: int) -> bool:
        """Whether a client may be told of so many resources; else its request is refused."""
        limit = self._connection.core.limits.max_subscriptions
        if count > limit:
            incoming.fail(INVALID_PARAMS, f"more than {limit} subscriptions", {"limit": limit})
        return count <= limit

    def forget(self) -> None:
        """Tell of no resource any more, but on streams."""
        self._uris.clear()

    def list_changed(self, kind: Kind) -> None:
        """A list changed: tell whoever wants to know."""
        method = _CHANGED[kind]
        for incoming, wanted in list(self._streams.items()):  # telling one that does not read may end its stream
            if getattr(wanted, f"{kind}_list_changed"):
                self._stream(incoming, method, method.params(meta=_meta(incoming)))
        if self._connection.initialized:
            self._notify(method, method.params())

    def resource_updated(self, uri: str) -> None:
        """A resource changed: tell whoever wants to know."""
        for incoming, wanted in list(self._streams.items()):
            if uri in (wanted.resource_subscriptions or ()):
                params = ResourceUpdatedNotificationParams(uri=uri, meta=_meta(incoming))
                self._stream(incoming, methods.RESOURCE_UPDATED, params, uri)
        if uri in self._uris:
            self._notify(methods.RESOURCE_UPDATED, ResourceUpdatedNotificationParams(uri=uri), uri)

    def close(self) -> None:
        """End every stream in good order."""
        for incoming in list(self._streams):
            self._end(incoming)

    def _end(self, incoming: Incoming) -> None:
        """End a stream: by its answer, and, where it has no way of its own that ends with that, by calling it off."""
        if incoming in self._streams:
            del self._streams[incoming]
            meta = SubscriptionsListenResultMetaObject({SUBSCRIPTION_ID: incoming.id})
            incoming.answer(SubscriptionsListenResult(meta=meta, result_type="complete"))
            _tell(incoming, methods.CANCELLED, CancelledNotificationParams(request_id=incoming.id))

    def _stream(self, incoming: Incoming, method: MethodInfo[Any, None], params: Any, uri: str | None = None) -> None:
        key = incoming, method.name, uri
        self._connection.backlog.tell(incoming.link, key, self._stream_now, incoming, method, params)

    def _stream_now(self, incoming: Incoming, method: MethodInfo[Any, None], params: Any) -> None:
        if incoming in self._streams:
            incoming.link.notification(method, params)

    def _notify(self, method: MethodInfo[Any, None], params: Any, uri: str | None = None) -> None:
        link = self._connection.core.link
        if link is not None:
            self._connection.backlog.tell(link, (method.name, uri), self._notify_now, method, params, uri)

    def _notify_now(self, method: MethodInfo[Any, None], params: Any, uri: str | None) -> None:
        if uri is None or uri in self._uris:
            self._connection.core.notify_soon(method, params)


def _tell(incoming: Incoming, method: MethodInfo[Any, None], params: Any) -> None:
    with suppress(ConnectionLost):
        incoming.link.notification(method, params)


def _count(wanted: SubscriptionFilter) -> int:
    return len(wanted.resource_subscriptions or ())


def _meta(incoming: Incoming) -> NotificationMetaObject:
    return NotificationMetaObject({SUBSCRIPTION_ID: incoming.id})


def _granted(wanted: SubscriptionFilter, offered: ServerCapabilities) -> SubscriptionFilter:
    """What of a filter the server can honour."""
    tools, prompts, resources = offered.tools, offered.prompts, offered.resources
    return SubscriptionFilter(
        tools_list_changed=(wanted.tools_list_changed and (tools is not None and tools.list_changed)) or None,
        prompts_list_changed=(wanted.prompts_list_changed and (prompts is not None and prompts.list_changed)) or None,
        resources_list_changed=(wanted.resources_list_changed and (resources is not None and resources.list_changed))
        or None,
        resource_subscriptions=wanted.resource_subscriptions if resources and resources.subscribe else None,
    )
