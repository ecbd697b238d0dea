"""Two transports joined end to end in one process: messages cross as the bytes that they would be on a wire."""

from __future__ import annotations

from collections import deque

from mcpstruct.base.errors import ConnectionLost
from mcpstruct.session.loop import Future, Loop, current_loop

from .base import Receiver

_HIGH_WATER = 1024 * 1024


class PairTransport:
    """One end; what it sends arrives at the other in the next turn of the event loop."""

    def __init__(self) -> None:
        self.other: PairTransport
        self._receiver: Receiver | None = None
        self._loop: Loop | None = None
        self._arrived: deque[bytes] = deque()
        self._waiting = 0
        self._scheduled = False
        self._paused = False
        self._lost = False
        self._drained: list[Future[None]] = []

    async def open(self, receiver: Receiver) -> None:
        """See `Transport`."""
        self._receiver, self._loop = receiver, current_loop()
        self._schedule()

    def send(self, data: bytes) -> None:
        """See `Transport`."""
        if self._lost or self.other._lost:
            raise ConnectionLost("the other end is closed")
        self.other._arrived.append(data)
        self.other._waiting += len(data)
        self.other._schedule()

    @property
    def congested(self) -> bool:
        """See `Transport`."""
        return self.other._waiting > _HIGH_WATER and not self._lost and not self.other._lost

    async def drain(self) -> None:
        """See `Transport`."""
        while self.congested:
            future: Future[None] = current_loop().future()
            self._drained.append(future)
            try:
                await future
            finally:
                self._drained.remove(future)

    def pause(self) -> None:
        """See `Transport`."""
        self._paused = True

    def resume(self) -> None:
        """See `Transport`."""
        self._paused = False
        self._schedule()

    async def aclose(self) -> None:
        """See `Transport`."""
        if not self._lost:
            self._end()
            self.other._schedule()

    def _schedule(self) -> None:
        if self._loop is not None and not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._deliver)

    def _deliver(self) -> None:
        """Hand over what has arrived, in one go."""
        self._scheduled = False
        receiver = self._receiver
        while receiver is not None and self._arrived and not self._paused and not self._lost:
            data = self._arrived.popleft()
            self._waiting -= len(data)
            receiver.received(data)
        if self._waiting <= _HIGH_WATER:
            self.other._let_go()
        if receiver is not None and self.other._lost and not self._arrived and not self._lost:
            self._end()
            receiver.lost(None)

    def _end(self) -> None:
        self._lost = True
        self._let_go()
        self.other._let_go()

    def _let_go(self) -> None:
        """Wake whoever waits for room at the other end."""
        for future in self._drained:
            if not future.done():
                future.set_result(None)


def transport_pair() -> tuple[PairTransport, PairTransport]:
    """Two transports, each the peer of the other."""
    one, two = PairTransport(), PairTransport()
    one.other, two.other = two, one
    return one, two
