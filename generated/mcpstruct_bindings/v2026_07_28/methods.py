"""Method table of MCP 2026-07-28.

Schema 2026-07-28, sha256 ef70b61f99b6d2e5e3b46863822eab08dff6a45bedc7a08914e0e5b133f40203.
Made by `make gen`; never edited.
"""

from __future__ import annotations

from typing import Any

from mcpstruct.base.methods import MethodInfo

from . import types as t

DISCOVER: MethodInfo[t.RequestParams, t.DiscoverResult] = MethodInfo(
    name="server/discover",
    kind="request",
    direction="client",
    message=t.DiscoverRequest,
    params=t.RequestParams,
    result=t.DiscoverResult,
    since="2026-07-28",
)
"""Gets the server's revisions, capabilities and instructions."""

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

READ_RESOURCE: MethodInfo[t.ReadResourceRequestParams, t.ReadResourceResult | t.InputRequiredResult] = MethodInfo(
    name="resources/read",
    kind="request",
    direction="client",
    message=t.ReadResourceRequest,
    params=t.ReadResourceRequestParams,
    result=t.ReadResourceResult,
    alternatives=(t.InputRequiredResult,),
    since="2024-11-05",
)
"""Reads a resource."""

SUBSCRIPTIONS_LISTEN: MethodInfo[t.SubscriptionsListenRequestParams, t.SubscriptionsListenResult] = MethodInfo(
    name="subscriptions/listen",
    kind="request",
    direction="client",
    message=t.SubscriptionsListenRequest,
    params=t.SubscriptionsListenRequestParams,
    result=t.SubscriptionsListenResult,
    since="2026-07-28",
)
"""Opens a stream of selected notifications."""

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

GET_PROMPT: MethodInfo[t.GetPromptRequestParams, t.GetPromptResult | t.InputRequiredResult] = MethodInfo(
    name="prompts/get",
    kind="request",
    direction="client",
    message=t.GetPromptRequest,
    params=t.GetPromptRequestParams,
    result=t.GetPromptResult,
    alternatives=(t.InputRequiredResult,),
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

CALL_TOOL: MethodInfo[t.CallToolRequestParams, t.CallToolResult | t.InputRequiredResult] = MethodInfo(
    name="tools/call",
    kind="request",
    direction="client",
    message=t.CallToolRequest,
    params=t.CallToolRequestParams,
    result=t.CallToolResult,
    alternatives=(t.InputRequiredResult,),
    since="2024-11-05",
)
"""Runs a tool."""

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

CREATE_MESSAGE: MethodInfo[t.CreateMessageRequestParams, t.CreateMessageResult] = MethodInfo(
    name="sampling/createMessage",
    kind="request",
    direction="input",
    message=t.CreateMessageRequest,
    params=t.CreateMessageRequestParams,
    result=t.CreateMessageResult,
    since="2024-11-05",
)
"""Has the client's model write a message."""

LIST_ROOTS: MethodInfo[t.ListRootsRequestParams, t.ListRootsResult] = MethodInfo(
    name="roots/list",
    kind="request",
    direction="input",
    message=t.ListRootsRequest,
    params=t.ListRootsRequestParams,
    result=t.ListRootsResult,
    since="2024-11-05",
)
"""Lists the client's roots."""

ELICIT: MethodInfo[t.ElicitRequestParams, t.ElicitResult] = MethodInfo(
    name="elicitation/create",
    kind="request",
    direction="input",
    message=t.ElicitRequest,
    params=t.ElicitRequestParams,
    result=t.ElicitResult,
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

PROGRESS: MethodInfo[t.ProgressNotificationParams, None] = MethodInfo(
    name="notifications/progress",
    kind="notification",
    direction="server",
    message=t.ProgressNotification,
    params=t.ProgressNotificationParams,
    since="2024-11-05",
)
"""Reports progress on a request that gave a progress token."""

RESOURCE_LIST_CHANGED: MethodInfo[t.NotificationParams, None] = MethodInfo(
    name="notifications/resources/list_changed",
    kind="notification",
    direction="server",
    message=t.ResourceListChangedNotification,
    params=t.NotificationParams,
    since="2024-11-05",
)
"""Reports a change to the server's list of resources."""

SUBSCRIPTIONS_ACKNOWLEDGED: MethodInfo[t.SubscriptionsAcknowledgedNotificationParams, None] = MethodInfo(
    name="notifications/subscriptions/acknowledged",
    kind="notification",
    direction="server",
    message=t.SubscriptionsAcknowledgedNotification,
    params=t.SubscriptionsAcknowledgedNotificationParams,
    since="2026-07-28",
)
"""Confirms a subscription stream and says what it will carry."""

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

METHODS: dict[str, MethodInfo[Any, Any]] = {
    info.name: info
    for info in (
        DISCOVER,
        LIST_RESOURCES,
        LIST_RESOURCE_TEMPLATES,
        READ_RESOURCE,
        SUBSCRIPTIONS_LISTEN,
        LIST_PROMPTS,
        GET_PROMPT,
        LIST_TOOLS,
        CALL_TOOL,
        COMPLETE,
        CREATE_MESSAGE,
        LIST_ROOTS,
        ELICIT,
        CANCELLED,
        PROGRESS,
        RESOURCE_LIST_CHANGED,
        SUBSCRIPTIONS_ACKNOWLEDGED,
        RESOURCE_UPDATED,
        PROMPT_LIST_CHANGED,
        TOOL_LIST_CHANGED,
        LOGGING_MESSAGE,
    )
}
"""Every method by its wire name."""
