"""Read by type checkers only: constants narrow unions, known keys have types, schemas are dicts."""

from __future__ import annotations

from typing import Any, Literal, assert_type

from msgspec import UnsetType

from mcpstruct.base.codec import from_json, to_json
from mcpstruct_bindings.merged import types as every
from mcpstruct_bindings.v2025_11_25 import types as legacy
from mcpstruct_bindings.v2026_07_28 import types as modern


def constants_narrow(result: modern.CallToolResult) -> None:
    for block in result.content:
        if block.type == "text":
            assert_type(block, modern.TextContent)
            assert_type(block.text, str)
        elif block.type == "resource":
            assert_type(block, modern.EmbeddedResource)
        else:
            assert_type(block, modern.ImageContent | modern.AudioContent | modern.ResourceLink)


def constants_have_their_literal_type(text: modern.TextContent, request: modern.CallToolRequest) -> None:
    assert_type(text.type, Literal["text"])
    assert_type(request.method, Literal["tools/call"])
    assert_type(modern.TextContent.type, Literal["text"])


def unions_must_be_narrowed(block: every.ContentBlock) -> None:
    block.text  # type: ignore[union-attr]  # pyright: ignore  # noqa: B018


def untagged_unions_narrow_by_class(resource: modern.EmbeddedResource) -> None:
    assert_type(resource.resource, modern.TextResourceContents | modern.BlobResourceContents)
    if isinstance(resource.resource, modern.TextResourceContents):
        assert_type(resource.resource.text, str)
    else:
        assert_type(resource.resource.blob, str)


def schemas_are_dicts(tool: modern.Tool) -> None:
    assert_type(tool.input_schema, dict[str, Any])
    assert_type(tool.output_schema, dict[str, Any] | None)
    modern.Tool(name="x", input_schema={"type": "object"})


def known_keys_have_types(params: modern.RequestParams) -> None:
    assert_type(params.meta, modern.RequestMetaObject)
    assert_type(params.meta.protocol_version, str)
    assert_type(params.meta.client_info, modern.Implementation | None)
    assert_type(params.meta.progress_token, str | int | None)
    assert_type(params.meta["anything"], Any)
    params.meta.progress_token = 7
    params.meta.log_level = "loud"  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]


def absence(result: every.CallToolResult, older: legacy.CallToolResult) -> None:
    assert_type(result.is_error, bool | None)
    assert_type(result.result_type, str | None)
    assert_type(older.structured_content, dict[str, Any] | None)


def any_value_or_none_at_all(result: modern.CallToolResult) -> None:
    if not isinstance(result.structured_content, UnsetType):
        assert_type(result.structured_content, Any)


def numbers_and_ids(progress: modern.ProgressNotificationParams) -> None:
    assert_type(progress.progress, int | float)
    assert_type(progress.progress_token, str | int)


def construction() -> None:
    modern.TextContent(text="x", annotations=modern.Annotations(priority=1, audience=["user"]))
    modern.TextContent("x")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    modern.TextContent(text=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    modern.TextContent(text="x", type="text")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    modern.PromptMessage(role="robot", content=modern.TextContent(text="x"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def to_and_from_json(data: bytes) -> None:
    assert_type(from_json(modern.Tool, data), modern.Tool)
    assert_type(from_json(list[modern.Tool], data), list[modern.Tool])
    assert_type(to_json(modern.TextContent(text="x")), bytes)
