"""HTTP servers whose answers a test writes itself, on real sockets, in a thread with an event loop of its own."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
from aiohttp import web

from mcpstruct.base.limits import Deadlines
from mcpstruct.client import Client
from mcpstruct.transport.http import HttpServer

SOON = 5.0
"""Seconds after which a test that waits has failed."""
MODERN = "2026-07-28"
LEGACY = "2025-11-25"
BRISK = Deadlines(request=SOON, connect=SOON, probe=SOON)
Handler = Callable[["Seen"], Awaitable[web.StreamResponse]]


class Flag:
    """An event that the test and the server's thread both see."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        self._event.set()

    @property
    def is_set(self) -> bool:
        return self._event.is_set()

    async def wait(self) -> None:
        """Wait in the test."""
        assert await anyio.to_thread.run_sync(self._event.wait, SOON)

    async def wait_there(self) -> None:
        """Wait in the server."""
        assert await asyncio.to_thread(self._event.wait, SOON)


@dataclass
class Seen:
    """A request as the server saw it."""

    raw: web.Request
    body: bytes
    message: Any
    """What the body says, where it is JSON."""
    gone: Flag = field(default_factory=Flag)
    """Whether the client left before the answer was complete."""

    @property
    def method(self) -> str:
        """The method: that of the message, or of HTTP where there is none."""
        return str(self.message["method"]) if isinstance(self.message, dict) and "method" in self.message else ""

    @property
    def headers(self) -> Any:
        return self.raw.headers

    # -- answers ------------------------------------------------------------------------------------------------------

    def result(self, result: Any, *, headers: dict[str, str] | None = None) -> web.Response:
        """Answer with a result, as JSON."""
        return self.json({"jsonrpc": "2.0", "id": self.message["id"], "result": result}, headers=headers)

    def error(self, code: int, message: str = "no", *, status: int = 200, **data: Any) -> web.Response:
        """Answer with an error, as JSON."""
        error = {"code": code, "message": message, **({"data": data} if data else {})}
        return self.json({"jsonrpc": "2.0", "id": self.message["id"], "error": error}, status=status)

    def json(self, message: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
        """Answer with any JSON."""
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        return web.Response(status=status, body=body, content_type="application/json", headers=headers)

    def status(self, status: int, text: str = "", **headers: str) -> web.Response:
        """Answer with a status."""
        return web.Response(status=status, text=text, headers={k.replace("_", "-"): v for k, v in headers.items()})

    async def stream(self, *, headers: dict[str, str] | None = None) -> Stream:
        """Answer with a stream of events."""
        response = web.StreamResponse(headers={"content-type": "text/event-stream", **(headers or {})})
        await response.prepare(self.raw)
        return Stream(self, response)


class Stream:
    """A stream of events that is being written."""

    def __init__(self, seen: Seen, response: web.StreamResponse) -> None:
        self.seen = seen
        self.response = response

    async def write(self, data: bytes) -> None:
        await self.response.write(data)

    async def event(self, message: Any, **fields: Any) -> None:
        """Send a message."""
        head = "".join(f"{name}: {value}\n" for name, value in fields.items())
        data = message if isinstance(message, str) else json.dumps(message)
        await self.write(f"{head}data: {data}\n\n".encode())

    async def result(self, result: Any, **fields: Any) -> None:
        """Send the result of the request."""
        await self.event({"jsonrpc": "2.0", "id": self.seen.message["id"], "result": result}, **fields)

    async def tell(self, method: str, **params: Any) -> None:
        """Send a notification."""
        await self.event({"jsonrpc": "2.0", "method": method, "params": params})

    async def until_gone(self) -> web.StreamResponse:
        """Stay open until the client leaves."""
        try:
            while True:
                await asyncio.sleep(0.01)
                if self.seen.raw.transport is None or self.seen.raw.transport.is_closing():
                    break
        finally:
            self.seen.gone.set()
        return self.response


class Peer:
    """A server. `on` says what to answer, by method; `*` is for the rest."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.on: dict[str, Handler] = {}
        self.url = ""
        self.connections: set[Any] = set()
        self._arrived = threading.Condition()

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        try:
            message = json.loads(body)
        except ValueError:
            message = None
        seen = Seen(request, body, message)
        self.connections.add(request.transport)
        with self._arrived:
            self.seen.append(seen)
            self._arrived.notify_all()
        handler = self.on.get(seen.method or request.method) or self.on.get("*")
        if handler is None:
            return seen.status(500, f"the test has no answer to {seen.method or request.method}")
        return await handler(seen)

    async def take(self, what: str, count: int = 1) -> list[Seen]:
        """Wait for so many requests of a method."""

        def enough() -> bool:
            return len(self.of(what)) >= count

        def wait() -> bool:
            with self._arrived:
                return self._arrived.wait_for(enough, SOON)

        assert await anyio.to_thread.run_sync(wait), f"saw only {[s.method or s.raw.method for s in self.seen]}"
        return self.of(what)

    def of(self, what: str) -> list[Seen]:
        """The requests of a method."""
        return [seen for seen in self.seen if (seen.method or seen.raw.method) == what]

    @property
    def target(self) -> HttpServer:
        return HttpServer(self.url)


class Modern(Peer):
    """Answers a client of the modern era, which finds one tool."""

    def __init__(self) -> None:
        super().__init__()
        self.tools: list[dict[str, Any]] = [{"name": "echo", "inputSchema": {"type": "object"}}]

        async def discover(seen: Seen) -> web.StreamResponse:
            return seen.result(discovered())

        async def list_tools(seen: Seen) -> web.StreamResponse:
            return seen.result(listed(self.tools))

        async def call(seen: Seen) -> web.StreamResponse:
            return seen.result(called(json.dumps(seen.message["params"].get("arguments"))))

        self.on = {"server/discover": discover, "tools/list": list_tools, "tools/call": call}


class Legacy(Peer):
    """Answers a client of a revision with a handshake; without sessions unless `session` is set."""

    def __init__(self, revision: str = LEGACY, session: str | None = None) -> None:
        super().__init__()
        self.revision = revision
        self.session = session
        self.tools: list[dict[str, Any]] = [{"name": "echo", "inputSchema": {"type": "object"}}]

        async def initialize(seen: Seen) -> web.StreamResponse:
            headers = {} if self.session is None else {"Mcp-Session-Id": self.session}
            return seen.result(initialized(self.revision), headers=headers)

        async def list_tools(seen: Seen) -> web.StreamResponse:
            return seen.result({"tools": self.tools})

        async def call(seen: Seen) -> web.StreamResponse:
            return seen.result({"content": [{"type": "text", "text": json.dumps(seen.message["params"]["arguments"])}]})

        async def empty(seen: Seen) -> web.StreamResponse:
            return seen.result({})

        self.on = {
            "server/discover": answer(400, "Bad Request: Server not initialized"),
            "initialize": initialize,
            "notifications/initialized": answer(202),
            "notifications/cancelled": answer(202),
            "logging/setLevel": empty,
            "tools/list": list_tools,
            "tools/call": call,
            "GET": answer(405),
            "DELETE": answer(200),
            "POST": answer(202),
        }


def answer(status: int, text: str = "", **headers: str) -> Handler:
    """Answers with a status."""

    async def handler(seen: Seen) -> web.StreamResponse:
        return seen.status(status, text, **headers)

    return handler


SERVER_INFO = {"name": "hand", "version": "1"}
COMPLETE = {"resultType": "complete"}
CACHING = {"ttlMs": 0, "cacheScope": "private"}


def discovered(*supported: str) -> dict[str, Any]:
    """What a modern server says of itself."""
    return {"supportedVersions": list(supported or (MODERN,)), "capabilities": {"tools": {}}, **COMPLETE, **CACHING}


def initialized(revision: str = LEGACY) -> dict[str, Any]:
    """What a legacy server answers to `initialize`."""
    return {"protocolVersion": revision, "capabilities": {"tools": {}, "logging": {}}, "serverInfo": SERVER_INFO}


def listed(tools: list[dict[str, Any]]) -> dict[str, Any]:
    return {"tools": tools, **COMPLETE, **CACHING}


def called(text: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}], **COMPLETE}


def text_of(result: Any) -> str:
    return "".join(block.text for block in result.content)


def exchange(loop: asyncio.AbstractEventLoop, work: Any) -> Any:
    """Run a coroutine on the server's loop, and wait for it."""
    return asyncio.run_coroutine_threadsafe(work, loop).result(SOON)


class Running:
    """A peer that listens."""

    def __init__(self, peer: Peer, ssl_context: Any = None, port: int = 0) -> None:
        self._peer = peer
        self._ssl = ssl_context
        self.port = port
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="a server of a test", daemon=True)

    async def _start(self) -> None:
        server = web.Server(self._peer)
        self._runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=0.01)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=self._ssl)
        await site.start()
        self.port = self._runner.addresses[0][1]
        scheme = "http" if self._ssl is None else "https"
        self._peer.url = f"{scheme}://127.0.0.1:{self.port}/mcp"

    def start(self) -> None:
        self._thread.start()
        exchange(self.loop, self._start())

    async def cut(self) -> None:
        """Break every connection, as where a server is killed."""
        for transport in self._peer.connections:
            if transport is not None:
                self.loop.call_soon_threadsafe(transport.abort)
        self._peer.connections.clear()

    async def _stop(self) -> None:
        await self._runner.cleanup()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.loop.shutdown_default_executor()

    def stop(self) -> None:
        if self.loop.is_closed():
            return
        exchange(self.loop, self._stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(SOON)
        self.loop.close()


@asynccontextmanager
async def running(peer: Peer, **options: Any) -> AsyncIterator[Running]:
    """Serve a peer."""
    server = Running(peer, **options)
    await anyio.to_thread.run_sync(server.start)
    try:
        yield server
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(server.stop)


@asynccontextmanager
async def connected(peer: Peer, target: HttpServer | None = None, **options: Any) -> AsyncIterator[Client]:
    """A client that is connected to a peer, which listens."""
    options = {"deadlines": BRISK, "verdicts": {}, **options}
    async with running(peer):
        with anyio.fail_after(2 * SOON):
            async with Client(target or peer.target, **options) as client:
                yield client
