"""Connections of our own that do not come about."""

from __future__ import annotations

import asyncio

import pytest

from mcpstruct.base.errors import ConnectFailed
from mcpstruct.transport.http.by_httptools import HttptoolsClient

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_a_connection_takes_no_longer_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*args: object, **options: object) -> None:
        await asyncio.sleep(60)

    client = HttptoolsClient(connect=0.05)
    try:
        monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", never)
        with pytest.raises(ConnectFailed, match="within"):
            await client.request("GET", "http://127.0.0.1:1/", {})
    finally:
        await client.aclose()
