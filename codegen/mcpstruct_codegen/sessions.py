"""Method tables, sessions, handlers and decoders: jinja2 over the model and the Struct module's own hints."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from .methods import Method
from .model import Definition, Field, Model, params_of

TEMPLATES = Path(__file__).parent / "templates"
# What a stub uses itself, so that no parameter may be called so.
RESERVED = {"self", "timeout", "on_progress", "methods", "dict", "fresh"}
# What send_request takes beside the params; every request method offers them.
REQUEST_OPTIONS = ("timeout: Timeout = UNSET", "on_progress: ProgressCallback | None = None")


@dataclass(frozen=True, slots=True)
class SessionMethod:
    """One method as the templates need it: every decision taken, only layout left."""

    name: str
    kind: str
    constant: str
    function: str
    signature: tuple[str, ...]
    call: str
    returns: str
    params_type: str
    doc: str
    link: str


def environment() -> jinja2.Environment:
    """Jinja2 that fails on anything undefined."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - Python source, not HTML
    )


def session_modules(model: Model, types_source: str) -> dict[str, str]:
    """The modules beside `types.py`, before formatting: file name → source."""
    emitter = _Emitter(model, types_source)
    client = [emitter.session(m) for m in model.methods if m.direction in ("client", "both")]
    server = [emitter.session(m) for m in model.methods if m.direction in ("server", "both")]
    handlers = [emitter.session(m) for m in model.methods if m.kind == "request" and m.direction in ("client", "both")]
    jinja = environment()

    def render(template: str, **values: Any) -> str:
        return jinja.get_template(template).render(model=model, **values)

    return {
        "__init__.py": render("init.py.jinja2"),
        "methods.py": render("methods.py.jinja2", methods=[emitter.row(m) for m in model.methods]),
        "client.py": render("client.py.jinja2", client=client, imports=emitter.imports(client)),
        "server.py": render(
            "server.py.jinja2", server=server, handlers=handlers, imports=emitter.imports(server, handlers)
        ),
        "decode.py": render(
            "decode.py.jinja2",
            client_messages=[m.definition for m in model.methods if m.direction in ("client", "both")],
            server_messages=[m.definition for m in model.methods if m.direction in ("server", "both")],
        ),
    }


class _Emitter:
    def __init__(self, model: Model, types_source: str) -> None:
        self.model = model
        self.hints = annotations_of(types_source)
        self.type_names = {d.name for d in model.definitions}

    def row(self, m: Method) -> dict[str, Any]:
        """One row of the method table."""
        params = params_of(self.model, m)
        return {
            "constant": self.constant(m),
            "name": m.name,
            "kind": m.kind,
            "direction": m.direction,
            "definition": m.definition,
            "params_type": f"t.{params}" if params else "None",
            "params_value": f"t.{params}" if params else "None",
            "result": m.result,
            "result_type": self.returns(m, "t."),
            "alternatives": m.alternatives,
            "since": m.since,
            "removed": m.removed,
            "doc": self.model.method_docs[m.name],
        }

    def constant(self, m: Method) -> str:
        """A notification's constant says so where a request would have the same."""
        taken = any(o.constant == m.constant and o is not m for o in self.model.methods)
        return f"{m.constant}_NOTIFICATION" if taken and m.kind == "notification" else m.constant

    def returns(self, m: Method, prefix: str) -> str:
        if m.kind == "notification":
            return "None"
        return " | ".join(f"{prefix}{name}" for name in (m.result, *m.alternatives))

    def session(self, m: Method) -> SessionMethod:
        params = params_of(self.model, m)
        definition = self.model.definition(params) if params else None
        parameters, build = self.parameters(m, definition)
        signature = ["self", *parameters]
        if m.kind == "request":
            signature += ([] if "*" in signature else ["*"]) + list(REQUEST_OPTIONS)
        return SessionMethod(
            name=m.name,
            kind=m.kind,
            constant=self.constant(m),
            function=m.snake if m.kind == "request" else f"notify_{m.snake}",
            signature=tuple(signature),
            call=f"methods.{self.constant(m)}, {build}",
            returns=self.returns(m, ""),
            params_type=params or "None",
            doc=self.model.method_docs[m.name],
            link=self.model.links[m.name],
        )

    def parameters(self, m: Method, params: Definition | None) -> tuple[list[str], str]:
        """The parameters of the stub, and the expression that makes the params of them."""
        if params is None:
            return [], "None"
        if params.kind in ("alias", "untagged", "bag"):
            return [f"params: {params.name}"], "fresh(params)"
        fields = sorted(params.fields, key=lambda f: (not f.required or f.wire == "_meta", f.wire == "_meta"))
        required = [f.name for f in fields if f.required and f.wire != "_meta"]
        positional = self.model.positional.get(m.name) or (tuple(required) if len(required) == 1 else ())
        by_name = {f.name: f for f in fields}
        head = [self.parameter(params, by_name[name]) for name in positional if name in by_name]
        tail = [self.parameter(params, f) for f in fields if f.name not in positional]
        values = ", ".join(f"{f.name}={self.value(params, f)}" for f in fields)
        return [*head, *(["*"] if tail else []), *tail], f"{params.name}({values})"

    def parameter(self, params: Definition, f: Field) -> str:
        if f.wire == "_meta":
            return "meta: Meta | None = None"
        hint = self.hints[params.name][f.name]
        if f.required:
            return f"{argument(f)}: {hint}"
        return f"{argument(f)}: {hint} = {'UNSET' if 'UnsetType' in hint else 'None'}"

    def value(self, params: Definition, f: Field) -> str:
        if f.wire != "_meta":
            return argument(f)
        hint = self.hints[params.name][f.name].removesuffix(" | None")
        kind = hint if any(d.name == hint and d.kind == "bag" for d in self.model.definitions) else "dict"
        return f"{kind}(meta or ())" if f.required else f"None if meta is None else {kind}(meta)"

    def imports(self, *groups: list[SessionMethod]) -> str:
        """Import every name that the module may use; the formatter removes what it does not."""
        text = " ".join(part for g in groups for m in g for part in (*m.signature, m.call, m.returns, m.params_type))
        words = set(ast_names(text))
        types = sorted(name for name in self.type_names if name in words)
        lines = [
            "from typing import Any, ClassVar, Literal",
            "from msgspec import UNSET, UnsetType",
            "from mcpstruct.base.errors import MethodNotFound",
            "from mcpstruct.base.handlers import BaseHandlers, ContextT, unhandled",
            "from mcpstruct.base.methods import MethodInfo",
            "from mcpstruct.base.session import BaseSession, Meta, ProgressCallback, Timeout, fresh",
            "from . import methods",
        ]
        return "\n".join([*lines, f"from .types import {', '.join(types)}" if types else ""])


def argument(f: Field) -> str:
    """The parameter that a field is given by; an underscore keeps it apart from what every stub has."""
    return f"{f.name}_" if f.name in RESERVED else f.name


def annotations_of(source: str) -> dict[str, dict[str, str]]:
    """The type hint of every field of every class, as the source spells it (bounds left out: they bind the wire)."""
    found: dict[str, dict[str, str]] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef):
            found[node.name] = {
                item.target.id: ast.unparse(Unannotated().visit(item.annotation))
                for item in node.body
                if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
            }
    return found


class Unannotated(ast.NodeTransformer):
    """`Annotated[T, …]` → `T`."""

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        """Replace one annotated type."""
        self.generic_visit(node)
        if isinstance(node.value, ast.Name) and node.value.id == "Annotated" and isinstance(node.slice, ast.Tuple):
            return node.slice.elts[0]
        return node


def ast_names(text: str) -> list[str]:
    """The identifiers in a piece of source."""
    word = ""
    names: list[str] = []
    for c in text + " ":
        if c.isidentifier() or (word and c.isdigit()):
            word += c
        elif word:
            names.append(word)
            word = ""
    return names
