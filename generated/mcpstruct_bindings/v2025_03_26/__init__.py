"""MCP 2025-03-26: typed bindings.

Schema 2025-03-26, sha256 e720669548c8100a4282c49e580efd6ddf7f28899ea786fc8db251dbdb356131.
Made by `make gen`; never edited.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .client import ClientSession as ClientSession
    from .server import ServerHandlers as ServerHandlers
    from .server import ServerSession as ServerSession

__all__ = ["ClientSession", "ServerHandlers", "ServerSession"]


def __getattr__(name: str) -> Any:
    """The sessions, imported when first asked for: many programs need the types alone."""
    if name == "ClientSession":
        from .client import ClientSession

        return ClientSession
    if name in __all__:
        from . import server

        return getattr(server, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
