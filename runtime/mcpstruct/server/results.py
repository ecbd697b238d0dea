"""Results of tools made from what functions return: content, and structured output where the annotation promises it."""

from __future__ import annotations

from collections.abc import Iterator
from types import NoneType
from typing import Annotated, Any, Union, cast, get_args, get_origin

import msgspec

from mcpstruct.base.annotations import is_union
from mcpstruct.base.faults import problems_of_error
from mcpstruct.base.shapes import READ_ERRORS, Shape, json_of, shape_of
from mcpstruct_bindings.merged.types import (
    CallToolResult,
    ContentBlock,
    InputRequiredResult,
    ResourceContentsUnion,
    TextContent,
)

from .content import BLOCKS, CONTENTS, MEDIA, File, block_of
from .schemas import output_schema
from .signatures import UNKNOWN
from .wanted import JsonSchema

FINISHED = (CallToolResult, InputRequiredResult)
_CONTENT = (*BLOCKS, *CONTENTS, *MEDIA)
_TEXT = (str, bytes, bytearray, NoneType)


class BadResult(TypeError):
    """A function returned what its annotation does not promise, or what no message can carry: a fault of the server."""


class Output:
    """Structured output of one shape. `schema` is its JSON Schema.

    What is no JSON object travels as the `result` of one; then `wrapped` is true.
    """

    __slots__ = ("schema", "shape", "wrapped")

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.schema: JsonSchema = output_schema(shape)
        self.wrapped = not shape.is_object()

    def result(self, value: Any) -> CallToolResult:
        """The result for a value: its data, and the same as JSON text. Raises `BadResult` for one of another shape."""
        try:
            data = self.shape.write(value)
        except READ_ERRORS as error:
            faults = "; ".join(str(problem) for problem in problems_of_error(error, value))
            raise BadResult(f"what was returned does not fit the annotation: {faults}") from error
        except TypeError as error:
            raise BadResult(f"what was returned has no form in JSON: {error}") from error
        plain = msgspec.json.decode(data)
        text = plain if isinstance(plain, str) else data.decode()
        return CallToolResult(
            content=[TextContent(text=text)], structured_content={"result": plain} if self.wrapped else plain
        )


def output_of(returns: Any, structured: bool | None = None) -> Output | None:
    """The structured output that a return annotation promises; None where it promises content, text or nothing.

    `structured` forces it, for text as well (`TypeError` where the annotation says too little), or forbids it.
    """
    if structured is False:
        return None
    data = _data(returns)
    if data is UNKNOWN or (structured is None and all(_bare(arm) in _TEXT for arm in _arms(data))):
        if structured:
            raise TypeError("structured output needs a return annotation that says what the data is")
        return None
    try:
        return Output(shape_of(data))
    except TypeError:
        if structured:
            raise
        return None  # a class that only this server knows: what is returned must then be content after all


def convert_result(value: Any, output: Output | None = None) -> CallToolResult | InputRequiredResult:
    """The result for what a tool's function returned. Raises `BadResult`.

    Finished results pass. A string is text, None is no content, images, files and content blocks are what they are,
    alone or in lists; other bytes are a file. Anything else is data, and becomes JSON text.
    """
    if type(value) is str and output is None:  # as below, in a third of the time
        return CallToolResult(content=[TextContent(text=value)])
    if isinstance(value, FINISHED):
        return value
    return CallToolResult(content=list(_content(value))) if output is None else output.result(value)


def json_text(value: Any) -> str:
    """Data as JSON text. Raises `BadResult` for what JSON cannot hold."""
    try:
        return json_of(value).decode()
    except (TypeError, ValueError, RecursionError) as error:
        raise BadResult(f"what was returned has no form in JSON: {error}") from error


def _content(value: Any) -> Iterator[ContentBlock]:
    if value is None:
        return
    if isinstance(value, str):
        yield TextContent(text=value)
    elif isinstance(value, (bytes, bytearray)):
        yield File(bytes(value)).content()
    elif isinstance(value, (list, tuple)) and any(isinstance(item, _CONTENT) for item in cast("list[Any]", value)):
        for item in cast("list[Any]", value):
            yield from _content(item)
    else:
        yield block_of(value) or TextContent(text=json_text(value))


# -- annotations ------------------------------------------------------------------------------------------------------


def _data(returns: Any) -> Any:
    """The part of an annotation that is data; `UNKNOWN` where there is none, or not for sure."""
    arms = _arms(returns)
    data = [arm for arm in arms if not _is_one_of(arm, FINISHED)]
    if not data or any(arm in (UNKNOWN, Any, object) or _is_content(arm) for arm in data) or data == [NoneType]:
        return UNKNOWN
    return returns if len(data) == len(arms) else cast("Any", Union)[tuple(data)]


def _arms(annotation: Any) -> list[Any]:
    """The types that an annotation is a union of."""
    if annotation is None:
        return [NoneType]
    bare = _bare(annotation)
    return [inner for arm in get_args(bare) for inner in _arms(arm)] if is_union(get_origin(bare)) else [annotation]


def _bare(annotation: Any) -> Any:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _is_content(annotation: Any) -> bool:
    """Whether an annotation is of content, or of a list with content in it."""
    if _is_one_of(annotation, _CONTENT) or annotation is ResourceContentsUnion:
        return True
    bare = _bare(annotation)
    origin: Any = get_origin(bare)
    listed = isinstance(origin, type) and not issubclass(origin, dict)
    return listed and any(_is_content(arm) for part in get_args(bare) for arm in _arms(part))


def _is_one_of(annotation: Any, classes: tuple[type[Any], ...]) -> bool:
    bare = _bare(annotation)
    return isinstance(bare, type) and not get_args(bare) and issubclass(bare, classes)
