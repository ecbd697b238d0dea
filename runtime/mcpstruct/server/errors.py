"""What handlers raise to say something to the other side."""

from __future__ import annotations

from mcpstruct.base.errors import INVALID_PARAMS, Problem, RemoteError


class ToolError(Exception):
    """Raised by a tool that failed: the message is for the model, in a result with `isError`."""


class UnfitAnswer(RemoteError):
    """The client's answer to a question is none, or does not fit the form (-32602); `problem` says where.

    A handler may catch it and ask again. Else the client is told.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(INVALID_PARAMS, f"the answer to a question does not fit: {problem}")
        self.problem = problem


class NoSuchItem(RemoteError):
    """The client named a tool or prompt that there is not."""

    def __init__(self, what: str, name: str) -> None:
        super().__init__(INVALID_PARAMS, f"Unknown {what}: {name}")
