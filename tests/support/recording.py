"""A session that keeps every frame it is made to send, and valid values to call its methods with.

Mix it in: `class Recorded(RecordingSession, v2025_11_25.client.ClientSession): ...`. Nothing here waits, so `drive`
runs a call without an event loop.
"""

from __future__ import annotations

import importlib
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple, TypeVar, cast

from msgspec import UNSET
from msgspec import inspect as mi

from mcpstruct.base.bag import Known
from mcpstruct.base.codec import to_json
from mcpstruct.base.errors import ProtocolViolation, RemoteError
from mcpstruct.base.messages import response
from mcpstruct.base.methods import MethodInfo
from mcpstruct.base.session import BaseSession, ProgressCallback, Timeout
from mcpstruct.base.untagged import UntaggedUnion

T = TypeVar("T")
PACKAGES = ("v2024_11_05", "v2025_03_26", "v2025_06_18", "v2025_11_25", "v2026_07_28", "merged")
DOCUMENT = dict[str, Any]
FIRST_MODERN = "2026-07-28"
PROTOCOL_VERSION = "io.modelcontextprotocol/protocolVersion"
CLIENT_CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"


def module_of(package: str, name: str) -> Any:
    """A module of generated bindings."""
    return importlib.import_module(f"mcpstruct_bindings.{package}.{name}")


class Sent(NamedTuple):
    """One frame, and what the session was told beside it."""

    method: MethodInfo[Any, Any]
    frame: bytes
    timeout: Timeout = UNSET
    on_progress: ProgressCallback | None = None


class RecordingSession(BaseSession):
    """Sends to a list; answers from a queue of wire bytes."""

    revision = "2025-11-25"
    """The revision "negotiated": a modern one has its requests stamped."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self._answers: deque[bytes] = deque()

    def answer(self, result: bytes) -> None:
        """Queue the JSON of a result for the next request."""
        self._answers.append(b'"result":' + result)

    def refuse(self, error: bytes) -> None:
        """Queue the JSON of an error for the next request."""
        self._answers.append(b'"error":' + error)

    async def send_request(
        self,
        method: MethodInfo[Any, Any],
        params: Any,
        *,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> Any:
        request_id = len(self.sent) + 1
        self._complete(params, request_id if on_progress else None)
        frame = to_json(method.message(jsonrpc="2.0", id=request_id, params=params))
        self.sent.append(Sent(method, frame, timeout, on_progress))
        data = b'{"jsonrpc":"2.0","id":%d,%b}' % (request_id, self._answers.popleft())
        reply = response(method, data).message
        assert reply.id == request_id
        if reply.error is not UNSET:
            raise RemoteError(reply.error.code, reply.error.message, reply.error.data)
        return reply.result

    async def send_notification(self, method: MethodInfo[Any, None], params: Any) -> None:
        self.sent.append(Sent(method, to_json(method.message(jsonrpc="2.0", params=params))))

    def _complete(self, params: Any, progress_token: int | None) -> None:
        """Add to `_meta` what a session adds: the stamp of a modern revision, the progress token."""
        added: dict[str, Any] = {}
        if self.revision >= FIRST_MODERN:
            added = {PROTOCOL_VERSION: self.revision, CLIENT_CAPABILITIES: {}}
        if progress_token is not None:
            added["progressToken"] = progress_token
        if added and hasattr(params, "meta"):
            params.meta = {**(params.meta or {}), **added}


def violation_of(decode: Callable[..., Any], *arguments: Any) -> ProtocolViolation:
    """The `ProtocolViolation` that a decoder raises, and nothing else."""
    try:
        received = decode(*arguments)
    except ProtocolViolation as violation:
        return violation
    raise AssertionError(f"accepted: {received}")


def drive(call: Coroutine[Any, Any, T]) -> T:
    """The outcome of a coroutine that never has to wait."""
    try:
        call.send(None)
    except StopIteration as stop:
        return cast("T", stop.value)
    call.close()
    raise AssertionError("the call waits for something")


# -- valid values -------------------------------------------------------------------------------------------------

_SCALARS: dict[type[mi.Type], Any] = {
    mi.AnyType: {"any": [True, "x", 1]},
    mi.StrType: "x:y",
    mi.IntType: 1,
    mi.FloatType: 0.5,
    mi.BoolType: True,
    mi.NoneType: None,
    mi.RawType: {"type": "object", "properties": {"n": {"type": "integer"}}},
}


def specimen(tp: Any, *, arm: int = 0, full: bool = True) -> Any:
    """A valid value of a type, as plain JSON: every field or only the required; of each union the arm of that index."""
    return _specimen(mi.type_info(tp), arm, full)


def _specimen(node: mi.Type, arm: int, full: bool) -> Any:
    if type(node) in _SCALARS:
        return _SCALARS[type(node)]
    if isinstance(node, mi.LiteralType):
        return node.values[arm % len(node.values)]
    if isinstance(node, mi.ListType):
        return [_specimen(node.item_type, arm, full)]
    if isinstance(node, mi.DictType):
        return {"k": _specimen(node.value_type, arm, full)}
    if isinstance(node, mi.UnionType):
        arms = [a for a in node.types if not isinstance(a, mi.NoneType)]
        return _specimen(arms[arm % len(arms)], arm, full)
    if isinstance(node, mi.StructType):
        return _struct(node, arm, full)
    return _custom(cast("mi.CustomType", node).cls, arm, full)


def _struct(node: mi.StructType, arm: int, full: bool) -> dict[str, Any]:
    value: dict[str, Any] = {} if node.tag_field is None else {node.tag_field: node.tag}
    lazy = getattr(node.cls, "__lazy__", {})
    for field in node.fields:
        if not (field.required or full):
            continue
        if field.encode_name == "resultType":
            value[field.encode_name] = "complete"
        elif lazy.get(field.name, DOCUMENT) != DOCUMENT:
            value[field.encode_name] = _custom(lazy[field.name], arm, full)
        else:
            value[field.encode_name] = _specimen(field.type, arm, full)
    return value


def _custom(cls: Any, arm: int, full: bool) -> Any:
    if isinstance(cls, UntaggedUnion):
        members = cls.__members__()
        return specimen(members[arm % len(members)], arm=arm, full=full)
    known = {k: v for k, v in vars(cls).items() if isinstance(v, Known) and (full or v.required)}
    value = {v.key: specimen(cls.__hints__()[k], arm=arm, full=full) for k, v in known.items()}
    return {**value, "example.com/extra": 1} if full else value
