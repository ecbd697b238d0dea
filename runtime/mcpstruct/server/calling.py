"""Calling a user's function, sync or async, with its context and within its time."""

from __future__ import annotations

import contextvars
import inspect
from collections.abc import Awaitable
from typing import Any

import anyio

from mcpstruct.session.loop import current_loop

from .context import Context
from .functions import Function
from .threads import WorkerPool


class TookTooLong(Exception):
    """A function did not return within its time, `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Caller:
    """Calls one function. Sync ones run in the pool, or, with `inline`, on the event loop itself: for those that are
    sure not to block, which then cost a tenth.
    """

    __slots__ = ("_context_parameter", "_function", "_is_async", "_pool", "_timeout", "inline")

    def __init__(self, function: Function, pool: WorkerPool, *, timeout: float | None, inline: bool) -> None:
        self._function = function.function
        self._is_async = function.is_async
        self._context_parameter = function.context_parameter
        self._pool = pool
        self._timeout = timeout
        self.inline = inline

    def call(self, arguments: dict[str, Any], context: Context[Any]) -> Awaitable[Any]:
        """What the function returns. Raises what it raises, and `TookTooLong`."""
        if self._context_parameter is not None:
            arguments[self._context_parameter] = context
        if self._timeout is not None:
            return self._call_within(self._timeout, arguments)
        if self._is_async:
            awaitable: Awaitable[Any] = self._function(**arguments)
            return awaitable
        return self._call(arguments)

    async def _call_within(self, seconds: float, arguments: dict[str, Any]) -> Any:
        with anyio.move_on_after(seconds):
            return await self._call(arguments)
        raise TookTooLong(seconds)

    async def _call(self, arguments: dict[str, Any]) -> Any:
        if self._is_async:
            return await self._function(**arguments)
        if self.inline:
            value = self._function(**arguments)
        else:
            job = self._pool.submit(current_loop(), contextvars.copy_context(), self._function, **arguments)
            value = await job
        return await value if inspect.isawaitable(value) else value
