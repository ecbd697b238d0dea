"""Typed bindings of the Model Context Protocol, generated from its schemas: every revision, and all at once.

Everything here is imported when it is first used, so that `import mcpstruct` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import types as types
    from .base.codec import from_json as from_json
    from .base.codec import to_dict as to_dict
    from .base.codec import to_json as to_json
    from .base.codec import to_line as to_line
    from .base.errors import AccessDenied as AccessDenied
    from .base.errors import AuthError as AuthError
    from .base.errors import AuthorizationFailed as AuthorizationFailed
    from .base.errors import AuthUnavailable as AuthUnavailable
    from .base.errors import ConnectFailed as ConnectFailed
    from .base.errors import ConnectionLost as ConnectionLost
    from .base.errors import DiscoveryFailed as DiscoveryFailed
    from .base.errors import HttpError as HttpError
    from .base.errors import LimitExceeded as LimitExceeded
    from .base.errors import McpError as McpError
    from .base.errors import MethodNotFound as MethodNotFound
    from .base.errors import MethodNotInRevision as MethodNotInRevision
    from .base.errors import NoCommonRevision as NoCommonRevision
    from .base.errors import NotConnected as NotConnected
    from .base.errors import Problem as Problem
    from .base.errors import ProtocolViolation as ProtocolViolation
    from .base.errors import RegistrationFailed as RegistrationFailed
    from .base.errors import RemoteError as RemoteError
    from .base.errors import RequestCancelled as RequestCancelled
    from .base.errors import RequestTimeout as RequestTimeout
    from .base.errors import ResponseForged as ResponseForged
    from .base.errors import SessionLost as SessionLost
    from .base.errors import TokenRefused as TokenRefused
    from .base.errors import Unavailable as Unavailable
    from .base.errors import UnknownRevision as UnknownRevision
    from .base.errors import UnsafeUrl as UnsafeUrl
    from .base.errors import WrongEventLoop as WrongEventLoop
    from .base.limits import Deadlines as Deadlines
    from .base.limits import Limits as Limits
    from .client import Client as Client
    from .client import InvalidOutput as InvalidOutput
    from .client import InvalidSchema as InvalidSchema
    from .client import ResponseCache as ResponseCache
    from .client import ToolFailed as ToolFailed
    from .client import connect as connect
    from .client.raw import RawClient as RawClient
    from .server import Context as Context
    from .server import LowLevelServer as LowLevelServer
    from .server import MCPServer as MCPServer
    from .server import ToolError as ToolError
    from .server.raw import RawServer as RawServer
    from .transport.http import HttpServer as HttpServer
    from .transport.stdio import StdioServer as StdioServer
    from .wire.check import check as check
    from .wire.revisions import REVISIONS as REVISIONS

    __version__: str

_HOMES = {
    "base.codec": ("from_json", "to_dict", "to_json", "to_line"),
    "base.errors": (
        "AccessDenied",
        "AuthError",
        "AuthUnavailable",
        "AuthorizationFailed",
        "ConnectFailed",
        "ConnectionLost",
        "DiscoveryFailed",
        "HttpError",
        "LimitExceeded",
        "McpError",
        "MethodNotFound",
        "MethodNotInRevision",
        "NoCommonRevision",
        "NotConnected",
        "Problem",
        "ProtocolViolation",
        "RegistrationFailed",
        "RemoteError",
        "RequestCancelled",
        "RequestTimeout",
        "ResponseForged",
        "SessionLost",
        "TokenRefused",
        "Unavailable",
        "UnknownRevision",
        "UnsafeUrl",
        "WrongEventLoop",
    ),
    "base.limits": ("Deadlines", "Limits"),
    "client": ("Client", "InvalidOutput", "InvalidSchema", "ResponseCache", "ToolFailed", "connect"),
    "client.raw": ("RawClient",),
    "server": ("Context", "LowLevelServer", "MCPServer", "ToolError"),
    "server.raw": ("RawServer",),
    "transport.http": ("HttpServer",),
    "transport.stdio": ("StdioServer",),
    "wire.check": ("check",),
    "wire.revisions": ("REVISIONS",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "REVISIONS",
    "AccessDenied",
    "AuthError",
    "AuthUnavailable",
    "AuthorizationFailed",
    "Client",
    "ConnectFailed",
    "ConnectionLost",
    "Context",
    "Deadlines",
    "DiscoveryFailed",
    "HttpError",
    "HttpServer",
    "InvalidOutput",
    "InvalidSchema",
    "LimitExceeded",
    "Limits",
    "LowLevelServer",
    "MCPServer",
    "McpError",
    "MethodNotFound",
    "MethodNotInRevision",
    "NoCommonRevision",
    "NotConnected",
    "Problem",
    "ProtocolViolation",
    "RawClient",
    "RawServer",
    "RegistrationFailed",
    "RemoteError",
    "RequestCancelled",
    "RequestTimeout",
    "ResponseCache",
    "ResponseForged",
    "SessionLost",
    "StdioServer",
    "TokenRefused",
    "ToolError",
    "ToolFailed",
    "Unavailable",
    "UnknownRevision",
    "UnsafeUrl",
    "WrongEventLoop",
    "check",
    "connect",
    "from_json",
    "to_dict",
    "to_json",
    "to_line",
    "types",
]


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        value: Any = getattr(import_module(f".{_HOME_OF[name]}", __name__), name)
    elif name == "types":
        value = import_module(".types", __name__)
    elif name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            value = version("mcpstruct")
        except PackageNotFoundError:  # sources on a path, which nobody installed
            value = "0"
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
