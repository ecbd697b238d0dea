"""Functions registered as tools, resources, prompts and completions, and what clients are told when that changes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar, cast

from mcpstruct.base.methods import MethodInfo
from mcpstruct.session.freshness import CacheScope
from mcpstruct.session.principal import scope_names
from mcpstruct.session.subscriptions import Kind
from mcpstruct.wire.eras import Revision
from mcpstruct.wire.headers import Annotation
from mcpstruct_bindings.merged import methods
from mcpstruct_bindings.merged import types as t

from .base import Server
from .caching import Cached, Caching, CachingRules
from .calling import Caller
from .catalogue import Catalogue
from .completions import Completions
from .context import Context
from .functions import Function, PromptFunction, ResourceFunction, ToolFunction
from .prompts import Prompt
from .resources import Resource, Template, find
from .templates import UriTemplate
from .threads import WorkerPool
from .tools import Tool

F = TypeVar("F", bound=Callable[..., Any])
_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:|\{)\S*")


class Registry(Server):
    """A server's functions, by what they are for. `page_size`, `timeout`, `max_workers`: see `MCPServer`."""

    def __init__(
        self,
        info: t.Implementation,
        *,
        page_size: int | None,
        timeout: float | None,
        max_workers: int,
        caching: CachingRules,
        **options: Any,
    ) -> None:
        super().__init__(info, **options)
        self._caching = caching
        self.discover_freshness = caching.of("discover")
        self._timeout = timeout
        self._pool = WorkerPool(max_workers)

        def catalogue(what: str, kind: Kind, cached: Cached) -> Catalogue[Any]:
            return Catalogue(what, lambda: self._changed(kind), page_size=page_size, fresh=caching.of(cached))

        self.tools: Catalogue[Tool] = catalogue("tool", "tools", "tools")
        self.prompts: Catalogue[Prompt] = catalogue("prompt", "prompts", "prompts")
        self.resources: Catalogue[Resource] = catalogue("resource", "resources", "resources")
        self.templates: Catalogue[Template] = catalogue("resource template", "resources", "templates")
        self.completions = Completions(self._pool)
        self.mirrors = type(self).mirrored is not Registry.mirrored
        self.guarded = type(self).scopes is not Registry.scopes  # a child's own may say anything

    def tool(
        self,
        name: str | None = None,
        *,
        title: str | None = None,
        description: str | None = None,
        annotations: t.ToolAnnotations | None = None,
        icons: Sequence[t.Icon] | None = None,
        meta: Mapping[str, Any] | None = None,
        input_schema: Mapping[str, Any] | None = None,
        output_schema: Mapping[str, Any] | None = None,
        structured_output: bool | None = None,
        timeout: float | None = None,
        inline: bool = False,
        scopes: Sequence[str] = (),
    ) -> Callable[[F], F]:
        """Make a tool of a function: `@server.tool()`.

        Its parameters are the arguments, its docstring the description, its return annotation the output schema. A sync
        function runs in a thread; with `inline`, on the event loop, which it must not block. `input_schema` is shown to
        clients in place of the one made from the parameters, which still say what is read; `output_schema` likewise in
        place of the one made from the return annotation. Results are held to it where the `schema` extra is installed.
        `scopes` are what a token has to be good for, over HTTP, for the tool to be called.
        """
        namespace = _locals(name)

        def decorate(function: F) -> F:
            self.add_tool(
                function,
                name=name,
                title=title,
                description=description,
                annotations=annotations,
                icons=icons,
                meta=meta,
                input_schema=input_schema,
                output_schema=output_schema,
                structured_output=structured_output,
                timeout=timeout,
                inline=inline,
                scopes=scopes,
                namespace=namespace,
            )
            return function

        return decorate

    def add_tool(
        self,
        function: Callable[..., Any],
        *,
        name: str | None = None,
        title: str | None = None,
        description: str | None = None,
        annotations: t.ToolAnnotations | None = None,
        icons: Sequence[t.Icon] | None = None,
        meta: Mapping[str, Any] | None = None,
        input_schema: Mapping[str, Any] | None = None,
        output_schema: Mapping[str, Any] | None = None,
        structured_output: bool | None = None,
        timeout: float | None = None,
        inline: bool = False,
        scopes: Sequence[str] = (),
        namespace: Mapping[str, Any] | None = None,
    ) -> None:
        """See `tool`. Raises `TypeError` for a function that can be no tool, `ValueError` for a name that is taken."""
        made = ToolFunction(
            function,
            context_type=Context,
            name=name,
            description=description,
            structured_output=structured_output,
            namespace=namespace,
        )
        definition = t.Tool(
            name=made.name,
            title=title,
            description=made.description,
            input_schema=cast("Any", _dict(input_schema) or made.input_schema),
            output_schema=cast("Any", _dict(output_schema) or made.output_schema),
            annotations=annotations,
            icons=_list(icons),
            meta=_dict(meta),
        )
        timeout = self._timeout if timeout is None else timeout
        caller = self._caller(made, timeout=timeout, inline=inline)
        tool = Tool(made, definition, caller, self._guard(scopes))
        self.mirrors = self.mirrors or bool(tool.annotated)
        self.tools.add(made.name, tool)

    def resource(
        self,
        uri: str,
        *,
        name: str | None = None,
        title: str | None = None,
        description: str | None = None,
        mime_type: str | None = None,
        annotations: t.Annotations | None = None,
        icons: Sequence[t.Icon] | None = None,
        meta: Mapping[str, Any] | None = None,
        ttl: float | None = None,
        cache_scope: CacheScope | None = None,
        inline: bool = False,
        scopes: Sequence[str] = (),
    ) -> Callable[[F], F]:
        """Make a resource of a function, or, if its URI has variables in braces, a template: `@server.resource(uri)`.

        The function of a template has a parameter for each variable. `ttl` and `cache_scope` are as for the server, and
        go before those. `scopes` are what a token has to be good for, over HTTP, to read it or be told of its changes.
        """
        wanted = self._guard(scopes)
        namespace = _locals(uri)
        fresh = self._caching.of("read", Caching(ttl=ttl, scope=cache_scope))

        def decorate(function: F) -> F:
            made = ResourceFunction(
                function, context_type=Context, name=name, description=description, namespace=namespace
            )
            common: dict[str, Any] = {
                "name": made.name,
                "title": title,
                "description": made.description,
                "mime_type": mime_type,
                "annotations": annotations,
                "icons": _list(icons),
                "meta": _dict(meta),
            }
            caller = self._caller(made, inline=inline)
            template = _template(uri)
            _same_names(made, template)
            if template.names:
                definition = t.ResourceTemplate(uri_template=uri, **common)
                self.templates.add(uri, Template(made, template, definition, caller, fresh, wanted))
            else:
                self.resources.add(uri, Resource(made, t.Resource(uri=uri, **common), caller, fresh, wanted))
            return function

        return decorate

    def prompt(
        self,
        name: str | None = None,
        *,
        title: str | None = None,
        description: str | None = None,
        icons: Sequence[t.Icon] | None = None,
        meta: Mapping[str, Any] | None = None,
        inline: bool = False,
        scopes: Sequence[str] = (),
    ) -> Callable[[F], F]:
        """Make a prompt of a function: `@server.prompt()`. Its parameters are the arguments. `scopes`: see `tool`."""
        namespace = _locals(name)

        def decorate(function: F) -> F:
            made = PromptFunction(
                function, context_type=Context, name=name, description=description, namespace=namespace
            )
            definition = t.Prompt(
                name=made.name,
                title=title,
                description=made.description,
                arguments=made.prompt_arguments or None,
                icons=_list(icons),
                meta=_dict(meta),
            )
            caller = self._caller(made, inline=inline)
            self.prompts.add(made.name, Prompt(made, definition, caller, self._guard(scopes)))
            return function

        return decorate

    def completion(self, of: str, argument: str) -> Callable[[F], F]:
        """Complete an argument of a prompt, by its name, or of a resource template, by its text.

        The function gets what has been typed so far and the other arguments, and gives suggestions. It may take the
        context as well, as tools do.
        """
        namespace = _locals(of)

        def decorate(completer: F) -> F:
            self.completions.add(of, argument, completer, namespace=namespace)
            return completer

        return decorate

    def _guard(self, scopes: Sequence[str]) -> tuple[str, ...]:
        wanted = scope_names(scopes)
        self.guarded = self.guarded or bool(wanted)
        return wanted

    def _caller(self, function: Function, *, timeout: float | None = None, inline: bool = False) -> Caller:
        return Caller(function, self._pool, timeout=timeout, inline=inline)

    def mirrored(self, tool: str) -> tuple[Annotation, ...] | None:
        """Which arguments of a tool clients repeat in HTTP headers; None for a tool that there is not."""
        found = self.tools.get(tool)
        return None if found is None else found.annotated

    def scopes(self, method: MethodInfo[Any, Any], params: Any) -> Sequence[str]:
        """See `Server`: those of the tool, the prompt or the resources that a request is about."""
        if method is methods.CALL_TOOL:
            tool = self.tools.get(params.name)
            return () if tool is None else tool.scopes
        if method is methods.GET_PROMPT:
            return self._prompt_scopes(params.name)
        if method is methods.COMPLETE:
            return self._completion_scopes(params.ref)
        if method is methods.READ_RESOURCE or method is methods.SUBSCRIBE:
            return self._resource_scopes(params.uri)
        if method is methods.SUBSCRIPTIONS_LISTEN:
            uris = params.notifications.resource_subscriptions or ()
            return [scope for uri in uris for scope in self._resource_scopes(uri)]
        return ()

    def _prompt_scopes(self, name: str) -> tuple[str, ...]:
        prompt = self.prompts.get(name)
        return () if prompt is None else prompt.scopes

    def _resource_scopes(self, uri: str) -> tuple[str, ...]:
        found = find(uri, self.resources, self.templates)
        return () if found is None else found[0].scopes

    def _completion_scopes(self, ref: t.PromptReference | t.ResourceTemplateReference) -> tuple[str, ...]:
        if isinstance(ref, t.PromptReference):
            return self._prompt_scopes(ref.name)
        template = self.templates.get(ref.uri)
        return () if template is None else template.scopes

    def capabilities(self, row: Revision) -> t.ServerCapabilities:
        """See `Server`: lists that are empty as well, since there is no telling what is registered later."""
        return t.ServerCapabilities(
            tools=t.ServerCapabilitiesTools(list_changed=True),
            prompts=t.ServerCapabilitiesPrompts(list_changed=True),
            resources=t.ServerCapabilitiesResources(list_changed=True, subscribe=True),
            completions={} if len(self.completions) else None,
            logging={},
        )

    # -- telling of changes -------------------------------------------------------------------------------------------

    def _changed(self, kind: Kind) -> None:
        for connection in list(self.connections):
            with suppress(RuntimeError):  # its event loop has ended, and nobody closed it
                connection.core.run(connection.subscriptions.list_changed, kind)

    def resource_updated(self, uri: str) -> None:
        """Tell clients that subscribed to a resource that it has changed; from any thread."""
        for connection in list(self.connections):
            with suppress(RuntimeError):
                connection.core.run(connection.subscriptions.resource_updated, uri)


def _list(items: Sequence[Any] | None) -> list[Any] | None:
    return None if items is None else list(items)


def _dict(items: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if items is None else dict(items)


def _template(uri: str) -> UriTemplate:
    """A resource's URI, with variables or without. Raises `ValueError` for what is none."""
    if _URI.fullmatch(uri) is None:
        raise ValueError(f"{uri!r} is no URI: it begins with a scheme, as in data://x, and has no blanks")
    return UriTemplate(uri)


def _same_names(function: ResourceFunction, template: UriTemplate) -> None:
    parameters, variables = set(function.arguments.parameters), set(template.names)
    if parameters != variables:
        raise TypeError(
            f"{function.name} takes {sorted(parameters)}, and its URI has {sorted(variables)}: they must be the same"
        )


def _locals(given: object) -> Mapping[str, Any]:
    """The local names of whoever uses a decorator, for the annotations of functions within functions.

    `given` is the decorator's own first argument; `TypeError` if that is the function.
    """
    here = inspect.currentframe()
    decorator = here.f_back if here is not None else None
    if callable(given):
        name = decorator.f_code.co_name if decorator is not None else "tool"
        raise TypeError(f"decorators of a server have parentheses: @server.{name}(...)")
    frame = decorator.f_back if decorator is not None else None
    return dict(frame.f_locals) if frame is not None and frame.f_code.co_flags & inspect.CO_OPTIMIZED else {}
