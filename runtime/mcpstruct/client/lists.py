"""What a server offers: its lists, by page and by item, of which a cache may have some."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator
from functools import partial
from typing import TypeVar

from msgspec import UNSET

from mcpstruct.base.methods import MethodInfo
from mcpstruct.base.session import Meta, ProgressCallback, Timeout
from mcpstruct_bindings.merged import methods
from mcpstruct_bindings.merged.client import ClientSession
from mcpstruct_bindings.merged.types import (
    DiscoverResult,
    ListPromptsRequestParams,
    ListPromptsResult,
    ListResourcesRequestParams,
    ListResourcesResult,
    ListResourceTemplatesRequestParams,
    ListResourceTemplatesResult,
    ListToolsRequestParams,
    ListToolsResult,
    Prompt,
    RequestMetaObject,
    RequestParams,
    Resource,
    ResourceTemplate,
    Tool,
)

from .cache import CacheMode
from .pages import Pages

P = TypeVar("P")
R = TypeVar("R")


class ListingSession(ClientSession):
    """A session whose lists may come from a cache: `cache` says whether one does."""

    @abstractmethod
    async def send_request(
        self,
        method: MethodInfo[P, R],
        params: P,
        *,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
        cache: CacheMode = "use",
    ) -> R:
        """See `BaseSession`."""

    async def discover(
        self,
        *,
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
        cache: CacheMode = "use",
    ) -> DiscoverResult:
        """What the server speaks and offers."""
        params = RequestParams(meta=own_meta(meta))
        return await self.send_request(methods.DISCOVER, params, timeout=timeout, on_progress=on_progress, cache=cache)

    async def list_tools(
        self,
        *,
        cursor: str | None = None,
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
        cache: CacheMode = "use",
    ) -> ListToolsResult:
        """One page of the tools."""
        params = ListToolsRequestParams(cursor=cursor, meta=own_meta(meta))
        return await self.send_request(
            methods.LIST_TOOLS, params, timeout=timeout, on_progress=on_progress, cache=cache
        )

    async def list_prompts(
        self,
        *,
        cursor: str | None = None,
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
        cache: CacheMode = "use",
    ) -> ListPromptsResult:
        """One page of the prompts."""
        params = ListPromptsRequestParams(cursor=cursor, meta=own_meta(meta))
        return await self.send_request(
            methods.LIST_PROMPTS, params, timeout=timeout, on_progress=on_progress, cache=cache
        )

    async def list_resources(
        self,
        *,
        cursor: str | None = None,
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
        cache: CacheMode = "use",
    ) -> ListResourcesResult:
        """One page of the resources."""
        params = ListResourcesRequestParams(cursor=cursor, meta=own_meta(meta))
        return await self.send_request(
            methods.LIST_RESOURCES, params, timeout=timeout, on_progress=on_progress, cache=cache
        )

    async def list_resource_templates(
        self,
        *,
        cursor: str | None = None,
        meta: Meta | None = None,
        timeout: Timeout = UNSET,
        on_progress: ProgressCallback | None = None,
        cache: CacheMode = "use",
    ) -> ListResourceTemplatesResult:
        """One page of the resource templates."""
        params = ListResourceTemplatesRequestParams(cursor=cursor, meta=own_meta(meta))
        return await self.send_request(
            methods.LIST_RESOURCE_TEMPLATES, params, timeout=timeout, on_progress=on_progress, cache=cache
        )

    # -- an item at a time --------------------------------------------------------------------------------------------

    def tools(self, *, cache: CacheMode = "use") -> AsyncIterator[Tool]:
        """Every tool, page after page."""
        return Pages(partial(self.list_tools, cache=cache), "tools", "name")

    def resources(self, *, cache: CacheMode = "use") -> AsyncIterator[Resource]:
        """Every resource, page after page."""
        return Pages(partial(self.list_resources, cache=cache), "resources", "uri")

    def resource_templates(self, *, cache: CacheMode = "use") -> AsyncIterator[ResourceTemplate]:
        """Every resource template, page after page."""
        return Pages(partial(self.list_resource_templates, cache=cache), "resource_templates", "uri_template")

    def prompts(self, *, cache: CacheMode = "use") -> AsyncIterator[Prompt]:
        """Every prompt, page after page."""
        return Pages(partial(self.list_prompts, cache=cache), "prompts", "name")


def own_meta(meta: Meta | None) -> RequestMetaObject | None:
    """The `_meta` that a caller gave, if any."""
    return None if meta is None else RequestMetaObject(meta)
