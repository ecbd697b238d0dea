"""What every contestant's process does in the benchmark of the codecs.

The order `{"do": "time", "case": ..., "operation": ..., "repetitions": n}` is answered with `{"ns": ...}`, the CPU
time of all n together.

The clock is the CPU time of this process, not the time on the wall: the work measured neither waits nor
sleeps, and on a machine that does other things as well the wall clock counts their time too. What CPU time
does count, besides the interpreter, is the kernel's work for us, such as new pages for a large string; that
is a cost of the codec.

Garbage collection stays on, since it is on in a session. What a contestant's imports left on the heap is
frozen before, so that nobody pays for the size of its modules here; importing is measured on its own.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable
from itertools import repeat
from typing import Any

from benchmarks.corpus import Case, case
from benchmarks.workers.orders import answer_orders

__all__ = ["Prepare", "Prepared", "serve"]

Prepared = tuple[Callable[[Any], Any], Any]
"""A function of one argument and the argument that it is called with again and again."""
Prepare = Callable[[Case, str], Prepared]
"""Gives what one operation on one case is, for one contestant."""


def _checked(prepare: Prepare, message: Case, operation: str) -> Prepared:
    """Prepare, and refuse an encoder that does not give the message back: losing data is fast."""
    function, argument = prepare(message, operation)
    if operation != "decode" and json.loads(function(argument)) != json.loads(message.wire):
        raise AssertionError(f"{message.name}: {operation} gives another message than the corpus holds")
    gc.collect()
    gc.freeze()
    return function, argument


def _measure(prepared: Prepared, repetitions: int) -> int:
    function, argument = prepared
    for _ in repeat(None, 1 + repetitions // 20):
        function(argument)
    begin = time.process_time_ns()
    for _ in repeat(None, repetitions):
        function(argument)
    return time.process_time_ns() - begin


def serve(prepare: Prepare, *packages: str) -> None:
    """Answer orders until the pipe closes; `packages` are the distributions whose versions matter."""
    ready: dict[tuple[str, str], Prepared] = {}

    def carry_out(order: dict[str, Any]) -> dict[str, Any]:
        key = (order["case"], order["operation"])
        if key not in ready:
            ready[key] = _checked(prepare, case(key[0]), key[1])
        return {"ns": _measure(ready[key], order["repetitions"])}

    answer_orders(carry_out, *packages)
