"""One-pass decoders of MCP 2026-07-28: bytes of a whole message in, typed message out.

Schema 2026-07-28, sha256 ef70b61f99b6d2e5e3b46863822eab08dff6a45bedc7a08914e0e5b133f40203.
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
    t.DiscoverRequest
    | t.ListResourcesRequest
    | t.ListResourceTemplatesRequest
    | t.ReadResourceRequest
    | t.SubscriptionsListenRequest
    | t.ListPromptsRequest
    | t.GetPromptRequest
    | t.ListToolsRequest
    | t.CallToolRequest
    | t.CompleteRequest
    | t.CancelledNotification
)
"""Any request or notification that a client sends."""

ServerMessage: TypeAlias = (
    t.CancelledNotification
    | t.ProgressNotification
    | t.ResourceListChangedNotification
    | t.SubscriptionsAcknowledgedNotification
    | t.ResourceUpdatedNotification
    | t.PromptListChangedNotification
    | t.ToolListChangedNotification
    | t.LoggingMessageNotification
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
