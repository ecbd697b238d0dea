"""What a server sends, and what it answers, in every MCP revision at once.

From the schemas of 2024-11-05 to 2026-07-28.
Made by `make gen`; never edited.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from msgspec import UNSET

from mcpstruct.base.errors import MethodNotFound
from mcpstruct.base.handlers import BaseHandlers, ContextT, unhandled
from mcpstruct.base.methods import MethodInfo
from mcpstruct.base.session import BaseSession, Meta, ProgressCallback, Timeout, fresh

from . import methods
from .types import (
    CallToolRequestParams,
    CallToolResult,
    CancelledNotificationParams,
    CancelTaskRequestParams,
    CancelTaskResult,
    CompleteRequestParams,
    CompleteResult,
    CreateMessageRequestParams,
    CreateMessageResult,
    CreateTaskResult,
    DiscoverResult,
    ElicitationCompleteNotificationParams,
    ElicitRequestParams,
    ElicitResult,
    EmptyResult,
    GetPromptRequestParams,
    GetPromptResult,
    GetTaskPayloadRequestParams,
    GetTaskPayloadResult,
    GetTaskRequestParams,
    GetTaskResult,
    InitializeRequestParams,
    InitializeResult,
    InputRequiredResult,
    ListPromptsRequestParams,
    ListPromptsResult,
    ListResourcesRequestParams,
    ListResourcesResult,
    ListResourceTemplatesRequestParams,
    ListResourceTemplatesResult,
    ListRootsRequestParams,
    ListRootsResult,
    ListTasksResult,
    ListToolsRequestParams,
    ListToolsResult,
    LoggingLevel,
    LoggingMessageNotificationParams,
    ModelPreferences,
    NotificationMetaObject,
    PaginatedRequestParams,
    PingRequestParams,
    ProgressNotificationParams,
    ProgressToken,
    PromptListChangedNotificationParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    RequestId,
    RequestMetaObject,
    RequestParams,
    ResourceListChangedNotificationParams,
    ResourceUpdatedNotificationParams,
    SamplingMessage,
    SetLevelRequestParams,
    SubscribeRequestParams,
    SubscriptionFilter,
    SubscriptionsAcknowledgedNotificationParams,
    SubscriptionsListenRequestParams,
    SubscriptionsListenResult,
    TaskMetadata,
    TaskStatus,
    TaskStatusNotificationParams,
    Tool,
    ToolChoice,
    ToolListChangedNotificationParams,
    UnsubscribeRequestParams,
)


class ServerSession(BaseSession):
    """The server's side: one typed method for every request and notification that a server may send."""

    async def ping(
        self, *, meta: Meta | None = None, timeout: Timeout = UNSET, on_progress: ProgressCallback | None = None
    ) -> EmptyResult:
        """Checks that the other side still answers.

        https://modelcontextprotocol.io/specification/2025-11-25/schema#pingrequest
        """
        return await self.send_request(
            methods.PING,
            PingRequestParams(meta=None if meta is None else RequestMetaObject(meta)),
            timeout=timeout,
            on_progress=on_progress,
        )

    async def create_message(
        self,
        *,
        max_tokens: int,
        messages: list[SamplingMessage],
        include_context: Literal["allServers", "none", "thisServer"] | None = None,
        metadata: dict[str, Any] | None = None,
        model_preferences: ModelPreferences | None = None,
        stop_sequences: list[str] | None = None,
        system_prompt: str | None = None,
        temperature: int | float | None = None,
        task: TaskMetadata | None = None,
        tool_choice: ToolChoice | None = None,
        tools: list[Tool] | None = None,
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> CreateMessageResult | CreateTaskResult:
        """Has the client's model write a message.

        https://modelcontextprotocol.io/specification/2026-07-28/schema#createmessagerequest
        """
        return await self.send_request(
            methods.CREATE_MESSAGE,
            CreateMessageRequestParams(
                max_tokens=max_tokens,
                messages=messages,
                include_context=include_context,
                metadata=metadata,
                model_preferences=model_preferences,
                stop_sequences=stop_sequences,
                system_prompt=system_prompt,
                temperature=temperature,
                task=task,
                tool_choice=tool_choice,
                tools=tools,
                meta=None if meta is None else RequestMetaObject(meta),
            ),
            timeout=timeout,
            on_progress=on_progress,
        )

    async def list_roots(
        self, *, meta: Meta | None = None, timeout: Timeout = UNSET, on_progress: ProgressCallback | None = None
    ) -> ListRootsResult:
        """Lists the client's roots.

        https://modelcontextprotocol.io/specification/2026-07-28/schema#listrootsrequest
        """
        return await self.send_request(
            methods.LIST_ROOTS,
            ListRootsRequestParams(meta=None if meta is None else RequestMetaObject(meta)),
            timeout=timeout,
            on_progress=on_progress,
        )

    async def notify_cancelled(
        self, *, reason: str | None = None, request_id: RequestId | None = None, meta: Meta | None = None
    ) -> None:
        """Calls off a request that may still be in progress.

        https://modelcontextprotocol.io/specification/2026-07-28/schema#cancellednotification
        """
        await self.send_notification(
            methods.CANCELLED,
            CancelledNotificationParams(
                reason=reason, request_id=request_id, meta=None if meta is None else NotificationMetaObject(meta)
            ),
        )

    async def notify_progress(
        self,
        *,
        progress: int | float,
        progress_token: ProgressToken,
        total: int | float | None = None,
        message: str | None = None,
        meta: Meta | None = None,
    ) -> None:
        """Reports progress on a request that gave a progress token.

        https://modelcontextprotocol.io/specification/2026-07-28/schema#progressnotification
        """
        await self.send_notification(
            methods.PROGRESS,
            ProgressNotificationParams(
                progress=progress,
                progress_token=progress_token,
                total=total,
                message=message,
                meta=None if meta is None else NotificationMetaObject(meta),
            ),
        )

    async def notify_resource_list_changed(self, *, meta: Meta | None = None) -> None:
        """Reports a change to the server's list of resources.

        https://modelcontextprotocol.io/specification/2026-07-28/schema#resourcelistchangednotification
        """
        await self.send_notification(
            methods.RESOURCE_LIST_CHANGED,
            ResourceListChangedNotificationParams(meta=None if meta is None else NotificationMetaObject(meta)),
        )

    async def notify_resource_updated(self, uri: str, *, meta: Meta | None = None) -> None:
        """Reports that a watched resource has changed.

        https://modelcontextprotocol.io/specification/2026-07-28/schema#resourceupdatednotification
        """
        await self.send_notification(
            methods.RESOURCE_UPDATED,
            ResourceUpdatedNotificationParams(uri=uri, meta=None if meta is None else NotificationMetaObject(meta)),
        )

    async def notify_prompt_list_changed(self, *, meta: Meta | None = None) -> None:
        """Reports a change to the server's list of prompts.

        https://modelcontextprotocol.io/specification/2026-07-28/schema#promptlistchangednotification
        """
        await self.send_notification(
            methods.PROMPT_LIST_CHANGED,
            PromptListChangedNotificationParams(meta=None if meta is None else NotificationMetaObject(meta)),
        )

    async def notify_tool_list_changed(self, *, meta: Meta | None = None) -> None:
        """Reports a change to the server's list of tools.

        https://modelcontextprotocol.io/specification/2026-07-28/schema#toollistchangednotification
        """
        await self.send_notification(
            methods.TOOL_LIST_CHANGED,
            ToolListChangedNotificationParams(meta=None if meta is None else NotificationMetaObject(meta)),
        )

    async def notify_logging_message(
        self, *, data: Any, level: LoggingLevel, logger: str | None = None, meta: Meta | None = None
    ) -> None:
        """Carries a log message.

        https://modelcontextprotocol.io/specification/2026-07-28/schema#loggingmessagenotification
        """
        await self.send_notification(
            methods.LOGGING_MESSAGE,
            LoggingMessageNotificationParams(
                data=data, level=level, logger=logger, meta=None if meta is None else NotificationMetaObject(meta)
            ),
        )

    async def elicit(
        self, params: ElicitRequestParams, *, timeout: Timeout = UNSET, on_progress: ProgressCallback | None = None
    ) -> ElicitResult | CreateTaskResult:
        """Asks the user for information.

        https://modelcontextprotocol.io/specification/2026-07-28/schema#elicitrequest
        """
        return await self.send_request(methods.ELICIT, fresh(params), timeout=timeout, on_progress=on_progress)

    async def get_task(
        self,
        task_id: str,
        *,
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> GetTaskResult:
        """Gets a task's state.

        https://modelcontextprotocol.io/specification/2025-11-25/schema#gettaskrequest
        """
        return await self.send_request(
            methods.GET_TASK,
            GetTaskRequestParams(task_id=task_id, meta=None if meta is None else RequestMetaObject(meta)),
            timeout=timeout,
            on_progress=on_progress,
        )

    async def get_task_payload(
        self,
        task_id: str,
        *,
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> GetTaskPayloadResult:
        """Gets the result of the request that runs as a task.

        https://modelcontextprotocol.io/specification/2025-11-25/schema#gettaskpayloadrequest
        """
        return await self.send_request(
            methods.GET_TASK_PAYLOAD,
            GetTaskPayloadRequestParams(task_id=task_id, meta=None if meta is None else RequestMetaObject(meta)),
            timeout=timeout,
            on_progress=on_progress,
        )

    async def cancel_task(
        self,
        task_id: str,
        *,
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> CancelTaskResult:
        """Stops a task.

        https://modelcontextprotocol.io/specification/2025-11-25/schema#canceltaskrequest
        """
        return await self.send_request(
            methods.CANCEL_TASK,
            CancelTaskRequestParams(task_id=task_id, meta=None if meta is None else RequestMetaObject(meta)),
            timeout=timeout,
            on_progress=on_progress,
        )

    async def list_tasks(
        self,
        *,
        cursor: str | None = None,
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> ListTasksResult:
        """Lists tasks, a page at a time.

        https://modelcontextprotocol.io/specification/2025-11-25/schema#listtasksrequest
        """
        return await self.send_request(
            methods.LIST_TASKS,
            PaginatedRequestParams(cursor=cursor, meta=None if meta is None else RequestMetaObject(meta)),
            timeout=timeout,
            on_progress=on_progress,
        )

    async def notify_task_status(
        self,
        *,
        created_at: str,
        last_updated_at: str,
        status: TaskStatus,
        task_id: str,
        ttl: int | None,
        poll_interval: int | None = None,
        status_message: str | None = None,
        meta: Meta | None = None,
    ) -> None:
        """Reports a task's new state.

        https://modelcontextprotocol.io/specification/2025-11-25/schema#taskstatusnotification
        """
        await self.send_notification(
            methods.TASK_STATUS,
            TaskStatusNotificationParams(
                created_at=created_at,
                last_updated_at=last_updated_at,
                status=status,
                task_id=task_id,
                ttl=ttl,
                poll_interval=poll_interval,
                status_message=status_message,
                meta=None if meta is None else dict(meta),
            ),
        )

    async def notify_elicitation_complete(self, elicitation_id: str, *, meta: Meta | None = None) -> None:
        """Reports that an elicitation at a URL is over.

        https://modelcontextprotocol.io/specification/2025-11-25/schema#elicitationcompletenotification
        """
        await self.send_notification(
            methods.ELICITATION_COMPLETE,
            ElicitationCompleteNotificationParams(
                elicitation_id=elicitation_id, meta=None if meta is None else dict(meta)
            ),
        )

    async def notify_subscriptions_acknowledged(
        self, notifications: SubscriptionFilter, *, meta: Meta | None = None
    ) -> None:
        """Confirms a subscription stream and says what it will carry.

        https://modelcontextprotocol.io/specification/2026-07-28/schema#subscriptionsacknowledgednotification
        """
        await self.send_notification(
            methods.SUBSCRIPTIONS_ACKNOWLEDGED,
            SubscriptionsAcknowledgedNotificationParams(
                notifications=notifications, meta=None if meta is None else NotificationMetaObject(meta)
            ),
        )


class ServerHandlers(BaseHandlers[ContextT]):
    """What a server answers: override what it offers. The rest answers "method not found" (-32601)."""

    @unhandled
    async def initialize(self, params: InitializeRequestParams, ctx: ContextT) -> InitializeResult:
        """Opens the handshake: settles the revision and exchanges capabilities."""
        raise MethodNotFound("initialize")

    @unhandled
    async def ping(self, params: PingRequestParams, ctx: ContextT) -> EmptyResult:
        """Checks that the other side still answers."""
        raise MethodNotFound("ping")

    @unhandled
    async def list_resources(self, params: ListResourcesRequestParams, ctx: ContextT) -> ListResourcesResult:
        """Lists resources, a page at a time."""
        raise MethodNotFound("resources/list")

    @unhandled
    async def list_resource_templates(
        self, params: ListResourceTemplatesRequestParams, ctx: ContextT
    ) -> ListResourceTemplatesResult:
        """Lists resource templates, a page at a time."""
        raise MethodNotFound("resources/templates/list")

    @unhandled
    async def read_resource(
        self, params: ReadResourceRequestParams, ctx: ContextT
    ) -> ReadResourceResult | InputRequiredResult:
        """Reads a resource."""
        raise MethodNotFound("resources/read")

    @unhandled
    async def subscribe(self, params: SubscribeRequestParams, ctx: ContextT) -> EmptyResult:
        """Starts notifications about changes to one resource."""
        raise MethodNotFound("resources/subscribe")

    @unhandled
    async def unsubscribe(self, params: UnsubscribeRequestParams, ctx: ContextT) -> EmptyResult:
        """Stops notifications about changes to one resource."""
        raise MethodNotFound("resources/unsubscribe")

    @unhandled
    async def list_prompts(self, params: ListPromptsRequestParams, ctx: ContextT) -> ListPromptsResult:
        """Lists prompts, a page at a time."""
        raise MethodNotFound("prompts/list")

    @unhandled
    async def get_prompt(self, params: GetPromptRequestParams, ctx: ContextT) -> GetPromptResult | InputRequiredResult:
        """Gets a prompt's messages, with its arguments filled in."""
        raise MethodNotFound("prompts/get")

    @unhandled
    async def list_tools(self, params: ListToolsRequestParams, ctx: ContextT) -> ListToolsResult:
        """Lists tools, a page at a time."""
        raise MethodNotFound("tools/list")

    @unhandled
    async def call_tool(
        self, params: CallToolRequestParams, ctx: ContextT
    ) -> CallToolResult | InputRequiredResult | CreateTaskResult:
        """Runs a tool."""
        raise MethodNotFound("tools/call")

    @unhandled
    async def set_level(self, params: SetLevelRequestParams, ctx: ContextT) -> EmptyResult:
        """Sets from which severity on log messages are sent."""
        raise MethodNotFound("logging/setLevel")

    @unhandled
    async def complete(self, params: CompleteRequestParams, ctx: ContextT) -> CompleteResult:
        """Suggests values for an argument of a prompt or resource template."""
        raise MethodNotFound("completion/complete")

    @unhandled
    async def get_task(self, params: GetTaskRequestParams, ctx: ContextT) -> GetTaskResult:
        """Gets a task's state."""
        raise MethodNotFound("tasks/get")

    @unhandled
    async def get_task_payload(self, params: GetTaskPayloadRequestParams, ctx: ContextT) -> GetTaskPayloadResult:
        """Gets the result of the request that runs as a task."""
        raise MethodNotFound("tasks/result")

    @unhandled
    async def cancel_task(self, params: CancelTaskRequestParams, ctx: ContextT) -> CancelTaskResult:
        """Stops a task."""
        raise MethodNotFound("tasks/cancel")

    @unhandled
    async def list_tasks(self, params: PaginatedRequestParams, ctx: ContextT) -> ListTasksResult:
        """Lists tasks, a page at a time."""
        raise MethodNotFound("tasks/list")

    @unhandled
    async def discover(self, params: RequestParams, ctx: ContextT) -> DiscoverResult:
        """Gets the server's revisions, capabilities and instructions."""
        raise MethodNotFound("server/discover")

    @unhandled
    async def subscriptions_listen(
        self, params: SubscriptionsListenRequestParams, ctx: ContextT
    ) -> SubscriptionsListenResult:
        """Opens a stream of selected notifications."""
        raise MethodNotFound("subscriptions/listen")

    dispatch: ClassVar[dict[str, tuple[str, MethodInfo[Any, Any]]]] = {
        "initialize": ("initialize", methods.INITIALIZE),
        "ping": ("ping", methods.PING),
        "resources/list": ("list_resources", methods.LIST_RESOURCES),
        "resources/templates/list": ("list_resource_templates", methods.LIST_RESOURCE_TEMPLATES),
        "resources/read": ("read_resource", methods.READ_RESOURCE),
        "resources/subscribe": ("subscribe", methods.SUBSCRIBE),
        "resources/unsubscribe": ("unsubscribe", methods.UNSUBSCRIBE),
        "prompts/list": ("list_prompts", methods.LIST_PROMPTS),
        "prompts/get": ("get_prompt", methods.GET_PROMPT),
        "tools/list": ("list_tools", methods.LIST_TOOLS),
        "tools/call": ("call_tool", methods.CALL_TOOL),
        "logging/setLevel": ("set_level", methods.SET_LEVEL),
        "completion/complete": ("complete", methods.COMPLETE),
        "tasks/get": ("get_task", methods.GET_TASK),
        "tasks/result": ("get_task_payload", methods.GET_TASK_PAYLOAD),
        "tasks/cancel": ("cancel_task", methods.CANCEL_TASK),
        "tasks/list": ("list_tasks", methods.LIST_TASKS),
        "server/discover": ("discover", methods.DISCOVER),
        "subscriptions/listen": ("subscriptions_listen", methods.SUBSCRIPTIONS_LISTEN),
    }
