"""What a client sends in MCP 2026-07-28.

Schema 2026-07-28, sha256 ef70b61f99b6d2e5e3b46863822eab08dff6a45bedc7a08914e0e5b133f40203.
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
    CompleteRequestParams,
    CompleteRequestParamsArgument,
    CompleteRequestParamsContext,
    CompleteResult,
    DiscoverResult,
    GetPromptRequestParams,
    GetPromptResult,
    InputRequiredResult,
    InputResponses,
    ListPromptsResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    NotificationMetaObject,
    PaginatedRequestParams,
    PromptReference,
    ReadResourceRequestParams,
    ReadResourceResult,
    RequestId,
    RequestMetaObject,
    RequestParams,
    ResourceTemplateReference,
    SubscriptionFilter,
    SubscriptionsListenRequestParams,
    SubscriptionsListenResult,
)


class ClientSession(BaseSession):
    """The client's side: one typed method for every request and notification that a client may send."""

    async def discover(
        self, *, meta: Meta | None = None, timeout: Timeout = UNSET, on_progress: ProgressCallback | None = None
    ) -> DiscoverResult:
        """Gets the server's revisions, capabilities and instructions.

        https://modelcontextprotocol.io/specification/2026-07-28/schema#discoverrequest
        """
        return await self.send_request(
            methods.DISCOVER,
            RequestParams(meta=RequestMetaObject(meta or ())),
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
            PaginatedRequestParams(cursor=cursor, meta=RequestMetaObject(meta or ())),
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
            PaginatedRequestParams(cursor=cursor, meta=RequestMetaObject(meta or ())),
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
                meta=RequestMetaObject(meta or ()),
            ),
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
            PaginatedRequestParams(cursor=cursor, meta=RequestMetaObject(meta or ())),
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
                meta=RequestMetaObject(meta or ()),
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
            PaginatedRequestParams(cursor=cursor, meta=RequestMetaObject(meta or ())),
            timeout=timeout,
            on_progress=on_progress,
        )

    async def call_tool(
        self,
        name: str,
        arguments: dict[str, Any] | None = None,
        *,
        input_responses: InputResponses | None = None,
        request_state: str | None = None,
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> CallToolResult | InputRequiredResult:
        """Runs a tool.

        https://modelcontextprotocol.io/specification/2026-07-28/schema#calltoolrequest
        """
        return await self.send_request(
            methods.CALL_TOOL,
            CallToolRequestParams(
                name=name,
                arguments=arguments,
                input_responses=input_responses,
                request_state=request_state,
                meta=RequestMetaObject(meta or ()),
            ),
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
            CompleteRequestParams(argument=argument, ref=ref, context=context, meta=RequestMetaObject(meta or ())),
            timeout=timeout,
            on_progress=on_progress,
        )

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
