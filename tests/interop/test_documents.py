"""The README's server and client with authorization, exactly as they stand there but for the ports.

The authorization server is oidc-provider. The user's browser is a program that signs in and agrees.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import anyio
import pytest

from tests.interop.authorization_server import authorization_server
from tests.interop.support import PROGRAMS
from tests.support.documents import shown
from tests.support.http import free_socket

pytestmark = pytest.mark.anyio
SERVER, CLIENT = shown("README.md", "Authorization")
COMMANDS = shown("docs/authorization.md", "Authorization", "sh")[0]


@contextmanager
def at_ports(folder: Path) -> Generator[None]:
    """The two programs in a folder, the first of which is served."""
    with free_socket() as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"
        with authorization_server(url, "jwt") as issuer:
            for name, code in (("files.py", SERVER), ("call.py", CLIENT)):
                here = code.replace("http://127.0.0.1:9000", issuer).replace("http://127.0.0.1:8000/mcp", url)
                (folder / name).write_text(here, "utf-8")
            descriptor = listener.fileno()
            command = [sys.executable, "-m", "uvicorn", "files:app", "--fd", str(descriptor), "--log-level", "error"]
            with subprocess.Popen(command, cwd=folder, pass_fds=[descriptor]) as process:
                try:
                    yield
                finally:
                    process.send_signal(signal.SIGTERM)


async def test_the_programs_of_the_readme(tmp_path: Path) -> None:
    browser = f"{sys.executable} {PROGRAMS / 'user.py'} %s"
    run = partial(
        subprocess.run,
        [sys.executable, "call.py"],
        cwd=tmp_path,
        env={**os.environ, "BROWSER": browser},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    with anyio.fail_after(50), at_ports(tmp_path):
        done = await anyio.to_thread.run_sync(run)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "['ada/notes.txt']\n"


def test_the_commands_are_of_these_programs() -> None:
    for word in ("programs/authorization_server.mjs", " 9000 http://127.0.0.1:8000/mcp jwt", "files:app", "call.py"):
        assert word in COMMANDS
    assert all(place in SERVER for place in ("http://127.0.0.1:9000", "http://127.0.0.1:8000/mcp"))
