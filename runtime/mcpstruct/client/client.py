"""`Client`: every method of the protocol, typed, in whatever revision the server speaks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from copy import copy
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias, TypeVar, cast, overload

from msgspec import UNSET

from mcpstruct.base.errors import NotConnected, ProtocolViolation
from mcpstruct.base.limits import DEFAULT_DEADLINES, DEFAULT_LIMITS, Deadlines, Limits
from mcpstruct.base.methods import MethodInfo
from mcpstruct.base.session import Meta, ProgressCallback, Timeout
from mcpstruct.transport.base import Target, Transport
from mcpstruct_bindings.merged import methods
from mcpstruct_bindings.merged.types import (
    CallToolRequestParams,
    CallToolResult,
    CreateTaskResult,
    GetPromptResult,
    Implementation,
    InputRequiredResult,
    InputResponses,
    LoggingLevel,
    LoggingMessageNotificationParams,
    ReadResourceResult,
    RequestMetaObject,
    ServerCapabilities,
    TaskMetadata,
)

from .cache import CACHEABLE, CHANGES, CachedCalls, CacheMode, ResponseCache
from .callbacks import Callbacks, OnElicitation, OnElicitationUrl, OnSampling, Roots
from .host import Host, NotificationCallback, Verdicts
from .listening import Listeners, Subscription
from .lists import ListingSession, own_meta
from .outputs import JUDGED, Outputs, judge
from .results import read_result
from .rounds import answered

if TYPE_CHECKING:
    from mcpstruct.transport.http import HttpAuth

P = TypeVar("P")
R = TypeVar("R")
T = TypeVar("T")
LogCallback: TypeAlias = Callable[[LoggingMessageNotificationParams], Awaitable[None] | None]
Call: TypeAlias = Callable[[MethodInfo[Any, Any], Any], Awaitable[Any]]
Middleware: TypeAlias = Callable[[Call, MethodInfo[Any, Any], Any], Awaitable[Any]]
"""Gets the next call, the method and the params of each request, and gives the result."""


class Client(ListingSession):
    """A client of one server.

    `target` is a URL or an `HttpServer`, a `StdioServer`, a server object in this process, or a transport. Use it with
    `async with`, or `connect` and `aclose`, from any task. Methods are those of every revision; one that the
    negotiated revision lacks raises `MethodNotInRevision` before anything is sent.

    `auth` says who calls a server at a URL: see `mcpstruct.client.auth`.

    What the server may ask is what there is a callback for; all may be sync or async. With `sampling_tools`, that of
    `on_sampling` may be given tools for the model to use. `revisions` are those that may be
    spoken: one to pin it, several, or None for all, the newest that both sides have. `log_level` asks for log messages
    from that severity on; a modern server sends none to a client that does not ask. A `tolerant` client takes a list
    without the items that break the protocol, and reports those to `on_violation`; else one of them fails the call.

    What the server says is fresh for a time comes from a `cache` until then: the client's own, unless it is given one
    that several share, or False. `cache_context` says on whose behalf it calls: clients of equal ones share what is
    private, too; None shares with nobody. `validate_output` judges structured output by the tool's output schema, where
    this client has listed the tool: always, never, or, if None, where the `schema` extra is installed.
    """

    def __init__(
        self,
        target: Target | Transport | str,
        *,
        auth: HttpAuth | None = None,
        name: str = "mcpstruct",
        version: str = "0",
        info: Implementation | None = None,
        revisions: Iterable[str] | str | None = None,
        on_sampling: OnSampling | None = None,
        sampling_tools: bool = False,
        on_elicitation: OnElicitation | None = None,
        on_elicitation_url: OnElicitationUrl | None = None,
        roots: Roots | None = None,
        on_log: LogCallback | None = None,
        on_notification: NotificationCallback | None = None,
        on_violation: Callable[[ProtocolViolation], object] | None = None,
        log_level: LoggingLevel | None = None,
        middleware: Sequence[Middleware] = (),
        custom: Iterable[MethodInfo[Any, Any]] = (),
        max_rounds: int = 10,
        limits: Limits = DEFAULT_LIMITS,
        deadlines: Deadlines = DEFAULT_DEADLINES,
        verdicts: Verdicts | None = None,
        tolerant: bool = False,
        cache: ResponseCache | Literal[False] | None = None,
        cache_context: Hashable | None = None,
        validate_output: bool | None = None,
    ) -> None:
        callbacks = Callbacks(on_sampling, sampling_tools, on_elicitation, on_elicitation_url, roots)
        self._listeners = Listeners(self, lambda: self._host.connection)
        self._on_log = on_log
        self._on_notification = on_notification
        self._max_rounds = max_rounds
        self._host = Host(
            target,
            auth=auth,
            info=info or Implementation(name=name, version=version),
            callbacks=callbacks,
            revisions=revisions,
            on_notification=self._notified,
            on_violation=on_violation,
            log_level="info" if log_level is None and on_log is not None else log_level,
            custom={method.name: method for method in custom},
            limits=limits,
            deadlines=deadlines,
            verdicts=verdicts,
            tolerant=tolerant,
        )
        self._host.on_lost = self._listeners.lost
        self._middleware = tuple(middleware)
        store = ResponseCache() if cache is None else cache
        self._cached = CachedCalls(None if store is False else store, self._host.target, cache_context)
        self._host.on_outdated = self._cached.renewing
        self._outputs = Outputs(validate_output)

    # -- lifecycle ----------------------------------------------------------------------------------------------------

    async def connect(self) -> Self:
        """Connect, unless connected. Raises `ConnectFailed`, `NoCommonRevision`."""
        await self._host.connect()
        return self

    async def aclose(self) -> None:
        """End the connection; calls in progress fail with `ConnectionLost`."""
        self._listeners.close()
        await self._host.aclose()

    async def restart(self) -> None:
        """Connect anew, and make subscriptions again that asked for it; one that is refused ends with that error."""
        await self._host.disconnect()
        self._cached.forget()
        self._outputs.forget()
        await self._host.connect()
        await self._listeners.reestablish()

    async def __aenter__(self) -> Self:
        return await self.connect()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    @property
    def connected(self) -> bool:
        """Whether there is a server to talk to."""
        return self._host.connected

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

    @property
    def dropped(self) -> int:
        """How many notifications no callback saw, since more came than `Limits.max_queue` holds."""
        return self._host.inbox.dropped

    # -- the interface of generated sessions --------------------------------------------------------------------------

    async def send_request(
        self,
        method: MethodInfo[P, R],
        params: P,
        *,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
        cache: CacheMode = "use",
    ) -> R:
        """Send a request, one of the protocol's or a custom one, and wait for its result.

        Raises `RemoteError`, `RequestTimeout`, `ConnectionLost`, `ProtocolViolation`, `MethodNotInRevision`.
        """
        params = copy(params)  # what goes on it for this one request does not stay on the caller's own
        if method.name in JUDGED:
            send = partial(self._send, method, params, timeout, on_progress, cache)
            return cast("R", await self._outputs.around(send, method.name, params))
        return await self._send(method, params, timeout, on_progress, cache)

    def _send(
        self,
        method: MethodInfo[P, R],
        params: P,
        timeout: Timeout,
        on_progress: ProgressCallback | None,
        cache: CacheMode | None = None,
    ) -> Awaitable[R]:
        connection = self._host.current or self._host.connection
        call = connection.call
        if cache is not None and method.name in CACHEABLE:
            call = self._cached.over(connection, cache)
        if not self._middleware:
            return call(method, params, timeout=timeout, on_progress=on_progress)

        async def last(method: MethodInfo[Any, Any], params: Any) -> Any:
            return await call(method, params, timeout=timeout, on_progress=on_progress)

        following: Call = last
        for layer in reversed(self._middleware):
            following = _layer(layer, following)
        return following(method, params)

    async def send_notification(self, method: MethodInfo[P, None], params: P) -> None:
        """Send a notification. Raises `ConnectionLost`, `MethodNotInRevision`, `RequestTimeout`."""
        await self._host.connection.notify(method, params)

    def _notified(self, method: MethodInfo[Any, Any], params: Any) -> None:
        inbox = self._host.inbox
        self._listeners.notified(method, params)
        if method.name in CHANGES:
            self._cached.notified(method, params)
            if method is methods.TOOL_LIST_CHANGED:
                self._outputs.forget()
        is_log = method is methods.LOGGING_MESSAGE
        if is_log and self._on_log is not None:
            inbox.put(self._on_log, params, log_message=True)
        if self._on_notification is not None:
            inbox.put(self._on_notification, method, params, log_message=is_log)

    # -- methods that may ask for input on the way --------------------------------------------------------------------

    @overload
    async def call_tool(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        task: None = None,
        input_responses: InputResponses | None = None,
        request_state: str | None = None,
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> CallToolResult: ...
    @overload
    async def call_tool(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        into: type[T],
        task: None = None,
        input_responses: InputResponses | None = None,
        request_state: str | None = None,
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> T: ...
    @overload
    async def call_tool(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        task: TaskMetadata | None = None,
        input_responses: InputResponses | None = None,
        request_state: str | None = None,
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> CallToolResult | CreateTaskResult: ...
    async def call_tool(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        into: type[T] | None = None,
        task: TaskMetadata | None = None,
        input_responses: InputResponses | None = None,
        request_state: str | None = None,
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> Any:
        """Run a tool; what it asks for on the way is answered by the callbacks.

        `into` reads its structured output as a type: a Struct, dataclass, TypedDict, pydantic model or any type that
        msgspec knows; then `ToolFailed` is raised where the result says `isError`. Where there is none, `str` reads its
        text, if that is all there is. `timeout` is that of each round.
        """
        params = CallToolRequestParams(
            name=name,
            arguments=None if arguments is None else dict(arguments),
            task=task,
            input_responses=input_responses,
            request_state=request_state,
            meta=None if meta is None else RequestMetaObject(meta),
        )
        promised = self._outputs.promised(name)
        # As in `_rounds`: for the call of which there are most, a coroutine less.
        result = await self._send(methods.CALL_TOOL, params, timeout, on_progress)
        if type(result) is InputRequiredResult:
            result = await self._answered(result, methods.CALL_TOOL, params, timeout, on_progress)
        if promised is not None:
            judge(promised, name, result)
        if into is None or not isinstance(result, CallToolResult):
            return result
        return read_result(result, into)

    async def get_prompt(
        self,
        name: str,
        arguments: Mapping[str, str] | None = None,
        *,
        input_responses: InputResponses | None = None,
        request_state: str | None = None,
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> GetPromptResult:
        """Get a prompt's messages; what it asks for on the way is answered by the callbacks."""
        params = methods.GET_PROMPT.params(
            name=name,
            arguments=None if arguments is None else dict(arguments),
            input_responses=input_responses,
            request_state=request_state,
            meta=own_meta(meta),
        )
        return cast("GetPromptResult", await self._rounds(methods.GET_PROMPT, params, timeout, on_progress))

    async def read_resource(
        self,
        uri: str,
        *,
        input_responses: InputResponses | None = None,
        request_state: str | None = None,
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
        cache: CacheMode = "use",
    ) -> ReadResourceResult:
        """Read a resource; what it asks for on the way is answered by the callbacks."""
        params = methods.READ_RESOURCE.params(
            uri=uri, input_responses=input_responses, request_state=request_state, meta=own_meta(meta)
        )
        result = await self._rounds(methods.READ_RESOURCE, params, timeout, on_progress, cache)
        return cast("ReadResourceResult", result)

    async def _rounds(
        self,
        method: MethodInfo[Any, Any],
        params: Any,
        timeout: Timeout,
        on_progress: ProgressCallback | None,
        cache: CacheMode | None = None,
    ) -> Any:
        result = await self._send(method, params, timeout, on_progress, cache)
        if isinstance(result, InputRequiredResult):
            result = await self._answered(result, method, params, timeout, on_progress)
        return result

    async def _answered(
        self,
        result: InputRequiredResult,
        method: MethodInfo[Any, Any],
        params: Any,
        timeout: Timeout,
        on_progress: ProgressCallback | None,
    ) -> Any:
        def again(params: Any) -> Awaitable[Any]:
            return self._send(method, params, timeout, on_progress)

        return await answered(result, params, self._host.callbacks, again, self._max_rounds)

    def listen(
        self,
        *,
        tools: bool = False,
        prompts: bool = False,
        resources: bool = False,
        uris: Iterable[str] = (),
        reestablish: bool = False,
    ) -> Subscription:
        """Subscribe to changes of lists, and of the resources with these URIs.

        Gives an async context manager that is an async iterator of changes; it ends where the server ends it, and
        raises `ConnectionLost` where the connection does, unless it is to be reestablished: by `restart`, or by itself
        where its stream is over and the connection is not, as over HTTP.
        """
        return self._listeners.subscription(tools, prompts, resources, tuple(uris), reestablish)


def _layer(layer: Middleware, following: Call) -> Call:
    return lambda method, params: layer(following, method, params)
