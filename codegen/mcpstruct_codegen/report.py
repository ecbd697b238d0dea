"""Report: the changes between two revisions as text, Markdown or JSON."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from typing import NamedTuple

from .diff import Change, Facts, Report, Verb

MARKS: dict[Verb, str] = {"added": "+", "removed": "-", "changed": "~"}
SENDERS = {"client": "client", "server": "server", "both": "client and server", "input": "input-required"}
HEAD = ("", "name", "since", "removed", "what")


class Row(NamedTuple):
    """One change, as a table shows it."""

    mark: str
    name: str
    since: str
    removed: str
    what: str


@dataclass(frozen=True, slots=True)
class Section:
    """One table of a report."""

    title: str
    rows: tuple[Row, ...]


def sections(report: Report) -> list[Section]:
    """The tables. Fields of definitions that came or went are told in the definition's own row."""
    whole = {c.name for c in report.definitions if c.change != "changed"}
    fields = tuple(c for c in report.fields if c.name.split(".")[0] not in whole)
    return [
        Section(f"{title}: {counts(changes)}", tuple(row(c) for c in changes))
        for title, changes in (
            ("Methods", report.methods),
            ("Definitions", report.definitions),
            ("Fields of definitions in both", fields),
        )
    ]


def counts(changes: tuple[Change, ...]) -> str:
    """`3 added, 1 changed`."""
    found = Counter(c.change for c in changes)
    return ", ".join(f"{found[verb]} {verb}" for verb in MARKS if found[verb]) or "no change"


def row(c: Change) -> Row:
    """One change as a row."""
    return Row(MARKS[c.change], c.name, c.since, c.removed or "", WORDS[c.kind](c))


# -- what happened, in words ------------------------------------------------------------------------------------------


def method_words(c: Change) -> str:
    """A method's kind, params and results, or what became of them."""
    facts = c.after or c.before or {}
    if c.before is None or c.after is None:
        params = f", params {facts['params']['name']}" if facts["params"] else ""
        results = f", result {' or '.join(facts['results'])}" if facts["results"] else ""
        return f"{sender(facts)} {facts['kind']}{params}{results}"
    before, after = c.before, c.after
    parts = [f"{sender(before)} → {sender(after)}"] if sender(before) != sender(after) else []
    if results := keys_moved(dict.fromkeys(before["results"]), dict.fromkeys(after["results"])):
        parts.append(f"result {results}")
    old: Facts = before["params"] or {}
    new: Facts = after["params"] or {}
    if old.get("required") != new.get("required"):
        parts.append("params now required" if new.get("required") else "params now optional")
    if moved := object_words(old, new):
        parts.append(f"params {moved}")
    return "; ".join(parts)


def sender(facts: Facts) -> str:
    """Who sends a method."""
    return SENDERS[facts["direction"]]


def definition_words(c: Change) -> str:
    """What a definition is, or what became of it."""
    if c.before is not None and c.after is not None:
        return object_words(c.before, c.after)
    facts = c.after or c.before or {}
    names = ", ".join(name + ("?" if text.endswith("?") else "") for name, text in facts.get("fields", {}).items())
    return f"{facts['type']}: {names}" if names else facts["type"]


def object_words(before: Facts, after: Facts) -> str:
    """How the fields of an object moved; where one side is none, both types."""
    if "fields" in before and "fields" in after and before["type"] == after["type"]:
        return keys_moved(before["fields"], after["fields"])
    return "" if before.get("type") == after.get("type") else f"{before.get('type')} → {after.get('type')}"


def keys_moved(before: Facts, after: Facts) -> str:
    """`+icons -size ~title`."""
    parts = [f"+{k}" for k in after if k not in before] + [f"-{k}" for k in before if k not in after]
    return " ".join([*parts, *(f"~{k}" for k in after if k in before and before[k] != after[k])])


def field_words(c: Change) -> str:
    """A field's type and whether it must be there, or what became of it."""
    if c.before is None or c.after is None:
        return field_type(c.after or c.before or {})
    return f"{field_type(c.before)} → {field_type(c.after)}"


def field_type(facts: Facts) -> str:
    """`string, required`."""
    return f"{facts['type']}, {'required' if facts['required'] else 'optional'}"


WORDS = {"method": method_words, "definition": definition_words, "field": field_words}


# -- the three forms --------------------------------------------------------------------------------------------------


def as_text(report: Report) -> str:
    """Plain tables, the open-ended column last."""
    lines = [f"{report.old} → {report.new}"]
    for section in sections(report):
        lines += ["", section.title]
        if section.rows:
            width = max(len(r.name) for r in (Row(*HEAD), *section.rows))
            lines += [plain(Row(*HEAD), width), *(plain(r, width) for r in section.rows)]
    return "\n".join(lines) + "\n"


def plain(r: Row, width: int) -> str:
    """A row of a plain table."""
    return f"  {r.mark:1} {r.name:{width}}  {r.since:10}  {r.removed:10}  {r.what}".rstrip()


def as_markdown(report: Report) -> str:
    """Tables for a changelog or a pull request."""
    lines = [f"# {report.old} → {report.new}"]
    for section in sections(report):
        lines += ["", f"## {section.title}", ""]
        if section.rows:
            lines += [f"| {' | '.join(HEAD)} |", "|" + "---|" * len(HEAD)]
        for r in section.rows:
            what = r.what.replace("|", "\\|")
            lines.append(f"| {r.mark} | `{r.name}` | {r.since} | {r.removed} | {what} |")
    return "\n".join(lines) + "\n"


def as_json(report: Report) -> str:
    """Everything, fields of new and gone definitions included."""
    return json.dumps(asdict(report), indent=1, ensure_ascii=False) + "\n"
