"""These tests want the environments that `tests.interop.peers` makes; `make interop` makes them, and runs the tests."""

from __future__ import annotations

import os

import pytest

from tests.interop.peers import missing


@pytest.fixture(autouse=True, scope="session")
def _peers() -> None:
    if os.environ.get("MCPSTRUCT_INTEROP") != "1":
        pytest.skip("run make interop for these")
    if missing():
        pytest.fail(f"not made: {', '.join(missing())}; run python -m tests.interop.peers")


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)
