"""One-pass decoders of whole messages, and the careful second look at what they refuse.

The fast path is one call into msgspec over the bytes of the message. Only when it fails are the bytes decoded again,
loosely, to tell what is wrong, to whom to answer, and with which error code.
"""

from __future__ import annotations

from _thread import get_ident
from collections.abc import Mapping
from typing import Any, Generic, Never, TypeAlias, TypeVar, cast

import msgspec
from msgspec import UNSET, Raw, Struct

from .check import problems_of, unlike
from .codec import DECODE_ERRORS, guard, parse, unparsable
from .envelope import ErrorObject, RawMessage, Response
from .errors import INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND, Problem, ProtocolViolation, json_type
from .faults import problems_of_error
from .hooks import dec_hook
from .limits import DEFAULT_LIMITS, MAIN_THREAD, Limits
from .methods import MethodInfo, Side

M = TypeVar("M")
R = TypeVar("R")
RawResponse: TypeAlias = Response[Raw]
_raw_decoder = msgspec.json.Decoder(RawMessage)
_raw_response_decoder = msgspec.json.Decoder(Response[Raw])


class Received(Struct, Generic[M], frozen=True, gc=False):
    """A decoded message together with the very bytes it came as (no copy is made)."""

    message: M
    data: bytes


def _refuse(data: bytes) -> Any:
    """Decoder of a side that has no messages of its own."""
    raise msgspec.ValidationError("this side only answers")


class MessageDecoder(Generic[M]):
    """Decodes whatever one side may send.

    Requests and notifications come typed. A response comes with its result undecoded, since only the request that
    it answers tells the type: give those to `response`. Raises `ProtocolViolation`, whose `code` and `request_id` say
    how to answer, and `LimitExceeded`.
    """

    __slots__ = ("_bare", "_decode", "_max_bytes", "batches", "limits", "methods", "sender", "union")

    def __init__(
        self,
        union: Any,
        sender: Side,
        methods: Mapping[str, MethodInfo[Any, Any]],
        *,
        batches: bool = False,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self.union = union
        self.sender: Side = sender
        self.methods = methods
        self.batches = batches
        self.limits = limits
        self._max_bytes = limits.max_bytes
        self._decode: Any = self._build
        # Types that double as parts of a result, and therefore may lack an id, which as messages they must have.
        self._bare: frozenset[Any] = frozenset()

    def with_limits(self, limits: Limits) -> MessageDecoder[M]:
        """The same decoder under other limits."""
        return MessageDecoder(self.union, self.sender, self.methods, batches=self.batches, limits=limits)

    def _build(self, data: bytes) -> Any:
        requests = [m.message for m in self.methods.values() if m.kind == "request" and m.sent_by(self.sender)]
        self._bare = frozenset(
            r for r in requests if not next(f for f in msgspec.structs.fields(r) if f.name == "id").required
        )
        mute = self.union is Never
        self._decode = _refuse if mute else msgspec.json.Decoder(self.union, dec_hook=dec_hook).decode
        return self._decode(data)

    def decode(self, data: bytes) -> Received[M | RawResponse]:
        """Decode one message."""
        if len(data) > self._max_bytes or get_ident() != MAIN_THREAD:
            guard(data, self.limits)
        try:
            message = self._decode(data)
        except DECODE_ERRORS as error:
            return Received(self._second_look(data, error), data)
        if self._bare and type(message) in self._bare and (message.id is None or message.jsonrpc is None):
            return Received(self._second_look(data, ValueError("not a whole message")), data)
        return Received(message, data)

    def split(self, data: bytes) -> list[bytes]:
        """The messages of a batch, undecoded, where the revision has batches.

        Raises `ProtocolViolation` (-32600) where it has none, or the batch is empty.
        """
        guard(data, self.limits)
        if not self.batches:
            raise ProtocolViolation(Problem("", "one message", "a batch, which this revision does not have"), data=data)
        try:
            messages = msgspec.json.decode(data, type=list[Raw])
        except DECODE_ERRORS:
            problem = Problem("", "array", json_type(parse(data)))
            raise ProtocolViolation(problem, data=data) from None
        if not messages:
            raise ProtocolViolation(Problem("", "at least one message", "an empty batch"), data=data)
        return [bytes(message) for message in messages]

    def _second_look(self, data: bytes, error: Exception) -> RawResponse:
        """The response that these bytes are, if they are one; else raises what is wrong with them."""
        envelope = raw_envelope(data)
        if envelope.method is UNSET:
            return raw_response(data, envelope)
        violation = self.violation(data, envelope)
        if violation is not None:
            raise violation
        # Of a key given twice the last counts, but the typed decoder trips over a bad first one.
        raise ProtocolViolation(
            problems_of_error(error, parse(data))[0],
            request_id=readable_id(envelope),
            method=envelope.method,
            data=data,
        )

    def violation(self, data: bytes, envelope: RawMessage) -> ProtocolViolation | None:
        """What is wrong with a request or notification, if anything is."""
        request_id = readable_id(envelope)
        if not isinstance(envelope.method, str):
            return ProtocolViolation(
                Problem("/method", "string", json_type(envelope.method)), request_id=request_id, data=data
            )
        info = self.methods.get(envelope.method)
        if info is None or not info.sent_by(self.sender):
            problem = version_problem(envelope)
            if problem is None and envelope.id is not UNSET and request_id is None:
                problem = Problem("/id", "string or integer", json_type(envelope.id))
            if problem is not None:
                return ProtocolViolation(problem, request_id=request_id, method=envelope.method, data=data)
            return ProtocolViolation(
                unlike("/method", f"a method that the {self.sender} may send", envelope.method),
                code=METHOD_NOT_FOUND,
                request_id=request_id,
                method=envelope.method,
                data=data,
            )
        problems = message_problems(parse(data), info)
        if not problems:
            return None
        # A fault of the envelope outweighs one of the params: it decides how to answer.
        first = min(problems, key=lambda p: p.pointer == "/params" or p.pointer.startswith("/params/"))
        in_params = first.pointer == "/params" or first.pointer.startswith("/params/")
        code = INVALID_PARAMS if in_params else INVALID_REQUEST
        return ProtocolViolation(first, code=code, request_id=request_id, method=envelope.method, data=data)


def message_problems(value: Any, info: MethodInfo[Any, Any]) -> list[Problem]:
    """Every fault of a request or notification of a known method."""
    problems = problems_of(value, info.message)
    if isinstance(value, dict):
        for key in ("jsonrpc", *(("id",) if info.kind == "request" else ())):
            if key not in value and not any(p.pointer == f"/{key}" for p in problems):
                problems.append(Problem(f"/{key}", "'2.0'" if key == "jsonrpc" else "string or integer", "nothing"))
    return problems


def raw_envelope(data: bytes) -> RawMessage:
    """The outermost keys of any message; raises what keeps it from being one."""
    try:
        return _raw_decoder.decode(data)
    except DECODE_ERRORS as error:
        value = parse(data)
        if isinstance(value, list):
            raise ProtocolViolation(Problem("", "one message", "a batch"), data=data) from None
        if not isinstance(value, dict):
            raise ProtocolViolation(Problem("", "object", json_type(value)), data=data) from None
        raise unparsable(data, error) from None


def readable_id(envelope: RawMessage) -> int | str | None:
    """The id to answer to, where there is one that JSON-RPC allows."""
    return envelope.id if type(envelope.id) in (int, str) else None


def version_problem(envelope: RawMessage) -> Problem | None:
    """What is wrong with `jsonrpc`, if anything is."""
    if envelope.jsonrpc == "2.0":
        return None
    if envelope.jsonrpc is UNSET:
        return Problem("/jsonrpc", "'2.0'", "nothing")
    return unlike("/jsonrpc", "'2.0'", envelope.jsonrpc)


def response_problem(envelope: RawMessage) -> Problem | None:
    """What keeps a message without a method from being a response, if anything does."""
    if (problem := version_problem(envelope)) is not None:
        return problem
    has_result, has_error = envelope.result is not UNSET, envelope.error is not UNSET
    if has_result == has_error:
        return Problem("", "`result` or `error`", "both" if has_result else "neither, and no `method`")
    nameless = envelope.id is UNSET or envelope.id is None
    if (has_result and nameless) or not (nameless or type(envelope.id) in (int, str)):
        return Problem("/id", "string or integer", "nothing" if envelope.id is UNSET else json_type(envelope.id))
    return None


def raw_response(data: bytes, envelope: RawMessage) -> RawResponse:
    """A message without a method as the response it must then be."""
    problem = response_problem(envelope)
    if problem is None:
        try:
            return _raw_response_decoder.decode(data)
        except DECODE_ERRORS as error:
            value = parse(data)
            problem = (problems_of(value.get("error"), ErrorObject, "/error") or problems_of_error(error, value))[0]
    raise ProtocolViolation(problem, request_id=readable_id(envelope), data=data)


# -- responses ----------------------------------------------------------------------------------------------------


class ResponseDecoder(Generic[R]):
    """Decodes the answer to one method, result included, in one pass."""

    __slots__ = ("_alternatives", "_decode", "_max_bytes", "_typed", "info", "limits")

    def __init__(self, info: MethodInfo[Any, R], limits: Limits = DEFAULT_LIMITS) -> None:
        self.info = info
        self.limits = limits
        self._max_bytes = limits.max_bytes
        self._decode = response_type_decoder(info.result)
        # Whether a result that decodes as the usual type may still say that it is another one.
        self._typed = bool(info.alternatives) and "result_type" in getattr(info.result, "__struct_fields__", ())
        self._alternatives = tuple((tp, response_type_decoder(tp)) for tp in info.alternatives)

    def with_limits(self, limits: Limits) -> ResponseDecoder[R]:
        """The same decoder under other limits."""
        return self if limits is self.limits else ResponseDecoder(self.info, limits)

    def decode(self, data: bytes) -> Received[Response[R]]:
        """Decode one response."""
        if len(data) > self._max_bytes or get_ident() != MAIN_THREAD:
            guard(data, self.limits)
        try:
            message = self._decode(data)
        except DECODE_ERRORS:
            return Received(self._second_look(data), data)
        result = message.result
        if result is UNSET:
            sound = message.error is not UNSET
        else:
            sound = message.error is UNSET and message.id is not None
            if self._typed and result.result_type not in _FINAL:
                sound = False
        return Received(message if sound else self._second_look(data), data)

    def _second_look(self, data: bytes) -> Any:
        envelope = raw_envelope(data)
        raw_response(data, envelope)
        request_id = readable_id(envelope)
        value = parse(data)["result"] if envelope.result is not UNSET else None
        tp = self.choose(value)
        problems = problems_of(value, tp, "/result")
        if problems:
            raise ProtocolViolation(problems[0], request_id=request_id, method=self.info.name, data=data)
        decode = dict(self._alternatives).get(tp, self._decode)
        try:
            return decode(data)
        except DECODE_ERRORS as again:
            problem = problems_of_error(again, parse(data))[0]
            raise ProtocolViolation(problem, request_id=request_id, method=self.info.name, data=data) from None

    def choose(self, value: Any) -> Any:
        """The type of a result: an alternative that its `resultType`, or a key only it must have, speaks for."""
        if not isinstance(value, dict):
            return self.info.result
        keys = cast("dict[str, Any]", value)
        for tp in self.info.alternatives:
            config = tp.__struct_config__
            if config.tag_field is not None:
                if keys.get(config.tag_field) == config.tag:
                    return tp
            elif not problems_of(keys, tp) and problems_of(keys, self.info.result):
                return tp
        return self.info.result


_FINAL = (None, "complete")
_response_decoders: dict[MethodInfo[Any, Any], ResponseDecoder[Any]] = {}


def response_type_decoder(tp: Any) -> Any:
    """The decode function of `Response[tp]`."""
    return msgspec.json.Decoder(Response[tp], dec_hook=dec_hook).decode


def response_decoder(info: MethodInfo[Any, R]) -> ResponseDecoder[R]:
    """The decoder of the answers to a method; made once."""
    decoder = _response_decoders.get(info)
    if decoder is None:
        decoder = _response_decoders[info] = ResponseDecoder(info)
    return decoder


def response(info: MethodInfo[Any, R], data: bytes) -> Received[Response[R]]:
    """Decode the answer to a request of this method: its result, typed, or its error.

    Raises `ProtocolViolation` for what is no response or whose result is not of the method's type.
    """
    return response_decoder(info).decode(data)
