"""Client on the Python SDK 1.x, one of the four legacy revisions: python legacy_client.py REVISION COMMAND [ARG...]

It starts COMMAND (a server behind tee.py), proposes REVISION and no other, and walks through what REVISION has.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import anyio
import mcp.types as t
from mcp import ClientSession, McpError, StdioServerParameters, stdio_client
from mcp.client.experimental.task_handlers import ExperimentalTaskHandlers

REVISION = sys.argv[1]
README_URI = "file:///workspace/README.md"
ROOTS = [t.Root(uri="file:///workspace", name="workspace"), t.Root(uri="file:///workspace/docs")]
t.LATEST_PROTOCOL_VERSION = REVISION  # what `ClientSession.initialize` proposes


async def on_roots(context: Any) -> t.ListRootsResult:
    return t.ListRootsResult(roots=ROOTS)


async def on_sampling(context: Any, params: t.CreateMessageRequestParams) -> Any:
    if params.tools and len(params.messages) == 1:
        use = t.ToolUseContent(type="tool_use", id="use-1", name="weather", input={"city": "Paris"})
        return t.CreateMessageResultWithTools(role="assistant", content=[use], model="tiny-1", stopReason="toolUse")
    if token := context.meta and context.meta.progressToken:
        await context.session.send_progress_notification(token, 0.5, 1)
    answer = t.TextContent(type="text", text="A pixel.")
    return t.CreateMessageResult(role="assistant", content=answer, model="tiny-1", stopReason="endTurn")


async def on_elicitation(context: Any, params: Any) -> Any:
    if params.message == "fail":
        return t.ErrorData(code=t.INTERNAL_ERROR, message="no screen", data={"retry": False})
    if params.message in ("decline", "cancel"):
        return t.ElicitResult(action=params.message)
    if params.mode == "url":
        return t.ElicitResult(action="accept")
    return t.ElicitResult(action="accept", content={"name": "Ada", "age": 36, "ok": True})


NOW = datetime.now(UTC)
TASK = {"taskId": "client-task-1", "createdAt": NOW, "lastUpdatedAt": NOW, "ttl": 60_000, "pollInterval": 100}


async def on_sampling_as_task(context: Any, params: t.CreateMessageRequestParams, task: Any) -> t.CreateTaskResult:
    return t.CreateTaskResult(task=t.Task(status="working", **TASK))


async def on_get_task(context: Any, params: t.GetTaskRequestParams) -> t.GetTaskResult:
    return t.GetTaskResult(status="completed", statusMessage="slept well", **TASK)


async def on_task_result(context: Any, params: t.GetTaskPayloadRequestParams) -> t.GetTaskPayloadResult:
    related = {"io.modelcontextprotocol/related-task": {"taskId": params.taskId}}
    content = {"type": "text", "text": "Done."}
    return t.GetTaskPayloadResult(role="assistant", model="tiny-1", content=content, _meta=related)


async def on_list_tasks(context: Any, params: Any) -> t.ListTasksResult:
    return t.ListTasksResult(tasks=[t.Task(status="completed", **TASK)])


async def on_cancel_task(context: Any, params: t.CancelTaskRequestParams) -> t.ErrorData:
    return t.ErrorData(code=t.INVALID_PARAMS, message="Cannot cancel a task that is over")


@asynccontextmanager
async def expect_error() -> AsyncIterator[None]:
    try:
        yield
    except McpError:
        return
    raise AssertionError("the server should have refused")


async def call_and_cancel(session: ClientSession) -> None:
    async def call() -> None:
        async with expect_error():
            await session.call_tool("sleep")

    async with anyio.create_task_group() as group:
        group.start_soon(call)
        await anyio.sleep(0.2)
        params = t.CancelledNotificationParams(requestId=session._request_id - 1, reason="took too long")
        await session.send_notification(t.ClientNotification(t.CancelledNotification(params=params)))


async def tools(session: ClientSession) -> None:
    await session.list_tools()
    await session.call_tool("echo", {"text": "hi", "extra": {"big": 2**53 + 1, "small": 1e-7, "list": [1, "two", []]}})
    await session.call_tool("gallery")
    await session.call_tool("fail")
    await session.call_tool("unknown_tool", {})
    await session.call_tool("touch")
    await call_and_cancel(session)

    async def ignore(progress: float, total: float | None, message: str | None) -> None:
        return None

    await session.call_tool("count", {"to": 2}, progress_callback=ignore)
    await session.call_tool("count", {"to": 1}, meta={"progressToken": "count-1", "example.com/trace": "abc"})
    if REVISION >= "2025-06-18":
        await session.call_tool("weather")


async def back_requests(session: ClientSession) -> None:
    await session.call_tool("ask_model")
    await session.call_tool("where")
    await session.send_roots_list_changed()
    if REVISION >= "2025-06-18":
        for message in ("accept", "decline", "cancel", "fail"):
            await session.call_tool("ask_user", {"message": message})
    if REVISION >= "2025-11-25":
        await session.call_tool("ask_model_with_tools")
        await session.call_tool("ask_model_later")
        await session.call_tool("visit")
        async with expect_error():
            await session.call_tool("locked")


async def resources(session: ClientSession) -> None:
    page = await session.list_resources()
    await session.list_resources(params=t.PaginatedRequestParams(cursor=page.nextCursor))
    await session.list_resource_templates()
    await session.read_resource(README_URI)
    await session.read_resource("file:///workspace/pixel.png")
    async with expect_error():
        await session.read_resource("file:///workspace/none")
    await session.subscribe_resource(README_URI)
    await session.unsubscribe_resource(README_URI)


async def prompts(session: ClientSession) -> None:
    await session.list_prompts()
    await session.get_prompt("trip", {"city": "Paris"})
    async with expect_error():
        await session.get_prompt("none")
    prompt = t.PromptReference(type="ref/prompt", name="trip")
    await session.complete(prompt, {"name": "city", "value": "Pa"})
    template = t.ResourceTemplateReference(type="ref/resource", uri="file:///workspace/{path}")
    context = {"style": "slow"} if REVISION >= "2025-06-18" else None
    await session.complete(template, {"name": "path", "value": "P"}, context_arguments=context)


async def tasks(session: ClientSession) -> None:
    await session.call_tool("long")  # refused: it must be a task
    features = session.experimental
    task = (await features.call_tool_as_task("long", {"hang": False}, ttl=60_000)).task
    await features.get_task(task.taskId)
    await features.get_task_result(task.taskId, t.CallToolResult)
    hanging = (await features.call_tool_as_task("long", {"hang": True}, ttl=60_000)).task
    await features.list_tasks()
    await features.cancel_task(hanging.taskId)
    async with expect_error():
        await features.get_task("none")


async def main() -> None:
    options: dict[str, Any] = {"client_info": t.Implementation(name="legacy-client", version="0.9.0")}
    if REVISION >= "2025-06-18":
        options["elicitation_callback"] = on_elicitation
    if REVISION >= "2025-11-25":
        options["sampling_capabilities"] = t.SamplingCapability(tools=t.SamplingToolsCapability())
        options["experimental_task_handlers"] = ExperimentalTaskHandlers(
            get_task=on_get_task,
            get_task_result=on_task_result,
            list_tasks=on_list_tasks,
            cancel_task=on_cancel_task,
            augmented_sampling=on_sampling_as_task,
        )
    server = StdioServerParameters(command=sys.argv[2], args=sys.argv[3:])
    async with (
        stdio_client(server) as (read, write),
        ClientSession(read, write, None, on_sampling, list_roots_callback=on_roots, **options) as session,
    ):
        with anyio.fail_after(60):
            result = await session.initialize()
            assert result.protocolVersion == REVISION, result.protocolVersion
            await session.send_ping()
            await session.set_logging_level("debug")
            await tools(session)
            await back_requests(session)
            await resources(session)
            await prompts(session)
            if REVISION >= "2025-11-25":
                await tasks(session)
            async with expect_error():
                await session.send_request(t.Request(method="tools/explode", params={}), t.EmptyResult)


if __name__ == "__main__":
    anyio.run(main)
