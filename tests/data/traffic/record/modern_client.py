"""Client on the Python SDK 2.x, revision 2026-07-28: python modern_client.py COMMAND [ARG...]

It starts COMMAND (a server behind tee.py) and walks through what the revision has.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import mcp_types as t
from mcp import Client, MCPError, StdioServerParameters

REVISION = "2026-07-28"
README_URI = "file:///workspace/README.md"


async def on_roots(context: Any) -> t.ListRootsResult:
    return t.ListRootsResult(roots=[t.Root(uri="file:///workspace", name="workspace")])


async def on_sampling(context: Any, params: t.CreateMessageRequestParams) -> t.CreateMessageResult:
    answer = t.TextContent(text="Cold.")
    return t.CreateMessageResult(role="assistant", content=answer, model="tiny-1", stop_reason="endTurn")


async def on_elicitation(context: Any, params: Any) -> t.ElicitResult:
    if params.message in ("decline", "cancel"):
        return t.ElicitResult(action=params.message)
    if params.mode == "url":
        return t.ElicitResult(action="accept")
    return t.ElicitResult(action="accept", content={"name": "Ada", "age": 36, "ok": True, "tags": ["a", "b"]})


@asynccontextmanager
async def expect_error() -> AsyncIterator[None]:
    try:
        yield
    except MCPError:
        return
    raise AssertionError("the server should have refused")


async def tools(client: Client) -> None:
    await client.list_tools()
    extra = {"big": 2**53 + 1, "small": 1e-7, "list": [1, "two", []]}
    await client.call_tool("echo", {"text": "hi", "extra": extra})
    for name in ("gallery", "weather", "numbers", "fail"):
        await client.call_tool(name)
    async with expect_error():
        await client.call_tool("unknown_tool", {})
    with anyio.move_on_after(0.2):
        await client.call_tool("sleep")

    async def ignore(progress: float, total: float | None, message: str | None) -> None:
        return None

    await client.call_tool("count", {"to": 2}, progress_callback=ignore)
    meta: Any = {
        "io.modelcontextprotocol/logLevel": "error",
        "progressToken": "count-1",
        "example.com/trace": "abc",
    }
    await client.call_tool("count", {"to": 1}, meta=meta)


async def input_required(client: Client) -> None:
    await client.call_tool("ask_all")
    for message in ("accept", "decline", "cancel"):
        await client.call_tool("ask_user", {"message": message})


async def resources(client: Client) -> None:
    page = await client.list_resources()
    await client.list_resources(cursor=page.next_cursor)
    await client.list_resource_templates()
    await client.read_resource(README_URI)
    await client.read_resource("file:///workspace/pixel.png")
    await client.read_resource("file:///workspace/guarded.md")
    async with expect_error():
        await client.read_resource("file:///workspace/none")


async def prompts(client: Client) -> None:
    await client.list_prompts()
    await client.get_prompt("trip", {"city": "Paris"})
    async with expect_error():
        await client.get_prompt("none")
    prompt = t.PromptReference(name="trip")
    await client.complete(prompt, {"name": "city", "value": "Pa"})
    template = t.ResourceTemplateReference(uri="file:///workspace/{path}")
    await client.complete(template, {"name": "path", "value": "P"}, context_arguments={"style": "slow"})


async def subscriptions(client: Client) -> None:
    everything: dict[str, Any] = {
        "tools_list_changed": True,
        "prompts_list_changed": True,
        "resources_list_changed": True,
        "resource_subscriptions": [README_URI],
    }
    async with client.listen(**everything) as events, client.listen(prompts_list_changed=True):
        await client.call_tool("touch")
        for _ in range(4):
            await anext(events)
    async with client.listen(resource_subscriptions=[README_URI]) as events:
        await client.call_tool("hang_up")
        async for _ in events:
            pass


async def refusals(client: Client) -> None:
    """Requests that the typed client does not send: past its stamping, through its dispatcher."""
    send = client.session._dispatcher.send_raw_request
    meta = {
        "io.modelcontextprotocol/protocolVersion": REVISION,
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    asked = {"name": "ask_user", "arguments": {"message": "?"}}
    async with expect_error():
        await send("tools/call", {**asked, "_meta": meta})
    async with expect_error():
        await send("tools/list", {"_meta": meta | {"io.modelcontextprotocol/protocolVersion": "2099-01-01"}})
    async with expect_error():
        await send("tools/explode", {"_meta": meta, "now": True})


async def main() -> None:
    client = Client(
        StdioServerParameters(command=sys.argv[1], args=sys.argv[2:]),
        client_info=t.Implementation(name="modern-client", version="0.9.0", title="Modern client"),
        sampling_callback=on_sampling,
        sampling_capabilities=t.SamplingCapability(tools=t.SamplingToolsCapability()),
        elicitation_callback=on_elicitation,
        list_roots_callback=on_roots,
        log_level="info",
        cache=None,
    )
    with anyio.fail_after(60):
        async with client:
            assert client.protocol_version == REVISION, client.protocol_version
            await tools(client)
            await input_required(client)
            await resources(client)
            await prompts(client)
            await subscriptions(client)
            await refusals(client)


if __name__ == "__main__":
    anyio.run(main)
