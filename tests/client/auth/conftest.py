"""A realm that listens."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.client.auth.support import Realm
from tests.transport.http.support import running


@pytest.fixture
async def realm(anyio_backend: str) -> AsyncIterator[Realm]:
    realm = Realm()
    async with running(realm):
        yield realm
