"""What a server sets up once and takes down at the end, whatever connects in between."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial
from typing import Any, TypeAlias

import anyio

from mcpstruct.session.loop import Future, Loop, current_loop

Leave: TypeAlias = Callable[[], Awaitable[None]]
Enter: TypeAlias = Callable[[], AbstractAsyncContextManager[Any]]


class _Life:
    """From one setting up to the taking down that follows, and who needs it meanwhile."""

    __slots__ = ("gone", "loop", "ready", "stop", "users")

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.users: set[object] = set()
        self.ready: Future[None] = loop.future()
        self.gone: Future[None] = loop.future()
        self.stop = anyio.Event()

    def leave(self, user: object) -> bool:
        """Need it no more; whether this was the last who did."""
        if user not in self.users:
            return False
        self.users.remove(user)
        if not self.users:
            self.stop.set()
        return not self.users


class Lifespan:
    """Entered with the first connection, left after the last, in a task of its own: a context manager with cancel
    scopes in it has to be left by the task that entered it.
    """

    def __init__(self, enter: Enter | None) -> None:
        self._enter = enter
        self._life: _Life | None = None
        self.state: Any = None
        """What the context manager gave."""

    @property
    def needed(self) -> bool:
        """Whether there is anything to set up."""
        return self._enter is not None

    async def acquire(self) -> Leave:
        """Have it set up by the time this returns. Raises what setting up raises.

        Call what this gives once it is needed no more: unless somebody else needs it, it is taken down, and the call
        waits until it is, and raises what that raises. A second call does nothing.
        """
        if self._enter is None:
            return _nothing
        loop = current_loop()
        if self._life is not None and self._life.loop.over:
            self._life = None  # nobody is left to take it down
        while self._life is not None and self._life.stop.is_set():
            with suppress(Exception):  # whoever left is told
                await loop.shield(self._life.gone)
        if self._life is None:
            self._life = _Life(loop)
            loop.spawn(self._live, self._enter, self._life)
        life, user = self._life, object()
        life.users.add(user)
        try:
            await loop.shield(life.ready)
        except BaseException:
            life.leave(user)
            raise
        return partial(_leave, life, user)

    async def _live(self, enter: Enter, life: _Life) -> None:
        try:
            async with enter() as self.state:
                life.ready.set_result(None)
                await life.stop.wait()
        except Exception as error:
            if not life.ready.done():
                life.ready.set_exception(error)
            elif life.stop.is_set():
                life.gone.set_exception(error)
            else:
                raise
        finally:
            if self._life is life:
                self.state = self._life = None
            if not life.ready.done():
                life.ready.set_exception(RuntimeError("the lifespan was cancelled before it began"))
            if not life.gone.done():
                life.gone.set_result(None)


async def _leave(life: _Life, user: object) -> None:
    if life.leave(user):
        await current_loop().shield(life.gone)


async def _nothing() -> None:
    pass
