"""`mcpstruct run`: serve the server object of a program."""

from __future__ import annotations

import argparse
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
    command.add_argument(
        "--transport", choices=["stdio", "streamable-http"], default="stdio", help="how clients reach it (stdio)"
    )
    http = command.add_argument_group("over streamable-http")
    http.add_argument("--host", help="where to listen (127.0.0.1)")
    http.add_argument("--port", type=int, help="8000; 0 takes a free one")
    http.add_argument("--uds", metavar="SOCKET", help="a Unix socket to listen at instead")
    http.add_argument("--path", help="/mcp")
    http.add_argument(
        "--allowed-host",
        dest="allowed_hosts",
        action="append",
        metavar="NAME",
        help="a name that clients know the server by; again for more; '*' where a proxy has checked it",
    )
    http.add_argument(
        "--allowed-origin",
        dest="allowed_origins",
        action="append",
        metavar="URL",
        help="an origin whose pages are let in; again for more",
    )
    http.add_argument(
        "--workers", type=int, metavar="N", help="processes (1); more need --no-sessions or no old clients"
    )
    http.add_argument(
        "--no-sessions", dest="sessions", action="store_false", default=None, help="requests of old clients stand alone"
    )
    command.set_defaults(run=run)


_HTTP = ("host", "port", "uds", "path", "allowed_hosts", "allowed_origins", "workers", "sessions")


def run(arguments: argparse.Namespace) -> int:
    """Serve the program."""
    options = {key: value for key in _HTTP if (value := getattr(arguments, key)) is not None}
    file, name = split(arguments.program)
    if arguments.transport == "streamable-http":
        _run_http(find(load(file), name), options)
        return 0
    if options:
        raise Refused("where to listen is said with --transport streamable-http only")
    from mcpstruct.transport.stdio_server import StandardStreams

    streams = StandardStreams()  # what a program prints while it loads is not for the client
    try:
        server = find(load(file), name)
    finally:
        streams.give_back()
    server.run("stdio")
    return 0


def _run_http(server: Server, options: dict[str, Any]) -> None:
    from mcpstruct.server.http.running import HttpServing

    try:
        serving = HttpServing(server, **options)
    except ValueError as error:
        raise Refused(str(error)) from None
    serving.run()


def split(program: str) -> tuple[Path, str | None]:
    """The file and the name in `FILE.py[:name]`; a drive letter's colon belongs to the file."""
    file, colon, name = program.rpartition(":")
    if colon and name.isidentifier() and len(file) > 1:
        return Path(file), name
    return Path(program), None


def load(file: Path) -> ModuleType:
    """The module in a file. Raises `Refused` where there is none, and whatever the module raises."""
    from mcpstruct.server.program import load_module

    if not file.is_file() or file.suffix != ".py":
        raise Refused(f"{file}: no such Python file")
    # Types in it are looked up by the name of their module, which another may have.
    name = file.stem if file.stem not in sys.modules else f"{file.stem} ({file})"
    sys.path.insert(0, str(file.resolve().parent))
    return load_module(name, file)


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
