"""uvicorn's HTTP over httptools, which by itself takes headers without end."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_MOST = 64 * 1024
"""Bytes of a request before its body; about what other servers take."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection. A request whose head is too large is answered 400, and ends it."""

    _head = 0
    _in_body = False

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self._head += len(data)
        super().data_received(data)
        if self._head > _MOST and not self._in_body and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def on_headers_complete(self) -> None:
        """See httptools."""
        self._in_body = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """See httptools."""
        self._in_body = False
        self._head = 0
        super().on_message_complete()
