"""What a decoder accepts at most, and the guard that keeps deep nesting from overrunning a small stack."""

from __future__ import annotations

import re
import threading
from _thread import get_ident

from msgspec import Struct

MIB = 1024 * 1024


class Limits(Struct, frozen=True, kw_only=True):
    """Bounds on messages, and on how many of them a session holds. Every one can be set, for each session."""

    max_bytes: int = 64 * MIB
    """Largest message, in bytes. Also the most bytes of a server's reports that wait for a client that does not read:
    beyond it, progress is condensed to the latest, and the newest log messages go."""
    max_thread_depth: int = 128
    """Deepest nesting of arrays and objects accepted on a thread whose stack is below 4 MiB. Elsewhere the
    interpreter's own recursion limit is the bound: about 1,000 levels, on 3.13 some 10,000."""
    max_in_flight: int = 16_384
    """Most requests in progress at once, each way. Calls beyond it wait for their turn; a peer's wait too, up to
    `max_queue` of them, and are refused then."""
    max_queue: int = 16_384
    """Most notifications waiting for a callback. Beyond it, progress is condensed to the latest, and the oldest log
    messages go."""
    max_subscriptions: int = 16_384
    """Most resources that a client may be told of: by all subscriptions of a session, and by all streams of
    `subscriptions/listen` that share a connection. More are refused."""


class Deadlines(Struct, frozen=True, kw_only=True):
    """How long a session waits before it gives up, in seconds; None for ever."""

    request: float | None = 60.0
    """For the answer to a request, unless the call says otherwise; counted anew from each progress notification that
    comes for it."""
    hard: float | None = 600.0
    """For the answer to a request, progress or not."""
    connect: float | None = 30.0
    """For the connection to come about, opening included."""
    probe: float | None = 5.0
    """For the answer to the question whether a server is modern; a legacy one may stay silent."""


DEFAULT_LIMITS = Limits()
DEFAULT_DEADLINES = Deadlines()

MAIN_THREAD = threading.main_thread().ident
_AMPLE_STACK = 4 * MIB
_BYTES_A_LEVEL = 512
_local = threading.local()


def thread_depth(limits: Limits) -> int | None:
    """How deep a message may nest on this thread; None where its stack bears the interpreter's recursion limit.

    1,000 levels of msgspec's C recursion overrun a stack of 512 KiB, and a thread may have one of 32.
    """
    if get_ident() == MAIN_THREAD:
        return None
    try:
        stack: int = _local.stack
    except AttributeError:
        stack = _local.stack = _stack_of_this_thread()
    return None if stack >= _AMPLE_STACK else min(limits.max_thread_depth, stack // _BYTES_A_LEVEL)


def _stack_of_this_thread() -> int:
    """Size of this thread's stack in bytes; where the system does not tell, the size it is sure to have."""
    import ctypes  # once a thread, and only for those that are not the main one

    try:
        library = ctypes.CDLL(None)
        library.pthread_self.restype = ctypes.c_void_p
        this = ctypes.c_void_p(library.pthread_self())
        if hasattr(library, "pthread_get_stacksize_np"):  # macOS
            library.pthread_get_stacksize_np.restype = ctypes.c_size_t
            return int(library.pthread_get_stacksize_np(this))
        attributes = ctypes.create_string_buffer(256)  # a pthread_attr_t takes 56 bytes
        size = ctypes.c_size_t()
        if library.pthread_getattr_np(this, attributes) == 0:
            library.pthread_attr_getstacksize(attributes, ctypes.byref(size))
            library.pthread_attr_destroy(attributes)
    except (AttributeError, OSError, TypeError):
        return _UNKNOWN_STACK
    return size.value or _UNKNOWN_STACK


_UNKNOWN_STACK = 128 * 1024
_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def too_deep(data: bytes, limit: int) -> bool:
    """Whether arrays and objects nest deeper than `limit`; brackets within strings do not count."""
    if data.count(b"[") + data.count(b"{") <= limit:
        return False
    depth = 0
    for bracket in _STRINGS.sub(b"", data).translate(None, _NO_BRACKETS):
        if bracket in b"[{":
            depth += 1
            if depth > limit:
                return True
        else:
            depth -= 1
    return False
