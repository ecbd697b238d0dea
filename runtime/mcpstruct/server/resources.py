"""The resources of a server: those with a URI of their own, and templates that stand for many."""

from __future__ import annotations

from typing import Any

from mcpstruct.base.errors import RemoteError
from mcpstruct_bindings.merged.types import InputRequiredResult, ReadResourceResult, ResourceTemplate
from mcpstruct_bindings.merged.types import Resource as ResourceDefinition

from .arguments import BadArguments
from .calling import Caller
from .catalogue import Catalogue
from .context import Context
from .functions import ResourceFunction
from .templates import UriTemplate


class Resource:
    """A function that gives a resource's contents."""

    __slots__ = ("_caller", "_function", "definition")

    def __init__(self, function: ResourceFunction, definition: ResourceDefinition, caller: Caller) -> None:
        self._function = function
        self._caller = caller
        self.definition = definition

    async def read(self, uri: str, context: Context[Any]) -> ReadResourceResult | InputRequiredResult:
        """The contents."""
        value = await self._caller.call({}, context)
        return self._function.convert(value, uri, self.definition.mime_type)


class Template:
    """A function that gives the contents of every resource whose URI fits a template."""

    __slots__ = ("_caller", "_function", "definition", "uri")

    def __init__(
        self, function: ResourceFunction, uri: UriTemplate, definition: ResourceTemplate, caller: Caller
    ) -> None:
        self._function = function
        self._caller = caller
        self.uri = uri
        self.definition = definition

    def match(self, uri: str) -> dict[str, Any] | None:
        """The function's arguments, if the URI fits the template and they fit the function."""
        found = self.uri.match(uri)
        if found is None:
            return None
        try:
            return self._function.decode(found)
        except BadArguments:
            return None

    async def read(
        self, uri: str, arguments: dict[str, Any], context: Context[Any]
    ) -> ReadResourceResult | InputRequiredResult:
        """The contents."""
        value = await self._caller.call(arguments, context)
        return self._function.convert(value, uri, self.definition.mime_type)


async def read(
    uri: str, resources: Catalogue[Resource], templates: Catalogue[Template], context: Context[Any], not_found: int
) -> ReadResourceResult | InputRequiredResult:
    """The contents at a URI. Raises `RemoteError` with the code `not_found` where there is nothing."""
    resource = resources.get(uri)
    if resource is not None:
        return await resource.read(uri, context)
    for template in templates:
        arguments = template.match(uri)
        if arguments is not None:
            return await template.read(uri, arguments, context)
    raise RemoteError(not_found, "Resource not found", {"uri": uri})
