"""Values judged by JSON Schemas, with the `schema` extra (jsonschema-rs).

A schema may come from a peer that means harm. It refers to nothing but itself: no reference is ever fetched, from the
network or from a file. And what it may cost is bounded before it is compiled: a few hundred bytes of references to
references can stand for a schema of any size.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from functools import cache, lru_cache, reduce
from threading import Lock, Thread, stack_size
from typing import Any, TypeVar

from mcpstruct.base.check import child, is_array, is_object
from mcpstruct.base.codec import parse
from mcpstruct.base.errors import MissingExtra, Problem, ProtocolViolation, json_type
from mcpstruct.base.limits import DEFAULT_LIMITS, MIB, thread_depth

R = TypeVar("R")

MAX_BYTES = 256 * 1024
"""Largest schema, in bytes of JSON."""
MAX_SUBSCHEMAS = 20_000
"""Most subschemas, counted wherever they apply: one that is referred to twice counts twice."""
MAX_DEPTH = 100
"""Deepest nesting of subschemas, through references too."""
MAX_BACKTRACKING = 10_000
"""Most steps back in matching one pattern with one string."""
DIALECTS = (
    "json-schema.org/draft/2020-12/schema",
    "json-schema.org/draft/2019-09/schema",
    "json-schema.org/draft-07/schema",
    "json-schema.org/draft-06/schema",
    "json-schema.org/draft-04/schema",
)
"""What `$schema` may name, over http or https; without one, a schema is of 2020-12."""

_MOST_COMPILED = 128
_DEAREST_SEARCH = 20_000  # subschemas times values: about half a second where every one of them fails
_DEPTH_THAT_COUNTS = 32  # of values, where each level doubles the search
_FITS = "a value that fits the schema"

# The validator recurses, and a stack that it overruns takes the process with it. What it needs was measured; in bytes:
_FRAME = 500  # for each level of a value,
_FRAME_A_LEVEL = 200  # for each level of subschemas that is tried with it,
_FRAME_OF_A_SEARCH = 2_000  # and for the same where the fault is looked for
_STACK = 2 * MIB  # half of what `thread_depth` takes for ample


_starting = Lock()


def _with_room(work: Callable[..., R], *args: Any) -> R:
    """What a function gives; on a thread of its own where this one's stack is too small for it."""
    if thread_depth(DEFAULT_LIMITS) is None:
        return work(*args)
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.extend((work(*args), None))
        except BaseException as error:
            outcome.extend((None, error))

    with _starting:
        size = stack_size(4 * _STACK)  # of every thread that starts from now on
        try:
            thread = Thread(target=run, daemon=True)
            thread.start()
        finally:
            stack_size(size)
    thread.join()
    result, error = outcome
    if error is not None:
        raise error
    return result  # type: ignore[no-any-return]


class BadSchema(ValueError):
    """A schema can't be used: it is invalid, of an unknown dialect, refers to something outside, or costs too much.

    `problem` says where and why, with a pointer into the schema.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@cache
def available() -> bool:
    """Whether the `schema` extra is installed."""
    from importlib.util import find_spec

    return find_spec("jsonschema_rs") is not None


class Validator:
    """A compiled schema. `compiled` makes and keeps them."""

    __slots__ = ("_extent", "_schema")

    def __init__(self, schema: Any, extent: Extent) -> None:
        self._schema = schema
        self._extent = extent

    def problem(self, value: Any, pointer: str = "") -> Problem | None:
        """What is wrong with a decoded JSON value that stands at `pointer`; None if nothing is.

        Where to look for the fault would take long, it is said to be that of the whole value. Formats are not judged.
        """
        return _with_room(self._problem, value, pointer)

    def _problem(self, value: Any, pointer: str) -> Problem | None:
        levels = self._extent.levels
        if levels is not None and _deeper(value, levels):
            return Problem(pointer, f"at most {levels} levels of nesting", "more")
        try:
            if self._schema.is_valid(value):
                return None
        except ValueError:
            return Problem(pointer, "JSON that is not nested deeply", "something else")
        if self._extent.allows_search(value):
            try:
                self._schema.validate(value)
            except ValueError as error:
                if hasattr(error, "instance_path"):
                    return _problem(error, value, pointer)
        return Problem(pointer, _FITS, json_type(value))


@lru_cache(maxsize=_MOST_COMPILED)
def compiled(schema: bytes) -> Validator:
    """The validator for a schema, given as JSON. Raises `BadSchema`, `MissingExtra`."""
    if not available():
        raise MissingExtra("jsonschema-rs is not installed; validating needs mcpstruct[schema]")
    if len(schema) > MAX_BYTES:
        raise BadSchema(Problem("", f"at most {MAX_BYTES} bytes", f"{len(schema)} bytes"))
    return _with_room(_compile, schema)


def _compile(schema: bytes) -> Validator:
    import jsonschema_rs

    try:
        document = parse(schema)
    except ProtocolViolation as error:
        raise BadSchema(error.problem) from None
    _check_dialect(document)
    extent = Extent(document)
    patterns = jsonschema_rs.FancyRegexOptions(backtrack_limit=MAX_BACKTRACKING)
    try:
        made = jsonschema_rs.validator_for(
            document, offline=True, validate_formats=False, mask="the value", pattern_options=patterns
        )
    except ValueError as error:
        raise BadSchema(_fault(error)) from None
    return Validator(made, extent)


def _check_dialect(document: Any) -> None:
    dialect = document.get("$schema") if is_object(document) else None
    if isinstance(dialect, str) and re.sub(r"\Ahttps?://|#\Z", "", dialect) not in DIALECTS:
        raise BadSchema(Problem("/$schema", "a dialect from draft-04 to 2020-12", "another"))


def _fault(error: Any) -> Problem:
    """Why a schema was refused."""
    kind = getattr(error, "kind", None)
    if kind is None:
        return Problem("", "less nesting", "more")
    if kind.name == "$ref":
        return Problem("", "references to what is in the schema itself", "others")
    path = error.instance_path
    keyword = f"what JSON Schema allows as {path[-1]!r}" if path else "a JSON Schema"
    return Problem(reduce(child, path, ""), keyword, "something else")


def _problem(error: Any, value: Any, pointer: str) -> Problem:
    """The fault that an error tells of. No value is repeated, and of the schema only where to look in it."""
    pointer = reduce(child, error.instance_path, pointer)
    kind = error.kind
    if kind.name == "required":
        return Problem(child(pointer, kind.property), "a value", "nothing")
    if kind.name in ("additionalProperties", "unevaluatedProperties"):
        unexpected = child(pointer, kind.unexpected[0])
        return Problem(unexpected, "nothing", "a value", free=(unexpected.count("/") - 1,))
    got = json_type(reduce(operator.getitem, error.instance_path, value))
    if kind.name == "type":
        return Problem(pointer, " or ".join(kind.types), got)
    return Problem(pointer, f"what {reduce(child, error.schema_path, '')} of the schema allows", got)


# -- what a schema may cost -------------------------------------------------------------------------------------------

# fmt: off
_ONE = {
    "additionalItems", "additionalProperties", "contains", "else", "if", "items", "not", "propertyNames", "then",
    "unevaluatedItems", "unevaluatedProperties",
}
# fmt: on
_SEVERAL = {"allOf", "anyOf", "items", "oneOf", "prefixItems"}
_NAMED = {"dependencies", "dependentSchemas", "patternProperties", "properties"}
_REFERENCES = {"$dynamicRef", "$recursiveRef", "$ref"}
_CHOICES = {"anyOf", "oneOf"}
_EACH = _ONE - {"else", "if", "not", "then"} | {"patternProperties"}
"""Keywords whose subschemas apply to any number of values."""
_PERCENT = re.compile(rb"%([0-9a-fA-F]{2})")


class Extent:
    """How large a schema is with every reference followed. Raises `BadSchema` where that is too much.

    Those that lead back to where they are followed from are counted, and not followed again: the validator remembers
    what it has found out, and so to judge by such a schema takes no longer than by another. But to find the fault does.
    """

    def __init__(self, document: Any) -> None:
        self._resources: list[Any] = [document]
        self._anchors: dict[str, list[Any]] = {}
        self._within: set[int] = set()
        self._size = 0
        self._depth = 0
        self._returns = 0
        self._repeats = False
        for node in _objects(document):
            self._register(node, document)
        self._follow(document, in_choice=False)

    @property
    def levels(self) -> int | None:
        """How deep values may nest; None where the schema itself bounds how far is looked."""
        return _STACK // (_FRAME + _FRAME_A_LEVEL * self._depth) if self._returns else None

    def allows_search(self, value: Any) -> bool:
        """Whether the fault of a value can be found in little time and stack.

        At worst, each subschema is tried with each value, and a choice fails for all the reasons of all its members.
        """
        values, depth = _measure(value, _DEAREST_SEARCH)
        depth = depth if self._returns else 1
        ways: int = max(self._returns, 1) ** min(depth, _DEPTH_THAT_COUNTS)
        cost = self._size * (values if self._repeats else 1) * ways
        return cost <= _DEAREST_SEARCH and depth * self._depth * _FRAME_OF_A_SEARCH <= _STACK

    def _register(self, node: dict[str, Any], document: Any) -> None:
        for key in ("$anchor", "$dynamicAnchor"):
            if isinstance(name := node.get(key), str):
                self._anchors.setdefault(name, []).append(node)
        for key in ("$id", "id"):
            if isinstance(name := node.get(key), str):
                self._anchors.setdefault(name.partition("#")[2], []).append(node)
                if node is not document:
                    self._resources.append(node)

    def _follow(self, node: Any, *, in_choice: bool) -> None:
        if not is_object(node):
            return
        self._size += 1
        if self._size > MAX_SUBSCHEMAS:
            raise BadSchema(Problem("", f"at most {MAX_SUBSCHEMAS} subschemas, references followed", "more"))
        if len(self._within) >= MAX_DEPTH:
            raise BadSchema(Problem("", f"at most {MAX_DEPTH} levels of subschemas, references followed", "more"))
        if id(node) in self._within:
            self._returns += 1
            return
        self._within.add(id(node))
        self._depth = max(self._depth, len(self._within))
        for key, value in node.items():
            self._repeats |= in_choice and key in _EACH and not isinstance(value, bool)
            for inner in self._below(key, value):
                self._follow(inner, in_choice=in_choice or key in _CHOICES)
        self._within.remove(id(node))

    def _below(self, key: str, value: Any) -> Iterator[Any]:
        """The subschemas that a keyword applies."""
        if key in _REFERENCES and isinstance(value, str):
            yield from self._targets(value)
        elif is_array(value):
            yield from value if key in _SEVERAL else ()
        elif key in _NAMED and is_object(value):
            yield from value.values()
        elif key in _ONE:
            yield value

    def _targets(self, reference: str) -> Iterator[Any]:
        """What a reference leads to; of several resources in one document, whatever it may lead to in any of them."""
        fragment = reference.partition("#")[2]
        if fragment and not fragment.startswith("/"):
            yield from self._anchors.get(fragment, ())
            return
        for resource in self._resources:
            yield _at(resource, fragment)


def _objects(document: Any) -> Iterator[dict[str, Any]]:
    """Every object in a document."""
    left = [document]
    while left:
        node = left.pop()
        if is_object(node):
            yield node
            left += node.values()
        elif is_array(node):
            left += node


def _at(node: Any, pointer: str) -> Any:
    """What stands at a pointer, as it is written in a URI; None if nothing does."""
    decoded = _PERCENT.sub(lambda match: bytes([int(match[1], 16)]), pointer.encode()).decode(errors="replace")
    for step in decoded.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if is_object(node):
            node = node.get(key)
        elif is_array(node) and key.isdecimal() and len(key) < 6 and int(key) < len(node):
            node = node[int(key)]
        else:
            return None
    return node


def _deeper(value: Any, levels: int) -> bool:
    """Whether a value nests deeper."""
    level = [value]
    for _ in range(levels):
        level = _inner(level)
        if not level:
            return False
    return True


def _inner(level: list[Any]) -> list[Any]:
    """What is in any of some values."""
    return [i for node in level for i in (node.values() if is_object(node) else node if is_array(node) else ())]


def _measure(value: Any, most: int) -> tuple[int, int]:
    """How many values there are in a value, itself among them, and how deep they nest; counted up to `most`."""
    count, depth, level = 0, 0, [value]
    while level and count < most:
        count += len(level)
        depth += 1
        level = _inner(level)
    return count, depth
