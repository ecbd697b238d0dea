"""`mcpstruct diff`: what changed from one revision to another."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from .output import Refused, table, with_rich, write


def add(commands: Any) -> None:
    """The command's place on the command line."""
    command: argparse.ArgumentParser = commands.add_parser(
        "diff",
        help="what changed between two revisions",
        description="Methods, definitions and fields that were added (+), removed (-) and changed (~), each with the "
        "first revision that has it and the one that took it away. Fields of definitions that came or went stand in "
        "the definition's own row; --json lists every one.",
    )
    command.add_argument("old", help="such as 2025-11-25")
    command.add_argument("new", help="such as 2026-07-28")
    form = command.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="as one JSON object")
    form.add_argument("--markdown", action="store_true", help="as Markdown tables")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Compare, and print in the form asked for."""
    from mcpstruct_codegen import report as forms
    from mcpstruct_codegen.diff import compare
    from mcpstruct_codegen.overrides import Overrides
    from mcpstruct_codegen.schemas import GeneratorError, load_all, schema_directory

    directory = schema_directory()
    try:
        overrides = Overrides.load(directory / "overrides.toml")
        report = compare(load_all(directory), overrides, arguments.old, arguments.new)
    except GeneratorError as error:
        raise Refused(str(error)) from None
    if arguments.json:
        write(forms.as_json(report))
    elif arguments.markdown:
        write(forms.as_markdown(report))
    elif with_rich(sys.stdout):
        for section in forms.sections(report):
            table(forms.HEAD, section.rows, f"{report.old} → {report.new}: {section.title}")
    else:
        write(forms.as_text(report))
    return 0
