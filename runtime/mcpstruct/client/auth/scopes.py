"""Which scopes to ask for."""

from __future__ import annotations

from collections.abc import Iterable

OFFLINE = "offline_access"


def union(*sets: Iterable[str]) -> tuple[str, ...]:
    """Every scope once, in the order they first come in."""
    return tuple(dict.fromkeys(scope for scopes in sets for scope in scopes))


def wanted(
    *,
    challenged: tuple[str, ...],
    supported: tuple[str, ...] | None,
    own: tuple[str, ...],
    before: tuple[str, ...],
) -> tuple[str, ...]:
    """The scopes to ask for: those of the challenge, or else those that the resource names.

    `own` are those that the user of this library wants, which take the place of what the resource names; `before` are
    those asked for until now, which are not to be lost.
    """
    needed = challenged or own or (() if before else supported or ())
    return union(before, needed, own)


def offline(scopes: tuple[str, ...], of_server: tuple[str, ...]) -> tuple[str, ...]:
    """With the scope that brings refresh tokens, where an authorization server knows it."""
    return union(scopes, (OFFLINE,)) if OFFLINE in of_server else scopes
