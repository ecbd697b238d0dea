"""MCP 2026-07-28: typed bindings.

Schema 2026-07-28, sha256 ef70b61f99b6d2e5e3b46863822eab08dff6a45bedc7a08914e0e5b133f40203.
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
