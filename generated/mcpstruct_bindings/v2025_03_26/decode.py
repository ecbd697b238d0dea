"""One-pass decoders of MCP 2025-03-26: bytes of a whole message in, typed message out.

Schema 2025-03-26, sha256 e720669548c8100a4282c49e580efd6ddf7f28899ea786fc8db251dbdb356131.
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
