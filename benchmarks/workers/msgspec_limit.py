"""The other limit: msgspec from bytes to dict and back, with a decoder and an encoder made once."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

sys.path.append(str(Path(__file__).resolve().parents[2]))  # for when this runs as a plain script

from benchmarks.corpus import Case
from benchmarks.workers.loop import Prepared, serve

_DECODE = msgspec.json.Decoder().decode
_ENCODE = msgspec.json.Encoder().encode


def prepare(message: Case, operation: str) -> Prepared:
    """`decode` of the bytes, or `encode` of the dict that they give."""
    return (_DECODE, message.wire) if operation == "decode" else (_ENCODE, _DECODE(message.wire))


if __name__ == "__main__":
    serve(prepare, "msgspec")
