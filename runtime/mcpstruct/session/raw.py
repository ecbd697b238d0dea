"""Raw connections: what is not the session's own business crosses undecoded, so that a gateway loses nothing of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Literal, TypeAlias, TypeVar, cast

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from mcpstruct.base.check import is_object
from mcpstruct.base.codec import DECODE_ERRORS, explain, from_json, guard, guard_text, to_json
from mcpstruct.base.envelope import RawMessage, RequestId, Response
from mcpstruct.base.errors import INVALID_PARAMS, Problem, ProtocolViolation, RemoteError, json_type
from mcpstruct.base.limits import Limits
from mcpstruct.base.messages import (
    MessageDecoder,
    Received,
    ResponseDecoder,
    raw_envelope,
    raw_response,
    readable_id,
    version_problem,
)
from mcpstruct.base.methods import MethodInfo
from mcpstruct_bindings.merged import methods
from mcpstruct_bindings.merged.types import ProgressNotificationParams, RequestMetaObject

from .core import Core
from .reading import Arrived, Reader

T = TypeVar("T")
RawJson: TypeAlias = Raw | bytes | Mapping[str, Any] | None
"""Params as JSON, or as what will be."""

OWN = frozenset(
    method.name
    for method in (methods.INITIALIZE, methods.INITIALIZED, methods.PING, methods.DISCOVER, methods.CANCELLED)
)
"""The methods that each connection sees to itself, raw or not: its opening, signs of life, and calling requests off."""
_EMPTY = Raw(b"{}")
_shallow = msgspec.json.Decoder(dict[str, Raw])


def raw_request(name: str) -> MethodInfo[Any, Raw]:
    """A request of which nothing is known but its name."""
    return MethodInfo(name=name, kind="request", direction="both", message=None, params=None, result=Raw, since="")


def raw_notification(name: str) -> MethodInfo[Any, None]:
    """A notification of which nothing is known but its name."""
    return MethodInfo(name=name, kind="notification", direction="both", message=None, params=None, since="")


class RawParams(dict[str, Any]):
    """Params by their keys, the values undecoded. Sessions find in it what they look for in any params: `meta`, which
    they may complete, and the few fields that they have to know, by the names that these have in typed ones.
    """

    __slots__ = ("raw",)
    raw: Raw
    """All of it, as it came."""

    @property
    def meta(self) -> dict[str, Any] | None:
        """What stands under `_meta`."""
        return self.get("_meta")

    @meta.setter
    def meta(self, value: dict[str, Any]) -> None:
        self["_meta"] = value

    def __getattr__(self, name: str) -> Any:
        field = _LOOKED_FOR.get(name)
        if field is None:
            raise AttributeError(name)
        value = self.get(field)
        return msgspec.json.decode(value) if type(value) is Raw else value


_LOOKED_FOR = {
    "name": "name",
    "uri": "uri",
    "task_id": "taskId",
    "arguments": "arguments",
    "progress_token": "progressToken",
    "progress": "progress",
    "total": "total",
    "message": "message",
}


def to_be_sent(params: RawJson) -> RawParams:
    """Params on their way out. Raises `ValueError` unless they are a JSON object, and their `_meta` is."""
    if params is None:
        return RawParams()
    if isinstance(params, Mapping):
        fields: dict[str, Any] = dict(params)
    else:
        try:
            guard_text(bytes(params))
            fields = dict(_shallow.decode(params))
        except (*DECODE_ERRORS, ProtocolViolation) as error:
            raise ValueError(f"params are a JSON object: {error}") from None
    meta = fields.get("_meta")
    if type(meta) is Raw:
        try:
            fields["_meta"] = _shallow.decode(meta)
        except DECODE_ERRORS:
            raise ValueError("_meta is a JSON object") from None
    elif meta is not None and not is_object(meta):
        raise ValueError("_meta is a JSON object")
    return RawParams(fields)


def as_raw(result: Any) -> Any:
    """A result as the session sends it on: bytes are taken for the JSON that they hold."""
    return Raw(result) if isinstance(result, bytes) else result


async def undecoded(answer: Awaitable[Raw]) -> Raw:
    """The answer to a request, the data of an error undecoded as well."""
    try:
        return await answer
    except RemoteError as error:
        if error.data is not None and type(error.data) is not Raw:  # it has crossed as an object
            error.data = Raw(to_json(error.data))
        raise


class EveryMethod(Mapping[str, T]):
    """Who answers, by the method's name: somebody for each but those that the connection sees to itself."""

    def __init__(self, answering: Callable[[str], T]) -> None:
        self._answering = answering

    def __getitem__(self, name: str) -> T:
        if name in OWN:
            raise KeyError(name)
        return self._answering(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def read_raw(core: Core, decoder: MessageDecoder[Any]) -> None:
    """Make a core that is yet to be opened take in raw what comes; `decoder` is for what is its own business."""
    core.reader = reader = RawReader(core, decoder)
    core.received, core.refused = reader.received, reader.refused


class RawReader(Reader):
    """The way in of a core that takes in only envelopes."""

    __slots__ = ("_answers",)

    def __init__(self, core: Core, decoder: MessageDecoder[Any]) -> None:
        super().__init__(core, decoder)
        self._answers = _RawAnswers(core.limits)

    def knows(self, method: MethodInfo[Any, Any]) -> bool:
        """Nothing: so that who is next door sends bytes."""
        return False

    def _response_decoder(self, method: MethodInfo[Any, Any]) -> ResponseDecoder[Any]:
        return self._answers if method.result is Raw else super()._response_decoder(method)

    def _message(self, data: bytes) -> None:
        if data.lstrip()[:1] == b"[":
            super()._message(data)
            return
        arrived = self.read(data)
        if arrived is None:
            self._stray_answer(raw_response(data, raw_envelope(data)), data)
        elif arrived.id is None:
            self._core.take_notification(arrived.method, arrived.params)
        else:
            self._core.take_request(arrived.id, arrived.method, arrived.params)

    def read(self, data: bytes) -> Arrived | None:
        """A request or a notification, which nobody has been told of; None for a response. Raises
        `ProtocolViolation`."""
        guard(data, self._core.limits)
        guard_text(data)
        envelope = raw_envelope(data)
        if envelope.method is UNSET:
            raw_response(data, envelope)
            return None
        request_id = readable_id(envelope)
        problem = _problem(envelope)
        if problem is not None:
            raise ProtocolViolation(problem, request_id=request_id, data=data)
        name = cast("str", envelope.method)
        if name in OWN:
            return super().read(data)
        try:
            params = _received(name, envelope.params, request_id)
        except ProtocolViolation as fault:
            below = fault.problem.below("/params")
            raise type(fault)(below, code=INVALID_PARAMS, request_id=request_id, data=data) from None
        return Arrived(raw_notification(name) if request_id is None else raw_request(name), request_id, params)


def _problem(envelope: RawMessage) -> Problem | None:
    """What is wrong with the envelope of a request or notification, if anything is."""
    if not isinstance(envelope.method, str):
        return Problem("/method", "string", json_type(envelope.method))
    if envelope.id is not UNSET and readable_id(envelope) is None:
        return Problem("/id", "string or integer", json_type(envelope.id))
    return version_problem(envelope)


def _received(name: str, raw: Raw | UnsetType, request_id: RequestId | None) -> RawParams:
    """Params that came in, as far as the session looks into them. Raises `ProtocolViolation`."""
    if isinstance(raw, UnsetType):
        raw = _EMPTY
    try:
        params = RawParams(_shallow.decode(raw))
    except DECODE_ERRORS as error:
        raise explain(bytes(raw), dict[str, Any], error) from None
    params.raw = raw
    if "_meta" in params:
        meta: Any = dict[str, Any] if request_id is None else RequestMetaObject
        try:
            params["_meta"] = from_json(meta, bytes(params["_meta"]))
        except ProtocolViolation as fault:
            raise type(fault)(fault.problem.below("/_meta")) from None
    if name == methods.PROGRESS.name:
        from_json(ProgressNotificationParams, bytes(raw))
    return params


class _RawError(Struct):
    code: int
    message: str
    data: Raw | UnsetType = UNSET


class _RawAnswer(Struct):
    jsonrpc: Literal["2.0"]
    id: RequestId | None = None
    result: Raw | UnsetType = UNSET
    error: _RawError | UnsetType = UNSET


class _RawAnswers(ResponseDecoder[Raw]):
    """Decodes any answer: the result stays as it is, and so do the data of an error."""

    __slots__ = ()

    def __init__(self, limits: Limits) -> None:
        super().__init__(raw_request("any"), limits)
        self._decode = msgspec.json.Decoder(_RawAnswer).decode

    def decode(self, data: bytes) -> Received[Response[Raw]]:
        """See `ResponseDecoder`."""
        guard_text(data)
        return super().decode(data)
