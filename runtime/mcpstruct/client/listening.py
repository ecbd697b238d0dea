"""Subscriptions of a client: a stream of its own in the modern era, notifications of the session before."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import anyio

from mcpstruct.base.errors import ConnectionLost, McpError, RemoteError, RequestTimeout
from mcpstruct.base.methods import MethodInfo
from mcpstruct.session.calling import ClientConnection
from mcpstruct.session.loop import Cancellable, Future, current_loop
from mcpstruct.transport.waiting import Changes
from mcpstruct.wire.eras import SUBSCRIPTION_ID
from mcpstruct_bindings.merged import methods
from mcpstruct_bindings.merged.types import RequestMetaObject, SubscriptionFilter

from .cache import is_part

if TYPE_CHECKING:
    from .client import Client

log = logging.getLogger("mcpstruct")
_FIELDS = {
    methods.TOOL_LIST_CHANGED.name: "tools_list_changed",
    methods.PROMPT_LIST_CHANGED.name: "prompts_list_changed",
    methods.RESOURCE_LIST_CHANGED.name: "resources_list_changed",
}
_MOST = 16_384
"""Changes that nobody has taken yet, of which the same several times are one. Beyond it, new ones are dropped."""
_FIRST_DELAY = 0.5
"""Seconds before a stream that was lost is made again; doubled while they do not last."""
_LONGEST_DELAY = 30.0


class Change(NamedTuple):
    """Something that changed: the method of the notification, and the URI where it is about a resource."""

    method: str
    uri: str | None


class Subscription:
    """Changes, as they come, once it is entered. Several of the same kind that nobody has taken yet are one.

    Several tasks may iterate at once: each change goes to one of them, and the end to all.
    """

    _told: Changes

    def __init__(self, listeners: Listeners, wanted: SubscriptionFilter, *, reestablish: bool) -> None:
        self.wanted = wanted
        self.granted: SubscriptionFilter | None = None
        """What the server agreed to; known once the subscription is entered."""
        self.reestablish = reestablish
        self.id: int | str | None = None
        """Of the request that is its stream."""
        self.uris: set[str] = set()
        """The resources that the session is subscribed to on its behalf, where it has no stream."""
        self._listeners = listeners
        self._changes: dict[Change, None] = {}
        self._ready: Future[None] | None = None
        self._task: Cancellable | None = None
        self._ended = True
        self._error: Exception | None = RuntimeError("a subscription is entered (`async with`) before it is iterated")

    async def __aenter__(self) -> Self:
        self._told = Changes(current_loop())
        await self._listeners.start(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        unsubscribed = self._listeners.stop(self)
        if unsubscribed is not None and kind is None:  # an error is not kept waiting
            await current_loop().shield(unsubscribed)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Change:
        while not self._changes:
            if self._ended:
                raise self._error or StopAsyncIteration
            await self._told.until(lambda: self._ended or bool(self._changes))
        change = next(iter(self._changes))
        del self._changes[change]
        return change

    # -- told by `Listeners` ------------------------------------------------------------------------------------------

    def wants(self, change: Change) -> bool:
        """Whether a change is one of those subscribed to."""
        if change.uri is not None:
            return any(is_part(change.uri, uri) for uri in self.wanted.resource_subscriptions or ())
        return bool(getattr(self.wanted, _FIELDS[change.method]))

    def put(self, change: Change) -> None:
        """A change has come."""
        if len(self._changes) < _MOST:
            self._changes[change] = None
        self._told.announce()

    def acknowledge(self, granted: SubscriptionFilter) -> None:
        """The server has agreed."""
        self.granted = granted
        self._ended, self._error = False, None
        if self._opening is not None:
            self._opening.set_result(None)

    def end(self, error: Exception | None) -> None:
        """Nothing follows; or, where the server has yet to agree, it does not."""
        self.id = None
        if self._opening is not None:
            self._opening.set_exception(error or McpError("the server ended the subscription at once"))
        else:
            self._ended, self._error = True, error
            self._told.announce()

    def lost(self, error: ConnectionLost) -> None:
        """The connection is over. A stream learns that itself, after what the server said last."""
        if self.id is None:
            self._give_up()
            if self._opening is not None or not (self._ended or self.reestablish):
                self.end(error)
        self.id = self.granted = None
        self.uris.clear()

    def close(self) -> None:
        """End it from this side."""
        self._give_up()
        self.end(None)

    @property
    def _opening(self) -> Future[None] | None:
        """Who waits for the server to agree."""
        return None if self._ready is None or self._ready.done() else self._ready

    def _give_up(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def open_stream(self, connection: ClientConnection) -> None:
        """Send the request that is the stream, and wait for the server to agree."""
        loop = current_loop()
        self._ready = loop.future()
        self._task = loop.spawn(self._stream, connection)
        seconds = connection.core.deadlines.request
        timer = None if seconds is None else loop.call_later(seconds, self._unanswered, seconds)
        try:
            await self._ready
        except BaseException:
            self._give_up()
            raise
        finally:
            self._ready = None
            if timer is not None:
                timer.cancel()

    def _unanswered(self, seconds: float) -> None:
        self.end(RequestTimeout(f"the server did not agree to a subscription within {seconds:g} s"))

    async def _stream(self, connection: ClientConnection) -> None:
        loop, delay = current_loop(), 0.0
        while True:
            began = loop.time()
            ended: Exception | None = None
            try:
                await self._listen(connection)
            except Exception as error:
                ended = error
            # A server that leaves ends its streams in good order; there may be another in its place.
            passing = ended is None or (isinstance(ended, McpError) and ended.retryable)
            if self._opening is not None or not self.reestablish or not passing:
                self.end(ended)
                return
            if not connection.core.connected:
                return  # until `restart`
            # The stream alone is over, as over HTTP, where each has a connection of its own: nobody need `restart`.
            delay = _FIRST_DELAY if loop.time() - began > delay else min(2 * delay, _LONGEST_DELAY)
            self.id = self.granted = None
            await anyio.sleep(delay)

    async def _listen(self, connection: ClientConnection) -> None:
        method = methods.SUBSCRIPTIONS_LISTEN
        params = connection.prepared(method, method.params(meta=RequestMetaObject({}), notifications=self.wanted))
        pending = await connection.core.start(method, params, timeout=None)
        self.id = pending.id
        self._listeners.started(self)
        await connection.core.finish(pending)


class Listeners:
    """Every subscription of a client."""

    def __init__(self, client: Client, connection: Callable[[], ClientConnection]) -> None:
        self._client = client
        self._connection = connection
        self._subscriptions: list[Subscription] = []
        self._early: tuple[Any, SubscriptionFilter] | None = None

    def subscription(
        self, tools: bool, prompts: bool, resources: bool, uris: tuple[str, ...], reestablish: bool
    ) -> Subscription:
        """A subscription that is yet to be entered."""
        wanted = SubscriptionFilter(
            tools_list_changed=tools or None,
            prompts_list_changed=prompts or None,
            resources_list_changed=resources or None,
            resource_subscriptions=list(uris) or None,
        )
        return Subscription(self, wanted, reestablish=reestablish)

    async def start(self, subscription: Subscription) -> None:
        """Subscribe; to all of it, or to nothing."""
        self._subscriptions.append(subscription)
        try:
            await self._open(subscription)
        except BaseException:
            self.stop(subscription)
            raise

    async def _open(self, subscription: Subscription) -> None:
        if self._modern:
            await subscription.open_stream(self._connection())
            return
        for uri in subscription.wanted.resource_subscriptions or ():
            await self._client.subscribe(uri)
            subscription.uris.add(uri)
        subscription.acknowledge(subscription.wanted)

    def stop(self, subscription: Subscription) -> Future[None] | None:
        """Unsubscribe; gives what is done once the server has been told of it all, where it takes requests for that."""
        if subscription in self._subscriptions:
            self._subscriptions.remove(subscription)
        subscription.close()
        if not subscription.uris or not self._client.connected:
            return None
        loop = current_loop()
        done: Future[None] = loop.future()
        loop.spawn(self._unsubscribe, sorted(subscription.uris), done)  # goes on even where the caller is cancelled
        subscription.uris.clear()
        return done

    async def _unsubscribe(self, uris: Iterable[str], done: Future[None]) -> None:
        try:
            for uri in uris:
                if not any(uri in (s.wanted.resource_subscriptions or ()) for s in self._subscriptions):
                    await self._call_off(uri)
        except McpError as error:  # the connection is lost, or the server says nothing
            log.debug("Not unsubscribed: %s", error)
        finally:
            if not done.done():
                done.set_result(None)

    async def _call_off(self, uri: str) -> None:
        try:
            await self._client.unsubscribe(uri)
        except RemoteError as error:
            log.warning("The server refused to end the subscription to a resource: %s", error)

    @property
    def _modern(self) -> bool:
        row = self._connection().revision
        return row is not None and row.era == "modern"

    def notified(self, method: MethodInfo[Any, Any], params: Any) -> None:
        """A notification came: give it to whom it is for."""
        if not self._subscriptions:
            return
        if method is methods.SUBSCRIPTIONS_ACKNOWLEDGED:
            self._acknowledged(params)
        elif method is methods.RESOURCE_UPDATED:
            self._changed(Change(method.name, params.uri), params)
        elif method.name in _FIELDS:
            self._changed(Change(method.name, None), params)

    def _acknowledged(self, params: Any) -> None:
        stream = params.meta.get(SUBSCRIPTION_ID) if params.meta is not None else None
        for subscription in self._subscriptions:
            if stream is not None and subscription.id == stream:
                subscription.acknowledge(params.notifications)
                return
        self._early = (stream, params.notifications)

    def started(self, subscription: Subscription) -> None:
        """A stream has got its id. In memory, a server agrees before the sender learns it."""
        if self._early is not None and self._early[0] == subscription.id:
            subscription.acknowledge(self._early[1])
        self._early = None

    def _changed(self, change: Change, params: Any) -> None:
        stream = params.meta.get(SUBSCRIPTION_ID) if params is not None and params.meta is not None else None
        for subscription in self._subscriptions:
            if subscription.id == stream and (stream is not None or subscription.wants(change)):
                subscription.put(change)

    def lost(self, error: ConnectionLost) -> None:
        """The connection is over: so is every subscription that is not to be made again."""
        self._early = None
        for subscription in self._subscriptions:
            subscription.lost(error)

    def close(self) -> None:
        """There will be no other connection: nothing waits for one any more."""
        for subscription in self._subscriptions:
            if subscription.reestablish:
                subscription.reestablish = False
                if not self._client.connected:
                    subscription.end(ConnectionLost("the session was closed"))

    async def reestablish(self) -> None:
        """Make the subscriptions again that asked for it; one that the server refuses ends with that error.

        Raises `ConnectionLost` where the connection does not last; then those that are left wait for another.
        """
        self._subscriptions = [s for s in self._subscriptions if s.reestablish]
        for subscription in list(self._subscriptions):
            try:
                if subscription in self._subscriptions:  # nobody has left it meanwhile
                    await self._open(subscription)
            except Exception as error:
                if not self._client.connected:
                    raise
                if subscription in self._subscriptions:
                    self.stop(subscription)
                    subscription.end(error)
