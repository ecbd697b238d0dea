"""`schema/docs.toml`: one line in our own words for every definition, method and field."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .methods import snake
from .schemas import Definitions


@dataclass(slots=True)
class Docs:
    """The lines, which of them are drafts, and which were asked for."""

    definitions: dict[str, Any] = field(default_factory=dict[str, Any])
    methods: dict[str, Any] = field(default_factory=dict[str, Any])
    fields: dict[str, Any] = field(default_factory=dict[str, Any])
    self_explanatory: frozenset[str] = frozenset()
    asked: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    missing: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    drafts: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

    @classmethod
    def load(cls, path: Path) -> Docs:
        """Read the table."""
        table = tomllib.loads(path.read_text("utf-8"))
        return cls(
            table["definitions"], table["methods"], table["fields"], frozenset(table.get("self_explanatory", ()))
        )

    @classmethod
    def of_descriptions(cls, document: dict[str, Any]) -> Docs:
        """The first sentences of a third party's own schema, for the package made of it."""
        docs = cls()
        definitions: Definitions = document.get("$defs") or document.get("definitions") or {}
        for name, node in definitions.items():
            docs.definitions[name] = first_sentence(node.get("description")) or words(name)
            for wire, child in node.get("properties", {}).items():
                if isinstance(child, dict) and (line := first_sentence(child.get("description"))):  # pyright: ignore
                    docs.fields[f"{name}.{wire}"] = line
        return docs

    def definition(self, name: str) -> str:
        """The line of a definition; derived from its name, and noted as missing, where there is none."""
        return self._line("definitions", name) or words(name)

    def method(self, name: str) -> str:
        """The line of a method."""
        return self._line("methods", name) or words(name)

    def of_field(self, definition: str, wire: str) -> str | None:
        """The line of a field: its own, else the one of every field of that name; None where the name says it."""
        for key in (f"{definition}.{wire}", f"*.{wire}"):
            if key in self.fields:
                return self._line("fields", key)
        if wire not in self.self_explanatory:
            self.missing.add(("fields", f"{definition}.{wire}"))
        return None

    def _line(self, table: str, key: str) -> str | None:
        row = getattr(self, table).get(key)
        self.asked.add((table, key))
        if row is None:
            self.missing.add((table, key))
            return None
        if isinstance(row, dict):
            if row.get("draft"):  # pyright: ignore[reportUnknownMemberType]
                self.drafts.add((table, key))
            return str(row["text"])  # pyright: ignore[reportUnknownArgumentType]
        return str(row)

    def unknown(self) -> set[tuple[str, str]]:
        """Rows that no revision has a use for."""
        rows = {(t, k) for t in ("definitions", "methods", "fields") for k in getattr(self, t)}
        return rows - self.asked


def first_sentence(text: object) -> str:
    """The first sentence of a description, on one line."""
    line = " ".join(str(text or "").split())
    return re.split(r"(?<=[.!?]) (?=[A-Z])", line)[0]


def words(name: str) -> str:
    """`TaskStatusNotification` → `Task status notification.`"""
    return (snake(name.replace(".", "_")).replace("_", " ").capitalize() or name) + "."
