"""What only happens at the edges: clients that come late or do not read, ends in the midst of things, odd requests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

from mcpstruct.server import Context, MCPServer
from tests.support.http import serving

from .conftest import COMMON, ENVELOPE, raw

pytestmark = pytest.mark.anyio

FIELDS = [
    (b"host", b"localhost"),
    (b"content-type", b"application/json"),
    (b"accept", b"application/json, text/event-stream"),
]


class Asked:
    """One request to an ASGI application, whose client reads when it is told to."""

    def __init__(self, app: Any, method: str = "POST", *, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self.coming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.sent: list[dict[str, Any]] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self._more = asyncio.Event()
        scope = {"type": "http", "method": method, "path": "/mcp", "root_path": "", "query_string": b""}
        self._task = asyncio.create_task(app({**scope, "headers": [*FIELDS, *headers]}, self.coming.get, self._send))

    async def _send(self, event: dict[str, Any]) -> None:
        await self.reads.wait()
        self.sent.append(event)
        self._more.set()

    def body(self, message: Any) -> Asked:
        self.coming.put_nowait({"type": "http.request", "body": json.dumps(message).encode()})
        return self

    def leave(self) -> None:
        self.coming.put_nowait({"type": "http.disconnect"})

    async def said(self, times: int) -> None:
        """Wait for so many events of the application."""
        with anyio.fail_after(5):
            while len(self.sent) < times:
                self._more.clear()
                await self._more.wait()

    async def answered(self) -> Asked:
        with anyio.fail_after(5):
            await self._task
        return self

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def data(self) -> bytes:
        return b"".join(event["body"] for event in self.sent[1:])


def message(method: str, params: Any = None) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}}


def of(method: str) -> list[tuple[bytes, bytes]]:
    """The headers of a modern request."""
    return [(b"mcp-protocol-version", b"2026-07-28"), (b"mcp-method", method.encode())]


INITIALIZE = message(
    "initialize",
    {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}},
)


async def opened(app: Any) -> list[tuple[bytes, bytes]]:
    """The headers of a fresh session."""
    answer = await Asked(app).body(INITIALIZE).answered()
    return [(b"mcp-session-id", dict(answer.sent[0]["headers"])[b"mcp-session-id"])]


def make_server(**options: Any) -> MCPServer:
    server = MCPServer("demo", version="1", **options)

    @server.tool()
    async def tell(ctx: Context[Any]) -> str:
        await ctx.info("x")
        return "told"

    @server.resource("x:{name}")
    async def thing(name: str) -> str:
        return name

    return server


# -- sessions ----------------------------------------------------------------------------------------------------------


async def test_a_session_ends_though_it_had_streams() -> None:
    async with serving(make_server(), session_idle=0.1) as base, raw(base) as one:
        await one.initialize()
        answer = await one.legacy("tools/call", {"name": "tell", "arguments": {}})
        assert answer.headers["content-type"] == "text/event-stream"
        with anyio.fail_after(5):
            while (await one.send("DELETE", None, {"mcp-session-id": "x"})).status == 404:
                await anyio.sleep(0.3)
                if (await one.legacy("ping")).status == 404:
                    break


async def test_no_more_sessions_than_are_allowed_however_fast_they_come() -> None:
    app = make_server().http_app(max_sessions=3)
    several = [Asked(app).body(INITIALIZE) for _ in range(10)]
    sessions = [dict((await one.answered()).sent[0]["headers"])[b"mcp-session-id"] for one in several]
    alive = 0
    for session in sessions:
        answer = await Asked(app, headers=[(b"mcp-session-id", session)]).body(message("ping")).answered()
        alive += answer.status == 200
    assert alive == 3
    await app.aclose()


async def test_much_that_was_missed_comes_all_the_same() -> None:
    """Small messages take more room on the wire than they did where they were kept."""
    server, done = make_server(), asyncio.Event()

    @server.tool()
    async def tell_much(ctx: Context[Any]) -> str:
        for _ in range(50_000):
            await ctx.info("x")
        done.set()
        return "told"

    app = server.http_app()
    session = await opened(app)
    first = Asked(app, headers=session).body(message("tools/call", {"name": "tell_much", "arguments": {}}))
    await first.said(2)
    first.leave()
    await first.answered()
    with anyio.fail_after(20):
        await done.wait()
    again = await Asked(app, "GET", headers=[*session, (b"last-event-id", b"1-3000")]).answered()
    assert b"told" in again.data[-200:]
    await app.aclose()


async def test_a_stream_that_is_gone_is_not_the_end_of_the_session() -> None:
    """404 would tell the client to open another one."""
    async with serving(make_server()) as base, raw(base) as one:
        await one.initialize()
        headers = {**one.session_headers, "last-event-id": "77-1", "accept": "text/event-stream"}
        assert (await one.send("GET", None, headers)).status == 400
        assert (await one.legacy("ping")).status == 200


async def test_without_sessions_nobody_decides_for_others() -> None:
    async with serving(make_server(), sessions=False) as base, raw(base) as one:
        version = {"mcp-protocol-version": "2025-06-18"}
        quiet = await one.send("POST", message("logging/setLevel", {"level": "error"}), version)
        assert quiet.status == 200
        answer = await one.send("POST", message("tools/call", {"name": "tell", "arguments": {}}), version)
        assert answer.messages[0]["params"]["data"] == "x"


# -- ends in the midst of things ---------------------------------------------------------------------------------------


async def test_a_body_that_comes_after_the_end_is_refused() -> None:
    app = make_server().http_app()
    await opened(app)
    late = [Asked(app, headers=of("tools/list")), Asked(app)]
    await asyncio.sleep(0)
    await app.aclose()
    late[0].body(message("tools/list", {"_meta": ENVELOPE}))
    late[1].body(INITIALIZE)
    assert [(await one.answered()).status for one in late] == [503, 503]


async def test_an_application_that_is_closed_while_it_starts_stays_closed() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    ended = asyncio.Event()

    @asynccontextmanager
    async def lifespan(server: Any) -> AsyncIterator[None]:
        begun.set()
        await go_on.wait()
        yield
        ended.set()

    app = make_server(lifespan=lifespan).http_app()
    request = Asked(app, headers=of("tools/list")).body(message("tools/list", {"_meta": ENVELOPE}))
    with anyio.fail_after(5):
        await begun.wait()
        await app.aclose()
        go_on.set()
        assert (await request.answered()).status == 503
        await ended.wait()


async def test_a_subscriber_that_does_not_read_is_nobody_elses_trouble() -> None:
    server = make_server()
    app = server.http_app()
    listen = message("subscriptions/listen", {"notifications": {"resourceSubscriptions": ["x:" + "y" * 200_000]}})
    listen["params"]["_meta"] = ENVELOPE
    deaf, other = (Asked(app, headers=of("subscriptions/listen")).body(listen) for _ in range(2))
    await deaf.said(2)
    await other.said(2)
    deaf.reads.clear()
    for times in range(3, 43):
        server.resource_updated("x:" + "y" * 200_000)
        await other.said(times)
    deaf.reads.set()
    await deaf.said(4)
    await app.aclose()
    for asked in (deaf, other):
        await asked.answered()
    assert other.data.count(b"resources/updated") == 40
    assert deaf.data.count(b"resources/updated") == 2


# -- odd requests ------------------------------------------------------------------------------------------------------


async def test_a_list_in_a_header_may_come_in_parts() -> None:
    async with serving(make_server()) as base, raw(base) as one:
        several = [(name, value) for name, value in COMMON.items() if name != "accept"]
        several += [("accept", "application/json"), ("accept", "text/event-stream")]
        async with one.session.post(one.url, data=json.dumps(INITIALIZE), headers=several) as response:
            assert response.status == 200


async def test_a_request_may_lack_a_body_altogether() -> None:
    app = make_server().http_app()
    request = Asked(app, headers=of("tools/list"))
    request.coming.put_nowait({"type": "http.request"})
    assert (await request.answered()).status == 400
    await app.aclose()
