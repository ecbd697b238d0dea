"""Normalise: flat definitions → definitions that each become exactly one Python type. Dict in, dict out.

Marks (`x-` keys) carry what JSON Schema cannot say:
  x-kind     `bag` (open object with known keys), `request`, `notification`
  x-lazy     a JSON document that stays undecoded; holds what the schema still says of it
  x-inline   the definition that an inline object was taken out of
"""

from __future__ import annotations

import json
import re

from .methods import Method, pascal
from .overrides import Overrides
from .schemas import Definitions, Node, NoRule, is_array, is_node, ref_name, ref_to

ENVELOPE = re.compile(r"^JSONRPC\w*$|^(Client|Server)(Request|Notification|Result)$|ResultResponse$|Error$")
OPEN: Node = {"type": "object", "additionalProperties": {}}
BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength")
SCALARS = {"string", "integer", "number", "boolean", "null"}
ANYTHING = "JSONValue"


def normalise(flat: Definitions, methods: tuple[Method, ...], overrides: Overrides, revision: str) -> Definitions:
    """The definitions of one revision, ready to be merged or modelled."""
    return _Normaliser(flat, methods, overrides, revision).run()


class _Normaliser:
    def __init__(self, flat: Definitions, methods: tuple[Method, ...], overrides: Overrides, revision: str) -> None:
        self.flat = flat
        self.methods = methods
        self.out: Definitions = {}
        self.messages = {m.definition for m in methods}
        self.names = self.inline_names(overrides, revision)
        self.open = {name for name, node in flat.items() if is_open(node)}
        bases = self.bases()
        self.dropped = {n for n in flat if ENVELOPE.search(n)} | (bases - self.kept(bases, overrides, revision))
        self.metas = {t for node in flat.values() for t in meta_targets(node) if flat.get(t, {}).get("properties")}

    def run(self) -> Definitions:
        for name, node in self.flat.items():
            if name not in self.dropped and name not in self.out:
                self.out[name] = self.definition(node, name)
        for method in self.methods:
            self.envelope(method)
        return self.out

    # -- which definitions ----------------------------------------------------------------------------------------

    def inline_names(self, overrides: Overrides, revision: str) -> dict[str, str]:
        """Names for inline objects, by property and shape: one row in the table names all equal ones."""
        names: dict[str, str] = {}
        for row in overrides.of("name", revision):
            owner, *path = row.values["path"].split("/")[1:]
            node = self.flat.get(owner, {})
            for key in path:
                node = node.get(key, {})
            if "properties" in node and (key := shape(path[-1], node)) not in names:
                names[key] = row.values["name"]
                overrides.touch(row)
        return names

    def bases(self) -> set[str]:
        """Pure base types: objects that nothing refers to and that another definition extends."""
        used = {name for node in self.flat.values() for name in references(node)}
        used |= {t for m in self.methods for t in (m.definition, m.result, *m.alternatives) if t}
        found: set[str] = set()
        for name, node in self.flat.items():
            mine = node.get("properties")
            if name in used or not mine:
                continue
            others = (d.get("properties", {}) for n, d in self.flat.items() if n != name)
            if any(extends(other, mine) for other in others):
                found.add(name)
        return found

    def kept(self, bases: set[str], overrides: Overrides, revision: str) -> set[str]:
        """Definitions that look like pure bases and are none."""
        rows = [row for row in overrides.of("keep", revision) if row.values["definition"] in bases]
        for row in rows:
            overrides.touch(row)
        return {row.values["definition"] for row in rows}

    # -- one definition -------------------------------------------------------------------------------------------

    def definition(self, node: Node, name: str) -> Node:
        if name == ANYTHING:
            return {}  # recursive by nature; Python's name for it is Any
        plain = not node.get("properties")
        out = self.schema(node, name) if plain else self.struct(node, name)
        if is_bag(node) or name in self.metas:
            out["x-kind"] = "bag"
        return out

    def schema(self, node: Node, path: str) -> Node:
        """A node in any position; inline objects move out into definitions of their own."""
        if target := ref_name(node):
            return self.reference(target, path)
        if is_open(node):
            check_free(node, path)
            return dict(OPEN)
        if "anyOf" in node:
            tag = distinguishing(node["anyOf"])
            return {"anyOf": [self.arm(arm, path, tag) for arm in node["anyOf"]]}
        kind = node.get("type")
        if kind == "array":
            items = self.schema(node.get("items", {}), f"{path}Item")
            return {"type": "array", "items": items, **{k: node[k] for k in ("minItems", "maxItems") if k in node}}
        if kind == "object":
            if node.get("properties"):
                return self.hoist(node, path)
            check_free(node, path)
            extra = node["additionalProperties"]
            if extra is False:
                return self.hoist(node, path) if path not in self.flat else closed()
            return {"type": "object", "additionalProperties": self.schema(extra, f"{path}Value")}
        if kind in SCALARS:
            check_constants(node, path)
            return {k: node[k] for k in ("type", "const", "enum", *BOUNDS) if k in node}
        if not node:
            return {}
        raise NoRule(path, f"no rule for {json.dumps(node)[:120]}")

    def reference(self, target: str, path: str) -> Node:
        if target not in self.flat:
            raise NoRule(path, f"refers to {target}, which is not defined")
        if target in self.open:
            return dict(OPEN)
        if target == ANYTHING:
            return {}
        if target == "Error":
            return {"x-error": True}
        if target in self.dropped and ENVELOPE.search(target):
            raise NoRule(path, f"refers to the envelope {target}")
        return ref_to(target)

    def arm(self, node: Node, path: str, tag: str | None) -> Node:
        """A member of a union; an inline object is named after the constant that tells it apart."""
        if "properties" not in node or is_open(node):
            return self.schema(node, path)
        if tag is None:
            raise NoRule(path, "inline objects in a union that no constant tells apart")
        return self.hoist(node, path + pascal(node["properties"][tag]["const"]))

    def hoist(self, node: Node, path: str) -> Node:
        """Move an inline object out; named by its path unless the table of names has one for its shape."""
        name = path
        self.check_name(name, node)
        self.out[name] = {}  # keeps parents before their parts
        self.out[name] = self.struct(node, name) if "properties" in node else closed()
        self.out[name]["x-inline"] = path
        return ref_to(name)

    def check_name(self, name: str, node: Node) -> None:
        """Refuse to give an inline object the name of anything else."""
        if name in self.out or (name in self.flat and self.flat[name] is not node):
            raise NoRule(name, "an inline object would take the name of another definition")

    def named(self, key: str, node: Node) -> str | None:
        """The name that the table has for an inline object."""
        name = self.names.get(shape(key, node))
        if name in self.flat and shape(key, self.flat[name]) != shape(key, node):
            raise NoRule(name, "an inline object would take the name of another definition")
        return name

    def struct(self, node: Node, name: str) -> Node:
        if unnamed := sorted({*node.get("required", ())} - node["properties"].keys()):
            raise NoRule(name, f"no rule for a required key that has no schema: {unnamed[0]}")
        extra = node.get("additionalProperties", {})
        if is_node(extra) and extra and ref_name(extra) != ANYTHING:
            raise NoRule(name, "no rule for typed `additionalProperties` beside known keys")
        properties = {p: self.property(v, name, p) for p, v in node["properties"].items()}
        out: Node = {"type": "object", "properties": properties, "required": sorted(node.get("required", []))}
        if node.get("additionalProperties") is False:
            out["additionalProperties"] = False
        return out

    def property(self, node: Node, owner: str, key: str) -> Node:
        if key == "_meta":
            return self.meta(node, owner)
        if key.endswith("Schema") and is_document(node):
            return {"x-lazy": {k: node[k] for k in ("properties", "required") if k in node}}
        if name := self.named(key, node):
            if name not in self.out and name not in self.flat:
                self.hoist(node, name)
            return ref_to(name)
        made = self.schema(node, owner + pascal(key))
        if key == "params" and owner in self.messages and not ref_name(without_null(made)):
            name = f"{owner}Params"  # a name, so that the session has something to call it by
            self.check_name(name, node)
            self.out[name] = {**made, "x-inline": name}
            return ref_to(name)
        return made

    def meta(self, node: Node, owner: str) -> Node:
        """`_meta` keeps every key: a bag where some are known, else a plain dict."""
        target = ref_name(node)
        resolved = self.flat[target] if target else node
        path = f"{owner}Meta"
        if is_open(resolved):
            check_free(resolved, path)
            return dict(OPEN)
        if not resolved.get("properties"):
            raise NoRule(path, "no rule for `_meta` that is neither a free object nor one with known keys")
        name = target or self.named("_meta", node)
        if name is None:
            made = self.hoist(node, path)
            self.out[path]["x-kind"] = "bag"
            return made
        if name not in self.out:
            self.out[name] = {}
            self.out[name] = {**self.struct(resolved, name), "x-kind": "bag"}
        return ref_to(name)

    def envelope(self, method: Method) -> None:
        """Make a request or notification the whole message that crosses the wire."""
        node = self.out[method.definition]
        node["x-kind"] = method.kind
        if method.direction == "input":
            return
        head: Node = {"jsonrpc": {"type": "string", "const": "2.0"}}
        if method.kind == "request":
            head["id"] = node["properties"].get("id") or {"anyOf": [{"type": "string"}, {"type": "integer"}]}
        node["properties"] = {**head, **node["properties"]}
        node["required"] = sorted({*node["required"], *head})


def without_null(node: Node) -> Node:
    """The node, or the only other member of its union with null."""
    rest = [arm for arm in node.get("anyOf", ()) if arm != {"type": "null"}]
    return rest[0] if len(rest) == 1 else node


def check_free(node: Node, path: str) -> None:
    """Refuse a free object or map that wants a key in particular."""
    if node.get("required"):
        raise NoRule(path, "no rule for keys that a free object or map must have")


def check_constants(node: Node, path: str) -> None:
    """Refuse constants that Python's `Literal` cannot hold, or that bounds have a say in."""
    values = [node["const"]] if "const" in node else node.get("enum", [])
    if not values:
        return
    types = {"string": str, "integer": int}
    if any(type(value) is not types.get(node["type"]) for value in values):
        raise NoRule(path, f"no rule for constants of type {node['type']}: {json.dumps(values)[:80]}")
    if any(bound in node for bound in BOUNDS):
        raise NoRule(path, "no rule for bounds beside constants")


def extends(other: Node, mine: Node) -> bool:
    """Whether some properties are those of a base and more, or the same with a constant that the base lacks."""
    if not mine.keys() <= other.keys():
        return False
    more = len(other) > len(mine) or any(is_constant(other[key]) and not is_constant(mine[key]) for key in mine)
    return more and all(narrows(other[key], node) for key, node in mine.items())


def narrows(other: Node, mine: Node) -> bool:
    """Whether a property of an extension can stand where the base has `mine`."""
    if other == mine or not mine:
        return True
    return mine.get("type") is not None and mine["type"] == other.get("type") and not is_constant(mine)


def is_constant(node: Node) -> bool:
    """Whether a node names the values that it allows."""
    return bool(node.keys() & {"const", "enum"})


def meta_targets(node: object) -> set[str]:
    """Every definition that stands under `_meta` somewhere."""
    if is_array(node):
        return {name for x in node for name in meta_targets(x)}
    if not is_node(node):
        return set()
    properties = node.get("properties")
    meta = properties.get("_meta") if is_node(properties) else None
    own = ref_name(meta) if is_node(meta) else None
    return {n for v in node.values() for n in meta_targets(v)} | ({own} if own else set[str]())


def distinguishing(arms: list[Node]) -> str | None:
    """The property whose string constant differs from one inline object of a union to the next."""
    objects: list[dict[str, Node]] = [arm["properties"] for arm in arms if "properties" in arm]
    for key in objects[0] if objects else ():
        values = {o.get(key, {}).get("const") for o in objects}
        if None not in values and len(values) == len(objects):
            return key
    return None


def closed() -> Node:
    """An object that may hold nothing."""
    return {"type": "object", "properties": {}, "required": [], "additionalProperties": False}


def is_open(node: Node) -> bool:
    """A free-form object: no key is named and any value may stand under each (in either spelling)."""
    if node.get("type") != "object" or node.get("properties"):
        return False
    extra = node.get("additionalProperties", {})
    return extra == {} or (is_node(extra) and ref_name(extra) == ANYTHING)


def is_bag(node: Node) -> bool:
    """An object that is explicitly open and names nothing but bookkeeping: `Result`."""
    properties = node.get("properties", {})
    return bool(properties) and node.get("additionalProperties") == {} and properties.keys() <= {"_meta", "resultType"}


def is_document(node: Node) -> bool:
    """A JSON Schema document of the user's own: `Tool.inputSchema`; not one whose properties are typed here."""
    properties = node.get("properties", {})
    typed = properties.get("properties", {}).get("additionalProperties", {})
    keywords = {"$schema", "type", "properties", "required"}
    return bool(properties) and properties.keys() <= keywords and "$ref" not in typed


def shape(key: str, node: Node) -> str:
    """Key of the table of names; openness is left out, being spelled differently from revision to revision."""
    return key + json.dumps({k: v for k, v in node.items() if k != "additionalProperties"}, sort_keys=True)


def references(node: object) -> set[str]:
    """Every definition that a node refers to."""
    if is_array(node):
        return {name for x in node for name in references(x)}
    if not is_node(node):
        return set()
    below = {name for child in node.values() for name in references(child)}
    own = ref_name(node) if isinstance(node.get("$ref"), str) else None
    return below | {own} if own else below
