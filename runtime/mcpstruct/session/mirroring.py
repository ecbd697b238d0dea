"""Links that say outside of messages what is in them, and what a session does for such a link."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from mcpstruct.base.check import is_object
from mcpstruct.base.errors import HEADER_MISMATCH, RemoteError
from mcpstruct.base.methods import MethodInfo
from mcpstruct.wire.eras import Revision
from mcpstruct_bindings.merged import methods

if TYPE_CHECKING:
    from .calling import ClientConnection

MIRRORED = (methods.CALL_TOOL.name, methods.LIST_TOOLS.name)
_MOST_PAGES = 1000


@runtime_checkable
class Attentive(Protocol):
    """A link whose requests say more than the messages in them, and which has to know what that is."""

    def speaks(self, row: Revision | None) -> None:
        """Requests follow this revision from now on; None while a handshake settles it."""

    def listed(self, result: Any) -> None:
        """Take note of what the tools of a list want said; takes those out that cannot be called by this link."""


async def mirrored(
    connection: ClientConnection,
    link: Attentive,
    method: MethodInfo[Any, Any],
    params: Any,
    send: Callable[[], Awaitable[Any]],
) -> Any:
    """The result of a request about tools. A call whose headers are out of date is made again, after another look."""
    try:
        result = await send()
    except RemoteError as error:
        if error.code != HEADER_MISMATCH or method.name != methods.CALL_TOOL.name:
            raise
        await _look_again(connection, _name(params))
        return await send()
    if method.name == methods.LIST_TOOLS.name:
        link.listed(result)
    return result


async def _look_again(connection: ClientConnection, name: str) -> None:
    """List the tools, up to the page with the one that is wanted."""
    cursor: str | None = None
    for _ in range(_MOST_PAGES):
        page = await connection.call(methods.LIST_TOOLS, methods.LIST_TOOLS.params(cursor=cursor))
        cursor = page.next_cursor
        if cursor is None or any(tool.name == name for tool in page.tools):
            return


def _name(params: Any) -> str:
    return str(params["name"] if is_object(params) else params.name)
