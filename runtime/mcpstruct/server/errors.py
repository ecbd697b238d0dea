"""What handlers raise to say something to the other side."""

from __future__ import annotations

from mcpstruct.base.errors import INVALID_PARAMS, Problem, RemoteError


class HandlerError(Exception):
    """Raised by a handler that failed: its message is for the client, unlike that of any other exception.

    A tool's failure is a result with `isError`, for the model to read; any other handler's is an error of the protocol
    (-32603). Derive your own from it.
    """


class ToolError(HandlerError):
    """Raised by a tool that failed: the message is for the model."""


class PromptError(HandlerError):
    """Raised by a prompt that failed: the message is for the client."""


class ResourceError(HandlerError):
    """Raised by a resource that failed: the message is for the client."""


class ResourceNotFound(ResourceError):
    """Raised by a resource, or in the place of one: there is nothing at `uri`, by default the one that was asked for.

    The client gets the code that its revision has for that.
    """

    def __init__(self, message: str = "Resource not found", uri: str | None = None) -> None:
        super().__init__(message, uri)
        self.message = message
        self.uri = uri

    def __str__(self) -> str:
        return self.message if self.uri is None else f"{self.message}: {self.uri}"


class UnfitAnswer(RemoteError):
    """The client's answer to a question is none, or does not fit the form (-32602); `problem` says where.

    A handler may catch it and ask again. Else the client is told.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(INVALID_PARAMS, f"the answer to a question does not fit: {problem.discreet}")
        self.problem = problem


class NoSuchItem(RemoteError):
    """The client named a tool or prompt that there is not."""

    def __init__(self, what: str, name: str) -> None:
        super().__init__(INVALID_PARAMS, f"Unknown {what}: {name}")
