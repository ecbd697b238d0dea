"""Bytes in and out of file descriptors, by the event loop: callbacks only, no task and no stream between.

Measured against asyncio's pipe transports, reading by `add_reader` takes two thirds of the time. The first write of a
turn of the loop goes out at once, so that a lone message does not wait; what follows in the same turn goes out
together at its end, so that 64 messages cost the peer one read and not 64.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol, TypeAlias

CHUNK = 64 * 1024
"""Bytes read at once: what a pipe holds. Larger buffers come fresh from the system each time, at ten times the cost."""
JOINED = 64 * 1024
"""Messages of this size and more are written as they are; smaller ones are copied together."""
HIGH_WATER = 1024 * 1024
LOW_WATER = 256 * 1024

Piece: TypeAlias = bytes | memoryview


class Reader(Protocol):
    """Delivers the bytes that come in at a descriptor, to a callback in the loop's thread."""

    def pause(self) -> None:
        """Stop reading."""

    def resume(self) -> None:
        """Read again."""

    def close(self) -> None:
        """Stop reading for good, and close the descriptor."""


class Writer(Protocol):
    """Writes messages to a descriptor, each followed by a line break, and keeps what it does not take yet."""

    congested: bool
    """Whether more than the high-water mark waited, and not less than the low one since."""

    @property
    def idle(self) -> bool:
        """Whether nothing is waiting to be written."""
        ...

    def write(self, data: bytes) -> None:
        """Write a message; nothing happens once writing has failed."""

    def finish(self) -> None:
        """Tell of it too when nothing is waiting any more."""

    def close(self) -> None:
        """Stop writing, whatever is waiting, and close the descriptor."""


def can_wait(fd: int) -> bool:
    """Whether the system can tell when this descriptor is ready: it can for pipes and sockets, not for files.

    Terminals could be watched too, but would have to be made non-blocking for every process that has them open.
    """
    mode = os.fstat(fd).st_mode
    return os.name == "posix" and (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode))


def pieces(messages: list[bytes], size: int) -> list[Piece]:
    """Messages of `size` bytes at most, as lines, in pieces worth a write each; large messages are not copied."""
    if size < JOINED:
        return [b"\n".join((*messages, b""))] if messages else []
    found: list[Piece] = []
    run: list[bytes] = []
    size = 0
    for message in messages:
        if len(message) < JOINED:
            run.append(message)
            size += len(message)
        if len(message) >= JOINED or size >= JOINED:
            found += [b"\n".join((*run, b""))] if run else []
            run, size = [], 0
        if len(message) >= JOINED:
            found.append(message)
            run = [b""]  # its line break opens the next piece
    return [*found, b"\n".join((*run, b""))] if run else found


def _closed(fd: int) -> int:
    """Close a descriptor that is open yet; what stands for none."""
    if fd >= 0:
        with suppress(OSError):  # somebody else has closed it: closing the rest goes on
            os.close(fd)
    return -1


class LoopReader:
    """Reads a non-blocking pipe or socket when asyncio says that there is something."""

    __slots__ = ("_chunk", "_ended", "_fd", "_loop", "_over", "_reading")

    def __init__(self, fd: int, chunk: Callable[[bytes], None], ended: Callable[[OSError | None], None]) -> None:
        self._fd = fd
        self._chunk = chunk
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._over = False
        self._reading = False
        self.resume()

    def pause(self) -> None:
        """See `Reader.pause`."""
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._fd)

    def resume(self) -> None:
        """See `Reader.resume`."""
        if not self._over and not self._reading:
            self._reading = True
            self._loop.add_reader(self._fd, self._ready)

    def close(self) -> None:
        """See `Reader.close`."""
        with suppress(RuntimeError):  # of a loop that is closed, or knows nothing of the descriptor
            self._stop()
        self._fd = _closed(self._fd)

    def _stop(self) -> None:
        self._over = True
        self.pause()

    def _ready(self) -> None:
        try:
            data = os.read(self._fd, CHUNK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._stop()
            self._ended(error)
            return
        if data:
            self._chunk(data)
        else:
            self._stop()
            self._ended(None)


_BATCH = 16
"""Messages of one turn that go out together."""


class LoopWriter:
    """Writes to a non-blocking pipe or socket when asyncio says that it has room."""

    __slots__ = (
        "_eased",
        "_failed",
        "_fd",
        "_finishing",
        "_loop",
        "_messages",
        "_over",
        "_pieces",
        "_same_turn",
        "_several",
        "_stuck",
        "_waiting",
        "congested",
    )

    def __init__(self, fd: int, eased: Callable[[], None], failed: Callable[[OSError], None]) -> None:
        self._fd = fd
        self._eased = eased
        self._failed = failed
        self._loop = asyncio.get_running_loop()
        self._over = False
        self._same_turn = False  # whether this turn of the loop has written already
        # Whether the last turn had several messages. Then this one will, too, and its first waits for the others: to
        # write it at once wakes the peer for a single message, and the next turn is as short again.
        self._several = False
        self._stuck = False  # whether the loop watches for room
        self._finishing = False
        self._messages: list[bytes] = []
        self._pieces: deque[Piece] = deque()
        self._waiting = 0
        self.congested = False

    @property
    def idle(self) -> bool:
        """See `Writer.idle`."""
        return not self._waiting

    def write(self, data: bytes) -> None:
        """See `Writer.write`."""
        if self._over:
            return
        self._messages.append(data)
        self._waiting += len(data) + 1
        if self._waiting > HIGH_WATER:
            self.congested = True
        if not self._same_turn and not self._stuck:
            self._same_turn = True
            self._loop.call_soon(self._end_of_turn)
            if not self._several:
                self._flush()
        elif len(self._messages) >= _BATCH and not self._stuck:
            self._flush()  # the peer can begin on these

    def finish(self) -> None:
        """See `Writer.finish`."""
        self._finishing = True

    def close(self) -> None:
        """See `Writer.close`."""
        with suppress(RuntimeError):  # as `LoopReader.close`
            self._stop()
        self._fd = _closed(self._fd)

    def _stop(self) -> None:
        self._over = True
        self._messages.clear()
        self._pieces.clear()
        self._waiting = 0
        self.congested = False
        self._watch(stuck=False)

    def _end_of_turn(self) -> None:
        self._same_turn = False
        self._several = len(self._messages) > 1
        if self._messages and not self._stuck:
            self._flush()

    def _flush(self) -> None:
        """Write what the descriptor takes."""
        self._pieces += pieces(self._messages, self._waiting)
        self._messages.clear()
        try:
            while self._pieces:
                self._wrote(os.write(self._fd, self._pieces[0]))
        except (BlockingIOError, InterruptedError):
            pass
        except OSError as error:
            self._stop()
            self._failed(error)
            return
        self._watch(stuck=bool(self._pieces))
        self._tell()

    def _wrote(self, count: int) -> None:
        self._waiting -= count
        piece = self._pieces[0]
        if count == len(piece):
            self._pieces.popleft()
        else:
            self._pieces[0] = memoryview(piece)[count:]

    def _watch(self, *, stuck: bool) -> None:
        if stuck != self._stuck:
            self._stuck = stuck
            if stuck:
                self._loop.add_writer(self._fd, self._flush)
            else:
                self._loop.remove_writer(self._fd)

    def _tell(self) -> None:
        relieved = self.congested and self._waiting < LOW_WATER
        if relieved:
            self.congested = False
        if relieved or (self._finishing and not self._waiting):
            self._eased()
