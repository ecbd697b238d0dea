"""Completion: suggestions for the arguments of prompts and resource templates."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextvars import copy_context
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from mcpstruct.session.loop import current_loop
from mcpstruct_bindings.merged.types import (
    CompleteRequestParams,
    CompleteResult,
    CompleteResultCompletion,
    PromptReference,
)

from .context import Context
from .signatures import context_of
from .threads import WorkerPool

Suggestions: TypeAlias = CompleteResult | Iterable[str]
Completer: TypeAlias = Callable[..., Suggestions | Awaitable[Suggestions]]
"""Gets what the user has typed so far and the other arguments, and the context where it has a parameter annotated so;
gives what may be meant, best first."""

MOST = 100
"""Suggestions in one result, as the specification has it."""


class _Entry(NamedTuple):
    function: Completer
    names: tuple[str, ...]
    """The parameters for the context and for what all completers get; none where it takes no context."""

    def bound(self, context: Context[Any], typed: str, others: Mapping[str, str]) -> Callable[[], Any]:
        if not self.names:
            return partial(self.function, typed, others)
        return partial(self.function, **dict(zip(self.names, (context, typed, others), strict=False)))


class Completions:
    """Who completes what. Sync functions run in the pool."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool
        self._completers: dict[tuple[str, str], _Entry] = {}

    def __len__(self) -> int:
        return len(self._completers)

    def __contains__(self, of: str) -> bool:
        return any(what == of for what, _ in self._completers)

    def add(self, of: str, argument: str, completer: Completer, *, namespace: Mapping[str, Any] | None = None) -> None:
        """Complete an argument of a prompt (by name) or a resource template (by its text).

        `namespace` is where the names in annotations of a function within a function are looked up. Raises `TypeError`
        for a function that takes the context twice.
        """
        found, rest = context_of(completer, context_type=Context, namespace=namespace)
        self._completers[of, argument] = _Entry(completer, (found, *rest) if found is not None else ())

    async def complete(self, params: CompleteRequestParams, context: Context[Any]) -> CompleteResult:
        """The suggestions; none for what nobody completes."""
        of = params.ref.name if isinstance(params.ref, PromptReference) else params.ref.uri
        completer = self._completers.get((of, params.argument.name))
        if completer is None:
            return _result([])
        known: Mapping[str, str] = (params.context.arguments if params.context is not None else None) or {}
        call = completer.bound(context, params.argument.value, known)
        if inspect.iscoroutinefunction(completer.function):
            found: Any = call()
        else:
            found = await self._pool.submit(current_loop(), copy_context(), call)
        suggestions = await found if inspect.isawaitable(found) else found
        return suggestions if isinstance(suggestions, CompleteResult) else _result(list(suggestions))


def _result(values: list[Any]) -> CompleteResult:
    more = len(values) > MOST
    return CompleteResult(
        completion=CompleteResultCompletion(values=values[:MOST], total=len(values), has_more=more or None)
    )
