"""Completion: suggestions for the arguments of prompts and resource templates."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextvars import copy_context
from typing import Any, TypeAlias

from mcpstruct.session.loop import current_loop
from mcpstruct_bindings.merged.types import (
    CompleteRequestParams,
    CompleteResult,
    CompleteResultCompletion,
    PromptReference,
)

from .threads import WorkerPool

Suggestions: TypeAlias = CompleteResult | Iterable[str]
Completer: TypeAlias = Callable[[str, Mapping[str, str]], Suggestions | Awaitable[Suggestions]]
"""Gets what the user has typed so far and the other arguments; gives what they may mean, best first."""

MOST = 100
"""Suggestions in one result, as the specification has it."""


class Completions:
    """Who completes what. Sync functions run in the pool."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool
        self._completers: dict[tuple[str, str], Completer] = {}

    def __len__(self) -> int:
        return len(self._completers)

    def add(self, of: str, argument: str, completer: Completer) -> None:
        """Complete an argument of a prompt (by name) or a resource template (by its text)."""
        self._completers[of, argument] = completer

    async def complete(self, params: CompleteRequestParams) -> CompleteResult:
        """The suggestions; none for what nobody completes."""
        of = params.ref.name if isinstance(params.ref, PromptReference) else params.ref.uri
        completer = self._completers.get((of, params.argument.name))
        if completer is None:
            return _result([])
        known: Mapping[str, str] = (params.context.arguments if params.context is not None else None) or {}
        if inspect.iscoroutinefunction(completer):
            found: Any = completer(params.argument.value, known)
        else:
            found = await self._pool.submit(current_loop(), copy_context(), completer, params.argument.value, known)
        suggestions = await found if inspect.isawaitable(found) else found
        return suggestions if isinstance(suggestions, CompleteResult) else _result(list(suggestions))


def _result(values: list[Any]) -> CompleteResult:
    more = len(values) > MOST
    return CompleteResult(
        completion=CompleteResultCompletion(values=values[:MOST], total=len(values), has_more=more or None)
    )
