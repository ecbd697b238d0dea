"""Load: the vendored schemas with their provenance, and a JSON Schema file as plain definitions."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, TypeGuard

Node: TypeAlias = dict[str, Any]
Definitions: TypeAlias = dict[str, Node]


class GeneratorError(Exception):
    """Generation is refused; the message is one line that says what and why."""


class NoRule(GeneratorError):
    """A definition uses a construct that msgspec cannot decode and the generator has no rule for."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where}: {reason}")
        self.where = where


@dataclass(frozen=True, slots=True)
class Schema:
    """One revision's schema, as vendored."""

    revision: str
    era: str
    draft: bool
    sha256: str
    source: str
    definitions: Definitions

    @property
    def package(self) -> str:
        """Name of the generated package."""
        return "v" + self.revision.replace("-", "_")


def schema_directory() -> Path:
    """`schema/` of the checkout; in an installed wheel, the copy it carries."""
    packaged = Path(__file__).parent / "_schema"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "schema"


def definitions_of(document: Any) -> Definitions:
    """The definitions of a JSON Schema document, whichever keyword holds them, with refs to `#/$defs/`."""
    if not is_node(document):
        raise GeneratorError("not a JSON Schema: the document is not an object")
    found = document.get("$defs") or document.get("definitions")
    if not is_node(found):
        raise GeneratorError("not a schema of definitions: neither `$defs` nor `definitions` has any")
    text = json.dumps(found).replace('"$ref": "#/definitions/', '"$ref": "#/$defs/')
    definitions: Definitions = json.loads(text)
    return definitions


def digest(data: bytes) -> str:
    """SHA-256 of a schema as published, in hex."""
    return hashlib.sha256(data).hexdigest()


def load_all(directory: Path) -> list[Schema]:
    """Every vendored revision, oldest first."""
    index = tomllib.loads((directory / "revisions.toml").read_text("utf-8"))
    return [
        Schema(
            revision=revision,
            era=row["era"],
            draft=row.get("draft", False),
            sha256=row["sha256"],
            source=row["source"],
            definitions=definitions_of(json.loads((directory / f"{revision}.json").read_text("utf-8"))),
        )
        for revision, row in sorted(index.items())
    ]


def is_node(value: object) -> TypeGuard[Node]:
    """Whether a JSON value is an object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Whether a JSON value is an array."""
    return isinstance(value, list)


def ref_name(node: Node) -> str | None:
    """The definition that `node` refers to; None where it is no reference."""
    ref: str | None = node.get("$ref")
    if ref is None:
        return None
    if not ref.startswith("#/$defs/"):
        raise NoRule(ref, "only references to definitions of the same document are followed")
    return ref.removeprefix("#/$defs/")


def ref_to(name: str) -> Node:
    """A reference to a definition."""
    return {"$ref": f"#/$defs/{name}"}
