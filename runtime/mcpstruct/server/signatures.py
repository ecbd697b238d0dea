"""What a Python function tells of itself: its name, its parameters and what it returns."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any, get_args, get_origin

from msgspec import Struct

from . import docstrings
from .hints import Names, is_or_may_be
from .parameters import Parameter, parameter_of

UNKNOWN: Any = inspect.Signature.empty
"""What a function returns that has no annotation for it."""


class Signature(Struct, frozen=True):
    """A function, analysed. `context` names the parameter that takes the context; `parameters` are all others."""

    name: str
    description: str
    parameters: tuple[Parameter, ...]
    returns: Any
    context: str | None
    is_async: bool
    """Whether a call gives an awaitable for sure. A decorated function may give one all the same."""


def signature_of(
    function: Callable[..., Any], *, context_type: type[Any], namespace: Mapping[str, Any] | None = None
) -> Signature:
    """Analyse a function, bound method, `functools.partial` or object with `__call__`, sync or async.

    `namespace` is where the names in annotations of a function within a function are looked up: the locals of the
    outer one. Raises `TypeError` for what no client could call.
    """
    if not callable(function):
        raise TypeError(f"{function!r} cannot be called")
    plain, bound = _unbound(function)
    name = _name(plain)
    if inspect.isgeneratorfunction(plain) or inspect.isasyncgenfunction(plain):
        raise TypeError(f"{name} is a generator: return a list instead")
    target = _target(plain)
    names = Names(_annotated(plain), namespace, context_type)
    found = _signature(function, name)
    # What a partial gives by name is decided by its author, and nothing that callers are to see.
    shown = [parameter for parameter in found.parameters.values() if parameter.name not in bound]
    for parameter in shown:
        _insist_on_a_name(parameter, name)
    hints = {parameter.name: _hint(parameter, name, names) for parameter in shown}
    context = _single([parameter for parameter, hint in hints.items() if is_or_may_be(hint, context_type)], name)
    documented = docstrings.parse(target.__doc__ or inspect.getdoc(plain))
    return Signature(
        name=name,
        description=documented.description,
        parameters=tuple(
            parameter_of(parameter, hints[parameter.name], documented.parameters.get(parameter.name, ""))
            for parameter in shown
            if parameter.name != context
        ),
        returns=_returned(found, names),
        context=context,
        is_async=inspect.iscoroutinefunction(target),
    )


def context_of(
    function: Callable[..., Any], *, context_type: type[Any], namespace: Mapping[str, Any] | None = None
) -> tuple[str | None, list[str]]:
    """The parameter for the context of a function that is not called by clients, if it has one, and all others.

    Annotations that have no meaning are none of the context. Raises `TypeError` where there is more than one.
    """
    plain, bound = _unbound(function)
    names = Names(_annotated(plain), namespace, context_type)
    contexts: list[str] = []
    others: list[str] = []
    for parameter in _signature(function, _name(plain)).parameters.values():
        hint: Any = None
        with suppress(Exception):
            hint = names.resolve(parameter.annotation)
        if parameter.name not in bound:
            (contexts if is_or_may_be(hint, context_type) else others).append(parameter.name)
    return _single(contexts, _name(plain)), others


def _name(plain: Any) -> str:
    return str(getattr(plain, "__name__", type(plain).__name__))


def _target(plain: Any) -> Any:
    """What is called in the end, and documented."""
    return plain if inspect.isroutine(plain) or inspect.isclass(plain) else plain.__call__


def _annotated(plain: Any) -> Any:
    """The function whose annotations count."""
    return inspect.unwrap(_target(plain), stop=_speaks_for_itself)


def _single(contexts: list[str], name: str) -> str | None:
    if len(contexts) > 1:
        raise TypeError(f"{name} takes the context more than once: {', '.join(contexts)}")
    return contexts[0] if contexts else None


def _unbound(function: Callable[..., Any]) -> tuple[Any, set[str]]:
    """What a partial calls in the end, and the parameters that it gives by name."""
    bound: set[str] = set()
    while isinstance(function, functools.partial):
        bound |= function.keywords.keys()
        function = function.func
    return function, bound


def _signature(function: Callable[..., Any], name: str) -> inspect.Signature:
    try:
        return inspect.signature(function)
    except ValueError as error:  # written in C
        raise TypeError(f"{name} does not tell its parameters: wrap it in a function that does") from error


def _speaks_for_itself(function: Any) -> bool:
    return hasattr(function, "__signature__")


def _insist_on_a_name(parameter: inspect.Parameter, function: str) -> None:
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        raise TypeError(f"{function} takes {parameter}, but arguments must each have a name of their own")
    if parameter.kind is parameter.POSITIONAL_ONLY:
        raise TypeError(f"{function} takes {parameter.name!r} by position only, but arguments are given by name")
    if parameter.name == "self":
        raise TypeError(f"{function} is a method without its object: pass it as a method of one")


def _hint(parameter: inspect.Parameter, function: str, names: Names) -> Any:
    try:
        return names.resolve(parameter.annotation)
    except Exception as error:
        raise TypeError(
            f"parameter {parameter.name!r} of {function}: its annotation has no meaning: {error}"
        ) from error


def _returned(found: inspect.Signature, names: Names) -> Any:
    """The type of what a call gives in the end; `UNKNOWN` where that cannot be told."""
    if found.return_annotation is found.empty:
        return UNKNOWN
    try:
        returned = names.resolve(found.return_annotation)
    except NameError:  # imported for type checkers alone
        return UNKNOWN
    if get_origin(returned) in (Awaitable, Coroutine):
        return get_args(returned)[-1]
    return returned
