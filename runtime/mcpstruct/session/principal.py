"""Who makes a request, where the transport knows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct, field

from mcpstruct.base.codec import to_json

_SCOPE = re.compile(r"[!#-\[\]-~]+")


class Principal(Struct, frozen=True, kw_only=True):
    """On whose behalf a request is made, as an authorization server says."""

    subject: str
    """The user, or the client where it acts for itself; unique for its issuer."""
    issuer: str = ""
    """The authorization server that says so."""
    scopes: frozenset[str] = frozenset()
    """What may be done, with all that it implies."""
    client_id: str | None = None
    """The client that acts for the subject."""
    expires_at: float | None = None
    """When the token ends, in Unix time."""
    claims: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """All that is said with the token."""

    @property
    def key(self) -> str:
        """What tells this principal from all others: issuer, subject, and the client that acts for them."""
        return to_json([self.issuer, self.subject, self.client_id]).decode()

    def __repr__(self) -> str:
        return f"<Principal {self.subject!r} of {self.issuer!r}: {' '.join(sorted(self.scopes))}>"


def scope_names(given: Iterable[str]) -> tuple[str, ...]:
    """Scopes, each once; a text is one. Raises `ValueError` for what is none (RFC 6749, 3.3)."""
    scopes = tuple(dict.fromkeys([given] if isinstance(given, str) else given))
    for scope in scopes:
        if _SCOPE.fullmatch(scope) is None:
            raise ValueError(f"{scope!r} is no scope: those are of printable ASCII, without blanks and quotes")
    return scopes
