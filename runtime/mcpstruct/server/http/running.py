"""`server.run("streamable-http")`: what it is told, checked; the sockets; one process, or several."""

from __future__ import annotations

import socket
import stat
import sys
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio

from mcpstruct.server.running import fastest_loop
from mcpstruct.wire.eras import legacy

from .app import HttpApp
from .options import HttpOptions
from .serving import Uvicorn
from .supervisor import Supervisor
from .worker import Work

if TYPE_CHECKING:
    from mcpstruct.server.base import Server

_LOCAL = ("127.0.0.1", "::1", "localhost")
_BACKLOG = 2048


class HttpServing:
    """A server that has a process, or several, and an address to itself.

    It listens at `host` and `port` (0 takes a free one), or at a Unix socket `uds`, or at a socket that somebody else
    has bound, whose descriptor is `fd`. `workers` processes share the work; more than one needs a server that keeps no
    sessions, and is a global of its program. When it is told to stop, requests in progress are given `drain` seconds.
    Other options are those of `HttpOptions`.

    Raises `ValueError` and `TypeError` where these are wrong, or do not go together.
    """

    def __init__(
        self,
        server: Server,
        *,
        host: str = "127.0.0.1",
        port: int = 8000,
        uds: str | None = None,
        fd: int | None = None,
        workers: int = 1,
        drain: float = 2.0,
        **options: Any,
    ) -> None:
        self._server = server
        self._options = HttpOptions(**options)
        self._address = (host, port)
        self._uds = uds
        self._fd = fd
        self._drain = drain
        self._check_hosts(host)
        if workers < 1:
            raise ValueError("workers: one at least")
        if workers > 1:
            self._check_sessions()
        self._app = HttpApp(server, self._options)
        self._supervisor = Supervisor(Work.of(server, self._options, drain), workers) if workers > 1 else None

    def _check_hosts(self, host: str) -> None:
        local = self._uds is None and self._fd is None and host.lower() in _LOCAL
        if self._options.allowed_hosts is None and not local:
            where = "a socket that others may reach" if self._uds or self._fd is not None else f"host {host!r}"
            raise ValueError(
                f"{where} needs allowed_hosts: the names that clients know this server by, such as 'mcp.example.com'; "
                "'*' where a proxy has checked them"
            )

    def _check_sessions(self) -> None:
        if self._options.http_sse:
            raise ValueError("several workers would lose sessions: the transport of 2024-11-05 can have one only")
        if self._options.sessions and legacy(self._server.revisions):
            raise ValueError(
                "several workers would lose sessions, which live in the memory of one: set sessions=False, so that "
                "requests of older clients stand alone too, or let the server speak revisions='2026-07-28' only"
            )

    def run(self) -> None:
        """Serve until SIGINT or SIGTERM comes. Raises `OSError` where the address can't be had."""
        with ExitStack() as cleaning:
            sockets = self._listen(cleaning)
            announce = partial(_announce, f"{self._server.info.name} at {_url(sockets[0])}{self._options.path}")
            if self._supervisor is not None:
                self._supervisor.run(sockets, announce)
                return
            patience = self._options.body_deadline
            uvicorn = Uvicorn(self._server, self._app, announce, drain=self._drain, patience=patience)
            anyio.run(uvicorn.serve_until_told, sockets, backend_options=fastest_loop())

    def _listen(self, cleaning: ExitStack) -> list[socket.socket]:
        if self._fd is not None:
            found = [socket.socket(fileno=self._fd)]
        elif self._uds is not None:
            found = [_unix(self._uds)]
            cleaning.callback(Path(self._uds).unlink, missing_ok=True)
        else:
            found = _bound(*self._address)
        for one in found:
            cleaning.callback(one.close)
            one.listen(_BACKLOG)
        return found


def _bound(host: str, port: int) -> list[socket.socket]:
    """A socket for each address that a name stands for."""
    found: list[socket.socket] = []
    try:
        entries = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in dict.fromkeys(entries):
            one = socket.socket(family, kind, protocol)
            found.append(one)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.bind((address[0], port, *address[2:]))
            port = one.getsockname()[1]  # a free one is the same for all
    except OSError as error:
        for one in found:
            one.close()
        raise OSError(error.errno, f"can't listen at {host}:{port}: {error.strerror}") from None
    return found


def _unix(path: str) -> socket.socket:
    """A socket in the file system, in the place of one that nobody listens at any more."""
    one = socket.socket(socket.AF_UNIX)
    try:
        with suppress(FileNotFoundError):
            if stat.S_ISSOCK(Path(path).stat().st_mode) and one.connect_ex(path) != 0:
                Path(path).unlink()
        one.close()
        one = socket.socket(socket.AF_UNIX)
        one.bind(path)
    except OSError as error:
        one.close()
        raise OSError(error.errno, f"can't listen at {path}: {error.strerror}") from None
    return one


def _url(listening: socket.socket) -> str:
    if listening.family not in (socket.AF_INET, socket.AF_INET6):
        return f"unix:{listening.getsockname()}"
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _announce(text: str) -> None:
    if sys.stderr is not None:  # pyright: ignore[reportUnnecessaryComparison] - it may be closed
        sys.stderr.write(f"mcpstruct: {text}\n")
        sys.stderr.flush()
