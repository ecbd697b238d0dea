"""mcpstruct: `ours.py PORT [shipped] [events] [auth] [tools=N]`."""

from __future__ import annotations

import sys
from typing import Any

from benchmarks.http.workers.stack import as_shipped, port, serve
from mcpstruct.server import MCPServer

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

_OPTIONS: dict[str, Any] = {"always_stream": "events" in sys.argv}
if "auth" in sys.argv:
    from benchmarks.http.workers.token import AUDIENCE, ISSUER, KEYS, SCOPES
    from mcpstruct.server.auth import JwtVerifier, ResourceServer

    _OPTIONS["auth"] = ResourceServer(ISSUER, AUDIENCE, SCOPES, JwtVerifier(keys=KEYS))
if as_shipped():
    server.run("streamable-http", port=port(), **_OPTIONS)
else:
    serve(server.http_app(**_OPTIONS))
