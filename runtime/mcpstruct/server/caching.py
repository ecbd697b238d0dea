"""How long clients may take results as fresh, and with whom they may share them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, TypeAlias, get_args

from msgspec import Struct

from mcpstruct.session.freshness import CacheScope, Freshness

Cached: TypeAlias = Literal["discover", "tools", "prompts", "resources", "templates", "read"]
"""What clients may keep: what the server offers, its lists, and what its resources hold."""
_LONGEST = 2**53 / 1000 - 1  # whole milliseconds that every peer can read


class Caching(Struct, frozen=True, kw_only=True):
    """`ttl` is for how many seconds a result is fresh, 0 for not at all. One of the `scope` "public" is the same for
    everybody, and may be shown to anybody; a "private" one is only for those who call on the same authority. None
    leaves it to what is more general. Raises `ValueError`.
    """

    ttl: float | None = None
    scope: CacheScope | None = None

    def __post_init__(self) -> None:
        if self.ttl is not None and not (math.isfinite(self.ttl) and 0 <= self.ttl <= _LONGEST):
            raise ValueError("a ttl is a number of seconds from 0")
        if self.scope is not None and self.scope not in get_args(CacheScope):
            raise ValueError(f"a cache scope is public or private, not {self.scope!r}")

    def over(self, general: Caching) -> Caching:
        """These, and what is more general where they say nothing."""
        return Caching(
            ttl=general.ttl if self.ttl is None else self.ttl, scope=general.scope if self.scope is None else self.scope
        )


class CachingRules:
    """What a server says of all its results, of those of a kind, and of single ones."""

    def __init__(self, ttl: float, scope: CacheScope, kinds: Mapping[Cached, Caching] | None = None) -> None:
        kinds = kinds or {}
        unknown = set(kinds) - set(get_args(Cached))
        if unknown:
            raise ValueError(f"nothing called {unknown.pop()!r} is cached: {', '.join(get_args(Cached))}")
        general = Caching(ttl=ttl, scope=scope)
        self._kinds: dict[str, Caching] = {kind: kinds.get(kind, general).over(general) for kind in get_args(Cached)}

    def of(self, kind: Cached, own: Caching | None = None) -> Freshness:
        """What to say of a result of a kind, which may have a rule of its own."""
        found = self._kinds[kind] if own is None else own.over(self._kinds[kind])
        return Freshness(round((found.ttl or 0) * 1000), found.scope or "private")
