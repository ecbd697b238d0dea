"""A server's own standard streams as a transport, with everything else in the process kept out of them."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from typing import TextIO

from mcpstruct.base.errors import ConnectFailed, ConnectionLost
from mcpstruct.base.limits import DEFAULT_LIMITS, Limits

from .lines import LineTransport
from .pipes import can_wait

FLUSH = 1.0
"""Seconds that closing waits for the client to read what is still to be written."""


class StandardStreams:
    """Standard input and output, taken away from the rest of the process until they are given back.

    Meanwhile reading descriptor 0 gives the end of the file, and what is written to descriptor 1 or printed goes to
    stderr, by this process or a child of it: a stray `print` is no message.
    """

    def __init__(self) -> None:
        # Where a stream was closed from the start, its number may be some other file's by now.
        if sys.__stdin__ is None or sys.__stdout__ is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        self._kept = (os.dup(0), os.dup(1))
        # Whether they block is shared with whoever else has them open, and put back for their sake.
        self._blocking = [(fd, os.get_blocking(fd)) for fd in self._kept if can_wait(fd)]
        self._stdout: TextIO | None = sys.stdout
        flush(self._stdout)
        nowhere = os.open(os.devnull, os.O_RDWR)
        os.dup2(nowhere, 0)
        os.dup2(nowhere if sys.__stderr__ is None else 2, 1)
        os.close(nowhere)
        if sys.stderr is not None:
            sys.stdout = sys.stderr

    def duplicates(self) -> tuple[int, int]:
        """The real ones, as descriptors of the caller's own."""
        return os.dup(self._kept[0]), os.dup(self._kept[1])

    def give_back(self) -> None:
        """Put everything back."""
        flush(self._stdout)  # by who had a hold of it before
        for fd, blocking in self._blocking:
            os.set_blocking(fd, blocking)
        for number, fd in enumerate(self._kept):
            os.dup2(fd, number)
            os.close(fd)
        if sys.stdout is sys.stderr and self._stdout is not None:
            sys.stdout = self._stdout


def flush(stream: TextIO | None) -> None:
    """Have a stream written out as far as that goes."""
    if stream is not None:
        with suppress(AttributeError, OSError, ValueError):
            stream.flush()


class StdioServerTransport(LineTransport):
    """The client that started this process, over standard input and output, which are this transport's alone
    while it is open.

    `threads` has them read and written by threads even where the event loop could.
    """

    def __init__(self, *, threads: bool = False, limits: Limits = DEFAULT_LIMITS) -> None:
        super().__init__(threads=threads, limits=limits)
        self._streams: StandardStreams | None = None

    def _connect(self) -> tuple[int, int]:
        try:
            self._streams = StandardStreams()
        except OSError as error:
            raise ConnectFailed(f"Standard input and output are not there: {error.strerror}") from error
        return self._streams.duplicates()

    def _connected(self) -> None:
        pass

    def _ended(self, error: OSError | None) -> None:
        self._half_a_line()
        if error is not None:
            reason = f"Reading standard input failed: {error.strerror}"
            self._lose(ConnectionLost(reason), reason)
        elif self._over is None:
            self._receiver.lost(None)  # it may still read the answers to what it asked: `printf ... | server`

    def _failed(self, error: OSError) -> None:
        reason = f"The client no longer reads: {error.strerror}"
        self._changes.announce()
        self._loop.call_soon(self._lose, ConnectionLost(reason), reason)

    async def _leave(self) -> None:
        if self._writer is not None:
            self._writer.finish()
            await self._changes.until(self._flushed, FLUSH)

    def _release(self) -> None:
        super()._release()
        if self._streams is not None:
            self._streams.give_back()
            self._streams = None
