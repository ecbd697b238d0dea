"""Who serves, on which stack, in which environment."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.environments import Contestant, interpreter

__all__ = ["SERVERS", "Server"]

_STACK = ("uvicorn==0.54.0", "httptools==0.9.0", "uvloop==0.23.0")
_MCP = ("mcp==2.3.0", "mcp-types==2.3.0")
_FASTMCP = ("fastmcp==4.1.2", *_MCP)
_OURS = ("msgspec==0.22.0", "anyio==4.16.0", "aiohttp==3.14.5", "joserfc==1.8.0", *_STACK)
_WORKERS = "benchmarks.http.workers"


@dataclass(frozen=True, slots=True)
class Server:
    """A server: the program, and what it is told beside its port."""

    key: str
    title: str
    home: str
    pins: tuple[str, ...]
    module: str
    options: tuple[str, ...] = ()
    sources: bool = False

    def python(self) -> str:
        """The interpreter, its environment made if need be."""
        contestant = Contestant(self.key, self.title, "peer", self.module, self.pins, (), self.home, self.sources)
        return interpreter(contestant)


def _ours(key: str, title: str, *options: str) -> Server:
    return Server(key, title, "mcpstruct-http", _OURS, f"{_WORKERS}.ours", options, sources=True)


SERVERS: dict[str, Server] = {
    each.key: each
    for each in (
        _ours("ours", "mcpstruct"),
        _ours("ours_shipped", "mcpstruct, as shipped", "shipped"),
        _ours("ours_events", "mcpstruct, events", "events"),
        _ours("ours_auth", "mcpstruct, authorized", "auth"),
        _ours("ours_1", "mcpstruct, 1 more tool", "tools=1"),
        _ours("ours_10000", "mcpstruct, 10,000 more tools", "tools=10000"),
        Server("bare", "bare ASGI", "mcpstruct-http", _OURS, f"{_WORKERS}.bare", sources=True),
        Server("bare_events", "bare ASGI, events", "mcpstruct-http", _OURS, f"{_WORKERS}.bare", ("events",), True),
        Server("mcp", "mcp 2.3.0, same stack", "mcp-http", (*_MCP, *_STACK), f"{_WORKERS}.mcp2_server"),
        Server("mcp_events", "mcp 2.3.0, events", "mcp-http", (*_MCP, *_STACK), f"{_WORKERS}.mcp2_server", ("events",)),
        Server("mcp_shipped", "mcp 2.3.0, as shipped", "mcp", _MCP, f"{_WORKERS}.mcp2_server", ("shipped",)),
        Server(
            "mcp_shipped_events",
            "mcp 2.3.0, events, as shipped",
            "mcp",
            _MCP,
            f"{_WORKERS}.mcp2_server",
            ("shipped", "events"),
        ),
        Server("fastmcp", "fastmcp 4.1.2, as shipped", "fastmcp", _FASTMCP, f"{_WORKERS}.fastmcp_server", ("shipped",)),
    )
}
