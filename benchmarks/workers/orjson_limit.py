"""The limit: what orjson takes for bytes to dict and back, with no types, no checks and no session."""

from __future__ import annotations

import orjson

from benchmarks.corpus import Case
from benchmarks.workers.loop import Prepared, serve


def prepare(message: Case, operation: str) -> Prepared:
    """`loads` of the bytes, or `dumps` of the dict that they give."""
    return (
        (orjson.loads, message.wire) if operation == "decode" else (orjson.dumps, orjson.loads(message.wire))
    )


if __name__ == "__main__":
    serve(prepare, "orjson")
