"""The standard `logging` module, heard by clients; and left alone."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from mcpstruct import Context
from mcpstruct.server import ClientLogHandler
from tests.server.framework.support import Heard, Wire, reporting

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(20)]
BOTH: list[Any] = [pytest.param(False, id="async"), pytest.param(True, id="thread")]


@pytest.fixture
def logger() -> Any:
    handler = ClientLogHandler()
    handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
    logger = logging.getLogger("tests.mine")
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    yield logger
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


@pytest.mark.parametrize("in_thread", BOTH)
async def test_standard_logging_reaches_the_client(wire: Wire, in_thread: bool, logger: logging.Logger) -> None:
    heard = Heard()

    def work(ctx: Context[Any]) -> str:
        logger.debug("one %d", 1)
        logger.info("two")
        logger.warning("three")
        logger.error("four")
        logger.critical("five")
        return ""

    async with wire.to(reporting(in_thread, work), on_log=heard.log, log_level="info") as client:
        await client.call_tool("sync")
        logger.info("outside of any request")
        await client.call_tool("sync")
    assert heard.logs[:4] == [
        ("info", "tests.mine: two"),
        ("warning", "tests.mine: three"),
        ("error", "tests.mine: four"),
        ("critical", "tests.mine: five"),
    ]
    assert heard.logs[4:] == heard.logs[:4]


async def test_the_root_logger_is_left_alone(wire: Wire) -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.getLogger("mcpstruct").level)
    async with wire.to(reporting(True, lambda ctx: ctx.info("x")), log_level="debug") as client:
        await client.call_tool("sync")
    assert (root.level, list(root.handlers), logging.getLogger("mcpstruct").level) == before


async def test_logging_on_the_root_logger_does_no_harm(wire: Wire) -> None:
    """The handler may stand on the root logger, where this library's own messages pass as well."""
    heard, root, handler = Heard(), logging.getLogger(), ClientLogHandler()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        server = reporting(True, lambda ctx: logging.getLogger("anybody").info("hello"))
        async with wire.to(server, on_log=heard.log) as client:
            await client.call_tool("sync")
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    assert ("info", "hello") in heard.logs
