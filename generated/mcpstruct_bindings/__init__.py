"""Typed bindings of every published MCP revision, and of all at once in `merged`.

Made by `make gen`; never edited.
"""

REVISIONS: tuple[str, ...] = (
    "2024-11-05",
    "2025-03-26",
    "2025-06-18",
    "2025-11-25",
    "2026-07-28",
)
"""Every revision with a package of its own, oldest first."""
