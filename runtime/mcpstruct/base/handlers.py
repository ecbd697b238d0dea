"""What generated `ServerHandlers` stand on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Generic, TypeVar

from .methods import MethodInfo

ContextT = TypeVar("ContextT")
F = TypeVar("F", bound=Callable[..., Any])
_UNHANDLED = "__unhandled__"


class BaseHandlers(Generic[ContextT]):
    """A method a request, each answering "method not found" until it is overridden."""

    dispatch: ClassVar[dict[str, tuple[str, MethodInfo[Any, Any]]]] = {}
    """Wire method → the Python method that answers it, and its description."""

    @classmethod
    def handled(cls) -> frozenset[str]:
        """The wire methods that the class answers, that is, whose Python methods it overrides."""
        return frozenset(
            name
            for name, (attribute, _) in cls.dispatch.items()
            if not getattr(getattr(cls, attribute), _UNHANDLED, False)
        )


def unhandled(function: F) -> F:
    """Mark a generated handler as the default that stands in until a subclass overrides it."""
    setattr(function, _UNHANDLED, True)
    return function
