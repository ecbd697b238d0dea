"""The server of `our_server.py`, with the transport of 2024-11-05 beside the others: `our_http_sse_server.py PORT`."""

import sys

from our_server import server

server.run("streamable-http", port=int(sys.argv[1]), http_sse=True)
