"""The way out of a session over HTTP: a request for each message, a task for each request."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
from msgspec import Struct
from msgspec.structs import replace

from mcpstruct.base.envelope import ErrorObject, RequestId
from mcpstruct.base.errors import (
    HEADER_MISMATCH,
    METHOD_NOT_FOUND,
    MISSING_CAPABILITY,
    UNSUPPORTED_VERSION,
    ConnectFailed,
    ConnectionLost,
    HttpError,
    McpError,
    Problem,
    ProtocolViolation,
    SessionLost,
)
from mcpstruct.base.methods import MethodInfo
from mcpstruct.session.links import encoded_error, encoded_notification, encoded_request, encoded_result
from mcpstruct.session.loop import Future
from mcpstruct.wire.eras import Revision
from mcpstruct_bindings.merged import methods

from .base import HttpClient, HttpResponse
from .clients import default_client
from .endpoint import Endpoint, Told, refusal, rpc_error
from .headers import RequestHeaders
from .jobs import Jobs
from .session import HttpSession
from .streams import Cursor, Delivery, media_type, read_events, read_json

if TYPE_CHECKING:
    from mcpstruct.session.core import Core

    from .target import HttpServer

log = logging.getLogger("mcpstruct")
FLUSH = 1.0
"""Seconds that closing waits for notifications and answers that are on their way."""
PATIENCE = 5.0
"""Seconds that closing waits for what has been called off."""
MODERN_ERRORS = (HEADER_MISMATCH, MISSING_CAPABILITY, UNSUPPORTED_VERSION)
"""Codes by which a modern server says why it refused a request."""
_NO_ENDPOINT = (400, 404, 405)
_OPENING = (methods.DISCOVER.name, methods.INITIALIZE.name)


_MOST_PAGES = 1000
_ACKNOWLEDGED = 65_536
"""Bytes that the answer to what has none may have, and its connection be used again."""


class Post(Struct, gc=False):
    """A request on its way."""

    id: RequestId
    method: MethodInfo[Any, Any]
    params: Any
    data: bytes
    headers: Mapping[str, str]
    again: bool = False
    """Whether it has been sent before, and refused."""


class HttpLink:
    """See `Link`. Requests of this side are jobs by their ids; what goes out besides has keys that are strings."""

    as_bytes = True

    def __init__(self, core: Core, server: HttpServer) -> None:
        self.core = core
        self.loop = core.loop
        self.server = server
        self._own = default_client(core.loop, server) if server.http is None else None
        self.http: HttpClient = self._own or server.http  # type: ignore[assignment]
        self.endpoint = Endpoint(server.url, self.http, server.auth, holds=core.outgoing.hold)
        self.headers = RequestHeaders(server.headers)
        self.jobs = Jobs(core.loop)
        self.session = HttpSession(self)
        self.delivery = Delivery(core.received, core.refused, core.loop.call_later, core.limits.max_bytes)
        self.gate: Future[None] | None = None
        """Where a session is still being opened: what else is to be sent waits."""
        self._tells = 0
        self._closed = False

    # -- see `Attentive` ----------------------------------------------------------------------------------------------

    def speaks(self, row: Revision | None) -> None:
        """See `Attentive`."""
        self.headers.row = row

    def listed(self, result: Any) -> None:
        """See `Attentive`."""
        if self.headers.modern:
            self.headers.mirror.learn(result)

    # -- see `Link` ---------------------------------------------------------------------------------------------------

    def request(self, request_id: RequestId, method: MethodInfo[Any, Any], params: Any) -> None:
        """See `Link`."""
        self._check()
        data = encoded_request(request_id, method, params)
        self.session.sent(method, params, data)
        headers = self.headers.of_request(method, params)
        self.jobs.take(request_id, self._call, Post(request_id, method, params, data, headers))

    def notification(self, method: MethodInfo[Any, Any], params: Any) -> None:
        """See `Link`."""
        self._check()
        if method.name == methods.CANCELLED.name:
            self.jobs.cancel(params.request_id)
            if self.headers.modern:  # to close the stream says it all
                return
        data = encoded_notification(method, params)
        if method.name == methods.INITIALIZED.name:
            self.gate = self.loop.future()
            self.jobs.start("open", self._open, data, self.gate)
        else:
            self._tell(data, self.headers.of_request(method, params))

    def result(self, request_id: RequestId, result: Any) -> None:
        """See `Link`."""
        self._check()
        self._tell(encoded_result(request_id, result), self.headers.of_answer())

    def error(self, request_id: RequestId | None, error: ErrorObject) -> None:
        """See `Link`."""
        self._check()
        self._tell(encoded_error(request_id, error), self.headers.of_answer())

    def called_off(self, request_id: RequestId) -> None:
        """See `Link`."""

    @property
    def congested(self) -> bool:
        """See `Link`."""
        return self.gate is not None

    async def drain(self) -> None:
        """See `Link`."""
        if self.gate is not None:
            await self.loop.shield(self.gate)

    def pause(self) -> None:
        """See `Link`: a client takes in whatever comes."""

    def resume(self) -> None:
        """See `Link`."""

    async def aclose(self) -> None:
        """See `Link`."""
        self._closed = self.session.target.leaving = True
        if self.gate is not None and not self.gate.done():
            self.gate.set_exception(ConnectionLost("the session was closed"))
            self.gate = None
        self.jobs.cancel_all(but=_is_tell)
        await self.jobs.finish(FLUSH)
        self.jobs.cancel_all()
        await self.jobs.finish(PATIENCE)
        await self.session.end()
        if self._own is not None:
            await self._own.aclose()

    def _check(self) -> None:
        if self._closed:
            raise ConnectionLost("the session was closed")

    # -- notifications and answers ------------------------------------------------------------------------------------

    def _tell(self, data: bytes, headers: Mapping[str, str]) -> None:
        self._tells += 1
        self.jobs.start(f"tell {self._tells}", self._told, data, headers)

    async def _told(self, data: bytes, headers: Mapping[str, str]) -> None:
        try:
            with anyio.fail_after(self.core.deadlines.request):
                await self.tell(data, headers)
        except (McpError, TimeoutError) as error:
            log.warning("A message did not reach the server: %s", error or "no answer in time")

    async def tell(self, data: bytes, headers: Mapping[str, str]) -> None:
        """Send what has no answer. Raises `ConnectFailed`, `ConnectionLost`, `HttpError`."""
        response = await self.session.target.send("POST", headers, data, stays=True)
        if response.status < 300:
            if media_type(response) == "text/event-stream":
                await response.aclose()  # nothing follows, and it may stay open for ever
            else:
                await response.read(_ACKNOWLEDGED)
            return
        error, _ = await refusal(response)
        if error.status == 404 and self.session.is_of(headers):
            self.session.forgotten(headers)
            return
        raise error

    async def _open(self, initialized: bytes, gate: Future[None]) -> None:
        error: Exception | None = None
        try:
            await self.session.open(initialized)
        except McpError as failure:
            error = _suitable(failure, connecting=True)
        finally:
            self.gate = None
            if gate.done():
                pass
            elif error is not None:
                gate.set_exception(error)
            else:
                gate.set_result(None)

    # -- requests -----------------------------------------------------------------------------------------------------

    async def _call(self, post: Post) -> None:
        self.jobs.begun(post.id)
        try:
            await self._ask(post)
        except McpError as error:
            self.fail(post.id, error)
        except Exception as error:
            log.exception("%s could not be sent", post.method.name)
            lost = ConnectionLost(f"{post.method.name} could not be sent")
            lost.__cause__ = error
            self.fail(post.id, lost)
        finally:
            self.jobs.over(post.id)

    async def _ask(self, post: Post) -> None:
        name = post.method.name
        response = await self.session.target.send(
            "POST", post.headers, post.data, stays=name == methods.SUBSCRIPTIONS_LISTEN.name
        )
        if response.status >= 300:
            await self._refused(response, post)
            return
        if name == methods.INITIALIZE.name:
            try:
                self.session.begin(response.headers)
            except ProtocolViolation:
                await response.aclose()
                raise
        await self._answered(response, post.id)

    async def _answered(self, response: HttpResponse, request_id: RequestId) -> None:
        """Take in the answer to a request."""
        kind = media_type(response)
        if kind == "application/json":
            data = await read_json(response, self.delivery.max_bytes)
            if self.headers.modern:
                self.core.reader.only(request_id, self.core.received, data)
            else:
                self.core.received(data)
        elif kind == "text/event-stream":
            await self._streamed(response, request_id)
        elif self.session.elsewhere:  # the answer comes on a stream of its own
            await response.read(_ACKNOWLEDGED)
            return
        else:
            await response.aclose()
            got = f"{kind or 'nothing of a known type'} with status {response.status}"
            raise ProtocolViolation(Problem("", "application/json or text/event-stream", got))
        if self.awaited(request_id):
            raise ConnectionLost("the server's answer held none to this request")

    async def _streamed(self, response: HttpResponse, request_id: RequestId) -> None:
        cursor, delivery = Cursor(), self.delivery
        if self.headers.modern:  # each stream answers its own request; in a session it may carry what others missed
            only, core = partial(self.core.reader.only, request_id), self.core
            delivery = replace(delivery, received=partial(only, core.received), refused=partial(only, core.refused))
        await read_events(
            response,
            delivery,
            cursor,
            over=lambda: not self.awaited(request_id),
            cancel=lambda: self.jobs.cancel(request_id),
        )
        if not self.awaited(request_id):
            return
        if not self.headers.modern and cursor.id is not None:
            await self.session.resume(request_id, cursor)
        if self.awaited(request_id):
            raise ConnectionLost("the stream ended before the answer") from cursor.broken

    async def _refused(self, response: HttpResponse, post: Post) -> None:
        """Take in a refusal; send once more what may then be let through."""
        error, body = await refusal(response)
        told = rpc_error(body)
        code = None if told is None else told.error.code
        if error.status == 404 and code != METHOD_NOT_FOUND and self.session.is_of(post.headers):
            if post.again or not await self.session.renewed(post.headers):
                raise SessionLost("the server no longer knows the session") from error
            await self._once_more(post, {**post.headers, **self.session.header})
        elif code == HEADER_MISMATCH and post.method.name == methods.CALL_TOOL.name and not post.again:
            await self._look_again(self.headers.mirror.name(post.method.name, post.params))
            await self._once_more(post, self.headers.of_request(post.method, post.params))
        elif post.method.name == methods.INITIALIZE.name and await self._is_older(error, told, post):
            await self._once_more(post, post.headers)
        elif told is None:
            raise error
        else:
            self.core.take_error(post.id, told.error)

    async def _once_more(self, post: Post, headers: Mapping[str, str]) -> None:
        await self._ask(Post(post.id, post.method, post.params, post.data, headers, again=True))

    async def _is_older(self, error: HttpError, told: Told | None, post: Post) -> bool:
        """Whether a server that refused `initialize` is one of 2024-11-05."""
        if post.again or error.status not in _NO_ENDPOINT:
            return False
        if told is not None and (told.id == post.id or told.error.code in MODERN_ERRORS):
            return False
        return await self.session.fall_back()

    async def _look_again(self, name: str | None) -> None:
        """List the tools, up to the page with the one that is wanted, for what they want in headers."""
        connection: Any = self.core.router
        call, cursor = connection.renewing(), None
        for _ in range(_MOST_PAGES):
            page = await call(methods.LIST_TOOLS, methods.LIST_TOOLS.params(cursor=cursor))
            cursor = page.next_cursor
            if cursor is None or any(tool.name == name for tool in page.tools):
                return

    def awaited(self, request_id: RequestId) -> bool:
        """Whether a request still has no answer."""
        return request_id in self.core.outgoing.pending

    def fail(self, request_id: RequestId, error: McpError) -> None:
        """A request of this side gets no answer."""
        pending = self.core.outgoing.pending.get(request_id)
        if pending is not None:
            self.core.outgoing.settle(pending, _suitable(error, connecting=pending.method.name in _OPENING))


def _suitable(error: McpError, *, connecting: bool) -> McpError:
    """The same failure as the error that fits: while connecting, or for a call later."""
    if connecting and type(error) is ConnectionLost:
        suitable: McpError = ConnectFailed(str(error))
    elif not connecting and isinstance(error, ConnectFailed):
        suitable = ConnectionLost(str(error))
    else:
        return error
    suitable.__cause__ = error
    return suitable


def _is_tell(key: Hashable) -> bool:
    return isinstance(key, str) and key.startswith("tell ")
