"""What a server adds to results so that they are what the client's revision wants."""

from __future__ import annotations

from copy import copy
from functools import cache
from typing import Any

import msgspec
from msgspec import Raw, Struct

from mcpstruct.base.check import is_object
from mcpstruct.base.codec import Encoded, to_json
from mcpstruct.wire.eras import SERVER_INFO, Revision
from mcpstruct_bindings.merged.types import (
    CallToolResult,
    GetPromptResult,
    Implementation,
    ResultMetaObject,
    TextContent,
)

COMPLETE = "complete"


class _Room(Struct, frozen=True):
    """Which of the fields that modern results must have a type has, and nobody need fill in."""

    result_type: bool
    caching: bool
    meta: bool
    lazy_meta: bool


@cache
def _room(tp: type[Any]) -> _Room:
    fields: tuple[str, ...] = getattr(tp, "__struct_fields__", ())
    lazy_meta = "meta" in getattr(tp, "__lazy__", ())
    return _Room("result_type" in fields, "ttl_ms" in fields, "meta" in fields, lazy_meta)


def complete(result: Any, server: Implementation, *, as_bytes: bool) -> Any:
    """The result of a tool as the modern era wants it: nobody else's, and without `_meta`, so that it needs no copy."""
    result.result_type = COMPLETE
    identity = _identities.get(id(server)) or _identity(server)
    result.meta = identity.meta if as_bytes else ResultMetaObject({SERVER_INFO: identity.plain})
    return result


def stamp(result: Any, row: Revision, server: Implementation | None, *, as_bytes: bool = False) -> Any:
    """The result with what the revision requires of it filled in; a user's own object is left as it is.

    One that will go out `as_bytes` gets its usual `_meta` ready-made.
    """
    if result.__class__ is Encoded:
        return result
    if row.era == "legacy":
        return _reduced(result, row) if len(row.content) < _ALL_CONTENT else result
    if is_object(result):
        return _stamped_bag(result, server)
    room = _room(result.__class__)
    if not room.result_type and result.__class__ is not Raw:
        return _stamped_bag(_plain(result), server)
    result = copy(result)
    if room.result_type and result.result_type is None:
        result.result_type = COMPLETE
    if room.caching:
        _limit_caching(result)
    if server is not None and as_bytes and room.lazy_meta and result.meta is None:
        result.meta = _identity(server).meta
    elif room.meta and server is not None:
        result.meta = ResultMetaObject({SERVER_INFO: _identity(server).plain, **(result.meta or {})})
    return result


def _plain(result: Any) -> dict[str, Any]:
    """The result of a method of one's own as an object, which is what every result is. Raises `TypeError`."""
    plain: Any = {} if result is None else msgspec.json.decode(to_json(result))
    if not is_object(plain):
        raise TypeError(f"a result is an object, and no {type(result).__name__}")
    return plain


def _limit_caching(result: Any) -> None:
    """No time to live and no sharing, unless somebody said otherwise: never wrong."""
    if result.ttl_ms is None or result.ttl_ms < 0:
        result.ttl_ms = 0
    if result.cache_scope is None:
        result.cache_scope = "private"


def _stamped_bag(result: dict[str, Any], server: Implementation | None) -> dict[str, Any]:
    bag = type(result)(result)
    bag.setdefault("resultType", COMPLETE)
    if server is not None:
        bag["_meta"] = {SERVER_INFO: _identity(server).plain, **(bag.get("_meta") or {})}
    return bag


class _Identity(Struct, frozen=True):
    """What results say of their server, made once: to make and encode it for each takes 3 µs of a call."""

    server: Implementation
    plain: dict[str, Any]
    meta: Raw
    """The whole `_meta` of a result that has none of its own."""


_identities: dict[int, _Identity] = {}
"""By the identities of objects, which nobody else has as long as they are kept here."""
_MOST_IDENTITIES = 64


def _identity(server: Implementation) -> _Identity:
    known = _identities.get(id(server))
    if known is None:
        if len(_identities) >= _MOST_IDENTITIES:
            _identities.clear()
        encoded = to_json(server)
        plain = msgspec.json.decode(encoded)
        known = _identities[id(server)] = _Identity(server, plain, Raw(to_json({SERVER_INFO: Raw(encoded)})))
    return known


_ALL_CONTENT = 5


def _reduced(result: Any, row: Revision) -> Any:
    """The result with content that the revision has no type for put into words."""
    if isinstance(result, CallToolResult):
        if any(block.type not in row.content for block in result.content):
            result = copy(result)
            result.content = [_block(block, row) for block in result.content]
    elif isinstance(result, GetPromptResult) and any(m.content.type not in row.content for m in result.messages):
        result = copy(result)
        result.messages = [copy(message) for message in result.messages]
        for message in result.messages:
            message.content = _block(message.content, row)
    return result


def _block(block: Any, row: Revision) -> Any:
    if block.type in row.content:
        return block
    if block.type == "resource_link":
        return TextContent(text=f"{block.title or block.name}: {block.uri}")
    return TextContent(text=f"[{block.type}, {block.mime_type}]")
