"""What a tool's output schema promises of its results."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET

from mcpstruct.base.shapes import json_of
from mcpstruct.wire.json_schema import BadSchema, Validator, available, compiled
from mcpstruct_bindings.merged.types import CallToolResult

from .results import BadResult


class Promise:
    """An output schema, which results are held to where they are not made by the annotation that it was made of.

    Beyond there being structured content, that needs the `schema` extra. With it, `BadSchema` is raised for an
    `explicit` schema, one that the tool's author wrote, which can't be used.
    """

    __slots__ = ("_explicit", "_schema", "_validator")

    def __init__(self, schema: dict[str, Any], *, explicit: bool) -> None:
        self._schema = schema
        self._explicit = explicit
        self._validator = self._compiled() if explicit else None

    def check(self, result: Any, *, made: bool) -> None:
        """Raise `BadResult` where a result breaks the promise. `made` is one that the annotation made of a value."""
        if (made and not self._explicit) or not isinstance(result, CallToolResult) or result.is_error:
            return
        if result.structured_content is UNSET:
            raise BadResult("the output schema promises structured content, and there is none")
        if self._validator is None:
            self._validator = self._compiled()
        if self._validator is not None:
            plain = msgspec.json.decode(json_of(result.structured_content))
            problem = self._validator.problem(plain, "/structuredContent")
            if problem is not None:
                raise BadResult(f"the structured content does not fit the output schema: {problem}")

    def _compiled(self) -> Validator | None:
        if not available():
            return None
        try:
            return compiled(json_of(self._schema))
        except BadSchema:
            if self._explicit:
                raise
            return None  # larger than any that peers would use
