"""A resource's contents made from what its function returns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias, cast

from mcpstruct_bindings.merged.types import (
    BlobResourceContents,
    InputRequiredResult,
    ReadResourceResult,
    TextResourceContents,
)

from .content import CONTENTS, OCTETS, Audio, File, Image, base64_of
from .results import BadResult, json_text

Contents: TypeAlias = TextResourceContents | BlobResourceContents
_FINISHED = (ReadResourceResult, InputRequiredResult)
_PIECES = (*CONTENTS, File, Image, Audio)


def convert_resource(value: Any, uri: str, mime_type: str | None = None) -> ReadResourceResult | InputRequiredResult:
    """The result for what the function of the resource at `uri` returned. Raises `BadResult`.

    Finished results pass, and contents, alone or in lists, with what they say of themselves. A string is text, bytes
    and images are binary, a file is what its type says; anything else but None is data, and becomes JSON text.
    `mime_type` is that of the resource, where its author gave one.
    """
    if isinstance(value, _FINISHED):
        return value
    if isinstance(value, (list, tuple)) and any(isinstance(item, _PIECES) for item in cast("list[Any]", value)):
        return ReadResourceResult(contents=list(_several(cast("list[Any]", value), uri, mime_type)))
    return ReadResourceResult(contents=[_contents(value, uri, mime_type)])


def _several(values: list[Any], uri: str, mime_type: str | None) -> Iterator[Contents]:
    for value in values:
        yield value.contents() if isinstance(value, File) else _contents(value, uri, mime_type)


def _contents(value: Any, uri: str, mime_type: str | None) -> Contents:
    if isinstance(value, CONTENTS):
        return value
    if isinstance(value, File):
        return value.contents(uri, mime_type)
    if isinstance(value, str):
        return TextResourceContents(uri=uri, mime_type=mime_type or "text/plain", text=value)
    if isinstance(value, (bytes, bytearray)):
        return BlobResourceContents(uri=uri, mime_type=mime_type or OCTETS, blob=base64_of(bytes(value)))
    if isinstance(value, (Image, Audio)):
        return BlobResourceContents(uri=uri, mime_type=mime_type or value.mime_type, blob=base64_of(value.data))
    if value is None:
        raise BadResult("the function of a resource returned nothing")
    return TextResourceContents(uri=uri, mime_type=mime_type or "application/json", text=json_text(value))
