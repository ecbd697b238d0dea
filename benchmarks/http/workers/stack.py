"""Serve an application with uvicorn: as a library ships it, or on the fastest stack there is."""

from __future__ import annotations

import sys
from typing import Any

import uvicorn


def serve(app: Any) -> None:
    """Serve at the port that the command line names, with httptools and uvloop and no access log."""
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        http="httptools",
        loop="uvloop",
        log_level="error",
        access_log=False,
    )


def port() -> int:
    """The port that the command line names."""
    return int(sys.argv[1])


def as_shipped() -> bool:
    """Whether the library's own way of serving is wanted."""
    return "shipped" in sys.argv
