"""Method tables: who may send what, and what comes back, read off a schema's root unions."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from .overrides import Overrides
from .schemas import Definitions, Node, NoRule, ref_name

Kind = Literal["request", "notification"]
Direction = Literal["client", "server", "both", "input"]
ROOTS: tuple[tuple[str, Kind, Direction], ...] = (
    ("ClientRequest", "request", "client"),
    ("ServerRequest", "request", "server"),
    ("InputRequest", "request", "input"),
    ("ClientNotification", "notification", "client"),
    ("ServerNotification", "notification", "server"),
)


@dataclass(frozen=True, slots=True)
class Method:
    """One row of the table; types are definition names."""

    name: str
    definition: str
    kind: Kind
    direction: Direction
    result: str | None = None
    alternatives: tuple[str, ...] = ()
    since: str = ""
    removed: str | None = None

    @property
    def stem(self) -> str:
        """The definition's name without its kind: `CallTool`."""
        return re.sub("(Request|Notification)$", "", self.definition)

    @property
    def snake(self) -> str:
        """The stem as a Python name: `call_tool`."""
        return snake(self.stem)

    @property
    def constant(self) -> str:
        """Name of its `MethodInfo`; a notification's ends on NOTIFICATION where a request has the plain name."""
        return self.snake.upper()


def snake(name: str) -> str:
    """`mimeType` → `mime_type`, `_meta` → `meta`, `$schema` → `schema`, `vendor.example/clientInfo` → `client_info`."""
    tail = re.sub(r"^[_$]+", "", name.rsplit("/", 1)[-1])
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", tail)
    return re.sub(r"[^0-9A-Za-z]+", "_", words).lower()


def pascal(name: str) -> str:
    """`requestedSchema` → `RequestedSchema`."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^0-9A-Za-z]+", name) if part)


def method_of(node: Node) -> str | None:
    """The method that a definition is the message of, if it is one."""
    method: str | None = node.get("properties", {}).get("method", {}).get("const")
    return method


def inherit_meta(definitions: Definitions) -> Definitions:
    """Give inline params the `_meta` of the base message, which they extend.

    The JSON schemas lost the inheritance wherever params are spelled inline; without it a request would have no room
    for its progress token.
    """
    inherited = {**definitions}
    for base, named in (("Request", "RequestParams"), ("Notification", "NotificationParams")):
        whole = definitions.get(base, {}).get("properties", {}).get("params", {})
        donors = (node.get("properties", {}).get("_meta") for node in (whole, definitions.get(named, {})))
        meta = next((donor for donor in donors if donor is not None), None)
        for name, node in definitions.items():
            params = node.get("properties", {}).get("params", {})
            inline = params.get("properties", {"_meta": ...})
            if meta is not None and method_of(node) and name.endswith(base) and "_meta" not in inline:
                extended = {**params, "properties": {**params["properties"], "_meta": meta}}
                inherited[name] = {**node, "properties": {**node["properties"], "params": extended}}
    return inherited


def method_table(definitions: Definitions, overrides: Overrides, revision: str) -> tuple[Method, ...]:
    """One row a method, in the schema's order; every method-bearing definition lands in exactly one row.

    A schema without root unions is an extension's: its requests then come from the client, its notifications from
    the server.
    """
    rows: dict[str, Method] = {}
    for root, kind, direction in ROOTS:
        for name in _members(definitions, root):
            row = rows.get(name)
            merged: Direction = direction if row is None or row.direction == direction else "both"
            if row is not None and "input" in (direction, row.direction):
                merged = row.direction
            rows[name] = Method(method_of(definitions[name]) or "", name, kind, merged)
    bearing = [n for n, d in definitions.items() if method_of(d) and n not in {root for root, _, _ in ROOTS}]
    if not {"ClientRequest", "ServerRequest"} & definitions.keys():
        for name in (n for n in bearing if n not in rows):
            is_request = "id" in definitions[name]["properties"]
            rows[name] = Method(
                method_of(definitions[name]) or "",
                name,
                "request" if is_request else "notification",
                "client" if is_request else "server",
            )
    for name in bearing:
        if name not in rows:
            raise NoRule(name, "a message of no root union: nobody could send it")
    bearers: dict[str, str] = {}
    for row in rows.values():
        if (first := bearers.setdefault(row.name, row.definition)) != row.definition:
            raise NoRule(row.definition, f"two definitions bear the same method; the other is {first}")
    table = tuple(_with_result(row, definitions) for row in rows.values())
    return _with_alternatives(table, overrides, revision)


def _members(definitions: Definitions, root: str) -> list[str]:
    node = definitions.get(root)
    if node is None:
        return []
    if "anyOf" in node:
        return [name for arm in node["anyOf"] if (name := ref_name(arm))]
    if name := ref_name(node):
        return [name]
    # A union of one member comes inlined: find the definition that it is a copy of.
    return [n for n, d in definitions.items() if n != root and method_of(d) == method_of(node)]


def _with_result(row: Method, definitions: Definitions) -> Method:
    if row.kind == "notification":
        return row
    stem = row.stem
    if response := definitions.get(f"{stem}ResultResponse"):
        result = response.get("properties", {}).get("result", {})
        names = [name for arm in result.get("anyOf", [result]) if (name := ref_name(arm))]
        if not names:
            raise NoRule(f"{stem}ResultResponse", "its result is no reference to a definition")
        primary = f"{stem}Result" if f"{stem}Result" in names else names[0]
        return replace(row, result=primary, alternatives=tuple(n for n in names if n != primary))
    for name in (f"{stem}Result", "EmptyResult"):
        if name in definitions:
            return replace(row, result=name)
    raise NoRule(row.definition, f"a request without a result: neither {stem}Result nor EmptyResult is defined")


def _with_alternatives(table: tuple[Method, ...], overrides: Overrides, revision: str) -> tuple[Method, ...]:
    for row in overrides.of("alternative", revision):
        methods, result = row.values["methods"], row.values["result"]
        for name in methods:
            if not any(m.name == name and m.kind == "request" and result not in m.alternatives for m in table):
                raise NoRule(name, f"{row}: no such request, or it has the alternative already")
        table = tuple(replace(m, alternatives=(*m.alternatives, result)) if m.name in methods else m for m in table)
        overrides.touch(row)
    return table
