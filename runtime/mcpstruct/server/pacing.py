"""Reports from threads, which come no faster than the client takes them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from math import inf
from time import monotonic
from typing import Any

from mcpstruct.base.errors import RequestTimeout
from mcpstruct.base.methods import MethodInfo
from mcpstruct.session.request import ServerRequest

_AHEAD = 64
"""Reports of one request that may be on their way from threads to the event loop, or wait for the client."""
_GLANCE = 0.2
"""Seconds after which a thread that waits looks whether its request has been called off."""


class Pace:
    """Holds threads back that report on a request."""

    __slots__ = ("_check", "_request", "_room")

    def __init__(self, request: ServerRequest, check: Callable[[], None]) -> None:
        """`check` raises where the client no longer waits."""
        self._request = request
        self._check = check
        self._room = threading.Semaphore(_AHEAD)

    def report(self, method: MethodInfo[Any, None], report: Callable[..., None], *args: Any) -> None:
        """Have the event loop make a report. Raises `RequestTimeout` where the client has not read for as long as the
        deadline of requests.
        """
        core = self._request.connection.core
        seconds = core.deadlines.request
        end = inf if seconds is None else monotonic() + seconds
        while not self._room.acquire(timeout=max(0.0, min(_GLANCE, end - monotonic()))):
            self._check()
            if monotonic() >= end:
                raise RequestTimeout(f"{method.name} could not be sent within {seconds:g} s")
        core.loop.call_soon_threadsafe(self._make, report, args)

    def _make(self, report: Callable[..., None], args: tuple[Any, ...]) -> None:
        try:
            report(*args)
        finally:
            if self._request.incoming.link.congested:
                self._request.connection.core.loop.spawn(self._when_drained)
            else:
                self._room.release()

    async def _when_drained(self) -> None:
        await self._request.incoming.link.drain()
        self._room.release()
