"""The command line: `mcpstruct run`, `validate`, `diff`, `gen`, `revisions`.

Exit status: 0 done, or all valid; 1 problems found; 2 wrong usage, or something could not be read or made.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence

from mcpstruct import __version__
from mcpstruct.base.errors import MissingExtra, UnknownRevision

from . import diff, gen, revisions, run, validate
from .output import Refused

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; what keeps it from its work is one line on standard error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    arguments = parser().parse_args(argv)
    command: Callable[[argparse.Namespace], int] = arguments.run
    try:
        status = command(arguments)
        sys.stdout.flush()
    except (Refused, MissingExtra, UnknownRevision) as error:
        return refuse(str(error))
    except BrokenPipeError:
        # The reader has seen enough (`| head`); keep the interpreter from flushing into the void at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        return refuse(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


def refuse(reason: str) -> int:
    """Say in one line why nothing was done."""
    sys.stderr.write(f"mcpstruct: {' '.join(reason.split())}\n")
    return 2


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="mcpstruct", description="Typed bindings of the Model Context Protocol.")
    top.add_argument("--version", action="version", version=f"mcpstruct {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    for command in (run, validate, diff, gen, revisions):
        command.add(commands)
    return top
