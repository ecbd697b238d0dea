"""Servers that others wrote, and a client that remembers what it is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio

from mcpstruct.base.errors import ProtocolViolation
from mcpstruct.base.methods import MethodInfo
from mcpstruct.client import Client
from mcpstruct.transport.stdio import StdioServer
from mcpstruct_bindings.merged import types as t
from tests.interop.peers import PEERS

PROGRAMS = Path(__file__).parent / "programs"
MODERN = "2026-07-28"
LEGACY = "2025-11-25"


def program(peer: str, file: str, *args: str, **options: Any) -> StdioServer:
    """A program of ours in the environment of a peer."""
    return StdioServer(PEERS[peer].python, [str(PROGRAMS / file), *args], **options)


def script(path: str, *args: str, **options: Any) -> StdioServer:
    """A script of an npm package."""
    node = PEERS["node"]
    return StdioServer(node.node, [node.script(path), *args], **options)


class Heard:
    """What a client was told, and how it answers what it is asked."""

    def __init__(self) -> None:
        self.logs: list[t.LoggingMessageNotificationParams] = []
        self.progress: list[tuple[float, float | None, str | None]] = []
        self.notifications: list[tuple[str, Any]] = []
        self.violations: list[ProtocolViolation] = []
        self.forms: list[t.ElicitRequestFormParams] = []
        self.urls: list[str] = []
        self.samplings: list[t.CreateMessageRequestParams] = []
        self.stderr: list[str] = []
        self.form: Callable[[t.ElicitRequestFormParams], Any] = lambda params: {"size": "large", "spicy": True}
        self._news = anyio.Event()

    def client(self, target: Any, **options: Any) -> Client:
        """A client that can do everything."""
        return Client(
            target,
            name="mcpstruct's tests",
            version="1",
            on_sampling=self._sample,
            on_elicitation=self._elicit,
            on_elicitation_url=self._visit,
            roots=[t.Root(uri="file:///data/ada", name="home"), "file:///tmp"],
            on_log=self._note(self.logs),
            on_notification=self._notified,
            on_violation=self._note(self.violations),
            **options,
        )

    def on_progress(self, progress: float, total: float | None, message: str | None) -> None:
        """For calls."""
        self._note(self.progress)((progress, total, message))

    def on_stderr(self, line: str) -> None:
        """For servers."""
        self._note(self.stderr)(line)

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until something holds of what was told."""
        with anyio.fail_after(10):
            while not holds():
                await self._news.wait()

    def _note(self, where: list[Any]) -> Callable[[Any], None]:
        def note(what: Any) -> None:
            where.append(what)
            self._news.set()
            self._news = anyio.Event()

        return note

    def _notified(self, method: MethodInfo[Any, Any], params: Any) -> None:
        self._note(self.notifications)((method.name, params))

    async def _sample(self, params: t.CreateMessageRequestParams) -> t.CreateMessageResult:
        self.samplings.append(params)
        text = t.TextContent(text="because")
        return t.CreateMessageResult(role="assistant", content=text, model="oracle", stop_reason="endTurn")

    def _elicit(self, params: t.ElicitRequestFormParams) -> Any:
        self.forms.append(params)
        return self.form(params)

    def _visit(self, params: t.ElicitRequestURLParams) -> bool:
        self.urls.append(params.url)
        return True


def text_of(result: t.CallToolResult) -> str:
    """The text of a result."""
    return "\n".join(block.text for block in result.content if isinstance(block, t.TextContent))
