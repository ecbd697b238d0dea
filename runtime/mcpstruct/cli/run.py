"""`mcpstruct run`: serve the server object of a program."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .output import Refused

if TYPE_CHECKING:
    from mcpstruct.server import Server

_USUAL = ("server", "mcp", "app")


def add(commands: Any) -> None:
    """The command's place on the command line."""
    command: argparse.ArgumentParser = commands.add_parser(
        "run",
        help="serve a program's server object",
        description="Load a Python file and serve the MCPServer (or other Server) in it, until its client leaves or "
        "the process is told to stop. The file's `if __name__ == '__main__'` part does not run.",
    )
    command.add_argument("program", metavar="FILE.py[:name]", help="the file, and the object's name if there are more")
    command.add_argument("--transport", choices=["stdio"], default="stdio", help="how clients reach it (stdio)")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve the program."""
    from mcpstruct.transport.stdio_server import StandardStreams

    file, name = split(arguments.program)
    streams = StandardStreams()  # what a program prints while it loads is not for the client
    try:
        server = find(load(file), name)
    finally:
        streams.give_back()
    server.run(arguments.transport)
    return 0


def split(program: str) -> tuple[Path, str | None]:
    """The file and the name in `FILE.py[:name]`; a drive letter's colon belongs to the file."""
    file, colon, name = program.rpartition(":")
    if colon and name.isidentifier() and len(file) > 1:
        return Path(file), name
    return Path(program), None


def load(file: Path) -> ModuleType:
    """The module in a file. Raises `Refused` where there is none, and whatever the module raises."""
    # Types in it are looked up by the name of their module, which another may have.
    name = file.stem if file.stem not in sys.modules else f"{file.stem} ({file})"
    spec = importlib.util.spec_from_file_location(name, file)
    if not file.is_file() or spec is None or spec.loader is None:
        raise Refused(f"{file}: no such Python file")
    sys.path.insert(0, str(file.resolve().parent))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def find(module: ModuleType, name: str | None) -> Server:
    """The server object in a module: the named one, the only one, or one with a usual name."""
    from mcpstruct.server import Server

    found = {key: value for key, value in vars(module).items() if isinstance(value, Server)}
    if name is not None:
        if name not in found:
            raise Refused(f"{module.__name__} has no server object called {name}")
        return found[name]
    distinct = {id(server): server for server in found.values()}
    if len(distinct) == 1:
        return next(iter(distinct.values()))
    usual = next((found[key] for key in _USUAL if key in found), None)
    if usual is None:
        reason = f"several server objects: {', '.join(found)}; say FILE.py:name" if found else "no server object"
        raise Refused(f"{module.__name__} has {reason}")
    return usual
