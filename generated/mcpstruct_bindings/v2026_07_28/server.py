"""What a server sends, and what it answers, in MCP 2026-07-28.

Schema 2026-07-28, sha256 ef70b61f99b6d2e5e3b46863822eab08dff6a45bedc7a08914e0e5b133f40203.
Made by `make gen`; never edited.
"""

from __future__ import annotations

from typing import Any, ClassVar

from mcpstruct.base.errors import MethodNotFound
from mcpstruct.base.handlers import BaseHandlers, ContextT, unhandled
from mcpstruct.base.methods import MethodInfo
from mcpstruct.base.session import BaseSession, Meta

from . import methods
from .types import (
    CallToolRequestParams,
    CallToolResult,
    CancelledNotificationParams,
    CompleteRequestParams,
    CompleteResult,
    DiscoverResult,
    GetPromptRequestParams,
    GetPromptResult,
    InputRequiredResult,
    ListPromptsResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    LoggingLevel,
    LoggingMessageNotificationParams,
    NotificationMetaObject,
    NotificationParams,
    PaginatedRequestParams,
    ProgressNotificationParams,
    ProgressToken,
    ReadResourceRequestParams,
    ReadResourceResult,
    RequestId,
    RequestParams,
    ResourceUpdatedNotificationParams,
    SubscriptionFilter,
    SubscriptionsAcknowledgedNotificationParams,
    SubscriptionsListenRequestParams,
    SubscriptionsListenResult,
)


class ServerSession(BaseSession):
    """The server's side: one typed method for every request and notification that a server may send."""

    async def notify_cancelled(
        self, request_id: RequestId, *, reason: str | None = None, meta: Meta | None = None
    ) -> None:
        """Calls off a request that may still be in progress.

        https://modelcontextprotocol.io/specification/2026-07-28/schema#cancellednotification
        """
        await self.send_notification(
            methods.CANCELLED,
            CancelledNotificationParams(
                request_id=request_id, reason=reason, meta=None if meta is None else NotificationMetaObject(meta)
            ),
        )

    async def notify_progress(
        self,
        *,
        progress: int | float,
        progress_token: ProgressToken,
        message: str | None = None,
        total: int | float | None = None,
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
                message=message,
                total=total,
                meta=None if meta is None else NotificationMetaObject(meta),
            ),
        )

    async def notify_resource_list_changed(self, *, meta: Meta | None = None) -> None:
        """Reports a change to the server's list of resources.

        https://modelcontextprotocol.io/specification/2026-07-28/schema#resourcelistchangednotification
        """
        await self.send_notification(
            methods.RESOURCE_LIST_CHANGED,
            NotificationParams(meta=None if meta is None else NotificationMetaObject(meta)),
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
            methods.PROMPT_LIST_CHANGED, NotificationParams(meta=None if meta is None else NotificationMetaObject(meta))
        )

    async def notify_tool_list_changed(self, *, meta: Meta | None = None) -> None:
        """Reports a change to the server's list of tools.

        https://modelcontextprotocol.io/specification/2026-07-28/schema#toollistchangednotification
        """
        await self.send_notification(
            methods.TOOL_LIST_CHANGED, NotificationParams(meta=None if meta is None else NotificationMetaObject(meta))
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


class ServerHandlers(BaseHandlers[ContextT]):
    """What a server answers: override what it offers. The rest answers "method not found" (-32601)."""

    @unhandled
    async def discover(self, params: RequestParams, ctx: ContextT) -> DiscoverResult:
        """Gets the server's revisions, capabilities and instructions."""
        raise MethodNotFound("server/discover")

    @unhandled
    async def list_resources(self, params: PaginatedRequestParams, ctx: ContextT) -> ListResourcesResult:
        """Lists resources, a page at a time."""
        raise MethodNotFound("resources/list")

    @unhandled
    async def list_resource_templates(
        self, params: PaginatedRequestParams, ctx: ContextT
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
    async def subscriptions_listen(
        self, params: SubscriptionsListenRequestParams, ctx: ContextT
    ) -> SubscriptionsListenResult:
        """Opens a stream of selected notifications."""
        raise MethodNotFound("subscriptions/listen")

    @unhandled
    async def list_prompts(self, params: PaginatedRequestParams, ctx: ContextT) -> ListPromptsResult:
        """Lists prompts, a page at a time."""
        raise MethodNotFound("prompts/list")

    @unhandled
    async def get_prompt(self, params: GetPromptRequestParams, ctx: ContextT) -> GetPromptResult | InputRequiredResult:
        """Gets a prompt's messages, with its arguments filled in."""
        raise MethodNotFound("prompts/get")

    @unhandled
    async def list_tools(self, params: PaginatedRequestParams, ctx: ContextT) -> ListToolsResult:
        """Lists tools, a page at a time."""
        raise MethodNotFound("tools/list")

    @unhandled
    async def call_tool(self, params: CallToolRequestParams, ctx: ContextT) -> CallToolResult | InputRequiredResult:
        """Runs a tool."""
        raise MethodNotFound("tools/call")

    @unhandled
    async def complete(self, params: CompleteRequestParams, ctx: ContextT) -> CompleteResult:
        """Suggests values for an argument of a prompt or resource template."""
        raise MethodNotFound("completion/complete")

    dispatch: ClassVar[dict[str, tuple[str, MethodInfo[Any, Any]]]] = {
        "server/discover": ("discover", methods.DISCOVER),
        "resources/list": ("list_resources", methods.LIST_RESOURCES),
        "resources/templates/list": ("list_resource_templates", methods.LIST_RESOURCE_TEMPLATES),
        "resources/read": ("read_resource", methods.READ_RESOURCE),
        "subscriptions/listen": ("subscriptions_listen", methods.SUBSCRIPTIONS_LISTEN),
        "prompts/list": ("list_prompts", methods.LIST_PROMPTS),
        "prompts/get": ("get_prompt", methods.GET_PROMPT),
        "tools/list": ("list_tools", methods.LIST_TOOLS),
        "tools/call": ("call_tool", methods.CALL_TOOL),
        "completion/complete": ("complete", methods.COMPLETE),
    }
