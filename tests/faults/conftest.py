"""Every test runs over each driver of pipes, and is to leave nothing behind: no process, task, thread or descriptor."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.faults.leaks import Leftovers


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: too slow for every change")


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


@pytest.fixture(autouse=True)
async def _nothing_left(anyio_backend: str) -> AsyncIterator[None]:
    leftovers = Leftovers()
    yield
    await leftovers.none_within(3)
