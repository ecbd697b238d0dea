"""Every test of the framework runs in the revisions that differ, over bytes and over objects, on both event loops."""

from __future__ import annotations

import pytest

from tests.server.framework.support import OLDEST_MODERN, WIRES, Wire


@pytest.fixture(params=WIRES, ids=str)
def wire(request: pytest.FixtureRequest) -> Wire:
    """How client and server talk."""
    found: Wire = request.param
    return found


@pytest.fixture(params=[wire for wire in WIRES if wire.revision >= "2025-11-25"], ids=str)
def asking(request: pytest.FixtureRequest) -> Wire:
    """How client and server talk, where the server can ask for everything."""
    found: Wire = request.param
    return found


@pytest.fixture(params=[wire for wire in WIRES if wire.revision >= OLDEST_MODERN], ids=str)
def modern(request: pytest.FixtureRequest) -> Wire:
    """How client and server talk without a handshake."""
    found: Wire = request.param
    return found


@pytest.fixture(params=[wire for wire in WIRES if wire.revision < OLDEST_MODERN], ids=str)
def legacy(request: pytest.FixtureRequest) -> Wire:
    """How client and server talk in a session with a handshake."""
    found: Wire = request.param
    return found
