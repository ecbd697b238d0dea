"""Clients run with each library that may send for them; what is asked of servers does not depend on that."""

from __future__ import annotations

import sys

import pytest

_LIBRARIES = {"httptools": "asyncio", "aiohttp": "asyncio", "httpx2": "trio"}


@pytest.fixture(params=_LIBRARIES)
def driver(request: pytest.FixtureRequest) -> str:
    """What sends requests."""
    return str(request.param)


@pytest.fixture
def anyio_backend(driver: str, monkeypatch: pytest.MonkeyPatch) -> str:
    if driver == "aiohttp":
        for module in ("httptools", "mcpstruct.transport.http.by_httptools", "mcpstruct.transport.http.http1"):
            monkeypatch.setitem(sys.modules, module, None)
    return _LIBRARIES[driver]
