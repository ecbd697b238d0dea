"""How a contestant's process takes orders from the harness: one JSON object a line each way.

`{"do": "hello"}` answers with the versions of the interpreter and of the packages measured; everything else is the
benchmark's own. Whatever goes wrong is answered as `{"failure": <traceback>}`.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from importlib import metadata
from typing import Any

__all__ = ["answer_orders"]


def _versions(packages: tuple[str, ...]) -> dict[str, str]:
    python = ".".join(map(str, sys.version_info[:3]))
    return {"python": python, **{name: metadata.version(name) for name in packages}}


def answer_orders(carry_out: Callable[[dict[str, Any]], dict[str, Any]], *packages: str) -> None:
    """Answer orders until the pipe closes; `packages` are the distributions whose versions matter."""
    orders = os.fdopen(os.dup(0), "r", encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - a descriptor is wanted, not a path
        os.dup2(nothing.fileno(), 0)  # a child process that inherits it must not take orders
    os.dup2(2, 1)  # whatever a library prints must not come between two answers
    for line in orders:
        try:
            order = json.loads(line)
            answer = {"versions": _versions(packages)} if order["do"] == "hello" else carry_out(order)
        except Exception:
            answer = {"failure": traceback.format_exc()}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
