"""A stdio proxy that writes down every line: python tee.py LOG COMMAND [ARG...]

A line of LOG is `c` (the client wrote it) or `s` (the server did), followed by the line's bytes, untouched. A line is
logged, unbuffered, before it is passed on, so that LOG never shows an answer ahead of what it answers and is whole even
if the proxy is killed.
"""

import contextlib
import subprocess
import sys
import threading
from pathlib import Path
from typing import BinaryIO


def main() -> int:
    log_path, *command = sys.argv[1:]
    lock = threading.Lock()
    with Path(log_path).open("wb", buffering=0) as log, subprocess.Popen(command, stdin=-1, stdout=-1) as server:

        def copy(side: bytes, source: BinaryIO, target: BinaryIO) -> None:
            try:
                for line in source:
                    with lock:
                        log.write(side + line)
                    target.write(line)
                    target.flush()
            except BrokenPipeError:  # the reader is gone: nothing more crosses this way
                pass

        upward = threading.Thread(target=copy, args=(b"s", server.stdout, sys.stdout.buffer))
        upward.start()
        copy(b"c", sys.stdin.buffer, server.stdin)
        with contextlib.suppress(BrokenPipeError):
            server.stdin.close()
        upward.join()
        return server.wait()


if __name__ == "__main__":
    sys.exit(main())
