"""Calling a user's function, sync or async, with its context and within its time."""

from __future__ import annotations

import contextvars
import inspect
from typing import Any

import anyio

from mcpstruct.session.loop import current_loop

from .context import Context
from .functions import Function
from .threads import WorkerPool


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

    async def call(self, arguments: dict[str, Any], context: Context[Any]) -> Any:
        """What the function returns. Raises what it raises, and `TimeoutError`."""
        if self._context_parameter is not None:
            arguments[self._context_parameter] = context
        if self._timeout is None:
            return await self._call(arguments)
        with anyio.fail_after(self._timeout):
            return await self._call(arguments)

    async def _call(self, arguments: dict[str, Any]) -> Any:
        if self._is_async:
            return await self._function(**arguments)
        if self.inline:
            value = self._function(**arguments)
        else:
            job = self._pool.submit(current_loop(), contextvars.copy_context(), self._function, **arguments)
            value = await job
        return await value if inspect.isawaitable(value) else value
