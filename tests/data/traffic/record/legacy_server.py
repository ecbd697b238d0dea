"""Server on the Python SDK 1.x, one of the four legacy revisions: python legacy_server.py REVISION

It offers only what REVISION has. The client starts it through tee.py; see record.py.
"""

import contextlib
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import mcp.types as t
from mcp.server.lowlevel import NotificationOptions, Server
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.session import ServerSession
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import McpError, UrlElicitationRequiredError

REVISION = sys.argv[1]
SAMPLES: dict[str, Any] = json.loads(Path(__file__).with_name("samples.json").read_text())
README_URI, PIXEL, SILENCE = SAMPLES["readmeUri"], SAMPLES["pixel"], SAMPLES["silence"]
ICON = t.Icon(src="https://example.com/icon.png", mimeType="image/png", sizes=["48x48"])


def since(revision: str, **fields: Any) -> dict[str, Any]:
    """The fields, if the revision spoken has them."""
    return fields if revision <= REVISION else {}


server: Server = Server(
    "legacy-server",
    version="1.2.3",
    instructions="Call echo first.",
    **since("2025-11-25", website_url="https://example.com/", icons=[ICON]),
)
Handler = Callable[[dict[str, Any]], Awaitable[Any]]
TOOLS: dict[str, t.Tool] = {}
HANDLERS: dict[str, Handler] = {}


def tool(name: str, description: str, first: str = "2024-11-05", **fields: Any) -> Callable[[Handler], Handler]:
    """Offer a handler as a tool from the revision `first` on."""

    def register(handler: Handler) -> Handler:
        fields.setdefault("inputSchema", {"type": "object"})
        if first <= REVISION:
            TOOLS[name] = t.Tool(name=name, description=description, **fields)
            HANDLERS[name] = handler
        return handler

    return register


def text(value: str, **fields: Any) -> t.TextContent:
    return t.TextContent(type="text", text=value, **fields)


def session() -> ServerSession:
    return server.request_context.session


@tool(
    "echo",
    "Say it again",
    inputSchema=SAMPLES["echoSchema"],
    **since("2025-03-26", annotations=t.ToolAnnotations(title="Echo", readOnlyHint=True, idempotentHint=True)),
    **since("2025-06-18", title="Echo", _meta={"example.com/rank": 1}),
    **since("2025-11-25", icons=[ICON]),
)
async def echo(arguments: dict[str, Any]) -> Any:
    return t.CallToolResult(content=[text(arguments["text"])], _meta={"example.com/seen": arguments.get("extra")})


@tool("gallery", "One content of each type")
async def gallery(_: dict[str, Any]) -> Any:
    note = t.TextResourceContents(uri=README_URI, mimeType="text/markdown", text="# Hi\n")
    content: list[t.ContentBlock] = [
        text(SAMPLES["trickyText"], annotations=t.Annotations(audience=["user"], priority=0.5)),
        t.ImageContent(type="image", data=PIXEL, mimeType="image/png"),
        t.EmbeddedResource(type="resource", resource=note, annotations=t.Annotations(audience=["assistant"])),
    ]
    if REVISION >= "2025-03-26":
        content.append(t.AudioContent(type="audio", data=SILENCE, mimeType="audio/wav"))
    if REVISION >= "2025-06-18":
        content.append(t.ResourceLink(type="resource_link", name="readme", uri=README_URI, size=5))
    return content


@tool("weather", "Structured output", "2025-06-18", outputSchema=SAMPLES["weatherSchema"])
async def weather(_: dict[str, Any]) -> Any:
    return {"celsius": -3.5, "sunny": False}


@tool("fail", "Always an error")
async def fail(_: dict[str, Any]) -> Any:
    raise ValueError("this tool always fails")


@tool("count", "Reports progress and logs", inputSchema=SAMPLES["countSchema"])
async def count(arguments: dict[str, Any]) -> Any:
    token = server.request_context.meta and server.request_context.meta.progressToken
    for i in range(1, arguments["to"] + 1):
        if token is not None:
            fields = since("2025-03-26", message=f"step {i}")
            await session().send_progress_notification(token, i / 2, total=arguments["to"] / 2, **fields)
        await session().send_log_message("info", {"step": i, "done": i == arguments["to"]}, logger="count")
    await session().send_log_message("warning", "no more steps")
    return [text("counted")]


@tool("sleep", "Runs until it is cancelled")
async def sleep(_: dict[str, Any]) -> Any:
    await anyio.sleep_forever()


@tool("ask_model", "Samples, with progress from the client")
async def ask_model(_: dict[str, Any]) -> Any:
    async def ignore(progress: float, total: float | None, message: str | None) -> None:
        return None

    params = t.CreateMessageRequestParams(
        messages=[
            t.SamplingMessage(role="user", content=text("What is in this picture?")),
            t.SamplingMessage(role="user", content=t.ImageContent(type="image", data=PIXEL, mimeType="image/png")),
        ],
        systemPrompt="Be brief.",
        includeContext="none",
        temperature=0.25,
        maxTokens=64,
        stopSequences=["\n\n"],
        metadata={"trace": "abc"},
        modelPreferences=t.ModelPreferences(
            hints=[t.ModelHint(name="small")], costPriority=1, speedPriority=0.5, intelligencePriority=0
        ),
    )
    request = t.ServerRequest(t.CreateMessageRequest(params=params))
    answer = await session().send_request(request, t.CreateMessageResult, progress_callback=ignore)
    return [answer.content]


@tool("ask_model_with_tools", "Samples with tools, in two rounds", "2025-11-25")
async def ask_model_with_tools(_: dict[str, Any]) -> Any:
    messages = [t.SamplingMessage(role="user", content=text("How warm is it?"))]
    options: dict[str, Any] = {"max_tokens": 64, "tools": [TOOLS["weather"]]}
    wish = await session().create_message(messages, **options, tool_choice=t.ToolChoice(mode="required"))
    results = [
        t.ToolResultContent(type="tool_result", toolUseId=use.id, content=[text("-3.5")], isError=False)
        for use in wish.content_as_list
    ]
    messages += [
        t.SamplingMessage(role="assistant", content=wish.content),
        t.SamplingMessage(role="user", content=results),
    ]
    answer = await session().create_message(messages, **options)
    return answer.content_as_list


@tool("ask_model_later", "Samples as a task of the client", "2025-11-25")
async def ask_model_later(_: dict[str, Any]) -> Any:
    messages = [t.SamplingMessage(role="user", content=text("Take your time."))]
    answer = await session().experimental.create_message_as_task(messages, max_tokens=8, ttl=60_000)
    listed = await session().send_request(t.ServerRequest(t.ListTasksRequest()), t.ListTasksResult)
    params = t.CancelTaskRequestParams(taskId=listed.tasks[0].taskId)
    with contextlib.suppress(McpError):  # it is over already
        await session().send_request(t.ServerRequest(t.CancelTaskRequest(params=params)), t.CancelTaskResult)
    return [answer.content]


@tool("where", "Asks for the roots")
async def where(_: dict[str, Any]) -> Any:
    roots = await session().list_roots()
    await session().send_ping()
    return [text(", ".join(str(root.uri) for root in roots.roots))]


@tool("ask_user", "Asks for a form", "2025-06-18")
async def ask_user(arguments: dict[str, Any]) -> Any:
    form = SAMPLES["form"]
    properties = form["properties"] | since("2025-11-25", **SAMPLES["newerFormProperties"])
    answer = await session().elicit_form(arguments["message"], form | {"properties": properties})
    return [text(f"{answer.action}: {sorted(answer.content or {})}")]


@tool("visit", "Sends the user to a page", "2025-11-25")
async def visit(_: dict[str, Any]) -> Any:
    answer = await session().elicit_url("Please sign in", "https://example.com/sign-in?n=1", "visit-1")
    await session().send_elicit_complete("visit-1")
    return [text(answer.action)]


@tool("locked", "Refuses until the user went to a page", "2025-11-25")
async def locked(_: dict[str, Any]) -> Any:
    url = "https://example.com/unlock"
    raise UrlElicitationRequiredError(
        [t.ElicitRequestURLParams(mode="url", message="Please unlock", url=url, elicitationId="unlock-1")]
    )


@tool("long", "Runs as a task", "2025-11-25", execution=t.ToolExecution(taskSupport="required"))
async def long(arguments: dict[str, Any]) -> Any:
    context = server.request_context.experimental
    context.validate_for_tool(TOOLS["long"])

    async def work(task: Any) -> t.CallToolResult:
        await task.update_status("half way")
        if arguments.get("hang"):
            await anyio.sleep_forever()
        answer = await task.elicit("Go on?", {"type": "object", "properties": {"go": {"type": "boolean"}}})
        return t.CallToolResult(content=[text(answer.action)])

    return await context.run_task(work, model_immediate_response="Working on it.")


@tool("touch", "Announces that everything changed")
async def touch(_: dict[str, Any]) -> Any:
    await session().send_tool_list_changed()
    await session().send_prompt_list_changed()
    await session().send_resource_list_changed()
    await session().send_resource_updated(README_URI)
    return []


@server.list_tools()
async def list_tools() -> list[t.Tool]:
    return list(TOOLS.values())


@server.call_tool()
async def call_tool(name: str, arguments: dict[str, Any]) -> Any:
    return await HANDLERS[name](arguments)


RESOURCES = [
    t.Resource(
        uri=README_URI,
        name="readme",
        description="Read me first",
        mimeType="text/markdown",
        annotations=t.Annotations(audience=["user", "assistant"], priority=1),
        **since("2025-03-26", size=5),
        **since("2025-06-18", title="Read me", _meta={"example.com/rank": 1}),
    ),
    t.Resource(uri="file:///workspace/pixel.png", name="pixel", mimeType="image/png"),
]


@server.list_resources()
async def list_resources(request: t.ListResourcesRequest) -> t.ListResourcesResult:
    if request.params and request.params.cursor:
        return t.ListResourcesResult(resources=RESOURCES[1:])
    return t.ListResourcesResult(resources=RESOURCES[:1], nextCursor="page:2")


@server.list_resource_templates()
async def list_resource_templates() -> list[t.ResourceTemplate]:
    return [t.ResourceTemplate(uriTemplate="file:///workspace/{path}", name="file", description="Any file")]


@server.read_resource()
async def read_resource(uri: Any) -> list[ReadResourceContents]:
    if str(uri) == README_URI:
        return [ReadResourceContents(content="# Hi\n", mime_type="text/markdown")]
    if str(uri).endswith("pixel.png"):
        return [ReadResourceContents(content=b"\x89PNG\r\n", mime_type="image/png")]
    raise McpError(t.ErrorData(code=-32002, message="Resource not found", data={"uri": str(uri)}))


@server.subscribe_resource()
async def subscribe(uri: Any) -> None:
    await session().send_resource_updated(uri)


@server.unsubscribe_resource()
async def unsubscribe(uri: Any) -> None:
    return None


@server.list_prompts()
async def list_prompts() -> list[t.Prompt]:
    arguments = [
        t.PromptArgument(name="city", description="Which city", required=True),
        t.PromptArgument(name="style"),
    ]
    return [
        t.Prompt(name="trip", description="Plan a trip", arguments=arguments, **since("2025-06-18", title="Trip")),
        t.Prompt(name="plain"),
    ]


@server.get_prompt()
async def get_prompt(name: str, arguments: dict[str, str] | None) -> t.GetPromptResult:
    if name != "trip":
        raise McpError(t.ErrorData(code=t.INVALID_PARAMS, message=f"Unknown prompt: {name}"))
    note = t.TextResourceContents(uri=README_URI, text="# Hi\n")
    return t.GetPromptResult(
        description="A trip",
        messages=[
            t.PromptMessage(role="user", content=text(f"Plan a trip to {(arguments or {})['city']}.")),
            t.PromptMessage(role="user", content=t.EmbeddedResource(type="resource", resource=note)),
            t.PromptMessage(role="assistant", content=t.ImageContent(type="image", data=PIXEL, mimeType="image/png")),
        ],
    )


@server.completion()
async def complete(ref: Any, argument: t.CompletionArgument, context: Any) -> t.Completion:
    values = [city for city in ("Paris", "Parma", "Prague") if city.startswith(argument.value)]
    return t.Completion(values=values, total=len(values), hasMore=False)


@server.set_logging_level()
async def set_level(level: t.LoggingLevel) -> None:
    await session().send_log_message(level, f"level is {level}")


class CountingSession(ServerSession):
    """Counts its own requests from 1000, so that an id alone tells which side asked."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._request_id = 1000


async def main() -> None:
    if REVISION >= "2025-11-25":
        server.experimental.enable_tasks()
    changed = NotificationOptions(prompts_changed=True, resources_changed=True, tools_changed=True)
    options = server.create_initialization_options(changed)
    options.capabilities.resources.subscribe = True
    if REVISION < "2025-03-26":
        options.capabilities.completions = None
    async with stdio_server() as (read, write):
        await server.run(read, write, options)


if __name__ == "__main__":
    import mcp.server.lowlevel.server as lowlevel

    lowlevel.ServerSession = CountingSession
    anyio.run(main)
