"""Forms: the schema of what a user is asked to fill in, and the answer read back as the type it was made from."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Generic, Literal, TypeVar

import msgspec
from msgspec import Struct

from mcpstruct.base.check import is_array, is_object
from mcpstruct.base.codec import to_json
from mcpstruct.base.errors import ProtocolViolation
from mcpstruct.base.faults import problems_of_error
from mcpstruct.base.hooks import convert
from mcpstruct.base.shapes import READ_ERRORS, shape_of
from mcpstruct.wire.json_schema import available, compiled
from mcpstruct_bindings.merged.types import ElicitRequestFormParamsRequestedSchema, ElicitResult

from .errors import UnfitAnswer
from .schemas import output_schema

T = TypeVar("T")


class Elicitation(Struct, Generic[T], frozen=True):
    """What the user did with a form: `data` holds what they filled in where `action` is `accept`, else None."""

    action: Literal["accept", "decline", "cancel"]
    data: T | None = None

    @property
    def accepted(self) -> bool:
        """Whether the user filled in the form."""
        return self.action == "accept"


class Form:
    """A form made from a flat type, or from a JSON Schema of one.

    Raises `TypeError` for what no form can ask: only strings, numbers, booleans and choices of strings can be.
    """

    def __init__(self, schema: Any) -> None:
        self._type: Any = None if is_object(schema) else schema
        self.requested = _requested_of(self._type) if self._type is not None else _requested(schema)

    def read(self, result: ElicitResult) -> Elicitation[Any]:
        """The user's answer. Raises `UnfitAnswer` where it does not fit the form."""
        if result.action != "accept":
            return Elicitation(result.action)
        content = result.content or {}
        if self._type is None:
            problem = compiled(to_json(self.requested)).problem(content) if available() else None
            if problem is not None:
                raise UnfitAnswer(problem)
            return Elicitation("accept", content)
        try:
            return Elicitation("accept", shape_of(self._type).read(content))
        except READ_ERRORS as error:
            raise UnfitAnswer(problems_of_error(error, content)[0]) from error


@lru_cache(maxsize=256)
def _requested_of(tp: Any) -> ElicitRequestFormParamsRequestedSchema:
    shape = shape_of(tp)
    if not shape.is_object():
        raise TypeError(f"a form needs an object type, not {tp!r}")
    whole = output_schema(shape, mode="validation")
    definitions: dict[str, Any] = whole.get("$defs", {})
    properties = {name: _flat(schema, definitions) for name, schema in whole.get("properties", {}).items()}
    return _requested({"type": "object", "properties": properties, "required": whole.get("required", [])})


def _requested(schema: dict[str, Any]) -> ElicitRequestFormParamsRequestedSchema:
    try:
        return convert({**schema, "type": "object"}, ElicitRequestFormParamsRequestedSchema)  # type: ignore[no-any-return]
    except (msgspec.ValidationError, ProtocolViolation) as error:
        raise TypeError(f"no form can ask this: {error}") from error


def _flat(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """A property without references, and without the null of what may be left out."""
    schema = dict(schema)
    if "$ref" in schema:
        named = definitions[schema.pop("$ref").rpartition("/")[2]]
        return _flat({**named, **schema}, definitions)
    arms = schema.get("anyOf")
    if is_array(arms):
        some = [arm for arm in arms if arm.get("type") != "null"]
        if len(some) == 1:
            del schema["anyOf"]
            return _flat({**some[0], **schema}, definitions)
    if schema.get("default", ...) is None:
        del schema["default"]
    if "enum" in schema:
        schema["enum"] = [value for value in schema["enum"] if value is not None]
        schema.setdefault("type", "string")
    if is_object(schema.get("items")):
        schema["items"] = _flat(schema["items"], definitions)
    return schema
