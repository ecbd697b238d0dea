"""Sessions run on asyncio and on trio alike."""

from __future__ import annotations

import pytest


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["bytes", "objects"])
def as_bytes(request: pytest.FixtureRequest) -> bool:
    """How messages cross from one end to the other."""
    return bool(request.param == "bytes")
