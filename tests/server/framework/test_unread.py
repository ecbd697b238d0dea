"""Clients that do not read: what they are told once they do, and how much waits until then."""

from __future__ import annotations

import logging
from typing import Any

import anyio
import anyio.to_thread
import pytest

from mcpstruct import Context, MCPServer
from mcpstruct.base.errors import RequestCancelled, RequestTimeout
from mcpstruct.base.limits import Deadlines, Limits
from mcpstruct.session.loop import current_loop
from tests.session.support import SOON, Peer, running, served, settle, stamped

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(20)]

LONG = 100_000
"""Length of a text of which some ten congest a connection."""
SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"
LOGGING = {"progressToken": "p", "io.modelcontextprotocol/logLevel": "debug"}


def uri(name: str) -> str:
    return f"r://{name}/".ljust(LONG, "x")


def change_much(server: MCPServer, rounds: int = 100, first: int = 0) -> None:
    for number in range(first, first + rounds):
        server.resource_updated(uri("a"))
        server.resource_updated(uri("b"))
        server.add_tool(lambda: "", name=f"t{number}")
        server.prompt(f"p{number}")(lambda: "")


def told(peer: Peer, method: str) -> list[dict[str, Any]]:
    return [message["params"] for message in peer.heard if message.get("method") == f"notifications/{method}"]


def answered(peer: Peer) -> bool:
    return bool(peer.heard) and "result" in peer.heard[-1]


def congested(server: MCPServer) -> bool:
    return any(connection.core.congested for connection in server.connections)


# -- changes -----------------------------------------------------------------------------------------------------------


async def test_changes_that_a_session_has_not_read_are_told_once(caplog: pytest.LogCaptureFixture) -> None:
    server = MCPServer()
    async with served(server) as peer:
        await peer.initialize()
        await peer.ask(1, "resources/subscribe", {"uri": uri("a")})
        await peer.ask(2, "resources/subscribe", {"uri": uri("b")})
        peer.transport.pause()
        change_much(server)
        assert congested(server)
        peer.transport.resume()
        await peer.until(lambda: not congested(server))
        await peer.ask(3, "ping")
        for name in "ab":
            assert 5 < len([p for p in told(peer, "resources/updated") if p["uri"] == uri(name)]) < 10
        for kind in ("tools", "prompts"):
            assert 5 < len(told(peer, f"{kind}/list_changed")) < 10
        peer.heard.clear()
        change_much(server, 1, first=100)
        await peer.ask(4, "ping")
        assert len(told(peer, "resources/updated")) == 2
        assert len(told(peer, "tools/list_changed")) == 1
    assert await running() == []
    assert caplog.text == ""


async def test_changes_that_a_stream_has_not_read_are_told_once() -> None:
    server = MCPServer()
    wanted = {"toolsListChanged": True, "resourceSubscriptions": [uri("a"), uri("b")]}
    async with served(server) as peer:
        for number in (1, 2, 3):
            peer.request(number, "subscriptions/listen", stamped(notifications=wanted))
        await peer.until(lambda: len(told(peer, "subscriptions/acknowledged")) == 3)
        peer.transport.pause()
        change_much(server)
        assert congested(server)
        before = len(peer.heard)
        peer.tell("notifications/cancelled", {"requestId": 3})
        await settle()
        peer.transport.resume()
        await peer.until(lambda: not congested(server))
        await peer.ask(4, "server/discover", stamped())
        assert before == 3
        assert len(peer.heard) < 40
        for number in (1, 2):
            meta = {SUBSCRIPTION: number}
            assert [p for p in told(peer, "tools/list_changed") if p["_meta"] == meta]
            for name in "ab":
                assert [p for p in told(peer, "resources/updated") if (p["uri"], p["_meta"]) == (uri(name), meta)]
        late = told(peer, "tools/list_changed")[-2:]  # what was kept back, and the third did not wait for it
        assert [params["_meta"][SUBSCRIPTION] for params in late] == [1, 2]


async def test_a_client_that_leaves_unread_changes_behind() -> None:
    server = MCPServer()
    async with served(server) as peer:
        await peer.initialize()
        await peer.ask(1, "resources/subscribe", {"uri": uri("a")})
        peer.transport.pause()
        change_much(server)
        await settle()
    assert server.connections == set()
    assert await running() == []


# -- subscriptions -----------------------------------------------------------------------------------------------------


async def test_a_session_subscribes_to_so_many_resources() -> None:
    server = MCPServer(limits=Limits(max_subscriptions=2))
    async with served(server) as peer:
        await peer.initialize()
        for number in (1, 2, 1):
            assert "result" in await peer.ask(number, "resources/subscribe", {"uri": f"r://{number}"})
        refused = await peer.ask(3, "resources/subscribe", {"uri": "r://3"})
        assert refused["error"]["code"] == -32602
        assert refused["error"]["message"] == "more than 2 subscriptions"
        assert refused["error"]["data"] == {"limit": 2}
        await peer.ask(4, "resources/unsubscribe", {"uri": "r://1"})
        assert "result" in await peer.ask(5, "resources/subscribe", {"uri": "r://3"})
        for number in (1, 2, 3):
            server.resource_updated(f"r://{number}")
        await peer.ask(6, "ping")
        assert [params["uri"] for params in told(peer, "resources/updated")] == ["r://2", "r://3"]


async def test_streams_subscribe_to_so_many_resources() -> None:
    server = MCPServer(limits=Limits(max_subscriptions=3))

    def listen(*uris: str) -> dict[str, Any]:
        return stamped(notifications={"resourceSubscriptions": list(uris)})

    async with served(server) as peer:
        peer.request(1, "subscriptions/listen", listen("r://1", "r://2"))
        await peer.until(lambda: told(peer, "subscriptions/acknowledged"))
        refused = await peer.ask(2, "subscriptions/listen", listen("r://3", "r://4"))
        assert (refused["error"]["code"], refused["error"]["data"]) == (-32602, {"limit": 3})
        peer.tell("notifications/cancelled", {"requestId": 1})
        peer.request(3, "subscriptions/listen", listen("r://3", "r://4"))
        await peer.until(lambda: len(told(peer, "subscriptions/acknowledged")) == 2)
        server.resource_updated("r://1")
        server.resource_updated("r://4")
        await peer.ask(4, "server/discover", stamped())
        assert [params["uri"] for params in told(peer, "resources/updated")] == ["r://4"]


# -- reports -----------------------------------------------------------------------------------------------------------


async def read_late(peer: Peer, tool: str) -> None:
    """Call a tool, and read nothing before it has said all that it says without waiting."""
    peer.transport.pause()
    peer.request(1, "tools/call", stamped(name=tool, arguments={}, _meta=LOGGING))
    await anyio.wait_all_tasks_blocked()
    peer.transport.resume()


async def test_log_messages_that_nobody_reads_are_dropped(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "mcpstruct")
    server = MCPServer(limits=Limits(max_bytes=1040))

    @server.tool()
    async def talk(ctx: Context[Any]) -> str:
        ctx.info("x" * 11 * LONG)
        for number in range(100):
            ctx.info(number)
        return "said"

    async with served(server) as peer:
        await read_late(peer, "talk")
        await peer.until(lambda: answered(peer))
        assert [params["data"] for params in told(peer, "message")][1:] == [0, 1, 2, 3, 4]
    assert await running() == []
    assert [r.message for r in caplog.records if "dropped" in r.message] == [
        "95 log messages dropped: a client does not read"
    ]


async def test_progress_that_nobody_reads_is_condensed_to_the_latest() -> None:
    server, go_on = MCPServer(limits=Limits(max_bytes=1040)), anyio.Event()

    @server.tool()
    async def work(ctx: Context[Any]) -> str:
        for number in range(100):
            ctx.report_progress(number, message="x" * 11 * LONG if number == 0 else None)
        await go_on.wait()
        return "done"

    async with served(server) as peer:
        await read_late(peer, "work")
        await peer.until(lambda: told(peer, "progress")[-1:] and told(peer, "progress")[-1]["progress"] == 99)
        go_on.set()
        await peer.until(lambda: answered(peer))
        assert [params["progress"] for params in told(peer, "progress")] == [0, 1, 2, 3, 4, 5, 99]


async def test_the_latest_progress_comes_before_the_answer() -> None:
    server = MCPServer(limits=Limits(max_bytes=1040))

    @server.tool()
    async def work(ctx: Context[Any]) -> str:
        for number in range(100):
            ctx.report_progress(number, message="x" * 11 * LONG if number == 0 else None)
        return "done"

    async with served(server) as peer:
        await read_late(peer, "work")
        await peer.until(lambda: answered(peer))
        assert [params["progress"] for params in told(peer, "progress")] == [0, 1, 2, 3, 4, 5, 99]


# -- reports of threads ------------------------------------------------------------------------------------------------


class Chatty:
    """A tool that says much from a thread."""

    def __init__(self, server: MCPServer, *, in_pool: bool = True) -> None:
        self.said = 0
        self.begun = anyio.Event()
        """Whether it has said more than its client is sent without reading."""
        self.failed = anyio.Event()
        self.error: Exception | None = None
        self._loop = current_loop()
        server.tool(name="chatty")(self.talk if in_pool else self.talk_elsewhere)

    def talk(self, ctx: Context[Any]) -> str:
        try:
            for number in range(TIMES):
                ctx.info({"number": number, "text": "x" * 10_000})
                self.said += 1
                if self.said == 120:
                    self._loop.call_soon_threadsafe(self.begun.set)
        except Exception as error:
            self.error = error
            self._loop.call_soon_threadsafe(self.failed.set)
            raise
        return "said"

    async def talk_elsewhere(self, ctx: Context[Any]) -> str:
        return await anyio.to_thread.run_sync(self.talk, ctx)


TIMES = 1000
in_threads = pytest.mark.parametrize("in_pool", [True, False])


@in_threads
async def test_a_thread_waits_for_a_client_that_is_behind(in_pool: bool) -> None:
    server = MCPServer()
    chatty = Chatty(server, in_pool=in_pool)
    async with served(server) as peer:
        peer.transport.pause()
        peer.request(1, "tools/call", stamped(name="chatty", arguments={}, _meta=LOGGING))
        with anyio.fail_after(SOON):
            await chatty.begun.wait()
        assert congested(server)
        assert chatty.said < 250
        peer.transport.resume()
        await peer.until(lambda: answered(peer))
        assert [params["data"]["number"] for params in told(peer, "message")] == list(range(TIMES))
    assert await running() == []


@in_threads
async def test_a_thread_does_not_wait_for_ever(in_pool: bool) -> None:
    server = MCPServer(deadlines=Deadlines(request=0.3))
    chatty = Chatty(server, in_pool=in_pool)
    async with served(server) as peer:
        peer.transport.pause()
        peer.request(1, "tools/call", stamped(name="chatty", arguments={}, _meta=LOGGING))
        with anyio.fail_after(SOON):
            await chatty.failed.wait()
        assert isinstance(chatty.error, RequestTimeout)
        assert str(chatty.error) == "notifications/message could not be sent within 0.3 s"
        assert 100 < chatty.said < 250
        peer.transport.resume()
        await peer.until(lambda: answered(peer))
        assert peer.heard[-1]["result"]["isError"]


async def test_a_thread_that_waits_learns_that_its_call_is_called_off() -> None:
    server = MCPServer()
    chatty = Chatty(server)
    async with served(server) as peer:
        peer.transport.pause()
        peer.request(1, "tools/call", stamped(name="chatty", arguments={}, _meta=LOGGING))
        with anyio.fail_after(SOON):
            await chatty.begun.wait()
            peer.tell("notifications/cancelled", {"requestId": 1})
            await chatty.failed.wait()
        assert isinstance(chatty.error, RequestCancelled)
        assert chatty.said < 250
