"""Running one handler: with a context, and to the end of its round."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from mcpstruct.session.request import ServerRequest
from mcpstruct.session.stamping import stamp

from .asking import DirectAsker, ReplayAsker
from .context import Context
from .state import StateSealer

if TYPE_CHECKING:
    from .base import Server


current: ContextVar[Context[Any]] = ContextVar("mcpstruct_context")
"""The context of the request that is being answered, wherever its handler has got to."""


async def work(
    handler: Callable[[Any, Context[Any]], Awaitable[Any]],
    params: Any,
    request: ServerRequest,
    server: Server,
    sealer: StateSealer,
) -> Any:
    """What a handler returns; or, where it asked the client for input on a modern wire, the questions."""
    if request.revision.era == "legacy":
        context: Context[Any] = Context(request, server, DirectAsker(request))
        current.set(context)  # the request has a task, and therefore a set of context variables, of its own
        return await handler(params, context)
    incoming = request.incoming
    asker = ReplayAsker(request, sealer, incoming.stop)
    context = Context(request, server, asker)
    current.set(context)
    try:
        return await handler(params, context)
    except incoming.core.loop.Cancelled:
        if asker.asked and not incoming.cancelled:  # stopped by its own question: the round is over
            incoming.answer(stamp(asker.result(), request.revision, request.connection.service.info))
        raise
