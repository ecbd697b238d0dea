"""A tool's structured output, read as the type that the caller wants."""

from __future__ import annotations

from typing import Any, TypeVar, overload

from msgspec import UnsetType

from mcpstruct.base.check import is_object
from mcpstruct.base.errors import McpError, ProtocolViolation
from mcpstruct.base.faults import problems_of_error
from mcpstruct.base.shapes import READ_ERRORS, Shape, shape_of
from mcpstruct_bindings.merged.types import CallToolResult

T = TypeVar("T")
_POINTER = "/result/structuredContent"


class ToolFailed(McpError):
    """A tool reports that it failed; `result` holds what it said."""

    def __init__(self, result: CallToolResult) -> None:
        super().__init__(result)
        self.result = result

    def __str__(self) -> str:
        return "\n".join(block.text for block in self.result.content if block.type == "text") or "the tool failed"


def read_result(result: CallToolResult, into: Any) -> Any:
    """What a tool gives, as a type. Raises `ToolFailed` where it says `isError`, and what `read_structured` does."""
    if result.is_error:
        raise ToolFailed(result)
    structured, content = result.structured_content, result.content
    if not isinstance(structured, UnsetType):
        return read_structured(structured, into)
    if into is str and len(content) == 1 and content[0].type == "text":
        return content[0].text
    return read_structured(None, into)


@overload
def read_structured(structured: Any, into: type[T], *, pointer: str = ...) -> T: ...
@overload
def read_structured(structured: Any, into: Any, *, pointer: str = ...) -> Any: ...
def read_structured(structured: Any, into: Any, *, pointer: str = _POINTER) -> Any:
    """The structured content of a result as a Struct, dataclass, TypedDict, pydantic model or any type msgspec knows.

    Servers put what is no object into one, as its `result`; it is taken out again. Raises `ProtocolViolation` where
    the content does not fit the type, with a pointer that starts with `pointer`; `TypeError` for a type that JSON has
    no form for.
    """
    shape = shape_of(into)
    if is_object(structured) and structured.keys() == {"result"} and not shape.is_object():
        try:
            return shape.read(structured["result"])
        except READ_ERRORS as error:
            refusal = error
        try:
            return shape.read(structured)  # a union, say, one arm of which has just this key
        except READ_ERRORS:
            raise _violation(refusal, structured["result"], f"{pointer}/result") from None
    return _read(shape, structured, pointer)


def _read(shape: Shape, value: Any, pointer: str) -> Any:
    try:
        return shape.read(value)
    except READ_ERRORS as error:
        raise _violation(error, value, pointer) from None


def _violation(error: Exception, value: Any, pointer: str) -> ProtocolViolation:
    return ProtocolViolation(problems_of_error(error, value, pointer)[0])
