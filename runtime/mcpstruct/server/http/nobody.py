"""The way out of a connection that has none of its own: everything it sends belongs to a request."""

from __future__ import annotations

from typing import Any

from mcpstruct.base.envelope import ErrorObject, RequestId
from mcpstruct.base.errors import ConnectionLost
from mcpstruct.base.methods import MethodInfo


class Nobody:
    """A `Link` that leads nowhere."""

    as_bytes = True
    congested = False

    def request(self, request_id: RequestId, method: MethodInfo[Any, Any], params: Any) -> None:
        """See `Link`."""
        raise ConnectionLost("this client can't be sent anything but answers")

    def notification(self, method: MethodInfo[Any, Any], params: Any) -> None:
        """See `Link`: nobody listens."""

    def result(self, request_id: RequestId, result: Any) -> None:
        """See `Link`."""

    def error(self, request_id: RequestId | None, error: ErrorObject) -> None:
        """See `Link`."""

    def called_off(self, request_id: RequestId) -> None:
        """See `Link`."""

    async def drain(self) -> None:
        """See `Link`."""

    def pause(self) -> None:
        """See `Link`."""

    def resume(self) -> None:
        """See `Link`."""

    async def aclose(self) -> None:
        """See `Link`."""
