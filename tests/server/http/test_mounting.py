"""The application within other applications, and under other servers than ours: no wiring, no redirect."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from mcpstruct.server import Context, MCPServer
from mcpstruct.server.http import HttpApp
from tests.support.http import serving

from .conftest import Raw, raw

pytestmark = pytest.mark.anyio


def make_server(name: str = "demo", **options: Any) -> MCPServer:
    server = MCPServer(name, **options)

    @server.tool()
    async def hello(ctx: Context[Any]) -> str:
        await ctx.report_progress(1, 2)
        return f"hello from {name}"

    return server


async def answers(client: Raw, text: str = "hello from demo") -> None:
    """Make sure that each way to ask is answered."""
    plain = await client.modern("tools/call", {"name": "hello", "arguments": {}})
    assert (plain.status, plain.headers["content-type"]) == (200, "application/json")
    assert plain.json["result"]["content"][0]["text"] == text
    streamed = await client.modern("tools/call", {"name": "hello", "arguments": {}}, meta={"progressToken": 1})
    assert (streamed.status, streamed.headers["content-type"]) == (200, "text/event-stream")
    assert [message.get("method", "result") for message in streamed.messages] == ["notifications/progress", "result"]
    assert (await client.initialize()).status == 200
    assert (await client.legacy("tools/call", {"name": "hello", "arguments": {}})).status == 200
    async with client.session.get(
        client.url, headers={**client.session_headers, "accept": "text/event-stream"}, allow_redirects=False
    ) as stream:
        assert (stream.status, stream.content_type) == (200, "text/event-stream")
    assert (await client.send("DELETE", headers=client.session_headers)).status == 204
    assert (await client.legacy("ping")).status == 404


# -- within other applications -----------------------------------------------------------------------------------------


def mounted(at: str) -> Callable[[HttpApp], Any]:
    return lambda app: Starlette(routes=[Mount(at, app=app)])


def deep(app: HttpApp) -> Any:
    return Starlette(routes=[Mount("/a", app=Starlette(routes=[Mount("/b", app=app)]))])


def as_route(app: HttpApp) -> Any:
    return Starlette(routes=[Route("/mcp", app)])


def with_add_route(app: HttpApp) -> Any:
    outer = Starlette()
    outer.add_route("/mcp", app)  # type: ignore[arg-type]
    return outer


def below_a_root_path(mount: Callable[[HttpApp], Any]) -> Callable[[HttpApp], Any]:
    """As with `uvicorn --root-path /outside`, where a proxy in front takes the prefix away."""

    def wrap(app: HttpApp) -> Any:
        inner = mount(app)

        async def outer(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                scope = {**scope, "root_path": "/outside", "path": "/outside" + scope["path"]}
            await inner(scope, receive, send)

        return outer

    return wrap


def in_fastapi(at: str) -> Callable[[HttpApp], Any]:
    def mount(app: HttpApp) -> Any:
        outer = FastAPI()

        @outer.get("/health")
        def health() -> str:
            return "well"

        outer.mount(at, app)
        return outer

    return mount


def fastapi_route(app: HttpApp) -> Any:
    outer = FastAPI()
    outer.add_route("/mcp", app)  # type: ignore[arg-type]
    return outer


WAYS: dict[str, tuple[Callable[[HttpApp], Any], str]] = {
    "alone": (lambda app: app, "/mcp"),
    "at the root": (mounted("/"), "/mcp"),
    "at a prefix": (mounted("/api"), "/api/mcp"),
    "two prefixes deep": (deep, "/a/b/mcp"),
    "as a route": (as_route, "/mcp"),
    "by add_route": (with_add_route, "/mcp"),
    "FastAPI, at the root": (in_fastapi("/"), "/mcp"),
    "FastAPI, at a prefix": (in_fastapi("/api"), "/api/mcp"),
    "alone, with a root path": (below_a_root_path(lambda app: app), "/mcp"),
    "FastAPI, with a root path": (below_a_root_path(in_fastapi("/api")), "/api/mcp"),
    "FastAPI, by add_route": (fastapi_route, "/mcp"),
}


@pytest.mark.parametrize("way", WAYS)
async def test_within_another_application(way: str) -> None:
    mount, path = WAYS[way]
    app = make_server().http_app()
    async with serving(mount(app)) as base, raw(base, path) as client:
        await answers(client)
    await app.aclose()


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("way", ["alone", "at the root", "at a prefix", "FastAPI, at a prefix"])
async def test_a_slash_at_the_end_makes_no_difference(way: str, slash: str) -> None:
    mount, path = WAYS[way]
    app = make_server().http_app(path="/mcp" + slash)
    async with serving(mount(app)) as base:
        for tried in (path, path + "/"):
            async with raw(base, tried) as client:
                assert (await client.modern("server/discover")).status == 200
    await app.aclose()


@pytest.mark.parametrize("way", ["alone", "at the root", "at a prefix"])
async def test_other_paths_are_not_found(way: str) -> None:
    mount, path = WAYS[way]
    app = make_server().http_app()
    async with serving(mount(app)) as base:
        for tried in ("/", "/mcp/mcp", path + "x", "/x" + path, path + "/x", path.upper(), "/" + path):
            async with raw(base, tried) as client:
                assert (await client.modern("server/discover")).status == 404
    await app.aclose()


async def test_two_servers_in_one_application() -> None:
    one, two = make_server("one"), make_server("two")
    apps = [one.http_app(), two.http_app()]
    outer = Starlette(routes=[Mount("/one", app=apps[0]), Mount("/two", app=apps[1])])
    async with serving(outer) as base, raw(base, "/one/mcp") as first, raw(base, "/two/mcp") as second:
        await asyncio.gather(answers(first, "hello from one"), answers(second, "hello from two"))
        await first.initialize()
        second.sid = first.sid
        assert (await first.legacy("ping")).status == 200
        assert (await second.legacy("ping")).status == 404
        await apps[0].aclose()
        assert (await first.modern("server/discover")).status == 503
        assert (await second.modern("server/discover")).status == 200
    await apps[1].aclose()


async def test_one_server_at_two_paths() -> None:
    server = make_server()
    async with serving(server.http_app("/a")) as one, serving(server.http_app("/b", sessions=False)) as two:
        async with raw(one, "/a") as client:
            await answers(client)
        async with raw(two, "/b") as client:
            assert (await client.modern("server/discover")).status == 200
            assert (await client.send("GET")).status == 405


# -- the server's lifespan ---------------------------------------------------------------------------------------------


class Life:
    """A lifespan that notes what happens to it."""

    def __init__(self) -> None:
        self.events: list[str] = []

    @asynccontextmanager
    async def __call__(self, server: Any) -> AsyncIterator[str]:
        self.events.append("up")
        try:
            yield "state"
        finally:
            self.events.append("down")


async def test_the_lifespan_of_an_application_alone() -> None:
    life = Life()
    async with serving(make_server(lifespan=life)) as base:
        assert life.events == ["up"]
        async with raw(base) as client:
            await answers(client)
        assert life.events == ["up"]
    assert life.events == ["up", "down"]


@pytest.mark.parametrize("way", ["at the root", "FastAPI, at a prefix", "by add_route"])
async def test_the_lifespan_of_a_mounted_application(way: str) -> None:
    """It begins with the first request, since nobody tells a mounted application that it has begun."""
    life = Life()
    mount, path = WAYS[way]
    app = make_server(lifespan=life).http_app()
    async with serving(mount(app)) as base, raw(base, path) as client:
        assert life.events == []
        both = await asyncio.gather(client.modern("server/discover"), client.modern("server/discover"))
        assert [answer.status for answer in both] == [200, 200]
        assert life.events == ["up"]
        await app.aclose()
        assert life.events == ["up", "down"]
        assert (await client.modern("server/discover")).status == 503
        await app.aclose()
    assert life.events == ["up", "down"]


async def test_who_wants_to_may_pass_the_lifespan_on() -> None:
    life = Life()
    app = make_server(lifespan=life).http_app()

    @asynccontextmanager
    async def lifespan(outer: Any) -> AsyncIterator[None]:
        await app.start()
        yield
        await app.aclose()

    async with serving(Starlette(routes=[Mount("/", app=app)], lifespan=lifespan)) as base, raw(base) as client:
        assert life.events == ["up"]
        await answers(client)
    assert life.events == ["up", "down"]


def test_the_end_of_the_event_loop_is_the_end_of_the_lifespan() -> None:
    life = Life()

    async def main() -> None:
        app = make_server(lifespan=life).http_app()
        async with serving(mounted("/")(app)) as base, raw(base) as client:
            assert (await client.modern("server/discover")).status == 200

    asyncio.run(main())
    assert life.events == ["up", "down"]


async def test_a_lifespan_that_fails_is_tried_again_with_the_next_request() -> None:
    tries: list[int] = []

    @asynccontextmanager
    async def lifespan(server: Any) -> AsyncIterator[None]:
        tries.append(1)
        if len(tries) == 1:
            raise OSError("no database")
        yield

    app = make_server(lifespan=lifespan).http_app()
    async with serving(mounted("/")(app)) as base, raw(base) as client:
        refused = await client.modern("server/discover")
        assert (refused.status, b"database" in refused.body) == (503, False)
        assert (await client.modern("server/discover")).status == 200
    await app.aclose()
