"""Valid instances of the definitions of a schema, and mutants of them; both as hypothesis strategies.

Keys that the schema does not name are put only where the bindings keep them: free-form objects, `_meta`, JSON
Schema documents and results of any shape. Everywhere else they are ignored, which a mutant shows.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

Node = dict[str, Any]
Path = tuple[str | int, ...]

ANYTHING = "JSONValue"
DOCUMENTS = frozenset({"inputSchema", "outputSchema"})
KEEPS_EXTRAS = DOCUMENTS | {"_meta"}
BOOKKEEPING = frozenset({"_meta", "resultType"})
MOST_ITEMS = 2

texts = st.sampled_from(["", "a", "ü€😀", '"\\/\n\x00\x7f', "null", "0", "\u2028"]) | st.text(max_size=5)
integers = st.sampled_from([0, 1, -1, 2**31, 2**53 + 1, -(2**63), 2**64]) | st.integers(-1000, 1000)
floats = st.sampled_from([0.5, -1.0, 3.0, 1e300, 5e-324]) | st.floats(allow_nan=False, allow_infinity=False)
result_types = st.sampled_from(["complete", "of a later revision"])  # any other means a result of another type
scalars = st.none() | st.booleans() | texts | integers | floats
flat = st.lists(scalars, max_size=1) | st.dictionaries(texts, scalars, max_size=1)
values = scalars | flat | st.lists(flat, max_size=1) | st.dictionaries(texts, flat, max_size=2)
extras = st.dictionaries(texts.map("x-{}".format), values, max_size=MOST_ITEMS)


class Instances:
    """Strategies for the definitions of one schema."""

    def __init__(self, definitions: dict[str, Node]) -> None:
        self.definitions = definitions
        self.named: dict[str, SearchStrategy[Any]] = {}

    def definition(self, name: str) -> SearchStrategy[Any]:
        """Valid instances of one definition."""
        if name not in self.named:
            self.named[name] = st.deferred(lambda: self.of(self.definitions[name]))
        return values if name == ANYTHING else self.named[name]

    def of(self, node: Any, key: str = "") -> SearchStrategy[Any]:
        """Valid instances of a schema node, which stands under `key`."""
        if node in ({}, True):
            return values
        if "$ref" in node:
            target = self.resolve(node)
            return self.object(target, key) if key in KEEPS_EXTRAS else self.definition(node["$ref"].split("/")[-1])
        if "const" in node:
            return st.just(node["const"])
        if "enum" in node:
            return st.sampled_from(node["enum"])
        if "anyOf" in node:
            return st.one_of([self.of(arm, key) for arm in node["anyOf"]])
        if "allOf" in node:
            return self.object(self.intersection(node), key)
        kinds = node["type"] if isinstance(node["type"], list) else [node["type"]]
        return st.one_of([self.kind(kind, node, key) for kind in kinds])

    def kind(self, kind: str, node: Node, key: str) -> SearchStrategy[Any]:
        """Valid instances of a node that are of one JSON type."""
        match kind:
            case "string":
                return result_types if key == "resultType" else texts
            case "boolean":
                return st.booleans()
            case "null":
                return st.none()
            case "integer":
                return numbers(integers, node)
            case "number":
                return numbers(integers, node) | numbers(floats, node)
            case "array":
                return st.lists(self.of(node["items"], key), min_size=node.get("minItems", 0), max_size=MOST_ITEMS)
            case "object":
                return self.object(node, key)
        raise AssertionError(f"no strategy for {node}")

    def object(self, node: Node, key: str) -> SearchStrategy[Any]:
        properties = node.get("properties", {})
        if not properties:
            extra = node.get("additionalProperties", {})
            return st.dictionaries(texts, values if extra is True else self.of(extra), max_size=MOST_ITEMS)
        required = set(node.get("required", ()))
        parts = {p: self.of(n, p) for p, n in properties.items()}
        known = st.fixed_dictionaries(
            {p: part for p, part in parts.items() if p in required},
            optional={p: part for p, part in parts.items() if p not in required},
        )
        # Nearly every object says that it is open; a definition that names only bookkeeping means it: `Result`.
        shapeless = not key and node.get("additionalProperties") == {} and properties.keys() <= BOOKKEEPING
        free = shapeless or key in KEEPS_EXTRAS
        return st.builds(lambda own, more: {**more, **own}, known, extras) if free else known

    def resolve(self, node: Node) -> Node:
        while "$ref" in node:
            node = self.definitions[node["$ref"].split("/")[-1]]
        return self.intersection(node) if "allOf" in node else node

    def intersection(self, node: Node) -> Node:
        """The parts of an `allOf`, each an object, as one object."""
        parts = [self.resolve(part) for part in node["allOf"]]
        properties = {p: n for part in parts for p, n in part["properties"].items()}
        return {"properties": properties, "required": [p for part in parts for p in part.get("required", ())]}


def numbers(some: SearchStrategy[Any], node: Node) -> SearchStrategy[Any]:
    """The numbers of a strategy that keep the node's bounds; those and numbers between them."""
    low, high = node.get("minimum"), node.get("maximum")
    if low is None and high is None:
        return some
    within = [b for b in (low, high) if b is not None]
    if some is floats:
        within = [float(b) for b in within] + ([(low + high) / 3] if len(within) > 1 else [])
    held = some.filter(lambda n: (low is None or n >= low) and (high is None or n <= high))
    return st.sampled_from(within) if len(within) > 1 else st.sampled_from(within) | held


# -- mutants ------------------------------------------------------------------------------------------------------


class Vocabulary(NamedTuple):
    """What a schema says somewhere: the values that it fixes, and the keys that each of its objects may have."""

    constants: tuple[Any, ...]
    shapes: tuple[frozenset[str], ...]

    @classmethod
    def of(cls, schema: Any) -> Vocabulary:
        """The vocabulary of a whole schema."""
        nodes = [node for _, node in walk(schema) if isinstance(node, dict)]
        constants = [v for n in nodes for v in (n.get("const"), *as_list(n.get("enum"))) if isinstance(v, (str, int))]
        shapes = [frozenset(n["properties"]) for n in nodes if isinstance(n.get("properties"), dict)]
        return cls(tuple(dict.fromkeys(constants)), tuple(dict.fromkeys(shapes)))

    def kindred(self, keys: set[str]) -> list[str]:
        """Keys of objects that have a key in common with these; they may tell one member of a union from another."""
        found = {key for shape in self.shapes if shape & keys for key in shape - keys}
        return sorted(found or set().union(*self.shapes))


class Mutant(NamedTuple):
    """An instance with one thing changed: what kind of change, at which path, and the whole before and after it."""

    kind: str
    path: Path
    instance: Any
    value: Any

    @property
    def without(self) -> Any:
        """The instance without the value that was changed."""
        return replaced(self.instance, self.path, REMOVED)


def mutants(instance: Any, vocabulary: Vocabulary, seed: int) -> Iterator[Mutant]:
    """One mutant of each kind for which the instance has a place; `seed` picks the places."""
    chance = Random(seed)  # noqa: S311
    sites = list(walk(instance))
    for kind, (fits, change) in KINDS.items():
        fitting = [(path, value) for path, value in sites if fits(path, value, vocabulary)]
        if fitting:
            path, value = chance.choice(fitting)
            yield Mutant(kind, path, instance, replaced(instance, path, change(value, chance, vocabulary)))


def walk(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value within a value, itself included, and where it stands."""
    yield path, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from walk(item, (*path, key))


REMOVED = object()


def replaced(instance: Any, path: Path, value: Any) -> Any:
    """A copy of the instance with another value at the path, or nothing there."""
    if not path:
        return value
    whole = copy.deepcopy(instance)
    parent = whole
    for key in path[:-1]:
        parent = parent[key]
    if value is REMOVED:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return whole


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def other_type(value: Any, chance: Random, _: Vocabulary) -> Any:
    return chance.choice([v for v in ("x", 7, 0.25, True, [], {}, ["x"], {"x": 1}) if type(v) is not type(value)])


def other_constant(value: Any, chance: Random, vocabulary: Vocabulary) -> Any:
    return chance.choice([c for c in (*vocabulary.constants, "unheard of", 3) if c != value])


def borrow_key(value: Any, chance: Random, vocabulary: Vocabulary) -> Any:
    return {**value, chance.choice(vocabulary.kindred(set(value))): chance.choice(["x", 7, 0.25, True, [], {}, ["x"]])}


# Kind of mutant → where it fits (path, value, vocabulary), and what it puts there (value, chance, vocabulary).
KINDS: dict[str, tuple[Any, Any]] = {
    "key removed": (lambda p, v, w: p and isinstance(p[-1], str), lambda v, r, w: REMOVED),
    "wrong type": (lambda p, v, w: True, other_type),
    "null": (lambda p, v, w: p and v is not None, lambda v, r, w: None),
    "other constant": (lambda p, v, w: isinstance(v, str) and v in w.constants, other_constant),
    "out of bounds": (lambda p, v, w: is_number(v), lambda v, r, w: r.choice([-1, -0.5, 1.5, 2, 10**6, -(10**6)])),
    "whole float": (lambda p, v, w: type(v) is int and abs(v) < 2**53, lambda v, r, w: float(v)),
    "unknown key": (lambda p, v, w: isinstance(v, dict), lambda v, r, w: {**v, "unheardOf": r.choice([1, None, {}])}),
    "borrowed key": (lambda p, v, w: isinstance(v, dict), borrow_key),
    "too long": (lambda p, v, w: isinstance(v, list) and v, lambda v, r, w: v * 101),
}
