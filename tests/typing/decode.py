"""Read by type checkers only: what decoders give back, and what method descriptions say."""

from __future__ import annotations

from typing import Any, Literal, assert_type

from msgspec import Raw, UnsetType

from mcpstruct.base.envelope import ErrorObject, Response
from mcpstruct.base.messages import Received, ResponseDecoder
from mcpstruct.base.methods import MethodInfo
from mcpstruct_bindings.v2025_11_25 import methods as legacy_methods
from mcpstruct_bindings.v2025_11_25 import types as legacy
from mcpstruct_bindings.v2026_07_28 import decode, methods
from mcpstruct_bindings.v2026_07_28 import types as t


def method_descriptions() -> None:
    assert_type(methods.CALL_TOOL, MethodInfo[t.CallToolRequestParams, t.CallToolResult | t.InputRequiredResult])
    assert_type(methods.LIST_TOOLS, MethodInfo[t.PaginatedRequestParams, t.ListToolsResult])
    assert_type(methods.CANCELLED, MethodInfo[t.CancelledNotificationParams, None])
    assert_type(
        legacy_methods.ELICIT,
        MethodInfo[
            legacy.ElicitRequestURLParams | legacy.ElicitRequestFormParams,
            legacy.ElicitResult | legacy.CreateTaskResult,
        ],
    )
    assert_type(methods.METHODS, dict[str, MethodInfo[Any, Any]])
    assert_type(methods.CALL_TOOL.kind, Literal["request", "notification"])
    assert_type(methods.CALL_TOOL.removed, str | None)
    methods.CALL_TOOL.name = "x"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


def messages(data: bytes) -> None:
    received = decode.client_message(data)
    assert_type(received.data, bytes)
    message = received.message
    if isinstance(message, Response):
        assert_type(message.result, Raw | UnsetType)
        assert_type(message.id, int | str | None)
    elif message.method == "tools/call":
        assert_type(message, t.CallToolRequest)
        assert_type(message.params.arguments, dict[str, Any] | None)
        assert_type(message.id, str | int)
    elif message.method == "notifications/cancelled":
        assert_type(message.params.request_id, str | int)
    assert_type(decode.client_decoder.split(data), list[bytes])


def responses(data: bytes) -> None:
    received = decode.response(methods.CALL_TOOL, data)
    assert_type(received, Received[Response[t.CallToolResult | t.InputRequiredResult]])
    assert_type(received.message.result, t.CallToolResult | t.InputRequiredResult | UnsetType)
    assert_type(received.message.error, ErrorObject | UnsetType)
    listed = ResponseDecoder(methods.LIST_TOOLS)
    assert_type(listed.decode(data).message.result, t.ListToolsResult | UnsetType)
