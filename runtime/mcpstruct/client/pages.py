"""Lists that come in pages, an item at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Generic, Self, TypeVar

T = TypeVar("T")


class Pages(Generic[T]):
    """Every item of a list, page after page; the next page is asked for when its first item is.

    An iterator and no generator: one that is left in the middle has nothing to be closed.
    """

    def __init__(self, method: Callable[..., Awaitable[Any]], field: str) -> None:
        """`method` gets the `cursor` of a page, and gives a result with the items in its `field`."""
        self._method = method
        self._field = field
        self._items: deque[T] = deque()
        self._cursor: str | None = None
        self._seen: set[str | None] = set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        while not self._items:
            if self._cursor in self._seen:  # the end; or a cursor that was handed out before, which would never end
                raise StopAsyncIteration
            page = await self._method(cursor=self._cursor)
            self._seen.add(self._cursor)
            self._items.extend(getattr(page, self._field))
            self._cursor = page.next_cursor
        return self._items.popleft()
