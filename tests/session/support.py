"""The far end of a connection, played by hand, and waits that fail in seconds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
import anyio.lowlevel

from mcpstruct.base.errors import ConnectionLost, ProtocolViolation
from mcpstruct.base.limits import Deadlines
from mcpstruct.client import Client
from mcpstruct.server import MCPServer
from mcpstruct.session.loop import current_loop
from mcpstruct.transport.base import Transport
from mcpstruct.transport.pair import PairTransport, transport_pair
from mcpstruct.transport.waiting import Changes
from mcpstruct_bindings import REVISIONS

SOON = 5.0
"""Seconds after which a test that waits has failed."""
LEGACY = tuple(sorted(name for name in REVISIONS if name < "2026-07-28"))
MODERN = "2026-07-28"
NEWEST_LEGACY = LEGACY[-1]
BRISK = Deadlines(request=SOON, connect=SOON, probe=0.2)
"""Deadlines for servers that may stay silent."""
STAMP = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": {"name": "hand", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
"""What a modern request carries in its `_meta`."""


class Peer:
    """One end of a byte pair, in a test's own hands: it takes note of what comes, and sends whatever it likes."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.raw: list[bytes] = []
        self.heard: list[Any] = []
        """Every message that came, decoded."""
        self.losses: list[Exception | None] = []
        self.on_message: Callable[[Any], object] | None = None
        self._changes = Changes(current_loop())
        self._taken = 0

    # -- see `Receiver` -----------------------------------------------------------------------------------------------

    def received(self, data: bytes) -> None:
        message = json.loads(data)
        self.raw.append(data)
        self.heard.append(message)
        if self.on_message is not None:
            self.on_message(message)
        self._changes.announce()

    def refused(self, violation: ProtocolViolation) -> None:
        raise AssertionError(violation)

    def lost(self, error: Exception | None) -> None:
        self.losses.append(error)
        self._changes.announce()

    # -- waiting ------------------------------------------------------------------------------------------------------

    async def until(self, holds: Callable[[], object], seconds: float = SOON) -> None:
        """Wait until something holds of what came."""
        assert await self._changes.until(lambda: bool(holds()), seconds), f"heard only {self.heard}, {self.losses}"

    async def _heard(self, number: int) -> None:
        """Wait for so many messages. Raises `ConnectionLost` where there will be no more."""
        await self.until(lambda: len(self.heard) >= number or self.losses)
        if len(self.heard) < number:
            raise ConnectionLost("the other end is gone")

    async def take(self, method: str | None = None) -> Any:
        """The next message; with a method, the next of that method, and what comes before it is passed over."""
        while True:
            await self._heard(self._taken + 1)
            message = self.heard[self._taken]
            self._taken += 1
            if method is None or message.get("method") == method:
                return message

    async def loss(self) -> None:
        """Wait until the other end is gone."""
        await self.until(lambda: self.losses)

    @property
    def left(self) -> list[Any]:
        """What came and has not been taken."""
        return self.heard[self._taken :]

    # -- sending ------------------------------------------------------------------------------------------------------

    def send(self, message: Any) -> None:
        """Send bytes as they stand, and anything else as JSON."""
        self.transport.send(message if isinstance(message, bytes) else json.dumps(message).encode())

    def answer(self, request: Any, result: Any) -> None:
        """Answer a request that came."""
        self.send({"jsonrpc": "2.0", "id": request["id"], "result": result})

    def refuse(self, request: Any, code: int, message: str = "no", **data: Any) -> None:
        """Refuse a request that came."""
        error = {"code": code, "message": message, **({"data": data} if data else {})}
        self.send({"jsonrpc": "2.0", "id": request["id"], "error": error})

    def tell(self, method: str, params: Any = None) -> None:
        """Send a notification."""
        self.send({"jsonrpc": "2.0", "method": method, **({} if params is None else {"params": params})})

    def request(self, request_id: Any, method: str, params: Any = None) -> None:
        """Send a request, and wait for nothing."""
        more = {} if params is None else {"params": params}
        self.send({"jsonrpc": "2.0", "id": request_id, "method": method, **more})

    async def ask(self, request_id: Any, method: str, params: Any = None) -> Any:
        """Send a request, and wait for its answer; what else comes is left to be taken."""
        self.request(request_id, method, params)
        found: list[Any] = []

        def answered() -> bool:
            found[:] = [m for m in self.heard[self._taken :] if "method" not in m and m.get("id") == request_id]
            return bool(found)

        await self.until(answered)
        self.heard.remove(found[0])
        return found[0]

    async def aclose(self) -> None:
        await self.transport.aclose()

    # -- a server by hand ---------------------------------------------------------------------------------------------

    async def shake(self, revision: str = NEWEST_LEGACY, **result: Any) -> Any:
        """Take part in a handshake as the server; gives the client's params."""
        request = await self.take("initialize")
        self.answer(request, initialized(revision, **result))
        await self.take("notifications/initialized")
        return request["params"]

    async def discover(self, **result: Any) -> None:
        """Answer a client's probe as a modern server."""
        self.answer(await self.take("server/discover"), discovered(**result))

    # -- a client by hand ---------------------------------------------------------------------------------------------

    async def initialize(self, revision: str = NEWEST_LEGACY, **capabilities: Any) -> Any:
        """Open a session as the client; gives the result."""
        params = {"protocolVersion": revision, "capabilities": capabilities, "clientInfo": STAMP_INFO}
        answer = await self.ask("init", "initialize", params)
        self.tell("notifications/initialized")
        return answer["result"]


STAMP_INFO = STAMP["io.modelcontextprotocol/clientInfo"]
SERVER_INFO = {"name": "hand", "version": "1"}


def initialized(revision: str = NEWEST_LEGACY, **more: Any) -> dict[str, Any]:
    """What a legacy server answers to `initialize`."""
    return {"protocolVersion": revision, "capabilities": {}, "serverInfo": SERVER_INFO, **more}


def discovered(**more: Any) -> dict[str, Any]:
    """What a modern server answers to `server/discover`."""
    complete = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private"}
    return {"supportedVersions": [MODERN], "capabilities": {}, **complete, **more}


def stamped(**params: Any) -> dict[str, Any]:
    """The params of a modern request."""
    return {"_meta": {**STAMP, **params.pop("_meta", {})}, **params}


class Fresh:
    """A target of which each connection is a new byte pair, whose far end goes to `play`."""

    def __init__(self, play: Callable[[Peer], Any], key: str | None = None) -> None:
        self.peers: list[Peer] = []
        self._play = play
        if key is not None:
            self.key = key

    def transport(self) -> PairTransport:
        near, far = transport_pair()
        peer = Peer(far)
        self.peers.append(peer)
        current_loop().spawn(self._serve, peer)
        return near

    async def _serve(self, peer: Peer) -> None:
        await peer.transport.open(peer)
        with suppress(ConnectionLost):
            await self._play(peer)


@asynccontextmanager
async def by_hand(
    *, revision: str = NEWEST_LEGACY, result: dict[str, Any] | None = None, **options: Any
) -> AsyncGenerator[tuple[Client, Peer]]:
    """A connected client whose server is played by hand, in a revision."""
    near, far = transport_pair()
    peer = Peer(far)
    await far.open(peer)
    client = Client(near, revisions=revision, **options)
    async with anyio.create_task_group() as group:
        with anyio.fail_after(SOON):
            if revision in LEGACY:
                group.start_soon(lambda: peer.shake(revision, **(result or {})))
            else:
                group.start_soon(lambda: peer.discover(**(result or {})))
            await client.connect()
    try:
        yield client, peer
    finally:
        with anyio.fail_after(SOON, shield=True):
            await client.aclose()


@asynccontextmanager
async def served(server: Any) -> AsyncIterator[Peer]:
    """A server whose client is played by hand."""
    near, far = transport_pair()
    peer = Peer(far)
    await far.open(peer)
    ended = current_loop().future()

    async def serve() -> None:
        try:
            await server.serve(near)
        finally:
            ended.set_result(None)

    current_loop().spawn(serve)
    try:
        yield peer
    finally:
        with anyio.fail_after(SOON, shield=True):
            await peer.aclose()
            await ended


def calculator(**options: Any) -> MCPServer:
    """A server with something of everything."""
    server = MCPServer("calculator", "1.0", **options)

    @server.tool(inline=True)
    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    @server.prompt(inline=True)
    def greet(name: str) -> str:
        """Greet somebody."""
        return f"Hello, {name}!"

    @server.resource("data://pi", inline=True)
    def pi() -> str:
        """A number."""
        return "3.14159"

    return server


class Hanging:
    """An async function that waits until it is released or cancelled, and says which."""

    def __init__(self) -> None:
        self.started = anyio.Event()
        self.release = anyio.Event()
        self.stopped = anyio.Event()

    async def tool(self) -> str:
        """As a tool."""
        return await self()

    async def __call__(self) -> str:
        self.started.set()
        try:
            await self.release.wait()
        except BaseException:
            self.stopped.set()
            raise
        return "done"


async def settle(turns: int = 20) -> None:
    """Let whatever is ready run: for showing that something does not happen."""
    for _ in range(turns):
        await anyio.lowlevel.checkpoint()


async def calls(*functions: Callable[[], Any]) -> list[Any]:
    """What each of several calls at the same time gives, or raises."""
    outcomes: list[Any] = [None] * len(functions)

    async def one(index: int, function: Callable[[], Any]) -> None:
        try:
            outcomes[index] = await function()
        except Exception as error:
            outcomes[index] = error

    with anyio.fail_after(SOON):
        async with anyio.create_task_group() as group:
            for index, function in enumerate(functions):
                group.start_soon(one, index, function)
    return outcomes


async def running() -> list[str]:
    """What of ours is still at work, once whatever is ending has had time to."""
    names: list[str] = []
    for _ in range(50):
        names = _tasks()
        if not names:
            break
        await anyio.lowlevel.checkpoint()
    return names


def _tasks() -> list[str]:
    try:
        return [repr(task.get_coro()) for task in asyncio.all_tasks() if "_logged" in repr(task.get_coro())]
    except RuntimeError:
        import trio

        root = trio.lowlevel.current_root_task()
        return [repr(task.coro) for task in _below(root) if "TrioLoop.spawn" in task.name]


def _below(task: Any) -> list[Any]:
    children = [child for nursery in task.child_nurseries for child in nursery.child_tasks]
    return [*children, *(grandchild for child in children for grandchild in _below(child))]


class Slow:
    """A target whose transports take their time to open and to close."""

    def __init__(self, *, opens: bool = True) -> None:
        self.opening = anyio.Event()
        self.go = anyio.Event()
        self.closing = anyio.Event()
        self.close = anyio.Event()
        self.made: list[SlowTransport] = []
        self._opens = opens

    def transport(self) -> PairTransport:
        near, far = SlowTransport(self), PairTransport()
        near.other, far.other = far, near
        peer = Peer(far)
        self.made.append(near)

        async def play() -> None:
            await far.open(peer)
            with suppress(ConnectionLost):
                await peer.shake()

        current_loop().spawn(play)
        return near


class SlowTransport(PairTransport):
    def __init__(self, target: Slow) -> None:
        super().__init__()
        self.target = target
        self.closed = False

    async def open(self, receiver: Any) -> None:
        self.target.opening.set()
        await self.target.go.wait()
        await super().open(receiver)

    async def aclose(self) -> None:
        self.target.closing.set()
        await self.target.close.wait()
        await super().aclose()
        self.closed = True
