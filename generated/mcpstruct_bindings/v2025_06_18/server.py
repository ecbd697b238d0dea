"""What a server sends, and what it answers, in MCP 2025-06-18.

Schema 2025-06-18, sha256 af845e7e5b9d27107d1690f0936022546177a1403e63ffb11470135b296a2e01.
Made by `make gen`; never edited.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from msgspec import UNSET

from mcpstruct.base.errors import MethodNotFound
from mcpstruct.base.handlers import BaseHandlers, ContextT, unhandled
from mcpstruct.base.methods import MethodInfo
from mcpstruct.base.session import BaseSession, Meta, ProgressCallback, Timeout

from . import methods
from .types import (
    CallToolRequestParams,
    CallToolResult,
    CancelledNotificationParams,
    CompleteRequestParams,
    CompleteResult,
    CreateMessageRequestParams,
    CreateMessageResult,
    ElicitRequestParams,
    ElicitRequestParamsRequestedSchema,
    ElicitResult,
    EmptyResult,
    GetPromptRequestParams,
    GetPromptResult,
    InitializeRequestParams,
    InitializeResult,
    ListPromptsRequestParams,
    ListPromptsResult,
    ListResourcesRequestParams,
    ListResourcesResult,
    ListResourceTemplatesRequestParams,
    ListResourceTemplatesResult,
    ListRootsRequestParams,
    ListRootsResult,
    ListToolsRequestParams,
    ListToolsResult,
    LoggingLevel,
    LoggingMessageNotificationParams,
    ModelPreferences,
    PingRequestParams,
    ProgressNotificationParams,
    ProgressToken,
    PromptListChangedNotificationParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    RequestId,
    RequestMetaObject,
    ResourceListChangedNotificationParams,
    ResourceUpdatedNotificationParams,
    SamplingMessage,
    SetLevelRequestParams,
    SubscribeRequestParams,
    ToolListChangedNotificationParams,
    UnsubscribeRequestParams,
)


class ServerSession(BaseSession):
    """The server's side: one typed method for every request and notification that a server may send."""

    async def ping(
        self, *, meta: Meta | None = None, timeout: Timeout = UNSET, on_progress: ProgressCallback | None = None
    ) -> EmptyResult:
        """Checks that the other side still answers.

        https://modelcontextprotocol.io/specification/2025-06-18/schema#pingrequest
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
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> CreateMessageResult:
        """Has the client's model write a message.

        https://modelcontextprotocol.io/specification/2025-06-18/schema#createmessagerequest
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
                meta=None if meta is None else RequestMetaObject(meta),
            ),
            timeout=timeout,
            on_progress=on_progress,
        )

    async def list_roots(
        self, *, meta: Meta | None = None, timeout: Timeout = UNSET, on_progress: ProgressCallback | None = None
    ) -> ListRootsResult:
        """Lists the client's roots.

        https://modelcontextprotocol.io/specification/2025-06-18/schema#listrootsrequest
        """
        return await self.send_request(
            methods.LIST_ROOTS,
            ListRootsRequestParams(meta=None if meta is None else RequestMetaObject(meta)),
            timeout=timeout,
            on_progress=on_progress,
        )

    async def elicit(
        self,
        *,
        message: str,
        requested_schema: ElicitRequestParamsRequestedSchema,
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> ElicitResult:
        """Asks the user for information.

        https://modelcontextprotocol.io/specification/2025-06-18/schema#elicitrequest
        """
        return await self.send_request(
            methods.ELICIT,
            ElicitRequestParams(
                message=message,
                requested_schema=requested_schema,
                meta=None if meta is None else RequestMetaObject(meta),
            ),
            timeout=timeout,
            on_progress=on_progress,
        )

    async def notify_cancelled(
        self, request_id: RequestId, *, reason: str | None = None, meta: Meta | None = None
    ) -> None:
        """Calls off a request that may still be in progress.

        https://modelcontextprotocol.io/specification/2025-06-18/schema#cancellednotification
        """
        await self.send_notification(
            methods.CANCELLED,
            CancelledNotificationParams(
                request_id=request_id, reason=reason, meta=None if meta is None else dict(meta)
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

        https://modelcontextprotocol.io/specification/2025-06-18/schema#progressnotification
        """
        await self.send_notification(
            methods.PROGRESS,
            ProgressNotificationParams(
                progress=progress,
                progress_token=progress_token,
                message=message,
                total=total,
                meta=None if meta is None else dict(meta),
            ),
        )

    async def notify_resource_list_changed(self, *, meta: Meta | None = None) -> None:
        """Reports a change to the server's list of resources.

        https://modelcontextprotocol.io/specification/2025-06-18/schema#resourcelistchangednotification
        """
        await self.send_notification(
            methods.RESOURCE_LIST_CHANGED,
            ResourceListChangedNotificationParams(meta=None if meta is None else dict(meta)),
        )

    async def notify_resource_updated(self, uri: str, *, meta: Meta | None = None) -> None:
        """Reports that a watched resource has changed.

        https://modelcontextprotocol.io/specification/2025-06-18/schema#resourceupdatednotification
        """
        await self.send_notification(
            methods.RESOURCE_UPDATED,
            ResourceUpdatedNotificationParams(uri=uri, meta=None if meta is None else dict(meta)),
        )

    async def notify_prompt_list_changed(self, *, meta: Meta | None = None) -> None:
        """Reports a change to the server's list of prompts.

        https://modelcontextprotocol.io/specification/2025-06-18/schema#promptlistchangednotification
        """
        await self.send_notification(
            methods.PROMPT_LIST_CHANGED, PromptListChangedNotificationParams(meta=None if meta is None else dict(meta))
        )

    async def notify_tool_list_changed(self, *, meta: Meta | None = None) -> None:
        """Reports a change to the server's list of tools.

        https://modelcontextprotocol.io/specification/2025-06-18/schema#toollistchangednotification
        """
        await self.send_notification(
            methods.TOOL_LIST_CHANGED, ToolListChangedNotificationParams(meta=None if meta is None else dict(meta))
        )

    async def notify_logging_message(
        self, *, data: Any, level: LoggingLevel, logger: str | None = None, meta: Meta | None = None
    ) -> None:
        """Carries a log message.

        https://modelcontextprotocol.io/specification/2025-06-18/schema#loggingmessagenotification
        """
        await self.send_notification(
            methods.LOGGING_MESSAGE,
            LoggingMessageNotificationParams(
                data=data, level=level, logger=logger, meta=None if meta is None else dict(meta)
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
    async def read_resource(self, params: ReadResourceRequestParams, ctx: ContextT) -> ReadResourceResult:
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
    async def get_prompt(self, params: GetPromptRequestParams, ctx: ContextT) -> GetPromptResult:
        """Gets a prompt's messages, with its arguments filled in."""
        raise MethodNotFound("prompts/get")

    @unhandled
    async def list_tools(self, params: ListToolsRequestParams, ctx: ContextT) -> ListToolsResult:
        """Lists tools, a page at a time."""
        raise MethodNotFound("tools/list")

    @unhandled
    async def call_tool(self, params: CallToolRequestParams, ctx: ContextT) -> CallToolResult:
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
    }
