"""What importing a client costs, against the libraries that ours stands on."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.imports import ImportCost, Probe, measure_probes
from benchmarks.sessions.contestants import CONTESTANTS

__all__ = ["PROBES", "measure_client_imports"]

PROBES: tuple[Probe, ...] = (
    Probe("floor", "msgspec, asyncio, anyio", "ours", "import msgspec, asyncio, anyio"),
    Probe("client", "mcpstruct.client", "ours", "from mcpstruct.client import Client"),
    Probe("server", "mcpstruct.server", "ours", "from mcpstruct.server import MCPServer"),
    Probe("mcp", "mcp 2.3.0 Client", "mcp_direct", "from mcp import Client"),
    Probe("mcp1", "mcp 1.30.0 ClientSession", "mcp1", "from mcp import ClientSession"),
    Probe("fastmcp", "fastmcp 4.1.2 Client", "fastmcp", "from fastmcp import Client"),
)


def measure_client_imports(contestants: Sequence[str], rounds: int) -> list[ImportCost]:
    """Run the probes of these contestants, once a round, interleaved."""
    probes = [probe for probe in PROBES if probe.contestant in contestants]
    return measure_probes(probes, CONTESTANTS, rounds)
