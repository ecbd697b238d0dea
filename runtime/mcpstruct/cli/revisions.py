"""`mcpstruct revisions`: what there are bindings of."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path
from typing import Any

from mcpstruct.wire.revisions import REVISIONS, bindings

from .output import table

HEAD = ("revision", "era", "definitions", "methods", "generated lines")


def add(commands: Any) -> None:
    """The command's place on the command line."""
    command: argparse.ArgumentParser = commands.add_parser("revisions", help="list the revisions that are covered")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the table; `definitions` are the schema's, for `merged` those of all schemas together."""
    from mcpstruct_codegen.schemas import load_all, schema_directory

    schemas = {schema.revision: schema for schema in load_all(schema_directory())}
    rows = [
        (
            revision + (" (draft)" if schemas[revision].draft else ""),
            schemas[revision].era,
            str(len(schemas[revision].definitions)),
            str(len(bindings(revision).methods)),
            lines(schemas[revision].package),
        )
        for revision in REVISIONS
    ]
    together = {name for schema in schemas.values() for name in schema.definitions}
    merged = import_module("mcpstruct_bindings.merged.methods")
    rows.append(("merged", "both", str(len(together)), str(len(merged.METHODS)), lines("merged")))
    table(HEAD, rows)
    return 0


def lines(package: str) -> str:
    """How many lines the modules of a generated package have."""
    (folder,) = import_module(f"mcpstruct_bindings.{package}").__path__
    return str(sum(module.read_bytes().count(b"\n") for module in Path(folder).glob("*.py")))
