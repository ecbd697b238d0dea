"""MCP 2025-06-18: typed bindings.

Schema 2025-06-18, sha256 af845e7e5b9d27107d1690f0936022546177a1403e63ffb11470135b296a2e01.
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
