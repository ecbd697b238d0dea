"""Serves the server of another program over HTTP: `over_http.py FILE http|json|sse PORT`."""

import sys
from pathlib import Path

import uvicorn

file, kind, port = sys.argv[1:]
source = Path(file).read_text("utf-8").removesuffix("server.run()\n")
exec(compile(source, file, "exec"))  # noqa: S102 - in this module, where annotations are looked up
server = globals()["server"]
if kind == "sse":
    app = server.sse_app()
elif kind == "http":
    app = server.streamable_http_app()
elif hasattr(server, "settings") and hasattr(server.settings, "json_response"):
    server.settings.json_response = True
    app = server.streamable_http_app()
else:
    app = server.streamable_http_app(json_response=True)
uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="error")
