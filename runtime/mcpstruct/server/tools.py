"""The tools of a server."""

from __future__ import annotations

import logging
from typing import Any

from mcpstruct.base.errors import RemoteError
from mcpstruct.base.shapes import json_of
from mcpstruct.wire.headers import annotations_of
from mcpstruct.wire.json_schema import available, compiled
from mcpstruct_bindings.merged.types import (
    CallToolRequestParams,
    CallToolResult,
    InputRequiredResult,
    TextContent,
)
from mcpstruct_bindings.merged.types import Tool as ToolDefinition

from .arguments import BadArguments
from .calling import Caller, TookTooLong
from .context import Context
from .errors import HandlerError
from .functions import ToolFunction
from .promises import Promise
from .results import BadResult, convert_result

log = logging.getLogger("mcpstruct")


class Tool:
    """A function that the model may call; `definition` is what clients are told of it."""

    __slots__ = ("_caller", "_decode", "_output", "_promise", "annotated", "definition", "scopes")

    def __init__(
        self, function: ToolFunction, definition: ToolDefinition, caller: Caller, scopes: tuple[str, ...] = ()
    ) -> None:
        self._decode = function.arguments.decode
        self._output = function.output
        self._caller = caller
        self.definition = definition
        self.scopes = scopes
        """What a token has to be good for."""
        if definition.input_schema is not function.input_schema:
            _check(definition.input_schema)
        promised = definition.output_schema
        explicit = promised is not function.output_schema
        self._promise = None if promised is None else Promise(promised, explicit=explicit)
        self.annotated = annotations_of(definition.input_schema)
        """Which arguments clients repeat in HTTP headers."""

    async def call(
        self, params: CallToolRequestParams, context: Context[Any], *, show_errors: bool
    ) -> CallToolResult | InputRequiredResult:
        """Run it. What goes wrong in it is a result, for the model to read, unless the protocol has an error for it."""
        try:
            value = await self._caller.call(self._decode(params.arguments), context)
            result = convert_result(value, self._output)
            if result is not value:
                context.request.made = result
            if self._promise is not None:
                self._promise.check(result, made=result is not value)
        except BadArguments as error:
            return failed(str(error))
        except HandlerError as error:
            return failed(str(error))
        except RemoteError:
            raise
        except TookTooLong as error:
            return failed(f"{self.definition.name} took longer than {error.seconds:g} s")
        except (Exception, SystemExit) as error:  # nor does a command line that a tool calls end the server
            return self._failed(error, show_errors)
        return result

    def _failed(self, error: BaseException, show_errors: bool) -> CallToolResult:
        """What an unexpected error is for the model: its text may hold what is nobody's business."""
        log.exception("The tool %s failed", self.definition.name)
        if isinstance(error, BadResult) or not show_errors:
            return failed(f"{self.definition.name} failed")
        return failed(f"{self.definition.name} failed: {error}")


def _check(schema: dict[str, Any]) -> None:
    """Raise `ValueError` for an input schema that its author wrote, and that is none; as far as can be told without
    the `schema` extra.
    """
    if schema.get("type") != "object":
        raise ValueError("the input schema of a tool has the type object")
    if available():
        compiled(json_of(schema))


def failed(text: str) -> CallToolResult:
    """A result that says that the tool failed, and why."""
    return CallToolResult(content=[TextContent(text=text)], is_error=True)
