"""ASGI with nothing on it: the same bytes whatever comes; `bare.py PORT [events]`."""

from __future__ import annotations

import json
import sys
from typing import Any

from benchmarks.http.workers.stack import serve

_BODY = json.dumps(
    {
        "jsonrpc": "2.0",
        "id": 7,
        "result": {
            "content": [{"type": "text", "text": "The quick brown fox jumps over it"}],
            "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "bench", "version": "1"}},
            "resultType": "complete",
        },
    }
).encode()
_EVENTS = "events" in sys.argv
_HEADERS = (
    [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-cache")]
    if _EVENTS
    else [(b"content-type", b"application/json"), (b"content-length", str(len(_BODY)).encode())]
)


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    if _EVENTS:
        event = b"event: message\r\ndata: " + _BODY + b"\r\n\r\n"
        await send({"type": "http.response.body", "body": event, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    else:
        await send({"type": "http.response.body", "body": _BODY})


serve(app)
