"""Requests that need input on the way: each round answers what the server asks, and sends the request again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from copy import copy
from typing import Any

import anyio

from mcpstruct.base.errors import McpError
from mcpstruct_bindings.merged.types import InputRequiredResult, InputResponse

from .callbacks import Callbacks


class TooManyRounds(McpError):
    """A server asked for input again and again, beyond the client's limit."""


async def answered(
    asked: InputRequiredResult,
    params: Any,
    callbacks: Callbacks,
    again: Callable[[Any], Awaitable[Any]],
    max_rounds: int,
) -> Any:
    """The result of a request, once the server has all the input that it asks for.

    Raises `TooManyRounds`, `RemoteError` where a request has no callback, and what callbacks raise.
    """
    for _ in range(max_rounds):
        retry = copy(params)
        retry.input_responses = await _answers(asked, callbacks)
        retry.request_state = asked.request_state
        result = await again(retry)
        if not isinstance(result, InputRequiredResult):
            return result
        asked = result
    raise TooManyRounds(f"the server asked for input more than {max_rounds} times")


async def _answers(asked: InputRequiredResult, callbacks: Callbacks) -> dict[str, InputResponse] | None:
    """The answers to what one round asks, side by side."""
    requests = asked.input_requests
    if not requests:
        return None
    if len(requests) == 1:
        ((key, request),) = requests.items()
        return {key: await callbacks.answer(request)}
    answers: dict[str, InputResponse] = {}
    errors: list[Exception] = []

    async def one(key: str, request: Any) -> None:
        try:
            answers[key] = await callbacks.answer(request)
        except Exception as error:
            errors.append(error)
            group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        for key, request in requests.items():
            group.start_soon(one, key, request)
    if errors:
        raise errors[0]
    return answers
