"""Server-sent events on their way to one client."""

from __future__ import annotations

from collections.abc import Callable

from mcpstruct.base.limits import MIB
from mcpstruct.session.loop import Cancellable, Future, Loop
from mcpstruct.wire.sse import KEEP_ALIVE

from .asgi import Gone, Headers, Receive, Send

HIGH_WATER = 64 * 1024
OVERFLOW = 4 * MIB
"""Bytes waiting for a client that does not read, beyond which it is taken for gone."""
EVENTS = (
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),  # or a proxy may hold events back until there are many
)


class EventStream:
    """Takes events at any time, and sends them while somebody runs `send_to`."""

    __slots__ = ("_events", "_keep_alive", "_loop", "_on_overflow", "_over", "_room", "_size", "_timer", "_wake")

    def __init__(self, loop: Loop, keep_alive: float, on_overflow: Callable[[], object]) -> None:
        """`on_overflow` is called when more is waiting than a client that reads would let come together."""
        self._loop = loop
        self._on_overflow = on_overflow
        self._keep_alive = keep_alive
        self._events: list[bytes] = []
        self._size = 0
        self._over = False
        self._wake: Future[None] | None = None
        self._room: Future[None] | None = None
        self._timer: Cancellable | None = None

    def push(self, event: bytes) -> None:
        """Send an encoded event."""
        if self._over:
            return
        if self._size > OVERFLOW:
            self.discard()
            self._on_overflow()
            return
        self._events.append(event)
        self._size += len(event)
        self._woken()

    def end(self) -> None:
        """Nothing follows."""
        self._over = True
        self._woken()

    @property
    def over(self) -> bool:
        """Whether nothing follows what has been pushed."""
        return self._over

    @property
    def congested(self) -> bool:
        """Whether so much is waiting that whoever can wait should `drain`."""
        return self._size > HIGH_WATER and not self._over

    async def drain(self) -> None:
        """Wait until no longer congested, or over."""
        while self.congested:
            if self._room is None or self._room.done():
                self._room = self._loop.future()
            await self._loop.shield(self._room)

    def discard(self) -> None:
        """The client is gone: nothing more is sent."""
        self._events.clear()
        self.end()

    async def until_gone(self, receive: Receive) -> None:
        """Wait for the client to leave: then nothing more is sent."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self.discard()

    async def send_to(self, send: Send, headers: Headers = ()) -> None:
        """Answer a request with the events, until they end. Raises `Gone`."""
        try:
            await send({"type": "http.response.start", "status": 200, "headers": [*EVENTS, *headers]})
            while True:
                if self._events or self._over:
                    data = b"".join(self._events)
                    self._events.clear()
                    over = self._over
                    await send({"type": "http.response.body", "body": data, "more_body": not over})
                    if over:
                        return
                    self._size -= len(data)
                    if not self.congested:
                        self._relieved()
                else:
                    await self._something()
        except OSError:
            raise Gone from None
        finally:
            if self._timer is not None:
                self._timer.cancel()
            self._over = True
            self._relieved()

    async def _something(self) -> None:
        """Wait for an event, or for the time to show that the stream is alive."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(self._keep_alive, self.push, KEEP_ALIVE)
        self._wake = self._loop.future()
        await self._wake

    def _woken(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)
        if self._over:
            self._relieved()

    def _relieved(self) -> None:
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
