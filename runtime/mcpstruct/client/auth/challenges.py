"""What a `WWW-Authenticate` header says (RFC 9110, 11.6.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PARAMETER = re.compile(rf'({_WORD})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({_WORD}))\s*(?:,|$|(?=\s))')
_SCHEME = re.compile(rf"({_WORD})(?:\s+|,|$)")
_TOKEN68 = re.compile(r"[A-Za-z0-9._~+/-]+=*\s*(?:,|$)")
_MOST = 16_384


@dataclass(frozen=True, slots=True)
class Challenge:
    """One challenge: its scheme in lower case, and its parameters by lower-case name."""

    scheme: str
    parameters: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def error(self) -> str | None:
        """The error code."""
        return self.parameters.get("error")

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes that the call needs."""
        return tuple(dict.fromkeys(self.parameters.get("scope", "").split()))

    @property
    def resource_metadata(self) -> str | None:
        """Where the server's metadata is."""
        return self.parameters.get("resource_metadata") or None


def challenges(header: str | None) -> list[Challenge]:
    """The challenges of a header; what cannot be read ends them."""
    found: list[Challenge] = []
    text = (header or "")[:_MOST]
    at = 0
    while True:
        while at < len(text) and text[at] in " \t,":
            at += 1
        parameter = _PARAMETER.match(text, at)
        if parameter is not None and found:
            name, quoted, plain = parameter.groups()
            value = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
            found[-1].parameters.setdefault(name.lower(), value)
            at = parameter.end()
            continue
        scheme = _SCHEME.match(text, at)
        if scheme is None:
            return found
        found.append(Challenge(scheme[1].lower()))
        at = scheme.end()
        if _PARAMETER.match(text, at) is None and (token68 := _TOKEN68.match(text, at)) and "," not in scheme[0]:
            at = token68.end()


def challenge_of(header: str | None, schemes: tuple[str, ...]) -> Challenge | None:
    """The challenge of the first of these schemes that there is one of; an empty one where there is none at all.

    None where the server wants something else.
    """
    found = challenges(header)
    if not found:
        return Challenge("bearer")
    by_scheme: dict[str, Challenge] = {}
    for challenge in found:
        by_scheme.setdefault(challenge.scheme, challenge)
    return next((by_scheme[scheme] for scheme in schemes if scheme in by_scheme), None)
