"""mcpstruct, on the path that its sessions take.

Bytes to typed: a request or notification in one pass; a response by guessing its id from its first and last
bytes, looking the pending method up, decoding with that method's envelope in one pass, and comparing the id.

Typed to bytes: the envelope is made anew around the params or the result, as for every message sent, then
encoded.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import msgspec

sys.path.append(str(Path(__file__).resolve().parents[2]))  # for when this runs as a plain script

from benchmarks.corpus import Case
from benchmarks.workers.loop import Prepared, serve
from mcpstruct.base.codec import to_json
from mcpstruct.base.envelope import guess_id
from mcpstruct_bindings.merged import decode, methods

_ENVELOPE = ("jsonrpc", "id", "params", "result", "error")


def _decoder(case: Case) -> Callable[[bytes], Any]:
    if case.kind == "request":
        return decode.client_message
    if case.kind == "notification":
        return decode.server_message
    # What a session keeps of a request in flight: the decoder of its answer.
    pending: dict[int | str | None, Any] = {41: decode.response_decoder(methods.METHODS[case.method]).decode}

    def decode_response(data: bytes) -> Any:
        answered = guess_id(data)
        received = pending[answered](data)
        if received.message.id != answered:
            raise AssertionError("the id guessed is not the id decoded")
        return received

    return decode_response


def _built(value: Any) -> Any:
    """`value` as a program would have built it: what the decoder kept as bytes is a plain dict here."""
    if isinstance(value, msgspec.Raw):
        return msgspec.json.decode(value)
    if isinstance(value, msgspec.Struct):
        fields = {name: _built(getattr(value, name)) for name in value.__struct_fields__}
        return msgspec.structs.replace(value, **fields)
    if isinstance(value, list):
        return [_built(item) for item in cast("list[Any]", value)]
    if isinstance(value, Mapping) and not isinstance(value, dict):
        return msgspec.json.decode(to_json(cast("Any", value)))
    return cast("Any", value)


def _encoder(message: Any) -> Prepared:
    envelope = cast("Any", type(message))
    held = {name: getattr(message, name, None) for name in _ENVELOPE}
    parts = {name: value for name, value in held.items() if value is not None and value is not msgspec.UNSET}

    def encode(parts: dict[str, Any]) -> bytes:
        return to_json(envelope(**parts))

    return encode, parts


def prepare(case: Case, operation: str) -> Prepared:
    """The session's own steps, from and to bytes."""
    decoder = _decoder(case)
    if operation == "decode":
        return decoder, case.wire
    message = decoder(case.wire).message
    return _encoder(message if operation == "encode_untouched" else _built(message))


if __name__ == "__main__":
    serve(prepare, "mcpstruct", "msgspec")
