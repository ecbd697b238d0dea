"""Links that say outside of messages what is in them, and have to know what that is."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Protocol, runtime_checkable

from mcpstruct.wire.eras import Revision


@runtime_checkable
class Attentive(Protocol):
    """A link whose requests say more than the messages in them, and which is told what it takes."""

    def speaks(self, row: Revision | None) -> None:
        """Requests follow this revision from now on; None while a handshake settles it."""

    def listed(self, result: Any) -> None:
        """Take note of what the tools of a list want said; takes those out that cannot be called by this link."""


async def listing(link: Attentive, request: Awaitable[Any]) -> Any:
    """The list of tools that a request gives, of which the link takes note."""
    result = await request
    link.listed(result)
    return result
