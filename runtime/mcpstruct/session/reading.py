"""What comes in as bytes: told apart, decoded in one pass, and handed to the core; what can't be, refused."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import UNSET, Struct, UnsetType

from mcpstruct.base.check import is_object
from mcpstruct.base.codec import from_json
from mcpstruct.base.envelope import ErrorObject, RequestId, guess_id
from mcpstruct.base.errors import (
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    LimitExceeded,
    Problem,
    ProtocolViolation,
)
from mcpstruct.base.messages import MessageDecoder, ResponseDecoder, raw_envelope, readable_id, response_decoder
from mcpstruct.base.methods import MethodInfo
from mcpstruct_bindings.merged.types import RequestParams

from .outgoing import Pending
from .tolerance import under_whole_id, without_negative_ttl, without_odd_items

if TYPE_CHECKING:
    from .core import Core

T = TypeVar("T")
log = logging.getLogger("mcpstruct")
_METHOD = b'"method"'
# How nearly every answer begins. One match takes half the time of `guess_id` and the search for a method.
_ANSWER = re.compile(rb'\{"jsonrpc":"2\.0","id":(\d{1,18}),"(?:result|error)":').match
_WHERE_METHODS_STAND = 100  # bytes; only a hint at which decoder to try first


class Arrived(Struct):
    """A request, or a notification, which has no id."""

    method: MethodInfo[Any, Any]
    id: RequestId | None
    params: Any


class Reader:
    """The way in of one core."""

    __slots__ = ("_by_type", "_core", "_decoder", "_pending", "_responses")

    def __init__(self, core: Core, decoder: MessageDecoder[Any]) -> None:
        self._core = core
        self._pending = core.outgoing.pending
        self._decoder = decoder if core.limits is decoder.limits else decoder.with_limits(core.limits)
        self._by_type = _by_type(decoder)
        self._responses: dict[MethodInfo[Any, Any], ResponseDecoder[Any]] = {}

    def knows(self, method: MethodInfo[Any, Any]) -> bool:
        """Whether this side's own description of a method is this very one."""
        return self._decoder.methods.get(method.name) is method

    def only(self, request_id: RequestId, take: Callable[[T], object], what: T) -> None:
        """Take in what comes on the stream of one request, by `received` or `refused`: it can answer no other."""
        everything = self._pending
        pending = everything.get(request_id)
        self._pending = {} if pending is None else {request_id: pending}
        try:
            take(what)
        finally:
            self._pending = everything

    def received(self, data: bytes) -> None:
        """See `Receiver`."""
        core = self._core
        if core.ended:
            return
        try:
            pending = None
            if self._pending:
                usual = _ANSWER(data)
                pending = self._guessed(data) if usual is None else self._pending.get(int(usual[1]))
            if pending is None or not self._answered(pending, data):
                self._message(data)
        except ProtocolViolation as violation:
            self.refused(violation)
        except Exception:
            log.exception("A message was dropped over an error of ours")

    def _answered(self, pending: Pending, data: bytes) -> bool:
        """Take the answer to a request; False if that is not what it is."""
        decoder = self._responses.get(pending.method) or self._response_decoder(pending.method)
        try:
            response = decoder.decode(data).message
        except ProtocolViolation as violation:
            unreadable = violation.code == PARSE_ERROR  # an answer all the same, as far as can be told
            if not unreadable and (violation.request_id != pending.id or raw_envelope(data).method is not UNSET):
                return False  # the latter is a request of the peer's, which counts its ids as it likes
            self._core.outgoing.settle(pending, self._salvaged(decoder, violation))
            return True
        if response.id != pending.id:
            return False
        if response.error is UNSET:
            self._core.outgoing.settle(pending, response.result)
        else:
            self._core.take_error(pending.id, response.error)
        return True

    def _salvaged(self, decoder: ResponseDecoder[Any], violation: ProtocolViolation) -> Any:
        """What a session makes of a refused answer, a tolerant one more than others; else the violation itself."""
        if violation.code == PARSE_ERROR:  # nothing can be read out of it
            return violation
        result = without_negative_ttl(decoder, violation)
        if result is not None:
            return result
        kept = without_odd_items(decoder, violation) if self._core.tolerant else None
        if kept is None:
            return violation
        result, faults = kept
        for fault in faults:
            self._core.router.violation(fault)
        return result

    def _response_decoder(self, method: MethodInfo[Any, Any]) -> ResponseDecoder[Any]:
        decoder = self._responses[method] = response_decoder(method).with_limits(self._core.limits)
        return decoder

    def _message(self, data: bytes) -> None:
        if data[:1] != b"{" and data.lstrip()[:1] == b"[":
            if not self._core.batches:
                raise ProtocolViolation(Problem("", "one message", "a batch, which there is not"), data=data)
            for part in self._decoder.split(data):
                if part[:1] == b"[":  # a Raw starts where its value does
                    self.refused(ProtocolViolation(Problem("", "one message", "a batch within a batch"), data=part))
                else:
                    self.received(part)
            return
        message: Any = self._decoder.decode(data).message
        info = self._by_type.get(message.__class__)
        if info is None:
            self._stray_answer(message, data)
        elif info.kind == "request":
            self._core.take_request(message.id, info, message.params)
        else:
            self._core.take_notification(info, message.params)

    def _stray_answer(self, response: Any, data: bytes) -> None:
        """An answer whose request no guess found: late, unknown, or written in an unusual way."""
        pending = self._pending.get(response.id)
        if pending is not None and self._answered(pending, data):
            return
        if response.id in self._core.outgoing.pending and pending is None:
            problem = Problem("/id", "an answer to the request of this stream", "one to another request")
            self._core.router.violation(ProtocolViolation(problem, data=data))
            return
        if response.id is None:
            self._core.router.unread(response.error)
        elif response.id.__class__ is int or not self._under_another_id(data):
            log.debug("An answer to no request in progress was dropped: id %r", response.id)

    def _under_another_id(self, data: bytes) -> bool:
        """Take note of an answer whose id is another kind of JSON than that of its request: only a tolerant session
        takes it for one.
        """
        found = under_whole_id(data)
        if found is None or found[0] not in self._pending:
            return False
        number, answer, problem = found
        self._core.router.violation(ProtocolViolation(problem, data=data))
        return not self._core.tolerant or self._answered(self._pending[number], answer)

    def refused(self, violation: ProtocolViolation) -> None:
        """See `Receiver`: answer what can be answered."""
        if violation.pointer == "/id" and self._under_another_id(violation.data):
            return
        if violation.code == METHOD_NOT_FOUND and self._custom(violation):
            return
        if (answered := self._meant_for(violation)) is not None:
            self._core.outgoing.settle(answered, violation)
            return
        if violation.code != METHOD_NOT_FOUND:  # which is no offence
            self._core.router.violation(violation)
        if isinstance(violation, LimitExceeded) and (pending := self._guessed(violation.data)) is not None:
            self._core.outgoing.settle(pending, violation)  # an answer too large to be taken in
        elif isinstance(violation, LimitExceeded) and (too_large := _request_id(violation.data)) is not None:
            self._core.answer_error(too_large, ErrorObject(violation.code, violation.message))
        elif (violation.request_id is not None or self._core.nameless_errors) and _wants_answer(violation):
            self._core.answer_error(violation.request_id, ErrorObject(violation.code, violation.message))
        else:
            log.debug("Dropped: %s", violation.message)

    def _meant_for(self, violation: ProtocolViolation) -> Pending | None:
        """The request that what is no message was meant to answer."""
        pending = None if violation.request_id is None else self._pending.get(violation.request_id)
        if pending is None or isinstance(violation, LimitExceeded):
            return None
        return pending if raw_envelope(violation.data).method is UNSET else None

    def _guessed(self, data: bytes) -> Pending | None:
        """The request that this is probably the answer to."""
        pending = self._pending
        if not pending or data.find(_METHOD, 0, _WHERE_METHODS_STAND) >= 0:
            return None
        guessed = guess_id(data)
        return pending.get(guessed) if guessed is not None else None

    def _custom(self, violation: ProtocolViolation) -> bool:
        """Take a message of a method that is none of the protocol's, if this side has it."""
        try:
            arrived = self._read_custom(violation)
        except ProtocolViolation as fault:
            if fault.request_id is not None:
                self._core.answer_error(fault.request_id, ErrorObject(fault.code, fault.message))
            return True
        if arrived is None:
            return False
        if arrived.id is not None:
            self._core.take_request(arrived.id, arrived.method, arrived.params)
        elif arrived.method.kind == "request":
            log.debug("Dropped: %s without an id", arrived.method.name)
        else:
            self._core.take_notification(arrived.method, arrived.params)
        return True

    def _read_custom(self, violation: ProtocolViolation) -> Arrived | None:
        """A message whose method the protocol does not have; None if this side has none of that name either."""
        info = self._core.router.custom.get(violation.method or "")
        if info is None:
            return None
        envelope = raw_envelope(violation.data)
        request_id = readable_id(envelope)
        raw = b"{}" if isinstance(envelope.params, UnsetType) else bytes(envelope.params)
        bare = None if info.kind == "notification" else RequestParams  # there is always room for `_meta`
        tp = info.params or bare
        try:
            params = None if tp is None else from_json(tp, raw, limits=self._core.limits)
            if bare is not None and is_object(params) and "_meta" in params:
                from_json(bare, raw, limits=self._core.limits)  # for the keys that are the protocol's
        except ProtocolViolation as fault:
            problem = fault.problem.below("/params")
            raise type(fault)(
                problem, code=INVALID_PARAMS, request_id=request_id, method=info.name, data=violation.data
            ) from None
        return Arrived(info, request_id, params)

    def read(self, data: bytes) -> Arrived | None:
        """A request or a notification, which nobody has been told of; None for a response. Raises
        `ProtocolViolation`."""
        try:
            message: Any = self._decoder.decode(data).message
        except ProtocolViolation as violation:
            arrived = self._read_custom(violation) if violation.code == METHOD_NOT_FOUND else None
            if arrived is None:
                raise
            return arrived
        info = self._by_type.get(type(message))
        if info is None:
            return None
        return Arrived(info, message.id if info.kind == "request" else None, message.params)

    def split(self, data: bytes) -> list[bytes]:
        """The members of a batch. Raises `ProtocolViolation`."""
        return self._decoder.split(data)


def _request_id(head: bytes) -> RequestId | None:
    """The id of the request that a message begins like; None for other messages."""
    return guess_id(head) if head.find(_METHOD, 0, _WHERE_METHODS_STAND) >= 0 else None


def _wants_answer(violation: ProtocolViolation) -> bool:
    """Whether what is no message has to be answered: what was meant as a response or a notification never is."""
    if isinstance(violation, LimitExceeded):
        return True
    try:
        envelope = raw_envelope(violation.data)
    except ProtocolViolation:
        return True
    if envelope.method is not UNSET:
        return envelope.id is not UNSET
    return envelope.id is UNSET and envelope.result is UNSET and envelope.error is UNSET


@cache
def _by_type(decoder: MessageDecoder[Any]) -> dict[Any, MethodInfo[Any, Any]]:
    """The method of each type of message that a decoder makes."""
    return {info.message: info for info in decoder.methods.values() if info.sent_by(decoder.sender)}
