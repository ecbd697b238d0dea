"""Method table of MCP 2025-11-25.

Schema 2025-11-25, sha256 268a5f82ba70fd7e4b6dc4aa1e64f116f74b4d0edcb69dc046829c79dd4e97e7.
Made by `make gen`; never edited.
"""

from __future__ import annotations

from typing import Any

from mcpstruct.base.methods import MethodInfo

from . import types as t

INITIALIZE: MethodInfo[t.InitializeRequestParams, t.InitializeResult] = MethodInfo(
    name="initialize",
    kind="request",
    direction="client",
    message=t.InitializeRequest,
    params=t.InitializeRequestParams,
    result=t.InitializeResult,
    since="2024-11-05",
    removed="2026-07-28",
)
"""Opens the handshake: settles the revision and exchanges capabilities."""

PING: MethodInfo[t.RequestParams, t.EmptyResult] = MethodInfo(
    name="ping",
    kind="request",
    direction="both",
    message=t.PingRequest,
    params=t.RequestParams,
    result=t.EmptyResult,
    since="2024-11-05",
    removed="2026-07-28",
)
"""Checks that the other side still answers."""

LIST_RESOURCES: MethodInfo[t.PaginatedRequestParams, t.ListResourcesResult] = MethodInfo(
    name="resources/list",
    kind="request",
    direction="client",
    message=t.ListResourcesRequest,
    params=t.PaginatedRequestParams,
    result=t.ListResourcesResult,
    since="2024-11-05",
)
"""Lists resources, a page at a time."""

LIST_RESOURCE_TEMPLATES: MethodInfo[t.PaginatedRequestParams, t.ListResourceTemplatesResult] = MethodInfo(
    name="resources/templates/list",
    kind="request",
    direction="client",
    message=t.ListResourceTemplatesRequest,
    params=t.PaginatedRequestParams,
    result=t.ListResourceTemplatesResult,
    since="2024-11-05",
)
"""Lists resource templates, a page at a time."""

READ_RESOURCE: MethodInfo[t.ReadResourceRequestParams, t.ReadResourceResult] = MethodInfo(
    name="resources/read",
    kind="request",
    direction="client",
    message=t.ReadResourceRequest,
    params=t.ReadResourceRequestParams,
    result=t.ReadResourceResult,
    since="2024-11-05",
)
"""Reads a resource."""

SUBSCRIBE: MethodInfo[t.SubscribeRequestParams, t.EmptyResult] = MethodInfo(
    name="resources/subscribe",
    kind="request",
    direction="client",
    message=t.SubscribeRequest,
    params=t.SubscribeRequestParams,
    result=t.EmptyResult,
    since="2024-11-05",
    removed="2026-07-28",
)
"""Starts notifications about changes to one resource."""

UNSUBSCRIBE: MethodInfo[t.UnsubscribeRequestParams, t.EmptyResult] = MethodInfo(
    name="resources/unsubscribe",
    kind="request",
    direction="client",
    message=t.UnsubscribeRequest,
    params=t.UnsubscribeRequestParams,
    result=t.EmptyResult,
    since="2024-11-05",
    removed="2026-07-28",
)
"""Stops notifications about changes to one resource."""

LIST_PROMPTS: MethodInfo[t.PaginatedRequestParams, t.ListPromptsResult] = MethodInfo(
    name="prompts/list",
    kind="request",
    direction="client",
    message=t.ListPromptsRequest,
    params=t.PaginatedRequestParams,
    result=t.ListPromptsResult,
    since="2024-11-05",
)
"""Lists prompts, a page at a time."""

GET_PROMPT: MethodInfo[t.GetPromptRequestParams, t.GetPromptResult] = MethodInfo(
    name="prompts/get",
    kind="request",
    direction="client",
    message=t.GetPromptRequest,
    params=t.GetPromptRequestParams,
    result=t.GetPromptResult,
    since="2024-11-05",
)
"""Gets a prompt's messages, with its arguments filled in."""

LIST_TOOLS: MethodInfo[t.PaginatedRequestParams, t.ListToolsResult] = MethodInfo(
    name="tools/list",
    kind="request",
    direction="client",
    message=t.ListToolsRequest,
    params=t.PaginatedRequestParams,
    result=t.ListToolsResult,
    since="2024-11-05",
)
"""Lists tools, a page at a time."""

CALL_TOOL: MethodInfo[t.CallToolRequestParams, t.CallToolResult | t.CreateTaskResult] = MethodInfo(
    name="tools/call",
    kind="request",
    direction="client",
    message=t.CallToolRequest,
    params=t.CallToolRequestParams,
    result=t.CallToolResult,
    alternatives=(t.CreateTaskResult,),
    since="2024-11-05",
)
"""Runs a tool."""

GET_TASK: MethodInfo[t.GetTaskRequestParams, t.GetTaskResult] = MethodInfo(
    name="tasks/get",
    kind="request",
    direction="both",
    message=t.GetTaskRequest,
    params=t.GetTaskRequestParams,
    result=t.GetTaskResult,
    since="2025-11-25",
    removed="2026-07-28",
)
"""Gets a task's state."""

GET_TASK_PAYLOAD: MethodInfo[t.GetTaskPayloadRequestParams, t.GetTaskPayloadResult] = MethodInfo(
    name="tasks/result",
    kind="request",
    direction="both",
    message=t.GetTaskPayloadRequest,
    params=t.GetTaskPayloadRequestParams,
    result=t.GetTaskPayloadResult,
    since="2025-11-25",
    removed="2026-07-28",
)
"""Gets the result of the request that runs as a task."""

CANCEL_TASK: MethodInfo[t.CancelTaskRequestParams, t.CancelTaskResult] = MethodInfo(
    name="tasks/cancel",
    kind="request",
    direction="both",
    message=t.CancelTaskRequest,
    params=t.CancelTaskRequestParams,
    result=t.CancelTaskResult,
    since="2025-11-25",
    removed="2026-07-28",
)
"""Stops a task."""

LIST_TASKS: MethodInfo[t.PaginatedRequestParams, t.ListTasksResult] = MethodInfo(
    name="tasks/list",
    kind="request",
    direction="both",
    message=t.ListTasksRequest,
    params=t.PaginatedRequestParams,
    result=t.ListTasksResult,
    since="2025-11-25",
    removed="2026-07-28",
)
"""Lists tasks, a page at a time."""

SET_LEVEL: MethodInfo[t.SetLevelRequestParams, t.EmptyResult] = MethodInfo(
    name="logging/setLevel",
    kind="request",
    direction="client",
    message=t.SetLevelRequest,
    params=t.SetLevelRequestParams,
    result=t.EmptyResult,
    since="2024-11-05",
    removed="2026-07-28",
)
"""Sets from which severity on log messages are sent."""

COMPLETE: MethodInfo[t.CompleteRequestParams, t.CompleteResult] = MethodInfo(
    name="completion/complete",
    kind="request",
    direction="client",
    message=t.CompleteRequest,
    params=t.CompleteRequestParams,
    result=t.CompleteResult,
    since="2024-11-05",
)
"""Suggests values for an argument of a prompt or resource template."""

CREATE_MESSAGE: MethodInfo[t.CreateMessageRequestParams, t.CreateMessageResult | t.CreateTaskResult] = MethodInfo(
    name="sampling/createMessage",
    kind="request",
    direction="server",
    message=t.CreateMessageRequest,
    params=t.CreateMessageRequestParams,
    result=t.CreateMessageResult,
    alternatives=(t.CreateTaskResult,),
    since="2024-11-05",
)
"""Has the client's model write a message."""

LIST_ROOTS: MethodInfo[t.RequestParams, t.ListRootsResult] = MethodInfo(
    name="roots/list",
    kind="request",
    direction="server",
    message=t.ListRootsRequest,
    params=t.RequestParams,
    result=t.ListRootsResult,
    since="2024-11-05",
)
"""Lists the client's roots."""

ELICIT: MethodInfo[t.ElicitRequestParams, t.ElicitResult | t.CreateTaskResult] = MethodInfo(
    name="elicitation/create",
    kind="request",
    direction="server",
    message=t.ElicitRequest,
    params=t.ElicitRequestParams,
    result=t.ElicitResult,
    alternatives=(t.CreateTaskResult,),
    since="2025-06-18",
)
"""Asks the user for information."""

CANCELLED: MethodInfo[t.CancelledNotificationParams, None] = MethodInfo(
    name="notifications/cancelled",
    kind="notification",
    direction="both",
    message=t.CancelledNotification,
    params=t.CancelledNotificationParams,
    since="2024-11-05",
)
"""Calls off a request that may still be in progress."""

INITIALIZED: MethodInfo[t.NotificationParams, None] = MethodInfo(
    name="notifications/initialized",
    kind="notification",
    direction="client",
    message=t.InitializedNotification,
    params=t.NotificationParams,
    since="2024-11-05",
    removed="2026-07-28",
)
"""Ends the handshake."""

PROGRESS: MethodInfo[t.ProgressNotificationParams, None] = MethodInfo(
    name="notifications/progress",
    kind="notification",
    direction="both",
    message=t.ProgressNotification,
    params=t.ProgressNotificationParams,
    since="2024-11-05",
)
"""Reports progress on a request that gave a progress token."""

TASK_STATUS: MethodInfo[t.TaskStatusNotificationParams, None] = MethodInfo(
    name="notifications/tasks/status",
    kind="notification",
    direction="both",
    message=t.TaskStatusNotification,
    params=t.TaskStatusNotificationParams,
    since="2025-11-25",
    removed="2026-07-28",
)
"""Reports a task's new state."""

ROOTS_LIST_CHANGED: MethodInfo[t.NotificationParams, None] = MethodInfo(
    name="notifications/roots/list_changed",
    kind="notification",
    direction="client",
    message=t.RootsListChangedNotification,
    params=t.NotificationParams,
    since="2024-11-05",
    removed="2026-07-28",
)
"""Reports a change to the client's roots."""

RESOURCE_LIST_CHANGED: MethodInfo[t.NotificationParams, None] = MethodInfo(
    name="notifications/resources/list_changed",
    kind="notification",
    direction="server",
    message=t.ResourceListChangedNotification,
    params=t.NotificationParams,
    since="2024-11-05",
)
"""Reports a change to the server's list of resources."""

RESOURCE_UPDATED: MethodInfo[t.ResourceUpdatedNotificationParams, None] = MethodInfo(
    name="notifications/resources/updated",
    kind="notification",
    direction="server",
    message=t.ResourceUpdatedNotification,
    params=t.ResourceUpdatedNotificationParams,
    since="2024-11-05",
)
"""Reports that a watched resource has changed."""

PROMPT_LIST_CHANGED: MethodInfo[t.NotificationParams, None] = MethodInfo(
    name="notifications/prompts/list_changed",
    kind="notification",
    direction="server",
    message=t.PromptListChangedNotification,
    params=t.NotificationParams,
    since="2024-11-05",
)
"""Reports a change to the server's list of prompts."""

TOOL_LIST_CHANGED: MethodInfo[t.NotificationParams, None] = MethodInfo(
    name="notifications/tools/list_changed",
    kind="notification",
    direction="server",
    message=t.ToolListChangedNotification,
    params=t.NotificationParams,
    since="2024-11-05",
)
"""Reports a change to the server's list of tools."""

LOGGING_MESSAGE: MethodInfo[t.LoggingMessageNotificationParams, None] = MethodInfo(
    name="notifications/message",
    kind="notification",
    direction="server",
    message=t.LoggingMessageNotification,
    params=t.LoggingMessageNotificationParams,
    since="2024-11-05",
)
"""Carries a log message."""

ELICITATION_COMPLETE: MethodInfo[t.ElicitationCompleteNotificationParams, None] = MethodInfo(
    name="notifications/elicitation/complete",
    kind="notification",
    direction="server",
    message=t.ElicitationCompleteNotification,
    params=t.ElicitationCompleteNotificationParams,
    since="2025-11-25",
    removed="2026-07-28",
)
"""Reports that an elicitation at a URL is over."""

METHODS: dict[str, MethodInfo[Any, Any]] = {
    info.name: info
    for info in (
        INITIALIZE,
        PING,
        LIST_RESOURCES,
        LIST_RESOURCE_TEMPLATES,
        READ_RESOURCE,
        SUBSCRIBE,
        UNSUBSCRIBE,
        LIST_PROMPTS,
        GET_PROMPT,
        LIST_TOOLS,
        CALL_TOOL,
        GET_TASK,
        GET_TASK_PAYLOAD,
        CANCEL_TASK,
        LIST_TASKS,
        SET_LEVEL,
        COMPLETE,
        CREATE_MESSAGE,
        LIST_ROOTS,
        ELICIT,
        CANCELLED,
        INITIALIZED,
        PROGRESS,
        TASK_STATUS,
        ROOTS_LIST_CHANGED,
        RESOURCE_LIST_CHANGED,
        RESOURCE_UPDATED,
        PROMPT_LIST_CHANGED,
        TOOL_LIST_CHANGED,
        LOGGING_MESSAGE,
        ELICITATION_COMPLETE,
    )
}
"""Every method by its wire name."""
