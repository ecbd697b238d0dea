"""`FastMCP` and `Context` under the names that programs written for other frameworks import."""

from __future__ import annotations

from typing import Any

from .content import Audio, Image
from .context import Context
from .server import MCPServer

__all__ = ["Audio", "Context", "FastMCP", "Image"]


class FastMCP(MCPServer):
    """An `MCPServer` that need not be named, and whose `name` may be read."""

    def __init__(self, name: str | None = None, instructions: str | None = None, **options: Any) -> None:
        super().__init__(name or "FastMCP", instructions=instructions, **options)

    @property
    def name(self) -> str:
        """The server's name."""
        return self.info.name
