"""Letting requests in progress finish, for a while."""

from __future__ import annotations

from collections.abc import Sequence

import anyio

from mcpstruct.session.core import Core


async def drain(cores: Sequence[Core], seconds: float) -> bool:
    """Wait until no request is in progress; False if there is one still when the time is up."""
    with anyio.move_on_after(seconds) as scope:
        for core in cores:
            await core.idle()
    return not scope.cancelled_caught
