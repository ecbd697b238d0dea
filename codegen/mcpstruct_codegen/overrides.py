"""`schema/overrides.toml`: every exception to the schemas, each with its reason; a row without effect is an error."""

from __future__ import annotations

import copy
import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .schemas import Definitions, GeneratorError, Node, Schema, is_array, is_node

KEYS = {
    "correct": {"path", "old", "new"},
    "name": {"path", "name"},
    "keep": {"definition"},
    "alternative": {"methods", "result"},
    "same": {"definition", "as"},
    "signature": {"method", "positional"},
}


LISTS = {"methods", "positional"}


@dataclass(frozen=True, slots=True)
class Row:
    """One row: what it says, and for which revisions (`since` and `until`, both included, both optional)."""

    kind: str
    values: Node
    since: str = ""
    until: str = "9999"

    def applies(self, revision: str) -> bool:
        """Whether the row speaks of this revision."""
        return self.since <= revision <= self.until

    def __str__(self) -> str:
        return f"overrides.toml: [[{self.kind}]] {json.dumps(self.values)}"


@dataclass(slots=True)
class Overrides:
    """All rows, and which of them had an effect."""

    rows: list[Row] = field(default_factory=list[Row])
    used: set[int] = field(default_factory=set[int])

    @classmethod
    def load(cls, path: Path) -> Overrides:
        """Read the table; a row with an unknown or missing key, or without a reason, is refused."""
        rows: list[Row] = []
        try:
            tables = tomllib.loads(path.read_text("utf-8"))
        except ValueError as error:  # no TOML, or no UTF-8
            raise GeneratorError(f"overrides.toml: {error}") from None
        for kind, entries in tables.items():
            if kind not in KEYS:
                raise GeneratorError(f"overrides.toml: unknown table [[{kind}]]")
            if not is_array(entries) or not all(is_node(entry) for entry in entries):
                raise GeneratorError(f"overrides.toml: rows start with [[{kind}]], two brackets on either side")
            for entry in entries:
                values = {k: v for k, v in entry.items() if k not in ("since", "until", "reason")}
                spans = (entry.get("since", ""), entry.get("until", "9999"))
                typed = all(is_array(v) is (k in LISTS) for k, v in values.items()) and all(
                    isinstance(span, str) for span in spans
                )
                if set(values) != KEYS[kind] or not entry.get("reason") or not typed:
                    raise GeneratorError(f"overrides.toml: [[{kind}]] needs {sorted(KEYS[kind])} and a reason: {entry}")
                rows.append(Row(kind, values, *spans))
        return cls(rows)

    def of(self, kind: str, revision: str | None = None) -> list[Row]:
        """The rows of a kind, for one revision or for all."""
        return [r for r in self.rows if r.kind == kind and (revision is None or r.applies(revision))]

    def touch(self, row: Row) -> None:
        """Note that the row had an effect."""
        self.used.add(self.rows.index(row))

    def unused(self) -> list[Row]:
        """Rows that had no effect in any revision."""
        return [row for i, row in enumerate(self.rows) if i not in self.used]

    def correct(self, schema: Schema) -> Definitions:
        """The definitions with every correction applied; fails where the old value is not what the row says."""
        definitions = copy.deepcopy(schema.definitions)
        for row in self.of("correct", schema.revision):
            parent, key = locate(definitions, row.values["path"])
            try:
                old, new = json.loads(row.values["old"]), json.loads(row.values["new"])
            except ValueError as error:
                raise GeneratorError(f"{row}: the values are to be JSON ({error})") from None
            if parent is None or parent[key] != old:
                if schema.draft:
                    continue
                found = "nothing" if parent is None else json.dumps(parent[key])
                raise GeneratorError(f"{row}: {schema.revision} has {found} there; the old value moved")
            if old == new:
                raise GeneratorError(f"{row}: changes nothing")
            parent[key] = new
            self.touch(row)
        return definitions


def locate(root: Any, path: str) -> tuple[Any, Any]:
    """The container and key that a JSON Pointer leads to; (None, None) where it leads nowhere."""
    parts = [p.replace("~1", "/").replace("~0", "~") for p in path.split("/")[1:]]
    node: Any = root
    for i, part in enumerate(parts):
        key: Any = int(part) if is_array(node) and part.isdecimal() else part
        inside = key in range(len(node)) if is_array(node) else is_node(node) and key in node
        if not inside:
            return None, None
        if i == len(parts) - 1:
            return node, key
        node = node[key]
    return None, None
