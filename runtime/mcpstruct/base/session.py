"""What generated sessions stand on: the abstract way to send a request or a notification."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from copy import copy
from typing import Any, TypeAlias, TypeVar

from msgspec import UNSET, UnsetType

from .methods import MethodInfo

P = TypeVar("P")
R = TypeVar("R")

Meta: TypeAlias = Mapping[str, Any]
"""Extra keys of `_meta`; the session adds what the negotiated revision requires there."""
Timeout: TypeAlias = float | UnsetType | None
"""Seconds until a request is given up; None waits for ever; unset takes the session's default."""
ProgressCallback: TypeAlias = Callable[[float, float | None, str | None], Awaitable[None] | None]
"""Called with progress, total and message for every progress notification of a request."""


def fresh(params: P) -> P:
    """The user's own params object as one that the session may complete."""
    return copy(params)


class BaseSession(ABC):
    """One side of a connection. Generated sessions add a typed method for everything that this side may send."""

    @abstractmethod
    async def send_request(
        self,
        method: MethodInfo[P, R],
        params: P,
        *,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
    ) -> R:
        """Send a request and wait for its result.

        `params` is a fresh object that the session may complete: it adds the progress token, and the `_meta` that
        the negotiated revision wants on every request. Raises `RemoteError` if the peer answers with an error.
        """

    @abstractmethod
    async def send_notification(self, method: MethodInfo[P, None], params: P) -> None:
        """Send a notification; returns when it is handed to the transport.

        Raises `RequestTimeout` where the peer takes in nothing for as long as a request may take; the notification
        keeps its place in the queue.
        """
