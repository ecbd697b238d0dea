"""Read by type checkers only: what the methods of generated sessions take and give."""

from __future__ import annotations

from typing import Any, assert_type

from mcpstruct_bindings.merged import types as every
from mcpstruct_bindings.merged.client import ClientSession as AnyClient
from mcpstruct_bindings.v2024_11_05 import types as oldest
from mcpstruct_bindings.v2024_11_05.client import ClientSession as OldestClient
from mcpstruct_bindings.v2025_11_25 import types as legacy
from mcpstruct_bindings.v2025_11_25.client import ClientSession as LegacyClient
from mcpstruct_bindings.v2025_11_25.server import ServerSession as LegacyServer
from mcpstruct_bindings.v2026_07_28 import types as modern
from mcpstruct_bindings.v2026_07_28.client import ClientSession as ModernClient


async def report(progress: float, total: float | None, message: str | None) -> None: ...


def report_at_once(progress: float, total: float | None, message: str | None) -> None: ...


async def results_and_alternatives(
    oldest_one: OldestClient, legacy_one: LegacyClient, modern_one: ModernClient, any_one: AnyClient
) -> None:
    assert_type(await oldest_one.call_tool("x"), oldest.CallToolResult)
    assert_type(await legacy_one.call_tool("x"), legacy.CallToolResult | legacy.CreateTaskResult)
    assert_type(await modern_one.call_tool("x"), modern.CallToolResult | modern.InputRequiredResult)
    assert_type(await any_one.call_tool("x"), every.CallToolResult | every.InputRequiredResult | every.CreateTaskResult)
    assert_type(await modern_one.list_tools(), modern.ListToolsResult)
    assert_type(await modern_one.discover(), modern.DiscoverResult)
    assert_type(await legacy_one.ping(), legacy.Result)
    assert_type(await legacy_one.list_tools(cursor="c"), legacy.ListToolsResult)
    assert_type(await legacy_one.get_task_payload("t"), legacy.GetTaskPayloadResult)


async def a_result_is_narrowed_by_its_class(session: ModernClient) -> None:
    result = await session.call_tool("x", {"a": 1}, request_state="s", timeout=1.5, on_progress=report)
    if isinstance(result, modern.InputRequiredResult):
        assert_type(result.request_state, str | None)
        for request in (result.input_requests or {}).values():
            assert_type(request, modern.CreateMessageRequest | modern.ListRootsRequest | modern.ElicitRequest)
            if request.method == "elicitation/create":
                assert_type(request.params, modern.ElicitRequestFormParams | modern.ElicitRequestURLParams)
    else:
        assert_type(result, modern.CallToolResult)


async def calls_known_by_heart(session: LegacyClient) -> None:
    await session.call_tool("x", {"a": 1}, timeout=None, on_progress=report_at_once, meta={"k": 1})
    await session.get_prompt("x", {"a": "1"}, timeout=2)
    await session.complete(
        legacy.PromptReference(name="p"), legacy.CompleteRequestParamsArgument(name="a", value="b"), timeout=2
    )


async def calls_that_are_wrong(session: LegacyClient) -> None:
    await session.call_tool()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await session.call_tool("x", {}, 2.5)  # type: ignore[call-arg, arg-type]  # pyright: ignore[reportCallIssue]
    await session.call_tool("x", ["a"])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await session.get_prompt("x", {"a": 1})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]
    await session.set_level("loud")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await session.notify_initialized(timeout=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await session.list_roots()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


async def what_a_server_sends(session: LegacyServer) -> None:
    message = legacy.SamplingMessage(role="user", content=legacy.TextContent(text="x"))
    answer = await session.create_message(max_tokens=1, messages=[message], temperature=1)
    assert_type(answer, legacy.CreateMessageResult | legacy.CreateTaskResult)
    form = legacy.ElicitRequestFormParamsRequestedSchema(properties={"n": legacy.NumberSchema(type="integer")})
    elicited = await session.elicit(legacy.ElicitRequestFormParams(message="x", requested_schema=form))
    assert_type(elicited, legacy.ElicitResult | legacy.CreateTaskResult)
    if isinstance(elicited, legacy.ElicitResult):
        assert_type(elicited.content, dict[str, list[str] | str | int | float | bool] | None)
    data: Any = {"a": 1}
    await session.notify_logging_message(data=data, level="info")
    await session.notify_progress(progress=1, progress_token="t", total=2.5)  # noqa: S106
