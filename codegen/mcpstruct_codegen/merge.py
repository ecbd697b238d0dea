"""Merge: the normalised definitions of every revision → one neutral set that accepts the messages of all.

Fields are the union, required keys the intersection, types the widened union. Where two revisions give one place
different objects, both become one object, named by the place.
"""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import replace
from typing import Any

from .methods import Direction, Method, pascal
from .normalise import OPEN
from .overrides import Overrides
from .schemas import Definitions, Node, NoRule, is_array, is_node, ref_name, ref_to


def merge(revisions: list[tuple[str, Definitions]], overrides: Overrides) -> tuple[Definitions, dict[str, str]]:
    """The neutral definitions, and the names that only live on as another's alias."""
    merger = _Merger()
    aliases: dict[str, str] = {}
    for revision, definitions in revisions:
        renames = {r.values["definition"]: r.values["as"] for r in overrides.of("same", revision)}
        present = {old: new for old, new in renames.items() if old in definitions and old != new}
        for row in overrides.of("same", revision):
            if row.values["definition"] in present:
                overrides.touch(row)
        for new, count in Counter(present.get(name, name) for name in definitions).items():
            if count > 1:
                raise NoRule(new, f"would be the name of {count} definitions of {revision}")
        merger.add(rename(copy.deepcopy(definitions), present))
        aliases |= present
    return merger.out, {old: new for old, new in aliases.items() if old not in merger.out}


def rename(definitions: Definitions, names: dict[str, str]) -> Definitions:
    """The definitions with some of them, and all references to them, under other names."""

    def walk(node: object) -> Any:
        if is_array(node):
            return [walk(x) for x in node]
        if not is_node(node):
            return node
        if isinstance(node.get("$ref"), str):
            name = ref_name(node) or ""
            return ref_to(names.get(name, name))
        return {k: walk(v) for k, v in node.items()}

    return {names.get(name, name): walk(node) for name, node in definitions.items()}


class _Merger:
    def __init__(self) -> None:
        self.out: Definitions = {}
        self.incoming: Definitions = {}

    def add(self, definitions: Definitions) -> None:
        self.incoming = definitions
        for name, node in definitions.items():
            self.define(name, node)

    def define(self, name: str, node: Node) -> None:
        known = self.out.get(name)
        self.out[name] = copy.deepcopy(node) if known is None else self.node(known, node, name)

    def node(self, a: Node, b: Node, path: str) -> Node:
        if a == b:
            return a
        if a == {} or b == {}:
            return {}
        if "x-lazy" in a and "x-lazy" in b:
            required = {*a["x-lazy"].get("required", [])} & {*b["x-lazy"].get("required", [])}
            return {"x-lazy": {"required": sorted(required)}}
        if "properties" in a and "properties" in b:
            return self.objects(a, b, path)
        if OPEN in (a, b) and "properties" in (other := b if a == OPEN else a):
            return {**other, "required": []}
        if OPEN in (a, b) and (target := ref_name(other := b if a == OPEN else a)):
            # The bag or object of the revision that names its keys; what it requires, the other does not.
            known = {**self.incoming, **self.out}.get(target, {})
            return self.combine({**known, "required": []}, known, path) if known.get("required") else other
        if (refs := self.object_refs(a, b)) is not None:
            return self.combine(*refs, path)
        if a.get("type") == b.get("type") and a.get("type") in ("array", "object"):
            return self.containers(a, b, path)
        return self.widen(a, b, path)

    def objects(self, a: Node, b: Node, path: str) -> Node:
        properties = dict(a["properties"])
        for key, node in b["properties"].items():
            known = properties.get(key)
            properties[key] = node if known is None else self.node(known, node, path + pascal(key))
        merged = {**a, **b, "properties": properties, "required": sorted({*a["required"]} & {*b["required"]})}
        if "bag" in (a.get("x-kind"), b.get("x-kind")):
            merged["x-kind"] = "bag"
        if not (a.get("additionalProperties") is b.get("additionalProperties") is False):
            merged.pop("additionalProperties", None)
        return merged

    def object_refs(self, a: Node, b: Node) -> tuple[Node, Node] | None:
        """Both sides as objects, where at least one is a reference and neither is a union."""
        sides: list[Node] = []
        for node, pool in ((a, self.out), (b, {**self.out, **self.incoming})):
            name = ref_name(node)
            target = pool.get(name, {}) if name else node
            if "properties" not in target:
                return None
            sides.append(target)
        return (sides[0], sides[1]) if ref_name(a) or ref_name(b) else None

    def combine(self, a: Node, b: Node, path: str) -> Node:
        """Two different objects in one place: one object of both, under the name of the place."""
        if any(path in pool and pool[path].get("x-inline") != path for pool in (self.out, self.incoming)):
            raise NoRule(path, "an object of several revisions would take the name of another definition")
        merged = self.objects(copy.deepcopy(a), copy.deepcopy(b), path)
        self.out[path] = (
            {**merged, "x-inline": path} if path not in self.out else self.objects(self.out[path], merged, path)
        )
        return ref_to(path)

    def containers(self, a: Node, b: Node, path: str) -> Node:
        if a["type"] == "array":
            items = self.node(a["items"], b["items"], f"{path}Item")
            return {"type": "array", "items": items}  # bounds that only some revisions know do not bind the others
        if "additionalProperties" not in a or "additionalProperties" not in b:
            raise NoRule(path, "no rule to merge an object and a map")
        values = self.node(a["additionalProperties"], b["additionalProperties"], f"{path}Value")
        return {"type": "object", "additionalProperties": values}

    def widen(self, a: Node, b: Node, path: str) -> Node:
        if a.get("type") == b.get("type") == "string" and "enum" in a and "enum" in b:
            return {"type": "string", "enum": sorted({*a["enum"], *b["enum"]})}
        if a.get("type") is not None and a.get("type") == b.get("type"):
            return {"type": a["type"]}  # one of them bounds, or names constants, where the other does not
        mine, theirs = self.leaves(a), self.leaves(b)
        if all(x in theirs for x in mine):
            return b
        if all(x in mine for x in theirs):
            return a
        arrays = [x for x in [*mine, *theirs] if x.get("type") == "array"]
        if len(arrays) > 1:
            raise NoRule(path, "no rule to merge unions that both hold arrays")
        if any("properties" in x for x in [*mine, *theirs]):
            raise NoRule(path, "no rule to merge an object and something else")
        return {"anyOf": [*mine, *(x for x in theirs if x not in mine)]}

    def leaves(self, node: Node) -> list[Node]:
        """The members of a union, named unions within it opened; a node that is none is its own only member."""
        if "anyOf" in node:
            return [leaf for arm in node["anyOf"] for leaf in self.leaves(arm)]
        name = ref_name(node)
        target = {**self.incoming, **self.out}.get(name) if name else None
        return self.leaves(target) if target is not None and "anyOf" in target else [node]


def merge_methods(tables: list[tuple[str, tuple[Method, ...]]]) -> tuple[Method, ...]:
    """One row a method over all revisions, with the revision that brought it and the one that took it away."""
    rows: dict[str, Method] = {}
    last: dict[str, int] = {}
    for i, (revision, table) in enumerate(tables):
        for method in table:
            known = rows.get(method.name)
            rows[method.name] = replace(method, since=revision) if known is None else _join(known, method)
            last[method.name] = i
    following = [revision for revision, _ in tables[1:]] + [None]
    return tuple(replace(m, removed=following[last[name]]) for name, m in rows.items())


def _join(a: Method, b: Method) -> Method:
    direction: Direction = a.direction if a.direction == b.direction else "both"
    if "input" in (a.direction, b.direction):
        direction = a.direction if b.direction == "input" else b.direction
    result = b.result if b.result == a.result else a.result if a.result != "EmptyResult" else b.result
    alternatives = (*b.alternatives, *(x for x in a.alternatives if x not in b.alternatives))
    return replace(b, direction=direction, result=result, alternatives=alternatives, since=a.since)
