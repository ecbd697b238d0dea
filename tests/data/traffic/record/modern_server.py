"""Server on the Python SDK 2.x, revision 2026-07-28: python modern_server.py

The client starts it through tee.py; see record.py.
"""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import mcp_types as t
from mcp import MCPError
from mcp.server import Server, ServerRequestContext
from mcp.server.caching import CacheHint
from mcp.server.stdio import stdio_server
from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    ListenHandler,
    PromptsListChanged,
    ResourcesListChanged,
    ResourceUpdated,
    ToolsListChanged,
)

SAMPLES: dict[str, Any] = json.loads(Path(__file__).with_name("samples.json").read_text())
README_URI, PIXEL, SILENCE = SAMPLES["readmeUri"], SAMPLES["pixel"], SAMPLES["silence"]
ICON = t.Icon(src="https://example.com/icon.png", mime_type="image/png", sizes=["48x48"], theme="light")

Context = ServerRequestContext[Any, Any]
Handler = Callable[[Context, t.CallToolRequestParams], Awaitable[Any]]
TOOLS: dict[str, t.Tool] = {}
HANDLERS: dict[str, Handler] = {}
bus = InMemorySubscriptionBus()
listen = ListenHandler(bus)


def tool(name: str, description: str, **fields: Any) -> Callable[[Handler], Handler]:
    """Offer a handler as a tool."""

    def register(handler: Handler) -> Handler:
        fields.setdefault("input_schema", {"type": "object"})
        TOOLS[name] = t.Tool(name=name, description=description, **fields)
        HANDLERS[name] = handler
        return handler

    return register


def text(value: str, **fields: Any) -> t.TextContent:
    return t.TextContent(text=value, **fields)


def said(value: str) -> t.CallToolResult:
    return t.CallToolResult(content=[text(value)])


def ask(state: str | None, **requests: t.InputRequest) -> t.InputRequiredResult:
    return t.InputRequiredResult(input_requests=requests or None, request_state=state)


@tool(
    "echo",
    "Say it again",
    title="Echo",
    icons=[ICON],
    input_schema=SAMPLES["echoSchema"],
    annotations=t.ToolAnnotations(title="Echo", read_only_hint=True, open_world_hint=False),
    _meta={"example.com/rank": 1},
)
async def echo(context: Context, params: t.CallToolRequestParams) -> Any:
    arguments = params.arguments or {}
    seen = {"example.com/seen": arguments.get("extra")}
    return t.CallToolResult(content=[text(arguments["text"])], _meta=seen)


@tool("gallery", "One content of each type")
async def gallery(context: Context, params: t.CallToolRequestParams) -> Any:
    note = t.TextResourceContents(uri=README_URI, mime_type="text/markdown", text="# Hi\n")
    return t.CallToolResult(
        content=[
            text(SAMPLES["trickyText"], annotations=t.Annotations(audience=["user"], priority=0.5)),
            t.ImageContent(data=PIXEL, mime_type="image/png"),
            t.AudioContent(data=SILENCE, mime_type="audio/wav"),
            t.EmbeddedResource(resource=note, annotations=t.Annotations(last_modified="2026-07-28T00:00:00Z")),
            t.ResourceLink(name="readme", uri=README_URI, size=5),
        ]
    )


@tool("weather", "Structured output", output_schema=SAMPLES["weatherSchema"])
async def weather(context: Context, params: t.CallToolRequestParams) -> Any:
    return t.CallToolResult(content=[], structured_content={"celsius": -3.5, "sunny": False})


@tool("numbers", "Structured output that is no object", output_schema={"type": "array"})
async def numbers(context: Context, params: t.CallToolRequestParams) -> Any:
    return t.CallToolResult(content=[text("1, 2")], structured_content=[1, 2.5, None])


@tool("fail", "Always an error")
async def fail(context: Context, params: t.CallToolRequestParams) -> Any:
    return t.CallToolResult(content=[text("this tool always fails")], is_error=True)


@tool("count", "Reports progress and logs", input_schema=SAMPLES["countSchema"])
async def count(context: Context, params: t.CallToolRequestParams) -> Any:
    to = (params.arguments or {})["to"]
    for i in range(1, to + 1):
        await context.session.report_progress(i / 2, to / 2, f"step {i}")
        await context.session.send_log_message("info", {"step": i, "done": i == to}, logger="count")
    await context.session.send_log_message("error", "no more steps")
    return said("counted")


@tool("sleep", "Runs until it is cancelled")
async def sleep(context: Context, params: t.CallToolRequestParams) -> Any:
    await anyio.sleep_forever()


@tool("ask_all", "Asks for a form, a sample and the roots at once, then for a page, then for time")
async def ask_all(context: Context, params: t.CallToolRequestParams) -> Any:
    if params.request_state is None:
        form = SAMPLES["form"]
        form = form | {"properties": form["properties"] | SAMPLES["newerFormProperties"]}
        return ask(
            "round-1",
            form=t.ElicitRequest(params=t.ElicitRequestFormParams(message="Who?", requested_schema=form)),
            sample=t.CreateMessageRequest(params=sampling_params()),
            roots=t.ListRootsRequest(),
        )
    if params.request_state == "round-1":
        url = t.ElicitRequestURLParams(message="Please sign in", url="https://example.com/sign-in?n=1")
        return ask("round-2", page=t.ElicitRequest(params=url))
    if params.request_state == "round-2":
        return ask("round-3")
    return said("that was all")


def sampling_params() -> t.CreateMessageRequestParams:
    use = t.ToolUseContent(id="use-1", name="weather", input={"city": "Paris"})
    result = t.ToolResultContent(tool_use_id="use-1", content=[text("-3.5")], structured_content={"celsius": -3.5})
    return t.CreateMessageRequestParams(
        messages=[
            t.SamplingMessage(role="user", content=text("How warm is it?")),
            t.SamplingMessage(role="assistant", content=[use]),
            t.SamplingMessage(role="user", content=[result]),
        ],
        system_prompt="Be brief.",
        include_context="none",
        temperature=0.25,
        max_tokens=64,
        stop_sequences=["\n\n"],
        metadata={"trace": "abc"},
        tools=[TOOLS["weather"]],
        tool_choice=t.ToolChoice(mode="auto"),
        model_preferences=t.ModelPreferences(hints=[t.ModelHint(name="small")], cost_priority=1, speed_priority=0.5),
    )


@tool("ask_user", "Asks one question")
async def ask_user(context: Context, params: t.CallToolRequestParams) -> Any:
    needed = t.ClientCapabilities(elicitation=t.ElicitationCapability())
    if not context.session.check_client_capability(needed):
        data = {"requiredCapabilities": {"elicitation": {}}}
        raise MCPError(t.MISSING_REQUIRED_CLIENT_CAPABILITY, "Elicitation is needed", data)
    if not params.input_responses:
        schema = {"type": "object", "properties": {"go": {"type": "boolean"}}}
        question = t.ElicitRequestFormParams(message=(params.arguments or {})["message"], requested_schema=schema)
        return ask(None, go=t.ElicitRequest(params=question))
    return said(params.input_responses["go"].action)


@tool("touch", "Announces that everything changed")
async def touch(context: Context, params: t.CallToolRequestParams) -> Any:
    for event in (
        ToolsListChanged(),
        PromptsListChanged(),
        ResourcesListChanged(),
        ResourceUpdated(README_URI),
    ):
        await bus.publish(event)
    return t.CallToolResult(content=[])


@tool("hang_up", "Ends all subscriptions")
async def hang_up(context: Context, params: t.CallToolRequestParams) -> Any:
    listen.close()
    return t.CallToolResult(content=[])


async def list_tools(context: Context, params: Any) -> t.ListToolsResult:
    return t.ListToolsResult(tools=list(TOOLS.values()))


async def call_tool(context: Context, params: t.CallToolRequestParams) -> Any:
    if params.name not in HANDLERS:
        raise MCPError(t.INVALID_PARAMS, f"Unknown tool: {params.name}")
    return await HANDLERS[params.name](context, params)


RESOURCES = [
    t.Resource(
        uri=README_URI,
        name="readme",
        title="Read me",
        description="Read me first",
        mime_type="text/markdown",
        size=5,
        annotations=t.Annotations(audience=["user", "assistant"], priority=1),
    ),
    t.Resource(uri=SAMPLES["pixelUri"], name="pixel", mime_type="image/png", icons=[ICON]),
]


async def list_resources(context: Context, params: t.PaginatedRequestParams | None) -> t.ListResourcesResult:
    if params and params.cursor:
        return t.ListResourcesResult(resources=RESOURCES[1:], ttl_ms=0, cache_scope="private")
    return t.ListResourcesResult(resources=RESOURCES[:1], next_cursor="page:2")


async def list_templates(context: Context, params: Any) -> t.ListResourceTemplatesResult:
    template = t.ResourceTemplate(uri_template="file:///workspace/{path}", name="file", description="Any file")
    return t.ListResourceTemplatesResult(resource_templates=[template])


async def read_resource(context: Context, params: t.ReadResourceRequestParams) -> Any:
    contents: t.TextResourceContents | t.BlobResourceContents
    if params.uri == "file:///workspace/guarded.md" and not params.input_responses:
        question = t.ElicitRequestURLParams(message="Please unlock", url="https://example.com/unlock")
        return ask(None, page=t.ElicitRequest(params=question))
    if params.uri in (README_URI, "file:///workspace/guarded.md"):
        contents = t.TextResourceContents(uri=params.uri, mime_type="text/markdown", text="# Hi\n")
    elif params.uri == SAMPLES["pixelUri"]:
        contents = t.BlobResourceContents(uri=params.uri, mime_type="image/png", blob=PIXEL)
    else:
        raise MCPError(t.INVALID_PARAMS, "Resource not found", {"uri": params.uri})
    return t.ReadResourceResult(contents=[contents])


async def list_prompts(context: Context, params: Any) -> t.ListPromptsResult:
    arguments = [
        t.PromptArgument(name="city", description="Which city", required=True),
        t.PromptArgument(name="style"),
    ]
    trip = t.Prompt(name="trip", title="Trip", description="Plan a trip", arguments=arguments)
    return t.ListPromptsResult(prompts=[trip, t.Prompt(name="plain")])


async def get_prompt(context: Context, params: t.GetPromptRequestParams) -> Any:
    if params.name != "trip":
        raise MCPError(t.INVALID_PARAMS, f"Unknown prompt: {params.name}")
    if not params.input_responses:
        return ask("prompt-1", roots=t.ListRootsRequest())
    city = (params.arguments or {})["city"]
    note = t.TextResourceContents(uri=README_URI, text="# Hi\n")
    return t.GetPromptResult(
        description="A trip",
        messages=[
            t.PromptMessage(role="user", content=text(f"Plan a trip to {city}.")),
            t.PromptMessage(role="user", content=t.EmbeddedResource(resource=note)),
            t.PromptMessage(role="assistant", content=t.ImageContent(data=PIXEL, mime_type="image/png")),
        ],
    )


async def complete(context: Context, params: t.CompleteRequestParams) -> t.CompleteResult:
    values = [city for city in ("Paris", "Parma", "Prague") if city.startswith(params.argument.value)]
    return t.CompleteResult(completion=t.Completion(values=values, total=len(values), has_more=False))


async def set_level(context: Context, params: t.SetLevelRequestParams) -> t.EmptyResult:
    return t.EmptyResult()  # no request of this revision; offered so that the server has the logging capability


server: Server[Any] = Server(
    "modern-server",
    version="1.2.3",
    title="Modern server",
    description="For recording",
    website_url="https://example.com/",
    instructions="Call echo first.",
    cache_hints={
        "tools/list": CacheHint(60_000, "public"),
        "server/discover": CacheHint(3_600_000, "public"),
    },
    on_list_tools=list_tools,
    on_call_tool=call_tool,
    on_list_resources=list_resources,
    on_list_resource_templates=list_templates,
    on_read_resource=read_resource,
    on_list_prompts=list_prompts,
    on_get_prompt=get_prompt,
    on_completion=complete,
    on_subscriptions_listen=listen,
    on_set_logging_level=set_level,
)


async def main() -> None:
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


if __name__ == "__main__":
    anyio.run(main)
