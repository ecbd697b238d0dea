"""Strict sessions: the generated session of one revision, pinned to it, over the same connection that `Client` has."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from mcpstruct.base.session import BaseSession
from mcpstruct.transport.base import Target, Transport
from mcpstruct.wire.revisions import home

from .client import Client

if TYPE_CHECKING:
    from mcpstruct.transport.http import HttpAuth

S = TypeVar("S", bound=BaseSession)


class _Bound(BaseSession):
    """Sends over a client."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def send_request(self, method: Any, params: Any, **options: Any) -> Any:
        return await self._client.send_request(method, params, **options)

    async def send_notification(self, method: Any, params: Any) -> None:
        await self._client.send_notification(method, params)


@cache
def _bound(session: type[Any]) -> type[Any]:
    return type(session.__name__, (_Bound, session), {})


@asynccontextmanager
async def connect(
    target: Target | Transport | str, *, session: Callable[..., S], auth: HttpAuth | None = None, **options: Any
) -> AsyncGenerator[S]:
    """Connect a generated session: `connect(target, session=v2025_11_25.ClientSession)`.

    The revision is pinned to the session's own, and results are of its own types; input-required results are given as
    they come. `auth` and all other options are those of `Client`. What the server asks and tells comes to the callbacks
    in neutral types.
    """
    cls: Any = session  # a class: but one that is abstract is no `type[S]` to mypy
    _, revision = home(cls)
    if revision is not None:
        options.setdefault("revisions", revision)
    async with Client(target, auth=auth, **options) as client:
        strict: S = _bound(cls)(client)
        yield strict
