"""Bump: import one upstream schema, regenerate, and say what changed. All of it, or nothing.

Everything is worked out on a scratch copy of `schema/` first; the checkout is written to only when that has succeeded.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .diff import Report, compare
from .docs import Docs, words
from .importer import Import, incoming
from .outputs import models, outputs, write
from .overrides import Overrides
from .schemas import GeneratorError, load_all
from .wellformed import check_modules, check_names, foreseen

DOCS = "docs.toml"
OVERRIDES = "overrides.toml"
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+\Z")


@dataclass(frozen=True, slots=True)
class Bump:
    """What a bump did: files written (relative to the checkout), draft lines added to `docs.toml`, and the changes.

    `report` is None where the revision is the oldest there is.
    """

    revision: str
    draft: bool
    written: tuple[str, ...]
    drafted: tuple[str, ...]
    report: Report | None


def bump(root: Path, revision: str, source: str, provenance: str = "", *, force: bool = False) -> Bump:
    """Make `source` (a path or URL) the schema of `revision` in the checkout `root`; see `importer.incoming`.

    The revision is marked as a draft if it needs lines in `docs.toml` that nobody has written yet (they are then
    derived from the names), or if a correction in `overrides.toml` no longer finds its old value.
    Raises `GeneratorError`, and writes nothing, if the schema cannot become bindings.
    """
    schema = root / "schema"
    new = incoming(schema, revision, source, provenance, force=force)
    with tempfile.TemporaryDirectory() as scratch_name:
        scratch = Path(scratch_name) / "schema"
        shutil.copytree(schema, scratch)
        with foreseen(source):
            missing = settle(scratch, new)
            generated = outputs(scratch)
            report = changes(scratch, revision)
        check_modules(generated)
        files = {p.name: p.read_text("utf-8") for p in sorted(scratch.iterdir()) if p.is_file()}
        draft = next(s.draft for s in load_all(scratch) if s.revision == revision)
    written = [f"schema/{name}" for name in write_changed(schema, files)]
    written += [f"generated/{name}" for name in write(generated, root / "generated")]
    return Bump(revision, draft, tuple(written), missing, report)


def settle(scratch: Path, new: Import) -> tuple[str, ...]:
    """Put the import into the scratch `schema/`, as a draft if it has to be one; the lines added to `docs.toml`."""
    write_changed(scratch, new.files(draft=True))
    docs = Docs.load(scratch / DOCS)
    for model in models(scratch, docs):
        check_names(d.name for d in model.definitions)
    missing = sorted(docs.missing)
    docs_path = scratch / DOCS
    docs_path.write_text(with_drafts(docs_path.read_text("utf-8"), missing), "utf-8")
    if not (new.draft or missing or corrections_moved(scratch, new)):
        write_changed(scratch, new.files(draft=False))
    return tuple(key for _, key in missing)


def corrections_moved(scratch: Path, new: Import) -> bool:
    """Whether a correction does not apply to the new schema, which only a draft is forgiven."""
    schema = next(s for s in load_all(scratch) if s.revision == new.revision)
    overrides = Overrides.load(scratch / OVERRIDES)
    overrides.correct(schema)
    return any(row in overrides.unused() for row in overrides.of("correct", new.revision))


def changes(scratch: Path, revision: str) -> Report | None:
    """What is different from the revision before."""
    schemas = load_all(scratch)
    older = [s.revision for s in schemas if s.revision < revision]
    return compare(schemas, Overrides.load(scratch / OVERRIDES), older[-1], revision) if older else None


def write_changed(directory: Path, files: dict[str, str]) -> list[str]:
    """Write the files whose text is another than what stands there; their names."""
    changed: list[str] = []
    for name, text in files.items():
        target = directory / name
        if not target.exists() or target.read_text("utf-8") != text:
            target.write_text(text, "utf-8")
            changed.append(name)
    return changed


# -- docs.toml --------------------------------------------------------------------------------------------------------


def with_drafts(text: str, missing: Iterable[tuple[str, str]]) -> str:
    """`docs.toml` with a line derived from the name, marked as a draft, for everything that has none.

    Lines are put where the sorted tables want them; everything else stays as somebody wrote it.
    """
    lines = text.splitlines()
    for table, key in missing:
        header = f"[{table}]"
        if header not in lines:
            raise GeneratorError(f"{DOCS}: there is no table {header}")
        start = lines.index(header) + 1
        end = next((i for i in range(start, len(lines)) if lines[i].startswith("[")), len(lines))
        places = (i for i in range(start, end) if (there := key_of(lines[i])) is not None and there > key)
        blank_before = end - 1 if end > start and not lines[end - 1] else end
        lines.insert(next(places, blank_before), draft_line(table, key))
    return "\n".join(lines) + "\n"


def key_of(line: str) -> str | None:
    """The key of a line of a table; None where it has none."""
    found = re.match(r'(?:"([^"]+)"|([A-Za-z0-9_-]+)) = ', line)
    return (found[1] or found[2]) if found else None


def draft_line(table: str, key: str) -> str:
    """`Key = { text = "Key.", draft = true }`."""
    name = key if BARE_KEY.match(key) else json.dumps(key, ensure_ascii=False)
    line = words(key.replace("/", "_") if table == "methods" else key.rsplit(".", 1)[-1])
    return f"{name} = {{ text = {json.dumps(line, ensure_ascii=False)}, draft = true }}"
