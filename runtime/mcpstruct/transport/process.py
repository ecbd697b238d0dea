"""A server's process: started without a shell, in a group of its own, watched, and ended with all its children."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from typing import IO

from mcpstruct.base.errors import ConnectFailed
from mcpstruct.session.loop import Loop

from .guard import Guard

REAPED_WITHIN = 0.5
"""Seconds that a killed process is waited for; more than a moment only where it is not ours to kill, or hangs."""
TERMINATE = signal.SIGTERM
KILL = signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL


def environment(inherited: Sequence[str], extra: Mapping[str, str]) -> dict[str, str]:
    """The variables of this process with these names (`LC_*` means all that begin so), and the extra ones."""
    whole = {name for name in inherited if not name.endswith("*")}
    beginnings = tuple(name[:-1] for name in inherited if name.endswith("*"))
    kept = {
        name: value
        for name, value in os.environ.items()
        # A shell function in a variable is code, which a server has no use for.
        if (name in whole or name.startswith(beginnings)) and not value.startswith("()")
    }
    return kept | dict(extra)


def told(status: int) -> str:
    """How a process ended, in words."""
    if status >= 0:
        return f"ended with exit status {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"was killed by signal {-status}"


class Process:
    """A process that runs, with our ends of the pipes to it, which are their users' to close.

    `stderr` may be a descriptor or one of subprocess's constants. Raises `ConnectFailed`.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: str | os.PathLike[str] | None,
        stderr: int | None,
        guard: bool,
    ) -> None:
        self.name = command[0]
        self.status: int | None = None
        """How it ended: its exit status, or minus the signal that killed it. None as long as it runs."""
        self._reaped = False
        self._group = True  # whether any process of the group may be left
        self._guard: Guard | None = None
        self._pidfd = -1
        self._running: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._exited: Callable[[], None] | None = None
        try:
            self._popen = _start(command, env, cwd, stderr)
        except OSError as error:
            raise ConnectFailed(f"Cannot start {self.name!r}: {_reason(error, self.name)}") from error
        try:
            if guard and Guard.available():
                self._guard = Guard(self._popen.pid)
            self.stdin, self.stdout, self.stderr = map(
                _own, (self._popen.stdin, self._popen.stdout, self._popen.stderr)
            )
        except OSError as error:
            with self._popen:  # which closes the pipes
                self.kill()
            raise ConnectFailed(f"Cannot start {self.name!r}: {error}") from error

    def watch(self, loop: Loop, exited: Callable[[], None], *, threads: bool) -> None:
        """Call back, in the loop's thread, when the process has ended and `status` tells how."""
        self._exited = exited
        if sys.platform == "linux" and loop.is_asyncio and not threads:
            with suppress(OSError):  # a system that lacks or forbids it, or a process that nobody need reap
                self._pidfd = os.pidfd_open(self._popen.pid)
                self._running = asyncio.get_running_loop()
                self._running.add_reader(self._pidfd, self._notice)
                return
        self._thread = threading.Thread(target=self._wait, args=(loop,), name="mcpstruct Process", daemon=True)
        self._thread.start()

    def signal(self, number: int) -> bool:
        """Send a signal to every process of the group; whether there may be any."""
        if sys.platform == "win32":
            self._group = self.status is None
            if self._group:
                self._popen.terminate()
        elif self._group:
            try:
                os.killpg(self._popen.pid, number)
            except ProcessLookupError:
                self._group = False
            except PermissionError:  # not ours to end; on macOS also what an ended process says
                pass
        return self._group

    def reap(self) -> bool:
        """Let go of the process, once it has ended; whether others of its group live on.

        Until then the number of the group can't be given to another one, and until the guard is gone it must not be.
        """
        if not self._reaped:
            if self._guard is not None:
                self._guard.dismiss()
                self._guard = None
            with suppress(subprocess.TimeoutExpired):
                self.status = self._popen.wait(REAPED_WITHIN)
                self._reaped = True
            self._unwatch()
        return self.signal(0)

    def kill(self) -> None:
        """End the whole group at once, and let go of it."""
        self.signal(KILL)
        self.reap()
        self._group = False

    def _wait(self, loop: Loop) -> None:
        wait_for_exit(self._popen)
        with suppress(RuntimeError):  # the loop has ended: there is nobody to tell
            loop.call_soon_threadsafe(self._notice)

    def _notice(self) -> None:
        if self.status is not None:
            return
        self._unwatch()
        self.status = exit_status(self._popen.pid)
        if self.status is None:  # no way to know without reaping: the rest of the group is told while it is known
            self.signal(TERMINATE)
            self.reap()
            self._group = False
        if self._exited is not None:
            self._exited()

    def _unwatch(self) -> None:
        if self._pidfd >= 0 and self._running is not None:
            with suppress(RuntimeError):  # uvloop, once closed
                self._running.remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1
        if self._thread is not None:
            self._thread.join(REAPED_WITHIN)


def _start(
    command: Sequence[str], env: Mapping[str, str], cwd: str | os.PathLike[str] | None, stderr: int | None
) -> subprocess.Popen[bytes]:
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    return subprocess.Popen(  # noqa: S603 - a list of arguments, no shell line
        command,
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env=env,
        cwd=cwd,
        creationflags=flags,
        start_new_session=os.name == "posix",
    )


def _reason(error: OSError, command: str) -> str:
    """What the system says, and of which file, where that is not the command itself."""
    said = error.strerror or str(error)
    return f"{said}: {error.filename!r}" if error.filename not in (None, command) else said


def _own(file: IO[bytes] | None) -> int:
    """A pipe's descriptor, taken from the file object that would close it."""
    if file is None:
        return -1
    with file:
        return os.dup(file.fileno())


def wait_for_exit(popen: subprocess.Popen[bytes]) -> None:
    """Block until a process has ended, and leave it to be reaped where the system has that notion."""
    if sys.platform == "win32":
        popen.wait()
    elif sys.platform == "darwin":
        with closing(select.kqueue()) as queue, suppress(ProcessLookupError):
            event = select.kevent(popen.pid, select.KQ_FILTER_PROC, select.KQ_EV_ADD, select.KQ_NOTE_EXIT)
            queue.control([event], 1)
    else:
        with suppress(ChildProcessError):
            os.waitid(os.P_PID, popen.pid, os.WEXITED | os.WNOWAIT)


def exit_status(pid: int) -> int | None:
    """How a process ended that is not reaped, as subprocess has it; None where only reaping would tell."""
    if sys.platform in {"win32", "darwin"}:
        return None
    try:
        ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
    except ChildProcessError:
        return None
    if ended is None:
        return None
    return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status
