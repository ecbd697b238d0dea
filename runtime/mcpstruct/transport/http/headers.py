"""The headers of each message: worked out once for each method, where they do not depend on more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcpstruct.base.methods import MethodInfo
from mcpstruct.wire.eras import Revision
from mcpstruct.wire.headers import MCP_METHOD, encode_value, request_headers

from .mirror import Mirror

_ACCEPT = "application/json, text/event-stream"
_MOST_NAMES = 1024
_PROTOCOLS_OWN = ("content-", "last-event-id", "mcp-", "transfer-encoding")


class RequestHeaders:
    """What stands in front of the messages of one connection."""

    __slots__ = ("_named", "_own", "_posts", "_row", "_session", "_usual", "mirror", "modern")

    def __init__(self, own: Mapping[str, str]) -> None:
        """`own` are the user's, by lower-case names; those of the protocol take precedence."""
        from mcpstruct import __version__

        own = {name: value for name, value in own.items() if not name.startswith(_PROTOCOLS_OWN)}
        self._own = {"user-agent": f"mcpstruct/{__version__}", **own}
        self._row: Revision | None = None
        self._session: str | None = None
        self.mirror = Mirror()
        self._usual: dict[str, str] = {}
        self._posts: dict[str, dict[str, str]] = {}
        self._named: dict[tuple[str, str], dict[str, str]] = {}
        self.modern = False
        """Whether each request stands for itself."""
        self._settle()

    def _settle(self) -> None:
        self._posts.clear()
        self._named.clear()
        self.modern = self._row is not None and self._row.era == "modern"
        self._usual = dict(self._own)
        if self._row is not None:
            self._usual["mcp-protocol-version"] = self._row.name
        if self._session is not None:
            self._usual["mcp-session-id"] = self._session

    @property
    def row(self) -> Revision | None:
        """The revision that is spoken; None while a handshake is to settle it."""
        return self._row

    @row.setter
    def row(self, row: Revision | None) -> None:
        self._row = row
        self._settle()

    @property
    def session(self) -> str | None:
        """The id of the server's session, where it has one."""
        return self._session

    @session.setter
    def session(self, session: str | None) -> None:
        self._session = session
        self._settle()

    def of_request(self, method: MethodInfo[Any, Any], params: Any) -> Mapping[str, str]:
        """The headers of a request or a notification. Raises `ValueError` for what no header can hold."""
        usual = self._posts.get(method.name) or self._of_method(method.name)
        if not self.modern or (name := self.mirror.name(method.name, params)) is None:
            return usual
        named = self._named.get((method.name, name))
        if named is None:
            if len(self._named) >= _MOST_NAMES:
                self._named.clear()
            named = self._named[method.name, name] = {**usual, "mcp-name": encode_value(name)}
        own = self.mirror.arguments(method.name, name, params)
        return {**named, **own} if own else named

    def of_answer(self) -> Mapping[str, str]:
        """The headers of an answer to a request of the server's."""
        return self._posts.get("") or self._of_method("")

    def _of_method(self, name: str) -> dict[str, str]:
        headers = {**self._usual, "content-type": "application/json", "accept": _ACCEPT}
        if self.modern and name:
            headers["mcp-method"] = request_headers(name, None)[MCP_METHOD]
        self._posts[name] = headers
        return headers

    def of_stream(self, last_event_id: str | None = None) -> dict[str, str]:
        """The headers of a request for a stream, from after an event on."""
        headers = {**self._usual, "accept": "text/event-stream"}
        if last_event_id is not None:
            headers["last-event-id"] = last_event_id
        return headers

    def of_end(self) -> dict[str, str]:
        """The headers of the request that ends a session."""
        return dict(self._usual)
