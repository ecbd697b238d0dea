"""The headers that repeat parts of a request's body, for whoever on the way does not read bodies."""

from __future__ import annotations

import logging
from typing import Any

from mcpstruct.base.check import is_object
from mcpstruct.base.codec import to_json
from mcpstruct.wire.headers import (
    NAMED,
    X_MCP_HEADER,
    Annotation,
    InvalidAnnotation,
    annotations_of,
    mirrored,
)

log = logging.getLogger("mcpstruct")
_KEYWORD = X_MCP_HEADER.encode()
_CALL = "tools/call"


class Mirror:
    """What of each request stands in its headers too."""

    __slots__ = ("_tools",)

    def __init__(self) -> None:
        self._tools: dict[str, tuple[Annotation, ...]] = {}

    def name(self, method: str, params: Any) -> str | None:
        """What a request is about, where its method is one that says so."""
        field = NAMED.get(method)
        if field is None:
            return None
        name = _of(params, field)
        return name if isinstance(name, str) else None

    def arguments(self, method: str, name: str, params: Any) -> dict[str, str] | None:
        """The headers of a tool's arguments. Raises `ValueError` for an argument that no header can hold."""
        annotated = self._tools.get(name) if self._tools and method == _CALL else None
        return None if annotated is None else mirrored(annotated, _of(params, "arguments"))

    def learn(self, result: Any) -> None:
        """Take note of what the tools of a list want repeated; takes those out that want what can't be."""
        if not self._tools and _KEYWORD not in to_json(result):
            return
        kept: list[Any] = []
        for tool in result.tools:
            try:
                self._note(tool.name, annotations_of(tool.input_schema))
            except InvalidAnnotation as error:
                log.warning("The tool %r is left out, since a header that it wants is none: %s", tool.name, error)
            else:
                kept.append(tool)
        if len(kept) < len(result.tools):
            result.tools = kept

    def _note(self, name: str, annotated: tuple[Annotation, ...]) -> None:
        if annotated:
            self._tools[name] = annotated
        else:
            self._tools.pop(name, None)


def _of(params: Any, field: str) -> Any:
    if is_object(params):
        return params.get(field)
    return getattr(params, "task_id" if field == "taskId" else field, None)
