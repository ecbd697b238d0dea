"""Clients of a server in the same process, one way and another."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, NamedTuple

import anyio

from mcpstruct import Client, Context, MCPServer
from mcpstruct.server import Server
from mcpstruct.testing import connected
from mcpstruct_bindings.merged.types import CallToolResult, LoggingMessageNotificationParams

OLDEST_MODERN = "2026-07-28"
SOON = 5.0
"""Seconds after which a test has failed that waits for anything."""


class Wire(NamedTuple):
    """A revision, and whether messages cross as bytes or as objects."""

    revision: str
    as_bytes: bool

    def __str__(self) -> str:
        return f"{self.revision}-{'bytes' if self.as_bytes else 'objects'}"

    @property
    def modern(self) -> bool:
        """Whether there is no handshake."""
        return self.revision >= OLDEST_MODERN

    def to(self, server: Server, **options: Any) -> AbstractAsyncContextManager[Client]:
        """A client connected to a server."""
        return connected(server, as_bytes=self.as_bytes, revisions=self.revision, **options)


WIRES = [
    Wire(revision, as_bytes) for revision in ("2024-11-05", "2025-11-25", "2026-07-28") for as_bytes in (True, False)
]


class Heard:
    """Collects what callbacks are called with."""

    def __init__(self) -> None:
        self.logs: list[tuple[str, Any]] = []
        self.progress: list[tuple[float, float | None, str | None]] = []
        self.notifications: list[str] = []
        self._changed: anyio.Event | None = None

    def log(self, params: LoggingMessageNotificationParams) -> None:
        self.logs.append((params.level, params.data))
        self._wake()

    def report(self, progress: float, total: float | None, message: str | None) -> None:
        self.progress.append((progress, total, message))
        self._wake()

    def notification(self, method: Any, params: Any) -> None:
        self.notifications.append(method.name)
        self._wake()

    def _wake(self) -> None:
        if self._changed is not None:
            self._changed.set()

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until something holds of what was heard."""
        with anyio.fail_after(SOON):
            while not holds():
                self._changed = anyio.Event()
                await self._changed.wait()


def text(result: CallToolResult) -> str:
    """The one text of a result."""
    (block,) = result.content
    assert block.type == "text"
    return block.text


def failure(result: CallToolResult) -> str:
    """What a tool that failed said."""
    assert result.is_error
    return text(result)


def reporting(in_thread: bool, work: Callable[[Context[Any]], Any]) -> MCPServer:
    """A server with one tool that does some work, in a thread or on the event loop."""
    server = MCPServer("reporting")
    if in_thread:

        @server.tool()
        def sync(ctx: Context[Any]) -> str:
            return str(work(ctx))

    else:

        @server.tool(name="sync")
        async def other(ctx: Context[Any]) -> str:
            return str(work(ctx))

    return server
