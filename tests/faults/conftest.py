"""Every test runs over each driver of pipes, and is to leave nothing behind: no process, task, thread or descriptor."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator

import pytest

from tests.faults.leaks import Leftovers

collect_ignore_glob = [] if sys.platform == "linux" else ["test_*.py"]  # elsewhere, there is no /proc to look into


@pytest.fixture(params=["asyncio", pytest.param("asyncio with threads", marks=pytest.mark.slow), "trio"])
def driver(request: pytest.FixtureRequest) -> str:
    """Which event loop, and what reads and writes for it. On trio that is threads anyway."""
    return str(request.param)


@pytest.fixture
def anyio_backend(driver: str) -> str:
    return driver.removesuffix(" with threads")


@pytest.fixture
def threads(driver: str) -> bool:
    return driver.endswith("threads")


@pytest.fixture(autouse=True)
async def _nothing_left(anyio_backend: str) -> AsyncIterator[None]:
    leftovers = Leftovers()
    yield
    await leftovers.none_within(3)
