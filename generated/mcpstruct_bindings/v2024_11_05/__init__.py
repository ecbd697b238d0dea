"""MCP 2024-11-05: typed bindings.

Schema 2024-11-05, sha256 61cea2392d4f284092d09bc84b9ac488c0d5618ac2b38a56942fc5b99fd960ce.
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
