"""What servers and clients ask of each other, one question at a time, in either era."""

from __future__ import annotations

from typing import Any

from mcpstruct.base.errors import RemoteError
from mcpstruct.server import MCPServer
from tests.requirements.support import CAPABILITIES
from tests.session.support import MODERN, by_hand, calls, served, stamped

DONE = {"content": [], "resultType": "complete"}


async def declared(revision: str, **callbacks: Any) -> dict[str, Any]:
    """What a client with these callbacks says that it can do, in the handshake or with a request."""
    async with by_hand(revision=revision, **callbacks) as (client, peer):
        if revision != MODERN:
            return dict(peer.heard[0]["params"]["capabilities"])

        async def play() -> Any:
            request = await peer.take()
            peer.answer(request, DONE)
            return request["params"]["_meta"][CAPABILITIES]

        return dict((await calls(play, lambda: client.call_tool("t")))[0])


async def ask_client(revision: str, method: str, params: dict[str, Any] | None, **callbacks: Any) -> dict[str, Any]:
    """What a client answers: the result or the error; in the modern era, an error is the call's own."""
    async with by_hand(revision=revision, **callbacks) as (client, peer):
        if revision != MODERN:
            return dict(await peer.ask(1, method, params))
        question = {"method": method, **({} if params is None else {"params": params})}

        async def play() -> Any:
            needed = {"resultType": "input_required", "inputRequests": {"q": question}}
            peer.answer(await peer.take(), needed)
            again = await peer.take()
            peer.answer(again, DONE)
            return {"result": again["params"]["inputResponses"]["q"]}

        async def call() -> Any:
            try:
                await client.call_tool("t")
            except Exception:
                await client.aclose()
                raise

        played, called = await calls(play, call)
        if isinstance(called, RemoteError):
            return {"error": {"code": called.code, "message": called.message}}
        if isinstance(called, Exception):
            raise called
        return dict(played)


async def ask_server(revision: str, tool: Any, **capabilities: Any) -> tuple[dict[str, Any], list[Any]]:
    """What a tool asks of a client that can do this, and all that was sent."""
    server = MCPServer("x", show_errors=True)
    server.tool(name="t")(tool)
    async with served(server) as peer:
        if revision != MODERN:
            await peer.initialize(revision, **capabilities)
            peer.request(1, "tools/call", {"name": "t"})
            question = await peer.take()
            return (question.get("params", {}) if "method" in question else {}), peer.heard
        reply = await peer.ask(1, "tools/call", stamped(name="t", _meta={CAPABILITIES: capabilities}))
        requests = reply.get("result", {}).get("inputRequests", {})
        return (next(iter(requests.values()))["params"] if requests else {}), [reply]
