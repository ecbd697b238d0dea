"""Methods that a server answers, or is notified of, beside those of the protocol."""

from __future__ import annotations

from typing import Any, Literal, get_origin

from mcpstruct.base.methods import MethodInfo
from mcpstruct_bindings.merged.methods import METHODS

_BAG: Any = dict[str, Any]


def own_request(method: str | MethodInfo[Any, Any], params: type[Any] | None) -> MethodInfo[Any, Any]:
    """A request that is none of the protocol's. Raises `TypeError` or `ValueError` where it can't be one."""
    info = _described(method, params, "request")
    if info.name in METHODS:
        raise ValueError(f"{info.name} is the protocol's own")
    if isinstance(method, str) and not _has_room(info.params):
        raise TypeError(
            f"params of {info.name} have no room for _meta: derive {info.params!r} from mcpstruct.types.RequestParams"
        )
    return info


def notification_of_clients(method: str | MethodInfo[Any, Any], params: type[Any] | None) -> MethodInfo[Any, Any]:
    """A notification that clients send, of the protocol or another. Raises `TypeError`, `ValueError`."""
    info = _described(method, params, "notification")
    known = METHODS.get(info.name)
    if known is None:
        return info
    if params is not None:
        raise ValueError(f"{info.name} is the protocol's own, and so are its params")
    if known.kind != "notification" or not known.sent_by("client"):
        raise ValueError(f"{info.name} is no notification of clients")
    return known


def _described(
    method: str | MethodInfo[Any, Any], params: type[Any] | None, kind: Literal["request", "notification"]
) -> MethodInfo[Any, Any]:
    if isinstance(method, str):
        result = _BAG if kind == "request" else None
        return MethodInfo(
            name=method, kind=kind, direction="client", message=None, params=params or _BAG, result=result, since=""
        )
    if not isinstance(method, MethodInfo):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f'decorators of a server have parentheses: @server.{kind}("method")')
    if params is not None:
        raise TypeError("a MethodInfo says what the params are")
    if method.kind != kind:
        raise ValueError(f"{method.name} is a {method.kind}")
    return method


def _has_room(params: Any) -> bool:
    return (get_origin(params) or params) is dict or "_meta" in getattr(params, "__struct_encode_fields__", ())
