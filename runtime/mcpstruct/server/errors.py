"""What handlers raise to say something to the other side."""

from __future__ import annotations

from mcpstruct.base.errors import INVALID_PARAMS, RemoteError


class ToolError(Exception):
    """Raised by a tool that failed: the message is for the model, in a result with `isError`."""


class NoSuchItem(RemoteError):
    """The client named a tool or prompt that there is not."""

    def __init__(self, what: str, name: str) -> None:
        super().__init__(INVALID_PARAMS, f"Unknown {what}: {name}")
