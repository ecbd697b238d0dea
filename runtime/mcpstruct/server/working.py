"""Running one handler: with a context, and to the end of its round."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from mcpstruct.session.request import ServerRequest
from mcpstruct.session.serving import Handler

from .context import Context
from .state import StateSealer

if TYPE_CHECKING:
    from .base import Server


current: ContextVar[Context[Any]] = ContextVar("mcpstruct_context")
"""The context of the request that is being answered, wherever its handler has got to."""


def working(
    answer: Callable[[Any, Context[Any]], Awaitable[Any]],
    server: Server,
    sealer: StateSealer,
    *,
    by_hand: bool = False,
) -> Handler:
    """The handler that gives requests to `answer`, with a context each; or, where `answer` asks a modern client for
    input, answers with the questions, whatever `answer` makes of being stopped for them.

    `by_hand` is for handlers that may have asked for input themselves, and sealed their state as they like.
    """

    async def handle(params: Any, request: ServerRequest) -> Any:
        context: Context[Any] = Context(request, server, sealer, by_hand=by_hand)
        current.set(context)  # the request has a task, and therefore a set of context variables, of its own
        try:
            result = await answer(params, context)
        except BaseException:  # being cancelled, as a rule, or on trio a group of that
            questions = context.questions()
            if questions is not None and not request.incoming.cancelled:
                request.incoming.answer(request.stamped(questions))
            raise
        return context.questions() or result

    return handle
