"""A handler runs in the task of the ASGI server that its request came by: neither notices."""

from __future__ import annotations

import asyncio
import gc
import json
import weakref
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

import anyio
import pytest

from mcpstruct.server import Context, MCPServer
from mcpstruct.server.http.app import HttpApp

from .conftest import COMMON, ENVELOPE

pytestmark = pytest.mark.anyio
Send = Callable[[Any], Awaitable[None]]
mark: ContextVar[str] = ContextVar("mark", default="unmarked")


def scope_and_body(tool: str) -> tuple[dict[str, Any], bytes]:
    """A call of a tool, as an ASGI server would hand it over."""
    params = {"name": tool, "arguments": {}, "_meta": {**ENVELOPE, "progressToken": 1}}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode()
    fields = {
        **COMMON,
        "host": "127.0.0.1",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/call",
        "mcp-name": tool,
    }
    headers = [(name.encode(), value.encode()) for name, value in fields.items()]
    return {"type": "http", "method": "POST", "path": "/mcp", "headers": headers}, body


async def call(app: HttpApp, tool: str, *, send: Send | None = None) -> list[Any]:
    """What the application sends for a call."""
    scope, body = scope_and_body(tool)
    coming, sent = [{"type": "http.request", "body": body}], []

    async def receive() -> Any:
        if not coming:
            await anyio.sleep_forever()
        return coming.pop()

    async def keep(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send or keep)
    return sent


def text(sent: list[Any]) -> str:
    """The text of the result."""
    body: bytes = b"".join(message.get("body", b"") for message in sent)
    found: str = json.loads(body)["result"]["content"][0]["text"]
    return found


@pytest.mark.parametrize("waits", [False, True])
async def test_context_variables_are_a_handlers_own(waits: bool) -> None:
    server = MCPServer("own")

    @server.tool()
    async def marked() -> str:
        before = mark.get()
        mark.set("marked")
        if waits:
            await asyncio.sleep(0)
        return f"{before}, {mark.get()}"

    app = server.http_app()
    mark.set("by whoever calls")
    for _ in range(2):
        assert text(await call(app, "marked")) == "by whoever calls, marked"
        assert mark.get() == "by whoever calls"
    await app.aclose()


@pytest.mark.parametrize("waits", [False, True])
async def test_a_handler_that_cancels_itself_cancels_nobody_else(waits: bool) -> None:
    server = MCPServer("itself")

    @server.tool()
    async def cancelled() -> str:
        if waits:
            await asyncio.sleep(0)
        raise asyncio.CancelledError

    app = server.http_app()
    sent = await call(app, "cancelled")
    assert b"stopped working" in sent[1]["body"]
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    await app.aclose()


async def test_a_cancelled_task_stays_cancelled() -> None:
    server, began, ended = MCPServer("stays"), asyncio.Event(), asyncio.Event()

    @server.tool()
    async def endless() -> str:
        began.set()
        try:
            await anyio.sleep_forever()
        finally:
            ended.set()

    app = server.http_app()
    task = asyncio.create_task(call(app, "endless"))
    with anyio.fail_after(5):
        await began.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await ended.wait()
    await app.aclose()


@pytest.mark.parametrize("stubborn", [False, True])
async def test_stopping_the_server_calls_off_the_handler_and_not_the_task(stubborn: bool) -> None:
    server, began = MCPServer("called off"), asyncio.Event()

    @server.tool()
    async def endless() -> str:
        began.set()
        try:
            await anyio.sleep_forever()
        except asyncio.CancelledError:
            if not stubborn:
                raise
        return "never mind"

    app = server.http_app()
    task = asyncio.create_task(call(app, "endless"))
    with anyio.fail_after(5):
        await began.wait()
        await app.aclose()
        sent = await task
    assert sent[0]["status"] == 503
    assert task.cancelling() == 0


async def test_a_client_that_can_be_sent_nothing_more_calls_the_handler_off() -> None:
    server, ended = MCPServer("gone"), asyncio.Event()

    @server.tool()
    async def reports(context: Context[None]) -> str:
        context.report_progress(1)
        try:
            await anyio.sleep_forever()
        finally:
            ended.set()

    async def broken(message: Any) -> None:
        raise ConnectionResetError

    app = server.http_app()
    with anyio.fail_after(5):
        with suppress(ConnectionResetError):
            await call(app, "reports", send=broken)
        await ended.wait()
    await app.aclose()


async def test_reports_go_out_while_the_handler_works() -> None:
    server, goes_on, sent = MCPServer("reports"), asyncio.Event(), []

    @server.tool()
    async def reports(context: Context[None]) -> str:
        context.report_progress(1)
        await goes_on.wait()
        return "done"

    async def send(message: Any) -> None:
        sent.append(message)
        if b"progress" in message.get("body", b""):
            goes_on.set()

    app = server.http_app()
    with anyio.fail_after(5):
        await call(app, "reports", send=send)
    assert b"done" in b"".join(message.get("body", b"") for message in sent)
    assert sent[-1] == {"type": "http.response.body", "body": sent[-1]["body"], "more_body": False}
    await app.aclose()


@pytest.mark.parametrize("waits", [False, True])
async def test_nothing_is_left_for_the_garbage_collector(waits: bool) -> None:
    server, marks = MCPServer("tidy"), []

    class Mark:
        pass

    @server.tool()
    async def keeps(_context: Context[None]) -> str:
        held = Mark()
        marks.append(weakref.ref(held))
        if waits:
            await asyncio.sleep(0)
        return str(held is not None)

    app = server.http_app()
    await call(app, "keeps")
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        for _ in range(50):
            await call(app, "keeps")
        assert len(gc.get_objects()) - before < 100
        assert all(ref() is None for ref in marks)
    finally:
        gc.enable()
    await app.aclose()
