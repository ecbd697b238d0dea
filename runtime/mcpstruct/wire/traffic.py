"""A recording of both sides, checked message by message: directions inferred, responses matched to their requests.

A recording does not say who wrote a line. The method tells, except for methods that both sides send; and since each
side numbers its own requests, an id may be waited for twice. So what awaits an answer is kept by id and sender, and
of several requests with one id a response goes to the one whose type of result it fits best.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct

from mcpstruct.base.check import is_array, is_object, problems_of, shown
from mcpstruct.base.codec import DECODE_ERRORS, guard, to_dict
from mcpstruct.base.envelope import RawMessage, RequestId
from mcpstruct.base.errors import Problem, ProtocolViolation
from mcpstruct.base.limits import DEFAULT_LIMITS, Limits
from mcpstruct.base.messages import raw_envelope, readable_id, response_decoder
from mcpstruct.base.methods import MethodInfo
from mcpstruct.base.structs import LazyStruct

from .check import batch_faults, below, envelope_of, faults, read
from .revisions import Bindings, bindings

UNANSWERABLE = "the id of a request that awaits its answer"


class Expected(Struct, frozen=True, eq=False):
    """A request that awaits its answer."""

    sender: str
    info: MethodInfo[Any, Any] | None


class Counts(Struct):
    """What a recording held so far."""

    messages: int = 0
    requests: int = 0
    notifications: int = 0
    responses: int = 0
    batches: int = 0


class Recording:
    """Checks the messages of a recording in their order. Holds no more than the requests that await an answer."""

    def __init__(self, revision: str, limits: Limits = DEFAULT_LIMITS) -> None:
        self.bindings: Bindings = bindings(revision)
        self.limits = limits
        self.counts = Counts()
        self.awaited: dict[RequestId, list[Expected]] = {}
        self._documents = document_keys(self.bindings)

    @property
    def unanswered(self) -> int:
        """How many requests still await their answer."""
        return sum(map(len, self.awaited.values()))

    def feed(self, data: bytes) -> list[Problem]:
        """Every problem of the next message or batch; no whitespace around it."""
        try:
            guard(data, self.limits)
            envelope = raw_envelope(data)
        except ProtocolViolation:  # no JSON, no object, or a batch
            return self._feed_slowly(data)
        expected, stray = self._place(envelope)
        if stray is None and self._survives(data, envelope, expected):
            # All is right but that a key may have stood there twice; not in bytes that come out as they went in.
            return [] if msgspec.json.encode(msgspec.json.decode(data)) == data else self._read(data)[1]
        value, problems = self._read(data)
        return problems if value is None else problems + self._verdict(value, expected, stray)

    def _feed_slowly(self, data: bytes) -> list[Problem]:
        value, problems = self._read(data)
        if not is_array(value):
            return problems if problems and value is None else problems + self._judge(value)
        self.counts.batches += 1
        problems += batch_faults(value, self.bindings)
        for i, message in enumerate(value if self.bindings.batches else ()):
            problems += below(i, self._judge(message))
        return problems

    def _read(self, data: bytes) -> tuple[Any, list[Problem]]:
        """The value and its problems as JSON; no value where it is none."""
        try:
            return read(data, self.limits)
        except ProtocolViolation as violation:
            return None, [violation.problem]

    def _judge(self, message: Any) -> list[Problem]:
        """Every fault of a decoded message."""
        if not is_object(message):
            return faults(message, self.bindings)
        return self._verdict(message, *self._place(envelope_of(message)))

    def _verdict(self, message: Any, expected: Expected | None, stray: Problem | None) -> list[Problem]:
        found = faults(message, self.bindings, answered=expected.info if expected else None)
        return found if stray is None else [*found, stray]

    def _survives(self, data: bytes, envelope: RawMessage, expected: Expected | None) -> bool:
        """Whether a decoder accepts the message and makes of it what stands there, no less and no more.

        It then holds nothing that decoders are known to let pass: no explicit null, no absent constant, and no
        document that is no object. A key that the revision does not know may be there, and takes the slow way.
        """
        is_response = envelope.method is UNSET
        info = self._info(envelope) if not is_response else expected.info if expected else None
        if info is None or any(data.count(key) != data.count(key + b":{") for key in self._documents):
            return False
        try:
            if is_response:
                message: Any = response_decoder(info).decode(data).message
            else:
                decoder = self.bindings.client_decoder if info.sent_by("client") else self.bindings.server_decoder
                message = decoder.decode(data).message
            return bool(to_dict(message) == msgspec.json.decode(data))
        except DECODE_ERRORS:
            return False

    def _info(self, envelope: RawMessage) -> MethodInfo[Any, Any] | None:
        return self.bindings.methods.get(envelope.method) if isinstance(envelope.method, str) else None

    # -- who answers what ---------------------------------------------------------------------------------------------

    def _place(self, envelope: RawMessage) -> tuple[Expected | None, Problem | None]:
        """Note a request; find the request that a response answers, or the problem that there is none."""
        request_id = readable_id(envelope)
        self.counts.messages += 1
        if envelope.method is UNSET:
            self.counts.responses += 1
            return self._answered(envelope, request_id)
        if request_id is None:
            self.counts.notifications += 1
            return None, None
        self.counts.requests += 1
        info = self._info(envelope)
        sender = "unknown" if info is None else info.direction
        others = [e for e in self.awaited.get(request_id, ()) if e.sender != sender]
        self.awaited[request_id] = [*others, Expected(sender, info if info and info.kind == "request" else None)]
        return None, None

    def _answered(self, envelope: RawMessage, request_id: RequestId | None) -> tuple[Expected | None, Problem | None]:
        if request_id is None:
            return None, None
        candidates = self.awaited.pop(request_id, [])
        if not candidates:
            return None, Problem("/id", UNANSWERABLE, shown(request_id))
        best = candidates[-1]
        if len(candidates) > 1:
            best = closest(envelope.result, candidates)
            self.awaited[request_id] = [e for e in candidates if e is not best]
        return best, None


def closest(result: Any, candidates: list[Expected]) -> Expected:
    """The request that a result answers best: its type has no fault in it and knows most of its keys; else the last."""
    try:
        plain = msgspec.json.decode(result) if isinstance(result, Raw) else result
    except DECODE_ERRORS:
        plain = None

    def fit(expected: Expected) -> tuple[bool, int]:
        if expected.info is None or not is_object(plain):
            return False, 0
        tp = response_decoder(expected.info).choose(plain)
        return not problems_of(plain, tp), len(plain.keys() & {*getattr(tp, "__struct_encode_fields__", ())})

    return max(reversed(candidates), key=fit)


def document_keys(revised: Bindings) -> tuple[bytes, ...]:
    """The keys, as they stand on the wire, of JSON documents that a decoder does not look into."""
    lazy = [tp for tp in vars(revised.types).values() if isinstance(tp, type) and issubclass(tp, LazyStruct)]
    wires = {
        wire
        for tp in lazy
        for name, wire in zip(tp.__struct_fields__, tp.__struct_encode_fields__, strict=True)
        if name in tp.__lazy__ and not hasattr(tp.__lazy__[name], "__known__")  # a bag is looked into
    }
    return tuple(f'"{wire}"'.encode() for wire in sorted(wires))
