"""mcp 2.3.0: `mcp2_server.py PORT [shipped] [events] [tools=N]`."""

# pyright: reportMissingImports=false
from __future__ import annotations

import sys

from mcp.server.mcpserver import MCPServer

from benchmarks.http.workers.stack import as_shipped, port, serve

server = MCPServer("bench", version="1")


@server.tool(structured_output=False)
async def echo(text: str) -> str:
    """Echo."""
    return text


@server.tool(structured_output=False)
async def big(size: int) -> str:
    """Text of a size."""
    return "x" * size


for _count in [int(a.removeprefix("tools=")) for a in sys.argv if a.startswith("tools=")]:
    for _n in range(_count):
        server.add_tool(echo, name=f"echo_{_n}")

_JSON = "events" not in sys.argv
if as_shipped():
    server.run("streamable-http", port=port(), json_response=_JSON)
else:
    serve(server.streamable_http_app(json_response=_JSON))
