"""What a client sends in every MCP revision at once.

From the schemas of 2024-11-05 to 2026-07-28.
Made by `make gen`; never edited.
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from mcpstruct.base.session import BaseSession, Meta, ProgressCallback, Timeout

from . import methods
from .types import (
    CallToolRequestParams,
    CallToolResult,
    CancelledNotificationParams,
    CancelTaskRequestParams,
    CancelTaskResult,
    ClientCapabilities,
    CompleteRequestParams,
    CompleteRequestParamsArgument,
    CompleteRequestParamsContext,
    CompleteResult,
    CreateTaskResult,
    DiscoverResult,
    EmptyResult,
    GetPromptRequestParams,
    GetPromptResult,
    GetTaskPayloadRequestParams,
    GetTaskPayloadResult,
    GetTaskRequestParams,
    GetTaskResult,
    Implementation,
    InitializedNotificationParams,
    InitializeRequestParams,
    InitializeResult,
    InputRequiredResult,
    InputResponses,
    ListPromptsRequestParams,
    ListPromptsResult,
    ListResourcesRequestParams,
    ListResourcesResult,
    ListResourceTemplatesRequestParams,
    ListResourceTemplatesResult,
    ListTasksResult,
    ListToolsRequestParams,
    ListToolsResult,
    LoggingLevel,
    NotificationMetaObject,
    PaginatedRequestParams,
    PingRequestParams,
    ProgressNotificationParams,
    ProgressToken,
    PromptReference,
    ReadResourceRequestParams,
    ReadResourceResult,
    RequestId,
    RequestMetaObject,
    RequestParams,
    ResourceTemplateReference,
    RootsListChangedNotificationParams,
    SetLevelRequestParams,
    SubscribeRequestParams,
    SubscriptionFilter,
    SubscriptionsListenRequestParams,
    SubscriptionsListenResult,
    TaskMetadata,
    TaskStatus,
    TaskStatusNotificationParams,
    UnsubscribeRequestParams,
)


class ClientSession(BaseSession):
    """The client's side: one typed method for every request and notification that a client may send."""

    async def initialize(
        self,
        *,
        capabilities: ClientCapabilities,
        client_info: Implementation,
        protocol_version: str,
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> InitializeResult:
        """Opens the handshake: settles the revision and exchanges capabilities.

        https://modelcontextprotocol.io/specification/2025-11-25/schema#initializerequest
        """
        return await self.send_request(
            methods.INITIALIZE,
            InitializeRequestParams(
                capabilities=capabilities,
                client_info=client_info,
                protocol_version=protocol_version,
                meta=None if meta is None else RequestMetaObject(meta),
            ),
            timeout=timeout,
            on_progress=on_progress,
        )

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

    async def list_resources(
        self,
        *,
        cursor: str | None = None,
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> ListResourcesResult:
        """Lists resources, a page at a time.

        https://modelcontextprotocol.io/specification/2026-07-28/schema#listresourcesrequest
        """
        return await self.send_request(
            methods.LIST_RESOURCES,
            ListResourcesRequestParams(cursor=cursor, meta=None if meta is None else RequestMetaObject(meta)),
            timeout=timeout,
            on_progress=on_progress,
        )

    async def list_resource_templates(
        self,
        *,
        cursor: str | None = None,
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> ListResourceTemplatesResult:
        """Lists resource templates, a page at a time.

        https://modelcontextprotocol.io/specification/2026-07-28/schema#listresourcetemplatesrequest
        """
        return await self.send_request(
            methods.LIST_RESOURCE_TEMPLATES,
            ListResourceTemplatesRequestParams(cursor=cursor, meta=None if meta is None else RequestMetaObject(meta)),
            timeout=timeout,
            on_progress=on_progress,
        )

    async def read_resource(
        self,
        uri: str,
        *,
        input_responses: InputResponses | None = None,
        request_state: str | None = None,
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> ReadResourceResult | InputRequiredResult:
        """Reads a resource.

        https://modelcontextprotocol.io/specification/2026-07-28/schema#readresourcerequest
        """
        return await self.send_request(
            methods.READ_RESOURCE,
            ReadResourceRequestParams(
                uri=uri,
                input_responses=input_responses,
                request_state=request_state,
                meta=None if meta is None else RequestMetaObject(meta),
            ),
            timeout=timeout,
            on_progress=on_progress,
        )

    async def subscribe(
        self,
        uri: str,
        *,
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> EmptyResult:
        """Starts notifications about changes to one resource.

        https://modelcontextprotocol.io/specification/2025-11-25/schema#subscriberequest
        """
        return await self.send_request(
            methods.SUBSCRIBE,
            SubscribeRequestParams(uri=uri, meta=None if meta is None else RequestMetaObject(meta)),
            timeout=timeout,
            on_progress=on_progress,
        )

    async def unsubscribe(
        self,
        uri: str,
        *,
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> EmptyResult:
        """Stops notifications about changes to one resource.

        https://modelcontextprotocol.io/specification/2025-11-25/schema#unsubscriberequest
        """
        return await self.send_request(
            methods.UNSUBSCRIBE,
            UnsubscribeRequestParams(uri=uri, meta=None if meta is None else RequestMetaObject(meta)),
            timeout=timeout,
            on_progress=on_progress,
        )

    async def list_prompts(
        self,
        *,
        cursor: str | None = None,
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> ListPromptsResult:
        """Lists prompts, a page at a time.

        https://modelcontextprotocol.io/specification/2026-07-28/schema#listpromptsrequest
        """
        return await self.send_request(
            methods.LIST_PROMPTS,
            ListPromptsRequestParams(cursor=cursor, meta=None if meta is None else RequestMetaObject(meta)),
            timeout=timeout,
            on_progress=on_progress,
        )

    async def get_prompt(
        self,
        name: str,
        arguments: dict[str, str] | None = None,
        *,
        input_responses: InputResponses | None = None,
        request_state: str | None = None,
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> GetPromptResult | InputRequiredResult:
        """Gets a prompt's messages, with its arguments filled in.

        https://modelcontextprotocol.io/specification/2026-07-28/schema#getpromptrequest
        """
        return await self.send_request(
            methods.GET_PROMPT,
            GetPromptRequestParams(
                name=name,
                arguments=arguments,
                input_responses=input_responses,
                request_state=request_state,
                meta=None if meta is None else RequestMetaObject(meta),
            ),
            timeout=timeout,
            on_progress=on_progress,
        )

    async def list_tools(
        self,
        *,
        cursor: str | None = None,
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> ListToolsResult:
        """Lists tools, a page at a time.

        https://modelcontextprotocol.io/specification/2026-07-28/schema#listtoolsrequest
        """
        return await self.send_request(
            methods.LIST_TOOLS,
            ListToolsRequestParams(cursor=cursor, meta=None if meta is None else RequestMetaObject(meta)),
            timeout=timeout,
            on_progress=on_progress,
        )

    async def call_tool(
        self,
        name: str,
        arguments: dict[str, Any] | None = None,
        *,
        task: TaskMetadata | None = None,
        input_responses: InputResponses | None = None,
        request_state: str | None = None,
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> CallToolResult | InputRequiredResult | CreateTaskResult:
        """Runs a tool.

        https://modelcontextprotocol.io/specification/2026-07-28/schema#calltoolrequest
        """
        return await self.send_request(
            methods.CALL_TOOL,
            CallToolRequestParams(
                name=name,
                arguments=arguments,
                task=task,
                input_responses=input_responses,
                request_state=request_state,
                meta=None if meta is None else RequestMetaObject(meta),
            ),
            timeout=timeout,
            on_progress=on_progress,
        )

    async def set_level(
        self,
        level: LoggingLevel,
        *,
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> EmptyResult:
        """Sets from which severity on log messages are sent.

        https://modelcontextprotocol.io/specification/2025-11-25/schema#setlevelrequest
        """
        return await self.send_request(
            methods.SET_LEVEL,
            SetLevelRequestParams(level=level, meta=None if meta is None else RequestMetaObject(meta)),
            timeout=timeout,
            on_progress=on_progress,
        )

    async def complete(
        self,
        ref: PromptReference | ResourceTemplateReference,
        argument: CompleteRequestParamsArgument,
        *,
        context: CompleteRequestParamsContext | None = None,
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> CompleteResult:
        """Suggests values for an argument of a prompt or resource template.

        https://modelcontextprotocol.io/specification/2026-07-28/schema#completerequest
        """
        return await self.send_request(
            methods.COMPLETE,
            CompleteRequestParams(
                argument=argument, ref=ref, context=context, meta=None if meta is None else RequestMetaObject(meta)
            ),
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

    async def notify_initialized(self, *, meta: Meta | None = None) -> None:
        """Ends the handshake.

        https://modelcontextprotocol.io/specification/2025-11-25/schema#initializednotification
        """
        await self.send_notification(
            methods.INITIALIZED, InitializedNotificationParams(meta=None if meta is None else dict(meta))
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

    async def notify_roots_list_changed(self, *, meta: Meta | None = None) -> None:
        """Reports a change to the client's roots.

        https://modelcontextprotocol.io/specification/2025-11-25/schema#rootslistchangednotification
        """
        await self.send_notification(
            methods.ROOTS_LIST_CHANGED, RootsListChangedNotificationParams(meta=None if meta is None else dict(meta))
        )

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

    async def discover(
        self, *, meta: Meta | None = None, timeout: Timeout = UNSET, on_progress: ProgressCallback | None = None
    ) -> DiscoverResult:
        """Gets the server's revisions, capabilities and instructions.

        https://modelcontextprotocol.io/specification/2026-07-28/schema#discoverrequest
        """
        return await self.send_request(
            methods.DISCOVER,
            RequestParams(meta=None if meta is None else RequestMetaObject(meta)),
            timeout=timeout,
            on_progress=on_progress,
        )

    async def subscriptions_listen(
        self,
        notifications: SubscriptionFilter,
        *,
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> SubscriptionsListenResult:
        """Opens a stream of selected notifications.

        https://modelcontextprotocol.io/specification/2026-07-28/schema#subscriptionslistenrequest
        """
        return await self.send_request(
            methods.SUBSCRIPTIONS_LISTEN,
            SubscriptionsListenRequestParams(notifications=notifications, meta=RequestMetaObject(meta or ())),
            timeout=timeout,
            on_progress=on_progress,
        )
