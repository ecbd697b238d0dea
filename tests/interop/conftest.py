"""These tests want the environments that `tests.interop.peers` makes, and are skipped without them."""

from __future__ import annotations

import os

import pytest

from tests.interop.peers import missing


@pytest.fixture(autouse=True, scope="session")
def _peers() -> None:
    absent = ", ".join(missing())
    if absent and os.environ.get("MCPSTRUCT_INTEROP") == "1":
        pytest.fail(f"not made: {absent}; run python -m tests.interop.peers")
    elif absent:
        pytest.skip(f"not made: {absent}; run python -m tests.interop.peers")


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)
