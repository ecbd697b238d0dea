"""Clients over HTTP run on asyncio by aiohttp, and on trio by httpx2. The servers of the tests run in a thread."""

from __future__ import annotations

import pytest


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)
