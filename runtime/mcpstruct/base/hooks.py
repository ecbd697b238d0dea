"""The one hook that every decoder of generated types is built with."""

from __future__ import annotations

from typing import Any

import msgspec


def dec_hook(tp: Any, obj: Any) -> Any:
    """Hand a decoded JSON value to the type that knows what to make of it (`Bag`, untagged unions)."""
    return tp.__from_plain__(obj)


def convert(obj: Any, tp: Any) -> Any:
    """`msgspec.convert` for generated types."""
    return msgspec.convert(obj, tp, dec_hook=dec_hook)


def expect_object(obj: Any) -> dict[str, Any]:
    """The JSON object `obj`, or the error that msgspec would have raised."""
    if type(obj) is not dict:
        raise msgspec.ValidationError(f"Expected `object`, got `{type(obj).__name__}`")
    return obj  # pyright: ignore[reportUnknownVariableType]
