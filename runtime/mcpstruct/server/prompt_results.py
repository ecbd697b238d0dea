"""A prompt's messages made from what its function returns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, cast

import msgspec

from mcpstruct.base.errors import ProtocolViolation, json_type
from mcpstruct.base.hooks import convert
from mcpstruct_bindings.merged.types import (
    ContentBlock,
    GetPromptResult,
    InputRequiredResult,
    PromptMessage,
    Role,
    TextContent,
)

from .content import Content, block_of
from .results import BadResult

_FINISHED = (GetPromptResult, InputRequiredResult)


class _Message:
    """Something said, as text or content."""

    __slots__ = ("content",)
    role: ClassVar[Role]

    def __init__(self, content: str | Content) -> None:
        self.content = content

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.content!r})"

    def message(self) -> PromptMessage:
        """The message as it is sent."""
        return _said(self.role, self.content)


class UserMessage(_Message):
    """Something that the user says: `UserMessage("Review this:")`, `UserMessage(Image(path="plot.png"))`."""

    __slots__ = ()
    role = "user"


class AssistantMessage(_Message):
    """Something that the assistant says: `AssistantMessage("I'll look at it.")`."""

    __slots__ = ()
    role = "assistant"


def convert_prompt_result(value: Any, description: str | None = None) -> GetPromptResult | InputRequiredResult:
    """The result for what a prompt's function returned: a message or a list of them. Raises `BadResult`.

    Finished results pass. A string, or content, is a message of the user. A dict is a message with its `role` and
    `content`, the latter a string, content, or a list of these.
    """
    if isinstance(value, _FINISHED):
        return value
    return GetPromptResult(messages=list(_messages(value)), description=description)


def _messages(value: Any) -> Iterator[PromptMessage]:
    if isinstance(value, PromptMessage):
        yield value
    elif isinstance(value, _Message):
        yield value.message()
    elif isinstance(value, (list, tuple)):
        for item in cast("list[Any]", value):
            yield from _messages(item)
    elif isinstance(value, dict):
        yield from _from_dict(cast("dict[str, Any]", value))
    else:
        yield _said("user", value)


def _from_dict(message: dict[str, Any]) -> Iterator[PromptMessage]:
    role, content = message.get("role"), message.get("content")
    if message.keys() != {"role", "content"} or role not in ("user", "assistant"):
        raise BadResult("a message as a dict has a role, `user` or `assistant`, and a content")
    for piece in cast("list[Any]", content) if isinstance(content, (list, tuple)) else [content]:
        yield _said(role, piece)


def _said(role: Role, content: Any) -> PromptMessage:
    return PromptMessage(role=role, content=_block(content))


def _block(content: Any) -> ContentBlock:
    if isinstance(content, str):
        return TextContent(text=content)
    if isinstance(content, dict):
        try:
            return cast("ContentBlock", convert(content, ContentBlock))
        except (msgspec.ValidationError, ProtocolViolation) as error:
            raise BadResult(f"a message's content is no content block: {error}") from error
    block = block_of(content)
    if block is None:
        raise BadResult(f"{json_type(content)} is no message, nor content of one")
    return block
