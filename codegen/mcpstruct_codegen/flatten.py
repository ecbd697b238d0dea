"""Flatten: `allOf` folded in, unions of constants made enums, copies of a named definition made references.

What comes out uses a small vocabulary, checked here: any keyword that has no rule fails with its definition's name.
"""

from __future__ import annotations

import json
from typing import Any

from .schemas import Definitions, Node, NoRule, is_array, is_node, ref_name, ref_to

KEYWORDS = {
    "$ref", "type", "const", "enum", "properties", "required", "additionalProperties", "items", "anyOf", "allOf",
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems",
    "format", "default",
}  # fmt: skip
PROSE = {"description", "$comment", "title", "examples", "deprecated", "$schema", "$id"}
ANNOTATIONS = PROSE | {"propertyNames"}
# Keywords that speak of one type only; of a value of another type they say nothing.
OF_TYPE = {
    **dict.fromkeys(("minLength", "maxLength"), ("string",)),
    **dict.fromkeys(("minItems", "maxItems", "items"), ("array",)),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), ("integer", "number")),
    **dict.fromkeys(("properties", "required", "additionalProperties"), ("object",)),
}
FREE: tuple[Node, ...] = ({"type": "object"}, {"type": "object", "additionalProperties": {}})
NOTHING: tuple[Any, ...] = (False, {"not": {}})


def flatten(definitions: Definitions) -> Definitions:
    """Every definition in the small vocabulary."""
    flattener = _Flattener(definitions)
    flat = {name: flattener.node(node, name) for name, node in definitions.items()}
    return {name: _share(node, _named(flat), name) for name, node in flat.items()}


class _Flattener:
    def __init__(self, definitions: Definitions) -> None:
        self.definitions = definitions

    def node(self, node: Any, where: str) -> Node:
        """One schema node, flat."""
        if node is True:
            return {}
        if not is_node(node):
            raise NoRule(where, f"a schema that is {node!r}")
        here = {k: v for k, v in node.items() if k not in ANNOTATIONS}
        self.check(here, node, where)
        if "allOf" in here:
            return self.all_of(here, where)
        if "properties" in here:
            here["properties"] = {p: self.node(v, f"{where}.{p}") for p, v in here["properties"].items()}
        if "items" in here:
            here["items"] = self.node(here["items"], f"{where}[]")
        if "additionalProperties" in here:
            extra = here["additionalProperties"]
            here["additionalProperties"] = False if extra in NOTHING else self.node(extra, f"{where}{{}}")
        if "anyOf" in here:
            return self.any_of(here, where)
        if isinstance(here.get("type"), list):
            return {"anyOf": [self.node({**here, "type": t}, where) for t in here["type"]]}
        here.pop("format", None)
        kind = here.get("type")
        return here if kind is None else {k: v for k, v in here.items() if kind in OF_TYPE.get(k, (kind,))}

    def check(self, here: Node, node: Node, where: str) -> None:
        unknown = sorted(set(here) - KEYWORDS)
        if unknown:
            raise NoRule(where, f"no rule for the keyword `{unknown[0]}`")
        if "propertyNames" in node and node["propertyNames"] != {"type": "string"}:
            raise NoRule(where, "no rule for `propertyNames` that restrict")
        if ref_name(here) and set(here) - {"$ref", "default"}:
            raise NoRule(where, "no rule for `$ref` beside other keywords")

    def any_of(self, here: Node, where: str) -> Node:
        arms = [self.node(arm, where) for arm in here["anyOf"]]
        if set(here) - {"anyOf", "default"}:
            raise NoRule(where, "no rule for `anyOf` beside other keywords")
        if {} in arms:
            return {}
        if all(set(arm) == {"type", "const"} and arm["type"] == "string" for arm in arms):
            return {"type": "string", "enum": sorted(arm["const"] for arm in arms)}
        return {"anyOf": arms}

    def all_of(self, here: Node, where: str) -> Node:
        """An intersection of objects is one object; where a part is a union, one object for each of its arms."""
        base: Node = {"type": "object", "properties": {}, "required": []}
        arms: list[Node] = []
        rest = {k: v for k, v in here.items() if k != "allOf"}
        for part in [*here["allOf"], *([rest] if rest else [])]:
            flat = self.resolve(self.node(part, where), where)
            if "anyOf" in flat:
                if arms:
                    raise NoRule(where, "no rule for `allOf` of two unions")
                arms = [self.resolve(arm, where) for arm in flat["anyOf"]]
            else:
                base = self.merge(base, flat, where)
        if not arms:
            return base
        return {"anyOf": [self.merge(base, arm, where) for arm in arms]}

    def resolve(self, node: Node, where: str) -> Node:
        seen: set[str] = set()
        while (name := ref_name(node)) is not None:
            if name in seen or name not in self.definitions:
                raise NoRule(where, f"`allOf` leads to {name}, which is missing or refers to itself")
            seen.add(name)
            node = self.node(self.definitions[name], name)
        return node

    def merge(self, a: Node, b: Node, where: str) -> Node:
        if b.get("type") != "object":
            raise NoRule(where, "no rule for `allOf` of something else than objects")
        properties = dict(a["properties"])
        for key, node in b.get("properties", {}).items():
            properties[key] = self.narrower(properties[key], node, f"{where}.{key}") if key in properties else node
        required = sorted({*a["required"], *b.get("required", [])})
        return {"type": "object", "properties": properties, "required": required, **_extra(a, b, where)}

    def narrower(self, a: Node, b: Node, where: str) -> Node:
        """What two types of a property both allow: the intersection of objects, else the one that narrows the other."""
        if a.get("type") == b.get("type") == "object":
            return self.merge({"properties": {}, "required": [], **a}, b, where)
        for one, other in ((a, b), (b, a)):
            plain = {k: v for k, v in one.items() if k not in ("const", "enum")}
            if other in ({}, plain, one) or (other in FREE and self.is_object(one)):
                return one
        raise NoRule(where, "no rule for `allOf` of two types of one property")

    def is_object(self, node: Node) -> bool:
        """Whether every value of a type is an object; what has an `allOf` is one, or refused."""
        if (name := ref_name(node)) is not None:
            return self.is_object(self.definitions.get(name, {}))
        if "anyOf" in node:
            return all(map(self.is_object, node["anyOf"]))
        return node.get("type") == "object" or "allOf" in node


def _extra(a: Node, b: Node, where: str) -> Node:
    """What two objects together say of further keys; one that is open to all says nothing against the other."""
    said = [node["additionalProperties"] for node in (a, b) if "additionalProperties" in node]
    narrow = [extra for extra in said if extra != {}]
    if len(narrow) == 2 and narrow[0] != narrow[1]:
        raise NoRule(where, "no rule for `allOf` of two types of further keys")
    return {"additionalProperties": (narrow or said)[0]} if said else {}


def _telling(node: Node) -> bool:
    """Whether a node is distinct enough that an equal one elsewhere is meant to be the same."""
    if "anyOf" in node:
        return any("properties" in arm for arm in node["anyOf"])
    return any("const" in p for p in node.get("properties", {}).values())


def _key(node: Node) -> str:
    """A node as text that is equal for equal meaning; an open end says nothing about identity."""
    return json.dumps({k: sorted(v) if k == "required" else v for k, v in node.items() if v != []}, sort_keys=True)


def _named(flat: Definitions) -> dict[str, str]:
    return {_key(node): name for name, node in flat.items() if _telling(node)}


def _share(node: Any, named: dict[str, str], owner: str, top: bool = True) -> Any:
    """Make an inline copy of a named definition a reference to it."""
    if is_array(node):
        return [_share(x, named, owner, False) for x in node]
    if not is_node(node):
        return node
    if not top and _telling(node) and (name := named.get(_key(node))) not in (None, owner):
        return ref_to(name)
    # Under `properties` the keys are names, not keywords.
    out = {k: _share(v, named, owner, False) for k, v in node.items() if k != "properties"}
    if "properties" in node:
        out["properties"] = {p: _share(v, named, owner, False) for p, v in node["properties"].items()}
    return out
