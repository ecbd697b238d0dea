"""`python -m mcpstruct_codegen`: what `make gen`, `make gen-check` and `make bump` run.

Exit status: 0 done, 1 `--check` found differences, 2 refused.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from .schemas import GeneratorError, schema_directory


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; a refusal is one line on standard error."""
    arguments = parser().parse_args(argv)
    try:
        status: int = arguments.run(arguments)
    except (GeneratorError, OSError) as error:
        sys.stderr.write(f"{arguments.command}: {' '.join(str(error).split())}\n")
        return 2
    except ModuleNotFoundError as error:
        sys.stderr.write(f"{arguments.command}: {error.name} is not installed; install mcpstruct[codegen]\n")
        return 2
    return status


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python -m mcpstruct_codegen", description="Schemas to bindings.")
    top.add_argument("--root", type=Path, default=schema_directory().parent, help="the checkout (default: this one)")
    commands = top.add_subparsers(dest="command", required=True)

    gen = commands.add_parser("gen", help="write the bindings of every vendored revision")
    gen.add_argument("--check", action="store_true", help="write nothing; fail if a file is stale, missing or stray")
    gen.add_argument("--list", action="store_true", help="write nothing; list the files")
    gen.add_argument("--out", type=Path, help="folder to write to (default: ROOT/generated)")
    gen.set_defaults(run=run_gen)

    bump = commands.add_parser("bump", help="import one upstream schema, regenerate, and say what changed")
    bump.add_argument("revision", help="such as 2025-11-25")
    bump.add_argument("schema", help="path or URL of the upstream schema.json")
    bump.add_argument("--source", default="", metavar="URL@COMMIT", help="where it was published")
    bump.add_argument("--force", action="store_true", help="replace a revision vendored from another schema")
    bump.set_defaults(run=run_bump)
    return top


def run_gen(arguments: argparse.Namespace) -> int:
    """Write, check or list the bindings."""
    from .outputs import differences, outputs, write

    files = outputs(arguments.root / "schema")
    out: Path = arguments.out or arguments.root / "generated"
    if arguments.list:
        say(*files)
    elif arguments.check:
        found = differences(files, out)
        say(*found, "run `make gen`" if found else f"{len(files)} files are up to date")
        return 1 if found else 0
    else:
        say(*write(files, out), f"{len(files)} files in {out}")
    return 0


def run_bump(arguments: argparse.Namespace) -> int:
    """Import a schema."""
    from .bump import bump
    from .report import as_text

    done = bump(arguments.root, arguments.revision, arguments.schema, arguments.source, force=arguments.force)
    if not done.written:
        say(f"{done.revision} is vendored from this schema already; nothing changed")
        return 0
    say(*done.written, "")
    if done.drafted:
        say("Draft lines in schema/docs.toml, made of the names alone; put them in words:")
        say(*(f"  {name}" for name in done.drafted), "")
    if done.draft:
        say(f"{done.revision} is a draft; take the mark out of schema/revisions.toml when docs and overrides fit", "")
    say(as_text(done.report).rstrip() if done.report else f"{done.revision} is the oldest revision")
    return 0


def say(*lines: str) -> None:
    """Lines on standard output."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    sys.exit(main())
