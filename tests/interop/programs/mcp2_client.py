"""A client written with mcp 2.3.0: `mcp2_client.py MODE COMMAND ARGS…` (or a URL, and a file that the server's
stderr goes to) prints a JSON line for each thing it saw."""

from __future__ import annotations

import json
import os
import sys
import warnings
from typing import Any

import anyio
import mcp_types as types
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.shared.exceptions import MCPError

warnings.simplefilter("ignore")
mode, command, *arguments = sys.argv[1:]
REMOTE = command.startswith("http")
err, into = os.pipe()
changes: list[str] = []
both_changed = anyio.Event()


def saw(what: str, value: Any) -> None:
    print(json.dumps({what: value}), flush=True)


async def sample(context: Any, params: types.CreateMessageRequestParams) -> types.CreateMessageResult:
    saw("sampling", [params.max_tokens, params.system_prompt])
    said = types.TextContent(type="text", text="because")
    return types.CreateMessageResult(role="assistant", content=said, model="oracle", stop_reason="endTurn")


async def elicit(context: Any, params: types.ElicitRequestParams) -> types.ElicitResult:
    saw("elicitation", [params.message, params.requested_schema["required"]])
    return types.ElicitResult(action="accept", content={"size": "large", "spicy": True})


async def roots(context: Any) -> types.ListRootsResult:
    return types.ListRootsResult(roots=[types.Root(uri="file:///data/ada", name="home")])


async def log(params: types.LoggingMessageNotificationParams) -> None:
    saw("log", [params.level, params.data])


async def message(message: Any) -> None:
    if isinstance(message, Exception):
        saw("broken", repr(message))
    elif message.method.endswith(("changed", "updated")):
        changes.append(message.method)
        if len(changes) == 2:
            both_changed.set()


async def progress(done: float, total: float | None, message: str | None) -> None:
    saw("progress", [done, total, message])


def text(result: types.CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if block.type == "text")


async def stderr_says(word: str) -> None:
    with anyio.fail_after(10):
        seen = b""
        while word.encode() not in seen:
            if REMOTE:
                await anyio.sleep(0.01)
                seen = await anyio.Path(arguments[0]).read_bytes()
            else:
                await anyio.wait_readable(err)
                seen += os.read(err, 65536)


async def lists(client: Client) -> None:
    for what in ("tools", "resources", "resource_templates", "prompts"):
        names: list[str] = []
        pages, cursor = 0, None
        while pages == 0 or cursor is not None:
            page = await getattr(client, f"list_{what}")(cursor=cursor)
            names += [item.name for item in getattr(page, what)]
            pages, cursor = pages + 1, page.next_cursor
        saw(what, [pages, names])


async def tools(client: Client) -> None:
    added = await client.call_tool("add", {"terms": [1, 2, 3]})
    saw("add", added.structured_content)
    saw("wrong", (await client.call_tool("add", {"terms": "many"})).is_error)
    saw("count", text(await client.call_tool("count", {"to": 3}, progress_callback=progress)))
    saw("work", text(await client.call_tool("work", {"steps": 2}, progress_callback=progress)))
    for name in ("think", "where", "ask", "interview"):
        saw(name, text(await client.call_tool(name)))
    for name in ("fail", "crash"):
        failed = await client.call_tool(name)
        saw(name, [failed.is_error, text(failed)])
    saw("text", len(text(await client.call_tool("text", {"size": 2_000_000}))))
    (picture,) = (await client.call_tool("picture")).content
    saw("picture", [picture.type, picture.mime_type])
    try:
        await client.call_tool("nothing")
    except MCPError as error:
        saw("no tool", error.code)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(client.call_tool, "hang")
        await stderr_says("hanging")
        tasks.cancel_scope.cancel()
    await stderr_says("stopped")
    saw("cancelled", True)


async def rest(client: Client) -> None:
    for uri in ("ours://motd", "ours://greeting/Ada"):
        saw(uri, (await client.read_resource(uri)).contents[0].text)
    saw("ours://bytes", len((await client.read_resource("ours://bytes")).contents[0].blob))
    try:
        await client.read_resource("ours://nothing")
    except MCPError as error:
        saw("no resource", error.code)
    said = await client.get_prompt("haggle", {"item": "gourd"})
    saw("haggle", [[message.role, message.content.text] for message in said.messages])
    try:
        await client.get_prompt("haggle", {})
    except MCPError as error:
        saw("no argument", error.code)
    for ref in (
        types.PromptReference(type="ref/prompt", name="haggle"),
        types.ResourceTemplateReference(type="ref/resource", uri="ours://greeting/{name}"),
    ):
        name = "item" if ref.type == "ref/prompt" else "name"
        found = await client.complete(ref, {"name": name, "value": "a"})
        saw("completion", found.completion.values)


async def changing(client: Client) -> None:
    if client.protocol_version >= "2026":
        async with client.listen(tools_list_changed=True, resource_subscriptions=["ours://motd"]) as stream:
            await client.call_tool("change")
            events = [await anext(stream), await anext(stream)]
        saw("changes", sorted(type(event).__name__ for event in events))
        return
    await client.send_ping()
    await client.subscribe_resource("ours://motd")
    await client.call_tool("change")
    with anyio.fail_after(5):
        await both_changed.wait()
    saw("changes", sorted(changes))
    await client.unsubscribe_resource("ours://motd")


async def main() -> None:
    parameters = StdioServerParameters(command=command, args=arguments)
    server = command if REMOTE else stdio_client(parameters, errlog=os.fdopen(into, "w"))
    async with Client(
        server,
        mode=mode,
        sampling_callback=sample,
        elicitation_callback=elicit,
        list_roots_callback=roots,
        logging_callback=log,
        message_handler=message,
        log_level="info",
        cache=None,
    ) as client:
        saw("server", [client.protocol_version, client.server_info and client.server_info.name, client.instructions])
        if client.protocol_version < "2026":
            await client.set_logging_level("info")
        for part in (lists, tools, rest, changing):
            await part(client)
    saw("closed", True)


anyio.run(main)
