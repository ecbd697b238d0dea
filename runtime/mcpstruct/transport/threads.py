"""Bytes in and out of file descriptors by two threads: for trio, for Windows, and for what no event loop can watch.

Both threads are daemons, so that a descriptor that blocks for ever never keeps the interpreter from leaving.
"""

from __future__ import annotations

import os
import select
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from typing import Any

from mcpstruct.session.loop import Loop

from .pipes import CHUNK, HIGH_WATER, LOW_WATER, Piece, can_wait, pieces

AHEAD = 16
"""Chunks that a thread may read ahead of the loop."""


class Stop:
    """Ends a wait in another thread, where the system can wait for two things at once."""

    __slots__ = ("_ends", "is_set")

    def __init__(self) -> None:
        self.is_set = False
        self._ends = os.pipe() if os.name == "posix" else ()

    def wait_for(self, fd: int, *, room: bool = False) -> bool:
        """Wait until there is something to read, or room to write; False if stopped."""
        if self._ends and not self.is_set:
            poll = select.poll()
            poll.register(self._ends[0], select.POLLIN)
            poll.register(fd, select.POLLOUT if room else select.POLLIN)
            poll.poll()
        return not self.is_set

    def set(self) -> None:
        """Stop: waits end, now and from now on."""
        self.is_set = True
        if self._ends:
            os.write(self._ends[1], b"!")

    def close(self) -> None:
        """Close what it waits with, once nobody does."""
        for fd in self._ends:
            os.close(fd)
        self._ends = ()


class Worker(ABC):
    """A daemon thread over a descriptor, and its way back to the loop."""

    def __init__(self, loop: Loop, fd: int) -> None:
        self._loop = loop
        self._fd = fd
        self._stop = Stop()
        self._thread = threading.Thread(target=self._run, name=f"mcpstruct {type(self).__name__}", daemon=True)

    @abstractmethod
    def _run(self) -> None:
        """Work, until there is nothing left to do or `_stop` is set."""

    def _post(self, callback: Callable[..., object], *args: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(callback, *args)
        except RuntimeError:  # the loop has ended: there is nobody to tell
            self._stop.is_set = True

    def _end(self) -> None:
        """Stop the thread and close the descriptor, unless the thread is in the middle of a call that blocks on it."""
        if self._fd < 0:
            return
        if self._thread.is_alive():
            self._stop.set()
            self._thread.join(1 if can_wait(self._fd) else 0.1)
        if not self._thread.is_alive():
            self._stop.close()
            os.close(self._fd)
            self._fd = -1


class ThreadReader(Worker):
    """Reads in a thread that is never more than `AHEAD` chunks ahead of the loop."""

    def __init__(
        self, loop: Loop, fd: int, chunk: Callable[[bytes], None], ended: Callable[[OSError | None], None]
    ) -> None:
        super().__init__(loop, fd)
        self._chunk = chunk
        self._ended = ended
        self._paused = False
        self._turning = False
        self._credit = threading.Semaphore(AHEAD)
        self._held: deque[bytes | OSError] = deque()
        self._thread.start()

    def pause(self) -> None:
        """See `Reader.pause`."""
        self._paused = True

    def resume(self) -> None:
        """See `Reader.resume`."""
        self._paused = False
        self._loop.call_soon(self._deliver)

    def close(self) -> None:
        """See `Reader.close`."""
        self._stop.is_set = True
        self._credit.release()
        self._end()

    def _run(self) -> None:
        last: bytes | OSError = b"more"
        while last and not isinstance(last, OSError):
            self._credit.acquire()
            if not self._stop.wait_for(self._fd):
                return
            try:
                last = os.read(self._fd, CHUNK)
            except (BlockingIOError, InterruptedError):
                self._credit.release()
                continue
            except OSError as error:
                last = error
            self._held.append(last)
            self._post(self._deliver)

    def _deliver(self) -> None:
        """Deliver a chunk, and the next one in another turn of the loop: what this one brought about may pause us."""
        if self._held and not (self._turning or self._paused or self._stop.is_set):
            data = self._held.popleft()
            self._credit.release()
            if isinstance(data, OSError):
                self._ended(data)
            elif data:
                self._chunk(data)
            else:
                self._ended(None)
            if self._held:
                self._turning = True
                self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._turning = False
        self._deliver()


class ThreadWriter(Worker):
    """Writes in a thread, all that came in while it wrote at once."""

    def __init__(self, loop: Loop, fd: int, eased: Callable[[], None], failed: Callable[[OSError], None]) -> None:
        super().__init__(loop, fd)
        self._eased = eased
        self._failed = failed
        self._work = threading.Condition()
        self._messages: list[bytes] = []
        self._waiting = 0
        self._finishing = False
        self.congested = False
        self._thread.start()

    @property
    def idle(self) -> bool:
        """See `Writer.idle`."""
        return not self._waiting

    def write(self, data: bytes) -> None:
        """See `Writer.write`."""
        with self._work:
            if self._stop.is_set:
                return
            self._messages.append(data)
            self._waiting += len(data) + 1
            if self._waiting > HIGH_WATER:
                self.congested = True
            self._work.notify()

    def finish(self) -> None:
        """See `Writer.finish`."""
        self._finishing = True

    def close(self) -> None:
        """See `Writer.close`."""
        self._abandon()
        self._end()

    def _abandon(self) -> None:
        with self._work:
            self._stop.is_set = True
            self._messages.clear()
            self._waiting = 0
            self.congested = False
            self._work.notify()

    def _run(self) -> None:
        try:
            while batch := self._take():
                for piece in batch:
                    self._write(memoryview(piece))
        except OSError as error:
            self._abandon()
            self._post(self._failed, error)

    def _take(self) -> list[Piece]:
        with self._work:
            while not self._messages and not self._stop.is_set:
                self._work.wait()
            messages, self._messages = self._messages, []
            return pieces(messages, self._waiting)

    def _write(self, piece: memoryview) -> None:
        while piece and self._stop.wait_for(self._fd, room=True):
            try:
                count = os.write(self._fd, piece)
            except (BlockingIOError, InterruptedError):
                continue
            piece = piece[count:]
            self._wrote(count)

    def _wrote(self, count: int) -> None:
        with self._work:
            if self._stop.is_set:
                return
            self._waiting -= count
            relieved = self.congested and self._waiting < LOW_WATER
            if relieved:
                self.congested = False
            done = self._finishing and not self._waiting
        if relieved or done:
            self._post(self._eased)
