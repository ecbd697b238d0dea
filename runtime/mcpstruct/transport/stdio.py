"""Servers that are started as a process of their own, and spoken to over its standard streams."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field

from mcpstruct.base.errors import ConnectionLost
from mcpstruct.base.limits import DEFAULT_LIMITS, Limits
from mcpstruct.session.loop import Cancellable

from .base import Transport
from .lines import FLUSH, LineTransport
from .pipes import Reader
from .process import KILL, TERMINATE, Process, environment, told
from .stderr import Pump, Stderr, destination

INHERITED = (
    ("APPDATA", "COMSPEC", "HOMEDRIVE", "HOMEPATH", "LOCALAPPDATA", "PATH", "PATHEXT", "PROCESSOR_ARCHITECTURE",
     "PROGRAMDATA", "PROGRAMFILES", "SYSTEMDRIVE", "SYSTEMROOT", "TEMP", "TMP", "USERNAME", "USERPROFILE", "WINDIR")
    if sys.platform == "win32"
    else ("HOME", "LANG", "LC_*", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER")
)  # fmt: skip
"""Environment variables that a server gets from this process: what programs need to find their way, and no secrets."""

GRACE = 2.0
"""Seconds that a server is given to leave once its input has ended."""
TERMINATED_WITHIN = 1.5
"""Seconds that it is given once it has been told to, by SIGTERM."""
KILLED_WITHIN = 0.5
"""Seconds that its end is waited for after SIGKILL, and that children which it left behind get to end by SIGTERM."""
PATIENCE = 0.25
"""Seconds from the first sign that a server is gone until the loss is told, if more is to be learned about it."""


@dataclass(frozen=True, slots=True)
class StdioServer:
    """A server to be started as a process: a command and its arguments, never a line for a shell.

    The process gets the variables named in `inherit_env` (a `*` at the end stands for any rest; `("*",)` is all of
    them) and those in `env`. It runs in a session of its own: signals from the terminal don't reach it, and when the
    transport closes, every process of its group ends. Closing takes `shutdown_grace` seconds where the server doesn't
    leave by itself, and up to 2.5 more where it ignores being told.

    `guard` keeps a small shell waiting that ends the group where this process dies without closing (not on Windows).
    `threads` has pipes read and written by threads even where the event loop could.
    """

    command: str
    args: Sequence[str] = ()
    env: Mapping[str, str] | None = field(default=None, repr=False)
    cwd: str | os.PathLike[str] | None = None
    _: KW_ONLY
    stderr: Stderr = "inherit"
    inherit_env: Sequence[str] = INHERITED
    shutdown_grace: float = GRACE
    guard: bool = True
    threads: bool = False
    limits: Limits = DEFAULT_LIMITS

    def __post_init__(self) -> None:
        if isinstance(self.args, str) or isinstance(self.inherit_env, str):
            raise TypeError("Arguments and names of variables are sequences of strings, not one string")

    def transport(self) -> Transport:
        """A transport to a process of its own, which starts when that is opened."""
        return StdioTransport(self)


class StdioTransport(LineTransport):
    """One process of a `StdioServer`."""

    def __init__(self, server: StdioServer) -> None:
        super().__init__(threads=server.threads, limits=server.limits, strays=False)
        self._server = server
        self._process: Process | None = None
        self._pump: Pump | None = None
        self._errors: Reader | None = None
        self._unknown = {"exit", "output"}  # of how the server ended
        self._patience: Cancellable | None = None

    def __repr__(self) -> str:
        return f"<StdioTransport to {self._server.command!r}>"

    # -- opening ------------------------------------------------------------------------------------------------------

    def _connect(self) -> tuple[int, int]:
        server = self._server
        env = environment(server.inherit_env, server.env or {})
        command = server.command
        if sys.platform == "win32":  # which looks for programs along our path, and for .exe alone
            command = shutil.which(command, path=env.get("PATH")) or command
        stderr, self._pump = destination(server.stderr)
        self._process = Process([command, *server.args], env=env, cwd=server.cwd, stderr=stderr, guard=server.guard)
        return self._process.stdout, self._process.stdin

    def _connected(self) -> None:
        if self._process is not None:
            if self._pump is not None:
                self._unknown.add("errors")
                self._errors = self._read(self._process.stderr, self._pump.chunk, self._errors_ended)
            self._process.watch(self._loop, self._exited, threads=self._threads)

    # -- losing -------------------------------------------------------------------------------------------------------

    def _exited(self) -> None:
        self._unknown.discard("exit")
        self._changes.announce()
        self.resume()  # what the process left in the pipe still counts, and is little
        self._fade()

    def _ended(self, error: OSError | None) -> None:
        self._unknown.discard("output")
        self._half_a_line()
        self._fade()

    def _errors_ended(self, error: OSError | None) -> None:
        self._unknown.discard("errors")
        if self._pump is not None:
            self._pump.end()
        self._changes.announce()
        if self._patience is not None:
            self._fade()

    def _failed(self, error: OSError) -> None:
        self._changes.announce()
        self._fade()

    def _fade(self) -> None:
        """Tell of the loss when everything about it is known, and soon in any case.

        The rest comes at once as a rule: status, last output and stderr of a process that ended. It may never come
        where a child of the process keeps the pipes open, or where the process closed them and lives on.
        """
        if self._over is not None:
            return
        if not self._unknown:
            self._give_up()
        elif self._patience is None:
            self._patience = self._loop.call_later(PATIENCE, self._give_up)

    def _give_up(self) -> None:
        self._half_a_line()
        reason = self._reason()
        self._lose(ConnectionLost(reason), reason)

    def _reason(self) -> str:
        """Why there is no connection any more."""
        process, pump = self._process, self._pump
        if process is not None and process.status is not None:
            what = told(process.status)
        else:
            what = "no longer reads its input" if "output" in self._unknown else "closed its output"
        tail = f"; its last words on stderr: {pump.tail}" if pump is not None and pump.tail else ""
        return f"{self._server.command!r} {what}{tail}"

    # -- closing ------------------------------------------------------------------------------------------------------

    async def _leave(self) -> None:
        process, until = self._process, self._changes.until
        if process is None or self._reader is None or self._writer is None:
            return

        def gone() -> bool:
            return process.status is not None

        self._reader.resume()
        self._writer.finish()
        await until(lambda: gone() or self._flushed(), FLUSH)
        self._writer.close()  # the end of its input tells the server to leave
        if not await until(gone, self._server.shutdown_grace):
            process.signal(TERMINATE)
            if not await until(gone, TERMINATED_WITHIN):
                process.signal(KILL)
                await until(gone, KILLED_WITHIN)
        if gone() and process.reap():
            await self._end_rest(process)
        if self._errors is not None:
            await until(lambda: "errors" not in self._unknown, PATIENCE)

    async def _end_rest(self, process: Process) -> None:
        """End what a server has left of its group."""
        process.signal(TERMINATE)
        end = self._loop.time() + KILLED_WITHIN
        while process.signal(0) and self._loop.time() < end:
            await self._changes.until(lambda: False, 0.02)  # nobody tells when a child of a child ends

    def _release(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
        if self._process is not None:
            self._process.kill()
        super()._release()
        if self._errors is not None:
            self._errors.close()
