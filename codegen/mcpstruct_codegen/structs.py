"""Struct modules, written by datamodel-code-generator driven as a library with our templates.

It resolves references, orders definitions and spells type hints; the model, handed to the templates as extra data,
says everything else. The raw flags alone lose data: see ARCHITECTURE.md.
"""

from __future__ import annotations

import json
import warnings
from collections import defaultdict
from pathlib import Path
from typing import Any

from .model import Definition, Field, Model
from .schemas import Node, NoRule, is_array, is_node

TEMPLATES = Path(__file__).parent / "templates" / "structs"
ERROR = "mcpstruct.base.envelope.ErrorObject"
IMPORTS = [
    "typing.TYPE_CHECKING", "typing.Annotated", "typing.Any", "typing.ClassVar", "typing.Literal", "typing.TypeAlias",
    "msgspec.Meta", "msgspec.UNSET", "msgspec.UnsetType", "msgspec.field",
    "mcpstruct.base.bag.Bag", "mcpstruct.base.bag.Known",
    "mcpstruct.base.structs.LazyStruct",
    "mcpstruct.base.structs.WatchedStruct", "mcpstruct.base.structs.MessageBase", "mcpstruct.base.structs.StructBase",
    "mcpstruct.base.structs.lazy", "mcpstruct.base.untagged.Rule", "mcpstruct.base.untagged.untagged",
]  # fmt: skip


def types_module(model: Model) -> str:
    """The source of `types.py`, before formatting."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # datamodel-code-generator announces changes of its own defaults
        from datamodel_code_generator import generate
        from datamodel_code_generator.enums import DataModelType, InputFileType, NamingStrategy
        from datamodel_code_generator.format import PythonVersion
        from datamodel_code_generator.parser import LiteralType

        source = generate(
            json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": plain_schema(model)}),
            input_file_type=InputFileType.JsonSchema,
            input_filename="schema.json",
            output_model_type=DataModelType.MsgspecStruct,
            target_python_version=PythonVersion.PY_311,
            custom_template_dir=TEMPLATES,
            extra_template_data=template_data(model),
            aliases={f.wire: f.name for d in model.definitions for f in d.fields},
            additional_imports=IMPORTS,
            custom_file_header=header(model),
            enum_field_as_literal=LiteralType.All,
            naming_strategy=NamingStrategy.PrimaryFirst,
            use_standard_collections=True,
            use_union_operator=True,
            skip_root_model=True,
            disable_timestamp=True,
            use_double_quotes=True,
            formatters=[],
        )
    if not isinstance(source, str):
        raise TypeError("datamodel-code-generator returned no single module")
    names = ", ".join(f'"{name}"' for name in sorted(d.name for d in model.definitions))
    return f"{source}\n\n__all__ = [{names}]\n"


def plain_schema(model: Model) -> dict[str, Node]:
    """The definitions as datamodel-code-generator is to see them: no bounds, no nulls, no tags, no marks."""
    out: dict[str, Node] = {}
    for d in model.definitions:
        if d.kind in ("alias", "untagged"):
            out[d.name] = spelled(d.node)
        else:
            out[d.name] = {
                "type": "object",
                "properties": {f.wire: spelled(f.node) for f in d.fields},
                "required": [f.wire for f in d.fields if f.required],
            }
    return out


def spelled(node: Any) -> Any:
    """A node with our marks spelled as types and `number` as what keeps 3 apart from 3.0."""
    if is_array(node):
        return [spelled(x) for x in node]
    if not is_node(node):
        return node
    if "x-error" in node:
        return {"type": "object", "customTypePath": ERROR}
    if node == {"type": "number"}:
        return {"anyOf": [{"type": "integer"}, {"type": "number"}]}
    return {k: spelled(v) for k, v in node.items() if not k.startswith("x-")}


def header(model: Model) -> str:
    """The module's docstring."""
    lines = "\n".join(model.header)
    return f'"""Message types of {model.title}.\n\n{lines}\n"""\n'


def template_data(model: Model) -> defaultdict[str, dict[str, Any]]:
    """What our templates read beside what datamodel-code-generator hands them."""
    data: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for d in model.definitions:
        data[f"#/$defs/{d.name}"] = {
            "doc": docstring(d),
            "tag_doc": d.tag_doc,
            "kind": d.kind,
            "base": base(d),
            "tag_of": (*d.tag, d.tag_name) if d.tag else None,
            "rules": [rule(r) for r in d.rules],
            "lazy_fields": lazy_fields(d),
            "facts": {f.wire: facts(f) for f in d.fields},
        }
    return data


def base(d: Definition) -> str:
    """What the class is derived from, class keywords included."""
    watched = [f for f in d.fields if f.lazy and (f.lazy != "document" or not f.required)]
    if len(watched) > 1:
        raise NoRule(d.name, "no rule for two lazy fields that need a look each")
    if watched:
        parent = "WatchedStruct"
    elif any(f.lazy for f in d.fields):
        parent = "LazyStruct"
    else:
        parent = "MessageBase" if d.kind in ("request", "notification") else "StructBase"
    tag = f', tag_field="{d.tag[0]}", tag="{d.tag[1]}"' if d.tag else ""
    return f"{parent}, kw_only=True{tag}{', forbid_unknown_fields=True' if d.closed else ''}"


def lazy_fields(d: Definition) -> str:
    """The arguments of the `lazy` decorator."""
    documents = [f'"{f.name}"' for f in d.fields if f.lazy == "document"]
    bags = [f"{f.name}={f.lazy}" for f in d.fields if f.lazy not in ("", "document")]
    return ", ".join(documents + bags)


def facts(f: Field) -> dict[str, Any]:
    """One field, as the template needs it."""
    return {
        "name": f.name,
        "wire": f.wire,
        "doc": f.doc,
        "required": f.required,
        "bounds": f.bounds,
        "whole_bounds": f.whole_bounds,
        # What absence looks like: None, unless null is a value of its own there.
        "none": (f.nullable and " | None") or "",
        "absent": "UNSET" if f.any or f.nullable else "None",
        "alias": f.renamed,
    }


def rule(r: Node) -> str:
    """The source of one rule of a decision list."""
    parts = [json.dumps(r["member"])]
    parts += [f"{key}={json.dumps(r[key])}" for key in ("key", "inner") if key in r]
    if "values" in r:
        parts.append(f"values={tuple(r['values'])!r}")
    return f"Rule({', '.join(parts)})"


def docstring(d: Definition) -> str:
    """Our line and where the specification has its own."""
    indent = "" if d.kind in ("alias", "untagged") else "    "
    return f"{d.doc}\n\n{indent}{d.link}\n{indent}" if d.link else d.doc
