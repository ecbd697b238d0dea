"""One-pass decoders of MCP 2025-11-25: bytes of a whole message in, typed message out.

Schema 2025-11-25, sha256 268a5f82ba70fd7e4b6dc4aa1e64f116f74b4d0edcb69dc046829c79dd4e97e7.
Made by `make gen`; never edited.
"""

from __future__ import annotations

from typing import TypeAlias

from mcpstruct.base.messages import MessageDecoder, Received, ResponseDecoder, response, response_decoder

from . import types as t
from .methods import METHODS

__all__ = [
    "ClientMessage",
    "Received",
    "ResponseDecoder",
    "ServerMessage",
    "client_decoder",
    "client_message",
    "response",
    "response_decoder",
    "server_decoder",
    "server_message",
]

ClientMessage: TypeAlias = (
    t.InitializeRequest
    | t.PingRequest
    | t.ListResourcesRequest
    | t.ListResourceTemplatesRequest
    | t.ReadResourceRequest
    | t.SubscribeRequest
    | t.UnsubscribeRequest
    | t.ListPromptsRequest
    | t.GetPromptRequest
    | t.ListToolsRequest
    | t.CallToolRequest
    | t.GetTaskRequest
    | t.GetTaskPayloadRequest
    | t.CancelTaskRequest
    | t.ListTasksRequest
    | t.SetLevelRequest
    | t.CompleteRequest
    | t.CancelledNotification
    | t.InitializedNotification
    | t.ProgressNotification
    | t.TaskStatusNotification
    | t.RootsListChangedNotification
)
"""Any request or notification that a client sends."""

ServerMessage: TypeAlias = (
    t.PingRequest
    | t.GetTaskRequest
    | t.GetTaskPayloadRequest
    | t.CancelTaskRequest
    | t.ListTasksRequest
    | t.CreateMessageRequest
    | t.ListRootsRequest
    | t.ElicitRequest
    | t.CancelledNotification
    | t.ProgressNotification
    | t.TaskStatusNotification
    | t.ResourceListChangedNotification
    | t.ResourceUpdatedNotification
    | t.PromptListChangedNotification
    | t.ToolListChangedNotification
    | t.LoggingMessageNotification
    | t.ElicitationCompleteNotification
)
"""Any request or notification that a server sends."""

client_decoder: MessageDecoder[ClientMessage] = MessageDecoder(ClientMessage, "client", METHODS)
"""For what a client sends, batches and limits included."""

server_decoder: MessageDecoder[ServerMessage] = MessageDecoder(ServerMessage, "server", METHODS)
"""For what a server sends, batches and limits included."""

client_message = client_decoder.decode
"""Decode one message that a client sent."""

server_message = server_decoder.decode
"""Decode one message that a server sent."""
