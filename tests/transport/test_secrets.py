"""What a server is started with may be secret: neither reprs nor errors nor logs repeat it."""

from __future__ import annotations

import logging
import traceback

import pytest

from mcpstruct.base.errors import ConnectFailed
from mcpstruct.transport.stdio import StdioServer
from tests.transport.support import Recorder, python

pytestmark = pytest.mark.anyio
SECRET = "s3cr3t"  # noqa: S105 - the very point


async def test_the_environment_of_a_process(caplog: pytest.LogCaptureFixture, threads: bool) -> None:
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []
    env = {"API_KEY": SECRET}
    for server in (
        StdioServer("no-such-program-anywhere", env=env, threads=threads),
        python("import sys; sys.exit(3)", env=env, threads=threads),
    ):
        transport, recorder = server.transport(), Recorder()
        shown += [repr(server), repr(transport)]
        try:
            await transport.open(recorder)
        except ConnectFailed as error:
            shown += traceback.format_exception(error)
        else:
            shown.append(repr(await recorder.loss()))
            await transport.aclose()
    assert "exit status 3" in "".join(shown)
    assert "no-such-program-anywhere" in "".join(shown)
    assert SECRET not in "".join(shown) + caplog.text
