"""A server over HTTP: one ASGI application for clients of every revision."""

from .app import HttpApp
from .events import EventStore, MemoryEvents
from .options import HttpOptions

__all__ = ["EventStore", "HttpApp", "HttpOptions", "MemoryEvents"]
