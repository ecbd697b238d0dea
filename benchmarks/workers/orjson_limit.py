"""The limit: what orjson takes for bytes to dict and back, with no types, no checks and no session."""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
from __future__ import annotations

import sys
from pathlib import Path

import orjson

sys.path.append(str(Path(__file__).resolve().parents[2]))  # for when this runs as a plain script

from benchmarks.corpus import Case
from benchmarks.workers.loop import Prepared, serve


def prepare(message: Case, operation: str) -> Prepared:
    """`loads` of the bytes, or `dumps` of the dict that they give."""
    return (orjson.loads, message.wire) if operation == "decode" else (orjson.dumps, orjson.loads(message.wire))


if __name__ == "__main__":
    serve(prepare, "orjson")
