"""uvicorn's HTTP over httptools, which by itself takes headers without end."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_MOST = 64 * 1024
"""Bytes of a request that are none of its body, and come in a row; about what other servers take of a head."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection. A request whose head is too large is answered 400, and ends it."""

    _head = 0
    _in_body = False

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self._head += len(data)
        super().data_received(data)
        if self._head > _MOST and not self.transport.is_closing():
            if self._in_body:  # in what stands between its parts, or behind them; the answer may have begun
                self.transport.abort()
            else:
                self.send_400_response("The head of the request is too large.")

    def on_headers_complete(self) -> None:
        """See httptools."""
        self._in_body = True
        super().on_headers_complete()
        # What stands behind the body comes by `on_header` too, and counts for nothing. To look at each header there
        # takes twice as long as uvicorn does.
        self.headers: list[tuple[bytes, bytes]] = []

    def on_body(self, body: bytes) -> None:
        """See httptools."""
        self._head = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """See httptools."""
        self._in_body = False
        self._head = 0
        super().on_message_complete()
