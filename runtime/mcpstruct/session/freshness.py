"""What results say of how long clients may take them as fresh."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, TypeVar

from msgspec import Struct

from mcpstruct.wire.eras import Revision

R = TypeVar("R")
CacheScope: TypeAlias = Literal["public", "private"]


class Freshness(Struct, frozen=True):
    """For how many milliseconds, and for whom. As it stands: not at all, and for nobody else."""

    ttl_ms: int = 0
    cache_scope: CacheScope = "private"

    def onto(self, result: R, row: Revision) -> R:
        """Put it on a result, which may be changed, as far as that says nothing itself and the revision has it."""
        told: Any = result
        if row.era == "modern":
            if told.ttl_ms is None:
                told.ttl_ms = self.ttl_ms
            if told.cache_scope is None:
                told.cache_scope = self.cache_scope
        return result


STALE = Freshness()
