"""`MCPServer`: functions as tools, resources and prompts, for clients of every revision."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeAlias, TypeVar

from mcpstruct.base.errors import MethodNotFound, MethodNotInRevision
from mcpstruct.base.limits import DEFAULT_DEADLINES, DEFAULT_LIMITS, Deadlines, Limits
from mcpstruct.base.methods import MethodInfo
from mcpstruct.session.freshness import CacheScope
from mcpstruct.session.request import ServerRequest
from mcpstruct.session.serving import Handler
from mcpstruct_bindings.merged import methods
from mcpstruct_bindings.merged import types as t

from .base import NotificationCallback, NotificationHandler
from .caching import Cached, Caching, CachingRules
from .catalogue import as_new
from .context import Context
from .errors import NoSuchItem
from .own_methods import notification_of_clients, own_request
from .prompts import Prompt
from .registry import Registry
from .resources import Resource, Template, read
from .state import StateSealer
from .tools import Tool
from .working import Call, working

C = TypeVar("C", bound=Call)
N = TypeVar("N", bound=NotificationHandler)
Middleware: TypeAlias = Callable[[Call, Any, Context[Any]], Awaitable[Any]]
"""Gets the next call, the params and the context of each request, and gives the result."""


class MCPServer(Registry):
    """A server made of functions.

    `lifespan` is entered before the first client is served and left after the last: an async context manager function
    that gets the server, and whose value is `Context.lifespan_state`. `middleware` goes around every request but those
    of the connection itself (`initialize`, `ping`, subscriptions), the first outermost. `page_size` is how many items a
    list gives at once; all, if None. `timeout` is how many seconds a tool may take that says nothing itself.
    `max_workers` bounds the threads that sync functions run in. `state_keys` seal what travels with questions to modern
    clients: give the same to servers that share the work, the newest first. With `show_errors`, the text of unexpected
    errors reaches the model.

    `ttl` is for how many seconds clients may take lists, and what resources hold, as fresh; `cache_scope` is "public"
    where everybody may be shown the same. `caching` says so of kinds of results: `{"tools": Caching(ttl=300)}`.
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
        ttl: float = 0,
        cache_scope: CacheScope = "private",
        caching: Mapping[Cached, Caching] | None = None,
        on_notification: NotificationCallback | None = None,
        limits: Limits = DEFAULT_LIMITS,
        deadlines: Deadlines = DEFAULT_DEADLINES,
    ) -> None:
        super().__init__(
            t.Implementation(
                name=name,
                version=version,
                title=title,
                description=description,
                website_url=website_url,
                icons=None if icons is None else list(icons),
            ),
            instructions=instructions,
            revisions=revisions,
            lifespan=lifespan,
            page_size=page_size,
            timeout=timeout,
            max_workers=max_workers,
            caching=CachingRules(ttl, cache_scope, caching),
            on_notification=on_notification,
            limits=limits,
            deadlines=deadlines,
        )
        self._middleware = tuple(middleware)
        self._show_errors = show_errors
        self._sealer = StateSealer(state_keys)
        for method, answer in self._answers().items():
            self.handlers[method.name] = self._handler(answer)
        lists = self._lists()
        self.handlers |= {key: self._seen(lists[key]) for key in lists} if self._middleware else lists

    def _answers(self) -> dict[MethodInfo[Any, Any], Call]:
        """What runs the author's functions."""
        return {
            methods.CALL_TOOL: self._call_tool,
            methods.GET_PROMPT: self._get_prompt,
            methods.READ_RESOURCE: self._read_resource,
            methods.COMPLETE: self._complete,
        }

    def _lists(self) -> dict[str, Handler]:
        """What needs none of them, and no context either."""
        return {
            methods.LIST_TOOLS.name: self._list_tools,
            methods.LIST_PROMPTS.name: self._list_prompts,
            methods.LIST_RESOURCES.name: self._list_resources,
            methods.LIST_RESOURCE_TEMPLATES.name: self._list_templates,
        }

    def request(self, method: str | MethodInfo[Any, Any], *, params: type[Any] | None = None) -> Callable[[C], C]:
        """Answer a method that is none of the protocol's: `@server.request("vendor/do", params=Do)`.

        An async function of the params and the context. `params` is what they are decoded as: a dict, unless it is a
        type derived from `mcpstruct.types.RequestParams`.
        """
        info = own_request(method, params)

        def decorate(answer: C) -> C:
            self._add(info)
            self.handlers[info.name] = self._handler(answer)
            return answer

        return decorate

    def notification(self, method: str | MethodInfo[Any, Any], *, params: type[Any] | None = None) -> Callable[[N], N]:
        """Be told of a notification of clients, the protocol's or another: `@server.notification("vendor/thing")`.

        A function of the params and the context, sync (on the event loop) or async; a client's are called one after the
        other. `params` is what those of another notification are decoded as: a dict, by default.
        """
        info = notification_of_clients(method, params)

        def decorate(handler: N) -> N:
            if info.name in self.notification_handlers:
                raise ValueError(f"there is a handler of {info.name} already")
            if info.name not in methods.METHODS:
                self._add(info)
            self.notification_handlers[info.name] = handler
            return handler

        return decorate

    def _add(self, method: MethodInfo[Any, Any]) -> None:
        if method.name in self.custom:
            raise ValueError(f"there is a handler of {method.name} already")
        self.custom[method.name] = method

    def _handler(self, answer: Call) -> Handler:
        following = answer
        for layer in reversed(self._middleware):
            following = _layer(layer, following)

        return working(following, self, self._sealer)

    def _seen(self, listing: Handler) -> Handler:
        """A list that middleware gets to see, and may change."""

        async def answer(params: Any, context: Context[Any]) -> Any:
            return as_new(await listing(params, context.request))

        return self._handler(answer)

    def _call_tool(self, params: t.CallToolRequestParams, context: Context[Any]) -> Awaitable[Any]:
        tool = self.tools.get(params.name)
        if tool is None:
            raise NoSuchItem("tool", params.name)
        return tool.call(params, context, show_errors=self._show_errors)

    async def _get_prompt(self, params: t.GetPromptRequestParams, context: Context[Any]) -> Any:
        prompt = self.prompts.get(params.name)
        if prompt is None:
            raise NoSuchItem("prompt", params.name)
        return await prompt.get(params, context)

    async def _read_resource(self, params: t.ReadResourceRequestParams, context: Context[Any]) -> Any:
        return await self._read(params.uri, context)

    async def _read(self, uri: str, context: Context[Any]) -> t.ReadResourceResult | t.InputRequiredResult:
        return await read(uri, self.resources, self.templates, context)

    async def read(self, uri: str, context: Context[Any]) -> t.ReadResourceResult:
        """See `Server`."""
        result = await self._read(uri, context)
        if isinstance(result, t.InputRequiredResult):
            raise MethodNotInRevision("an input-required result within a result", context.protocol_version)
        return result

    async def _complete(self, params: t.CompleteRequestParams, context: Context[Any]) -> t.CompleteResult:
        if not len(self.completions):
            raise MethodNotFound(methods.COMPLETE.name)  # since it is not offered
        prompt = params.ref.name if isinstance(params.ref, t.PromptReference) else None
        if prompt is not None and self.prompts.get(prompt) is None and prompt not in self.completions:
            raise NoSuchItem("prompt", prompt)
        return await self.completions.complete(params, context)

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
