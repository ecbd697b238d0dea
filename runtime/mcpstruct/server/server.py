"""`MCPServer`: functions as tools, resources and prompts, for clients of every revision."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeAlias, TypeVar, cast

from mcpstruct.base.errors import MethodNotInRevision
from mcpstruct.base.limits import DEFAULT_DEADLINES, DEFAULT_LIMITS, Deadlines, Limits
from mcpstruct.base.methods import MethodInfo
from mcpstruct.session.request import ServerRequest
from mcpstruct.session.serving import Handler
from mcpstruct.session.subscriptions import Kind
from mcpstruct.wire.eras import Revision
from mcpstruct_bindings.merged import methods
from mcpstruct_bindings.merged import types as t

from .base import NotificationCallback, Server
from .calling import Caller
from .catalogue import Catalogue
from .completions import Completer, Completions
from .context import Context
from .errors import NoSuchItem
from .functions import Function, PromptFunction, ResourceFunction, ToolFunction
from .prompts import Prompt
from .resources import Resource, Template, read
from .state import StateSealer
from .templates import UriTemplate
from .threads import WorkerPool
from .tools import Tool
from .working import work

F = TypeVar("F", bound=Callable[..., Any])
Call: TypeAlias = Callable[[Any, Context[Any]], Awaitable[Any]]
Middleware: TypeAlias = Callable[[Call, Any, Context[Any]], Awaitable[Any]]
"""Gets the next call, the params and the context of each request, and gives the result."""


class MCPServer(Server):
    """A server made of functions.

    `lifespan` is entered before the first client is served and left after the last: an async context manager function
    that gets the server, and whose value is `Context.lifespan_state`. `middleware` goes around every request,
    the first outermost. `page_size` is how many items a list gives at once; all, if None. `timeout` is how many
    seconds a tool may take that says nothing itself. `max_workers` bounds the threads that sync functions run in.
    `state_keys` seal what travels with questions to modern clients: give the same to servers that share the work, the
    newest first. With `show_errors`, the text of unexpected errors reaches the model.
    """

    def __init__(
        self,
        name: str = "mcpstruct",
        version: str = "0",
        *,
        title: str | None = None,
        description: str | None = None,
        website_url: str | None = None,
        icons: Sequence[t.Icon] | None = None,
        instructions: str | None = None,
        revisions: Iterable[str] | str | None = None,
        lifespan: Callable[[Any], AbstractAsyncContextManager[Any]] | None = None,
        middleware: Sequence[Middleware] = (),
        page_size: int | None = None,
        timeout: float | None = None,
        max_workers: int = 32,
        state_keys: Sequence[bytes] | None = None,
        show_errors: bool = False,
        on_notification: NotificationCallback | None = None,
        limits: Limits = DEFAULT_LIMITS,
        deadlines: Deadlines = DEFAULT_DEADLINES,
    ) -> None:
        info = t.Implementation(
            name=name,
            version=version,
            title=title,
            description=description,
            website_url=website_url,
            icons=None if icons is None else list(icons),
        )
        super().__init__(
            info,
            instructions=instructions,
            revisions=revisions,
            lifespan=lifespan,
            on_notification=on_notification,
            limits=limits,
            deadlines=deadlines,
        )
        self.tools: Catalogue[Tool] = Catalogue("tool", lambda: self._changed("tools"), page_size=page_size)
        self.prompts: Catalogue[Prompt] = Catalogue("prompt", lambda: self._changed("prompts"), page_size=page_size)
        self.resources: Catalogue[Resource] = Catalogue(
            "resource", lambda: self._changed("resources"), page_size=page_size
        )
        self.templates: Catalogue[Template] = Catalogue(
            "resource template", lambda: self._changed("resources"), page_size=page_size
        )
        self.completions = Completions()
        self._middleware = tuple(middleware)
        self._timeout = timeout
        self._show_errors = show_errors
        self._sealer = StateSealer(state_keys)
        self._pool = WorkerPool(max_workers)
        answers: dict[MethodInfo[Any, Any], Call] = {
            methods.CALL_TOOL: self._call_tool,
            methods.GET_PROMPT: self._get_prompt,
            methods.READ_RESOURCE: self._read_resource,
            methods.COMPLETE: self._complete,
        }
        for method, answer in answers.items():
            self.handlers[method.name] = self._handler(answer)
        self.handlers |= {
            methods.LIST_TOOLS.name: self._list_tools,
            methods.LIST_PROMPTS.name: self._list_prompts,
            methods.LIST_RESOURCES.name: self._list_resources,
            methods.LIST_RESOURCE_TEMPLATES.name: self._list_templates,
        }

    # -- registering --------------------------------------------------------------------------------------------------

    def tool(
        self,
        name: str | None = None,
        *,
        title: str | None = None,
        description: str | None = None,
        annotations: t.ToolAnnotations | None = None,
        icons: Sequence[t.Icon] | None = None,
        meta: Mapping[str, Any] | None = None,
        structured_output: bool | None = None,
        timeout: float | None = None,
        inline: bool = False,
    ) -> Callable[[F], F]:
        """Make a tool of a function: `@server.tool()`.

        Its parameters are the arguments, its docstring the description, its return annotation the output schema. A sync
        function runs in a thread; with `inline`, on the event loop, which it must not block.
        """
        namespace = _locals()

        def decorate(function: F) -> F:
            self.add_tool(
                function,
                name=name,
                title=title,
                description=description,
                annotations=annotations,
                icons=icons,
                meta=meta,
                structured_output=structured_output,
                timeout=timeout,
                inline=inline,
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
        structured_output: bool | None = None,
        timeout: float | None = None,
        inline: bool = False,
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
            input_schema=cast("Any", made.input_schema),
            output_schema=cast("Any", made.output_schema),
            annotations=annotations,
            icons=_list(icons),
            meta=_dict(meta),
        )
        timeout = self._timeout if timeout is None else timeout
        caller = self._caller(made, timeout=timeout, inline=inline)
        self.tools.add(made.name, Tool(made, definition, caller, timeout=timeout))

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
        inline: bool = False,
    ) -> Callable[[F], F]:
        """Make a resource of a function, or, if its URI has variables in braces, a template: `@server.resource(uri)`.

        The function of a template has a parameter for each variable.
        """
        namespace = _locals()

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
            template = UriTemplate(uri)
            _same_names(made, template)
            if template.names:
                definition = t.ResourceTemplate(uri_template=uri, **common)
                self.templates.add(uri, Template(made, template, definition, caller))
            else:
                self.resources.add(uri, Resource(made, t.Resource(uri=uri, **common), caller))
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
    ) -> Callable[[F], F]:
        """Make a prompt of a function: `@server.prompt()`. Its parameters are the arguments."""
        namespace = _locals()

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
            self.prompts.add(made.name, Prompt(made, definition, self._caller(made, inline=inline)))
            return function

        return decorate

    def completion(self, of: str, argument: str) -> Callable[[Completer], Completer]:
        """Complete an argument of a prompt, by its name, or of a resource template, by its text.

        The function gets what has been typed so far and the other arguments, and gives suggestions.
        """

        def decorate(completer: Completer) -> Completer:
            self.completions.add(of, argument, completer)
            return completer

        return decorate

    def request(self, method: MethodInfo[Any, Any]) -> Callable[[Call], Call]:
        """Answer a method that is none of the protocol's: `@server.request(MethodInfo(...))`, an async function of the
        params and the context.
        """

        def decorate(answer: Call) -> Call:
            self.custom[method.name] = method
            self.handlers[method.name] = self._handler(answer)
            return answer

        return decorate

    def _caller(self, function: Function, *, timeout: float | None = None, inline: bool = False) -> Caller:
        return Caller(function, self._pool, timeout=timeout, inline=inline)

    # -- telling of changes -------------------------------------------------------------------------------------------

    def _changed(self, kind: Kind) -> None:
        for connection in list(self.connections):
            connection.core.run(connection.subscriptions.list_changed, kind)

    def resource_updated(self, uri: str) -> None:
        """Tell clients that subscribed to a resource that it has changed; from any thread."""
        for connection in list(self.connections):
            connection.core.run(connection.subscriptions.resource_updated, uri)

    # -- answering ----------------------------------------------------------------------------------------------------

    def capabilities(self, row: Revision) -> t.ServerCapabilities:
        """See `Server`."""
        resources = bool(len(self.resources) or len(self.templates))
        return t.ServerCapabilities(
            tools=t.ServerCapabilitiesTools(list_changed=True),
            prompts=t.ServerCapabilitiesPrompts(list_changed=True) if len(self.prompts) else None,
            resources=t.ServerCapabilitiesResources(list_changed=True, subscribe=True) if resources else None,
            completions={} if len(self.completions) else None,
            logging={},
        )

    def _handler(self, answer: Call) -> Handler:
        following = answer
        for layer in reversed(self._middleware):
            following = _layer(layer, following)

        async def handle(params: Any, request: ServerRequest) -> Any:
            return await work(following, params, request, self, self._sealer)

        return handle

    async def _call_tool(self, params: t.CallToolRequestParams, context: Context[Any]) -> Any:
        tool = self.tools.get(params.name)
        if tool is None:
            raise NoSuchItem("tool", params.name)
        return await tool.call(params, context, show_errors=self._show_errors)

    async def _get_prompt(self, params: t.GetPromptRequestParams, context: Context[Any]) -> Any:
        prompt = self.prompts.get(params.name)
        if prompt is None:
            raise NoSuchItem("prompt", params.name)
        return await prompt.get(params, context)

    async def _read_resource(self, params: t.ReadResourceRequestParams, context: Context[Any]) -> Any:
        return await self._read(params.uri, context)

    async def _read(self, uri: str, context: Context[Any]) -> t.ReadResourceResult | t.InputRequiredResult:
        not_found = context.revision.resource_not_found
        return await read(uri, self.resources, self.templates, context, not_found)

    async def read(self, uri: str, context: Context[Any]) -> t.ReadResourceResult:
        """See `Server`."""
        result = await self._read(uri, context)
        if isinstance(result, t.InputRequiredResult):
            raise MethodNotInRevision("an input-required result within a result", context.protocol_version)
        return result

    async def _complete(self, params: t.CompleteRequestParams, context: Context[Any]) -> t.CompleteResult:
        return await self.completions.complete(params)

    async def _list_tools(self, params: Any, request: ServerRequest) -> Any:
        def page(items: list[Tool], cursor: str | None) -> t.ListToolsResult:
            return t.ListToolsResult(tools=[tool.definition for tool in items], next_cursor=cursor)

        return self.tools.page(_cursor(params), request, page)

    async def _list_prompts(self, params: Any, request: ServerRequest) -> Any:
        def page(items: list[Prompt], cursor: str | None) -> t.ListPromptsResult:
            return t.ListPromptsResult(prompts=[prompt.definition for prompt in items], next_cursor=cursor)

        return self.prompts.page(_cursor(params), request, page)

    async def _list_resources(self, params: Any, request: ServerRequest) -> Any:
        def page(items: list[Resource], cursor: str | None) -> t.ListResourcesResult:
            return t.ListResourcesResult(resources=[resource.definition for resource in items], next_cursor=cursor)

        return self.resources.page(_cursor(params), request, page)

    async def _list_templates(self, params: Any, request: ServerRequest) -> Any:
        def page(items: list[Template], cursor: str | None) -> t.ListResourceTemplatesResult:
            found = [template.definition for template in items]
            return t.ListResourceTemplatesResult(resource_templates=found, next_cursor=cursor)

        return self.templates.page(_cursor(params), request, page)


def _cursor(params: Any) -> str | None:
    return None if params is None else params.cursor


def _layer(layer: Middleware, following: Call) -> Call:
    return lambda params, context: layer(following, params, context)


def _list(items: Sequence[Any] | None) -> list[Any] | None:
    return None if items is None else list(items)


def _dict(items: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if items is None else dict(items)


def _same_names(function: ResourceFunction, template: UriTemplate) -> None:
    parameters, variables = set(function.arguments.parameters), set(template.names)
    if parameters != variables:
        raise TypeError(
            f"{function.name} takes {sorted(parameters)}, and its URI has {sorted(variables)}: they must be the same"
        )


def _locals() -> Mapping[str, Any]:
    """The local names of whoever uses a decorator, for the annotations of functions within functions."""
    decorator = inspect.currentframe()
    frame = decorator.f_back.f_back if decorator is not None and decorator.f_back is not None else None
    return dict(frame.f_locals) if frame is not None and frame.f_code.co_flags & inspect.CO_OPTIMIZED else {}
