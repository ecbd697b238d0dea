"""What clients notify a server of, and methods that are none of the protocol's."""

from __future__ import annotations

from typing import Any, TypedDict

import anyio
import pytest
from msgspec import Struct

from mcpstruct import Client, Context, LowLevelServer, MCPServer, MethodNotFound, RemoteError
from mcpstruct.base.methods import MethodInfo
from mcpstruct.types import Implementation, RequestParams
from mcpstruct_bindings.merged import methods
from mcpstruct_bindings.merged.server import ServerHandlers
from tests.server.framework.people import Account, User
from tests.server.framework.support import SOON, Heard, Wire
from tests.session.support import served

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(20)]

Told = tuple[Any, Context[Any]]
Numbers = dict[str, Any]
THING: MethodInfo[Numbers, None] = MethodInfo(
    name="vendor/thing", kind="notification", direction="client", message=None, params=Numbers, since=""
)
DO: MethodInfo[Numbers, Numbers] = MethodInfo(
    name="vendor/do", kind="request", direction="client", message=None, params=Numbers, result=Numbers, since=""
)


class Thing(Struct):
    size: int


class Do(RequestParams, kw_only=True):
    size: int


class Collected:
    """What came, and waiting for it."""

    def __init__(self) -> None:
        self.all: list[Told] = []
        self._more = anyio.Event()

    def take(self, params: Any, ctx: Context[Any]) -> None:
        self.all.append((params, ctx))
        self._more.set()

    async def next(self) -> Told:
        with anyio.fail_after(SOON):
            while not self.all:
                self._more = anyio.Event()
                await self._more.wait()
        return self.all.pop(0)


# -- notifications -----------------------------------------------------------------------------------------------------


async def test_a_notification_of_ones_own(wire: Wire) -> None:
    server, told = MCPServer(), Collected()

    @server.notification("vendor/thing", params=Thing)
    async def thing(params: Thing, ctx: Context[Any]) -> None:
        await anyio.lowlevel.checkpoint()
        told.take(params, ctx)

    async with wire.to(server, custom=[THING], name="me", version="3") as client:
        await client.send_notification(THING, {"size": 5})
        params, ctx = await told.next()
        assert params == Thing(5)
        assert (ctx.method, ctx.protocol_version, ctx.server) == ("vendor/thing", wire.revision, server)
        if not wire.modern:  # where each request says for itself who sends it
            assert ctx.client_info == Implementation(name="me", version="3")
        await client.send_notification(THING, {"size": "big"})  # which nobody can be told of
        await client.send_notification(THING, {"size": 6})
        assert (await told.next())[0] == Thing(6)


async def test_the_params_of_a_notification_are_what_came(wire: Wire) -> None:
    server, told = MCPServer(), Collected()
    server.notification("vendor/thing")(told.take)
    async with wire.to(server, custom=[THING]) as client:
        await client.send_notification(THING, {"size": "big", "_meta": {"example.com/a": 1}})
        params, ctx = await told.next()
        assert params["size"] == "big"
        assert ctx.meta["example.com/a"] == 1


async def test_which_client_it_was(legacy: Wire) -> None:
    server, told = MCPServer(), Collected()

    @server.notification("notifications/roots/list_changed")
    async def changed(params: Any, ctx: Context[Any]) -> None:
        told.take((await ctx.list_roots())[0].uri, ctx)

    async def tell(client: Client) -> Told:
        await client.notify_roots_list_changed()
        return await told.next()

    async with legacy.to(server, roots=["file:///a"]) as one, legacy.to(server, roots=["file:///b"]) as two:
        first, second, third = await tell(one), await tell(two), await tell(one)
    assert [uri for uri, _ in (first, second, third)] == ["file:///a", "file:///b", "file:///a"]
    connections = [ctx.request.connection for _, ctx in (first, second, third)]
    assert connections[0] is connections[2] is not connections[1]


async def test_a_handler_may_talk_to_the_client(legacy: Wire) -> None:
    server, told, heard = MCPServer(), Collected(), Heard()

    @server.notification(methods.ROOTS_LIST_CHANGED)
    async def changed(params: Any, ctx: Context[Any]) -> None:
        await ctx.info("noted")
        ctx.report_progress(1)  # of nothing
        await ctx.session.notify_tool_list_changed()
        name = None
        if legacy.revision >= "2025-06-18":
            name = (await ctx.elicit("Who?", Account)).data
        told.take(name, ctx)

    options: Any = {"on_log": heard.log, "on_notification": heard.notification}
    async with legacy.to(server, on_elicitation=User({"user": "ann"}).form, **options) as client:
        await client.notify_roots_list_changed()
        name, _ = await told.next()
        await heard.until(lambda: "notifications/tools/list_changed" in heard.notifications)
    assert heard.logs == [("info", "noted")]
    assert name == (Account("ann") if legacy.revision >= "2025-06-18" else None)


async def test_a_modern_client_is_asked_nothing_outside_of_its_requests(modern: Wire) -> None:
    server, told = MCPServer(), Collected()

    @server.notification("vendor/thing")
    async def thing(params: Any, ctx: Context[Any]) -> None:
        try:
            await ctx.elicit("Who?", Account)
        except Exception as error:
            told.take(str(error), ctx)

    async with modern.to(server, custom=[THING], on_elicitation=User().form) as client:
        await client.send_notification(THING, {})
        assert "elicitation/create during vendor/thing" in (await told.next())[0]


async def test_one_callback_for_all_of_them(legacy: Wire) -> None:
    told = Collected()

    def everything(method: MethodInfo[Any, Any], params: Any, ctx: Context[Any]) -> None:
        told.take(method.name, ctx)

    for server in (
        MCPServer(on_notification=everything),
        LowLevelServer(ServerHandlers[Any](), info=Implementation(name="l", version="1"), on_notification=everything),
    ):
        async with legacy.to(server, name="me", version="3") as client:
            await client.notify_roots_list_changed()
            for name in ("notifications/initialized", "notifications/roots/list_changed"):
                found, ctx = await told.next()
                assert found == name
                assert ctx.client_info is not None
                assert ctx.client_info.name == "me"
                assert ctx.server is server


async def test_a_handler_that_fails_is_nobodys_trouble(legacy: Wire, caplog: pytest.LogCaptureFixture) -> None:
    server, told = MCPServer(), Collected()

    @server.notification("notifications/initialized")
    def initialized(params: Any, ctx: Context[Any]) -> None:
        raise ZeroDivisionError

    server.notification("notifications/roots/list_changed")(told.take)
    async with legacy.to(server) as client:
        await client.notify_roots_list_changed()
        await told.next()
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("meta", [5, {"progressToken": []}, {"io.modelcontextprotocol/protocolVersion": 5}])
async def test_metadata_that_is_none(meta: Any) -> None:
    server, told = MCPServer(), Collected()
    server.notification("notifications/roots/list_changed")(told.take)
    async with served(server) as peer:
        await peer.initialize()
        peer.tell("notifications/roots/list_changed", {"_meta": meta})
        assert "result" in await peer.ask(2, "ping")


async def test_a_notification_has_no_id(legacy: Wire) -> None:
    server, told = MCPServer(), Collected()
    server.notification("notifications/roots/list_changed")(told.take)
    async with legacy.to(server) as client:
        await client.notify_roots_list_changed()
        _, ctx = await told.next()
        with pytest.raises(LookupError):
            _ = ctx.request_id


# -- requests ----------------------------------------------------------------------------------------------------------


async def test_a_request_of_ones_own(wire: Wire) -> None:
    server = MCPServer()

    @server.request("vendor/do", params=Do)
    async def do(params: Do, ctx: Context[Any]) -> Any:
        return {"size": params.size + 1, "method": ctx.method}

    @server.request("vendor/echo")
    async def echo(params: Numbers, ctx: Context[Any]) -> Any:
        return {"given": params["size"]}

    other: MethodInfo[Numbers, Numbers] = MethodInfo(
        name="vendor/echo", kind="request", direction="client", message=None, params=Numbers, result=Numbers, since=""
    )
    async with wire.to(server, custom=[DO]) as client:
        result = await client.send_request(DO, {"size": 5})
        assert (result["size"], result["method"]) == (6, "vendor/do")
        assert (await client.send_request(other, {"size": "big"}))["given"] == "big"
        with pytest.raises(RemoteError) as caught:
            await client.send_request(DO, {"size": "big"})
        assert caught.value.code == -32602
    async with wire.to(MCPServer(), custom=[DO]) as client:
        with pytest.raises(MethodNotFound):
            await client.send_request(DO, {"size": 5})


class NoRoom(TypedDict):
    size: int


def test_what_can_be_no_method_of_ones_own() -> None:
    server = MCPServer()

    async def answer(params: Any, ctx: Context[Any]) -> Any:
        return {}

    for params in (Thing, NoRoom, int):
        with pytest.raises(TypeError, match="RequestParams"):
            server.request("vendor/do", params=params)
    with pytest.raises(ValueError, match="protocol's own"):
        server.request("tools/call")
    with pytest.raises(ValueError, match="no notification of clients"):
        server.notification("notifications/message")
    with pytest.raises(ValueError, match="protocol's own"):
        server.notification("notifications/initialized", params=Thing)
    with pytest.raises(TypeError, match="a MethodInfo says"):
        server.request(DO, params=Do)
    with pytest.raises(ValueError, match="vendor/thing is a notification"):
        server.request(THING)
    server.request("vendor/do")(answer)
    with pytest.raises(ValueError, match="vendor/do already"):
        server.request(DO)(answer)
    server.notification("vendor/thing")(answer)
    with pytest.raises(ValueError, match="vendor/thing already"):
        server.notification("vendor/thing")(answer)
