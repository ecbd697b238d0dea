"""MCP 2025-11-25: typed bindings.

Schema 2025-11-25, sha256 268a5f82ba70fd7e4b6dc4aa1e64f116f74b4d0edcb69dc046829c79dd4e97e7.
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
