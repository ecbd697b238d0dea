"""The typed, frozen description of one method, as the generated method tables hold it."""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeAlias, TypeVar

from msgspec import Struct

P = TypeVar("P")
R = TypeVar("R")

Side: TypeAlias = Literal["client", "server"]
Direction: TypeAlias = Literal["client", "server", "both", "input"]


class MethodInfo(Struct, Generic[P, R], frozen=True, kw_only=True, eq=False):
    """One method of the protocol: `P` is the type of its params, `R` of its result (None for a notification)."""

    name: str
    """The wire name, such as `tools/call`."""
    kind: Literal["request", "notification"]
    direction: Direction
    """Who sends it; `input` means only inside an input-required result, never as a message of its own."""
    message: Any
    """The Struct of the whole message."""
    params: Any
    """The type of `params`, or None where the method takes none."""
    result: Any = None
    """The usual type of the result; None for a notification."""
    alternatives: tuple[Any, ...] = ()
    """Further types the result may have."""
    since: str
    """The first revision that has the method, of those these bindings were generated from."""
    removed: str | None = None
    """The revision that took it away, if any did."""

    def sent_by(self, side: Side) -> bool:
        """Whether `side` may send this as a message of its own."""
        return self.direction in (side, "both")

    def __repr__(self) -> str:
        return f"<MethodInfo {self.name}>"
