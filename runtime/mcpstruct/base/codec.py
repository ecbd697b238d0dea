"""Generated types to and from JSON: `to_json`, `to_dict`, `from_json`, for any type of any revision."""

from __future__ import annotations

from typing import Any, TypeVar, overload

import msgspec

from .check import problems_of
from .errors import PARSE_ERROR, LimitExceeded, Problem, ProtocolViolation
from .faults import problems_of_error
from .hooks import dec_hook
from .limits import DEFAULT_LIMITS, Limits, thread_depth, too_deep

T = TypeVar("T")
# What msgspec and the interpreter raise on bad input; anything else is a bug of ours.
DECODE_ERRORS = (msgspec.MsgspecError, ValueError, RecursionError, ProtocolViolation)
_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}

to_json = msgspec.json.Encoder().encode
"""Encode any message or type to JSON bytes (UTF-8). Parts that were never decoded come out as they came, their white
space included; use `to_line` where a line is a message."""


def to_line(value: Any) -> bytes:
    """The value as JSON on one line, without the line break.

    With line breaks in them, parts that a peer sent and nobody decoded would be read as messages of their own.
    """
    data = to_json(value)
    return one_line(data) if 10 in data or 13 in data else data


def one_line(data: bytes) -> bytes:
    """JSON without the line breaks between its parts."""
    return msgspec.json.format(data, indent=-1)


class Encoded:
    """A value that is sent again and again: encoded when first sent as bytes, and then kept as those."""

    __slots__ = ("_raw", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self._raw: msgspec.Raw | None = None

    @property
    def raw(self) -> msgspec.Raw:
        """The value as JSON, on one line."""
        if self._raw is None:
            self._raw = msgspec.Raw(to_line(self.value))
        return self._raw


def to_dict(value: Any) -> Any:
    """The value as plain dicts, lists and scalars, keyed as on the wire."""
    return parse(to_json(value))


@overload
def from_json(tp: type[T], data: bytes, *, limits: Limits = ...) -> T: ...
@overload
def from_json(tp: Any, data: bytes, *, limits: Limits = ...) -> Any: ...
def from_json(tp: Any, data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Any:
    """Decode JSON bytes as a `tp`: any generated type, alias or union.

    Raises `ProtocolViolation` with the pointer to the first fault, `LimitExceeded` if it is too large or too deep.
    """
    guard(data, limits)
    decoder = _decoders.get(tp)
    if decoder is None:
        decoder = _decoders[tp] = decoder_for(tp)
    try:
        return decoder.decode(data)
    except DECODE_ERRORS as error:
        raise explain(data, tp, error) from None


def decoder_for(tp: Any) -> msgspec.json.Decoder[Any]:
    """A decoder of a generated type that insists on the type's constant."""
    config = getattr(tp, "__struct_config__", None)
    if config is not None and config.tag_field is not None:
        # Alone, msgspec would accept a tagged type without its tag; in a union it insists.
        other = msgspec.defstruct("Other", [], tag_field=config.tag_field, tag=f"not {config.tag}")
        return msgspec.json.Decoder(tp | other, dec_hook=dec_hook)
    return msgspec.json.Decoder(tp, dec_hook=dec_hook)


def guard(data: bytes, limits: Limits) -> None:
    """Refuse what exceeds the limits before a decoder sees it."""
    if len(data) > limits.max_bytes:
        raise LimitExceeded(Problem("", f"at most {limits.max_bytes} bytes", f"{len(data)} bytes"), data=data)
    guard_depth(data, limits)


def guard_depth(data: bytes, limits: Limits) -> None:
    """Refuse what nests deeper than this thread's stack bears."""
    depth = thread_depth(limits)
    if depth is not None and too_deep(data, depth):
        raise LimitExceeded(Problem("", f"at most {depth} levels of nesting", "more"), data=data)


def guard_text(data: bytes) -> None:
    """Refuse what is no UTF-8, where parts of it would be passed on unread; raises `ProtocolViolation` (-32700)."""
    if data.isascii():
        return
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise unparsable(data, error) from None


def parse(data: bytes) -> Any:
    """Any JSON as plain values; raises `ProtocolViolation` (-32700) for what is no JSON, `LimitExceeded` for depth."""
    guard_depth(data, DEFAULT_LIMITS)
    try:
        return msgspec.json.decode(data)
    except DECODE_ERRORS as error:
        raise unparsable(data, error) from None


def unparsable(data: bytes, error: Exception) -> ProtocolViolation:
    """Why these bytes are not JSON that we read."""
    if isinstance(error, RecursionError):
        return LimitExceeded(Problem("", "nesting within the interpreter's recursion limit", "deeper"), data=data)
    if isinstance(error, UnicodeDecodeError):
        reason = f"invalid UTF-8 at byte {_first_invalid(data)}"
    elif not data.strip():
        reason = "nothing"
    else:
        reason = str(error)
    return ProtocolViolation(Problem("", "JSON", reason), code=PARSE_ERROR, data=data)


def _first_invalid(data: bytes) -> int:
    """Where a message stops being UTF-8; the decoder's own error counts from the start of a string within it."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error.start
    return len(data)


def explain(data: bytes, tp: Any, error: Exception) -> ProtocolViolation:
    """The first fault of bytes that a typed decoder refused."""
    try:
        value = parse(data)
    except ProtocolViolation as violation:
        return violation
    try:
        problems = problems_of(value, tp)
    except RecursionError as deep:
        return unparsable(data, deep)
    except NotImplementedError:  # a type that no template writes: the decoder's own words must do
        problems = []
    # `check` and the decoder agree; were they ever not to, the decoder's own words are the best there is.
    return ProtocolViolation((problems or problems_of_error(error, value))[0], data=data)
