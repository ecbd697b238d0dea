"""Sees to it that a server's processes end with their client, even if that is killed without a chance to say so."""

from __future__ import annotations

import os
import subprocess

SHELL = "/bin/sh"
# Waits for a line that never comes: the end of its input means that the client is gone, whatever became of it. The
# server, whose input ended at the same time, is given two seconds to leave.
SCRIPT = """trap '' HUP INT TERM
read -r line
sleep 2
kill -s TERM -- "-$0"
sleep 1
kill -s KILL -- "-$0"
"""


class Guard:
    """A shell that ends a process group some seconds after this process has ended, unless dismissed before.

    It costs one sleeping process of a few hundred KB. A child that this process forks without executing another
    program shares the pipe: the guard then waits for that child too.
    """

    def __init__(self, group: int) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - constants and a number
            [SHELL, "-c", SCRIPT, str(group)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd="/",
            env={"PATH": os.defpath},
            start_new_session=True,
        )

    @staticmethod
    def available() -> bool:
        """Whether this system has what a guard takes."""
        return os.name == "posix" and os.access(SHELL, os.X_OK)

    def dismiss(self) -> None:
        """End the guard. To be called before the server is reaped: its group's number may be another's afterwards."""
        with self._process:
            self._process.kill()
