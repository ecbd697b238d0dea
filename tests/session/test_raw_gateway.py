"""A gateway: a raw server in front of a raw client, between a client and a server that notice nothing of it."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from msgspec import Raw

from mcpstruct import Client, RawClient, RawServer
from mcpstruct.base.errors import RemoteError
from mcpstruct.server import Context
from mcpstruct.session.loop import current_loop
from mcpstruct.transport.pair import transport_pair
from mcpstruct_bindings.merged import types as t
from tests.session.support import MODERN, NEWEST_LEGACY, SOON, calculator

pytestmark = pytest.mark.anyio
both_eras = pytest.mark.parametrize("revision", [NEWEST_LEGACY, MODERN])
INFO = t.Implementation(name="gateway", version="1")


def talkative() -> Any:
    server = calculator()

    @server.tool()
    async def work(ctx: Context[Any]) -> str:
        await ctx.report_progress(1, 2, "half")
        await ctx.warning("nearly")
        return "done"

    @server.tool()
    async def ask(ctx: Context[Any]) -> str:
        answer = await ctx.elicit("Who?", {"type": "object", "properties": {"name": {"type": "string"}}})
        return str(answer.data)

    return server


@asynccontextmanager
async def through(server: Any, revision: str) -> AsyncIterator[RawServer]:
    """A gateway to a server, as a server."""
    capabilities = t.ClientCapabilities(elicitation=t.ClientCapabilitiesElicitation(form={}))
    async with RawClient(server, revisions=revision, capabilities=capabilities) as upstream:

        async def forward(method: str, params: Raw, client: Any) -> Raw:
            return await upstream.request(method, params, timeout=None)

        gateway = RawServer(
            forward,
            info=upstream.server_info or INFO,
            capabilities=upstream.capabilities,
            instructions=upstream.instructions,
            revisions=upstream.protocol_version,
            on_notification=lambda method, params, client: upstream.notify(method, params),
        )
        upstream.on_notification = gateway.notify
        upstream.on_request = lambda method, params: gateway.clients[0].request(method, params, timeout=None)
        yield gateway


async def conversation(target: Any, revision: str) -> list[Any]:
    """What a client gets to see of a server."""
    seen: list[Any] = []
    options: dict[str, Any] = {
        "revisions": revision,
        "on_log": lambda params: seen.append(params.data),
        "on_elicitation": lambda params: {"name": "Ada"},
    }
    async with Client(target, **options) as client:
        seen += [client.server_info, client.capabilities]
        seen += [tool async for tool in client.tools()]
        seen.append(await client.call_tool("add", {"a": 1, "b": 2}))
        seen.append(await client.call_tool("work", on_progress=lambda *report: seen.append(report)))
        seen.append(await client.call_tool("ask"))
        seen.append(await client.call_tool("add", {"a": "x"}))
        for wrong in (lambda: client.get_prompt("greet", {"x": "y"}), lambda: client.read_resource("data://none")):
            with pytest.raises(RemoteError) as caught:
                await wrong()
            seen.append((caught.value.code, caught.value.message, caught.value.data))
    return seen


@both_eras
async def test_a_gateway_is_not_noticed(revision: str) -> None:
    direct = await conversation(talkative(), revision)
    async with through(talkative(), revision) as gateway:
        assert await conversation(gateway, revision) == direct
    assert len(direct) > 10


@both_eras
async def test_the_gateway_of_the_guide(revision: str) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "sessions.md").read_text("utf-8")
    (code,) = [block for block in re.findall(r"```python\n(.*?)```", guide, re.DOTALL) if "RawServer(" in block]
    namespace: dict[str, Any] = {}
    exec(code, namespace)  # noqa: S102 - our own
    near, far = transport_pair()
    ended = current_loop().future()

    async def run() -> None:
        await namespace["gateway"](pinned(talkative(), revision), near)
        ended.set_result(None)

    current_loop().spawn(run)
    async with Client(far, revisions=revision) as client:
        assert (await client.call_tool("add", {"a": 1, "b": 2}, into=int)) == 3
        assert [tool.name async for tool in client.tools()] == ["add", "work", "ask"]
    with anyio.fail_after(SOON):
        await ended


def pinned(server: Any, revision: str) -> Any:
    server.revisions = (revision,)
    return server


async def test_a_typed_server_next_door_is_read_raw() -> None:
    async with RawClient(calculator(), revisions=NEWEST_LEGACY) as client:
        result = json.loads(bytes(await client.request("tools/call", {"name": "add", "arguments": {"a": 1, "b": 2}})))
        assert result["structuredContent"] == {"result": 3}
        with pytest.raises(RemoteError) as caught:
            await client.request("resources/read", {"uri": "data://none"})
        assert bytes(caught.value.data) == b'{"uri":"data://none"}'
