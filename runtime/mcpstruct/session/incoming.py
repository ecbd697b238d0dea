"""A request of the peer, from its arrival to its answer."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import UNSET, Struct

from mcpstruct.base.envelope import ErrorObject, RequestId
from mcpstruct.base.errors import INTERNAL_ERROR, RemoteError
from mcpstruct.base.methods import MethodInfo

if TYPE_CHECKING:
    from mcpstruct.wire.eras import Revision

    from .core import Core
    from .links import Link
    from .principal import Principal

log = logging.getLogger("mcpstruct")


def _as_it_is(result: Any) -> Any:
    return result


class Incoming(Struct, eq=False):
    """Answered once: with a result, an error, or, where it was cancelled, nothing."""

    core: Core
    id: RequestId
    method: MethodInfo[Any, Any]
    params: Any
    link: Link
    """The way out for its answer, and for whatever belongs to it."""
    key: Hashable
    """What it is known by while in progress: its id, unless the connection carries the ids of many clients."""
    principal: Principal | None = None
    """Who makes it, where the transport knows of each request."""
    start: Callable[..., Any] | None = None
    """Begins what answers it; None for `Loop.start`."""
    known_meta: tuple[Mapping[str, Any], Revision | None] | None = None
    """What `Connection.meta` gives for it, where that is known."""
    task: Any = None
    cancelled: bool = False
    reason: str | None = None
    """Why it was cancelled, where the peer said."""
    on_cancel: Callable[[], object] | None = None
    close: Callable[[], object] | None = None
    """Answers it, where only that ends it."""

    def run(
        self,
        job: Callable[..., Awaitable[Any]],
        *args: Any,
        finish: Callable[[Any], Any] = _as_it_is,
    ) -> None:
        """Answer with what an async function returns, `finish`ed, or raises, as if in a task of its own."""
        self.task = (self.start or self.core.loop.start)(self._work, (job, args, finish), self.method.name)

    async def _work(
        self, job: Callable[..., Awaitable[Any]], args: tuple[Any, ...], finish: Callable[[Any], Any]
    ) -> None:
        try:
            result = finish(await job(*args))
        except RemoteError as error:
            self.fail(error.code, error.message, UNSET if error.data is None else error.data)
        except (Exception, SystemExit):
            log.exception("The handler of %s failed", self.method.name)
            self.fail(INTERNAL_ERROR, "internal error")
        except BaseException:  # cancelled: or, on trio, a group of that
            self.fail(INTERNAL_ERROR, "the server stopped working on this request")
            raise
        else:
            self.core.answer(self, result)
        finally:
            # The task holds this request through its context variables: without the cycle, nothing is left for the
            # garbage collector, which otherwise takes more time than the call.
            self.task = None

    def answer(self, result: Any) -> None:
        """Answer with a result."""
        self.core.answer(self, result)

    def fail(self, code: int, message: str, data: Any = UNSET) -> None:
        """Answer with an error."""
        self.core.refuse(self, ErrorObject(code, message, data))

    def stop(self) -> None:
        """Stop the task that works on it; what it then answers counts."""
        if self.task is not None:
            self.task.cancel()

    def cancel(self, reason: str | None) -> None:
        """Stop working on it: the peer no longer waits, or is gone. There will be no answer."""
        self.cancelled = True
        self.reason = reason
        self.core.forget(self)
        self.link.called_off(self.id)
        if self.on_cancel is not None:
            self.on_cancel()
        if self.task is not None:
            self.task.cancel()
