"""What a session has to do, it has to do on asyncio and on trio; HTTP servers and clients are tried on asyncio."""

from __future__ import annotations

import pytest


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)
