"""One of several processes that serve the same program at the same sockets."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import threading
from functools import partial
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, NamedTuple

import anyio

from mcpstruct.server.program import Program
from mcpstruct.server.running import fastest_loop
from mcpstruct.server.state import new_key

from .app import HttpApp
from .options import HttpOptions
from .serving import Uvicorn

if TYPE_CHECKING:
    from mcpstruct.server.base import Server


class Work(NamedTuple):
    """What a worker is to do; it travels over a pipe, where nobody else sees the key."""

    program: Program
    options: HttpOptions
    drain: float
    key: bytes
    """Seals the state of requests, unless the program has keys of its own."""

    @classmethod
    def of(cls, server: Server, options: HttpOptions, drain: float) -> Work:
        """The work of serving a server. Raises `ValueError` where workers would not find it."""
        if _is_worker():
            raise RuntimeError(
                "a worker came to server.run() while loading the program: put it under `if __name__ == '__main__':`"
            )
        return cls(Program.of(server), options, drain, new_key())


NAME = "mcpstruct worker"


def _is_worker() -> bool:
    return multiprocessing.current_process().name.startswith(NAME)


def work(work: Work, sockets: list[socket.socket], ready: Connection) -> None:
    """Serve until SIGTERM comes, or the parent is gone. A Ctrl-C is the parent's to hear."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_outlive_nobody, daemon=True).start()
    server = work.program.load()
    server.share_key(work.key)
    app = HttpApp(server, work.options)
    uvicorn = Uvicorn(
        server,
        app,
        partial(ready.send, None),
        drain=work.drain,
        patience=work.options.body_deadline,
        deaf_to=(signal.SIGINT,),
    )
    anyio.run(uvicorn.serve_until_told, sockets, backend_options=fastest_loop())


def _outlive_nobody() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
