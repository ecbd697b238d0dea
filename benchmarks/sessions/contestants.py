"""Who takes part, and in which environment."""

from __future__ import annotations

from benchmarks.environments import Contestant

__all__ = ["CONTESTANTS"]

_WORKERS = "benchmarks.sessions.workers"
_MCP2 = ("mcp==2.3.0", "mcp-types==2.3.0")
_MCP1 = ("mcp==1.30.0",)
_FASTMCP = ("fastmcp==4.1.2", "mcp==2.3.0", "mcp-types==2.3.0")
_OURS = ("msgspec==0.22.0", "anyio==4.16.0")
_UVLOOP = "uvloop==0.23.0"  # in an environment of its own: where it is installed, our servers run on it


def _ours(key: str, title: str, pins: tuple[str, ...], *options: str, home: str) -> Contestant:
    return Contestant(key, title, "ours", f"{_WORKERS}.ours", pins, options, home, sources=True)


def _limit(key: str, title: str, *options: str) -> Contestant:
    return Contestant(key, title, "limit", f"{_WORKERS}.raw", (_UVLOOP,), options, "limits")


CONTESTANTS: dict[str, Contestant] = {
    each.key: each
    for each in (
        _ours("ours", "mcpstruct", _OURS, home="mcpstruct"),
        _ours("ours_uvloop", "mcpstruct, uvloop", (*_OURS, _UVLOOP), "uvloop", home="mcpstruct-uvloop"),
        Contestant("mcp_stream", "mcp 2.3.0 stream", "peer", f"{_WORKERS}.mcp2", _MCP2, ("stream",), "mcp"),
        Contestant("mcp_direct", "mcp 2.3.0 direct", "peer", f"{_WORKERS}.mcp2", _MCP2, ("direct",), "mcp"),
        Contestant("mcp1", "mcp 1.30.0", "peer", f"{_WORKERS}.mcp1", _MCP1),
        Contestant("fastmcp", "fastmcp 4.1.2", "peer", f"{_WORKERS}.fastmcp4", _FASTMCP),
        _limit("task", "task a call", "task"),
        _limit("pipe", "pipe", "pipe"),
        _limit("pipe_uvloop", "pipe, uvloop", "pipe", "uvloop"),
        _limit("pipe_descriptors", "pipe, descriptors", "pipe", "descriptors"),
        _limit("pipe_batched", "pipe, batched", "pipe", "batched"),
        _limit("pipe_calls", "pipe, calls", "pipe", "calls"),
    )
}
"""In the order in which they take turns."""
