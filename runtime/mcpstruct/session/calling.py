"""The client's side of one connection: how it opens, and what it puts on every request after that."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeVar

import msgspec
from msgspec import UNSET, Raw

from mcpstruct.base.check import is_array, is_object
from mcpstruct.base.codec import to_json
from mcpstruct.base.envelope import ErrorObject
from mcpstruct.base.errors import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    MISSING_CAPABILITY,
    UNSUPPORTED_VERSION,
    AccessDenied,
    ConnectFailed,
    ConnectionLost,
    HttpError,
    MethodNotInRevision,
    NoCommonRevision,
    ProtocolViolation,
    RemoteError,
    RequestTimeout,
    Unavailable,
)
from mcpstruct.base.limits import DEFAULT_DEADLINES, DEFAULT_LIMITS, Deadlines, Limits
from mcpstruct.base.methods import MethodInfo
from mcpstruct.base.session import ProgressCallback, Timeout
from mcpstruct.wire.eras import (
    CLIENT_CAPABILITIES,
    CLIENT_INFO,
    LOG_LEVEL,
    PROTOCOL_VERSION,
    Revision,
    legacy,
    modern,
    revision,
)
from mcpstruct_bindings.merged import methods
from mcpstruct_bindings.merged.decode import server_decoder
from mcpstruct_bindings.merged.types import (
    CallToolRequestParams,
    ClientCapabilities,
    DiscoverResult,
    Implementation,
    InitializedNotificationParams,
    InitializeRequestParams,
    LoggingLevel,
    RequestMetaObject,
    RequestParams,
    Result,
    ServerCapabilities,
)

from .complaints import Complaints
from .core import Core
from .incoming import Incoming
from .mirroring import Attentive, listing
from .outgoing import bare_params

R = TypeVar("R")
log = logging.getLogger("mcpstruct")


class ClientPart(Protocol):
    """What a client says of itself, and who answers what the server asks."""

    @property
    def info(self) -> Implementation:
        """The client's name and version."""
        ...

    @property
    def capabilities(self) -> ClientCapabilities:
        """What the client can do."""
        ...

    @property
    def log_level(self) -> LoggingLevel | None:
        """The least severe log messages that it wants; None for the server's choice, in the modern era for none."""
        ...

    @property
    def handlers(self) -> Mapping[str, Callable[[Any], Awaitable[Any]]]:
        """Who answers the server's requests, by the method's name on the wire."""
        ...

    @property
    def custom(self) -> Mapping[str, MethodInfo[Any, Any]]:
        """Methods that are none of the protocol's."""
        ...

    def renewing(self, connection: ClientConnection) -> Callable[..., Awaitable[Any]]:
        """`ClientConnection.call`, or what puts results also in the place of those that are remembered: the tools that
        were listed turn out to be others.
        """
        ...

    def notified(self, method: MethodInfo[Any, Any], params: Any) -> None:
        """The server sent a notification."""

    def violated(self, violation: ProtocolViolation) -> None:
        """The server sent something that is no message."""

    def lost(self, error: ConnectionLost) -> None:
        """The connection is over."""


class ClientConnection:
    """One server, as long as it is connected."""

    __slots__ = (
        "_attentive", "_complaints", "_stamp", "_usual", "capabilities", "core", "custom",
        "instructions", "part", "revision", "server_info",
    )  # fmt: skip

    def __init__(
        self, part: ClientPart, *, limits: Limits = DEFAULT_LIMITS, deadlines: Deadlines = DEFAULT_DEADLINES
    ) -> None:
        self.part = part
        self.custom = part.custom
        self.core = Core(self, server_decoder, limits=limits, deadlines=deadlines)
        self.core.outgoing.owes = self.core.received_requests  # somebody may be filling in a form
        self.revision: Revision | None = None
        self.server_info: Implementation | None = None
        self.capabilities = ServerCapabilities()
        self.instructions: str | None = None
        self._stamp: dict[str, Any] = {}
        self._usual: Any = None
        self._complaints = Complaints("The server")
        self._attentive: Attentive | None = None

    # -- see `Router` -------------------------------------------------------------------------------------------------

    def request(self, incoming: Incoming) -> None:
        """Begin to answer a request of the server."""
        name = incoming.method.name
        handler = self.part.handlers.get(name)
        if name == methods.PING.name and not self.core.mute:
            incoming.answer(Result())
        elif handler is None or self.core.mute:
            incoming.fail(METHOD_NOT_FOUND, f"Method not found: {name}")
        else:
            incoming.run(handler, incoming.params)

    def notification(self, method: MethodInfo[Any, Any], params: Any) -> None:
        """Pass a notification on."""
        self.part.notified(method, params)

    def violation(self, violation: ProtocolViolation) -> None:
        """Pass a fault of the server on."""
        self._complaints.add("broke the protocol: %s", violation.message)
        self.part.violated(violation)

    def unread(self, error: ErrorObject) -> None:
        """The server could not read a message."""
        self._complaints.add("could not read a message: %.200r (%d)", error.message, error.code)

    def lost(self, error: ConnectionLost) -> None:
        """The server is gone."""
        self._complaints.end()
        self.part.lost(error)

    # -- opening ------------------------------------------------------------------------------------------------------

    async def negotiate(self, allowed: tuple[str, ...], *, probe: bool = True) -> None:
        """Settle the revision: the newest that both sides speak.

        Asks whether the server is modern, if any modern revision is allowed, and falls back to the handshake if it
        does not say so. With `probe=False` the server is known to be legacy. Raises `NoCommonRevision`,
        `ConnectFailed`, `ConnectionLost`.
        """
        newest, oldest = modern(allowed), legacy(allowed)
        self._attentive = self.core.link if isinstance(self.core.link, Attentive) else None
        if newest and (probe or not oldest):
            supported = await self._discover(newest, fall_back=bool(oldest))
            if self.revision is not None:
                return
            oldest = tuple(name for name in oldest if supported is None or name in supported)
            if not oldest:
                names = ", ".join(supported) if supported else "only revisions with a handshake"
                raise NoCommonRevision(f"the server speaks {names}; allowed are {', '.join(allowed)}", supported or ())
        await self._initialize(oldest)

    async def _discover(self, newest: tuple[str, ...], *, fall_back: bool) -> tuple[str, ...] | None:
        """Ask a server what it is. Gives the revisions that it names; None where it shows that it is legacy."""
        deadlines = self.core.deadlines
        asked = [newest[0]]
        while True:
            self._set_stamp(asked[-1])
            silent = fall_back and self._attentive is None  # over HTTP, legacy servers answer what they don't know
            timeout = deadlines.probe if silent else deadlines.connect
            try:
                found = await self.core.request(methods.DISCOVER, self._stamped(RequestParams()), timeout=timeout)
            except (RemoteError, HttpError) as error:
                supported = _supported_by(error, silent)
                if supported is None:
                    return None
            except RequestTimeout as error:
                if not silent:
                    raise ConnectFailed(f"the server did not answer within {timeout:g} s") from error
                return None
            except ProtocolViolation as violation:
                if not fall_back:
                    raise ConnectFailed(f"the server did not say what it is: {violation}") from violation
                self.violation(violation)
                return None
            else:
                return self._discovered(found, newest)
            # What is refused and named all the same is asked once more: servers at one address may differ.
            common = [name for name in newest if name in supported and asked.count(name) < 2]
            if not common:
                return supported
            asked.append(min(common, key=asked.count))

    def _discovered(self, found: DiscoverResult, newest: tuple[str, ...]) -> tuple[str, ...]:
        supported = tuple(found.supported_versions)
        common = [name for name in newest if name in supported]
        if common:
            self._set_stamp(common[0])
            self.revision = revision(common[0])
            self.core.mute = self.core.outgoing.told_types = True
            self.server_info = found.meta.server_info if found.meta is not None else None
            self.capabilities, self.instructions = found.capabilities, found.instructions
        return supported

    async def _initialize(self, oldest: tuple[str, ...]) -> None:
        params = InitializeRequestParams(
            protocol_version=oldest[0], capabilities=self.part.capabilities, client_info=self.part.info
        )
        self._stamp = {}
        if self._attentive is not None:
            self._attentive.speaks(None)
        timeout = self.core.deadlines.connect
        try:
            result = await self.core.request(methods.INITIALIZE, params, timeout=timeout)
        except RequestTimeout as error:
            raise ConnectFailed(f"the server did not answer initialize within {timeout:g} s") from error
        except AccessDenied:
            raise
        except (RemoteError, HttpError) as error:
            raise _no_session(error) from error
        if result.protocol_version not in oldest:
            theirs = result.protocol_version
            raise NoCommonRevision(f"the server answers in {theirs}; allowed are {', '.join(oldest)}", (theirs,))
        self.revision = revision(result.protocol_version)
        self.core.batches = self.revision.batches
        self.server_info, self.capabilities = result.server_info, result.capabilities
        self.instructions = result.instructions
        if self._attentive is not None:
            self._attentive.speaks(self.revision)
        await self.core.notify(methods.INITIALIZED, InitializedNotificationParams())
        if self.part.log_level is not None and self.capabilities.logging is not None:
            try:
                await self.call(methods.SET_LEVEL, methods.SET_LEVEL.params(level=self.part.log_level))
            except (RemoteError, HttpError) as error:
                log.warning("The server refused the level of its log messages: %s", error)

    # -- after that ---------------------------------------------------------------------------------------------------

    def call(
        self,
        method: MethodInfo[Any, R],
        params: Any,
        *,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> Awaitable[R]:
        """Send a request with what the revision wants on it; await the result.

        Raises `MethodNotInRevision`, and what `Core.request` raises.
        """
        params = self.prepared(method, params)
        request = self.core.request(method, params, timeout=timeout, on_progress=on_progress)
        if self._attentive is not None and method.name == methods.LIST_TOOLS.name:
            return listing(self._attentive, request)
        return request

    def renewing(self) -> Callable[..., Awaitable[Any]]:
        """How to list the tools again, those that were listed being out of date."""
        return self.part.renewing(self)

    def listed(self, result: Any) -> None:
        """Take note of a list of tools that came from elsewhere: a cache."""
        if self._attentive is not None:
            self._attentive.listed(result)

    def prepared(self, method: MethodInfo[Any, Any], params: Any) -> Any:
        """The params of a request with what the revision wants on it. Raises `MethodNotInRevision`."""
        row = self.revision
        if row is not None and method not in row.methods:
            self._allow(method, row)
        if not self._stamp:
            return params
        if params.__class__ is CallToolRequestParams and params.__watched__ is None:  # as `_stamped`, past a property
            params.meta = self._usual
            return params
        return self._stamped(bare_params(method) if params is None else params)

    async def notify(self, method: MethodInfo[Any, None], params: Any) -> None:
        """Send a notification. Raises `MethodNotInRevision`, `ConnectionLost`, `RequestTimeout`."""
        if self.revision is not None:
            self._allow(method, self.revision)
        await self.core.notify(method, params)

    def _allow(self, method: MethodInfo[Any, Any], row: Revision) -> None:
        known = methods.METHODS.get(method.name)
        if known is not None and not row.has(known):
            raise MethodNotInRevision(method.name, row.name)

    def _set_stamp(self, name: str) -> None:
        """What every request of a modern revision carries, worked out once."""
        self._stamp = {
            PROTOCOL_VERSION: name,
            CLIENT_INFO: msgspec.json.decode(to_json(self.part.info)),
            CLIENT_CAPABILITIES: _declared(self.part.capabilities),
        }
        if self.part.log_level is not None:
            self._stamp[LOG_LEVEL] = self.part.log_level
        # Most requests have no other `_meta`: bytes made once spare 3 µs a call. Objects cross as they are.
        if self._attentive is not None:
            self._attentive.speaks(revision(name))
        self._usual = Raw(to_json(self._stamp)) if self.core.as_bytes else RequestMetaObject(self._stamp)

    def _stamped(self, params: Any) -> Any:
        if is_object(params):
            params["_meta"] = {**self._stamp, **(params.get("_meta") or {})}
        elif own := params.meta:
            params.meta = RequestMetaObject({**self._stamp, **own})
        else:
            params.meta = self._usual
        result: Any = params
        return result


def _declared(capabilities: ClientCapabilities) -> dict[str, Any]:
    """What a client can do, in the words of the modern era: nobody is told there of changes to roots."""
    declared: dict[str, Any] = msgspec.json.decode(to_json(capabilities))
    if is_object(roots := declared.get("roots")):
        roots.pop("listChanged", None)
    return declared


def _supported(error: RemoteError, *codes: int) -> tuple[str, ...] | None:
    """The revisions that a server says it speaks, by the code of modern ones or another; None where it does not."""
    if error.code in (UNSUPPORTED_VERSION, *codes) and is_object(error.data) and is_array(error.data.get("supported")):
        return tuple(str(name) for name in error.data["supported"])
    return None


def _supported_by(error: RemoteError | HttpError, silent: bool) -> tuple[str, ...] | None:
    """As `_supported`, of a server that was asked what it is. Raises what tells nothing of that, or of a modern one.

    Where legacy servers are not sure to answer, they may answer anything as well.
    """
    if isinstance(error, AccessDenied):
        raise error
    if isinstance(error, HttpError):
        settled = not isinstance(error, Unavailable) and 400 <= error.status < 500  # only a legacy one says so little
    else:
        settled = silent or error.code not in (HEADER_MISMATCH, MISSING_CAPABILITY)
    if not settled:
        raise ConnectFailed(f"the server refused to say what it is: {error}") from error
    return _supported(error) if isinstance(error, RemoteError) else None


def _no_session(error: RemoteError | HttpError) -> ConnectFailed | NoCommonRevision:
    """Why a server refused to open a session."""
    supported = _supported(error, INVALID_PARAMS) if isinstance(error, RemoteError) else None
    if supported is not None:
        return NoCommonRevision(f"the server speaks {', '.join(supported)}", supported)
    return ConnectFailed(f"the server refused to open a session: {error}")
