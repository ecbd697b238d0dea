"""One application, and several event loops: a test of its own loop each, a request of its own loop each."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

from mcpstruct import WrongEventLoop
from mcpstruct.server import Context, MCPServer
from mcpstruct.server.http import HttpApp

from .conftest import ENVELOPE
from .test_edges import INITIALIZE, message, of
from .test_tasks import scope_and_body

SOON = 5.0


class Demo:
    """A server whose lifespan notes what happens to it."""

    def __init__(self) -> None:
        self.events: list[str] = []

        @asynccontextmanager
        async def lifespan(server: Any) -> AsyncGenerator[int]:
            self.events.append("up")
            try:
                yield len(self.events)
            finally:
                self.events.append("down")

        self.server = MCPServer("demo", version="1", lifespan=lifespan)

        @self.server.tool()
        async def quick() -> str:
            return "done"

        @self.server.tool()
        async def slow(ctx: Context[Any]) -> str:
            await ctx.report_progress(1, 2)
            await anyio.sleep(0.05)
            return "done"


class Answered:
    """What an application sent."""

    def __init__(self) -> None:
        self.begun = anyio.Event()
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.body = b""

    async def send(self, event: Any) -> None:
        if event["type"] == "http.response.start":
            self.status, self.headers = event["status"], dict(event["headers"])
        else:
            self.body += event["body"]
            self.begun.set()


async def ask(app: HttpApp, scope: dict[str, Any], body: bytes, answered: Answered | None = None) -> Answered:
    answered, coming = answered or Answered(), [{"type": "http.request", "body": body}]

    async def receive() -> Any:
        if not coming:
            await anyio.sleep_forever()
        return coming.pop()

    with anyio.fail_after(SOON):
        await app(scope, receive, answered.send)
    return answered


async def call(app: HttpApp, tool: str = "quick") -> None:
    """Call a tool, which works."""
    answered = await ask(app, *scope_and_body(tool))
    assert (answered.status, b'"done"' in answered.body) == (200, True)


def another() -> None:
    """A tool that comes late."""


def posted(body: Any, headers: list[tuple[bytes, bytes]]) -> tuple[dict[str, Any], bytes]:
    """A request."""
    fields = [(b"host", b"localhost"), (b"content-type", b"application/json"), (b"accept", b"*/*"), *headers]
    return {"type": "http", "method": "POST", "path": "/mcp", "headers": fields}, json.dumps(body).encode()


async def leave_much_behind(app: HttpApp) -> None:
    """Requests of every kind, of which some are in progress when the event loop ends."""
    await call(app)
    await call(app, "slow")
    opened = await ask(app, *posted(INITIALIZE, []))
    assert opened.status == 200
    session = [(b"mcp-session-id", opened.headers[b"mcp-session-id"])]
    listens = message("subscriptions/listen", {"notifications": {"toolsListChanged": True}})
    listens["params"]["_meta"] = ENVELOPE
    for scope, body in (
        posted(listens, of("subscriptions/listen")),
        scope_and_body("slow"),
        ({**posted(None, session)[0], "method": "GET"}, b""),
    ):
        answered = Answered()
        task = asyncio.create_task(ask(app, scope, body, answered))
        tasks.add(task)
        if scope["method"] == "POST":
            await answered.begun.wait()


tasks: set[asyncio.Task[Any]] = set()


async def on_its_own(app: HttpApp) -> None:
    await call(app)
    await call(app, "slow")
    answered = await ask(app, *posted(INITIALIZE, []))
    assert answered.status == 200


Runner = Callable[[Callable[[HttpApp], Awaitable[None]], HttpApp], None]


def by_anyio(backend: str, **options: Any) -> Runner:
    return lambda work, app: anyio.run(work, app, backend=backend, backend_options=options)


RUNNERS: dict[str, Runner] = {
    "asyncio": by_anyio("asyncio"),
    "uvloop": by_anyio("asyncio", use_uvloop=True),
    "trio": by_anyio("trio"),
}


@pytest.mark.parametrize("second", RUNNERS)
@pytest.mark.parametrize("first", RUNNERS)
def test_an_event_loop_after_another(first: str, second: str) -> None:
    demo = Demo()
    app = demo.server.http_app()
    RUNNERS[first](on_its_own, app)
    for _ in range(2):
        RUNNERS[second](on_its_own, app)
    assert demo.events == ["up", "down"] * 3


def test_what_an_event_loop_left_behind_is_nobodys_trouble() -> None:
    demo = Demo()
    app = demo.server.http_app()
    asyncio.run(leave_much_behind(app))
    tasks.clear()

    async def after() -> None:
        await call(app)
        demo.server.add_tool(another)
        demo.server.resource_updated("x:y")
        assert len(demo.server.connections) <= 2
        await app.aclose()
        assert not demo.server.connections

    asyncio.run(after())
    assert demo.events == ["up", "down"] * 2


def test_an_event_loop_that_ended_does_not_keep_the_application_from_closing() -> None:
    demo = Demo()
    app = demo.server.http_app()
    asyncio.run(leave_much_behind(app))
    tasks.clear()

    async def after() -> None:
        await app.aclose()
        answered = await ask(app, *scope_and_body("quick"))
        assert answered.status == 503

    asyncio.run(after())
    assert not demo.server.connections


def test_an_application_may_be_started_again() -> None:
    """As by a test client for each test, which tells it of its begin and its end."""
    demo = Demo()
    app = demo.server.http_app()

    async def lifespan(work: Callable[[HttpApp], Awaitable[None]]) -> None:
        going, coming = asyncio.Event(), [{"type": "lifespan.startup"}]
        sent: list[str] = []

        async def receive() -> Any:
            if not coming:
                await going.wait()
                return {"type": "lifespan.shutdown"}
            return coming.pop()

        async def send(event: Any) -> None:
            sent.append(event["type"])
            started.set()

        started = asyncio.Event()
        task = asyncio.create_task(app({"type": "lifespan"}, receive, send))
        with anyio.fail_after(SOON):
            await started.wait()
            await work(app)
            going.set()
            await task
        assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
        assert (await ask(app, *scope_and_body("quick"))).status == 503

    async def twice() -> None:
        await lifespan(on_its_own)
        await lifespan(on_its_own)

    asyncio.run(twice())
    asyncio.run(lifespan(on_its_own))
    assert demo.events == ["up", "down"] * 3


def test_two_event_loops_at_a_time_are_told_apart() -> None:
    """Rather than that one waits for what only the other can bring about."""
    app = Demo().server.http_app()
    ready, over = threading.Event(), threading.Event()

    async def first() -> None:
        await call(app)
        ready.set()
        await asyncio.to_thread(over.wait, SOON)
        await call(app)
        await app.aclose()

    async def second() -> None:
        for _ in range(2):
            with pytest.raises(WrongEventLoop, match="http_app"):
                await call(app)
        with pytest.raises(WrongEventLoop):
            await app.start()
        with pytest.raises(WrongEventLoop):
            await app.aclose()

    thread = threading.Thread(target=asyncio.run, args=(first(),))
    thread.start()
    try:
        assert ready.wait(SOON)
        asyncio.run(second())
    finally:
        over.set()
        thread.join(SOON)
    assert issubclass(WrongEventLoop, RuntimeError)
