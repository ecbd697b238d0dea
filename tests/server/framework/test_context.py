"""What a handler knows of its request, and how it talks back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import anyio
import pytest

from mcpstruct import Context, MCPServer, MethodNotInRevision, RemoteError
from mcpstruct.base.codec import to_dict
from mcpstruct.types import Implementation, LoggingLevel
from tests.server.framework.support import SOON, Heard, Wire, failure, reporting, text

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(20)]
USER: ContextVar[str] = ContextVar("USER", default="nobody")
BOTH: list[Any] = [pytest.param(False, id="async"), pytest.param(True, id="thread")]


# -- reports -----------------------------------------------------------------------------------------------------------


def _steps(ctx: Context[Any]) -> str:
    ctx.debug("one")
    ctx.info({"two": [2]})
    ctx.report_progress(1, 3)
    ctx.report_progress(1, 3, "again")
    ctx.report_progress(0.5, 3, "back")
    ctx.report_progress(2.5, 3, "on")
    ctx.warning("three", logger="mine")
    ctx.error(None)
    ctx.log("emergency", 5)
    ctx.report_progress(3)
    return "done"


@pytest.mark.parametrize("in_thread", BOTH)
async def test_reports_arrive_in_order_and_before_the_result(wire: Wire, in_thread: bool) -> None:
    heard = Heard()
    server = reporting(in_thread, _steps)
    async with wire.to(server, on_log=heard.log, log_level="debug") as client:
        assert text(await client.call_tool("sync", on_progress=heard.report)) == "done"
        assert heard.progress == [(1, 3, None), (2.5, 3, "on"), (3, None, None)]
        assert heard.logs == [
            ("debug", "one"),
            ("info", {"two": [2]}),
            ("warning", "three"),
            ("error", None),
            ("emergency", 5),
        ]


async def test_reports_may_be_awaited(wire: Wire) -> None:
    heard, server = Heard(), MCPServer()

    @server.tool()
    async def work(ctx: Context[Any]) -> str:
        await ctx.info("one")
        await ctx.report_progress(1)
        await ctx.info("two")
        return ""

    async with wire.to(server, on_log=heard.log) as client:
        await client.call_tool("work", on_progress=heard.report)
    assert heard.logs == [("info", "one"), ("info", "two")]
    assert heard.progress == [(1, None, None)]


async def test_a_report_is_sent_when_it_is_made(wire: Wire) -> None:
    """Not when it is awaited, nor when the tool ends."""
    heard, server, go_on = Heard(), MCPServer(), anyio.Event()

    @server.tool()
    async def work(ctx: Context[Any]) -> str:
        ctx.info("one")
        ctx.report_progress(1)
        await go_on.wait()
        return ""

    async with wire.to(server, on_log=heard.log) as client:

        async def call() -> None:
            await client.call_tool("work", on_progress=heard.report)

        async with anyio.create_task_group() as group:
            group.start_soon(call)
            await heard.until(lambda: heard.logs and heard.progress)
            go_on.set()


async def test_progress_is_for_those_who_asked(wire: Wire) -> None:
    heard = Heard()
    async with wire.to(reporting(False, _steps), on_notification=heard.notification) as client:
        await client.call_tool("sync")
    assert "notifications/progress" not in heard.notifications


@pytest.mark.parametrize("in_thread", BOTH)
async def test_a_report_that_is_no_report_is_an_error_of_the_tool(
    wire: Wire, in_thread: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """And of nobody else: neither the server nor the event loop ends over it."""
    bad: dict[str, Callable[[Context[Any]], Any]] = {
        "data": lambda ctx: ctx.info(object()),
        "level": lambda ctx: ctx.log("loud", "x"),  # type: ignore[arg-type]
        "nan": lambda ctx: ctx.report_progress(float("nan")),
        "infinite": lambda ctx: ctx.report_progress(1, float("inf")),
        "text": lambda ctx: ctx.report_progress("1"),  # type: ignore[arg-type]
    }
    heard, errors = Heard(), list[str]()

    def work(ctx: Context[Any]) -> str:
        for name, report in bad.items():
            try:
                report(ctx)
            except (TypeError, ValueError):
                errors.append(name)
        return "done"

    async with wire.to(reporting(in_thread, work), on_log=heard.log) as client:
        assert text(await client.call_tool("sync", on_progress=heard.report)) == "done"
    assert errors == list(bad)
    assert (heard.logs, heard.progress) == ([], [])


@pytest.mark.parametrize("in_thread", BOTH)
async def test_data_is_logged_as_it_was(wire: Wire, in_thread: bool) -> None:
    heard = Heard()

    def work(ctx: Context[Any]) -> str:
        data = {"count": 1}
        ctx.info(data)
        data["count"] = 2
        return ""

    async with wire.to(reporting(in_thread, work), on_log=heard.log) as client:
        await client.call_tool("sync")
    assert heard.logs == [("info", {"count": 1})]


# -- levels ------------------------------------------------------------------------------------------------------------

EVERY: list[LoggingLevel] = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"]


def _every_level(ctx: Context[Any]) -> str:
    for level in EVERY:
        ctx.log(level, level)
    return ""


@pytest.mark.parametrize("least", ["debug", "warning", "emergency"])
async def test_the_client_says_how_slight_messages_may_be(wire: Wire, least: LoggingLevel) -> None:
    heard = Heard()
    async with wire.to(reporting(False, _every_level), on_log=heard.log, log_level=least) as client:
        await client.call_tool("sync")
    assert [level for level, _ in heard.logs] == EVERY[EVERY.index(least) :]


async def test_a_session_may_change_its_level(legacy: Wire) -> None:
    heard = Heard()
    async with legacy.to(reporting(False, _every_level), on_log=heard.log) as client:
        await client.set_level("alert")
        await client.call_tool("sync")
        assert [level for level, _ in heard.logs] == ["alert", "emergency"]
        with pytest.raises(RemoteError):
            await client.set_level("loud")  # type: ignore[arg-type]


async def test_each_modern_request_has_its_own_level_and_silence_is_the_rule(modern: Wire) -> None:
    heard = Heard()
    async with modern.to(reporting(False, _every_level), on_notification=heard.notification) as client:
        await client.call_tool("sync")
        assert heard.notifications == []
        await client.call_tool("sync", meta={"io.modelcontextprotocol/logLevel": "alert"})
        assert heard.notifications == ["notifications/message"] * 2
        await client.call_tool("sync")
        assert heard.notifications == ["notifications/message"] * 2


# -- what is known -----------------------------------------------------------------------------------------------------


async def test_what_a_handler_knows(wire: Wire) -> None:
    known: dict[str, Any] = {}

    def work(ctx: Context[Any]) -> str:
        known.update(
            method=ctx.method,
            revision=ctx.protocol_version,
            id=ctx.request_id,
            client=to_dict(ctx.client_info),
            can=to_dict(ctx.client_capabilities),
            meta=ctx.meta.get("example.com/trace"),
            server=ctx.server,
        )
        return ""

    server = reporting(True, work)
    info = Implementation(name="me", version="3")
    async with wire.to(server, info=info, roots=["file:///x"]) as client:
        await client.call_tool("sync", meta={"example.com/trace": "t1"})
    assert isinstance(known.pop("id"), int)
    assert known == {
        "method": "tools/call",
        "revision": wire.revision,
        "client": {"name": "me", "version": "3"},
        "can": {"roots": {} if wire.revision == "2026-07-28" else {"listChanged": True}},
        "meta": "t1",
        "server": server,
    }


async def test_a_resource_read_on_behalf_of_a_tool(wire: Wire) -> None:
    server = MCPServer()

    @server.resource("notes://{name}")
    def note(name: str, ctx: Context[Any]) -> str:
        return f"{name} for {ctx.method}"

    @server.tool()
    async def read(uri: str, ctx: Context[Any]) -> str:
        (contents,) = (await ctx.read_resource(uri)).contents
        return str(to_dict(contents)["text"])

    async with wire.to(server) as client:
        assert text(await client.call_tool("read", {"uri": "notes://a"})) == "a for tools/call"
        assert failure(await client.call_tool("read", {"uri": "nosuch://a"})) == "Resource not found: nosuch://a"


async def test_the_session_sends_what_the_revision_has(wire: Wire) -> None:
    server, heard, outcome = MCPServer(), Heard(), list[str]()

    @server.tool()
    async def work(ctx: Context[Any]) -> str:
        await ctx.session.notify_logging_message(data="hello", level="info")
        for call in (ctx.session.list_roots, ctx.session.ping):
            try:
                result = await call()
                outcome.append(str(to_dict(result)))
            except MethodNotInRevision as error:
                outcome.append(str(error))
        return ""

    async with wire.to(server, on_log=heard.log, roots=["file:///x"]) as client:
        await client.call_tool("work")
    assert heard.logs == [("info", "hello")]
    if wire.modern:
        assert outcome == ["roots/list is not in 2026-07-28", "ping is not in 2026-07-28"]
    else:
        assert outcome == ["{'roots': [{'uri': 'file:///x'}]}", "{}"]


@pytest.mark.parametrize("in_thread", BOTH)
@pytest.mark.parametrize("revision", ["2024-11-05", "2025-11-25", "2026-07-28"])
async def test_context_variables_of_the_caller_hold_in_memory(revision: str, in_thread: bool) -> None:
    server = reporting(in_thread, lambda ctx: USER.get())
    async with Wire(revision, as_bytes=False).to(server) as client:
        USER.set("alice")
        assert text(await client.call_tool("sync")) == "alice"
        said: list[str] = []

        async def call(name: str) -> None:
            USER.set(name)
            said.append(text(await client.call_tool("sync")))

        async with anyio.create_task_group() as group:
            group.start_soon(call, "bob")
            group.start_soon(call, "carol")
        assert sorted(said) == ["bob", "carol"]
        assert text(await client.call_tool("sync")) == "alice"


async def test_what_a_tool_sets_stays_with_it(wire: Wire) -> None:
    server = reporting(False, lambda ctx: USER.set("mallory"))
    async with wire.to(server) as client:
        await client.call_tool("sync")
    assert USER.get() == "nobody"


async def test_a_cancelled_request_has_no_more_to_say(wire: Wire) -> None:
    """Not even to itself: a sync tool learns of it at its next call."""
    server, begun, go_on, outcome = MCPServer(), threading.Event(), threading.Event(), list[str]()
    ended = threading.Event()

    @server.tool()
    def work(ctx: Context[Any]) -> str:
        begun.set()
        assert go_on.wait(SOON)
        for call in (lambda: ctx.info("x"), lambda: ctx.report_progress(1), ctx.check):
            try:
                call()
            except Exception as error:
                outcome.append(type(error).__name__)
        ended.set()
        return ""

    heard = Heard()
    async with wire.to(server, on_log=heard.log) as client:
        with anyio.move_on_after(0.05):
            await client.call_tool("work", on_progress=heard.report)
        await client.list_tools()
        go_on.set()
        assert await anyio.to_thread.run_sync(ended.wait, SOON)
    assert outcome == ["RequestCancelled"] * 3
    assert (heard.logs, heard.progress) == ([], [])


async def test_an_async_tool_that_is_cancelled_may_report_while_it_cleans_up(wire: Wire) -> None:
    server, begun, ended, done = MCPServer(), anyio.Event(), anyio.Event(), list[str]()

    @server.tool()
    async def work(ctx: Context[Any]) -> str:
        begun.set()
        try:
            await anyio.sleep(60)
        finally:
            ctx.info("on the way out")
            ctx.report_progress(1)
            done.append("cleaned up")
            ended.set()
        return ""

    heard = Heard()
    async with wire.to(server, on_log=heard.log) as client:
        with anyio.fail_after(SOON):
            async with anyio.create_task_group() as group:
                group.start_soon(client.call_tool, "work")
                await begun.wait()
                group.cancel_scope.cancel()
            await ended.wait()
            await client.list_tools()
    assert (done, heard.logs) == (["cleaned up"], [])
