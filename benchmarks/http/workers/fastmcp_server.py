"""fastmcp 4.1.2: `fastmcp_server.py PORT [shipped] [events]`."""

# pyright: reportMissingImports=false
from __future__ import annotations

import sys

from fastmcp import FastMCP

from benchmarks.http.workers.stack import as_shipped, port, serve

server = FastMCP("bench", version="1")


@server.tool(output_schema=None)
async def echo(text: str) -> str:
    """Echo."""
    return text


_JSON = "events" not in sys.argv
if as_shipped():
    server.run("streamable-http", port=port(), path="/mcp", json_response=_JSON, show_banner=False)
else:
    serve(server.http_app(path="/mcp", json_response=_JSON))
