"""What a decoder accepts at most, and the guard that keeps deep nesting from overrunning a small stack."""

from __future__ import annotations

import threading
from _thread import get_ident

from msgspec import Struct

MIB = 1024 * 1024


class Limits(Struct, frozen=True, kw_only=True):
    """Bounds on one message."""

    max_bytes: int = 64 * MIB
    """Largest message, in bytes."""
    max_thread_depth: int = 128
    """Deepest nesting of arrays and objects accepted on threads other than the main one, whose stacks may be small.
    On the main thread the interpreter's own recursion limit (about 1,000) is the bound."""


DEFAULT_LIMITS = Limits()

# Threads other than the main one may have any stack, which nothing tells: on one of 512 KiB, 1,000 levels of msgspec's
# C recursion overrun it.
MAIN_THREAD = threading.main_thread().ident


def on_small_stack() -> bool:
    """Whether this thread may have too small a stack for the interpreter's recursion limit."""
    return get_ident() != MAIN_THREAD


def too_deep(data: bytes, limit: int) -> bool:
    """Whether arrays and objects nest deeper than `limit`; brackets within strings do not count."""
    if data.count(b"[") + data.count(b"{") <= limit:
        return False
    depth = 0
    position = 0
    size = len(data)
    while position < size:
        byte = data[position]
        if byte == 0x22:  # a string: leap to its end
            position = _string_end(data, position + 1)
        elif byte in b"[{":
            depth += 1
            if depth > limit:
                return True
        elif byte in b"]}":
            depth -= 1
        position += 1
    return False


def _string_end(data: bytes, position: int) -> int:
    while True:
        end = data.find(b'"', position)
        if end < 0:
            return len(data)
        backslashes = 0
        while data[end - 1 - backslashes] == 0x5C and end - 1 - backslashes >= position:
            backslashes += 1
        if backslashes % 2 == 0:
            return end
        position = end + 1
