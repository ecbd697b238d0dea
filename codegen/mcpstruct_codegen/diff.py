"""Diff: what changed from one revision to another, and since when each method, definition and field has been there.

Compared are the normalised definitions, so that everything has the name it has in the bindings. Whole messages say no
more than their method does, and what becomes no binding (envelopes, root unions, pure bases) is only said to be there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, TypeAlias

from .flatten import flatten
from .methods import method_table
from .model import BOUNDS
from .normalise import normalise
from .overrides import Overrides
from .schemas import Definitions, GeneratorError, Node, Schema, ref_name

Facts: TypeAlias = dict[str, Any]
Kind: TypeAlias = Literal["method", "definition", "field"]
Verb: TypeAlias = Literal["added", "removed", "changed"]
MESSAGES = ("request", "notification")
SYMBOLS = {"ge": "≥", "le": "≤", "gt": ">", "lt": "<", "min_length": "length ≥", "max_length": "length ≤"}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that the two revisions have differently.

    `before` and `after` are what each revision says of it, None where it has no such thing. `since` is the first
    vendored revision that has it, `removed` the one that took it away for good, if any did.
    """

    kind: Kind
    name: str
    change: Verb
    before: Facts | None
    after: Facts | None
    since: str
    removed: str | None


@dataclass(frozen=True, slots=True)
class Report:
    """All changes from the revision `old` to the revision `new`, each tuple sorted by name."""

    old: str
    new: str
    methods: tuple[Change, ...]
    definitions: tuple[Change, ...]
    fields: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything one revision has, by name."""

    revision: str
    method: dict[str, Facts]
    definition: dict[str, Facts]
    field: dict[str, Facts]

    def meaning(self, kind: Kind, name: str) -> Any:
        """What has to be equal for there to be no change; params that only got another name are none."""
        facts: Facts | None = getattr(self, kind).get(name)
        if kind != "method" or facts is None or facts["params"] is None:
            return facts
        return {**facts, "params": {k: v for k, v in facts["params"].items() if k != "name"}}


def compare(schemas: list[Schema], overrides: Overrides, old: str, new: str) -> Report:
    """What changed from `old` to `new`; `schemas` are all vendored revisions, oldest first."""
    known = [s.revision for s in schemas]
    for revision in (old, new):
        if revision not in known:
            raise GeneratorError(f"no revision {revision!r}; there are {', '.join(known)}")
    inventories = [inventory(schema, overrides) for schema in schemas]
    following = dict(pairwise(known))
    left, right = inventories[known.index(old)], inventories[known.index(new)]

    def changes(kind: Kind) -> tuple[Change, ...]:
        names = sorted(getattr(left, kind).keys() | getattr(right, kind).keys())
        return tuple(change(kind, name) for name in names if left.meaning(kind, name) != right.meaning(kind, name))

    def change(kind: Kind, name: str) -> Change:
        before, after = getattr(left, kind).get(name), getattr(right, kind).get(name)
        verb: Verb = "added" if before is None else "removed" if after is None else "changed"
        having = [i.revision for i in inventories if name in getattr(i, kind)]
        return Change(kind, name, verb, before, after, having[0], following.get(having[-1]))

    return Report(old, new, changes("method"), changes("definition"), changes("field"))


def inventory(schema: Schema, overrides: Overrides) -> Inventory:
    """What one revision has: its methods, its definitions, their fields."""
    flat = flatten(overrides.correct(schema))
    table = method_table(flat, overrides, schema.revision)
    normal = normalise(flat, table, overrides, schema.revision)
    methods: dict[str, Facts] = {
        m.name: {
            "kind": m.kind,
            "direction": m.direction,
            "params": params_of(normal, m.definition),
            "results": [name for name in (m.result, *m.alternatives) if name],
        }
        for m in table
    }
    definitions: dict[str, Facts] = {name: {"type": "outside the bindings"} for name in flat}
    definitions |= {name: describe(node) for name, node in normal.items()}
    fields: dict[str, Facts] = {
        f"{name}.{wire}": {"type": spelled(child), "required": wire in node["required"]}
        for name, node in normal.items()
        for wire, child in node.get("properties", {}).items()
        if node.get("x-kind") not in MESSAGES
    }
    return Inventory(schema.revision, methods, definitions, fields)


def params_of(definitions: Definitions, message: str) -> Facts | None:
    """The params of a message: their name, whether they must be there, what they hold; None where it has none."""
    node = definitions[message]
    params = node["properties"].get("params")
    if params is None:
        return None
    name = ref_name(params)
    target = params if name is None else definitions[name]
    return {"name": spelled(params), "required": "params" in node["required"], **describe(target)}


def describe(node: Node) -> Facts:
    """A definition in short: the type it stands for, or the fields of the object that it is."""
    if node.get("x-kind") in MESSAGES:
        return {"type": node["x-kind"]}
    if "properties" not in node:
        return {"type": spelled(node)}
    fields = {w: spelled(child) + ("" if w in node["required"] else "?") for w, child in node["properties"].items()}
    return {"type": "closed object" if node.get("additionalProperties") is False else "object", "fields": fields}


def spelled(node: Node) -> str:
    """A type in a few words, much as TypeScript would have it."""
    if name := ref_name(node):
        return name
    if "x-lazy" in node:
        return "JSON Schema"
    if "x-error" in node:
        return "Error"
    if "anyOf" in node:
        return " | ".join(sorted({spelled(arm) for arm in node["anyOf"]}))
    if "const" in node:
        return json.dumps(node["const"], ensure_ascii=False)
    if "enum" in node:
        return " | ".join(json.dumps(value, ensure_ascii=False) for value in node["enum"])
    return container(node) + bounds(node)


def container(node: Node) -> str:
    """The type of an array or object by what it holds; of anything else, its name."""
    kind = node.get("type", "any")
    if kind == "array":
        items = spelled(node.get("items", {}))
        return f"({items})[]" if " | " in items else f"{items}[]"
    extra = node.get("additionalProperties")
    if kind == "object" and isinstance(extra, dict) and extra and "properties" not in node:
        return f"{{[key]: {spelled(extra)}}}"  # pyright: ignore[reportUnknownArgumentType]
    return str(kind)


def bounds(node: Node) -> str:
    """The bounds of a number, a string or an array, as ` (≥ 0, ≤ 1)`."""
    parts = [f"{SYMBOLS[short]} {node[key]}" for key, short in BOUNDS.items() if key in node]
    return f" ({', '.join(parts)})" if parts else ""
