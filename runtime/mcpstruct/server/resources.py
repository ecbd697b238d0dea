"""The resources of a server: those with a URI of their own, and templates that stand for many."""

from __future__ import annotations

from copy import copy
from typing import Any

from mcpstruct.session.freshness import Freshness
from mcpstruct_bindings.merged.types import InputRequiredResult, ReadResourceResult, ResourceTemplate
from mcpstruct_bindings.merged.types import Resource as ResourceDefinition

from .arguments import BadArguments
from .calling import Caller
from .catalogue import Catalogue
from .context import Context
from .errors import ResourceNotFound
from .functions import ResourceFunction
from .templates import UriTemplate


class Resource:
    """A function that gives a resource's contents."""

    __slots__ = ("_caller", "_fresh", "_function", "definition", "scopes")

    def __init__(
        self,
        function: ResourceFunction,
        definition: ResourceDefinition,
        caller: Caller,
        fresh: Freshness,
        scopes: tuple[str, ...] = (),
    ) -> None:
        self._function = function
        self._caller = caller
        self._fresh = fresh
        self.definition = definition
        self.scopes = scopes
        """What a token has to be good for."""

    async def read(
        self, uri: str, arguments: dict[str, Any], context: Context[Any]
    ) -> ReadResourceResult | InputRequiredResult:
        """The contents."""
        value = await self._caller.call(arguments, context)
        return _hinted(self._function.convert(value, uri, self.definition.mime_type), self._fresh, context)


class Template:
    """A function that gives the contents of every resource whose URI fits a template."""

    __slots__ = ("_caller", "_fresh", "_function", "definition", "scopes", "uri")

    def __init__(
        self,
        function: ResourceFunction,
        uri: UriTemplate,
        definition: ResourceTemplate,
        caller: Caller,
        fresh: Freshness,
        scopes: tuple[str, ...] = (),
    ) -> None:
        self._function = function
        self._caller = caller
        self._fresh = fresh
        self.uri = uri
        self.definition = definition
        self.scopes = scopes

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
        return _hinted(self._function.convert(value, uri, self.definition.mime_type), self._fresh, context)


def _hinted(
    result: ReadResourceResult | InputRequiredResult, fresh: Freshness, context: Context[Any]
) -> ReadResourceResult | InputRequiredResult:
    """A result that says how long it is fresh; the author's own object is left as it is."""
    return fresh.onto(copy(result), context.revision) if isinstance(result, ReadResourceResult) else result


def find(
    uri: str, resources: Catalogue[Resource], templates: Catalogue[Template]
) -> tuple[Resource | Template, dict[str, Any]] | None:
    """What gives the contents at a URI, and its arguments."""
    resource = resources.get(uri)
    if resource is not None:
        return resource, {}
    for template in templates:
        arguments = template.match(uri)
        if arguments is not None:
            return template, arguments
    return None


async def read(
    uri: str, resources: Catalogue[Resource], templates: Catalogue[Template], context: Context[Any]
) -> ReadResourceResult | InputRequiredResult:
    """The contents at a URI. Raises `ResourceNotFound`."""
    found = find(uri, resources, templates)
    if found is None:
        raise ResourceNotFound(uri=uri)
    giving, arguments = found
    try:
        return await giving.read(uri, arguments, context)
    except ResourceNotFound as error:
        if error.uri is None:
            error.uri = uri
        raise
