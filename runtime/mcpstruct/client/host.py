"""What a client is connected to, and how the connection comes, goes, and comes again."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any, TypeAlias, TypeVar

import anyio

from mcpstruct.base.errors import (
    ConnectFailed,
    ConnectionLost,
    HttpError,
    NoCommonRevision,
    NotConnected,
    ProtocolViolation,
    RemoteError,
)
from mcpstruct.base.limits import DEFAULT_DEADLINES, DEFAULT_LIMITS, Deadlines, Limits
from mcpstruct.base.methods import MethodInfo
from mcpstruct.session.calling import ClientConnection
from mcpstruct.session.inbox import Inbox
from mcpstruct.session.loop import Cancellable, Future, Loop, current_loop
from mcpstruct.transport.base import Target, Transport
from mcpstruct.wire.eras import revision, spoken
from mcpstruct_bindings.merged.decode import server_decoder
from mcpstruct_bindings.merged.types import ClientCapabilities, Implementation, LoggingLevel

from .callbacks import Callbacks

R = TypeVar("R")
log = logging.getLogger("mcpstruct")
NotificationCallback: TypeAlias = Callable[[MethodInfo[Any, Any], Any], Awaitable[None] | None]
Handlers: TypeAlias = Mapping[str, Callable[[Any], Awaitable[Any]]]
"""Who answers a request of the server, by the method's name on the wire."""
Verdicts: TypeAlias = MutableMapping[str, str]
"""The revision that each server turned out to speak, by the target's `key`."""

_verdicts: dict[str, str] = {}


class Host:
    """The connection of a client, and all that is settled before there is one.

    `capabilities` and `handlers` are those of the callbacks, unless they are given. With `raw`, what comes stays
    undecoded.
    """

    def __init__(
        self,
        target: Target | Transport | str,
        *,
        auth: Any = None,
        info: Implementation,
        callbacks: Callbacks,
        capabilities: ClientCapabilities | None = None,
        handlers: Handlers | None = None,
        raw: bool = False,
        revisions: Iterable[str] | str | None = None,
        on_notification: NotificationCallback | None = None,
        on_violation: Callable[[ProtocolViolation], object] | None = None,
        log_level: LoggingLevel | None = None,
        custom: Mapping[str, MethodInfo[Any, Any]] | None = None,
        limits: Limits = DEFAULT_LIMITS,
        deadlines: Deadlines = DEFAULT_DEADLINES,
        verdicts: Verdicts | None = None,
        tolerant: bool = False,
    ) -> None:
        self.target: Target | Transport = _at_url(target, auth)
        self.info = info
        self.callbacks = callbacks
        self.capabilities = callbacks.capabilities() if capabilities is None else capabilities
        self.handlers = callbacks.handlers() if handlers is None else handlers
        self.log_level: LoggingLevel | None = log_level
        self.custom: Mapping[str, MethodInfo[Any, Any]] = custom or {}
        self.allowed = spoken(revisions)
        self.on_notification = on_notification
        self.on_violation = on_violation
        self.on_lost: Callable[[ConnectionLost], object] | None = None
        self.on_outdated: Callable[[ClientConnection], Callable[..., Awaitable[Any]]] | None = None
        self._tolerant = tolerant
        self._raw = raw
        self._limits = limits
        self._deadlines = deadlines
        self._verdicts = _verdicts if verdicts is None else verdicts
        self.current: ClientConnection | None = None
        """The connection, while there is one."""
        self._latest: ClientConnection | None = None
        """The last one made, connected or not."""
        self._waiting = 0
        self._opening: Future[None] | None = None
        self._task: Any = None
        self._loop: Loop | None = None
        self._closed = False

    @property
    def connection(self) -> ClientConnection:
        """The connection. Raises `NotConnected`."""
        if self.current is None:
            raise NotConnected("the client is closed" if self._closed else "connect first")
        return self.current

    @property
    def inbox(self) -> Inbox:
        """The queue of callbacks; a server may send notifications before the client is connected."""
        if self._latest is None:
            raise NotConnected("connect first")
        return self._latest.core.inbox

    @property
    def connected(self) -> bool:
        """Whether there is a server to talk to."""
        return self.current is not None and self.current.core.connected

    # -- see `ClientPart` ---------------------------------------------------------------------------------------------

    def renewing(self, connection: ClientConnection) -> Callable[..., Awaitable[Any]]:
        """How to list tools again: with what remembers them."""
        return connection.call if self.on_outdated is None else self.on_outdated(connection)

    def notified(self, method: MethodInfo[Any, Any], params: Any) -> None:
        """The server sent a notification."""
        if self.on_notification is not None:
            self.on_notification(method, params)

    def violated(self, violation: ProtocolViolation) -> None:
        """The server sent something that is no message."""
        if self.on_violation is not None:
            try:
                self.on_violation(violation)
            except Exception:
                log.exception("The violation callback failed")

    def lost(self, error: ConnectionLost) -> None:
        """The connection is over."""
        if self.on_lost is not None:
            self.on_lost(error)

    # -- connecting ---------------------------------------------------------------------------------------------------

    async def connect(self) -> None:
        """Connect, unless connected. Raises `ConnectFailed`, `NoCommonRevision`, `ConnectionLost`."""
        loop = self._loop = current_loop()
        if self._closed:
            raise NotConnected("the client is closed")
        if self.connected:
            return
        if self._opening is None:
            self._opening = loop.future()
            self._task = loop.spawn(self._open, self._opening, loop)
        opening = self._opening
        self._waiting += 1
        try:
            await loop.shield(opening)
        except loop.Cancelled:
            if self._waiting == 1:
                self._call_off()
            raise
        finally:
            self._waiting -= 1

    def _call_off(self) -> None:
        """Stop connecting. The task may not have begun yet, and never will, so that who waits is told here."""
        opening, self._opening = self._opening, None
        if opening is not None:
            self._task.cancel()
            if not opening.done():
                opening.set_exception(ConnectFailed("connecting was called off"))

    async def _open(self, opening: Future[None], loop: Loop) -> None:
        """Open a connection in a task of its own, so that nobody who waits for it owns it."""
        seconds = self._deadlines.connect
        late = False
        task = self._task

        def stop() -> None:
            nonlocal late
            late = True
            task.cancel()

        patience = _Patience(loop, seconds, lambda: self._held, stop)
        error: Exception | None = None
        try:
            connection = await self._try()
            if opening.done():  # called off, too late for the task to notice
                await _finish(connection)
            else:
                self.current = connection
        except loop.Cancelled:
            error = ConnectFailed(f"not connected within {seconds:g} s" if late else "connecting was called off")
            raise
        except Exception as failure:
            error = failure
        finally:
            patience.cancel()
            if self._opening is opening:
                self._opening = None
            if opening.done():
                pass
            elif error is not None:
                opening.set_exception(error)
            else:
                opening.set_result(None)

    @property
    def _held(self) -> bool:
        """Whether a user is being asked whether to let this client in."""
        return self._latest is not None and self._latest.core.outgoing.held > 0

    async def _try(self) -> ClientConnection:
        if self._latest is not None:  # one that was lost; its transport may have things to put away
            await self._latest.core.aclose()
        key: str | None = getattr(self.target, "key", None)
        known = self._verdicts.get(key) if key is not None else None
        legacy = known is not None and known in self.allowed and revision(known).era == "legacy"
        try:
            connection = await self._attempts(legacy)
        except ConnectionLost as error:
            raise ConnectFailed(f"the connection was lost while it opened: {error}") from error
        if key is not None and connection.revision is not None:
            self._verdicts[key] = connection.revision.name
        return connection

    async def _attempts(self, legacy: bool) -> ClientConnection:
        """Connect; once more, if the server turns out not to be of the era that it was taken for."""
        try:
            return await self._attempt(probe=not legacy)
        except (ConnectFailed, ConnectionLost, NoCommonRevision) as error:
            one_era = len({revision(name).era for name in self.allowed}) == 1
            # Some servers end when asked something before `initialize`: that, too, says that they are legacy ones.
            # One that was legacy when last seen may be modern by now, and refuse `initialize` in any way it likes.
            refused = isinstance(error, NoCommonRevision) or isinstance(error.__cause__, (HttpError, RemoteError))
            mistaken = isinstance(error, ConnectionLost) or (legacy and refused)
            if one_era or not mistaken or not isinstance(self.target, Target):
                raise
        return await self._attempt(probe=legacy)

    async def _attempt(self, *, probe: bool) -> ClientConnection:
        target: Any = self.target
        transport: Transport = target if isinstance(target, Transport) else target.transport()
        connection = ClientConnection(self, limits=self._limits, deadlines=self._deadlines)
        connection.core.tolerant = self._tolerant
        if self._raw:
            from mcpstruct.session.raw import read_raw  # no more is imported than what is used

            read_raw(connection.core, server_decoder)
        self._latest = connection
        try:
            await connection.core.open(transport)
            await connection.negotiate(self.allowed, probe=probe)
        except BaseException:
            await _finish(connection)
            raise
        return connection

    async def aclose(self) -> None:
        """End the connection. May be called from any task, and twice."""
        self._closed = True
        await self.disconnect()

    async def disconnect(self) -> None:
        """End the connection, if there is one; `connect` makes another."""
        self._call_off()
        self.current = None
        if self._latest is not None:  # also one that is still opening, or being closed by somebody else
            await self._latest.core.aclose()


class _Patience:
    """Calls `stop` when the time is up, and begins anew where it is `held` by then."""

    def __init__(self, loop: Loop, seconds: float | None, held: Callable[[], bool], stop: Callable[[], None]) -> None:
        self._loop = loop
        self._held = held
        self._stop = stop
        self._timer: Cancellable | None = None
        if seconds is not None:
            self._begin(seconds)

    def _begin(self, seconds: float) -> None:
        self._timer = self._loop.call_later(seconds, self._up, seconds)

    def _up(self, seconds: float) -> None:
        if self._held():
            self._begin(seconds)
        else:
            self._stop()

    def cancel(self) -> None:
        """Do not call any more."""
        if self._timer is not None:
            self._timer.cancel()


async def _finish(connection: ClientConnection) -> None:
    """Close what did not open, and wait for that although this task may be cancelled."""
    try:
        with anyio.CancelScope(shield=True):
            await connection.core.aclose()
    except Exception as error:
        log.debug("While closing what did not open: %s", error)


def _at_url(target: Target | Transport | str, auth: Any) -> Target | Transport:
    """The server that a URL is of, and what says who calls it. Raises `TypeError` where nobody asks who calls."""
    if not isinstance(target, str) and auth is None:
        return target
    from mcpstruct.transport.http import HttpServer  # no more is imported than what is used

    if isinstance(target, str):
        return HttpServer(target, auth=auth)
    if not isinstance(target, HttpServer):
        raise TypeError("auth= is for servers at a URL")
    from dataclasses import replace

    return replace(target, auth=auth)
