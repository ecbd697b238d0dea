"""What a server sets up once and takes down at the end, whatever connects in between."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any

import anyio

from mcpstruct.session.loop import Future, current_loop


class Lifespan:
    """Entered with the first connection, left after the last, in a task of its own: a context manager with cancel
    scopes in it has to be left by the task that entered it.
    """

    def __init__(self, enter: Callable[[], AbstractAsyncContextManager[Any]] | None) -> None:
        self._enter = enter
        self._users = 0
        self._ready: Future[None] | None = None
        self._gone: Future[None] | None = None
        self._stop: anyio.Event | None = None
        self.state: Any = None
        """What the context manager gave."""

    @property
    def needed(self) -> bool:
        """Whether there is anything to set up."""
        return self._enter is not None

    async def acquire(self) -> None:
        """Have it set up by the time this returns. Raises what setting up raises."""
        if self._enter is None:
            return
        loop = current_loop()
        self._users += 1
        try:
            if self._gone is not None and self._stop is not None and self._stop.is_set():
                with suppress(Exception):  # whoever left is told
                    await loop.shield(self._gone)
            if self._ready is None:
                self._ready, self._gone, self._stop = loop.future(), loop.future(), anyio.Event()
                loop.spawn(self._live, self._enter, self._ready, self._gone, self._stop)
            await loop.shield(self._ready)
        except BaseException:
            self._users -= 1
            if self._users == 0 and self._stop is not None:
                self._stop.set()
            raise

    async def release(self) -> None:
        """Take it down, if nobody else needs it, and wait until it is. Raises what taking it down raises."""
        if self._enter is None or self._users == 0:
            return
        self._users -= 1
        if self._users == 0 and self._stop is not None and self._gone is not None:
            self._stop.set()
            await current_loop().shield(self._gone)

    async def _live(
        self,
        enter: Callable[[], AbstractAsyncContextManager[Any]],
        ready: Future[None],
        gone: Future[None],
        stop: anyio.Event,
    ) -> None:
        try:
            async with enter() as self.state:
                ready.set_result(None)
                await stop.wait()
        except Exception as error:
            if not ready.done():
                ready.set_exception(error)
            elif stop.is_set():
                gone.set_exception(error)
            else:
                raise
        except BaseException:
            self._users = 0  # the event loop ends, and whoever did not leave before never will
            raise
        finally:
            self.state = self._ready = self._gone = self._stop = None
            if not ready.done():
                ready.set_exception(RuntimeError("the event loop ended"))
            if not gone.done():
                gone.set_result(None)
