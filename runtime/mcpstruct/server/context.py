"""`Context`: what a handler knows of the request that it answers, and how it talks back."""

from __future__ import annotations

from _thread import get_ident
from collections.abc import Generator, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from msgspec import UNSET, Raw

from mcpstruct.base.codec import to_json
from mcpstruct.base.errors import RemoteError, RequestCancelled
from mcpstruct.base.methods import MethodInfo
from mcpstruct.base.session import ProgressCallback, Timeout
from mcpstruct.session.links import drained
from mcpstruct.session.principal import Principal
from mcpstruct.session.request import ServerRequest
from mcpstruct.wire.eras import SEVERITY, Revision
from mcpstruct_bindings.merged import methods
from mcpstruct_bindings.merged.server import ServerSession
from mcpstruct_bindings.merged.types import (
    ClientCapabilities,
    CreateMessageRequestParams,
    CreateMessageResult,
    ElicitRequestFormParams,
    ElicitRequestURLParams,
    ElicitResult,
    Implementation,
    InputRequiredResult,
    InputResponse,
    ListRootsResult,
    LoggingLevel,
    ModelPreferences,
    ReadResourceResult,
    Root,
    SamplingMessage,
    TextContent,
    Tool,
    ToolChoice,
)

from .asking import Asker, DirectAsker, ReplayAsker, check_round
from .elicitation import Elicitation, Form
from .pacing import Pace
from .state import StateSealer
from .threads import current_job

if TYPE_CHECKING:
    from .base import Server

P = TypeVar("P")
R = TypeVar("R")
T = TypeVar("T")
StateT = TypeVar("StateT")


class Reported:
    """A report that has been made. Awaiting it waits only where the connection is congested, and raises
    `RequestTimeout` where it stays so.
    """

    __slots__ = ("_method", "_request")

    def __init__(self, request: ServerRequest, method: MethodInfo[Any, None]) -> None:
        self._request = request
        self._method = method

    def __await__(self) -> Generator[Any, Any, None]:
        link = self._request.incoming.link
        if link.congested:
            seconds = self._request.connection.core.deadlines.request
            yield from drained(link, self._method, seconds).__await__()


class Context(Generic[StateT]):
    """The request in hand.

    A handler gets one through a parameter annotated with this class. Reports (`info`, `report_progress`, …) take effect
    when called and may be awaited; they work from threads as well, where they wait themselves for a client that is far
    behind with reading. Questions (`elicit`, `sample`, `list_roots`) are awaited.
    """

    __slots__ = ("_asker", "_by_hand", "_pace", "_sealer", "_server", "_session", "request")

    def __init__(self, request: ServerRequest, server: Server, sealer: StateSealer, *, by_hand: bool = False) -> None:
        self.request = request
        """The request as the session sees it."""
        self._server = server
        self._sealer = sealer
        self._by_hand = by_hand
        self._session: ServerSession | None = None
        self._pace: Pace | None = None
        # Most requests ask nothing; one that comes back with answers may have to keep quiet from the start.
        self._asker: Asker | None = None
        params = request.incoming.params
        if getattr(params, "request_state", None) is not None or getattr(params, "input_responses", None) is not None:
            self._come_back()

    def _come_back(self) -> None:
        try:
            self._make_asker()
        except RemoteError:
            if not self._by_hand:  # else it may be a state of the handler's own
                raise

    def _make_asker(self) -> Asker:
        modern = self.revision.era == "modern"
        self._asker = ReplayAsker(self.request, self._sealer) if modern else DirectAsker(self.request)
        return self._asker

    def questions(self) -> InputRequiredResult | None:
        """What the round ends with, where the handler asked for input that is yet to come."""
        return self._asker.questions() if self._asker is not None else None

    async def end(self, result: InputRequiredResult) -> InputRequiredResult | Context[StateT]:
        """What the client gets where the handler ended its round itself; or the context to run it in once more."""
        if self._by_hand and self.revision.era == "modern":
            check_round(result, self.request)
            return result
        ended = await (self._asker or self._make_asker()).end(result)
        if isinstance(ended, InputRequiredResult):
            return ended
        following: Context[StateT] = Context(self.request, self._server, self._sealer, by_hand=self._by_hand)
        following._asker = ended
        return following

    # -- what is known ------------------------------------------------------------------------------------------------

    @property
    def request_id(self) -> int | str:
        """The id of the request."""
        return self.request.id

    @property
    def protocol_version(self) -> str:
        """The revision in which it is answered."""
        return self.request.revision.name

    @property
    def revision(self) -> Revision:
        """The row of that revision."""
        return self.request.revision

    @property
    def principal(self) -> Principal | None:
        """On whose behalf the request is made: None where the transport does not tell, as over stdio."""
        return self.request.principal

    @property
    def method(self) -> str:
        """The wire name of the method that was called."""
        return self.request.incoming.method.name

    @property
    def client_capabilities(self) -> ClientCapabilities:
        """What the client can do."""
        return self.request.client_capabilities

    @property
    def client_info(self) -> Implementation | None:
        """The client, as it names itself: for display and logs alone."""
        return self.request.client_info

    @property
    def meta(self) -> dict[str, Any]:
        """The request's `_meta`, as it came."""
        return dict(self.request.meta)

    @property
    def server(self) -> Any:
        """The server object."""
        return self._server

    @property
    def lifespan_state(self) -> StateT:
        """What the server's `lifespan` gave."""
        state: StateT = self._server.lifespan.state
        return state

    @property
    def session(self) -> ServerSession:
        """Everything that a server may send in a session with a handshake, typed."""
        if self._session is None:
            self._session = _Session(self.request)
        return self._session

    # -- reports ------------------------------------------------------------------------------------------------------

    def log(self, level: LoggingLevel, data: Any, *, logger: str | None = None) -> Reported:
        """Send a log message: text, or any JSON.

        Raises `TypeError` for what is no JSON, `ValueError` for a level that there is not.
        """
        if level not in SEVERITY:
            raise ValueError(f"no such level of log messages: {level!r}")
        if type(data) is not str and SEVERITY[level] >= self.request.log_severity:
            data = Raw(to_json(data))  # as it is now, whatever a thread makes of it before it is sent
        return self._report(methods.LOGGING_MESSAGE, self.request.log, level, data, logger)

    def debug(self, data: Any, *, logger: str | None = None) -> Reported:
        """Send a log message of level `debug`."""
        return self.log("debug", data, logger=logger)

    def info(self, data: Any, *, logger: str | None = None) -> Reported:
        """Send a log message of level `info`."""
        return self.log("info", data, logger=logger)

    def warning(self, data: Any, *, logger: str | None = None) -> Reported:
        """Send a log message of level `warning`."""
        return self.log("warning", data, logger=logger)

    def error(self, data: Any, *, logger: str | None = None) -> Reported:
        """Send a log message of level `error`."""
        return self.log("error", data, logger=logger)

    def report_progress(self, progress: float, total: float | None = None, message: str | None = None) -> Reported:
        """Report how far the work has come; `progress` has to grow from one report to the next.

        Raises `ValueError` for what is no finite number.
        """
        if not isfinite(progress) or (total is not None and not isfinite(total)):
            raise ValueError("progress and total are finite numbers")
        return self._report(methods.PROGRESS, self.request.progress, progress, total, message)

    def _report(self, method: MethodInfo[Any, None], report: Any, *args: Any) -> Reported:
        if current_job() is not None:  # an async handler is cancelled itself, and may say so while it cleans up
            self.check()
        if self._asker is None or not self._asker.replaying:  # else the client has it from an earlier round
            if get_ident() == self.request.connection.core.thread:
                report(*args)
            else:
                self._pace = self._pace or Pace(self.request, self.check)
                self._pace.report(method, report, *args)
        return Reported(self.request, method)

    def check(self) -> None:
        """Raise `RequestCancelled` where the client no longer waits: for a sync handler that works long."""
        job = current_job()
        if self.request.incoming.cancelled or (job is not None and job.cancelled):
            raise RequestCancelled(self.request.incoming.reason or "the client no longer waits")

    def close_stream(self, *, retry: float | None = None) -> None:
        """Let the client's connection go while the work goes on; it comes back for the rest after `retry` seconds.

        For work that outlasts what proxies on the way put up with. Has an effect in sessions over HTTP alone, and there
        where the revision knows of it (from 2025-11-25 on).
        """
        hang_up = getattr(self.request.incoming.link, "hang_up", None)
        if hang_up is not None:
            self.request.connection.core.run(hang_up, None if retry is None else int(retry * 1000))

    # -- questions ----------------------------------------------------------------------------------------------------

    @overload
    async def elicit(self, message: str, schema: type[T], *, key: str | None = None) -> Elicitation[T]: ...
    @overload
    async def elicit(
        self, message: str, schema: dict[str, Any], *, key: str | None = None
    ) -> Elicitation[dict[str, Any]]: ...
    async def elicit(self, message: str, schema: Any, *, key: str | None = None) -> Elicitation[Any]:
        """Ask the user to fill in a form.

        `schema` is a flat type (Struct, dataclass, TypedDict, pydantic model) of strings, numbers, booleans, and
        choices, or a JSON Schema of that kind. `key` names the question from one round to the next; without it, its
        content does. Raises `MissingCapability`.
        """
        form = Form(schema)
        params = ElicitRequestFormParams(message=message, requested_schema=form.requested, mode=self._form_mode)
        return form.read(await self._ask(methods.ELICIT, params, key))

    @property
    def _form_mode(self) -> Any:
        return "form" if self.revision.elicitation_modes else None

    async def elicit_url(
        self, message: str, url: str, *, elicitation_id: str | None = None, key: str | None = None
    ) -> bool:
        """Ask the user to go to a URL; whether they agreed to. Raises `MissingCapability`."""
        params = ElicitRequestURLParams(message=message, url=url, elicitation_id=elicitation_id)
        answer: ElicitResult = await self._ask(methods.ELICIT, params, key)
        return answer.action == "accept"

    async def sample(
        self,
        messages: str | Sequence[SamplingMessage | str],
        *,
        max_tokens: int = 1024,
        system_prompt: str | None = None,
        temperature: float | None = None,
        stop_sequences: Sequence[str] | None = None,
        model_preferences: ModelPreferences | None = None,
        tools: Sequence[Tool] | None = None,
        tool_choice: ToolChoice | None = None,
        metadata: dict[str, Any] | None = None,
        key: str | None = None,
    ) -> CreateMessageResult:
        """Have the client's model answer; text stands for a message of the user. Raises `MissingCapability`."""
        params = CreateMessageRequestParams(
            messages=[_message(m) for m in ([messages] if isinstance(messages, str) else messages)],
            max_tokens=max_tokens,
            system_prompt=system_prompt,
            temperature=temperature,
            stop_sequences=None if stop_sequences is None else list(stop_sequences),
            model_preferences=model_preferences,
            tools=None if tools is None else list(tools),
            tool_choice=tool_choice,
            metadata=metadata,
        )
        answer: CreateMessageResult = await self._ask(methods.CREATE_MESSAGE, params, key)
        return answer

    async def list_roots(self, *, key: str | None = None) -> list[Root]:
        """The folders that the client lets the server work in. Raises `MissingCapability`."""
        answer: ListRootsResult = await self._ask(methods.LIST_ROOTS, None, key)
        return answer.roots

    async def _ask(self, method: MethodInfo[Any, Any], params: Any, key: str | None) -> Any:
        """The plain answer: a task in its place is only for requests that ask for one."""
        return await (self._asker or self._make_asker()).ask(method, params, key)

    async def read_resource(self, uri: str) -> ReadResourceResult:
        """Read one of the server's own resources. Raises `ResourceNotFound`, and what the resource raises."""
        return await self._server.read(uri, self)

    # -- from one round to the next -----------------------------------------------------------------------------------

    @property
    def request_state(self) -> Any:
        """What the handler wants to find again when it runs once more after a question: any JSON, None for nothing.

        Set it anew to change it. It travels with the client, sealed: readable, but not to be altered. Raises
        `TypeError` for what is no JSON. Handlers of a `LowLevelServer` that end rounds themselves find theirs in the
        params.
        """
        return None if self._asker is None else self._asker.state

    @request_state.setter
    def request_state(self, state: Any) -> None:
        (self._asker or self._make_asker()).state = state

    @property
    def input_responses(self) -> dict[str, InputResponse] | None:
        """The answers to what the handler asked by ending its last round with an `InputRequiredResult`, by key."""
        if self._asker is None:
            return getattr(self.request.incoming.params, "input_responses", None)
        return self._asker.responses


class _Session(ServerSession):
    """The generated session over the connection of a request."""

    def __init__(self, request: ServerRequest) -> None:
        self._request = request

    async def send_request(
        self,
        method: MethodInfo[P, R],
        params: P,
        *,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> R:
        """Send a request to the client."""
        self._request.allow(method)
        return await self._request.ask(method, params, timeout=timeout, on_progress=on_progress)

    async def send_notification(self, method: MethodInfo[P, None], params: P) -> None:
        """Send a notification to the client; a log message only where it wants any so slight."""
        self._request.allow(method)
        told: Any = params
        if method.name == methods.LOGGING_MESSAGE.name and SEVERITY[told.level] < self._request.log_severity:
            return
        link = self._request.incoming.link
        link.notification(method, params)
        await drained(link, method, self._request.connection.core.deadlines.request)


def _message(message: SamplingMessage | str) -> SamplingMessage:
    return SamplingMessage(role="user", content=TextContent(text=message)) if isinstance(message, str) else message
