"""A transport whose messages are lines, over whatever carries bytes both ways; its children say what that is."""

from __future__ import annotations

import os
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable

from mcpstruct.base.errors import ConnectFailed, ConnectionLost
from mcpstruct.base.limits import DEFAULT_LIMITS, Limits
from mcpstruct.session.loop import Loop, current_loop
from mcpstruct.wire.frames import LineSplitter, stray

from .base import Receiver
from .pipes import LoopReader, LoopWriter, Reader, Writer, can_wait
from .threads import ThreadReader, ThreadWriter
from .waiting import Changes

FLUSH = 0.5
"""Seconds that closing waits for what is still to be written."""


class LineTransport(ABC):
    """The common part of transports over pipes: see `mcpstruct.transport.base.Transport`."""

    _loop: Loop
    _changes: Changes
    _receiver: Receiver

    def __init__(self, *, threads: bool = False, limits: Limits = DEFAULT_LIMITS, strays: bool = True) -> None:
        self._threads = threads
        self._strays = strays  # whether lines that cannot be messages are delivered like any other
        self._splitter = LineSplitter(limits.max_bytes)
        self._reader: Reader | None = None
        self._writer: Writer | None = None
        self._over: str | None = "The connection was not opened"
        self.congested = False
        """See `Transport.congested`: asked for every message, and a property would take 0.1 µs."""
        self._opened = False
        self._closing = False
        self._closed = False

    async def open(self, receiver: Receiver) -> None:
        """See `Transport.open`."""
        if self._opened:
            raise RuntimeError("A transport is opened once")
        self._opened = True
        self._loop = current_loop()
        self._changes = Changes(self._loop)
        self._receiver = receiver
        ends: list[int] = []
        try:
            ends += self._connect()
            self._reader = self._read(ends[0], self._chunk, self._ended)
            self._writer = self._write(ends[1])
            self._over = None
            self._connected()
        except BaseException as error:
            self._closing = self._closed = True
            self._over = "The connection did not open"
            self._release()
            for fd in ends[(self._reader is not None) + (self._writer is not None) :]:
                os.close(fd)
            if isinstance(error, OSError):  # no descriptors left, for one
                raise ConnectFailed(str(error)) from error
            raise

    # -- what children say --------------------------------------------------------------------------------------------

    @abstractmethod
    def _connect(self) -> tuple[int, int]:
        """Descriptors to read from and to write to, which are the reader's and the writer's to close from now on.

        Raises `ConnectFailed`.
        """

    @abstractmethod
    def _connected(self) -> None:
        """Reading and writing have begun."""

    @abstractmethod
    def _ended(self, error: OSError | None) -> None:
        """Nothing more comes in."""

    @abstractmethod
    def _failed(self, error: OSError) -> None:
        """Nothing more goes out. May be called within `send`."""

    @abstractmethod
    async def _leave(self) -> None:
        """Take leave of the peer; what is waiting goes out if it takes a moment."""

    def _release(self) -> None:
        """Let go of everything, at once."""
        if self._reader is not None:
            self._reader.close()
        if self._writer is not None:
            self._writer.close()

    # -- Transport ----------------------------------------------------------------------------------------------------

    def send(self, data: bytes) -> None:
        """See `Transport.send`."""
        writer = self._writer
        if self._over is not None or writer is None:
            raise ConnectionLost(self._over)
        writer.write(data)
        self.congested = writer.congested

    async def drain(self) -> None:
        """See `Transport.drain`."""
        if self.congested:
            await self._changes.until(lambda: not self.congested)

    def pause(self) -> None:
        """See `Transport.pause`."""
        if self._reader is not None and self._over is None:
            self._reader.pause()

    def resume(self) -> None:
        """See `Transport.resume`."""
        if self._reader is not None and self._over is None:
            self._reader.resume()

    async def aclose(self) -> None:
        """See `Transport.aclose`. Cancelling the caller does not keep the connection from being closed."""
        if not self._opened:
            return
        if not self._closing:
            self._closing = True
            self._over = self._over or "The connection was closed"
            self.congested = False
            self._loop.spawn(self._shut_down)
        await self._changes.until(lambda: self._closed)

    def __del__(self) -> None:
        if self._opened and not self._closed:
            warnings.warn(f"{self!r} was not closed", ResourceWarning, stacklevel=1, source=self)
            self._release()

    async def _shut_down(self) -> None:
        try:
            await self._leave()
        finally:  # also where the event loop ends and cancels all tasks
            try:
                self._release()
            finally:
                self._closed = True
                self._changes.announce()

    # -- what happens -------------------------------------------------------------------------------------------------

    def _chunk(self, data: bytes) -> None:
        if self._over is not None:
            return  # read and thrown away, so that a peer in the middle of a write can leave
        receiver = self._receiver
        for line in self._splitter.feed(data):
            if not isinstance(line, bytes):
                receiver.refused(line)
            elif self._strays or line[0] in b"{[" or (violation := stray(line)) is None:
                receiver.received(line)
            else:
                receiver.refused(violation)

    def _half_a_line(self) -> None:
        """Report what the stream ended in the middle of."""
        half = self._splitter.eof()
        if half is not None and self._over is None:
            self._receiver.refused(half)

    def _lose(self, error: Exception | None, reason: str) -> None:
        """Tell that the peer is gone, unless that is known or wanted."""
        if self._over is None:
            self._over = reason
            self._eased()
            self._receiver.lost(error)

    def _eased(self) -> None:
        """The way out is free, or nobody's any more."""
        self.congested = False
        self._changes.announce()

    def _flushed(self) -> bool:
        """Whether nothing is waiting to go out."""
        return self._writer is None or self._writer.idle

    def _read(
        self, fd: int, chunk: Callable[[bytes], None], ended: Callable[[OSError | None], None]
    ) -> LoopReader | ThreadReader:
        if self._watched(fd):
            return LoopReader(fd, chunk, ended)
        return ThreadReader(self._loop, fd, chunk, ended)

    def _write(self, fd: int) -> LoopWriter | ThreadWriter:
        if self._watched(fd):
            return LoopWriter(fd, self._eased, self._failed)
        return ThreadWriter(self._loop, fd, self._eased, self._failed)

    def _watched(self, fd: int) -> bool:
        """Whether the event loop watches this descriptor, which does not block from now on."""
        if not can_wait(fd):
            return False
        os.set_blocking(fd, False)
        return self._loop.is_asyncio and not self._threads
