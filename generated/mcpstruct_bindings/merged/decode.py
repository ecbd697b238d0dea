"""One-pass decoders of every MCP revision at once: bytes of a whole message in, typed message out.

From the schemas of 2024-11-05 to 2026-07-28.
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
    | t.SetLevelRequest
    | t.CompleteRequest
    | t.CancelledNotification
    | t.InitializedNotification
    | t.ProgressNotification
    | t.RootsListChangedNotification
    | t.GetTaskRequest
    | t.GetTaskPayloadRequest
    | t.CancelTaskRequest
    | t.ListTasksRequest
    | t.TaskStatusNotification
    | t.DiscoverRequest
    | t.SubscriptionsListenRequest
)
"""Any request or notification that a client sends."""

ServerMessage: TypeAlias = (
    t.PingRequest
    | t.CreateMessageRequest
    | t.ListRootsRequest
    | t.CancelledNotification
    | t.ProgressNotification
    | t.ResourceListChangedNotification
    | t.ResourceUpdatedNotification
    | t.PromptListChangedNotification
    | t.ToolListChangedNotification
    | t.LoggingMessageNotification
    | t.ElicitRequest
    | t.GetTaskRequest
    | t.GetTaskPayloadRequest
    | t.CancelTaskRequest
    | t.ListTasksRequest
    | t.TaskStatusNotification
    | t.ElicitationCompleteNotification
    | t.SubscriptionsAcknowledgedNotification
)
"""Any request or notification that a server sends."""

client_decoder: MessageDecoder[ClientMessage] = MessageDecoder(ClientMessage, "client", METHODS, batches=True)
"""For what a client sends, batches and limits included."""

server_decoder: MessageDecoder[ServerMessage] = MessageDecoder(ServerMessage, "server", METHODS, batches=True)
"""For what a server sends, batches and limits included."""

client_message = client_decoder.decode
"""Decode one message that a client sent."""

server_message = server_decoder.decode
"""Decode one message that a server sent."""
