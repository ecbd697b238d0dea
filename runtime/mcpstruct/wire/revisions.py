"""The revisions that there are bindings of, and what tells one from the next on the wire."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from msgspec import Struct

from mcpstruct.base.errors import UnknownRevision
from mcpstruct.base.messages import MessageDecoder
from mcpstruct.base.methods import MethodInfo
from mcpstruct_bindings import REVISIONS

__all__ = ["REVISIONS", "Bindings", "bindings", "home"]


class Bindings(Struct, frozen=True, eq=False):
    """The generated package of one revision, as far as it is the same for all."""

    revision: str
    types: ModuleType
    methods: dict[str, MethodInfo[Any, Any]]
    client_decoder: MessageDecoder[Any]
    server_decoder: MessageDecoder[Any]

    @property
    def batches(self) -> bool:
        """Whether several messages may come as one array."""
        return self.client_decoder.batches


@cache
def bindings(revision: str) -> Bindings:
    """The bindings of a revision, imported when first asked for. Raises `UnknownRevision`."""
    if revision not in REVISIONS:
        raise UnknownRevision(f"no bindings of revision {revision!r}; there are {', '.join(REVISIONS)}")
    package = f"mcpstruct_bindings.v{revision.replace('-', '_')}"
    types, methods, decode = (import_module(f"{package}.{name}") for name in ("types", "methods", "decode"))
    return Bindings(revision, types, methods.METHODS, decode.client_decoder, decode.server_decoder)


def home(cls: type[Any]) -> tuple[str, str | None]:
    """The generated package of a class, or of the one that it is derived from, and its revision; None where that is the
    neutral one.
    """
    module = next(c.__module__ for c in cls.__mro__ if c.__module__.startswith("mcpstruct_bindings."))
    package = ".".join(module.split(".")[:2])
    name = package.removeprefix("mcpstruct_bindings.v").replace("_", "-")
    return package, name if name in REVISIONS else None
