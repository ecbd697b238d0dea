"""What tools return, judged by the output schemas that the server has listed them with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

from msgspec import Raw

from mcpstruct.base.codec import to_json
from mcpstruct.base.errors import MissingExtra, Problem, ProtocolViolation
from mcpstruct.wire.json_schema import BadSchema, Validator, available, compiled
from mcpstruct_bindings.merged import methods

JUDGED = frozenset({methods.LIST_TOOLS.name, methods.CALL_TOOL.name})
"""The methods that say what tools promise, and what they give."""
_POINTER = "/result/structuredContent"
_MOST = 16_384
"""Tools whose schemas are known; beyond it, those listed first are forgotten."""


class ToolViolation(ProtocolViolation):
    """A `tool` is not as the server describes it, or its description is of no use."""

    tool: str = ""

    def __str__(self) -> str:
        return f"{self.tool}: {self.problem}"

    def __reduce__(self) -> Any:
        return (*super().__reduce__(), {"tool": self.tool})


class InvalidSchema(ToolViolation):
    """The output schema of a tool can't be used: it is invalid, of an unknown dialect, refers to something outside it,
    or is too large. The tool was not called. `pointer` leads into the tool's definition.
    """


class InvalidOutput(ToolViolation):
    """The structured output of a tool does not fit its output schema."""


class Outputs:
    """The output schemas of the tools that one client has seen in lists. It never asks for a list itself.

    `validate` says whether it takes note of any; None: where the `schema` extra is installed. Raises `MissingExtra`.
    """

    def __init__(self, validate: bool | None = None) -> None:
        if validate and not available():
            raise MissingExtra("jsonschema-rs is not installed; validate_output=True needs mcpstruct[schema]")
        self._validates = validate is not False and available()
        self._schemas: dict[str, Any] = {}  # bytes, the validator made of them, or what is wrong with them

    def learn(self, tools: Any) -> None:
        """Tools that the server has listed."""
        for tool in tools if self._validates else ():
            schema = _schema(tool)
            self._schemas.pop(tool.name, None)
            if schema is not None:
                self._schemas[tool.name] = schema
        while len(self._schemas) > _MOST:
            del self._schemas[next(iter(self._schemas))]

    def forget(self) -> None:
        """The tools have changed."""
        self._schemas.clear()

    async def around(self, send: Callable[[], Awaitable[Any]], method: str, params: Any) -> Any:
        """A list of tools, or a call of one, by whatever way it is asked for."""
        promised = self.promised(params.name) if method == methods.CALL_TOOL.name else None
        result = await send()
        if method == methods.LIST_TOOLS.name:
            self.learn(getattr(result, "tools", ()))
        elif promised is not None:
            judge(promised, params.name, result)
        return result

    def promised(self, tool: str) -> Validator | None:
        """What judges the output of a tool; None for one that is not known to promise any. Raises `InvalidSchema`."""
        schema = self._schemas.get(tool)
        if schema is None or isinstance(schema, Validator):
            return schema
        if isinstance(schema, Problem):
            raise _about(InvalidSchema(schema, method=methods.LIST_TOOLS.name), tool)
        try:
            validator = compiled(schema if isinstance(schema, bytes) else to_json(schema))
        except BadSchema as error:
            place = error.problem
            fault = Problem(f"/outputSchema{place.pointer}", place.expected, place.got)
            self._schemas[tool] = fault
            raise _about(InvalidSchema(fault, method=methods.LIST_TOOLS.name), tool) from None
        self._schemas[tool] = validator
        return validator


def judge(validator: Validator, tool: str, result: Any) -> None:
    """Raise `InvalidOutput` where a result is not what the tool has promised; one that says `isError` never is."""
    content = getattr(result, "structured_content", result)  # tasks, and questions, have none
    if content is result or result.is_error:
        return
    if content is _absent(result.__class__):
        problem: Problem | None = Problem(_POINTER, "what the output schema describes", "nothing")
    else:
        problem = validator.problem(content, _POINTER)
    if problem is not None:
        raise _about(InvalidOutput(problem, method=methods.CALL_TOOL.name), tool)


@cache
def _absent(tp: Any) -> Any:
    """What stands for no structured content in the results of a revision: null is something in the later ones."""
    fields = tp.__struct_fields__
    return tp.__struct_defaults__[fields.index("structured_content") - len(fields)]


def _schema(tool: Any) -> Any:
    """The output schema of a listed tool: bytes, if nobody has looked at it yet."""
    if "output_schema" not in getattr(tool, "__lazy__", ()):  # the revision has none
        return None
    schema = tool.__watched__  # the field itself, past the property that decodes it
    return bytes(schema) if isinstance(schema, Raw) else schema


def _about(violation: Any, tool: str) -> Any:
    violation.tool = tool
    return violation
