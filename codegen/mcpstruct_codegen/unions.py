"""Unions: which carry a tag that msgspec reads in C, and decision lists for those that do not.

A decision list is an ordered sequence of rules, each picking one member: by a required key that no other member
knows, else by a required key whose constant or enum excludes the others, else (for a member that is another one plus
an optional key) by that key; the last member is what remains. Optional keys come last because any object may carry
a key it does not know.
"""

from __future__ import annotations

import re
from typing import Any

from .schemas import Definitions, Node, NoRule, is_array, is_node, ref_name, ref_to

Path = tuple[str, ...]


class Unions:
    """Tags and decision lists of one set of definitions; `definitions` has the unions named on the way."""

    def __init__(self, definitions: Definitions) -> None:
        self.definitions: Definitions = dict(definitions)
        self.tags: dict[str, tuple[str, str]] = {}
        self.rules: dict[str, list[Node]] = {}
        self.by_members: dict[tuple[str, ...], str] = {}
        for name, node in definitions.items():
            if "anyOf" in node:
                self.settle(node, name)
        for name, node in definitions.items():
            self.definitions[name] = self.walk(node, name, top=True)
        for name, node in self.definitions.items():
            if name not in self.tags and (found := constants(node)):
                self.tags[name] = next(iter(found.values()))

    def walk(self, node: Any, where: str, top: bool = False) -> Any:
        """Give every untagged union that stands inline a name of its own."""
        if is_array(node):
            return [self.walk(x, where) for x in node]
        if not is_node(node):
            return node
        out: Node = {
            k: {p: self.walk(c, where) for p, c in v.items()} if k == "properties" else self.walk(v, where)
            for k, v in node.items()
        }
        if "anyOf" in out:
            self.check_decodable(out, where)
        if "anyOf" not in out or top:
            return out
        members = self.structs(out)
        if len(members) < 2 or self.settle(out, None):
            return out
        key = tuple(sorted(members))
        if key not in self.by_members:
            name = union_name(members, where)
            if name in self.definitions:
                raise NoRule(where, f"a union would take the name of {name}")
            self.definitions[name] = {"anyOf": [ref_to(m) for m in members]}
            self.by_members[key] = name
            self.rules[name] = self.decide(members, where)
        rest = [arm for arm in self.leaves(out) if ref_name(arm) not in members]
        if any(arm != {"type": "null"} for arm in rest):
            raise NoRule(where, "no rule for an untagged union beside other types")
        return {"anyOf": [ref_to(self.by_members[key]), *rest]} if rest else ref_to(self.by_members[key])

    def settle(self, node: Node, name: str | None) -> bool:
        """Tag the members of a union if they can be; else, for a named union, derive its decision list."""
        members = self.structs(node)
        if len(members) < 2:
            return True
        candidates = list(constants(self.definitions[members[0]]))
        for p in candidates:
            values = [constants(self.definitions[m]).get(p, ("", ""))[1] for m in members]
            free = all(self.tags.get(m, (p, ""))[0] == p for m in members)
            if free and all(values) and len(set(values)) == len(values):
                self.tags |= {m: (p, v) for m, v in zip(members, values, strict=True)}
                return True
        if name is not None:
            if len(members) != len(self.leaves(node)):
                raise NoRule(name, "no rule for an untagged union beside other types")
            self.by_members[tuple(sorted(members))] = name
            self.rules[name] = self.decide(members, name)
        return False

    def check_decodable(self, node: Node, where: str) -> None:
        """Refuse unions that msgspec builds no decoder for: it tells lists from objects, and no more."""
        leaves = [leaf for leaf in self.leaves(node) if leaf != {"type": "null"}]
        shapes = [self.definitions.get(ref_name(leaf) or "", leaf) for leaf in leaves]
        lists = [s for s in shapes if s.get("type") == "array"]
        maps = [s for s in shapes if "x-error" in s or (s.get("type") == "object" and "properties" not in s)]
        structs = [s for s in shapes if "properties" in s]
        if len(lists) > 1:
            raise NoRule(where, "no rule for a union of several lists")
        if len(maps) > 1 or (maps and structs):
            raise NoRule(where, "no rule for a union of a free object, map or error and another object")
        if any(s.get("x-kind") == "bag" for s in structs) and len(shapes) > 1 and len(structs) == 1:
            raise NoRule(where, "no rule for a union of an open object and other types")

    def leaves(self, node: Node) -> list[Node]:
        """The members of a union, unions within it opened and aliases of aliases followed to the last."""
        out: list[Node] = []
        for arm in node["anyOf"]:
            leaf, target = arm, self.definitions.get(ref_name(arm) or "", {})
            while "$ref" in target:
                leaf, target = target, self.definitions[ref_name(target) or ""]
            out += self.leaves(target) if "anyOf" in target else [leaf]
        return out

    def structs(self, node: Node) -> list[str]:
        """Those members that become Structs."""
        names = [ref_name(leaf) or "" for leaf in self.leaves(node)]
        return [n for n in dict.fromkeys(names) if "properties" in self.definitions.get(n, {})]

    # -- decision lists -------------------------------------------------------------------------------------------

    def decide(self, members: list[str], where: str) -> list[Node]:
        """The ordered decision list of an untagged union."""
        for m in members:
            if self.definitions[m].get("x-kind") == "bag":
                raise NoRule(where, f"a union with {m}, which is open to every key")
        known = {m: self.paths(m) for m in members}
        required = {m: self.paths(m, only_required=True) for m in members}
        rules: list[Node] = []
        left = list(members)
        while len(left) > 1:
            rule = (
                self.by_required_key(left, known, required)
                or self.by_value(left, required)
                or self.by_optional_key(left, known, required)
            )
            if rule is None:
                raise NoRule(where, f"nothing tells {' from '.join(left)}")
            rules.append(rule)
            left.remove(rule["member"])
        return [*rules, {"member": left[0]}]

    def by_required_key(
        self, left: list[str], known: dict[str, set[Path]], required: dict[str, set[Path]]
    ) -> Node | None:
        """A member that must have a key no other knows."""
        for m in left:
            own = [p for p in required[m] if all(p not in known[o] for o in left if o != m)]
            if own:
                return key_rule(m, min(own, key=lambda p: (len(p), p)))
        return None

    def by_value(self, left: list[str], required: dict[str, set[Path]]) -> Node | None:
        """A member whose constant or enum, under a key it must have, excludes all others."""
        for m in left:
            for key in sorted(p[0] for p in required[m] if len(p) == 1):
                mine = self.values(m, key)
                if mine and all((other := self.values(o, key)) and not other & mine for o in left if o != m):
                    return {"member": m, "key": key, "values": tuple(sorted(mine))}
        return None

    def by_optional_key(
        self, left: list[str], known: dict[str, set[Path]], required: dict[str, set[Path]]
    ) -> Node | None:
        """A member that is another one plus a key it may have."""
        for m in left:
            twin = any(required[o] == required[m] for o in left if o != m)
            own = [p for p in known[m] if all(p not in known[o] for o in left if o != m)]
            if twin and own:
                return key_rule(m, min(own, key=lambda p: (len(p), p)))
        return None

    def paths(self, name: str, *, only_required: bool = False, depth: int = 2) -> set[Path]:
        """Keys that an object of this type knows (or must have), two levels deep."""
        node = self.definitions.get(name, {})
        found: set[Path] = set()
        for key, child in node.get("properties", {}).items():
            if only_required and key not in node["required"]:
                continue
            found.add((key,))
            target = ref_name(child)
            if depth > 1 and target:
                found |= {(key, *p) for p in self.paths(target, only_required=only_required, depth=depth - 1)}
        return found

    def values(self, name: str, key: str) -> set[str]:
        """The values that a constant or enum allows; empty where any is."""
        node = self.definitions[name]["properties"].get(key, {})
        return {node["const"]} if "const" in node else set(node.get("enum", ()))


def constants(node: Node) -> dict[str, tuple[str, str]]:
    """Required string constants that can serve as a tag: key → (key, value)."""
    required = node.get("required", ())
    return {
        p: (p, v["const"])
        for p, v in node.get("properties", {}).items()
        if p in required and p != "jsonrpc" and isinstance(v.get("const"), str)
    }


def key_rule(member: str, path: Path) -> Node:
    """The rule that a key, or a key within a key, picks the member."""
    return {"member": member, "key": path[0], **({"inner": path[1]} if len(path) > 1 else {})}


def union_name(members: list[str], where: str) -> str:
    """The words that the members' names end on, and `Union`."""
    split = [re.findall(r"[A-Z]+(?=[A-Z][a-z]|$)|[A-Z][a-z0-9]*", m)[::-1] for m in members]
    common: list[str] = []
    for ws in zip(*split, strict=False):
        if len(set(ws)) > 1:
            break
        common.insert(0, ws[0])
    if not common:
        raise NoRule(where, f"an untagged union of {', '.join(members)}, whose names have nothing in common")
    return "".join(common) + "Union"
