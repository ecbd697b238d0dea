"""A parameter of a user's function: its type, its default and what is said of it."""

from __future__ import annotations

import copy
import inspect
from dataclasses import is_dataclass
from typing import Annotated, Any, get_origin

import msgspec
from msgspec import Struct

REQUIRED: Any = inspect.Parameter.empty
"""The default of a parameter that has none."""


class Parameter(Struct, frozen=True):
    """One parameter that a caller gives: `Any` where it has no annotation, `REQUIRED` where it has no default."""

    name: str
    annotation: Any
    default: Any = REQUIRED
    description: str = ""

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return self.default is REQUIRED

    @property
    def constant_default(self) -> bool:
        """Whether every call may be given the very same object, because none can alter it."""
        default = self.default
        mutable = isinstance(default, (list, dict, set, bytearray, Struct)) or is_dataclass(default)
        return not (mutable or _is_model(default) or is_field(default))

    def fresh_default(self) -> Any:
        """The default, for one call: what the function could alter is a copy."""
        if is_field(self.default):
            return self.default.get_default(call_default_factory=True)
        return self.default if self.constant_default else copy.deepcopy(self.default)

    def shown_default(self) -> Any:
        """The default as a schema may show it; `REQUIRED` if it is made anew for each call."""
        if not is_field(self.default):
            return self.default
        return REQUIRED if self.default.default_factory else self.default.default


def parameter_of(found: inspect.Parameter, annotation: Any, documented: str) -> Parameter:
    """A parameter, as its annotation, its default and the function's docstring have it."""
    default = found.default
    if is_field(default):  # pydantic's way to write a default: `limit: int = Field(10, ge=1)`
        annotation = Annotated[annotation, default]
    metadata = annotation.__metadata__ if get_origin(annotation) is Annotated else ()
    for field in filter(is_field, metadata):
        if field.alias is not None or field.validation_alias is not None:
            raise TypeError(f"parameter {found.name!r} has an alias; arguments go by the names of parameters")
        if default is REQUIRED or default is field:
            default = REQUIRED if field.is_required() else field
    descriptions = filter(None, map(_description, metadata))
    return Parameter(found.name, annotation, default, next(descriptions, documented))


def is_field(value: Any) -> bool:
    """Whether a default, or a piece of an annotation's metadata, is pydantic's `Field(...)`."""
    return type(value).__module__ == "pydantic.fields" and hasattr(value, "is_required")


def _is_model(value: Any) -> bool:
    return not isinstance(value, type) and hasattr(value, "__pydantic_validator__")


def _description(metadata: Any) -> str | None:
    """What a piece of metadata says: a plain string, msgspec's `Meta`, pydantic's `Field`, or a `Doc`."""
    if isinstance(metadata, str):
        return metadata
    if isinstance(metadata, msgspec.Meta) or is_field(metadata):
        description: str | None = metadata.description
        return description
    documentation = getattr(metadata, "documentation", None)
    return documentation if isinstance(documentation, str) else None
