"""A client written with mcp 1.30.0: `mcp1_client.py COMMAND ARGS…` (or a URL, and a file that the server's
stderr goes to) prints a JSON line for each thing it saw."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import anyio
from mcp import ClientSession, StdioServerParameters, types
from mcp.client.sse import sse_client
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import McpError
from pydantic import AnyUrl

command, *arguments = sys.argv[1:]
REMOTE = command.startswith("http")
err, into = os.pipe()
changes: list[str] = []
both_changed = anyio.Event()


def saw(what: str, value: Any) -> None:
    print(json.dumps({what: value}), flush=True)


async def sample(context: Any, params: types.CreateMessageRequestParams) -> types.CreateMessageResult:
    saw("sampling", [params.maxTokens, params.systemPrompt])
    said = types.TextContent(type="text", text="because")
    return types.CreateMessageResult(role="assistant", content=said, model="oracle", stopReason="endTurn")


async def elicit(context: Any, params: types.ElicitRequestParams) -> types.ElicitResult:
    saw("elicitation", [params.message, params.requestedSchema["required"]])
    return types.ElicitResult(action="accept", content={"size": "large", "spicy": True})


async def roots(context: Any) -> types.ListRootsResult:
    return types.ListRootsResult(roots=[types.Root(uri="file:///data/ada", name="home")])


async def log(params: types.LoggingMessageNotificationParams) -> None:
    saw("log", [params.level, params.data])


async def message(message: Any) -> None:
    if isinstance(message, Exception):
        saw("broken", repr(message))
    elif isinstance(message, types.ServerNotification) and message.root.method.endswith(("changed", "updated")):
        changes.append(message.root.method)
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


async def lists(session: ClientSession) -> None:
    for what, items in (
        ("tools", "tools"),
        ("resources", "resources"),
        ("resource_templates", "resourceTemplates"),
        ("prompts", "prompts"),
    ):
        names: list[str] = []
        pages, cursor = 0, None
        while pages == 0 or cursor is not None:
            params = types.PaginatedRequestParams(cursor=cursor)
            page = await getattr(session, f"list_{what}")(params=params)
            names += [item.name for item in getattr(page, items)]
            pages, cursor = pages + 1, page.nextCursor
        saw(what, [pages, names])


async def tools(session: ClientSession) -> None:
    added = await session.call_tool("add", {"terms": [1, 2, 3]})
    saw("add", added.structuredContent)
    saw("wrong", (await session.call_tool("add", {"terms": "many"})).isError)
    saw("count", text(await session.call_tool("count", {"to": 3}, progress_callback=progress)))
    saw("work", text(await session.call_tool("work", {"steps": 2}, progress_callback=progress)))
    for name in ("think", "where", "ask", "interview"):
        saw(name, text(await session.call_tool(name)))
    for name in ("fail", "crash"):
        failed = await session.call_tool(name)
        saw(name, [failed.isError, text(failed)])
    saw("text", len(text(await session.call_tool("text", {"size": 2_000_000}))))
    (picture,) = (await session.call_tool("picture")).content
    saw("picture", [picture.type, picture.mimeType])
    try:
        await session.call_tool("nothing")
    except McpError as error:
        saw("no tool", error.error.code)
    async with anyio.create_task_group() as tasks:
        request_id = session._request_id  # this client does not tell when it stops waiting
        tasks.start_soon(session.call_tool, "hang")
        await stderr_says("hanging")
        params = types.CancelledNotificationParams(requestId=request_id)
        await session.send_notification(types.ClientNotification(types.CancelledNotification(params=params)))
        tasks.cancel_scope.cancel()
    await stderr_says("stopped")
    saw("cancelled", True)


async def rest(session: ClientSession) -> None:
    for uri in ("ours://motd", "ours://greeting/Ada"):
        saw(uri, (await session.read_resource(AnyUrl(uri))).contents[0].text)
    saw("ours://bytes", len((await session.read_resource(AnyUrl("ours://bytes"))).contents[0].blob))
    try:
        await session.read_resource(AnyUrl("ours://nothing"))
    except McpError as error:
        saw("no resource", error.error.code)
    said = await session.get_prompt("haggle", {"item": "gourd"})
    saw("haggle", [[message.role, message.content.text] for message in said.messages])
    try:
        await session.get_prompt("haggle", {})
    except McpError as error:
        saw("no argument", error.error.code)
    for ref in (
        types.PromptReference(type="ref/prompt", name="haggle"),
        types.ResourceTemplateReference(type="ref/resource", uri="ours://greeting/{name}"),
    ):
        name = "item" if ref.type == "ref/prompt" else "name"
        found = await session.complete(ref, {"name": name, "value": "a"})
        saw("completion", found.completion.values)


async def changing(session: ClientSession) -> None:
    await session.send_ping()
    await session.subscribe_resource(AnyUrl("ours://motd"))
    await session.call_tool("change")
    with anyio.fail_after(5):
        await both_changed.wait()
    saw("changes", sorted(changes))
    await session.unsubscribe_resource(AnyUrl("ours://motd"))


async def main() -> None:
    if REMOTE:
        connection = sse_client(command) if command.endswith("/sse") else streamable_http_client(command)
    else:
        parameters = StdioServerParameters(command=command, args=arguments)
        connection = stdio_client(parameters, errlog=os.fdopen(into, "w"))
    async with (
        connection as streams,
        ClientSession(
            *streams[:2],
            sampling_callback=sample,
            elicitation_callback=elicit,
            list_roots_callback=roots,
            logging_callback=log,
            message_handler=message,
        ) as session,
    ):
        opened = await session.initialize()
        saw("server", [opened.protocolVersion, opened.serverInfo.name, opened.instructions])
        await session.set_logging_level("info")
        for part in (lists, tools, rest, changing):
            await part(session)
    saw("closed", True)


anyio.run(main)
