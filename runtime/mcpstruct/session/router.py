"""What a core hands on: the one thing in which the two sides of a connection differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from mcpstruct.base.envelope import ErrorObject
from mcpstruct.base.errors import ConnectionLost, ProtocolViolation
from mcpstruct.base.methods import MethodInfo

from .incoming import Incoming


class Router(Protocol):
    """What a side makes of the messages that its peer sends of its own accord. No call waits."""

    @property
    def custom(self) -> Mapping[str, MethodInfo[Any, Any]]:
        """Methods that are none of the protocol's, by name."""
        ...

    def request(self, incoming: Incoming) -> None:
        """Begin to answer a request."""

    def notification(self, method: MethodInfo[Any, Any], params: Any) -> None:
        """Take note of a notification."""

    def violation(self, violation: ProtocolViolation) -> None:
        """Something came that is no message, and has been dropped."""

    def unread(self, error: ErrorObject) -> None:
        """The peer says that it could not read a message of this side's."""

    def lost(self, error: ConnectionLost) -> None:
        """The connection is over."""
