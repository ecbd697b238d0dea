"""Streams do not outlive the token that they were opened with."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING

from mcpstruct.session.loop import Cancellable, Loop

if TYPE_CHECKING:
    from .access import Access


class Expiry:
    """Calls back when a token ends; never for one that does not, or where there is none."""

    __slots__ = ("_ends", "_loop", "_then", "_timer")

    def __init__(self, loop: Loop, access: Access | None, then: Callable[[], object]) -> None:
        self._loop = loop
        self._then = then
        self._ends = inf if access is None else access.ends
        self._timer: Cancellable | None = None
        if self._ends != inf:
            self._check()

    def extend(self, access: Access | None) -> None:
        """Another token came since, of the same principal: the later of the two ends counts."""
        if access is not None and access.ends > self._ends:
            self._ends = access.ends

    def cancel(self) -> None:
        """Nobody wants to know any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _check(self) -> None:
        # By the clock that tokens go by, which may be set meanwhile: the loop's own only says when to look again.
        left = self._ends - time.time()
        if left <= 0:
            self._then()
        elif left != inf:
            self._timer = self._loop.call_later(left, self._check)
