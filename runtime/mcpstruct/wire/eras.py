"""The revisions as a table, and the two eras: what each puts on a message, and reads off one.

*Legacy* revisions open a connection with a handshake, and what is agreed there holds until it closes. *Modern* ones
have none: each request says in its `_meta` which revision it follows, who sends it, and what the sender can do.
Everything that differs between revisions stands here, as rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from mcpstruct.base.errors import INVALID_PARAMS, UnknownRevision
from mcpstruct.base.methods import MethodInfo
from mcpstruct_bindings import REVISIONS
from mcpstruct_bindings.merged import methods

Era: TypeAlias = Literal["legacy", "modern"]

PROTOCOL_VERSION = "io.modelcontextprotocol/protocolVersion"
CLIENT_INFO = "io.modelcontextprotocol/clientInfo"
CLIENT_CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
LOG_LEVEL = "io.modelcontextprotocol/logLevel"
SUBSCRIPTION_ID = "io.modelcontextprotocol/subscriptionId"
SERVER_INFO = "io.modelcontextprotocol/serverInfo"
PROGRESS_TOKEN = "progressToken"  # noqa: S105 - a key, no secret

FIRST_MODERN: str = methods.INITIALIZE.removed or "9999-12-31"
"""The revision that did away with the handshake."""
LOG_LEVELS = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")
"""Severities of log messages, least severe first."""
SEVERITY: Mapping[str, int] = {level: rank for rank, level in enumerate(LOG_LEVELS)}


class Revision(Struct, frozen=True, eq=False):
    """One published revision, as far as sessions have to know it."""

    name: str
    era: Era
    batches: bool
    """Whether several messages may come as one array."""
    nameless_errors: bool
    """Whether an error may go out without an id, for a message whose id could not be read."""
    elicitation_modes: bool
    """Whether an elicitation says if it is by form or at a URL."""
    polling: bool
    """Whether a stream over HTTP may begin with an event that only says what to come back with."""
    resource_not_found: int
    """Error code for a resource that does not exist."""
    content: frozenset[str]
    """The types of content blocks that results may hold."""
    methods: frozenset[MethodInfo[Any, Any]]
    """What there is of the protocol's own methods; to look one up here takes 0.02 µs, `has` 0.15."""

    def has(self, method: MethodInfo[Any, Any]) -> bool:
        """Whether the method is one of this revision, the protocol's or not."""
        return _has(self.name, method)


def _has(name: str, method: MethodInfo[Any, Any]) -> bool:
    return method.since <= name and (method.removed is None or name < method.removed)


# The first revision that has each type of content block.
_CONTENT = {"text": "", "image": "", "resource": "", "audio": "2025-03-26", "resource_link": "2025-06-18"}
_BATCHES = ("2025-03-26",)
_NAMELESS_ERRORS_SINCE = "2025-11-25"
_ELICITATION_MODES_SINCE = "2025-11-25"
_POLLING_SINCE = "2025-11-25"
_RESOURCE_NOT_FOUND = -32002  # until the modern era, which has no code of its own for it


@cache
def revision(name: str) -> Revision:
    """The row of a revision. Raises `UnknownRevision`."""
    if name not in REVISIONS:
        raise UnknownRevision(f"no bindings of revision {name!r}; there are {', '.join(REVISIONS)}")
    modern = name >= FIRST_MODERN
    return Revision(
        name,
        "modern" if modern else "legacy",
        name in _BATCHES,
        name >= _NAMELESS_ERRORS_SINCE,
        name >= _ELICITATION_MODES_SINCE,
        name >= _POLLING_SINCE,
        INVALID_PARAMS if modern else _RESOURCE_NOT_FOUND,
        frozenset(kind for kind, since in _CONTENT.items() if since <= name),
        frozenset(method for method in methods.METHODS.values() if _has(name, method)),
    )


WITHOUT_HEADER = "2025-03-26"
"""What an HTTP request follows that does not say, and belongs to no session: the last revision without the header."""


def spoken(names: Iterable[str] | str | None) -> tuple[str, ...]:
    """The revisions of these names, newest first; all for None. Raises `UnknownRevision`, and `ValueError` for none."""
    wanted = REVISIONS if names is None else (names,) if isinstance(names, str) else tuple(names)
    if not wanted:
        raise ValueError("at least one revision must be allowed")
    return tuple(sorted((revision(name).name for name in wanted), reverse=True))


def legacy(names: Iterable[str]) -> tuple[str, ...]:
    """Those of the revisions that open with a handshake, newest first."""
    return tuple(sorted((n for n in names if n < FIRST_MODERN), reverse=True))


def modern(names: Iterable[str]) -> tuple[str, ...]:
    """Those of the revisions that have no handshake, newest first."""
    return tuple(sorted((n for n in names if n >= FIRST_MODERN), reverse=True))


def declared_revision(meta: Mapping[str, Any] | None) -> str | None:
    """The revision that a modern request says it follows; None for a legacy one."""
    return None if meta is None else meta.get(PROTOCOL_VERSION)
