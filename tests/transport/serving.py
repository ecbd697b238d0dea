"""A server that sends back what it gets, and does odd things when told to: `serving.py BACKEND [threads]`."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from contextlib import suppress

from mcpstruct.base.errors import ProtocolViolation
from mcpstruct.session.loop import current_loop
from mcpstruct.transport.stdio_server import StdioServerTransport


class Echo:
    """Answers, and notes what it is told."""

    def __init__(self, transport: StdioServerTransport) -> None:
        self.transport = transport
        self.over = current_loop().future()
        self.losses: list[Exception | None] = []

    def received(self, data: bytes) -> None:
        if data == b'"leave"':
            self.over.set_result(None)
        elif data == b'"chatter"':
            chatter()
            self.transport.send(b'"done"')
        elif data == b'"big"':
            self.transport.send(b"x" * 5_000_000)
        else:
            self.transport.send(data)

    def refused(self, violation: ProtocolViolation) -> None:
        self.transport.send(b"refused " + violation.data)

    def lost(self, error: Exception | None) -> None:
        self.losses.append(error)
        if not self.over.done():
            self.over.set_result(None)


def chatter() -> None:
    """What is no message, to where messages go."""
    print("printed")
    sys.stdout.write("written\n")
    os.write(1, b"raw\n")
    print("to the first stdout", file=sys.__stdout__)
    subprocess.run("echo by a child; cat", shell=True, check=True)  # noqa: S602 - constants
    with suppress(EOFError, RuntimeError):  # the latter where there is no stderr
        input()


async def main() -> None:
    transport = StdioServerTransport(threads="threads" in sys.argv)
    echo = Echo(transport)
    await transport.open(echo)
    await echo.over
    await transport.aclose()
    if sys.stderr is not None:
        print("lost", echo.losses, os.get_blocking(0), os.get_blocking(1), file=sys.stderr, flush=True)
    with suppress(BrokenPipeError):
        os.write(1, b"after\n")


backend = importlib.import_module(sys.argv[1])
backend.run(main() if sys.argv[1] == "asyncio" else main)
