"""Annotations of a function as types, also where they were written as strings or name things local to a function."""

from __future__ import annotations

import builtins
import inspect
from collections import ChainMap
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from mcpstruct.base.annotations import is_union


class Names:
    """Where the names in the annotations of `function` are looked up.

    `namespace` holds the locals of the function that it was defined in, if any; `context_type` is known by its name
    even to modules that import it for type checkers alone.
    """

    def __init__(self, function: Any, namespace: Mapping[str, Any] | None, context_type: type[Any]) -> None:
        plain = getattr(function, "__func__", function)
        self.globals: dict[str, Any] = getattr(plain, "__globals__", {})
        local: dict[str, Any] = {**(namespace or {})} if "<locals>" in getattr(plain, "__qualname__", "") else {}
        name = context_type.__name__
        self.locals = ChainMap(_closure(plain), local, {} if name in self.globals else {name: context_type})

    def resolve(self, annotation: Any) -> Any:
        """The annotation with every name in it looked up; `Any` for a missing one. Raises what the look-up raises."""
        if annotation is inspect.Parameter.empty:
            return Any
        if isinstance(annotation, str) and annotation.isidentifier():
            annotation = self._named(annotation)  # most annotations are one name, which need not be compiled
        if isinstance(annotation, type) and not get_args(annotation):
            return annotation
        holder: Any = SimpleNamespace(__annotations__={"it": annotation})
        locals_: Any = self.locals
        return get_type_hints(holder, self.globals, locals_, include_extras=True)["it"]

    def _named(self, name: str) -> Any:
        for scope in (self.locals, self.globals, vars(builtins)):
            if name in scope:
                return scope[name]
        raise NameError(f"name {name!r} is not defined")


def _closure(function: Any) -> dict[str, Any]:
    code = getattr(function, "__code__", None)
    filled: dict[str, Any] = {}
    for name, cell in zip(code.co_freevars if code else (), getattr(function, "__closure__", None) or (), strict=False):
        try:
            filled[name] = cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    return filled


def is_or_may_be(annotation: Any, cls: type[Any]) -> bool:
    """Whether an annotation is a class, a subclass or a form of it such as `Context[int]`, or a union with one."""
    if isinstance(annotation, type) and not get_args(annotation):
        return issubclass(annotation, cls)
    origin: Any = get_origin(annotation)
    if origin is Annotated:
        return is_or_may_be(get_args(annotation)[0], cls)
    if isinstance(origin, type) and issubclass(origin, cls):
        return True
    return is_union(origin) and any(is_or_may_be(arm, cls) for arm in get_args(annotation))
