"""Streamable HTTP, in every revision, and the HTTP+SSE of the first: the client's side.

Nothing here imports an HTTP library before there is something to send.
"""

from __future__ import annotations

from .base import HttpAuth as HttpAuth
from .base import HttpClient as HttpClient
from .base import HttpRequest as HttpRequest
from .base import HttpResponse as HttpResponse
from .target import HttpServer as HttpServer

__all__ = ["HttpAuth", "HttpClient", "HttpRequest", "HttpResponse", "HttpServer"]
