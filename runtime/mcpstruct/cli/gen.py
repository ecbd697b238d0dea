"""`mcpstruct gen`: bindings of a schema of one's own."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from mcpstruct.base.errors import MissingExtra

from .output import Refused, write


def add(commands: Any) -> None:
    """The command's place on the command line."""
    command: argparse.ArgumentParser = commands.add_parser(
        "gen",
        help="generate bindings of a schema of your own",
        description="Make a folder a package of typed bindings of any JSON Schema of definitions, such as an "
        "extension's. Needs mcpstruct[codegen].",
    )
    command.add_argument("--schema", required=True, metavar="FILE_OR_URL", help="the JSON Schema")
    command.add_argument("--out", required=True, type=Path, metavar="DIR", help="the package's folder")
    command.add_argument("--overrides", type=Path, metavar="FILE", help="exceptions to the schema, as TOML")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Generate the package."""
    try:
        from mcpstruct_codegen.extension import generate
        from mcpstruct_codegen.schemas import GeneratorError
    except ModuleNotFoundError as error:
        raise missing(error) from None
    try:
        files = generate(arguments.schema, arguments.out, arguments.overrides)
    except ModuleNotFoundError as error:
        raise missing(error) from None
    except GeneratorError as error:
        raise Refused(str(error)) from None
    write(f"{arguments.out}: {', '.join(files)}\n")
    return 0


def missing(error: ModuleNotFoundError) -> MissingExtra:
    """What to install."""
    return MissingExtra(f"{error.name} is not installed; `gen` needs mcpstruct[codegen]")
