"""Every test of a transport runs over each driver of its pipes: asyncio's own, and threads under asyncio and trio."""

from __future__ import annotations

import pytest


@pytest.fixture(params=["asyncio", "asyncio with threads", "trio"])
def driver(request: pytest.FixtureRequest) -> str:
    """Which event loop, and what reads and writes for it."""
    return str(request.param)


@pytest.fixture
def anyio_backend(driver: str) -> str:
    return driver.removesuffix(" with threads")


@pytest.fixture
def threads(driver: str) -> bool:
    return driver.endswith("threads")
