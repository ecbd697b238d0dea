"""What a client sends in MCP 2025-06-18.

Schema 2025-06-18, sha256 af845e7e5b9d27107d1690f0936022546177a1403e63ffb11470135b296a2e01.
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
    ClientCapabilities,
    CompleteRequestParams,
    CompleteRequestParamsArgument,
    CompleteRequestParamsContext,
    CompleteResult,
    EmptyResult,
    GetPromptRequestParams,
    GetPromptResult,
    Implementation,
    InitializedNotificationParams,
    InitializeRequestParams,
    InitializeResult,
    ListPromptsRequestParams,
    ListPromptsResult,
    ListResourcesRequestParams,
    ListResourcesResult,
    ListResourceTemplatesRequestParams,
    ListResourceTemplatesResult,
    ListToolsRequestParams,
    ListToolsResult,
    LoggingLevel,
    PingRequestParams,
    ProgressNotificationParams,
    ProgressToken,
    PromptReference,
    ReadResourceRequestParams,
    ReadResourceResult,
    RequestId,
    RequestMetaObject,
    ResourceTemplateReference,
    RootsListChangedNotificationParams,
    SetLevelRequestParams,
    SubscribeRequestParams,
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

        https://modelcontextprotocol.io/specification/2025-06-18/schema#initializerequest
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

        https://modelcontextprotocol.io/specification/2025-06-18/schema#pingrequest
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

        https://modelcontextprotocol.io/specification/2025-06-18/schema#listresourcesrequest
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

        https://modelcontextprotocol.io/specification/2025-06-18/schema#listresourcetemplatesrequest
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
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> ReadResourceResult:
        """Reads a resource.

        https://modelcontextprotocol.io/specification/2025-06-18/schema#readresourcerequest
        """
        return await self.send_request(
            methods.READ_RESOURCE,
            ReadResourceRequestParams(uri=uri, meta=None if meta is None else RequestMetaObject(meta)),
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

        https://modelcontextprotocol.io/specification/2025-06-18/schema#subscriberequest
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

        https://modelcontextprotocol.io/specification/2025-06-18/schema#unsubscriberequest
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

        https://modelcontextprotocol.io/specification/2025-06-18/schema#listpromptsrequest
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
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> GetPromptResult:
        """Gets a prompt's messages, with its arguments filled in.

        https://modelcontextprotocol.io/specification/2025-06-18/schema#getpromptrequest
        """
        return await self.send_request(
            methods.GET_PROMPT,
            GetPromptRequestParams(
                name=name, arguments=arguments, meta=None if meta is None else RequestMetaObject(meta)
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

        https://modelcontextprotocol.io/specification/2025-06-18/schema#listtoolsrequest
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
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> CallToolResult:
        """Runs a tool.

        https://modelcontextprotocol.io/specification/2025-06-18/schema#calltoolrequest
        """
        return await self.send_request(
            methods.CALL_TOOL,
            CallToolRequestParams(
                name=name, arguments=arguments, meta=None if meta is None else RequestMetaObject(meta)
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

        https://modelcontextprotocol.io/specification/2025-06-18/schema#setlevelrequest
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

        https://modelcontextprotocol.io/specification/2025-06-18/schema#completerequest
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

    async def notify_initialized(self, *, meta: Meta | None = None) -> None:
        """Ends the handshake.

        https://modelcontextprotocol.io/specification/2025-06-18/schema#initializednotification
        """
        await self.send_notification(
            methods.INITIALIZED, InitializedNotificationParams(meta=None if meta is None else dict(meta))
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

    async def notify_roots_list_changed(self, *, meta: Meta | None = None) -> None:
        """Reports a change to the client's roots.

        https://modelcontextprotocol.io/specification/2025-06-18/schema#rootslistchangednotification
        """
        await self.send_notification(
            methods.ROOTS_LIST_CHANGED, RootsListChangedNotificationParams(meta=None if meta is None else dict(meta))
        )
