"""Clients that are gone, of which some ASGI servers tell by an `OSError` when something is sent to them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from mcpstruct.server import Context, MCPServer

from .conftest import ENVELOPE

pytestmark = pytest.mark.anyio

SOON = 5.0


class ClientDisconnected(OSError):
    """As servers call it."""


class Leaver:
    """A client that is gone from the event on that has this place among those it is sent."""

    def __init__(self, stays: int, error: type[OSError]) -> None:
        self._stays = stays
        self._error = error
        self._body: bytes | None = None
        self.got = 0

    async def receive(self) -> dict[str, Any]:
        if self._body is None:
            await anyio.sleep_forever()  # that the client is gone is told by `send` alone
        body, self._body = self._body, None
        return {"type": "http.request", "body": body}

    async def send(self, event: dict[str, Any]) -> None:
        await anyio.lowlevel.checkpoint()
        if self.got == self._stays:
            raise self._error("gone")
        self.got += 1

    async def ask(self, app: Any, verb: str, path: str, message: Any, headers: dict[str, str]) -> None:
        """Make a request, which must come to an end, and raise nothing."""
        if message is not None:
            self._body = json.dumps({"jsonrpc": "2.0", "id": 1, **message}).encode()
        fields = {"host": "localhost", "content-type": "application/json", "accept": "*/*", **headers}
        scope = {"type": "http", "method": verb, "path": path, "root_path": "", "query_string": b""}
        with anyio.fail_after(SOON):
            await app(
                {**scope, "headers": [(k.encode(), v.encode()) for k, v in fields.items()]}, self.receive, self.send
            )


@pytest.fixture(autouse=True)
def nothing_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.WARNING)
    yield
    assert not caplog.records


@pytest.fixture(params=[ConnectionResetError, ClientDisconnected])
def error(request: pytest.FixtureRequest) -> type[OSError]:
    found: type[OSError] = request.param
    return found


class Counting:
    """A server that counts what its handlers come to."""

    def __init__(self) -> None:
        self.server = MCPServer("demo", version="1")
        self.cancelled = self.finished = 0

        @self.server.tool()
        async def quick() -> str:
            return "done"

        @self.server.tool()
        async def waits(ctx: Context[Any]) -> str:
            await anyio.lowlevel.checkpoint()
            self.finished += 1
            return "done"

        @self.server.tool()
        async def reports(ctx: Context[Any]) -> str:
            try:
                await ctx.report_progress(1, 3)
                await anyio.sleep_forever()
            except anyio.get_cancelled_exc_class():
                self.cancelled += 1
                raise
            return "never"


def call(name: str, *, modern: bool = True) -> tuple[dict[str, Any], dict[str, str]]:
    meta = {**(ENVELOPE if modern else {}), "progressToken": 1}
    message = {"method": "tools/call", "params": {"name": name, "arguments": {}, "_meta": meta}}
    headers = {"mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": name} if modern else {}
    return message, headers


@pytest.mark.parametrize("stays", [0, 1])
@pytest.mark.parametrize("tool", ["quick", "waits"])
async def test_before_the_answer(tool: str, stays: int, error: type[OSError]) -> None:
    counting = Counting()
    app = counting.server.http_app()
    await Leaver(stays, error).ask(app, "POST", "/mcp", *call(tool))
    await app.aclose()


@pytest.mark.parametrize("stays", [0, 1])
async def test_in_the_midst_of_reports_which_calls_the_handler_off(stays: int, error: type[OSError]) -> None:
    counting = Counting()
    app = counting.server.http_app()
    await Leaver(stays, error).ask(app, "POST", "/mcp", *call("reports"))
    assert (counting.cancelled, counting.finished) == (1, 0)
    await app.aclose()


@pytest.mark.parametrize("stays", [0, 1])
async def test_with_a_subscription(stays: int, error: type[OSError]) -> None:
    counting = Counting()
    app = counting.server.http_app()
    message = {"method": "subscriptions/listen", "params": {"notifications": {}, "_meta": ENVELOPE}}
    headers = {"mcp-protocol-version": "2026-07-28", "mcp-method": "subscriptions/listen"}
    await Leaver(stays, error).ask(app, "POST", "/mcp", message, headers)
    await app.aclose()


@pytest.mark.parametrize("verb", ["POST", "PATCH", "DELETE", "GET"])
async def test_before_a_refusal(verb: str, error: type[OSError]) -> None:
    app = Counting().server.http_app()
    await Leaver(0, error).ask(app, verb, "/mcp", {"method": "nothing"}, {})
    await Leaver(0, error).ask(app, verb, "/nowhere", None, {})
    await app.aclose()


@pytest.mark.parametrize("stays", [0, 1])
async def test_in_a_session(stays: int, error: type[OSError]) -> None:
    """Where to leave calls nothing off: the client may come back for the rest."""
    counting = Counting()
    app = counting.server.http_app()
    session: dict[str, str] = {}

    class Noting(Leaver):
        async def send(self, event: dict[str, Any]) -> None:
            if event["type"] == "http.response.start":
                session.update((k.decode(), v.decode()) for k, v in event["headers"] if k == b"mcp-session-id")

    params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}
    await Noting(9, error).ask(app, "POST", "/mcp", {"method": "initialize", "params": params}, {})
    assert session
    await Leaver(stays, error).ask(app, "GET", "/mcp", None, session)
    for tool in ("quick", "waits"):
        message, _ = call(tool, modern=False)
        await Leaver(stays, error).ask(app, "POST", "/mcp", message, session)
    async with anyio.create_task_group() as tasks:
        message, _ = call("reports", modern=False)
        tasks.start_soon(Leaver(stays, error).ask, app, "POST", "/mcp", message, session)
        await anyio.wait_all_tasks_blocked()
        assert (counting.cancelled, counting.finished) == (0, 1)
        await app.aclose()
    assert counting.cancelled == 1


async def test_from_the_stream_of_the_first_transport(error: type[OSError]) -> None:
    counting = Counting()
    app = counting.server.http_app(http_sse=True)
    await Leaver(1, error).ask(app, "GET", "/sse", None, {})
    assert not any(connection.session for connection in counting.server.connections)
    await app.aclose()
