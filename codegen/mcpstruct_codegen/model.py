"""Model: the frozen IR that every template reads. All decisions about Python types are taken here."""

from __future__ import annotations

import keyword
import math
import re
from dataclasses import dataclass, field
from typing import Literal

from .docs import Docs
from .methods import Method, snake
from .normalise import OPEN
from .schemas import Definitions, Node, NoRule, is_array, is_node, ref_name, ref_to
from .unions import Unions

SPECIFICATION = "https://modelcontextprotocol.io/specification"
SCHEMA_PAGES_SINCE = "2025-06-18"
BOUNDS = {
    "minimum": "ge",
    "maximum": "le",
    "exclusiveMinimum": "gt",
    "exclusiveMaximum": "lt",
    "minLength": "min_length",
    "maxLength": "max_length",
    "minItems": "min_length",
    "maxItems": "max_length",
}
DICT_NAMES = frozenset(dir(dict))
LARGEST_BOUND = 2**63 - 1
Kind = Literal["struct", "bag", "request", "notification", "alias", "untagged"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a Struct or one known key of a bag."""

    wire: str
    name: str
    node: Node
    required: bool
    nullable: bool
    bounds: str
    whole_bounds: str
    doc: str | None
    lazy: str = ""
    """How the field stays undecoded: empty for not at all, `document`, or the name of the bag that it holds."""

    @property
    def any(self) -> bool:
        """Whether every JSON value may stand here, null included."""
        return not self.node

    @property
    def renamed(self) -> bool:
        """Whether the Struct bases, left to themselves, would give the field another name on the wire."""
        head, *tail = self.name.split("_")
        camel = "_meta" if self.name == "meta" else head + "".join(w[:1].upper() + w[1:] for w in tail)
        return camel != self.wire


@dataclass(frozen=True, slots=True)
class Definition:
    """One generated type."""

    name: str
    kind: Kind
    node: Node
    doc: str
    link: str
    fields: tuple[Field, ...] = ()
    tag: tuple[str, str] | None = None
    tag_doc: str | None = None
    closed: bool = False
    rules: tuple[Node, ...] = ()

    @property
    def tag_name(self) -> str:
        """Python name of the tag."""
        return attribute(self.tag[0], self.name, bag=False) if self.tag else ""


@dataclass(frozen=True, slots=True)
class Model:
    """Everything that the bindings of one revision (or the merged ones) are written from."""

    title: str
    package: str
    definitions: tuple[Definition, ...]
    methods: tuple[Method, ...]
    method_docs: dict[str, str]
    links: dict[str, str]
    batches: bool
    header: tuple[str, ...]
    positional: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    revisions: tuple[str, ...] = ()

    def definition(self, name: str) -> Definition:
        """The definition of that name."""
        return next(d for d in self.definitions if d.name == name)


class _Modeller:
    """Normalised definitions → `Definition`s."""

    def __init__(self, definitions: Definitions, docs: Docs, revision: str | None, homes: dict[str, str]) -> None:
        self.docs = docs
        # The revision whose pages describe a definition; a union that we had to name has none.
        self.homes = homes if revision is None else dict.fromkeys(definitions, revision)
        self.unions = Unions(definitions)
        self.definitions = self.unions.definitions

    def run(self) -> tuple[Definition, ...]:
        return tuple(self.definition(name, node) for name, node in self.definitions.items())

    def link(self, name: str) -> str:
        """Where the specification publishes the definition; inline objects stand in their owner's section."""
        owner = self.owner(name)
        revision = self.homes.get(owner)
        if revision is None:
            return ""
        page = f"{SPECIFICATION}/{revision}"
        return page if revision < SCHEMA_PAGES_SINCE else f"{page}/schema#{owner.lower()}"

    def owner(self, name: str) -> str:
        node = self.definitions.get(name, {})
        if "x-inline" not in node:
            return name
        owners = [n for n, d in self.definitions.items() if "x-inline" not in d and n != name and name.startswith(n)]
        return max(owners, key=len, default=name)

    def definition(self, name: str, node: Node) -> Definition:
        doc, link = self.docs.definition(name), self.link(name)
        if rules := self.unions.rules.get(name):
            return Definition(name, "untagged", node, doc, link, rules=tuple(rules))
        if "properties" not in node:
            if _bounded(node):
                raise NoRule(name, "no rule for bounds outside of a field")
            return Definition(name, "alias", node, doc, link)
        tag = self.unions.tags.get(name)
        fields = tuple(
            self.field(name, wire, child, node)
            for wire, child in node["properties"].items()
            if tag is None or wire != tag[0]
        )
        kind: Kind = node.get("x-kind", "struct")
        tag_doc = self.docs.of_field(name, tag[0]) if tag and kind not in ("request", "notification") else None
        closed = node.get("additionalProperties") is False
        made = Definition(name, kind, node, doc, link, fields, tag, tag_doc, closed)
        names = [f.name for f in fields] + ([made.tag_name] if tag else [])
        if len(set(names)) != len(names):
            raise NoRule(name, "two fields would get the same Python name")
        return made

    def field(self, owner: str, wire: str, node: Node, parent: Node) -> Field:
        doc = None
        if parent.get("x-kind") not in ("request", "notification"):
            doc = self.docs.of_field(owner, wire)
        name = attribute(wire, owner, bag=parent.get("x-kind") == "bag")
        required = wire in parent["required"]
        if "x-lazy" in node:
            return Field(wire, name, dict(OPEN), required, False, "", "", doc, lazy="document")
        plain, nullable = without_null(node)
        if plain == {"type": "null"}:
            raise NoRule(f"{owner}.{wire}", "no rule for a field that is always null")
        nullable = nullable or (ref_name(plain) is not None and self.allows_null(plain))
        bounds = bounds_of(plain, f"{owner}.{wire}", whole=plain.get("type") == "integer")
        whole = bounds_of(plain, f"{owner}.{wire}", whole=True)
        target = ref_name(plain)
        is_bag = target is not None and self.definitions[target].get("x-kind") == "bag"
        lazy = target or "" if is_bag and parent.get("x-kind") != "bag" and not nullable else ""
        return Field(wire, name, unbounded(plain, f"{owner}.{wire}"), required, nullable, bounds, whole, doc, lazy)

    def allows_null(self, node: Node) -> bool:
        """Whether null is a value of a type, whatever names it goes by."""
        if target := ref_name(node):
            return self.allows_null(self.definitions.get(target, {"type": "object"}))
        return not node or node == {"type": "null"} or any(map(self.allows_null, node.get("anyOf", ())))


def attribute(wire: str, owner: str, *, bag: bool) -> str:
    """The Python name of a field."""
    name = snake(wire)
    if not name.strip("_") or name[0].isdigit():
        raise NoRule(f"{owner}.{wire}", "no Python name can be made of it")
    taken = keyword.iskeyword(name) or name == "field" or (bag and name in DICT_NAMES)
    return f"{name}_" if taken else name


def bounds_of(node: Node, where: str, *, whole: bool) -> str:
    """The arguments of `Meta`; for integers the nearest whole bounds."""
    up = {"minimum": math.ceil, "exclusiveMaximum": math.ceil}
    out: list[str] = []
    for both in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if set(both) <= node.keys():
            raise NoRule(where, f"no rule for `{both[0]}` and `{both[1]}` together")
    for key, name in BOUNDS.items():
        bound = node.get(key, 0)
        if name.endswith("length") and (bound < 0 or bound != int(bound)):
            raise NoRule(where, f"no rule for a length of {bound}")
        if abs(bound) > LARGEST_BOUND:
            raise NoRule(where, f"no rule for a bound of more than 64 bits: {bound}")
        if key in node:
            out.append(f"{name}={up.get(key, math.floor)(bound) if whole else bound}")
    return ", ".join(out)


def without_null(node: Node) -> tuple[Node, bool]:
    """The node without its null member, and whether it had one."""
    arms = node.get("anyOf")
    if not arms or {"type": "null"} not in arms:
        return node, False
    rest = [arm for arm in arms if arm != {"type": "null"}]
    return (rest[0] if len(rest) == 1 else {"anyOf": rest}), True


def unbounded(node: Node, where: str) -> Node:
    """The node without its own bounds; bounds deeper down have no rule."""
    own = {k: v for k, v in node.items() if k not in BOUNDS}
    if _bounded(own):
        raise NoRule(where, "no rule for bounds on a part of a field")
    return own


def _bounded(node: object) -> bool:
    if is_array(node):
        return any(_bounded(x) for x in node)
    if not is_node(node):
        return False
    if any(k in BOUNDS and isinstance(v, (int, float)) for k, v in node.items()):
        return True
    return any(_bounded(v) for v in node.values())


def build(
    definitions: Definitions,
    methods: tuple[Method, ...],
    docs: Docs,
    *,
    title: str,
    package: str,
    header: tuple[str, ...],
    revision: str | None,
    batches: bool,
    positional: dict[str, tuple[str, ...]],
    aliases: dict[str, str],
    revisions: tuple[str, ...] = (),
    homes: dict[str, str] | None = None,
) -> Model:
    """The model of one package, of one `revision`; or of several, `homes` saying which describes a definition."""
    everything = {**definitions, **{old: ref_to(new) for old, new in aliases.items()}}
    modeller = _Modeller(everything, docs, revision, homes or {})
    built = modeller.run()
    known = {d.name for d in built}
    for m in methods:
        for name in (m.definition, m.result, *m.alternatives):
            if name and name not in known:
                raise NoRule(m.definition, f"needs {name}, which became no type")
    made = Model(
        title=title,
        package=package,
        definitions=built,
        methods=methods,
        method_docs={m.name: docs.method(m.name) for m in methods},
        links={m.name: modeller.link(m.definition) for m in methods},
        batches=batches,
        header=header,
        positional=positional,
        revisions=revisions,
    )
    for m in methods:
        params = params_of(made, m)
        there = {f.name for f in made.definition(params).fields} if params else set[str]()
        for name in positional.get(m.name, ()):
            if name not in there:
                raise NoRule(m.name, f"overrides.toml gives it the positional parameter {name}, which it does not have")
    return made


def params_of(model: Model, method: Method) -> str | None:
    """The definition of a method's params; None where it takes none."""
    for f in model.definition(method.definition).fields:
        if f.wire == "params":
            return ref_name(f.node)
    return None


def identifier(text: str) -> str:
    """Any text as a Python identifier."""
    return re.sub(r"\W+", "_", text).strip("_").lower()
