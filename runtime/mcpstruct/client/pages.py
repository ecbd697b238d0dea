"""Lists that come in pages, an item at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Generic, Self, TypeVar

from mcpstruct.base.errors import INVALID_PARAMS, RemoteError

T = TypeVar("T")


class Pages(Generic[T]):
    """Every item of a list, page after page; the next page is asked for when its first item is.

    Where the server no longer takes its own cursor, the list has changed since it gave it, in a page from a cache
    perhaps: then it is read from its beginning once more, without the items that were given before.

    An iterator and no generator: one that is left in the middle has nothing to be closed.
    """

    def __init__(self, method: Callable[..., Awaitable[Any]], field: str, name: str) -> None:
        """`method` gets the `cursor` of a page, and gives a result with the items in its `field`, which are told apart
        by their `name`.
        """
        self._method = method
        self._field = field
        self._name = name
        self._items: deque[T] = deque()
        self._cursor: str | None = None
        self._seen: set[str | None] = set()
        self._given: set[str] = set()
        self._again = False
        self._over = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        while not self._items:
            if self._over:
                raise StopAsyncIteration
            await self._next()
        item = self._items.popleft()
        self._given.add(getattr(item, self._name))
        return item

    async def _next(self) -> None:
        try:
            page = await self._method(cursor=self._cursor)
        except RemoteError as error:
            if self._cursor is None or self._again or error.code != INVALID_PARAMS:
                raise
            self._cursor, self._again = None, True
            self._seen.clear()
            return
        # A cursor may be the same as one before, and mean another page; only where that has nothing new, it never ends.
        before = self._cursor in self._seen
        self._seen.add(self._cursor)
        items = getattr(page, self._field)
        if self._again or before:
            items = [item for item in items if getattr(item, self._name) not in self._given]
        self._items.extend(items)
        self._cursor = page.next_cursor
        self._over = self._cursor is None or (before and not items)
