"""The sessions of revisions with a handshake: how they begin, are found again, and end."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import anyio
import msgspec

from mcpstruct.base.check import is_object
from mcpstruct.base.envelope import RequestId
from mcpstruct.base.errors import HttpError, McpError, Problem, ProtocolViolation, SessionLost
from mcpstruct.base.methods import MethodInfo
from mcpstruct.session.loop import Future
from mcpstruct_bindings.merged import methods

from .base import HttpResponse
from .endpoint import Endpoint, refusal
from .older import find_endpoint
from .resuming import listen, resume
from .streams import Cursor, Delivery, media_type, read_events, read_json

if TYPE_CHECKING:
    from .link import HttpLink

log = logging.getLogger("mcpstruct")
STREAM = "stream"
"""The job that reads what the server sends of its own accord."""
HEAD_START = 1.0
"""Seconds that the first call waits for that stream to be open."""
DELETE = 2.0
"""Seconds that a server has to confirm the end of a session."""


class HttpSession:
    """The session of one connection. Modern servers have none, and never hear of it."""

    def __init__(self, link: HttpLink) -> None:
        self._link = link
        self.target: Endpoint = link.endpoint
        """Where messages are sent."""
        self.elsewhere = False
        """Whether answers come on one stream for all: the HTTP+SSE of 2024-11-05."""
        self._initialize = b""
        self._initialized = b""
        self._kept: dict[Hashable, tuple[MethodInfo[Any, Any], bytes]] = {}
        self._renewing: Future[None] | None = None

    # -- beginning ----------------------------------------------------------------------------------------------------

    def sent(self, method: MethodInfo[Any, Any], params: Any, data: bytes) -> None:
        """A request goes out: remember what a new session would have to be told again."""
        name = method.name
        if name == methods.INITIALIZE.name:
            self._initialize = data
        elif not self._link.server.reinitialize:
            return
        elif name == methods.SET_LEVEL.name:
            self._kept[name] = (method, data)
        elif name == methods.SUBSCRIBE.name:
            self._kept[name, params.uri] = (method, data)
        elif name == methods.UNSUBSCRIBE.name:
            self._kept.pop((methods.SUBSCRIBE.name, params.uri), None)

    def begin(self, headers: Mapping[str, str]) -> None:
        """The server has answered `initialize`. Raises `ProtocolViolation`."""
        session = headers.get("mcp-session-id")
        if session is not None and not (session and all(0x21 <= ord(character) <= 0x7E for character in session)):
            raise ProtocolViolation(Problem("", "an MCP-Session-Id of visible ASCII characters", "another"))
        self._link.headers.session = session

    async def open(self, initialized: bytes) -> None:
        """Say that the session is open, and listen to what the server sends of its own accord.

        Raises what tells that there is no session after all.
        """
        link = self._link
        self._initialized = initialized
        try:
            await link.tell(initialized, link.headers.of_request(methods.INITIALIZED, None))
        except HttpError as error:
            if error.status in (401, 403):
                raise
            log.warning("The server did not want to know that the session is open: %s", error)
        if not self.elsewhere:
            await self._listen()

    async def _listen(self) -> None:
        link = self._link
        open_ = link.loop.future()
        link.jobs.start(STREAM, listen, link, open_)
        with anyio.move_on_after(HEAD_START):
            await link.loop.shield(open_)

    async def fall_back(self) -> bool:
        """Look for the HTTP+SSE of 2024-11-05, and use it if it is there. Raises `ConnectFailed`."""
        target = await find_endpoint(self._link, STREAM)
        if target is not None:
            self.target, self.elsewhere = target, True
        return target is not None

    async def resume(self, request_id: RequestId, cursor: Cursor) -> None:
        """Take up the stream of a request where it ended."""
        await resume(self._link, request_id, cursor)

    # -- being forgotten ----------------------------------------------------------------------------------------------

    def is_of(self, headers: Mapping[str, str]) -> bool:
        """Whether a request belonged to a session, so that 404 says that the server has forgotten it."""
        return "mcp-session-id" in headers and not self.elsewhere

    def forgotten(self, headers: Mapping[str, str]) -> None:
        """The server has forgotten the session of a request: the connection is over, or opened anew."""
        if headers["mcp-session-id"] != self._link.headers.session:
            return  # that is known
        if self._link.server.reinitialize:
            self._renew()
        else:
            self._lose()

    async def renewed(self, headers: Mapping[str, str]) -> bool:
        """As `forgotten`; waits for the new session, and gives whether there is one now."""
        self.forgotten(headers)
        if self._renewing is not None:
            await self._link.loop.shield(self._renewing)
        return self._link.headers.session is not None

    @property
    def header(self) -> Mapping[str, str]:
        """The header that says which session a request belongs to."""
        session = self._link.headers.session
        return {} if session is None else {"mcp-session-id": session}

    def _lose(self) -> None:
        link = self._link
        link.headers.session = None
        link.core.lost(SessionLost("the server no longer knows the session"))
        link.jobs.cancel(STREAM)

    def _renew(self) -> None:
        link = self._link
        if self._renewing is None:
            self._renewing = link.loop.future()
            link.gate = link.loop.future()
            link.jobs.start("renew", self._open_anew, self._renewing, link.gate)

    async def _open_anew(self, renewing: Future[None], gate: Future[None]) -> None:
        link = self._link
        try:
            link.jobs.cancel(STREAM)
            with anyio.fail_after(link.core.deadlines.connect):
                await self._initialize_anew()
                await self.open(self._initialized)
                for method, data in list(self._kept.values()):
                    await self._tell_again(method, data)
        except (McpError, TimeoutError) as error:
            self._lose()
            log.warning("No new session in the place of one that the server forgot: %s", error)
        finally:
            self._renewing = link.gate = None
            renewing.set_result(None)
            if not gate.done():
                gate.set_result(None)

    async def _initialize_anew(self) -> None:
        """Raises `McpError` where it does not come to the same revision."""
        link = self._link
        headers = dict(link.headers.of_answer())
        for name in ("mcp-session-id", "mcp-protocol-version"):
            headers.pop(name, None)
        response = await self.target.send("POST", headers, self._initialize)
        if response.status >= 300:
            error, _ = await refusal(response)
            raise error
        session = response.headers
        revision = await self._answered_revision(response)
        if link.headers.row is None or revision != link.headers.row.name:
            raise SessionLost("the server has changed to another revision")
        self.begin(session)

    async def _answered_revision(self, response: HttpResponse) -> Any:
        """The revision that an answer to `initialize` names."""
        link = self._link
        messages: list[bytes] = []
        if media_type(response) == "text/event-stream":
            delivery = Delivery(messages.append, link.core.refused, link.loop.call_later, link.delivery.max_bytes)
            await read_events(response, delivery, Cursor())
        else:
            messages.append(await read_json(response, link.delivery.max_bytes))
        for data in messages:
            with suppress(msgspec.MsgspecError, ValueError, RecursionError):
                message = msgspec.json.decode(data)
                if is_object(message) and is_object(message.get("result")):
                    return message["result"].get("protocolVersion")
        return None

    async def _tell_again(self, method: MethodInfo[Any, Any], data: bytes) -> None:
        headers = self._link.headers.of_request(method, None)
        response = await self.target.send("POST", headers, data)
        if response.status >= 300:
            error, _ = await refusal(response)
            log.warning("%s did not reach the new session: %s", method.name, error)
        else:
            await response.read(self._link.delivery.max_bytes)

    # -- ending -------------------------------------------------------------------------------------------------------

    async def end(self) -> None:
        """Tell the server that the session is over."""
        link = self._link
        if link.headers.session is None:
            return
        with anyio.move_on_after(DELETE), suppress(McpError):
            response = await self.target.send("DELETE", link.headers.of_end(), stays=True)
            await response.aclose()
        link.headers.session = None
