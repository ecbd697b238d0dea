"""The prompts of a server."""

from __future__ import annotations

from typing import Any

from mcpstruct.base.errors import INVALID_PARAMS, RemoteError
from mcpstruct_bindings.merged.types import GetPromptRequestParams, GetPromptResult, InputRequiredResult
from mcpstruct_bindings.merged.types import Prompt as PromptDefinition

from .arguments import BadArguments
from .calling import Caller
from .context import Context
from .functions import PromptFunction


class Prompt:
    """A function that gives a prompt's messages."""

    __slots__ = ("_caller", "_function", "definition", "scopes")

    def __init__(
        self, function: PromptFunction, definition: PromptDefinition, caller: Caller, scopes: tuple[str, ...] = ()
    ) -> None:
        self._function = function
        self._caller = caller
        self.definition = definition
        self.scopes = scopes
        """What a token has to be good for."""

    async def get(self, params: GetPromptRequestParams, context: Context[Any]) -> GetPromptResult | InputRequiredResult:
        """The messages. Raises `RemoteError` for bad arguments."""
        try:
            arguments = self._function.decode(params.arguments)
        except BadArguments as error:
            raise RemoteError(INVALID_PARAMS, str(error)) from error
        return self._function.convert(await self._caller.call(arguments, context))
